"""The parts of a Transformer. A comment on a line gives the shape that the line makes.

In a stack (see `transformer.py`) every shape has a first axis [setting]. Only `Linear` and `Embedding` know
about it, all else broadcasts: vectors of a stack are [setting, 1, 1, d].
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from attnlab.attention import sinusoidal_positions

from .config import Config
from .trace import Trace

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu, "gelu": functional.gelu, "gelu_tanh": partial(functional.gelu, approximate="tanh"),
    "tanh": torch.tanh, "swiglu": functional.silu,
}  # fmt: skip


class Linear(nn.Module):
    """x W + b with W [d_in, d_out]; in a stack W [setting, d_in, d_out], b [setting, 1, 1, d_out]."""

    def __init__(self, d_in: int, d_out: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(d_in, d_out))
        self.bias = nn.Parameter(torch.empty(d_out)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        if self.weight.ndim == 2:
            return x @ self.weight if self.bias is None else x @ self.weight + self.bias
        rows = x.flatten(1, -2)  # [setting, row, d_in]
        if self.bias is None:
            rows = rows @ self.weight  # [setting, row, d_out]
        else:
            rows = torch.baddbmm(self.bias.squeeze(1), rows, self.weight)  # [setting, row, d_out]
        return rows.unflatten(1, x.shape[1:-1])


class Embedding(nn.Module):
    """One row for each token: [vocabulary, d_model]; in a stack [setting, vocabulary, d_model]."""

    def __init__(self, vocabulary: int, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocabulary, d_model))

    def forward(self, tokens: Tensor) -> Tensor:
        if self.weight.ndim == 2:
            return functional.embedding(tokens, self.weight)
        settings, vocabulary, _ = self.weight.shape
        first = torch.arange(settings).view(-1, 1, 1) * vocabulary  # where the rows of each setting begin
        return functional.embedding(tokens + first, self.weight.flatten(0, 1))


class TiedEmbedding(Embedding):
    """An embedding that is also the output matrix. Its rows are small, so that the logits are no larger than
    usual; what is looked up is multiplied by √d_model to make up for it: Vaswani et al. (2017), section 3.4.
    """

    def forward(self, tokens: Tensor) -> Tensor:
        return super().forward(tokens) * self.weight.shape[-1] ** 0.5

    def logits(self, x: Tensor) -> Tensor:
        """x [batch, token, d_model] times every row: [batch, token, vocabulary]."""
        columns = self.weight.transpose(-1, -2)  # [d_model, vocabulary]
        return x @ (columns if columns.ndim == 2 else columns.unsqueeze(1))


class LayerNorm(nn.Module):
    """Mean 0 and variance 1 for every token, then a learnt gain and shift."""

    def __init__(self, d_model: int, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.empty(d_model))
        self.bias = nn.Parameter(torch.empty(d_model))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.bias, functional.layer_norm(x, x.shape[-1:], eps=self.epsilon), self.weight)


class RMSNorm(nn.Module):
    """Root mean square 1 for every token, then a learnt gain."""

    def __init__(self, d_model: int, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.empty(d_model))

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, x.shape[-1:], eps=self.epsilon) * self.weight


class HeadNorm(RMSNorm):
    """An RMS norm for every head by itself: [batch, token, head * d_head], one gain [d_head] for all."""

    def forward(self, x: Tensor) -> Tensor:
        heads = x.unflatten(-1, (-1, self.weight.shape[-1]))  # [batch, token, head, d_head]
        found = functional.rms_norm(heads, heads.shape[-1:], eps=self.epsilon) * self.weight.unsqueeze(-2)
        return found.flatten(-2)


NORM_CLASSES = {"layer": LayerNorm, "rms": RMSNorm}


def norm(config: Config, place: str) -> nn.Module:
    """The norm of a config at a place ("pre", "post", "embedding"): nothing if it has none there."""
    has = config.embedding_norm if place == "embedding" else config.norm == place
    return NORM_CLASSES[config.norm_type](config.d_model, config.norm_epsilon) if has else nn.Identity()


def head_norm(config: Config) -> nn.Module:
    """The norm of the queries, or of the keys, of every head: nothing if there is none."""
    return HeadNorm(config.d_head, config.norm_epsilon) if config.qk_norm else nn.Identity()


class MultiHeadAttention(nn.Module):
    """softmax(q kᵀ · scale) v in n_heads slices of the columns. `role` names the map in a trace."""

    scale: Tensor

    def __init__(self, config: Config, role: str) -> None:
        super().__init__()
        self.role, self.n_heads, self.kv_heads = role, config.n_heads, config.kv_heads
        d, narrow = config.d_model, config.narrow
        self.w_q = Linear(d, d, config.bias)
        self.w_k = Linear(d, narrow, config.bias)
        self.w_v = Linear(d, narrow, config.bias)
        self.w_o = Linear(d, d, config.bias)
        self.norm_q, self.norm_k = head_norm(config), head_norm(config)
        self.register_buffer("scale", torch.tensor(config.scale, dtype=torch.float64), persistent=False)
        self.turn = Rotary(config) if config.positions == "rotary" and role != "cross" else Unturned()

    def forward(
        self, x: Tensor, memory: Tensor | None, mask: Tensor | None, trace: Trace, name: str
    ) -> Tensor:
        """x [batch, query, d_model] attends to memory [batch, key, d_model], or, without one, to itself."""
        start = trace.start if self.role == "self" else 0
        q = self._heads(self.norm_q(self.w_q(x)) * self.scale)  # [batch, head, query, d_head]
        q = self.turn(q, start)
        k, v = self._memory(
            x if memory is None else memory, start, trace, name
        )  # [batch, kv head, key, d_head]
        if self.kv_heads < self.n_heads:
            k, v = (each.repeat_interleave(self.n_heads // self.kv_heads, -3) for each in (k, v))
        scores = q @ k.transpose(-1, -2)  # [batch, head, query, key]
        visible = scores if mask is None else scores.masked_fill(~mask, -torch.inf)
        weights = trace.place(f"{name} weights", softmax(visible))  # [batch, head, query, key]
        trace.attended(self.role, scores, weights)
        found = trace.place(f"{name} heads", weights @ v)  # [batch, head, query, d_head]
        return self.w_o(found.transpose(-3, -2).flatten(-2))  # [batch, query, d_model]

    def _memory(self, memory: Tensor, start: int, trace: Trace, name: str) -> tuple[Tensor, Tensor]:
        """Keys and values of the memory, each [batch, kv head, key, d_head], with those of a cache."""
        cache = trace.cache if self.role != "source" else None
        if cache is not None and self.role == "cross" and name in cache.layers:
            return cache.layers[name]
        k = self.turn(self._heads(self.norm_k(self.w_k(memory))), start)
        v = self._heads(self.w_v(memory))
        return (k, v) if cache is None else cache.extend(name, k, v)

    def _heads(self, x: Tensor) -> Tensor:
        """[batch, token, head * d_head] -> [batch, head, token, d_head]"""
        return x.unflatten(-1, (-1, self.w_q.weight.shape[-1] // self.n_heads)).transpose(-3, -2)


def softmax(scores: Tensor) -> Tensor:
    """exp(s) / sum of exp(s), as exp(s - log of the sum): for short rows twice as fast as `torch.softmax`."""
    return (scores - scores.logsumexp(-1, keepdim=True)).exp()


class Rotary(nn.Module):
    """Rotate pairs of columns by the position: `attnlab.attention.rotate` in torch."""

    cos: Tensor
    sin: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        frequencies = config.rotary_base ** (-np.arange(0, config.d_head, 2) / config.d_head)  # [d_head / 2]
        places = torch.arange(config.length, dtype=torch.float64)
        angles = places[:, None] * torch.as_tensor(frequencies)  # [token, d_head / 2]
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, x: Tensor, start: int) -> Tensor:
        """The first token of x stands at position `start`."""
        here = slice(start, start + x.shape[-2])
        cos, sin = self.cos[here], self.sin[here]
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)


class Unturned(nn.Module):
    """No rotary positions."""

    def forward(self, x: Tensor, start: int) -> Tensor:
        return x


class FeedForward(nn.Module):
    """Two matrices with an activation between, on each token alone; "swiglu" has a third, as a gate."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.w_1 = Linear(config.d_model, config.width, config.bias)
        self.w_2 = Linear(config.width, config.d_model, config.bias)
        gated = config.activation == "swiglu"
        self.w_3 = Linear(config.d_model, config.width, config.bias) if gated else None
        self.activation = FUNCTIONS[config.activation]

    def forward(self, x: Tensor) -> Tensor:
        found = self.activation(self.w_1(x))  # [batch, token, d_ff]
        return self.w_2(found if self.w_3 is None else found * self.w_3(x))


