"""The benchmarks work. Not part of the suite: pytest tests/benchmarks/test_smoke.py (two minutes)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import pictures
from tests.benchmarks.browser import lags


def test_a_quick_run_of_everything_prints_every_table() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stderr
    for word in (
        "panel, no remedy",
        "times less than interact",
        "first live panel",
        "kB",
        "drawn anew",
        "MiB after",
        "byte pairs",
        "16 learning rates",
        "recorder",
        "target",
    ):
        assert word in done.stdout


@pytest.mark.parametrize("step", [0, 1, 42, pictures.LAST])
def test_a_value_is_read_from_the_picture_and_from_no_other(step: int) -> None:
    greens = (pictures.weights(step)[-1] > 0)[None, :, None] * [0, 200, 0]
    assert pictures.read(greens, [0, 1, 0]) == step
    greens[0, 3] = 200 - greens[0, 3]  # one cell of another picture
    assert pictures.read(greens, [0, 1, 0]) == -1


def test_pictures_out_of_order_are_counted() -> None:
    moves = [("slider", 1, 0.0), ("slider", 2, 10.0), ("shown", 2, 30.0), ("slider", 3, 40.0)]
    assert lags([*moves, ("shown", 3, 70.0)]) == ([20.0, 30.0], 0)
    assert lags([*moves, ("shown", None, 70.0)]) == ([20.0], 0)  # blank
    assert lags([*moves, ("shown", 1, 70.0)]) == ([20.0], 1)  # older than the one before
    assert lags([*moves, ("shown", 4, 70.0)]) == ([20.0], 1)  # not yet moved to
    assert lags([*moves, ("shown", -1, 70.0)]) == ([20.0], 1)  # unreadable
