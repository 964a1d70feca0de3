"""Train one model, or one for every setting of a slider; and resume a run that was stopped."""

import difflib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch

from attnlab.models import Transformer
from attnlab.tasks import Task

from .loop import Loop, Watch
from .plan import Plan
from .run import Run
from .stack import Stack

MOST_WORK = (
    1e8  # multiplications of one setting and step, about: above, a sweep is not faster than one by one
)


@torch.inference_mode(False)
def fit(
    model: Transformer, task: Task, steps: int = 400, *, watch: Watch | None = None, **choices: Any
) -> Run:
    """Train a copy of `model` on `task`, and return the record; `model` itself does not change.

    choices: batch=16, learning_rate=1e-2, schedule=Constant(), optimiser=Adam(), weight_decay=0.0, clip=None,
    patience=None, seed=0, frames=50 (see `Plan`). Computes in the model's own dtype, on one thread. A `watch`
    (such as `attnlab.Live`) follows the training and may stop it. If Stop, a kernel interrupt, early stopping
    or numbers that are no longer finite end it, `run.ended` says so. Every parameter is trained, even if the
    whole model is frozen, as `run.model()` is. Raises ValueError or TypeError before the first step for a
    model (it must be in float32 or float64, and on the CPU), a task or choices that do not fit.
    """
    plan = Plan.of(steps, choices)
    _check_fit(model, task, plan)
    _check_watch(watch)
    [run] = Loop(Stack([model], _dtype(model)), task, [plan], watch).go()
    _say_divergence(run)
    return run


@torch.inference_mode(False)
def resume(run: Run, task: Task | None = None, *, watch: Watch | None = None) -> Run:
    """Continue a run that was stopped or interrupted. The result is the same as if it had never stopped.

    A run that ended for another reason is returned as it is.
    """
    if not isinstance(run, Run):
        raise TypeError(f"run must be a Run, got {type(run).__name__}: pass what fit or load_run returned")
    _check_watch(watch)
    if task is not None and task.fingerprint != run.task.fingerprint:
        raise ValueError(f"this run was trained on different data: {run.task!r}, got {task!r}")
    if not run.ended.startswith(("stopped at", "interrupted")):
        return run
    weights = run.state["weights"]
    model = run._model(weights)
    _check_parameters(model)
    stack = Stack([model], weights.dtype)
    state = {name: each[None] for name, each in run.state.items() if name not in ("weights", "best")}
    loop = Loop(stack, run.task, [run.plan], watch, int(run.steps[-1]), state)
    loop.record.restore(run)
    [longer] = loop.go()
    _say_divergence(longer)
    return longer


@dataclass(frozen=True, eq=False)
class Runs:
    """What `sweep` returns: a run for every setting, `runs[value]`. `name`, `values`: what was swept."""

    name: str
    values: tuple[Any, ...]
    runs: tuple[Run, ...]
    how: str

    def __getitem__(self, value: Any) -> Run:
        for known, run in zip(self.values, self.runs, strict=True):
            if known is value or _equal(known, value):
                return run
        raise KeyError(f"no run for {self.name}={value!r}: choose from {', '.join(map(str, self.values))}")

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def items(self) -> list[tuple[Any, Run]]:
        return list(zip(self.values, self.runs, strict=True))

    def __repr__(self) -> str:
        return f"Runs({len(self)} settings of {self.name}; {self.how})"


