"""How a training ends: finished, stopped, interrupted, diverged. And how it goes on."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from attnlab.training import SGD, Adam, RMSprop, Run, StepDecay, WarmupCosine, fit, load_run, resume
from attnlab.training.optimisers import Optimiser, State
from attnlab.training.schedules import Schedule

from .cases import NOISY, PAIRS, TASK, Plan, Witness, assert_same, model, plain_loop

pytestmark = pytest.mark.slow  # many trainings

STEPS: dict[str, Any] = {"steps": 24, "frames": 6}  # a frame every 4 steps
CHOICES: dict[str, dict[str, Any]] = {
    "plain": {},
    "SGD": {"optimiser": SGD(), "learning_rate": 0.3},
    "momentum": {"optimiser": SGD(momentum=0.9), "learning_rate": 0.05},
    "RMSprop": {"optimiser": RMSprop(), "learning_rate": 3e-3},
    "clipped": {"clip": 0.1, "weight_decay": 0.1},
    "warm": {"schedule": WarmupCosine(6)},
    "decayed": {"schedule": StepDecay(5), "seed": 7},
}


def stopped_at(step: int, task: Any = TASK, start: Any = None, **choices: Any) -> Run:
    run = fit(start or model(task), task, watch=Witness(stop_at=step), **STEPS | choices)
    assert run.ended == f"stopped at step {step}" and run.steps[-1] == step
    return run


def again(run: Run, path: Path, task: Any = TASK) -> Run:
    loaded = load_run(run.save(path / "a.run"), task)
    assert_same(loaded, run)
    return loaded


# Stop


@pytest.mark.parametrize("at", [0, 1, 4, 7, 23])  # before the first step, between frames, on a frame, late
@pytest.mark.parametrize("name", CHOICES)
def test_a_stopped_run_goes_on_as_if_it_never_had_stopped(name: str, at: int, tmp_path: Path) -> None:
    whole = fit(model(), TASK, **STEPS | CHOICES[name])
    run = stopped_at(at, **CHOICES[name])
    assert len(run.losses) == at + 1 and np.array_equal(run.losses, whole.losses[: at + 1])
    assert run.steps.tolist() == sorted({*range(0, at + 1, 4), at})
    assert_same(resume(run), whole)
    assert_same(resume(again(run, tmp_path), TASK), whole)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_larger_models_go_on_too(dtype: torch.dtype, tmp_path: Path) -> None:
    start = model(
        PAIRS, dtype, n_heads=2, d_ff=12, n_layers=2, norm="post", positions="rotary", init_scale=2.0
    )
    whole = fit(start, PAIRS, **STEPS)
    run = stopped_at(10, PAIRS, start)
    assert_same(resume(again(run, tmp_path, PAIRS)), whole)


def test_stopped_at_every_step_with_patience() -> None:
    """The frame that a stop adds is no evaluation: it neither becomes the best nor ends the training."""
    choices = {"steps": 48, "frames": 12, "patience": 9, "batch": 8, "learning_rate": 5e-2}
    start = model(NOISY)
    whole = fit(start, NOISY, **choices)
    end = int(whole.steps[-1])
    assert whole.ended == f"stopped early at step {end}" and 0 < whole.best < end < 48
    for at in range(end):
        run = stopped_at(at, NOISY, start, **choices)
        seen = whole.steps[whole.steps <= at]
        assert run.best == seen[whole.loss["validation"][: len(seen)].argmin()]
        assert_same(resume(run), whole)


def test_stopped_resumed_and_stopped_again() -> None:
    whole, first = fit(model(), TASK, **STEPS), stopped_at(5)
    second = resume(first, watch=Witness(stop_at=6))
    assert second.ended == "stopped at step 6" and second.steps.tolist() == [0, 4, 6]
    third = resume(second, watch=Witness(stop_at=0))  # at once: nothing is lost, nothing is gained
    assert_same(third, second)
    assert_same(resume(third), whole)


def test_a_stop_leaves_the_run_before_untouched() -> None:
    run = stopped_at(6)
    before = {name: each.clone() for name, each in run.state.items()}
    losses = run.losses.copy()
    resume(run)
    assert all(torch.equal(before[name], each) for name, each in run.state.items())
    assert np.array_equal(losses, run.losses) and run.ended == "stopped at step 6"


def test_resume_of_what_has_ended_returns_it() -> None:
    finished = fit(model(), TASK, **STEPS)
    early = fit(model(NOISY), NOISY, steps=60, learning_rate=0.3, patience=3)
    assert early.ended.startswith("stopped early")
    for run in (finished, early, stopped_at_end()):
        assert resume(run) is run


def stopped_at_end() -> Run:
    run = fit(model(), TASK, watch=Witness(stop_at=24), **STEPS)
    assert run.ended == "finished"  # all steps are made: there was nothing to stop
    return run


def test_resume_refuses_other_data() -> None:
    with pytest.raises(ValueError, match="trained on different data"):
        resume(stopped_at(3), NOISY)


def test_what_a_watch_is_told() -> None:
    watch = Witness()
    run = fit(model(), TASK, watch=watch, **STEPS)
    assert watch.begun == [24] and watch.told == list(range(1, 25)) and watch.ended == ["finished"]
    assert watch.frames == run.steps[:-1].tolist()  # the last one comes with the end
    assert_same(run, fit(model(), TASK, **STEPS))


# Interrupts


def interrupt() -> None:
    """A real SIGINT, from another thread."""
    thread = threading.Thread(target=lambda: os.kill(os.getpid(), signal.SIGINT))
    thread.start()
    thread.join()


def at_step(step: int, act: Callable[[], Any], times: int = 1) -> Witness:
    return Witness(lambda now: [act() for _ in range(times)] if now == step else None)


@pytest.fixture
def handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("at", [7, 8])
def test_an_interrupt_keeps_what_is_learnt(at: int, times: int, tmp_path: Path) -> None:
    run = fit(model(), TASK, watch=at_step(at, interrupt, times), **STEPS)
    last = int(run.steps[-1])
    assert run.ended == f"interrupted at step {last}" and last in (at, at + 1)
    whole = fit(model(), TASK, **STEPS)
    assert np.array_equal(run.losses, whole.losses[: last + 1])
    assert_same(resume(again(run, tmp_path)), whole)


@pytest.mark.usefixtures("handler")
def test_an_interrupt_from_a_timer_while_steps_are_made() -> None:
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    watch = at_step(1, timer.start)
    run = fit(model(), TASK, steps=10**6, frames=10**5, watch=watch)  # an hour
    timer.join()
    assert run.ended == f"interrupted at step {run.steps[-1]}" and 1 <= run.steps[-1] == watch.told[-1]


@pytest.mark.usefixtures("handler", "two_threads")
def test_the_third_interrupt_ends_at_once() -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(model(), TASK, watch=at_step(5, interrupt, 3), **STEPS)
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("handler")
def test_a_fault_of_the_watch_puts_the_handler_back() -> None:
    with pytest.raises(ZeroDivisionError):
        fit(model(), TASK, watch=at_step(5, lambda: 1 / 0), **STEPS)


@pytest.mark.usefixtures("handler")
def test_an_interrupt_is_for_the_main_thread_not_for_a_training_in_another() -> None:
    runs: list[Run] = []
    inside, go_on = threading.Event(), threading.Event()
    waited: list[bool] = []
    watch = at_step(5, lambda: (inside.set(), waited.append(go_on.wait(60))))
    thread = threading.Thread(target=lambda: runs.append(fit(model(), TASK, watch=watch, **STEPS)))
    thread.start()
    assert inside.wait(10)
    with pytest.raises(KeyboardInterrupt):
        interrupt()
        for _ in range(10**6):
            pass  # it comes within a few instructions
    go_on.set()
    thread.join()
    assert waited == [True]
    assert_same(runs[0], fit(model(), TASK, **STEPS))


# Numbers that are no longer finite


@dataclass(frozen=True)
class Poison(Optimiser):
    """SGD that sets one parameter to NaN with the update of a step."""

    place: int
    step: int

    def start(self, weights: torch.Tensor) -> State:
        return {}

    def way(self, gradient: torch.Tensor, state: State, step: int) -> tuple[torch.Tensor, State]:
        if step == self.step:
            gradient = gradient.clone()
            gradient[:, self.place] = torch.nan
        return gradient, state


def place_of(name: str, **choices: Any) -> int:
    """Where a parameter begins in the long row of all."""
    before = 0
    for each, p in model(**choices).named_parameters():
        if each == name:
            return before
        before += p.numel()
    raise AssertionError(name)


@pytest.mark.parametrize("parameter, part", [
    ("embedding.weight", "embedding"), ("layers.0.attention.inner.w_q.weight", "layer 1 attention"),
    ("layers.0.feed_forward.inner.w_2.bias", "layer 1 feed-forward"),
    ("layers.1.attention.inner.w_v.weight", "layer 2 attention"),
    ("layers.1.feed_forward.inner.w_1.weight", "layer 2 feed-forward"), ("output.weight", "output"),
])  # fmt: skip
def test_the_step_and_the_first_part_are_named(parameter: str, part: str) -> None:
    shape = {"n_layers": 2, "d_ff": 8}
    poison = Poison(place_of(parameter, **shape), step=9)
    run = fit(model(**shape), TASK, optimiser=poison, learning_rate=0.1, **STEPS)
    assert run.ended == f"diverged: the loss is nan at step 10, first wrong in: {part}"
    sound = fit(model(**shape), TASK, optimiser=SGD(), learning_rate=0.1, **STEPS)
    assert run.steps.tolist() == [0, 4, 8] and np.array_equal(run.losses, sound.losses[:10])
    assert np.array_equal(run.weights, sound.weights[:3])
    assert resume(run) is run


def test_a_learning_rate_that_is_far_too_high(capsys: pytest.CaptureFixture[str]) -> None:
    start = model(dtype=torch.float32, norm="none", n_layers=2, d_ff=8)
    choices = {"steps": 24, "optimiser": SGD(), "learning_rate": 1e12}
    run = fit(start, TASK, **choices, frames=24)
    moments = plain_loop(start, TASK, Plan(**choices), lambda step: 1e12)
    step, moment = next((i, m) for i, m in enumerate(moments) if not np.isfinite(m.loss))
    assert step > 0 and run.ended == (
        f"diverged: the loss is {moment.loss} at step {step}, first wrong in: {moment.trace.first_wrong()}"
    )
    assert run.steps.tolist() == list(range(step)) and np.isfinite(run.losses).all()
    said = capsys.readouterr().out
    assert run.ended in said and f"kept up to step {step - 1}" in said and "lower learning rate" in said


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The activation of a model, to be exchanged while it trains: put a function under "now"."""
    now: dict[str, Any] = {"now": torch.relu}
    functions = import_module("attnlab.models.parts").FUNCTIONS
    monkeypatch.setitem(functions, "relu", lambda x: now["now"](x))
    return now


