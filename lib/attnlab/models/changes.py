"""What can be done to a model while it computes: switch heads off, or put in what another input gave.

They are given to `model(tokens, change=...)`. One that names a place the model has not is an error there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index

import torch
from torch import Tensor

from .trace import Trace


@dataclass(frozen=True)
class Ablation:
    """Heads that bring nothing; see `ablate`. heads: by place ("layer 2 heads"), their numbers."""

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
            f"mean must be a trace of inputs of the same length: {name} are {list(tensor.shape[-3:])}, "
            f"there {list(found.shape)}"
        )
    return found


def ablate(heads: Iterable[tuple[int, int]], mean: Trace | None = None) -> Ablation:
    """A change that switches heads off: (layer, head), layers counted from 1 and heads from 0.

    They bring zero; `ablate([(2, 1)], mean=trace)`: what they bring in the mean over the inputs of a trace.
    Raises TypeError or ValueError: no pairs of whole numbers; later, a layer or head that is not there.
    Michel et al. (2019), https://arxiv.org/abs/1905.10650.
    """
    found: dict[str, tuple[int, ...]] = {}
    for pair in heads:
        try:
            layer, head = (index(number) for number in pair)
        except TypeError:
            raise TypeError(f"heads must be pairs (layer, head), got {pair!r:.60}; as in [(2, 0)]") from None
        if layer < 1 or head < 0:
            raise ValueError(f"layers count from 1 and heads from 0, got (layer, head) = {(layer, head)}")
        place = f"layer {layer} heads"
        found[place] = (*found.get(place, ()), head)
    return Ablation(found, mean)


@dataclass(frozen=True)
class Patch:
    """What stood at a place for another input; see `patch`."""

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
    """A change that puts what stood at `place` in `trace` (of another input) into this computation.

    Only at these positions (queries), and for "layer 1 heads" and "layer 1 weights" only of these heads; None
    is all. Raises ValueError: no such place in the trace, heads of a place that has none; later, positions or
    heads that are not there, inputs of different shapes. Meng et al. (2022), https://arxiv.org/abs/2202.05262.
    """
    tensor = trace.at(place).detach()
    if heads is not None and not place.endswith(("heads", "weights")):
        raise ValueError(f"{place!r} has no heads; take 'layer 1 heads', or leave heads out")
    chosen = [None if each is None else tuple(index(i) for i in each) for each in (positions, heads)]
    return Patch(place, tensor, *chosen)


def _chosen(name: str, numbers: tuple[int, ...], count: int) -> Tensor:
    """bool [count]. ValueError: a number that is not there."""
    if wrong := [number for number in numbers if not 0 <= number < count]:
        raise ValueError(f"{name} are 0 to {count - 1}, got {wrong[0]}")
    return torch.isin(torch.arange(count), torch.tensor(numbers, dtype=torch.int64))
