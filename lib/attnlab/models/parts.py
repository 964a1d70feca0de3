"""The parts of a Transformer. A comment on a line gives the shape that the line makes.

In a stack (see `transformer.py`) every shape has a first axis [setting]. Only `Linear` and `Embedding` know
about it, all else broadcasts: vectors of a stack are [setting, 1, 1, d].
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from attnlab.attention import sinusoidal_positions

from .config import Config

ROTARY_BASE = 10_000.0
FUNCTIONS = {"relu": torch.relu, "gelu": functional.gelu, "tanh": torch.tanh}


@dataclass
class Trace:
    """What a model computed on the way: `model(tokens, trace=True)`.

    logits [batch, token, outputs]. attention: by "self", "cross" and "source" (the encoder of an
    encoder-decoder), for each layer [batch, head, query, key]; scores: the same before the mask and softmax.
    hidden: the residual stream of the main stack, at its start and after every layer, [batch, token,
    d_model]. stages: (name, tensor) of every part. In a stack all have a first axis [setting].
    """

    logits: Tensor | None = None
    attention: dict[str, list[Tensor]] = field(default_factory=dict)
    scores: dict[str, list[Tensor]] = field(default_factory=dict)
    hidden: list[Tensor] = field(default_factory=list)
    stages: list[tuple[str, Tensor]] = field(default_factory=list)

    def add(self, name: str, tensor: Tensor) -> Tensor:
        self.stages.append((name, tensor))
        return tensor

    def attended(self, role: str, scores: Tensor, weights: Tensor) -> None:
        self.attention.setdefault(role, []).append(weights)
        self.scores.setdefault(role, []).append(scores)

    def first_wrong(self) -> str:
        """The name of the first part whose numbers are not all finite; "" if there is none."""
        return next((name for name, tensor in self.stages if not tensor.isfinite().all()), "")


class Linear(nn.Module):
    """x W + b with W [d_in, d_out]; in a stack W [setting, d_in, d_out], b [setting, 1, 1, d_out]."""

    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(d_in, d_out))
        self.bias = nn.Parameter(torch.empty(d_out))

    def forward(self, x: Tensor) -> Tensor:
        if self.weight.ndim == 2:
            return x @ self.weight + self.bias
        rows = torch.baddbmm(self.bias.squeeze(1), x.flatten(1, -2), self.weight)  # [setting, row, d_out]
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


class LayerNorm(nn.Module):
    """Mean 0 and variance 1 for every token, then a gain and a shift that are learnt."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(d_model))
        self.bias = nn.Parameter(torch.empty(d_model))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.bias, functional.layer_norm(x, x.shape[-1:]), self.weight)


class MultiHeadAttention(nn.Module):
    """softmax(q kᵀ · scale) v in n_heads slices of the columns. `role` names the map in a trace."""

    def __init__(self, config: Config, role: str) -> None:
        super().__init__()
        self.role, self.n_heads = role, config.n_heads
        self.w_q, self.w_k, self.w_v, self.w_o = (Linear(config.d_model, config.d_model) for _ in range(4))
        self.register_buffer("scale", torch.tensor(config.scale, dtype=torch.float64), persistent=False)
        self.turn = Rotary(config) if config.positions == "rotary" and role != "cross" else nn.Identity()

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None, trace: Trace) -> Tensor:
        """x [batch, query, d_model] looks at memory [batch, key, d_model]."""
        q = self.turn(self._heads(self.w_q(x) * self.scale))  # [batch, head, query, d_head]
        k = self.turn(self._heads(self.w_k(memory)))  # [batch, head, key, d_head]
        v = self._heads(self.w_v(memory))  # [batch, head, key, d_head]
        scores = q @ k.transpose(-1, -2)  # [batch, head, query, key]
        visible = scores if mask is None else scores.masked_fill(~mask, -torch.inf)
        weights = softmax(visible)  # [batch, head, query, key]
        trace.attended(self.role, scores, weights)
        mixed = (weights @ v).transpose(-3, -2).flatten(-2)  # [batch, query, d_model]
        return self.w_o(mixed)

    def _heads(self, x: Tensor) -> Tensor:
        """[batch, token, d_model] -> [batch, head, token, d_head]"""
        return x.unflatten(-1, (self.n_heads, -1)).transpose(-3, -2)


def softmax(scores: Tensor) -> Tensor:
    """exp(s) / sum of exp(s), as exp(s - log of the sum): for short rows twice as fast as `torch.softmax`."""
    return (scores - scores.logsumexp(-1, keepdim=True)).exp()


class Rotary(nn.Module):
    """Turn pairs of columns by the position: `attnlab.attention.rotate` in torch."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        frequencies = ROTARY_BASE ** (-np.arange(0, config.d_head, 2) / config.d_head)  # [d_head / 2]
        angles = torch.from_numpy(np.arange(config.length)[:, None] * frequencies)  # [token, d_head / 2]
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        cos, sin = self.cos[: x.shape[-2]], self.sin[: x.shape[-2]]
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)


class FeedForward(nn.Module):
    """Two matrices with an activation between, for each token alone."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.w_1 = Linear(config.d_model, config.width)
        self.w_2 = Linear(config.width, config.d_model)
        self.activation = FUNCTIONS[config.activation]

    def forward(self, x: Tensor) -> Tensor:
        return self.w_2(self.activation(self.w_1(x)))


class Part(nn.Module):
    """A part of a layer with its norm and its residual: x + f(norm(x)), norm(x + f(x)), or without either."""

    def __init__(self, config: Config, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.residual = inner, config.residual
        self.before = LayerNorm(config.d_model) if config.norm == "pre" else nn.Identity()
        self.after = LayerNorm(config.d_model) if config.norm == "post" else nn.Identity()

    def forward(self, x: Tensor, *others: Any) -> Tensor:
        found = self.inner(self.before(x), *others)
        return self.after(x + found if self.residual else found)


class SelfAttention(MultiHeadAttention):
    """Queries, keys and values from the same tokens."""

    def forward(self, x: Tensor, mask: Tensor | None, trace: Trace) -> Tensor:
        return super().forward(x, x, mask, trace)


class Layer(nn.Module):
    """Self-attention, cross-attention (only in the decoder of an encoder-decoder), feed-forward."""

    def __init__(self, config: Config, role: str, cross: bool = False) -> None:
        super().__init__()
        self.attention = Part(config, SelfAttention(config, role))
        self.cross = Part(config, MultiHeadAttention(config, "cross")) if cross else None
        self.feed_forward = Part(config, FeedForward(config)) if config.width else None

    def forward(
        self, x: Tensor, mask: Tensor | None, memory: Tensor | None, trace: Trace, name: str
    ) -> Tensor:
        x = trace.add(f"{name} attention", self.attention(x, mask, trace))
        if self.cross is not None:
            x = trace.add(f"{name} cross-attention", self.cross(x, memory, None, trace))
        if self.feed_forward is not None:
            x = trace.add(f"{name} feed-forward", self.feed_forward(x))
        return x


class Positions(nn.Module):
    """Adds a vector for each position: a learned table, waves, or nothing (rotary turns q and k instead)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.weight = None
        if config.positions == "learned":
            self.weight = nn.Parameter(torch.empty(config.length, config.d_model))
        waves = None
        if config.positions == "sinusoidal":
            waves = torch.from_numpy(sinusoidal_positions(config.length, config.d_model))
        self.register_buffer("waves", waves, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        table = self.waves if self.weight is None else self.weight  # [length, d_model]
        if table is None:
            return x
        rows = table[..., : x.shape[-2], :]
        return x + (rows if rows.ndim == 2 else rows.unsqueeze(1))
