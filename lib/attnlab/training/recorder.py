"""The recorder: what is measured at a moment of training, for every setting of a stack."""

import copy
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnlab.models import Trace
from attnlab.tasks import Task

from .plan import Plan, early_stop
from .run import Run
from .stack import Batch, Stack, accuracy_of, loss_of

MOST_BYTES = 29e6  # of one run: its frames (weights and maps) and its state
RECORDED = (
    "accuracy", "attention", "learning_rate", "gradient_norm", "update_ratio", "activation", "flow",
    "weights",
)  # fmt: skip
PARTS = {f"w_{which}": f"W_{which.upper()}" for which in "qkvo123"}


def group_of(name: str) -> str:
    """The group of a parameter, as people say it: "layer 1 W_Q", "layer 2 norm", "embedding", "output"."""
    found = re.match(r"(layers|encoder)\.(\d+)\.(\w+?)\.(?:inner\.)?(\w+)", name)
    if not found:
        return name.split(".")[0].replace("_", " ")
    stack, number, part, matrix = found.groups()
    layer = f"{'encoder ' * (stack == 'encoder')}layer {int(number) + 1}"
    return f"{layer} {'cross-' * (part == 'cross')}{PARTS.get(matrix, 'norm')}"


@dataclass
class Moment:
    """What one step gave, for all settings: everything that a frame is made of."""

    step: int
    loss: Tensor  # [setting]
    gradient: Tensor  # [setting, parameter]
    update: Tensor  # [setting, parameter]
    flow: list[Tensor]  # for each layer + 1: the gradient of the residual stream
    trace: Trace
    counts: bool = True  # False where somebody has stopped the training: without that it would have no frame


