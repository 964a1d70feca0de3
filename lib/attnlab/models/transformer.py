"""One Transformer: encoder, decoder or encoder-decoder, from one small config.

Vaswani et al. (2017), https://arxiv.org/abs/1706.03762. Pre-norm: Xiong et al. (2020),
https://arxiv.org/abs/2002.04745.

**Stacks.** The same code trains several settings at once. Put a first axis [setting] before every parameter
and every activation (`attnlab.training` does), and each setting computes what it would compute alone.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from attnlab.attention.numbers import whole_number

from .config import Config
from .inputs import check_change, check_input
from .parts import (
    Embedding,
    HeadNorm,
    Layer,
    LayerNorm,
    Linear,
    MultiHeadAttention,
    Positions,
    RMSNorm,
    Rotary,
    TiedEmbedding,
    norm,
)
from .trace import Cache, Change, Trace


class Transformer(nn.Module):
    """Tokens in, logits out: [batch, token] -> [batch, token, outputs]. Starts in float64, from `seed` alone.

    In an encoder every token sees all tokens, in a decoder itself and those before it; an encoder-decoder
    reads `source` with its encoder, and its decoder attends to that too. Matrices start with standard
    deviation init_scale / √d_in, embeddings and learned positions with 1, biases at 0.
    """

    def __init__(self, config: Config, seed: int = 0) -> None:
        super().__init__()
        if not isinstance(config, Config):
            raise TypeError(f"config must be a Config, got {type(config).__name__}: Transformer(Config(...))")
        seed = whole_number("seed", seed, 0, why="any whole number from 0 on will do")
        self.config, both = config, config.kind == "encoder-decoder"
        self.embedding = (TiedEmbedding if config.tied else Embedding)(config.vocabulary, config.d_model)
        self.positions = Positions(config)
        self.embedding_norm = norm(config, "embedding")
        self.encoder = nn.ModuleList(Layer(config, "source") for _ in range(config.encoders))
        self.encoder_norm = norm(config, "pre") if both else nn.Identity()
        self.layers = nn.ModuleList(Layer(config, "self", cross=both) for _ in range(config.n_layers))
        self.norm = norm(config, "pre")
        if not config.tied:
            self.output = (
                Linear(config.d_model, config.classes, config.bias) if config.classes else nn.Identity()
            )
        self.to(torch.float64)
        self._initialise(np.random.default_rng(seed))

    @classmethod
    def holding(cls, config: Config, weights: Mapping[str, Tensor]) -> Self:
        """A model with these weights, by the names of `state_dict()`: not copied, in their own dtype.

        RuntimeError (from PyTorch): names that are missing or too many, shapes that do not fit.
        """
        with torch.device("meta"):  # nothing is drawn or stored
            model = cls(config)
        model.load_state_dict(weights, assign=True)
        dtype = next(model.parameters()).dtype
        turn = Rotary(config).to(dtype)  # the same tables for all layers
        for module in model.modules():
            if isinstance(module, MultiHeadAttention):
                module.scale = torch.tensor(config.scale, dtype=dtype)
                module.turn = turn if isinstance(module.turn, Rotary) else module.turn
        if config.positions == "sinusoidal":
            model.positions = Positions(config).to(dtype)
        return model

    @classmethod
    def for_task(cls, task: Any, *, seed: int = 0, **choices: Any) -> Self:
        """A model that fits a task of `attnlab.tasks`: its kind, vocabulary and length come from the task."""
        if not all(hasattr(task, name) for name in ("size", "length", "kind")):
            raise TypeError(
                f"task must be a Task, got {type(task).__name__}; pass one such as attnlab.tasks.reverse()"
            )
        known = {f.name for f in fields(Config)}
        if unknown := set(choices) - known:
            raise TypeError(
                f"a Transformer has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}"
            )
        own = {"vocabulary": task.size, "length": task.length, "kind": task.kind}
        return cls(Config(**own | choices), seed)

    def _initialise(self, rng: np.random.Generator) -> None:
        if self.embedding.weight.is_meta:  # nothing is stored
            return
        for module in self.modules():
            if isinstance(module, Linear):
                spread = self.config.init_scale * module.weight.shape[0] ** -0.5
                _draw(rng, module.weight, spread)
            elif isinstance(module, LayerNorm | RMSNorm | HeadNorm):
                module.weight.data.fill_(1.0)
            elif isinstance(module, Embedding | Positions) and module.weight is not None:
                tied = isinstance(module, TiedEmbedding)
                _draw(rng, module.weight, module.weight.shape[1] ** -0.5 if tied else 1.0)
            if isinstance(bias := getattr(module, "bias", None), nn.Parameter):
                bias.data.zero_()

    def forward(
        self,
        tokens: Tensor,
        source: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        trace: bool = False,
        cache: Cache | None = None,
        change: Change | None = None,
    ) -> Any:
        """Logits, or with `trace=True` a Trace with all that led to them.

        mask: bool [batch, query, key], True = may attend, on top of the causal mask of a decoder. cache: keys
        and values of what a decoder has read before; they are used again, and new ones are added.
        change(name, tensor): is called at every named place, and returns the tensor to go on with:
        "embedding"; "layer 1 weights" [batch, head, query, key]; "layer 1 heads", the output of each [batch,
        head, query, d_head]; "layer 1 attention" and "layer 1 feed-forward", the residual stream after that
        part. In an encoder-decoder also "layer 1 cross weights", "layer 1 cross heads", "layer 1
        cross-attention", and the same for the encoder: "encoder layer 1 weights". See `ablate` and `patch`.
        ValueError or TypeError: tokens that are not [batch, token], too long or out of the vocabulary; a
        source that is missing or has another batch size; a mask that does not fit, or leaves a row nothing
        to attend to; a cache of another model or batch; a change of a place that does not exist.
        """
        if self.embedding.weight.ndim == 2:  # a stack was looked at by the one who made it
            check_input(self.config, tokens, source, mask, cache, self.embedding.weight.device)
        if change is not None and not callable(change):
            raise TypeError(f"change must be a function of name and tensor, got {change!r:.60}; see `ablate`")
        noted = Trace(change=change, keep=bool(trace))
        if cache is not None:
            noted.cache, noted.start = cache.copy(), cache.length  # an error leaves the cache as it was
        memory = None if source is None else self._read(source, noted)
        x = noted.add("embedding", self._embed(tokens, noted.start))  # [batch, token, d_model]
        noted.passed(x)
        visible = self._visible(tokens, mask, noted.start)
        for i, layer in enumerate(self.layers, 1):
            x = layer(x, visible, memory, noted, f"layer {i}")
            noted.passed(x)
        noted.logits = noted.add("output", self.read_out(x))  # [batch, token, outputs]
        check_change(change, noted)
        if cache is not None and noted.cache is not None:
            cache.layers, cache.memory = noted.cache.layers, noted.cache.memory
        return noted if trace else noted.logits

    def read_out(self, hidden: Tensor) -> Tensor:
        """Read the residual stream out now: [batch, token, d_model] -> logits.

        After the last layer that is the output; earlier it is the logit lens (nostalgebraist, 2020).
        """
        last = self.norm(hidden)
        return self.embedding.logits(last) if isinstance(self.embedding, TiedEmbedding) else self.output(last)

    def _embed(self, tokens: Tensor, start: int = 0) -> Tensor:
        return self.embedding_norm(self.positions(self.embedding(tokens), start))

    def _read(self, source: Tensor, noted: Trace) -> Tensor:
        """What the encoder of an encoder-decoder makes of the source: [batch, source, d_model]."""
        if noted.cache is not None and noted.cache.memory is not None:
            return noted.cache.memory
        x = noted.add("source embedding", self._embed(source))
        for i, layer in enumerate(self.encoder, 1):
            x = layer(x, None, None, noted, f"encoder layer {i}")
        memory = self.encoder_norm(x)
        if noted.cache is not None:
            noted.cache.memory = memory
        return memory

    def _visible(self, tokens: Tensor, mask: Tensor | None, start: int) -> Tensor | None:
        """[query, key] or [batch, 1, query, key]; None: everything. The first query stands at `start`."""
        if mask is not None:
            mask = mask.unsqueeze(-3)
        if self.config.kind == "encoder":
            return mask
        n = tokens.shape[-1]
        causal = torch.ones(n, start + n, dtype=torch.bool, device=tokens.device).tril(start)
        return causal if mask is None else mask & causal


def _draw(rng: np.random.Generator, parameter: nn.Parameter, spread: float) -> None:
    """NumPy's numbers are the same on every machine."""
    parameter.data.copy_(torch.from_numpy(rng.normal(size=tuple(parameter.shape)) * spread))
