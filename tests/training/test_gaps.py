"""Where a fault could hide: a probe that is not row 0, equal losses, None among clips, NaN, nesting."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from attnlab.models import Transformer
from attnlab.training import early_stop, fit, sweep

from .cases import TASK, Witness, assert_same, model


def test_the_probe_may_be_any_sequence_of_validation() -> None:
    task = replace(TASK, probe=TASK.validation.take([5]))
    run = fit(model(), task, steps=3)
    np.testing.assert_allclose(
        run.last.attention, run.last.attend(task.probe.inputs[0]), rtol=1e-4, atol=1e-6
    )


def test_the_first_of_equal_losses_is_the_best() -> None:
    run = fit(model(), TASK, steps=4, learning_rate=0, patience=100)
    assert len(set(run.loss["validation"])) == 1 and run.best == 0


def test_none_among_clips_does_not_clip_at_all() -> None:
    def make() -> Transformer:
        return model(d_ff=12, init_scale=4.0)

    runs = sweep(make, TASK, steps=3, clip=[None, 0.05])
    assert np.sqrt((runs[None].gradient_norm[0] ** 2).sum()) > 1.5  # longer than 1: any clipping would show
    assert_same(runs[None], fit(make(), TASK, steps=3))


def test_a_run_of_a_sweep_holds_no_other_run(tmp_path: Path) -> None:
    runs = sweep(model, TASK, steps=2, learning_rate=np.geomspace(1e-3, 1e-1, 16))
    lone = fit(model(), TASK, steps=2).save(tmp_path / "lone.run").stat().st_size
    assert runs.runs[3].save(tmp_path / "one.run").stat().st_size < 1.1 * lone


def test_a_training_inside_another_leaves_it_its_one_thread() -> None:
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)

    def act(step: int) -> None:
        if step == 2:
            fit(model(), TASK, steps=1)
        seen.append(torch.get_num_threads())

    fit(model(), TASK, steps=4, watch=Witness(act))
    assert seen == [1, 1, 1, 1] and torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_no_clipping_beside_clipping_where_the_norm_is_too_large_for_a_number() -> None:
    def make() -> Transformer:
        huge = model(dtype=torch.float32, norm="none")
        with torch.no_grad():
            huge.output.weight *= 3e19
        return huge

    runs = sweep(make, TASK, steps=3, clip=[None, 1.0])
    assert math.isinf(runs[None].gradient_norm.max())  # else this test would say little
    for clip in (None, 1.0):
        assert_same(runs[clip], fit(make(), TASK, steps=3, clip=clip))


@pytest.mark.parametrize("losses, patience, expected", [
    ([np.nan, 2.0, 3.0], None, (2, 1)), ([2.0, np.nan, np.nan], 2, (2, 0)),
])  # fmt: skip
def test_a_loss_that_is_no_number_is_worse_than_any(
    losses: list[float], patience: int | None, expected: tuple[int, int]
) -> None:
    assert early_stop([0, 1, 2], losses, patience) == expected
