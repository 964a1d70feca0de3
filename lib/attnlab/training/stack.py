"""Several settings of one model as one tensor [setting, parameter], so that they are trained together.

Why batched by hand and not `torch.func.vmap`: both remove the overhead of a thousand small operations, but
vmap adds one of its own to every operation (half of what it saves for a model of 1,700 weights). By hand only
means that `models.Linear` multiplies with `baddbmm`: the model stays the one that people read. A single model
is a stack of one.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, local
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from attnlab.models import Trace, Transformer
from attnlab.tasks import Data


class Batch(NamedTuple):
    """Sequences for every setting: [batch, token] where all share them, else [setting, batch, token]."""

    inputs: Tensor
    targets: Tensor
    counted: Tensor
    source: Tensor | None

    @classmethod
    def of(cls, data: Data) -> "Batch":
        inputs, targets, counted = map(_tensor, (data.inputs, data.targets, data.counted))
        return cls(inputs, targets, counted, None if data.source is None else _tensor(data.source))

    def each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        """The same, after a change of every tensor."""
        source = None if self.source is None else change(self.source)
        return Batch(change(self.inputs), change(self.targets), change(self.counted), source)

    def take(self, rows: Tensor) -> "Batch":
        return self.each(lambda tensor: tensor[rows])


def _tensor(array: NDArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


class Stack:
    """Models that differ in their weights and in what they multiply scores by, and in nothing else.

    `model` is a copy without its parameters: `trace` puts in the ones that it is given. (That is what
    `torch.func.functional_call` does, whose safety checks take a fifth of a small model's step.)
    """

    def __init__(self, models: Sequence[Transformer], dtype: torch.dtype) -> None:
        self.model = copy.deepcopy(models[0]).to(dtype)
        self.configs = [model.config for model in models]
        self.config = self.configs[0]
        named = dict(self.model.named_parameters())
        self.names, self.shapes = list(named), [parameter.shape for parameter in named.values()]
        self.sizes = [shape.numel() for shape in self.shapes]
        rows = [torch.cat([p.detach().flatten() for p in model.parameters()]) for model in models]
        self.weights = torch.stack(rows).to(dtype)  # [setting, parameter]
        scale = torch.tensor([model.config.scale for model in models], dtype=dtype)
        self.scale = scale[0] if len(set(scale.tolist())) == 1 else scale.view(-1, 1, 1, 1)
        self._scaled = [m for m in self.model.modules() if hasattr(m, "scale")]
        self._places = [self._taken_out(name) for name in self.names]

    def _taken_out(self, name: str) -> tuple[nn.Module, str]:
        """The module that a parameter belongs to, without the parameter; and its name there."""
        home, _, short = name.rpartition(".")
        module = self.model.get_submodule(home)
        delattr(module, short)
        return module, short

    def __len__(self) -> int:
        return len(self.weights)

    def split(self, weights: Tensor) -> list[Tensor]:
        """Every parameter, shaped so that it broadcasts over [setting, batch, token, d]."""
        settings = len(weights)
        return [
            part.view(settings, *(shape if len(shape) == 2 else (1, 1, *shape)))
            for shape, part in zip(self.shapes, weights.split(self.sizes, dim=1), strict=True)
        ]

    def trace(self, weights: Tensor, batch: Batch) -> Trace:
        for (module, name), part in zip(self._places, self.split(weights), strict=True):
            setattr(module, name, part)
        for module in self._scaled:
            module.scale = self.scale
        return self.model(batch.inputs, batch.source, trace=True)

    def alone(self, setting: int) -> "Stack":
        """The stack of one setting."""
        one = copy.copy(self)
        one.weights, one.configs = self.weights[setting : setting + 1], [self.configs[setting]]
        one.scale = self.scale[setting : setting + 1] if self.scale.ndim else self.scale
        return one


def loss_of(logits: Tensor, batch: Batch) -> Tensor:
    """The mean cross-entropy over the counted places, for every setting: [setting]."""
    settings = len(logits)
    targets = batch.targets.expand(logits.shape[:-1])
    right = logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    each = logits.logsumexp(-1) - right  # minus the log of the softmax: [setting, batch, token]
    counted = batch.counted.expand(logits.shape[:-1]).reshape(settings, -1).to(logits.dtype)
    return (each.reshape(settings, -1) * counted).sum(1) / counted.sum(1)


def accuracy_of(logits: Tensor, batch: Batch) -> Tensor:
    """The share of the counted places where the largest logit is right, for every setting: [setting]."""
    right = (logits.argmax(-1) == batch.targets) & batch.counted
    counted = batch.counted.expand(right.shape).flatten(1).sum(1)
    return right.flatten(1).sum(1).to(logits.dtype) / counted


_threads, _lock, _trainings, _here = [0], Lock(), [0], local()


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one thread while anything trains: more are slower for small models. Restored afterwards.

    The number belongs to the Python thread that asks. A thread that first asks while another trains would see
    1: it gets the number from before all runs. A run inside another (in its watch) keeps one thread.
    """
    depth = getattr(_here, "depth", 0)
    with _lock:
        if _trainings[0] == 0:
            _threads[0] = torch.get_num_threads()
        own = torch.get_num_threads()
        before = own if own > 1 or depth else _threads[0]
        torch.set_num_threads(1)
        _trainings[0] += 1
    _here.depth = depth + 1
    try:
        yield
    finally:
        _here.depth = depth
        with _lock:
            _trainings[0] -= 1
            torch.set_num_threads(before)
