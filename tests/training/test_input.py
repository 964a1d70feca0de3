"""What cannot be trained is refused before the first step, with words that help."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from attnlab import tasks
from attnlab.models import Config, Transformer
from attnlab.tasks import Data
from attnlab.training import SGD, Adam, Plan, RMSprop, WarmupCosine, fit, load_run, resume, sweep

from .cases import NOISY, PAIRS, PHRASES, TASK, Witness, assert_same, model

WHOLE = {"steps": 0, "batch": 1, "patience": 1, "seed": 0, "frames": 1}
NUMBERS = ("learning_rate", "weight_decay", "clip")


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", ["10", 2.5, True, [3, 4], 1e3], ids=str)
def test_whole_numbers(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} must be a whole number, got "):
        fit(model(), TASK, **{name: value})


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_that_are_too_small(name: str) -> None:
    least = WHOLE[name]
    with pytest.raises(ValueError, match=f"{name} must be {least} or more, got {least - 1}"):
        fit(model(), TASK, **{name: least - 1})
    assert getattr(Plan(**{name: np.int64(least)}), name) == least
    assert type(getattr(Plan(**{name: np.int64(least)}), name)) is int


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["high", True, [0.1], 1 + 0j, np.complex64(1), torch.tensor(0.1)], ids=repr)
def test_numbers(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} must be one number, got "):
        fit(model(), TASK, **{name: value})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-0.1, -1, float("nan"), float("inf"), np.float32("nan")])
def test_numbers_out_of_range(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a finite number, 0 or more, got {value}"):
        fit(model(), TASK, **{name: value})


@pytest.mark.parametrize("name", ["learning_rate", "steps", "batch", "seed", "frames", "weight_decay"])
def test_none_is_no_number(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} must be (a whole|one) number, got None"):
        fit(model(), TASK, **{name: None})


def test_a_clip_of_0_would_stop_all_learning() -> None:
    with pytest.raises(ValueError, match="clip=0 would stop all learning"):
        fit(model(), TASK, clip=0)


def test_a_learning_rate_of_0_moves_nothing() -> None:
    run = fit(model(), TASK, steps=4, learning_rate=0)
    assert np.array_equal(run.weights[0], run.weights[-1])


@pytest.mark.parametrize("name, value, known", [
    ("schedule", WarmupCosine, "WarmupCosine"), ("schedule", "cosine", "Constant"),
    ("schedule", Adam(), "StepDecay"), ("optimiser", "adam", "Adam"), ("optimiser", SGD, "SGD"),
    ("optimiser", torch.optim.Adam, "RMSprop"), ("schedule", None, "Warmup"),
])  # fmt: skip
def test_schedules_and_optimisers(name: str, value: Any, known: str) -> None:
    with pytest.raises(TypeError, match=rf"{name} must be one of .*{known}\(\).*, got "):
        fit(model(), TASK, **{name: value})


@pytest.mark.parametrize("make, kind, message", [
    (lambda: SGD(momentum=1.0), ValueError, "momentum must be from 0 to below 1, got 1.0"),
    (lambda: SGD(momentum=-0.1), ValueError, "momentum must be"),
    (lambda: SGD("0.9"), TypeError, "momentum must be one number, got '0.9'"),
    (lambda: Adam(beta1=1), ValueError, "beta1 must be"),
    (lambda: Adam(beta2=2), ValueError, "beta2 must be"),
    (lambda: Adam(beta2=float("nan")), ValueError, "beta2 must be"),
    (lambda: Adam(epsilon=0), ValueError, "epsilon must be a finite number above 0"),
    (lambda: Adam(epsilon=-1e-8), ValueError, "epsilon must be"), (lambda: RMSprop(1.0), ValueError, "beta"),
    (lambda: RMSprop(epsilon=0), ValueError, "epsilon must be"),
    (lambda: RMSprop(epsilon="small"), TypeError, "epsilon must be one number"),
    (lambda: Adam(beta1=True), TypeError, "beta1 must be one number"),
])  # fmt: skip
def test_settings_of_optimisers(make: Any, kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize("wrong, near", [
    ("learning_rat", "learning_rate"), ("batch_size", "batch"), ("optimizer", "optimiser"),
    ("scheduler", "schedule"), ("weight_decays", "weight_decay"), ("frame", "frames"),
])  # fmt: skip
def test_a_choice_that_does_not_exist(wrong: str, near: str) -> None:
    with pytest.raises(TypeError, match=f"fit does not take '{wrong}': .*; did you mean {near}\\?"):
        fit(model(), TASK, **{wrong: 3})
    with pytest.raises(TypeError, match=f"did you mean {near}"):
        sweep(model, TASK, learning_rate=[1e-3], **{wrong: 3})
    with pytest.raises(TypeError, match=r"fit does not take 'dropout': it takes steps, batch, .*frames$"):
        fit(model(), TASK, dropout=0.1)


# Data and models


def test_a_batch_that_is_larger_than_the_data() -> None:
    with pytest.raises(ValueError, match="batch=65 is larger than the training data: 64 sequences"):
        fit(model(), TASK, batch=65)
    assert fit(model(), TASK, steps=2, batch=64).ended == "finished"


def test_empty_and_tiny_data() -> None:
    one = np.zeros((1, 3), dtype=int)
    with pytest.raises(ValueError, match="inputs is empty"):
        Data(one[:0], one[:0], one[:0] == 0)
    tiny = Data(one, one, one == 0)
    other = tiny_of(1)
    task = tasks.Task("tiny", "encoder", ("a", "b"), tiny, other, other)
    run = fit(model(task), task, steps=3, batch=1)
    assert run.ended == "finished" and run.attended is None and run.losses[-1] < run.losses[0]
    with pytest.raises(ValueError, match="batch=16 is larger than the training data: 1 sequences"):
        fit(model(task), task)


def tiny_of(token: int) -> Data:
    ids = np.full((1, 3), token)
    return Data(ids, ids, ids >= 0)


def test_a_sequence_that_is_longer_than_the_model_takes() -> None:
    short = model(length=5)
    with pytest.raises(ValueError, match="has sequences of 6 tokens, but the model takes at most 5"):
        fit(short, TASK)
    assert fit(model(length=20), TASK, steps=1).ended == "finished"


def test_a_vocabulary_that_is_too_small() -> None:
    with pytest.raises(ValueError, match="'reverse' has 10 tokens, but the model reads 9"):
        fit(model(vocabulary=9), TASK)
    with pytest.raises(ValueError, match="'reverse' has 10 tokens, but the model predicts 4"):
        fit(model(outputs=4), TASK)
    assert fit(model(vocabulary=30), TASK, steps=1).ended == "finished"


@pytest.mark.parametrize("task", [PAIRS, PHRASES])
def test_the_wrong_kind(task: Any) -> None:
    wide = Transformer(Config(vocabulary=99, length=99, d_model=4), 0)
    with pytest.raises(ValueError, match=f"the model is of kind encoder, the task .* needs {task.kind}"):
        fit(wide, task)


@pytest.mark.parametrize("given", [3, "reverse", None, torch.nn.Linear(2, 2)], ids=lambda x: type(x).__name__)
def test_what_is_no_model_and_no_task(given: Any) -> None:
    with pytest.raises(TypeError, match=f"model must be a Transformer, got {type(given).__name__}"):
        fit(given, TASK)
    with pytest.raises(TypeError, match=f"task must be a Task, got {type(given).__name__}"):
        fit(model(), given)
    with pytest.raises(TypeError, match="model must be a Transformer"):
        sweep(lambda: given, TASK, seed=[1])


def test_nothing_has_begun_where_something_is_refused() -> None:
    watch = Witness()
    with pytest.raises(ValueError, match="batch=65"):
        fit(model(), TASK, batch=65, watch=watch)
    with pytest.raises(ValueError, match="batch=65"):
        sweep(model, TASK, batch=[8, 65], watch=watch)
    assert watch.begun == [] and watch.told == []


# Numbers in which nothing can be learnt


def changed(change: Callable[[Transformer], Any], start: Transformer | None = None) -> Transformer:
    change(given := start or model())
    return given


def of_whole_numbers(given: Transformer) -> None:
    for module in given.modules():
        for name, each in list(module.named_parameters(recurse=False)):
            setattr(module, name, nn.Parameter(each.detach().long(), requires_grad=False))


UNFIT: dict[str, tuple[Callable[[Transformer], Any], str]] = {
    "half": (lambda m: m.half(), r"^embedding.weight has torch.float16, .*: pass model.float\(\)$"),
    "bfloat16": (lambda m: m.bfloat16(), "embedding.weight has torch.bfloat16, .*: pass model.float"),
    "8 bits": (lambda m: m.to(torch.float8_e4m3fn), "has torch.float8_e4m3fn, .*: pass model.float"),
    "half in one place": (
        lambda m: m.output.half(),
        "output.weight has torch.float16, .*: pass model.float",
    ),
    "two kinds": (
        lambda m: m.layers.float(),
        "layers.0.*weight has torch.float32, but embedding.weight has torch.float64: pass model.double",
    ),
    "complex": (lambda m: m.to(torch.complex64), "has torch.complex64, .*: create it again"),
    "whole numbers": (of_whole_numbers, "has torch.int64, .*: create it again"),
    "another device": (
        lambda m: m.to("meta"),
        "is on the device meta, but the data are on the CPU: create the model",
    ),
    "two devices": (lambda m: m.output.to("meta"), "output.weight is on the device meta"),
    "a frozen part": (
        lambda m: m.embedding.requires_grad_(False),
        "embedding.weight is frozen .*: pass model.requires_grad_.True",
    ),
}


@pytest.mark.filterwarnings("ignore:Complex modules are a new feature")
@pytest.mark.parametrize("case", UNFIT)
def test_models_that_cannot_learn(case: str, tmp_path: Any) -> None:
    change, message = UNFIT[case]
    watch = Witness()
    with pytest.raises(ValueError, match=message):
        fit(changed(change), TASK, watch=watch, steps=2)
    with pytest.raises(ValueError, match=message):
        sweep(lambda: changed(change), TASK, watch=watch, steps=2, seed=[0, 1])
    assert watch.begun == [] and watch.told == []


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_a_run_in_too_few_bits_is_not_resumed(dtype: torch.dtype) -> None:
    run = fit(model(), TASK, steps=20, watch=Witness(stop_at=4))
    short = {name: each.to(dtype) for name, each in run.state.items()}
    with pytest.raises(ValueError, match=f"embedding.weight has {dtype}, .*: pass model.float"):
        resume(replace(run, state=short))


def test_the_remedies_help() -> None:
    for change in (lambda m: m.half().float(), lambda m: m.bfloat16().double(), lambda m: m.layers.float()):
        assert fit(changed(change).double(), TASK, steps=1).ended == "finished"
    assert_same(fit(model().requires_grad_(False), TASK, steps=2), fit(model(), TASK, steps=2))


def test_torch_makes_new_tensors_elsewhere() -> None:
    start = model()
    with torch.device("meta"), pytest.raises(ValueError, match=r"on the device meta, .*set_default_device"):
        fit(start, TASK, steps=1)


@pytest.mark.parametrize("surroundings", [
    torch.inference_mode, torch.no_grad, lambda: torch.autocast("cpu", torch.bfloat16)
], ids=["inference", "no_grad", "autocast"])  # fmt: skip
def test_what_torch_is_told_around_a_training_changes_nothing(surroundings: Any) -> None:
    with surroundings():
        runs = [fit(model(), TASK, steps=3), sweep(model, TASK, steps=3, seed=[0, 1])[0]]
        stopped = fit(model(), TASK, steps=3, watch=Witness(stop_at=1))
        runs.append(resume(stopped))
    for run in runs:
        assert_same(run, fit(model(), TASK, steps=3))


# Sweeps


@pytest.mark.parametrize("choices, message", [
    ({}, "got none"), ({"learning_rate": 1e-3}, "got none"),
    ({"learning_rate": [1e-3, 1e-2], "seed": [0, 1]}, "got learning_rate and seed"),
    ({"steps": [1, 2], "seed": (0, 1)}, "got steps and seed"), ({"seed": []}, "seed is an empty list"),
    ({"learning_rate": np.array([])}, "learning_rate is an empty list"),
    ({"learning_rate": np.array(0.1)}, "learning_rate must be a list of values"),
    ({"learning_rate": np.ones((2, 2))}, "learning_rate must be a list of values"),
])  # fmt: skip
def test_a_sweep_needs_one_list(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sweep(model, TASK, **{"steps": 2} | choices)


def test_every_value_of_a_sweep_is_looked_at_first() -> None:
    with pytest.raises(ValueError, match="learning_rate must be a finite number, 0 or more, got -1"):
        sweep(model, TASK, learning_rate=[1e-3, -1])
    with pytest.raises(TypeError, match="neither fit nor make_model takes 'd_model'"):
        sweep(lambda: model(), TASK, d_model=[4, 8])
    with pytest.raises(TypeError, match=r"'learnin_rate'.*; did you mean learning_rate\?"):
        sweep(lambda: model(), TASK, learnin_rate=[1e-3, 1e-2])


@pytest.mark.parametrize(
    "given", [Transformer.for_task(TASK, d_model=4), None, 3], ids=lambda x: type(x).__name__
)
def test_what_is_no_maker_of_models(given: Any) -> None:
    with pytest.raises(TypeError, match="make_model must be a function that makes a Transformer, got"):
        sweep(given, TASK, learning_rate=[1e-3, 1e-2])


# Frames


def test_sequences_that_a_frame_cannot_read() -> None:
    frame = fit(model(), TASK, steps=1).last
    with pytest.raises(ValueError, match="'x' is not in the vocabulary of the task 'reverse'"):
        frame.attend("1 2 x")
    with pytest.raises(ValueError, match="text must have 1 to 6 tokens"):
        frame.attend("1 2 3 4 5 6 7")
    with pytest.raises(ValueError, match="text must have 1 to 6 tokens"):
        frame.predict("")
    with pytest.raises(ValueError, match="has 7 tokens, but this model takes at most 6"):
        frame.attend([0] * 7)
    with pytest.raises(ValueError, match="holds 10, but the vocabulary is 0 to 9"):
        frame.attend([0, 10])
    with pytest.raises(ValueError, match="takes no source"):
        frame.attend("1 2", "3 4")
    for ids in ([1.0, 2.0], [], ["1"], [True, False]):
        with pytest.raises(TypeError, match=r"text must be a string, or whole numbers .token ids., got"):
            frame.attend(ids)
    with pytest.raises(ValueError, match="text is a masked array"):
        frame.attend(np.ma.masked_array([1, 2], mask=[0, 1]))
    with pytest.raises(TypeError, match=r"text must be a string, or whole numbers .token ids., got None"):
        frame.predict(None)
    with pytest.raises(ValueError, match="needs a source"):
        fit(model(PAIRS), PAIRS, steps=1).last.attend("1 2")


def test_the_task_of_a_file(tmp_path: Any) -> None:
    path = fit(model(), TASK, steps=1).save(tmp_path / "a.run")
    with pytest.raises(TypeError, match="task must be a Task, got str"):
        load_run(path, "reverse")
    with pytest.raises(ValueError, match="not trained on the data"):
        load_run(path, NOISY)