@dataclass
class Recorder:
    """Collects frames for every setting, and makes runs of them."""

    stack: Stack
    task: Task
    plans: list[Plan]
    frames: list[dict[str, np.ndarray]] = field(default_factory=list)  # each value [setting, ...]
    losses: list[np.ndarray] = field(default_factory=list)  # each [setting]
    best: dict[int, tuple[int, Tensor]] = field(default_factory=dict)  # setting -> step, [parameter]

    def __post_init__(self) -> None:
        groups = [group_of(name) for name in self.stack.names]
        self.groups = tuple(dict.fromkeys(groups))
        places = [self.groups.index(group) for group in groups]
        self._group = torch.repeat_interleave(torch.tensor(places), torch.tensor(self.stack.sizes))
        self.validation = Batch.of(self.task.validation)
        self._right = torch.from_numpy(self.task.answers(self.task.validation)) if self.task.points else None
        self._probe = self._row_of_probe()
        self.every = self._every()

    def _row_of_probe(self) -> int:
        """The task promises that its probe is one of the validation sequences."""
        probe, rows = self.task.probe, self.task.validation
        same = (rows.read == probe.read).all(axis=1) & (rows.inputs == probe.inputs).all(axis=1)
        return int(np.flatnonzero(same)[0])

    def _every(self) -> int:
        """Steps between two frames: as the plan asks, but more for models whose frames are large."""
        plan, config = self.plans[0], self.stack.config
        maps, size = config.n_layers * config.n_heads * self.task.length**2, sum(self.stack.sizes)
        state = 4 * size * self.stack.weights.element_size()  # weights, best weights, two of the optimiser
        fit = int((MOST_BYTES - state) / 4 / (maps + size)) - 1  # one more is at the start
        most = max(1, min(plan.frames, fit))
        return max(1, -(-plan.steps // most))

    def due(self, step: int) -> bool:
        return step % self.every == 0

    # ------------------------------------------------------------ a frame

    def add(self, moment: Moment, weights: Tensor, role: str) -> None:
        """One more frame: the weights before the update, and what they do."""
        with torch.no_grad():
            frame = self._judged(weights, role) | self._felt(moment, weights)
        frame["step"] = np.array(moment.step)
        frame["train"] = moment.loss.detach().numpy()
        frame["learning_rate"] = np.array([plan.rate(moment.step) for plan in self.plans])
        frame["weights"] = weights.to(torch.float32).numpy()
        self.frames.append(frame)
        if moment.counts or self.due(moment.step):
            self._keep_best(weights)

    def _judged(self, weights: Tensor, role: str) -> dict[str, np.ndarray]:
        """On the validation data: loss, accuracy, where attention looks; and the maps of the probe."""
        trace = self.stack.trace(weights, self.validation)
        maps = torch.stack(trace.attention[role], 2)  # [setting, sequence, layer, head, query, key]
        frame = {
            "validation": loss_of(trace.logits, self.validation).numpy(),
            "accuracy": accuracy_of(trace.logits, self.validation).numpy(),
            "attention": maps[:, self._probe].to(torch.float32).numpy(),
        }
        if self._right is not None:
            frame["attended"] = np.stack([_attended(each, self._right) for each in maps])
        return frame

    def _felt(self, moment: Moment, weights: Tensor) -> dict[str, np.ndarray]:
        """Gradients, updates, and the residual stream."""
        size = self._norms(weights).clamp_min(1e-12)
        return {
            "gradient_norm": self._norms(moment.gradient).numpy(),
            "update_ratio": (self._norms(moment.update) / size).numpy(),
            "activation": _each(moment.trace.hidden, lambda x: x.square().mean(1).sqrt()),
            "flow": _each(moment.flow, lambda x: x.norm(dim=1)),
        }

    def _norms(self, values: Tensor) -> Tensor:
        """Of every group: [setting, group]."""
        sums = values.new_zeros(len(values), len(self.groups))
        return sums.index_add_(1, self._group, values * values).sqrt()

    def _keep_best(self, weights: Tensor) -> None:
        for setting in range(len(self.plans)):
            *earlier, now = (frame["validation"][setting] for frame in self.frames)
            if setting not in self.best or now < min(earlier):
                self.best[setting] = int(self.frames[-1]["step"]), weights[setting].clone()

    # ------------------------------------------------------------ runs

    def restore(self, run: Run) -> None:
        """Go back to where a run was before its last frame, which is made again."""
        names = [*RECORDED, *(["attended"] if self.task.points else [])]
        for i, step in enumerate(run.steps[:-1]):
            frame = {name: getattr(run, name)[i][None] for name in names}
            frame |= {name: values[i][None] for name, values in run.loss.items()}
            self.frames.append(frame | {"step": np.array(step)})
        self.losses = [each[None] for each in run.losses[: run.steps[-1]]]
        if self.frames:
            self.best = {0: (run.best, run.state["best"])}

    def without_last(self) -> "Recorder":
        """The same recorder without its newest frame."""
        earlier = copy.copy(self)
        earlier.frames = self.frames[:-1]
        return earlier

    def last_wrong(self, gradient: Tensor) -> str:
        """The group, seen from the loss, where a gradient [parameter] is first not finite."""
        wrong = self._group[~gradient.isfinite()]
        return self.groups[int(wrong.max())]

    def impatient(self, setting: int) -> bool:
        """Whether the patience of a setting is over at the newest frame."""
        plan, steps = self.plans[setting], [int(frame["step"]) for frame in self.frames]
        if plan.patience is None:
            return False
        best = early_stop(steps, [frame["validation"][setting] for frame in self.frames], None)[1]
        return steps[-1] - steps[best] >= plan.patience

    def run(self, setting: int, state: dict[str, Tensor], ended: str) -> Run:
        """The run of one setting, from all frames up to now."""
        steps = np.array([int(frame["step"]) for frame in self.frames])

        def all_of(name: str) -> np.ndarray:
            return np.stack([frame[name][setting] for frame in self.frames])

        record: dict[str, Any] = {name: all_of(name) for name in RECORDED}
        loss = {name: all_of(name) for name in ("train", "validation")}
        best, weights = self.best[setting]
        return Run(
            config=self.stack.configs[setting], plan=self.plans[setting], task=self.task,
            groups=self.groups, steps=steps, loss=loss,
            losses=np.array([each[setting] for each in self.losses]),
            attended=all_of("attended") if self.task.points else None,
            best=best, ended=ended, state=state | {"best": weights}, **record,
        )  # fmt: skip


def _attended(maps: Tensor, right: Tensor) -> np.ndarray:
    """`task.attended` of one setting: [sequence, layer, head, query, key] -> [layer, head]."""
    on_right = (maps * right[:, None, None]).flatten(-2).sum(-1)  # [sequence, layer, head]
    return (on_right.sum(0) / right.any(-1).sum()).numpy()


def _each(tensors: list[Tensor], measure: Any) -> np.ndarray:
    """One number for every setting and tensor: [setting, tensor]."""
    return torch.stack([measure(each.detach().flatten(1)) for each in tensors], 1).numpy()
