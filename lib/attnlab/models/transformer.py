"""One Transformer: encoder, decoder or encoder-decoder, from one small config.

Vaswani et al. (2017), https://arxiv.org/abs/1706.03762. Pre-norm: Xiong et al. (2020),
https://arxiv.org/abs/2002.04745.

**Stacks.** The same code trains several settings at once. Put a first axis [setting] before every parameter
and every activation (`attnlab.training` does), and each setting computes what it would compute alone.
"""

from dataclasses import fields
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from .boundary import check_input
from .config import Config
from .parts import Embedding, Layer, LayerNorm, Linear, Positions, Trace


class Transformer(nn.Module):
    """Tokens in, logits out: [batch, token] -> [batch, token, outputs]. Starts in float64, from `seed` alone.

    An encoder sees all tokens; a decoder sees those before and itself; an encoder-decoder reads `source` with
    its encoder, and its decoder looks there too. Every matrix starts with spread init_scale / √d_in, every
    embedding and learned position with spread 1, every bias at 0.
    """

    def __init__(self, config: Config, seed: int = 0) -> None:
        super().__init__()
        self.config, both = config, config.kind == "encoder-decoder"
        self.embedding = Embedding(config.vocabulary, config.d_model)
        self.positions = Positions(config)
        self.encoder = nn.ModuleList(Layer(config, "source") for _ in range(config.n_layers * both))
        self.encoder_norm = LayerNorm(config.d_model) if both and config.norm == "pre" else nn.Identity()
        self.layers = nn.ModuleList(Layer(config, "self", cross=both) for _ in range(config.n_layers))
        self.norm = LayerNorm(config.d_model) if config.norm == "pre" else nn.Identity()
        self.output = Linear(config.d_model, config.outputs or config.vocabulary)
        self.to(torch.float64)
        self._initialise(np.random.default_rng(seed))

    @classmethod
    def for_task(cls, task: Any, *, seed: int = 0, **choices: Any) -> Self:
        """A model that fits a task of `attnlab.tasks`: its kind, vocabulary and length are given."""
        known = {f.name for f in fields(Config)}
        if unknown := set(choices) - known:
            raise TypeError(
                f"a Transformer has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}"
            )
        own = {"vocabulary": task.size, "length": task.length, "kind": task.kind}
        return cls(Config(**own | choices), seed)

    def _initialise(self, rng: np.random.Generator) -> None:
        for module in self.modules():
            if isinstance(module, Linear):
                spread = self.config.init_scale * module.weight.shape[0] ** -0.5
                _draw(rng, module.weight, spread)
                module.bias.data.zero_()
            elif isinstance(module, LayerNorm):
                module.weight.data.fill_(1.0)
                module.bias.data.zero_()
            elif isinstance(module, Embedding | Positions) and module.weight is not None:
                _draw(rng, module.weight, 1.0)

    def forward(
        self,
        tokens: Tensor,
        source: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        trace: bool = False,
    ) -> Any:
        """Logits, or with `trace=True` a Trace with all that led to them.

        mask: bool [batch, query, key], True = may attend, on top of the causal mask of a decoder. ValueError
        or TypeError: tokens that are no [batch, token], too long or out of the vocabulary; a source that is
        missing or of another batch; a mask that does not fit, or leaves a row nothing to attend to.
        """
        if self.embedding.weight.ndim == 2:  # a stack was looked at by the one who made it
            check_input(self.config, tokens, source, mask)
        noted = Trace()
        memory = self._read(source, noted) if self.config.kind == "encoder-decoder" else None
        x = noted.add("embedding", self.positions(self.embedding(tokens)))  # [batch, token, d_model]
        noted.hidden.append(x)
        mask = self._visible(tokens.shape[-1], mask)
        for i, layer in enumerate(self.layers, 1):
            x = layer(x, mask, memory, noted, f"layer {i}")
            noted.hidden.append(x)
        noted.logits = noted.add("output", self.output(self.norm(x)))  # [batch, token, outputs]
        return noted if trace else noted.logits

    def _read(self, source: Tensor, noted: Trace) -> Tensor:
        """What the encoder of an encoder-decoder makes of the source: [batch, source, d_model]."""
        x = noted.add("source embedding", self.positions(self.embedding(source)))
        for i, layer in enumerate(self.encoder, 1):
            x = layer(x, None, None, noted, f"encoder layer {i}")
        return self.encoder_norm(x)

    def _visible(self, length: int, mask: Tensor | None) -> Tensor | None:
        """[query, key] or [batch, 1, query, key]; None: everything."""
        if mask is not None:
            mask = mask.unsqueeze(-3)
        if self.config.kind == "encoder":
            return mask
        causal = torch.ones(length, length, dtype=torch.bool).tril()
        return causal if mask is None else mask & causal


def _draw(rng: np.random.Generator, parameter: nn.Parameter, spread: float) -> None:
    """NumPy's numbers are the same on every machine."""
    parameter.data.copy_(torch.from_numpy(rng.normal(size=tuple(parameter.shape)) * spread))