def no_gradient(x: torch.Tensor) -> torch.Tensor:
    """A fine number whose gradient is infinity times 0."""
    return torch.relu(x) + (x * 0).sqrt()


def no_judgement(x: torch.Tensor) -> torch.Tensor:
    """Fine for a step, not for the evaluation."""
    return torch.relu(x) if torch.is_grad_enabled() else x * torch.inf


def test_a_gradient_that_is_not_finite(switch: dict[str, Any]) -> None:
    watch = at_step(6, lambda: switch.update(now=no_gradient))
    run = fit(model(n_layers=2, d_ff=8), TASK, watch=watch, **STEPS)
    assert run.ended == "diverged: the gradient is not finite at step 6, first wrong in: layer 2 W_1"
    assert run.steps.tolist() == [0, 4] and len(run.losses) == 6 and np.isfinite(run.losses).all()
    assert watch.told[-1] == 6 and watch.ended == [run.ended]


def test_a_validation_loss_that_is_not_finite(switch: dict[str, Any]) -> None:
    watch = at_step(6, lambda: switch.update(now=no_judgement))
    run = fit(model(d_ff=8), TASK, watch=watch, **STEPS)
    assert run.ended == "diverged: the validation loss is nan at step 8"
    assert run.steps.tolist() == [0, 4] and run.best == 4
    assert all(np.isfinite(values).all() for values in run.loss.values())
    assert np.isfinite(run.attention).all() and torch.isfinite(run.state["best"]).all()


