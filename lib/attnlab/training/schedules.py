"""Schedules: a factor for the learning rate at each step, from 0 to 1."""

import math
from dataclasses import dataclass

from attnlab.attention.numbers import real_number, whole_number


class Schedule:
    """A factor for the learning rate: `at(step, steps)`, step = 0 ... steps."""

    def at(self, step: int, steps: int) -> float:
        raise NotImplementedError

    def check(self, steps: int) -> None:
        """ValueError if it does not fit a run of this many steps."""


@dataclass(frozen=True)
class Constant(Schedule):
    """Always 1."""

    def at(self, step: int, steps: int) -> float:
        return 1.0


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Multiply by `factor` after every `every` steps."""

    every: int = 100
    factor: float = 0.5

    def __post_init__(self) -> None:
        if whole_number("every", self.every) < 1 or not 0 < real_number("factor", self.factor) <= 1:
            raise ValueError(
                f"StepDecay needs every >= 1 and 0 < factor <= 1; got {self.every} and {self.factor}"
            )

    def at(self, step: int, steps: int) -> float:
        return self.factor ** (step // self.every)


@dataclass(frozen=True)
class WarmupCosine(Schedule):
    """Rise in a straight line over `warmup` steps, then fall to `end` along half a cosine.

    The first step uses 1 / warmup of the learning rate, step number `warmup` (counted from 1) all of it.
    Warm-up: Goyal et al. (2017), https://arxiv.org/abs/1706.02677, section 2.2. Cosine: Loshchilov and Hutter
    (2017), https://arxiv.org/abs/1608.03983, equation 5.
    """

    warmup: int = 40
    end: float = 0.0

    def __post_init__(self) -> None:
        if whole_number("warmup", self.warmup) < 0 or not 0 <= real_number("end", self.end) <= 1:
            raise ValueError(
                f"WarmupCosine needs warmup >= 0 and an end from 0 to 1; got {self.warmup} and {self.end}"
            )

    def check(self, steps: int) -> None:
        if self.warmup >= max(steps, 1):
            raise ValueError(
                f"a warm-up of {self.warmup} steps leaves none of the {steps}: shorten it, or train longer"
            )

    def at(self, step: int, steps: int) -> float:
        if step < self.warmup:
            return (step + 1) / self.warmup
        share = (step - self.warmup) / max(1, steps - self.warmup)  # of the way down
        return self.end + (1 - self.end) * (1 + math.cos(math.pi * share)) / 2


def Cosine(end: float = 0.0) -> WarmupCosine:
    """Fall from 1 to `end` along half a cosine, without a warm-up."""
    return WarmupCosine(warmup=0, end=end)


@dataclass(frozen=True)
class Warmup(Schedule):
    """Rise in a straight line over `warmup` steps, then stay at 1."""

    warmup: int = 40

    def __post_init__(self) -> None:
        whole_number("warmup", self.warmup, 0)

    def at(self, step: int, steps: int) -> float:
        return min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
