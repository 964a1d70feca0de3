"""The loop: batches, gradients, updates, for all settings of a stack at once."""

import math
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from attnlab.tasks import Task

from .optimisers import State
from .plan import Plan
from .recorder import Moment, Recorder
from .run import FINISHED, Run
from .stack import Batch, Stack, loss_of, one_thread

INTERRUPTS = 3  # so many end the training at once, if it hangs in somebody's function


@runtime_checkable
class Watch(Protocol):
    """Follows a training run, and may stop it: `attnlab.Live`."""

    @property
    def stopped(self) -> bool: ...

    def begin(self, steps: int) -> None: ...

    def step(self, step: int) -> None: ...

    def frame(self, run: Any) -> None:
        """`run()` is the run so far."""

    def end(self, run: Run) -> None: ...


@dataclass
class Loop:
    """One training run of a stack: where it is, and how it goes on."""

    stack: Stack
    task: Task
    plans: Sequence[Plan]
    watch: Watch | None = None
    step: int = 0
    state: State = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)  # of the settings that have ended

    def __post_init__(self) -> None:
        self.weights, self.plan = self.stack.weights, self.plans[0]
        self.data, self.n = Batch.of(self.task.train), len(self.task.train)
        self.role = "cross" if self.task.kind == "encoder-decoder" else "self"
        self.state = self.state or self.plan.optimiser.start(self.weights)
        self.decays = self._decays()
        self.record = Recorder(self.stack, self.task, list(self.plans))

    def _decays(self) -> Tensor | None:
        """The decay of every parameter, [setting, parameter]: 0 for vectors; None if nothing decays."""
        if not any(plan.weight_decay for plan in self.plans):
            return None
        matrices = self.weights.new_tensor([len(shape) == 2 for shape in self.stack.shapes])
        decay = self.weights.new_tensor([plan.weight_decay for plan in self.plans])
        return decay[:, None] * matrices.repeat_interleave(torch.tensor(self.stack.sizes))

    # ------------------------------------------------------------ the course

    def go(self) -> list[Run]:
        """Train until every setting has ended, or someone stops it. One run for each setting."""
        if self.watch:
            self.watch.begin(self.plan.steps)
        with torch.enable_grad(), one_thread(), interrupts() as interrupted:
            while len(self.runs) < len(self.plans):
                why = self._why_now(interrupted)
                self._advance(why)
                if why:
                    break
        runs = [self.runs[setting] for setting in range(len(self.plans))]
        if self.watch:
            self.watch.end(runs[0])
        return runs

    def _why_now(self, interrupted: list[int]) -> str:
        """Why the training ends with this step; "" if it goes on."""
        if self.step >= self.plan.steps:
            return FINISHED
        if self.watch and self.watch.stopped:
            return f"stopped at step {self.step}"
        return f"interrupted at step {self.step}" if interrupted else ""

    def _advance(self, why: str) -> None:
        """One step. With a reason to end, the last frame is recorded, and no update is made."""
        batch = self._batch()
        weights = self.weights.detach().requires_grad_()
        trace = self.stack.trace(weights, batch)
        loss = loss_of(trace.logits, batch)  # [setting]
        due = bool(why) or self.record.due(self.step)
        gradient, *flow = torch.autograd.grad(loss.sum(), [weights, *trace.hidden] if due else [weights])
        self._end_diverged(loss.detach(), gradient, batch)
        if len(self.runs) == len(self.plans):
            return
        self.record.losses.append(loss.detach().numpy())
        update, state = self._update(gradient)
        if due:
            moment = Moment(self.step, loss, gradient, update, flow, trace, counts=why in ("", FINISHED))
            self.record.add(moment, self.weights, self.role)
            self._look(why)
        if not why:
            self.weights, self.state, self.step = self.weights - update, state, self.step + 1
            if self.watch:
                self.watch.step(self.step)

    def _batch(self) -> Batch:
        orders = [torch.from_numpy(plan.order(self.step, self.n)) for plan in self._seeds()]
        return self.data.take(orders[0] if len(orders) == 1 else torch.stack(orders))

    def _seeds(self) -> Sequence[Plan]:
        """One plan where all have the same order of data, else all of them."""
        return self.plans if len({plan.seed for plan in self.plans}) > 1 else self.plans[:1]

    def _update(self, gradient: Tensor) -> tuple[Tensor, State]:
        """What is subtracted from the weights: [setting, parameter]."""
        gradient = self._clipped(gradient)
        way, state = self.plan.optimiser.way(gradient, self.state, self.step)
        if self.decays is not None:
            way = way + self.decays * self.weights
        return self._each(plan.rate(self.step) for plan in self.plans) * way, state

    def _each(self, numbers: Iterable[float]) -> Any:
        """One number for every setting, [setting, 1]; a plain number for a lone one, which is quicker."""
        numbers = list(numbers)
        return numbers[0] if len(numbers) == 1 else self.weights.new_tensor(numbers)[:, None]

    def _clipped(self, gradient: Tensor) -> Tensor:
        """No longer than `clip`. Pascanu et al. (2013), https://arxiv.org/abs/1211.5063, algorithm 1."""
        if all(plan.clip is None for plan in self.plans):
            return gradient
        most = torch.tensor([[plan.clip or torch.inf] for plan in self.plans], dtype=gradient.dtype)
        share = most / gradient.norm(dim=1, keepdim=True)  # inf / inf: too long for a number, and no clipping
        return gradient * share.clamp(max=1.0).nan_to_num(nan=1.0)

    # ------------------------------------------------------------ ends

    def _look(self, why: str) -> None:
        """What the newest frame means: settings may end here, and somebody may look on."""
        for setting in self._running():
            validation = self.record.frames[-1]["validation"][setting]
            if not math.isfinite(validation):
                what = f"diverged: the validation loss is {validation} at step {self.step}"
                self._end(setting, what, self.record.without_last())
            elif self.record.due(self.step) and self.record.impatient(setting):
                self._end(setting, f"stopped early at step {self.step}", self.record)
            elif why:
                self._end(setting, why, self.record)
        if self.watch and self._running():
            self.watch.frame(lambda: self._run(self._running()[0], "in training", self.record))

    def _running(self) -> list[int]:
        return [setting for setting in range(len(self.plans)) if setting not in self.runs]

    def _end(self, setting: int, ended: str, record: Recorder) -> None:
        if not record.frames:
            which = f"setting {setting + 1} of {len(self.plans)}: " if len(self.plans) > 1 else ""
            raise ValueError(
                f"{which}{ended}. Nothing is trained yet: check init_scale, attention_scale and the data"
            )
        self.runs[setting] = self._run(setting, ended, record)

    def _run(self, setting: int, ended: str, record: Recorder) -> Run:
        state = {"weights": self.weights} | self.state
        return record.run(setting, {name: each[setting].clone() for name, each in state.items()}, ended)

    def _end_diverged(self, loss: Tensor, gradient: Tensor, batch: Batch) -> None:
        """End every setting whose loss or gradient is no number any more, and say where that began."""
        if (loss.sum() + gradient.sum()).isfinite():  # the quick look of nearly every step
            return
        sound = loss.isfinite() & gradient.isfinite().all(1)
        for setting in self._running():
            if not sound[setting]:
                what = self._fault(setting, loss[setting], gradient[setting], batch)
                self._end(setting, f"diverged: {what}", self.record)

    def _fault(self, setting: int, loss: Tensor, gradient: Tensor, batch: Batch) -> str:
        if loss.isfinite():
            where = self.record.last_wrong(gradient)
            return f"the gradient is not finite at step {self.step}, first wrong in: {where}"
        one = batch.each(lambda tensor: tensor[setting : setting + 1] if tensor.ndim == 3 else tensor)
        with torch.no_grad():
            trace = self.stack.alone(setting).trace(self.weights[setting : setting + 1], one)
        return (
            f"the loss is {loss.item()} at step {self.step}, first wrong in: {trace.first_wrong() or 'loss'}"
        )


@contextmanager
def interrupts() -> Iterator[list[int]]:
    """Collect interrupts instead of failing in the middle of a step; the third one fails anyway."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return

    def note(number: int, frame: Any) -> None:
        caught.append(number)
        if len(caught) >= INTERRUPTS:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield caught
    finally:
        signal.signal(signal.SIGINT, before)
