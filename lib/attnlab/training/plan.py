"""The choices of a training run, in numbers: the plan."""

import difflib
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

import numpy as np

from attnlab.attention.arguments import as_numbers
from attnlab.attention.numbers import real_number, whole_number

from .optimisers import Adam, Optimiser
from .schedules import Constant, Schedule


@dataclass(frozen=True)
class Plan:
    """All choices of a training run, except the model and the task.

    steps: updates. batch: sequences per step. learning_rate: its value at the peak of the `schedule`.
    weight_decay: as in AdamW, on matrices only. clip: the largest gradient norm; longer gradients are scaled
    down to it. patience: stop after this many steps without a better validation loss, and use the best
    weights. seed: the order of the data. frames: the maximum number of moments recorded after the start.
    Raises TypeError or ValueError for impossible choices.
    """

    steps: int = 400
    batch: int = 16
    learning_rate: float = 1e-2
    schedule: Schedule = field(default_factory=Constant)
    optimiser: Optimiser = field(default_factory=Adam)
    weight_decay: float = 0.0
    clip: float | None = None
    patience: int | None = None
    seed: int = 0
    frames: int = 50

    def __post_init__(self) -> None:
        for name, least in (("steps", 0), ("batch", 1), ("patience", 1), ("seed", 0), ("frames", 1)):
            if (value := getattr(self, name)) is not None or name != "patience":
                object.__setattr__(self, name, whole_number(name, value, least))
        for name in ("learning_rate", "weight_decay", "clip"):
            if (value := getattr(self, name)) is not None or name != "clip":
                object.__setattr__(self, name, real_number(name, value, 0))
        if self.clip == 0:
            raise ValueError("clip=0 would stop all learning: give a norm above 0, or None for no clipping")
        for name, kind in (("schedule", Schedule), ("optimiser", Optimiser)):
            if not isinstance(getattr(self, name), kind):
                known = ", ".join(f"{each.__name__}()" for each in kind.__subclasses__())
                raise TypeError(f"{name} must be one of {known}, got {getattr(self, name)!r:.60}")
        self.schedule.check(self.steps)

    @classmethod
    def of(cls, steps: int, choices: dict[str, Any]) -> "Plan":
        """A plan from named choices; TypeError for an unknown name."""
        known = [each.name for each in fields(cls)]
        for name in choices:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise TypeError(f"fit does not take {name!r}: it takes {', '.join(known)}{hint}")
        return cls(steps=steps, **choices)

    def rate(self, step: int) -> float:
        """The learning rate at a step."""
        return self.learning_rate * self.schedule.at(step, self.steps)

    def order(self, step: int, n: int) -> np.ndarray:
        """Which of n sequences form the batch of a step: each at most once an epoch, in random order.

        Sequences that do not fill a batch are left out of that epoch. The order depends on seed and step
        alone, so a training can be continued at any step.
        """
        epoch, place = divmod(step, n // self.batch)
        return _shuffled(self.seed, epoch, n)[place * self.batch : (place + 1) * self.batch].copy()


@lru_cache(64)
def _shuffled(seed: int, epoch: int, n: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch]).permutation(n)


def early_stop(steps: Any, losses: Any, patience: int | None) -> tuple[int, int]:
    """Where early stopping ends, and where the loss was best: two indices into `steps` and `losses`.

    It ends at the first evaluation that comes `patience` or more steps after the best one so far; if there is
    none (or patience is None), at the last. NaN is worse than any number.
    Prechelt (1998), https://doi.org/10.1007/3-540-49430-8_3.
    ValueError: no evaluation, lengths that differ, a patience below 1.
    """
    steps, losses = as_numbers("steps", steps), as_numbers("losses", losses)
    if steps.ndim != 1 or steps.shape != losses.shape or not steps.size:
        raise ValueError(f"early_stop needs as many steps as losses, got {steps.shape} and {losses.shape}")
    if patience is not None:
        whole_number("patience", patience, 1, why="it is a number of steps")
    best, losses = 0, np.where(np.isnan(losses), np.inf, losses)
    for now, loss in enumerate(losses):
        if loss < losses[best]:
            best = now
        if patience is not None and steps[now] - steps[best] >= patience:
            return now, best
    return len(steps) - 1, best
