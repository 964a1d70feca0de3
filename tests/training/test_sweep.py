"""A sweep gives exactly the runs that lone trainings give, whatever it is over."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch

from attnlab.models import Transformer
from attnlab.training import SGD, Adam, Constant, StepDecay, Warmup, WarmupCosine, fit, resume, sweep

from .cases import NOISY, PAIRS, TASK, Witness, assert_same, model

pytestmark = pytest.mark.slow  # many trainings

STEPS: dict[str, Any] = {"steps": 24, "frames": 8}
SWEPT: dict[str, list[Any]] = {
    "learning_rate": [1e-3, 1e-2, 0.3],
    "seed": [0, 1, 5],
    "schedule": [Constant(), WarmupCosine(5), StepDecay(7), Warmup(9)],
    "weight_decay": [0.0, 0.1, 1.0],
    "clip": [None, 0.05, 0.3],
    "patience": [None, 3, 9],
}
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])


def silent(_: str) -> None:
    raise AssertionError("a sweep of one stack has nothing to say")


@DTYPES
@pytest.mark.parametrize("name", SWEPT)
def test_a_sweep_is_its_lone_runs(name: str, dtype: torch.dtype) -> None:
    task, fixed = (NOISY, {"learning_rate": 0.1}) if name == "patience" else (TASK, {})

    def make() -> Transformer:
        return model(task, dtype, d_ff=12, n_heads=2)

    runs = sweep(make, task, say=silent, **STEPS, **fixed, **{name: SWEPT[name]})
    assert (runs.name, list(runs.values), runs.how) == (name, SWEPT[name], "trained together")
    for value in SWEPT[name]:
        assert_same(runs[value], fit(make(), task, **STEPS, **fixed, **{name: value}))
    finals = [float(runs[value].loss["validation"][-1]) for value in SWEPT[name]]
    assert len(set(finals)) == len(finals)  # the choice did matter
    if name == "patience":
        assert len({len(run) for run in runs.runs}) > 1


@DTYPES
@pytest.mark.parametrize("name, values", [
    ("init_scale", [0.3, 1.0, 3.0]), ("attention_scale", [0.0, 0.5, 4.0]), ("attention_scale", [None, 1.0]),
])  # fmt: skip
def test_what_the_model_takes(name: str, values: list[Any], dtype: torch.dtype) -> None:
    def make(**choices: Any) -> Transformer:
        return model(TASK, dtype, n_heads=2, positions="rotary", **choices)

    runs = sweep(make, TASK, say=silent, **STEPS, **{name: values})
    for value in values:
        assert getattr(runs[value].config, name) == value
        assert_same(runs[value], fit(make(**{name: value}), TASK, **STEPS))


@DTYPES
def test_a_seed_goes_to_the_model_too_where_it_takes_one(dtype: torch.dtype) -> None:
    def make(seed: int) -> Transformer:
        return model(TASK, dtype, seed=seed)

    runs = sweep(make, TASK, seed=range(3), say=silent, **STEPS)
    for seed in range(3):
        assert_same(runs[seed], fit(make(seed), TASK, seed=seed, **STEPS))
    assert not np.array_equal(runs[0].weights[0], runs[1].weights[0])
    same_start = sweep(lambda: make(0), TASK, seed=[0, 1], say=silent, **STEPS)
    assert np.array_equal(same_start[0].weights[0], same_start[1].weights[0])


@DTYPES
def test_larger_models_and_all_choices_at_once(dtype: torch.dtype) -> None:
    def make(seed: int) -> Transformer:
        return model(PAIRS, dtype, d_model=24, d_ff=40, n_heads=3, n_layers=2, norm="post", seed=seed)

    fixed = {"clip": 0.5, "weight_decay": 0.1, "schedule": WarmupCosine(3), "batch": 20, "steps": 6}
    runs = sweep(make, PAIRS, seed=list(range(6)), say=silent, **fixed)
    for seed in (0, 3, 5):
        assert_same(runs[seed], fit(make(seed), PAIRS, seed=seed, **fixed))


def test_one_that_diverges_leaves_the_others_alone(capsys: pytest.CaptureFixture[str]) -> None:
    def make() -> Transformer:
        return model(TASK, torch.float32, norm="none", n_layers=2, d_ff=8)

    rates = [1e-2, 1e12, 3e-3, 1e25]
    runs = sweep(make, TASK, learning_rate=rates, say=silent, optimiser=SGD(), **STEPS)
    assert [run.ended.partition(":")[0] for run in runs.runs] == ["finished", "diverged"] * 2
    for rate in rates:
        assert_same(runs[rate], fit(make(), TASK, learning_rate=rate, optimiser=SGD(), **STEPS))
        assert np.isfinite(runs[rate].loss["validation"]).all()
    assert capsys.readouterr().out.count("diverged") == 2  # of the lone runs; a sweep keeps quiet


def test_the_place_of_a_divergence_is_that_of_the_lone_run_with_data_of_its_own() -> None:
    def make(seed: int) -> Transformer:
        return model(TASK, torch.float32, norm="none", d_ff=8, seed=seed)

    choices = {"learning_rate": 1e12, "optimiser": SGD(), **STEPS}
    runs = sweep(make, TASK, seed=[0, 1, 2], say=silent, **choices)
    for seed, run in runs.items():
        assert run.ended.startswith("diverged: the loss is ")
        assert_same(run, fit(make(seed), TASK, seed=seed, **choices))


# The answer


def test_values_and_order() -> None:
    rates = np.geomspace(1e-4, 1e-1, 5)[::-1]
    runs = sweep(model, TASK, steps=2, learning_rate=rates)
    assert list(runs) == list(runs.values) == rates.tolist() and len(runs) == 5
    assert all(type(value) is float for value in runs)
    assert [run.plan.learning_rate for _, run in runs.items()] == rates.tolist()
    for rate in rates:
        assert runs[rate] is runs[float(rate)] is runs[rate * (1 + 1e-12)]
    assert repr(runs) == "Runs(5 settings of learning_rate; trained together)"
    with pytest.raises(KeyError, match=r"no run for learning_rate=0\.5: choose from 0\.1, "):
        runs[0.5]


@pytest.mark.parametrize("name, values, reason", [
    ("d_model", [4, 8], "the models differ in more than their numbers"),
    ("n_layers", [1, 2], "the models differ in more than their numbers"),
    ("norm", ["pre", "post", "none"], "the models differ in more than their numbers"),
    ("optimiser", [SGD(), Adam()], "batch, steps, optimiser or frames differ"),
    ("batch", [4, 8], "batch, steps, optimiser or frames differ"),
    ("steps", [3, 5], "batch, steps, optimiser or frames differ"),
    ("frames", [2, 4], "batch, steps, optimiser or frames differ"),
])  # fmt: skip
def test_one_by_one_where_shapes_or_course_differ(name: str, values: list[Any], reason: str) -> None:
    said: list[str] = []

    def make(**choices: Any) -> Transformer:
        return model(**choices)

    of_model = name in ("d_model", "n_layers", "norm")
    runs = sweep(make, TASK, say=said.append, **{"steps": 4} | {name: values})
    assert said[0] == f"{len(values)} trainings one by one: {reason}." and runs.how == f"one by one: {reason}"
    assert len(said) == len(values) + 1 and list(runs) == values
    for line, value in zip(said[1:], values, strict=True):
        mine = {name: value}
        expected = fit(make(**mine if of_model else {}), TASK, **{"steps": 4} | ({} if of_model else mine))
        assert_same(runs[value], expected)
        assert line == f"{name} = {value}: validation loss {expected.loss['validation'][-1]:.2g} (finished)"


def test_models_of_two_dtypes_are_not_mixed() -> None:
    def make(double: bool) -> Transformer:
        return model(TASK, torch.float64 if double else torch.float32)

    runs = sweep(make, TASK, steps=3, double=[False, True], say=lambda line: None)
    assert [run.losses.dtype for run in runs.runs] == [np.float32, np.float64]


def test_large_models_are_trained_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("attnlab.training.fit"), "MOST_WORK", 1e5)
    said: list[str] = []
    runs = sweep(model, TASK, steps=2, seed=[0, 1], say=said.append)
    why = "about 3e+05 multiplications a step, so a stack would be no faster"  # 6 · 538 weights · 16 · 6
    assert said[0] == f"2 trainings one by one: {why}." and runs.how == f"one by one: {why}"
    assert_same(runs[1], fit(model(seed=1), TASK, steps=2, seed=1))


def test_one_by_one_prints_without_say(capsys: pytest.CaptureFixture[str]) -> None:
    sweep(lambda n_layers: model(n_layers=n_layers), TASK, steps=1, n_layers=[1, 2])
    assert capsys.readouterr().out.splitlines()[0].startswith("2 trainings one by one: ")


# Stop


def test_stop_ends_all_settings_and_each_can_go_on() -> None:
    rates = [1e-3, 1e-2]
    watch = Witness(stop_at=10)
    runs = sweep(model, TASK, learning_rate=rates, watch=watch, **STEPS)
    assert [run.ended for run in runs.runs] == ["stopped at step 10"] * 2 and len(watch.ended) == 1
    assert watch.begun == [24] and watch.told == list(range(1, 11))
    for rate in rates:
        assert_same(resume(runs[rate]), fit(model(), TASK, learning_rate=rate, **STEPS))


def test_stop_while_one_by_one_keeps_those_that_are_done() -> None:
    said: list[str] = []
    watch = Witness(stop_at=24 + 10)

    def make(n_layers: int) -> Transformer:
        return model(n_layers=n_layers)

    runs = sweep(make, TASK, n_layers=[1, 2, 3], watch=watch, say=said.append, **STEPS)
    assert list(runs) == [1, 2] and [run.ended for run in runs.runs] == ["finished", "stopped at step 10"]
    assert watch.begun == [72] and watch.told == list(range(1, 35)) and watch.ended == ["stopped at step 10"]
    assert len(said) == 3
    assert_same(resume(runs[2]), fit(make(2), TASK, **STEPS))
