"""Optimisers: from gradients to the direction of the update. All work on tensors [setting, parameter].

An optimiser is a description without a state. `start` makes the state; `way` returns the direction (times the
learning rate, it is subtracted from the weights) and the new state. Nothing is changed in place, so an old
state stays usable.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from attnlab.attention.numbers import real_number

State = dict[str, Tensor]


class Optimiser:
    def start(self, weights: Tensor) -> State:
        raise NotImplementedError

    def way(self, gradient: Tensor, state: State, step: int) -> tuple[Tensor, State]:
        """step = 0, 1, 2 ..."""
        raise NotImplementedError


@dataclass(frozen=True)
class SGD(Optimiser):
    """Follow the gradient, or with `momentum` (0.9) a running sum of gradients. As `torch.optim.SGD`."""

    momentum: float = 0.0

    def __post_init__(self) -> None:
        _check_share("momentum", self.momentum)

    def start(self, weights: Tensor) -> State:
        return {"velocity": torch.zeros_like(weights)} if self.momentum else {}

    def way(self, gradient: Tensor, state: State, step: int) -> tuple[Tensor, State]:
        if not self.momentum:
            return gradient, state
        velocity = self.momentum * state["velocity"] + gradient
        return velocity, {"velocity": velocity}


@dataclass(frozen=True)
class RMSprop(Optimiser):
    """Each parameter on its own scale: the gradient divided by the root of its running mean square."""

    beta: float = 0.99
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        _check_share("beta", self.beta)
        _check_epsilon(self.epsilon)

    def start(self, weights: Tensor) -> State:
        return {"square": torch.zeros_like(weights)}

    def way(self, gradient: Tensor, state: State, step: int) -> tuple[Tensor, State]:
        square = self.beta * state["square"] + (1 - self.beta) * gradient * gradient
        return gradient / (square.sqrt() + self.epsilon), {"square": square}


@dataclass(frozen=True)
class Adam(Optimiser):
    """The running mean divided by the root of the running mean square, both corrected for starting at 0.

    Kingma and Ba (2015), https://arxiv.org/abs/1412.6980, algorithm 1. With a weight decay it is AdamW:
    Loshchilov and Hutter (2019), https://arxiv.org/abs/1711.05101.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        _check_share("beta1", self.beta1)
        _check_share("beta2", self.beta2)
        _check_epsilon(self.epsilon)

    def start(self, weights: Tensor) -> State:
        return {"mean": torch.zeros_like(weights), "square": torch.zeros_like(weights)}

    def way(self, gradient: Tensor, state: State, step: int) -> tuple[Tensor, State]:
        mean = torch.lerp(state["mean"], gradient, 1 - self.beta1)
        square = (self.beta2 * state["square"]).addcmul_(gradient, gradient, value=1 - self.beta2)
        root = (square / (1 - self.beta2 ** (step + 1))).sqrt_().add_(self.epsilon)
        return mean / (1 - self.beta1 ** (step + 1)) / root, {"mean": mean, "square": square}


def _check_share(name: str, value: float) -> None:
    if not 0 <= real_number(name, value) < 1:
        raise ValueError(f"{name} must be from 0 to below 1, got {value}")


def _check_epsilon(value: float) -> None:
    """0 would divide 0 by 0 for a token that no batch had."""
    if not 0 < real_number("epsilon", value) < float("inf"):
        raise ValueError(f"epsilon must be a finite number above 0, got {value}; 1e-8 is usual")