@torch.inference_mode(False)
def sweep(
    make_model: Callable[..., Transformer],
    task: Task,
    steps: int = 400,
    *,
    watch: Watch | None = None,
    say: Callable[[str], Any] = print,
    **choices: Any,
) -> Runs:
    """Train one model for every value of one choice, all together: the runs are the same as one by one.

    One choice is a list: an argument of `fit`, or of `make_model` (`make_model(init_scale=2.0)`; a swept
    `seed` goes to both if `make_model` takes it). Choices that keep the shapes of the weights are trained in
    one stack: learning_rate, schedule, weight_decay, clip, patience, seed, init_scale, attention_scale. If
    shapes or the course of training differ, or the models are too large for it to pay off, they are trained
    one by one: `say` gets the reason, and the loss of each when it is done. Models keep their dtype: float64
    prints the same numbers on every machine, `make_model().float()` is faster. Raises as `fit` does, and
    ValueError unless one choice is a list.
    """
    _check_maker(make_model)
    _check_watch(watch)
    name, values = _swept({"steps": steps} | choices)
    models = [_make(make_model, name, value) for value in values]
    plans = [Plan.of(*_chosen(steps, choices, name, value)) for value in values]
    for model, plan in zip(models, plans, strict=True):
        _check_fit(model, task, plan)
    reason = _reason_against(models, plans, task)
    if not reason:
        runs = Loop(Stack(models, _dtype(models[0])), task, plans, watch).go()
        return Runs(name, values, tuple(runs), "trained together")
    say(f"{len(values)} trainings one by one: {reason}.")
    if watch:
        watch.begin(sum(plan.steps for plan in plans))
    runs = []
    for value, model, plan in zip(values, models, plans, strict=True):
        part = SharedWatch(watch, sum(each.steps for each in plans[: len(runs)])) if watch else None
        [run] = Loop(Stack([model], _dtype(model)), task, [plan], part).go()
        runs.append(run)
        say(f"{name} = {_short(value)}: validation loss {run.loss['validation'][-1]:.2g} ({run.ended})")
        if run.ended.startswith(("stopped at", "interrupted")):
            break
    if watch:
        watch.end(runs[-1])
    return Runs(name, values[: len(runs)], tuple(runs), f"one by one: {reason}")


@dataclass
class SharedWatch:
    """A watch for one of several trainings: it counts on from the steps of those before."""

    watch: Watch
    before: int

    @property
    def stopped(self) -> bool:
        return self.watch.stopped

    def begin(self, steps: int) -> None:
        """The first one has begun for all."""

    def step(self, step: int) -> None:
        self.watch.step(self.before + step)

    def frame(self, run: Callable[[], Run]) -> None:
        self.watch.frame(run)

    def end(self, run: Run) -> None:
        """The last one ends for all."""


def _dtype(model: Transformer) -> torch.dtype:
    return model.embedding.weight.dtype


