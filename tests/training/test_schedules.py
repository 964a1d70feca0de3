"""Schedules against torch.optim.lr_scheduler, early stopping against its definition."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from attnlab.training import Constant, Cosine, StepDecay, Warmup, WarmupCosine, early_stop, fit, sweep

from .cases import NOISY, model

STEPS = 24


def rates_of_torch(make: Any) -> list[float]:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule, rates = make(optimiser), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # SequentialLR calls itself in an old way
        for _ in range(STEPS + 1):
            rates.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            schedule.step()
    return rates


def warmup(optimiser: Any, steps: int) -> Any:
    return lr_scheduler.LinearLR(optimiser, start_factor=1 / steps, total_iters=steps - 1)


def both(optimiser: Any) -> Any:
    down = lr_scheduler.CosineAnnealingLR(optimiser, STEPS - 6, eta_min=0.1)
    return lr_scheduler.SequentialLR(optimiser, [warmup(optimiser, 6), down], milestones=[6])


@pytest.mark.parametrize("ours, theirs", [
    (Constant(), lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
    (StepDecay(5, 0.3), lambda o: lr_scheduler.StepLR(o, 5, gamma=0.3)),
    (Cosine(), lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS)),
    (Cosine(end=0.2), lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=0.2)),
    (Warmup(8), lambda o: warmup(o, 8)),
    (WarmupCosine(6, end=0.1), both),
])  # fmt: skip
def test_schedules_are_those_of_torch(ours: Any, theirs: Any) -> None:
    rates = [ours.at(step, STEPS) for step in range(STEPS + 1)]
    np.testing.assert_allclose(rates, rates_of_torch(theirs), rtol=0, atol=1e-12)


@pytest.mark.parametrize("schedule, first, last", [
    (Constant(), 1.0, 1.0), (StepDecay(8, 0.5), 1.0, 0.125), (Cosine(), 1.0, 0.0), (Cosine(0.3), 1.0, 0.3),
    (Warmup(4), 0.25, 1.0), (Warmup(0), 1.0, 1.0), (Warmup(1), 1.0, 1.0), (Warmup(48), 1 / 48, 25 / 48),
    (WarmupCosine(5, 0.1), 0.2, 0.1), (WarmupCosine(0), 1.0, 0.0),
])  # fmt: skip
def test_the_ends(schedule: Any, first: float, last: float) -> None:
    assert schedule.at(0, STEPS) == pytest.approx(first, abs=1e-15)
    assert schedule.at(STEPS, STEPS) == pytest.approx(last, abs=1e-15)


@pytest.mark.parametrize("schedule", [Warmup(7), WarmupCosine(7)])
def test_the_top_is_reached_with_the_last_step_of_the_warm_up(schedule: Any) -> None:
    rates = [schedule.at(step, STEPS) for step in range(8)]
    assert rates[5] < 1 and rates[6] == 1 and rates[7] == 1


@pytest.mark.parametrize("make, kind, message", [
    (lambda: StepDecay(0), ValueError, "every >= 1"), (lambda: StepDecay(3, 0), ValueError, "0 < f"),
    (lambda: StepDecay(3, 1.5), ValueError, "factor <="), (lambda: StepDecay(3, -1), ValueError, "0 < f"),
    (lambda: StepDecay(2.5), TypeError, "every must be a whole number"),
    (lambda: StepDecay(3, "half"), TypeError, "factor must be one number, got 'half'"),
    (lambda: Warmup(-1), ValueError, "warmup must be 0 or more"),
    (lambda: Warmup(True), TypeError, "warmup must be"),
    (lambda: WarmupCosine(-1), ValueError, "warmup >= 0"), (lambda: WarmupCosine(3.0), TypeError, "warmup"),
    (lambda: Cosine(1.5), ValueError, "end from 0 to 1"), (lambda: Cosine(float("nan")), ValueError, "end"),
    (lambda: Cosine(None), TypeError, "end must be one number"),
])  # fmt: skip
def test_schedules_that_cannot_be(make: Any, kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        make()


def test_a_warm_up_that_fills_the_training_is_refused() -> None:
    with pytest.raises(ValueError, match="a warm-up of 20 steps leaves none of the 20"):
        fit(model(NOISY), NOISY, steps=20, schedule=WarmupCosine(20))
    assert fit(model(NOISY), NOISY, steps=3, schedule=WarmupCosine(2)).ended == "finished"


# Early stopping


def by_definition(steps: list[int], losses: list[float], patience: int | None) -> tuple[int, int]:
    for end in range(len(steps)):
        best = min(range(end + 1), key=lambda i: (losses[i], i))  # the first of equals
        if end == len(steps) - 1 or (patience is not None and steps[end] - steps[best] >= patience):
            return end, best
    raise AssertionError


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 6)), min_size=1, max_size=30),
    st.none() | st.integers(1, 20),
)
def test_early_stop_is_its_definition(pairs: list[tuple[int, int]], patience: int | None) -> None:
    steps = np.cumsum([gap for gap, _ in pairs]).tolist()
    losses = [loss / 2 for _, loss in pairs]
    assert early_stop(steps, losses, patience) == by_definition(steps, losses, patience)


def test_early_stop_by_hand() -> None:
    losses = [5, 3, 4, 4, 2, 9, 9]
    assert early_stop([0, 10, 20, 30, 40, 50, 60], losses, 20) == (3, 1)
    assert early_stop([0, 10, 20, 30, 40, 50, 60], losses, 21) == (6, 4)
    assert early_stop([0, 10, 20, 30, 40, 50, 60], losses, None) == (6, 4)
    assert early_stop([0, 1], [1.0, 1.0], 1) == (1, 0)  # the same again is not better
    assert early_stop([7], [1.0], 1) == (0, 0)


@pytest.mark.parametrize("steps, losses, patience, message", [
    ([], [], 3, "got .0,. and .0,."), ([0, 1], [1.0], 3, "got .2,. and .1,."),
    ([0], [1.0], 0, "patience must be 1 or more, got 0"),
    ([0], [1.0], -4, "patience must be 1 or more, got -4"),
])  # fmt: skip
def test_early_stop_refuses(steps: Any, losses: Any, patience: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        early_stop(steps, losses, patience)


# Patience in a training

LONG: dict[str, Any] = {"steps": 90, "frames": 30, "batch": 8, "learning_rate": 2e-2}


def weights(learner: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.flatten() for p in learner.parameters()])


@pytest.mark.parametrize("patience", [3, 7, 30])
def test_patience_ends_where_early_stop_says_and_gives_the_best_weights_back(patience: int) -> None:
    whole = fit(model(NOISY, d_ff=16), NOISY, **LONG)
    end, best = early_stop(whole.steps, whole.loss["validation"], patience)
    assert 0 < best < end < len(whole.steps) - 1  # else this test would say little
    run = fit(model(NOISY, d_ff=16), NOISY, patience=patience, **LONG)
    assert run.steps.tolist() == whole.steps[: end + 1].tolist()
    assert run.ended == f"stopped early at step {whole.steps[end]}" and run.best == whole.steps[best]
    assert np.array_equal(run.loss["validation"], whole.loss["validation"][: end + 1])
    assert np.array_equal(run.losses, whole.losses[: whole.steps[end] + 1])
    assert np.array_equal(weights(run.model()).float(), run.weights[best])
    at_best = fit(model(NOISY, d_ff=16), NOISY, **LONG | {"steps": int(run.best), "frames": 1})
    assert torch.equal(weights(run.model()), at_best.state["weights"])  # in float64
    assert not torch.equal(weights(run.model()), run.state["weights"])
    assert torch.equal(weights(run.last.model), torch.from_numpy(run.weights[-1]))


def test_without_patience_the_last_weights_are_the_model() -> None:
    run = fit(model(NOISY, d_ff=16), NOISY, **LONG)
    assert run.ended == "finished" and run.steps[-1] == 90
    assert run.best == run.steps[run.loss["validation"].argmin()] < 90
    assert torch.equal(weights(run.model()), run.state["weights"])


def test_a_patience_that_is_never_over_still_gives_the_best_weights() -> None:
    run = fit(model(NOISY, d_ff=16), NOISY, patience=10_000, **LONG)
    assert run.ended == "finished" and run.steps[-1] == 90
    best = int(run.loss["validation"].argmin())
    assert np.array_equal(weights(run.model()).float(), run.weights[best])


def test_settings_of_a_sweep_end_where_each_would_alone() -> None:
    runs = sweep(lambda: model(NOISY, d_ff=16), NOISY, patience=[3, 30, None], **LONG)
    assert len({runs[patience].steps[-1] for patience in runs}) == 3