class Sublayer(nn.Module):
    """A part of a layer with its norm and its residual: x + f(norm(x)), norm(x + f(x)), or without either."""

    def __init__(self, config: Config, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.residual = inner, config.residual
        self.before, self.after = norm(config, "pre"), norm(config, "post")

    def forward(self, x: Tensor, *others: Any) -> Tensor:
        found = self.inner(self.before(x), *others)
        return self.after(x + found if self.residual else found)


class Layer(nn.Module):
    """Self-attention, cross-attention (only in the decoder of an encoder-decoder), feed-forward."""

    def __init__(self, config: Config, role: str, cross: bool = False) -> None:
        super().__init__()
        self.attention = Sublayer(config, MultiHeadAttention(config, role))
        self.cross = Sublayer(config, MultiHeadAttention(config, "cross")) if cross else None
        self.feed_forward = Sublayer(config, FeedForward(config)) if config.width else None

    def forward(
        self, x: Tensor, mask: Tensor | None, memory: Tensor | None, trace: Trace, name: str
    ) -> Tensor:
        x = trace.add(f"{name} attention", self.attention(x, None, mask, trace, name))
        if self.cross is not None:
            x = trace.add(f"{name} cross-attention", self.cross(x, memory, None, trace, f"{name} cross"))
        if self.feed_forward is not None:
            x = trace.add(f"{name} feed-forward", self.feed_forward(x))
        return x


class Positions(nn.Module):
    """Adds a vector for each position: a learned table, waves, or nothing (rotary turns q and k instead)."""

    waves: Tensor | None

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.weight = None
        if config.positions == "learned":
            self.weight = nn.Parameter(torch.empty(config.length, config.d_model))
        waves = None
        if config.positions == "sinusoidal":
            waves = torch.as_tensor(sinusoidal_positions(config.length, config.d_model))
        self.register_buffer("waves", waves, persistent=False)

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        """The first token of x stands at position `start`."""
        table = self.waves if self.weight is None else self.weight  # [length, d_model]
        if table is None:
            return x
        rows = table[..., start : start + x.shape[-2], :]
        return x + (rows if rows.ndim == 2 else rows.unsqueeze(1))
