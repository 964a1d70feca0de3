"""What the tests of training share: a small task, small models, a plain loop as judge, a watch."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from attnlab import tasks
from attnlab.models import Trace, Transformer
from attnlab.tasks import Data, Task
from attnlab.training import SGD, Adam, Plan, RMSprop, Run

TASK = tasks.reverse(length=6, train=64, validation=16)
PAIRS = tasks.encoder_decoder(TASK)
PHRASES = tasks.agreement(train=64, validation=16)
NOISY = tasks.overfit(train=24, validation=16)  # its validation loss turns: good for early stopping


def model(task: Task = TASK, dtype: torch.dtype = torch.float64, **choices: Any) -> Transformer:
    return Transformer.for_task(task, **({"d_model": 8, "d_ff": 0} | choices)).to(dtype)


# The judge: PyTorch's own optimisers, one model, nothing shared with the library's loop


@dataclass
class Moment:
    """One step of the plain loop: the weights before the update, the gradients, and how far it went."""

    start: Transformer
    weights: dict[str, Tensor]
    loss: float
    gradient: dict[str, Tensor]
    update: dict[str, Tensor]
    trace: Trace
    flow: list[Tensor]

    @property
    def model(self) -> Transformer:
        """The model before the update."""
        learner = copy.deepcopy(self.start)
        learner.load_state_dict(self.weights)
        return learner


def torch_optimiser(plan: Plan, learner: Transformer) -> torch.optim.Optimizer:
    matrices = [p for p in learner.parameters() if p.ndim == 2]
    vectors = [p for p in learner.parameters() if p.ndim != 2]
    match plan.optimiser:
        case SGD(momentum):
            return torch.optim.SGD(learner.parameters(), momentum=momentum)
        case RMSprop(beta, epsilon):
            return torch.optim.RMSprop(learner.parameters(), alpha=beta, eps=epsilon)
        case Adam(beta1, beta2, epsilon):
            groups = [{"params": matrices, "weight_decay": plan.weight_decay}, {"params": vectors}]
            return torch.optim.AdamW(groups, betas=(beta1, beta2), eps=epsilon, weight_decay=0)
    raise AssertionError(plan.optimiser)


def tensors(data: Data) -> list[Tensor | None]:
    arrays = (data.inputs, data.targets, data.counted, data.source)
    return [None if each is None else torch.from_numpy(each) for each in arrays]


def looked(learner: Transformer, data: Data) -> tuple[Tensor, Trace, Tensor]:
    """Loss, trace, and whether the answers that count are right."""
    inputs, targets, counted, source = tensors(data)
    trace = learner(inputs, source, trace=True)
    said, right = trace.logits[counted], targets[counted]
    return functional.cross_entropy(said, right), trace, said.argmax(-1) == right


def plain_loop(start: Transformer, task: Task, plan: Plan, rate: Callable[[int], float]) -> Iterator[Moment]:
    """A training as everybody writes it: yields what is true before each update, the last one not undone."""
    learner = copy.deepcopy(start).requires_grad_(True)
    optimiser = torch_optimiser(plan, learner)
    for step in range(plan.steps + 1):
        before = {name: p.detach().clone() for name, p in learner.named_parameters()}
        loss, trace, _ = looked(learner, task.train.take(plan.order(step, len(task.train))))
        for hidden in trace.hidden:
            hidden.retain_grad()
        optimiser.zero_grad()
        loss.backward()
        gradient = {name: p.grad.clone() for name, p in learner.named_parameters()}
        clip(learner, plan.clip)
        for group in optimiser.param_groups:
            group["lr"] = rate(step)
        optimiser.step()
        after, flow = dict(learner.named_parameters()), [hidden.grad for hidden in trace.hidden]
        update = {name: p - after[name].detach() for name, p in before.items()}
        yield Moment(start, before, loss.item(), gradient, update, trace, flow)


def clip(learner: Transformer, most: float | None) -> None:
    norm = torch.cat([p.grad.flatten() for p in learner.parameters()]).norm()
    if most is not None and norm > most:
        for p in learner.parameters():
            p.grad *= most / norm


# Runs


ARRAYS = (
    "steps", "losses", "accuracy", "attended", "attention", "learning_rate", "gradient_norm", "update_ratio",
    "activation", "flow", "weights",
)  # fmt: skip


def assert_same(one: Run, two: Run) -> None:
    """Every field equal to the last bit."""
    known = {"config", "plan", "task", "groups", "loss", "best", "ended", "state", *ARRAYS}
    assert {each.name for each in fields(Run)} == known, "a new field: compare it here"
    for name in ("config", "plan", "groups", "best", "ended"):
        assert getattr(one, name) == getattr(two, name), name
    assert one.task.fingerprint == two.task.fingerprint
    pairs = {name: (getattr(one, name), getattr(two, name)) for name in ARRAYS}
    pairs |= {f"loss {name}": (one.loss[name], two.loss[name]) for name in ("train", "validation")}
    for name, (a, b) in pairs.items():
        if a is None or b is None:
            assert a is b, name
            continue
        assert a.dtype == b.dtype and a.shape == b.shape, name
        assert np.array_equal(a, b), name
    assert set(one.loss) == set(two.loss) and set(one.state) == set(two.state)
    for name, tensor in one.state.items():
        assert tensor.dtype == two.state[name].dtype and torch.equal(tensor, two.state[name]), name


class Witness:
    """A watch that notes what it is told, and calls `act(step)` after each update."""

    def __init__(self, act: Callable[[int], Any] | None = None, stop_at: int | None = None) -> None:
        self.act, self.stop_at = act, stop_at
        self.stopped = stop_at == 0
        self.begun: list[int] = []
        self.told: list[int] = []
        self.frames: list[int] = []
        self.ended: list[str] = []

    def begin(self, steps: int) -> None:
        self.begun.append(steps)

    def step(self, step: int) -> None:
        self.told.append(step)
        if self.act:
            self.act(step)
        self.stopped = self.stopped or step == self.stop_at

    def frame(self, run: Callable[[], Run]) -> None:
        self.frames.append(int(run().steps[-1]))

    def end(self, run: Run) -> None:
        self.ended.append(run.ended)
