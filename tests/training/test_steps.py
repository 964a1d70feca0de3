"""Each step and each recorded number, against a plain PyTorch loop in float64."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from attnlab.models import Transformer
from attnlab.tasks import Task
from attnlab.training import (
    SGD,
    Adam,
    Constant,
    Cosine,
    Plan,
    RMSprop,
    StepDecay,
    Warmup,
    WarmupCosine,
    fit,
)

from .cases import PAIRS, PHRASES, TASK, Moment, looked, model, plain_loop

STEPS = 30
# The gradient of a key's bias is 0 but for the last bit; a smaller epsilon would make steps of that bit.
ADAM = Adam(epsilon=1e-6)
OPTIMISERS = {
    "SGD": {"optimiser": SGD(), "learning_rate": 0.3},
    "momentum": {"optimiser": SGD(momentum=0.9), "learning_rate": 0.05},
    "RMSprop": {"optimiser": RMSprop(beta=0.95, epsilon=1e-6), "learning_rate": 3e-3},
    "Adam": {"optimiser": Adam(beta1=0.8, beta2=0.99, epsilon=1e-5), "learning_rate": 1e-2},
    "AdamW": {"optimiser": ADAM, "weight_decay": 0.1, "learning_rate": 2e-2},
    "clipped": {"optimiser": SGD(), "learning_rate": 1.0, "clip": 0.5},
    "clipped AdamW": {"optimiser": ADAM, "weight_decay": 0.3, "clip": 0.2},
}


def flat(learner: Transformer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in learner.parameters()])


@pytest.mark.parametrize("name", OPTIMISERS)
def test_losses_and_weights_are_those_of_torch(name: str) -> None:
    start, choices = model(d_ff=16, n_heads=2, n_layers=2), OPTIMISERS[name] | {"seed": 3}
    run = fit(start, TASK, steps=STEPS, frames=STEPS, **choices)
    plan = Plan(steps=STEPS, frames=STEPS, **choices)
    moments = list(plain_loop(start, TASK, plan, lambda step: plan.learning_rate))
    np.testing.assert_allclose(run.losses, [m.loss for m in moments], rtol=0, atol=1e-10)
    torch.testing.assert_close(run.state["weights"], flat(moments[-1].model), rtol=0, atol=1e-10)
    torch.testing.assert_close(flat(run.model()), flat(moments[-1].model), rtol=0, atol=1e-10)
    assert moments[-1].loss < moments[0].loss  # it did learn


LATER = {
    "n_kv_heads": 1,
    "norm_type": "rms",
    "activation": "swiglu",
    "bias": False,
    "tied": True,
    "qk_norm": True,
}


@pytest.mark.parametrize("task", [TASK, PHRASES, PAIRS], ids=lambda task: task.kind)
def test_a_model_of_today_trains_like_the_others(task: Task) -> None:
    start, plan = model(task, d_ff=16, n_heads=2, positions="rotary", **LATER), Plan(STEPS, optimiser=ADAM)
    run = fit(start, task, steps=STEPS, optimiser=ADAM)
    moments = list(plain_loop(start, task, plan, lambda step: plan.learning_rate))
    np.testing.assert_allclose(run.losses, [m.loss for m in moments], rtol=0, atol=1e-10)
    torch.testing.assert_close(run.state["weights"], flat(moments[-1].model), rtol=0, atol=1e-10)
    assert moments[-1].loss < moments[0].loss
    assert {"layer 1 W_3", "layer 1 norm", "norm", "embedding"} <= set(
        run.groups
    ) and "output" not in run.groups


def test_weight_decay_pulls_matrices_alone_whatever_the_optimiser() -> None:
    start = model(d_ff=16)
    for p in start.parameters():  # biases of 0 would hide a decay
        torch.nn.init.constant_(p, 0.5) if p.ndim == 1 else None
    choices = {"optimiser": SGD(), "steps": 1, "learning_rate": 0.1}
    free, pulled = (fit(start, TASK, **choices, weight_decay=w).model() for w in (0.0, 0.2))
    for (name, a), b, p in zip(free.named_parameters(), pulled.parameters(), start.parameters(), strict=True):
        expected = a - 0.1 * 0.2 * p if p.ndim == 2 else a
        torch.testing.assert_close(b, expected.detach(), rtol=0, atol=1e-15, msg=name)


@pytest.mark.parametrize("most", [0.01, 0.5, 1e9])
def test_clipping_is_that_of_torch(most: float) -> None:
    start = model()
    run = fit(start, TASK, steps=1, optimiser=SGD(), learning_rate=1.0, clip=most)
    plan = Plan(steps=0)
    [moment] = plain_loop(start, TASK, plan, lambda step: 0.0)
    judge = moment.model
    for name, p in judge.named_parameters():
        p.grad = moment.gradient[name].clone()
    before = torch.nn.utils.clip_grad_norm_(judge.parameters(), most)
    moved = flat(start) - run.state["weights"]
    clipped = torch.cat([p.grad.flatten() for p in judge.parameters()])
    torch.testing.assert_close(moved, clipped, rtol=1e-5, atol=1e-14)  # torch adds 1e-6 to the norm
    assert float(moved.norm()) == pytest.approx(min(most, float(before)), rel=1e-12)
    assert np.sqrt((run.gradient_norm[0] ** 2).sum()) == pytest.approx(float(before), rel=1e-12)  # unclipped


def warm_cosine(step: int, warmup: int, end: float) -> float:
    if step < warmup:
        return (step + 1) / warmup
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (STEPS - warmup)))


SCHEDULES = {
    "constant": (Constant(), lambda s: 1.0),
    "steps": (StepDecay(every=7, factor=0.3), lambda s: [1, 0.3, 0.09, 0.027, 0.0081][s // 7]),
    "cosine": (Cosine(end=0.1), lambda s: warm_cosine(s, 0, 0.1)),
    "warm-up": (Warmup(10), lambda s: min(s + 1, 10) / 10),
    "both": (WarmupCosine(5, end=0.2), lambda s: warm_cosine(s, 5, 0.2)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_learning_rate_of_each_step(name: str) -> None:
    schedule, factor = SCHEDULES[name]
    start, choices = model(), {"steps": STEPS, "frames": STEPS, "schedule": schedule, "learning_rate": 0.02}
    choices["optimiser"] = ADAM
    run = fit(start, TASK, **choices)
    expected = [0.02 * factor(step) for step in range(STEPS + 1)]
    np.testing.assert_allclose(run.learning_rate, expected, rtol=1e-14, atol=0)
    assert [run.at(s).learning_rate for s in range(STEPS + 1)] == run.learning_rate.tolist()
    moments = list(plain_loop(start, TASK, Plan(**choices), lambda step: expected[step]))
    torch.testing.assert_close(run.state["weights"], flat(moments[-1].model), rtol=0, atol=1e-10)


# What is recorded


def members(task: Task, layers: int) -> dict[str, list[str]]:
    """The parameters of every group, written down by hand."""
    both = task.kind == "encoder-decoder"
    groups = {"embedding": ["embedding.weight"], "positions": ["positions.weight"]}
    for home, spoken in [("encoder", "encoder layer")] * both + [("layers", "layer")]:
        for i in range(layers):
            parts = {"attention": "", "cross": "cross-"} if both and home == "layers" else {"attention": ""}
            for part, prefix in parts.items():
                at = f"{home}.{i}.{part}"
                groups[f"{spoken} {i + 1} {prefix}norm"] = [f"{at}.before.weight", f"{at}.before.bias"]
                for m in "qkvo":
                    names = [f"{at}.inner.w_{m}.weight", f"{at}.inner.w_{m}.bias"]
                    groups[f"{spoken} {i + 1} {prefix}W_{m.upper()}"] = names
            at = f"{home}.{i}.feed_forward"
            groups[f"{spoken} {i + 1} norm"] += [f"{at}.before.weight", f"{at}.before.bias"]
            for m in "12":
                groups[f"{spoken} {i + 1} W_{m}"] = [f"{at}.inner.w_{m}.weight", f"{at}.inner.w_{m}.bias"]
        if both and home == "encoder":
            groups["encoder norm"] = ["encoder_norm.weight", "encoder_norm.bias"]
    return groups | {"norm": ["norm.weight", "norm.bias"], "output": ["output.weight", "output.bias"]}


def norms(groups: dict[str, list[str]], values: dict[str, torch.Tensor]) -> dict[str, float]:
    return {
        group: math.sqrt(sum(float((values[name].detach() ** 2).sum()) for name in names))
        for group, names in groups.items()
    }


def stacked(tensors: list[torch.Tensor]) -> np.ndarray:
    return torch.stack(tensors).detach().numpy()


def assert_frame(frame: Any, moment: Moment, task: Task, groups: dict[str, list[str]]) -> None:
    """Everything in a frame, computed again from the model of the plain loop."""
    close: dict[str, float] = {"rel": 1e-9, "abs": 1e-10}
    validation, trace, right = looked(moment.model, task.validation)
    assert frame.loss == pytest.approx({"train": moment.loss, "validation": validation.item()}, **close)
    assert frame.accuracy == right.double().mean().item()
    weights = dict(moment.model.named_parameters())
    gradient, update, size = (norms(groups, v) for v in (moment.gradient, moment.update, weights))
    assert frame.gradient_norm == pytest.approx(gradient, **close)
    ratio = {group: update[group] / size[group] for group in groups}
    assert frame.update_ratio == pytest.approx(ratio, rel=1e-7)
    rms = [math.sqrt((hidden.detach() ** 2).mean()) for hidden in moment.trace.hidden]
    assert frame.activation.tolist() == pytest.approx(rms, **close)
    assert frame.flow.tolist() == pytest.approx([float(flow.norm()) for flow in moment.flow], **close)
    role = "cross" if task.kind == "encoder-decoder" else "self"
    probe = looked(moment.model, task.probe)[1].attention[role]
    np.testing.assert_allclose(frame.attention, stacked(probe)[:, 0], rtol=1e-5, atol=1e-7)  # kept in float32
    maps = stacked(trace.attention[role]).swapaxes(0, 1)  # [sequence, layer, head, query, key]
    np.testing.assert_allclose(frame.attended, task.attended(maps, task.validation), rtol=1e-9)
    assert frame.weights.keys() == weights.keys()
    for name, p in weights.items():
        np.testing.assert_allclose(frame.weights[name], p.detach().numpy(), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("task", [TASK, PAIRS, PHRASES], ids=["encoder", "encoder-decoder", "decoder"])
def test_every_number_of_every_frame(task: Task) -> None:
    start = model(task, d_ff=12, n_heads=2, n_layers=2)
    choices = {"steps": 14, "weight_decay": 0.05, "clip": 1.0, "schedule": WarmupCosine(4), "batch": 8}
    run = fit(start, task, frames=6, learning_rate=2e-2, **choices)
    assert run.steps.tolist() == [0, 3, 6, 9, 12, 14]
    groups, plan = members(task, 2), Plan(learning_rate=2e-2, **choices)
    assert set(run.groups) == set(groups) and len(run.groups) == len(groups)
    moments = list(plain_loop(start, task, plan, lambda s: 2e-2 * plan.schedule.at(s, 14)))
    for step in run.steps:
        assert run.at(step).step == step
        if step == 14:  # the learning rate is 0 at the end of a cosine: the update is nothing
            assert set(run.last.update_ratio.values()) == {0.0}
        assert_frame(run.at(step), moments[step], task, groups)


@pytest.mark.parametrize("choices", [{"norm": "post"}, {"norm": "none"}, {"positions": "rotary"}], ids=str)
def test_frames_of_other_models(choices: dict[str, Any]) -> None:
    start = model(n_heads=2, **choices)
    run = fit(start, TASK, steps=6, frames=3)
    moments = list(plain_loop(start, TASK, Plan(steps=6), lambda step: 1e-2))
    names = [name for name, _ in start.named_parameters()]
    groups: dict[str, list[str]] = {}
    for name in names:
        spoken = {"before": "layer 1 norm", "after": "layer 1 norm"}
        spoken |= {f"w_{m}": f"layer 1 W_{m.upper()}" for m in "qkvo"}
        found = next((group for part, group in spoken.items() if f".{part}." in name), name.split(".")[0])
        groups.setdefault(found, []).append(name)
    for step in run.steps:
        assert_frame(run.at(step), moments[step], TASK, groups)


def test_a_frame_of_a_float32_run_holds_the_weights_to_the_last_bit() -> None:
    run = fit(model(dtype=torch.float32), TASK, steps=10, frames=5)
    for frame in (run.at(step) for step in run.steps):
        validation, _, right = looked(frame.model, TASK.validation)
        assert frame.loss["validation"] == pytest.approx(validation.item(), rel=1e-5)
        assert frame.accuracy == pytest.approx(right.double().mean().item(), rel=1e-6)
        probe = stacked(looked(frame.model, TASK.probe)[1].attention["self"])[:, 0]
        np.testing.assert_allclose(frame.attention, probe, rtol=1e-4, atol=1e-6)
    assert (
        torch.equal(flat(run.last.model), flat(run.model()))
        and run.model().output.weight.dtype is torch.float32
    )


def test_the_last_frame_is_the_trained_model() -> None:
    run = fit(model(), TASK, steps=11, frames=3)
    assert run.steps[-1] == 11 and run.ended == "finished"
    assert torch.equal(flat(run.model()).float(), torch.from_numpy(run.weights[-1]))
    assert run.model().output.weight.dtype is torch.float64
    assert torch.equal(torch.from_numpy(run.weights[0]), flat(model()).float())


def test_layers_add_up_their_groups() -> None:
    frame = fit(model(PAIRS, d_ff=8, n_layers=2), PAIRS, steps=2).last
    layers = frame.layer_gradient
    assert {"layer 1", "layer 2", "encoder layer 1", "encoder layer 2", "embedding", "output"} <= set(layers)
    for layer, norm in layers.items():
        own = [value for name, value in frame.gradient_norm.items() if name.startswith(layer)]
        own = own if "layer" in layer else [frame.gradient_norm[layer]]
        assert norm == pytest.approx(math.sqrt(sum(value**2 for value in own)), rel=1e-12)


def test_attend_and_predict_use_the_weights_of_that_moment() -> None:
    run = fit(model(n_heads=2), TASK, steps=60, frames=3, learning_rate=3e-2)
    text = TASK.decode(TASK.validation.inputs[5])
    for frame in (run.at(0), run.last):
        inputs = torch.from_numpy(TASK.validation.inputs[5:6])
        trace = frame.model(inputs, trace=True)
        assert np.array_equal(frame.attend(text), stacked(trace.attention["self"])[:, 0])
        assert np.array_equal(frame.attend(TASK.validation.inputs[5]), frame.attend(text))
        assert frame.predict(text) == TASK.tokens(trace.logits[0].argmax(-1).tolist())
    assert run.last.predict(text) != run.at(0).predict(text)
    short = run.last.attend("1 2")
    assert short.shape == (1, 2, 2, 2) and np.allclose(short.sum(-1), 1)


def test_attend_of_an_encoder_decoder_is_its_cross_attention() -> None:
    frame = fit(model(PAIRS), PAIRS, steps=3).last
    maps = frame.attend(PAIRS.probe.inputs[0], PAIRS.probe.source[0])
    np.testing.assert_allclose(maps, frame.attention, rtol=1e-4, atol=1e-6)
    assert len(frame.predict(PAIRS.probe.inputs[0], PAIRS.probe.source[0])) == 6


# Frames and batches


@pytest.mark.parametrize("steps, frames, expected", [
    (10, 5, [0, 2, 4, 6, 8, 10]), (10, 4, [0, 3, 6, 9, 10]), (3, 50, [0, 1, 2, 3]), (7, 1, [0, 7]),
    (1, 1, [0, 1]), (0, 5, [0]),
])  # fmt: skip
def test_when_frames_are_recorded(steps: int, frames: int, expected: list[int]) -> None:
    run = fit(model(), TASK, steps=steps, frames=frames)
    assert run.steps.tolist() == expected and len(run) == len(expected)
    assert len(run.losses) == steps + 1
    assert run.loss["train"].tolist() == run.losses[run.steps].tolist()


def test_at_gives_the_frame_before() -> None:
    run = fit(model(), TASK, steps=10, frames=5)
    assert [run.at(step).step for step in range(11)] == [0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10]
    assert run.last.step == 10
    for wrong in (-1, 11, math.nan):
        with pytest.raises(ValueError, match="step must be from 0 to 10"):
            run.at(wrong)


def test_each_epoch_takes_every_sequence_at_most_once_in_a_new_order() -> None:
    plan, n = Plan(batch=8, seed=4), 30
    epochs = [np.concatenate([plan.order(3 * e + i, n) for i in range(3)]) for e in range(4)]
    for epoch in epochs:
        assert len(set(epoch.tolist())) == 24 and epoch.min() >= 0 and epoch.max() < n
    assert not any(np.array_equal(a, b) for a, b in pairwise(epochs))
    assert not np.array_equal(plan.order(0, n), Plan(batch=8, seed=5).order(0, n))
    assert sorted(Plan(batch=30).order(7, 30)) == list(range(30))
    assert (
        len({i for epoch in epochs for i in epoch.tolist()}) == n
    )  # what one epoch leaves out, another takes


def test_whoever_changes_an_order_does_not_change_the_next_training() -> None:
    plan = Plan(seed=6)
    expected = plan.order(2, 64).copy()
    plan.order(2, 64)[:] = 0
    assert np.array_equal(plan.order(2, 64), expected)


def test_zero_steps_record_the_start() -> None:
    start = model()
    run = fit(start, TASK, steps=0)
    [moment] = plain_loop(start, TASK, Plan(steps=0), lambda step: 1e-2)
    assert run.ended == "finished" and run.best == 0 and torch.equal(flat(run.model()), flat(start))
    assert run.last.flow.tolist() == pytest.approx([float(flow.norm()) for flow in moment.flow])