@pytest.mark.parametrize("wrong, message", [
    (lambda x: x * torch.nan, "the loss is nan at step 0, first wrong in: layer 1 feed-forward"),
    (no_gradient, "the gradient is not finite at step 0, first wrong in: layer 1 W_1"),
    (no_judgement, "the validation loss is nan at step 0"),
])  # fmt: skip
def test_wrong_before_the_first_step(wrong: Any, message: str, switch: dict[str, Any]) -> None:
    switch["now"] = wrong
    with pytest.raises(ValueError, match=f"diverged: {message}. Nothing is trained yet: check init_scale"):
        fit(model(d_ff=8), TASK, **STEPS)


def test_weights_that_are_too_large_from_the_start() -> None:
    with pytest.raises(ValueError, match=r"first wrong in: layer 1 attention\. Nothing is trained yet"):
        fit(model(dtype=torch.float32, norm="none", init_scale=1e30), TASK, **STEPS)


def test_a_stop_at_the_step_that_diverges() -> None:
    poison = Poison(0, step=9)
    run = fit(model(), TASK, optimiser=poison, watch=Witness(stop_at=10), **STEPS)
    assert run.ended.startswith("diverged: the loss is nan at step 10")
    last = fit(model(), TASK, optimiser=Poison(0, step=23), **STEPS)
    assert last.ended.startswith("diverged: the loss is nan at step 24") and last.steps[-1] == 20


@dataclass(frozen=True)
class Burst(Schedule):
    """Constant, but for one step."""

    step: int

    def at(self, step: int, steps: int) -> float:
        return float("inf") if step == self.step else 1.0


def test_infinite_weights_are_seen_at_the_next_step() -> None:
    run = fit(model(), TASK, schedule=Burst(3), optimiser=Adam(), **STEPS)
    assert run.ended == "diverged: the loss is nan at step 4, first wrong in: embedding"