def _swept(choices: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """The choice that is a list, and its values."""
    lists = [name for name, value in choices.items() if isinstance(value, list | tuple | range | np.ndarray)]
    if len(lists) != 1:
        given = " and ".join(lists) or "none"
        raise ValueError(
            f"sweep needs one choice with a list of values, got {given}: try learning_rate=[1e-3, 1e-2]"
        )
    if isinstance(given := choices[lists[0]], np.ndarray) and given.ndim != 1:
        raise ValueError(f"{lists[0]} must be a list of values, got an array of shape {given.shape}")
    values = tuple(v.item() if isinstance(v, np.generic) else v for v in choices[lists[0]])
    if not values:
        raise ValueError(f"{lists[0]} is an empty list: give at least one value")
    return lists[0], values


def _chosen(steps: int, choices: dict[str, Any], name: str, value: Any) -> tuple[int, dict[str, Any]]:
    """The arguments of the plan of one setting."""
    known = {each.name for each in fields(Plan)}
    own = {key: each for key, each in choices.items() if key != name}
    if name == "steps":
        return value, own
    return steps, own | ({name: value} if name in known else {})


def _check_maker(make_model: Any) -> None:
    if not callable(make_model) or isinstance(make_model, torch.nn.Module):
        raise TypeError(
            f"make_model must be a function that makes a Transformer, got {type(make_model).__name__}: "
            "write lambda: Transformer.for_task(task)"
        )


def _make(make_model: Callable[..., Transformer], name: str, value: Any) -> Transformer:
    """A model for one setting; it is told the value if it takes it."""
    parameters = inspect.signature(make_model).parameters.values()
    takes = any(p.name == name or p.kind is p.VAR_KEYWORD for p in parameters)
    known = [each.name for each in fields(Plan)]
    if name not in known:
        if not takes:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"write def make_model({name}): ..."
            raise TypeError(f"neither fit nor make_model takes {name!r}; {hint}")
        return make_model(**{name: value})
    return make_model(seed=value) if name == "seed" and takes else make_model()


def _reason_against(models: Sequence[Transformer], plans: Sequence[Plan], task: Task) -> str:
    """Why these models are not trained in one stack; "" if they are."""
    if any(_make_up(model) != _make_up(models[0]) for model in models):
        return "the models differ in more than their numbers"
    if any(_course(plan) != _course(plans[0]) for plan in plans):
        return "batch, steps, optimiser or frames differ"
    work = 6 * sum(p.numel() for p in models[0].parameters()) * plans[0].batch * task.length
    return (
        f"about {work:.1g} multiplications a step, so a stack would be no faster" if work > MOST_WORK else ""
    )


def _make_up(model: Transformer) -> tuple[Any, ...]:
    return model.config.shape, _dtype(model)


def _course(plan: Plan) -> tuple[Any, ...]:
    return plan.steps, plan.batch, plan.optimiser, plan.frames


def _check_fit(model: Transformer, task: Task, plan: Plan) -> None:
    """What would fail later, said before the first step."""
    for what, given, kind in (("model", model, Transformer), ("task", task, Task)):
        if not isinstance(given, kind):
            raise TypeError(f"{what} must be a {kind.__name__}, got {type(given).__name__}")
    _check_parameters(model)
    config, n = model.config, len(task.train)
    if config.kind != task.kind:
        raise ValueError(
            f"the model is of kind {config.kind}, the task {task.name!r} needs {task.kind}: "
            "make it with Transformer.for_task(task)"
        )
    if config.length < task.length:
        raise ValueError(
            f"the task {task.name!r} has sequences of {task.length} tokens, "
            f"but the model takes at most {config.length}"
        )
    for does, size in (("reads", config.vocabulary), ("predicts", config.classes)):
        if size < task.size:
            raise ValueError(f"the task {task.name!r} has {task.size} tokens, but the model {does} {size}")
    if plan.batch > n:
        raise ValueError(
            f"batch={plan.batch} is larger than the training data: {n} sequences; use at most {n}"
        )


def _check_parameters(model: Transformer) -> None:
    """On the CPU, where the data are; of one dtype, in which small steps count; frozen all, or none."""
    if (device := torch.get_default_device()).type != "cpu":
        raise ValueError(
            f"torch makes new tensors on the device {device}, but training runs on the CPU: "
            'call torch.set_default_device("cpu")'
        )
    named = dict(model.named_parameters())
    some_move = any(each.requires_grad for each in named.values())
    for name, each in named.items():
        if each.device.type != "cpu":
            why = f"is on the device {each.device}, but the data are on the CPU"
            remedy = "create the model again on the CPU" if each.is_meta else "pass model.cpu()"
        elif each.dtype not in (torch.float32, torch.float64):
            why = f"has {each.dtype}, in which small steps are lost or impossible"
            remedy = "pass model.float()" if each.is_floating_point() else "create it again in float32"
        elif each.dtype != _dtype(model):
            why = f"has {each.dtype}, but embedding.weight has {_dtype(model)}"
            remedy = "pass model.double()"
        elif some_move and not each.requires_grad:
            why = "is frozen (requires_grad=False), but training updates every parameter"
            remedy = "pass model.requires_grad_(True)"
        else:
            continue
        raise ValueError(f"{name} {why}: {remedy}")


def _check_watch(watch: Any) -> None:
    if watch is not None and not isinstance(watch, Watch):
        raise TypeError(f"watch must be like attnlab.Live, or None, got {type(watch).__name__}")


def _say_divergence(run: Run) -> None:
    if run.ended.startswith("diverged"):
        print(f"{run.ended}. The run is kept up to step {run.steps[-1]}; try a lower learning rate, or clip.")


def _equal(known: Any, value: Any) -> bool:
    if isinstance(known, float) and isinstance(value, int | float):
        return bool(np.isclose(known, value, rtol=1e-9, atol=0))
    return bool(known == value)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
