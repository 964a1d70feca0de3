"""Changes to a model while it computes: switch heads off, or put in activations from another input.

Pass them to `model(tokens, change=...)`, which raises an error for a place that the model does not have.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from attnlab.attention.numbers import whole_number

from .trace import Trace


@dataclass(frozen=True)
class Ablation:
    """Heads that contribute nothing; see `ablate`. heads: their numbers, by place ("layer 2 heads")."""

    heads: dict[str, tuple[int, ...]]
    mean: Trace | None = None

    @property
    def places(self) -> frozenset[str]:
        return frozenset(self.heads)

    def __call__(self, name: str, tensor: Tensor) -> Tensor:
        if name not in self.heads:
            return tensor
        numbers = list(self.heads[name])
        if max(numbers) >= tensor.shape[-3]:
            raise ValueError(f"{name} are 0 to {tensor.shape[-3] - 1}, got {max(numbers)}")
        changed = tensor.clone()
        changed[..., numbers, :, :] = 0.0 if self.mean is None else _mean(self.mean, name, tensor)[numbers]
        return changed


def _mean(trace: Trace, name: str, tensor: Tensor) -> Tensor:
    """What the heads bring in the mean over the inputs of another trace: [head, query, d_head]."""
    found = trace.at(name).mean(0)
    if found.shape != tensor.shape[-3:]:
        raise ValueError(
            f"mean must be a trace of inputs of the same length: {name} are {list(tensor.shape[-3:])} here, "
            f"{list(found.shape)} in the trace"
        )
    return found


def ablate(heads: Iterable[tuple[int, int]], mean: Trace | None = None) -> Ablation:
    """A change that switches heads off: (layer, head), layers counted from 1 and heads from 0.

    Their output becomes zero; with `ablate([(2, 1)], mean=trace)`, their mean output over a trace's inputs.
    Raises TypeError or ValueError: not pairs of whole numbers; when the model runs, no such layer or head.
    Michel et al. (2019), https://arxiv.org/abs/1905.10650.
    """
    if not isinstance(heads, Iterable):
        raise TypeError(f"heads must be pairs (layer, head), got {heads!r:.60}; as in [(2, 0)]")
    _check_trace("mean", Trace() if mean is None else mean)
    found: dict[str, tuple[int, ...]] = {}
    for pair in heads:
        if not isinstance(pair, Sequence) or len(pair) != 2:
            raise TypeError(f"heads must be pairs (layer, head), got {pair!r:.60}; as in [(2, 0)]")
        layer = whole_number("a layer", pair[0], 1, why="layers count from 1")
        head = whole_number("a head", pair[1], 0, why="heads count from 0")
        place = f"layer {layer} heads"
        found[place] = (*found.get(place, ()), head)
    return Ablation(found, mean)


@dataclass(frozen=True)
class Patch:
    """The activations at a place for another input; see `patch`."""

    place: str
    tensor: Tensor
    positions: tuple[int, ...] | None = None
    heads: tuple[int, ...] | None = None

    @property
    def places(self) -> frozenset[str]:
        return frozenset([self.place])

    def __call__(self, name: str, tensor: Tensor) -> Tensor:
        if name != self.place:
            return tensor
        if self.tensor.shape != tensor.shape:
            raise ValueError(
                f"{name} is {list(tensor.shape)} here and {list(self.tensor.shape)} in the trace: "
                "patch between inputs of the same batch and length"
            )
        chosen = torch.ones(tensor.shape[-2], 1, dtype=torch.bool)  # [position, 1]
        if self.positions is not None:
            chosen = _chosen("positions", self.positions, tensor.shape[-2]).unsqueeze(-1)
        if self.heads is not None:
            chosen = chosen & _chosen("heads", self.heads, tensor.shape[-3]).view(-1, 1, 1)
        return torch.where(chosen, self.tensor, tensor)


def patch(
    trace: Trace, place: str, positions: Sequence[int] | None = None, heads: Sequence[int] | None = None
) -> Patch:
    """A change that copies the activations at `place` in `trace` (from another input) into this computation.

    Only at these positions (queries), and for "layer 1 heads" and "layer 1 weights" only in these heads; None
    means all. Raises ValueError: no such place in the trace, heads for a place that has none; when the model
    runs, no such positions or heads, inputs of different shapes.
    Meng et al. (2022), https://arxiv.org/abs/2202.05262.
    """
    _check_trace("trace", trace)
    tensor = trace.at(place).detach()
    if heads is not None and not place.endswith(("heads", "weights")):
        raise ValueError(f"{place!r} has no heads; use 'layer 1 heads', or leave heads out")
    return Patch(place, tensor, _numbers("positions", positions), _numbers("heads", heads))


def _check_trace(name: str, given: Any) -> None:
    if not isinstance(given, Trace):
        kind = type(given).__name__
        raise TypeError(f"{name} must be a Trace, got {kind}: pass what model(tokens, trace=True) returns")


def _numbers(name: str, given: Sequence[int] | None) -> tuple[int, ...] | None:
    if given is None:
        return None
    if not isinstance(given, Iterable):
        raise TypeError(f"{name} must be a list of whole numbers, got {given!r:.60}; use [number] for one")
    return tuple(whole_number(f"each of {name}", each) for each in given)


def _chosen(name: str, numbers: tuple[int, ...], count: int) -> Tensor:
    """bool [count]. ValueError: a number that is not there."""
    if wrong := [number for number in numbers if not 0 <= number < count]:
        raise ValueError(f"{name} are 0 to {count - 1}, got {wrong[0]}")
    return torch.isin(torch.arange(count), torch.tensor(numbers, dtype=torch.int64))
