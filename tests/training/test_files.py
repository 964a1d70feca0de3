"""Runs in files: equal after a round trip, and a clear refusal of everything that is none."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from attnlab import tasks
from attnlab.training import SGD, RMSprop, Run, StepDecay, WarmupCosine, fit, load_run, resume

from .cases import NOISY, PAIRS, TASK, Witness, assert_same, model


@pytest.fixture(scope="module")
def run() -> Run:
    return fit(model(), TASK, steps=6, frames=3)


@pytest.fixture
def path(run: Run, tmp_path: Path) -> Path:
    return run.save(tmp_path / "my.run")


@pytest.mark.parametrize("choices", [
    {}, {"schedule": WarmupCosine(2, end=0.1), "clip": 0.5}, {"schedule": StepDecay(2)},
    {"optimiser": SGD(momentum=0.5), "patience": 100, "weight_decay": 0.1},
    {"optimiser": RMSprop(), "seed": 4},
    {"steps": np.int64(6), "learning_rate": np.float64(0.02), "batch": np.int32(8)},
    {"schedule": WarmupCosine(np.int64(2), np.float32(0.5)), "optimiser": SGD(np.float64(0.5))},
    {"schedule": WarmupCosine(np.array(2), np.array(0.5)), "steps": torch.tensor(6)},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_round_trip(choices: dict[str, Any], dtype: torch.dtype, tmp_path: Path) -> None:
    one = fit(model(dtype=dtype), TASK, **{"steps": 6, "frames": 3} | choices)
    path = one.save(tmp_path / "a.run")
    assert path == tmp_path / "a.run" and [each.name for each in tmp_path.iterdir()] == ["a.run"]
    two = load_run(path, TASK)
    assert_same(one, two)
    assert repr(one) == repr(two) and one.nbytes == two.nbytes and two.task is TASK
    for a, b in zip(one.model().parameters(), two.model().parameters(), strict=True):
        assert torch.equal(a, b) and a.dtype is dtype
    assert np.array_equal(one.last.attend("1 2 3"), two.last.attend("1 2 3"))


@pytest.mark.parametrize("task", [PAIRS, NOISY], ids=["encoder-decoder", "nothing to attend to"])
def test_round_trip_of_other_tasks(task: Any, tmp_path: Path) -> None:
    one = fit(model(task, n_layers=np.int64(2)), task, steps=3)
    two = load_run(str(one.save(str(tmp_path / "b.run"))), task)
    assert_same(one, two)
    assert (two.attended is None) == (task is NOISY)


def test_a_diverged_and_a_stopped_run(tmp_path: Path) -> None:
    start = model(dtype=torch.float32, norm="none")
    diverged = fit(start, TASK, steps=20, optimiser=SGD(), learning_rate=1e20)
    assert diverged.ended.startswith("diverged")
    stopped = fit(model(), TASK, steps=20, watch=Witness(stop_at=7))
    for one in (diverged, stopped):
        assert_same(load_run(one.save(tmp_path / "c.run"), TASK), one)
    assert_same(resume(load_run(tmp_path / "c.run", TASK)), fit(model(), TASK, steps=20))


def test_the_task_made_again_is_the_same(path: Path, run: Run) -> None:
    assert_same(load_run(path, tasks.reverse(length=6, train=64, validation=16)), run)
    for other in (tasks.reverse(length=6, train=64, validation=16, seed=1), NOISY):
        with pytest.raises(ValueError, match=r"my\.run was not trained on the data of Task"):
            load_run(path, other)


def test_only_tensors_and_plain_values(path: Path) -> None:
    content = torch.load(path, weights_only=True)
    assert content["format"] == "attnlab run" and content["version"] == 1


# Damaged


def refused(path: Path) -> str:
    with pytest.raises(ValueError, match=path.name) as caught:
        load_run(path, TASK)
    return str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.99, 0.9999])
def test_a_file_that_was_cut_off(share: float, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "is not a run of attnlab, or it is damaged" in refused(path)


def test_a_byte_that_was_flipped(path: Path, run: Run) -> None:
    """It is found, or it changes nothing (zip files have bytes between their parts)."""
    content, found = path.read_bytes(), 0
    for place in range(0, len(content), max(1, len(content) // 150)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
        try:
            loaded = load_run(path, TASK)
        except ValueError as error:
            assert path.name in str(error)
            found += 1
        else:
            assert_same(loaded, run)
    assert found > 50


def test_a_byte_of_the_weights(path: Path, run: Run) -> None:
    """Right in the numbers, where nothing but a checksum can see it."""
    content = bytearray(path.read_bytes())
    place = content.index(run.weights.tobytes())
    content[place + 100] ^= 1
    path.write_bytes(content)
    assert "checksum" in refused(path)


@pytest.mark.parametrize("content", [b"", b"step, loss\n0, 2.3\n" * 50, b"\0" * 500, b"PK\x03\x04"], ids=str)
def test_a_file_that_is_something_else(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    assert "is not a run of attnlab" in refused(path)


@pytest.mark.parametrize(
    "content", [{"weights": torch.zeros(3)}, torch.zeros(3), [1, 2], {"format": "other"}]
)
def test_a_foreign_file_of_torch(content: Any, path: Path) -> None:
    torch.save(content, path)
    assert "my.run is not a run of attnlab: write one with run.save('my.run')" in refused(path)


class Code:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize(
    "write", [lambda c, p: p.write_bytes(pickle.dumps(c)), torch.save], ids=["pickle", "torch"]
)
def test_code_in_a_file_is_refused_not_run(write: Any, path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "made by the code"
    write({"format": "attnlab run", "version": 1, "x": Code(folder)}, path)
    refused(path)
    assert not folder.exists()
    torch.load(path, weights_only=False) if write is torch.save else pickle.loads(path.read_bytes())
    assert folder.exists()  # it would have run


@pytest.mark.parametrize("change, message", [
    ({"version": 2}, "has version 2, but this attnlab reads"), ({"version": None}, "has version None"),
    ({"task": None}, "not trained on the data of"), ({"groups": None}, "damaged: TypeError"),
    ({"plan": {"steps": 3}}, "damaged: KeyError 'schedule'"), ({"config": {}}, "damaged: TypeError"),
    ({"loss": {}, "arrays": {}}, "damaged: KeyError 'weights'|damaged: KeyError 'steps'"),
    ({"state": {}}, "damaged: KeyError"), ({"arrays": [1]}, "damaged: AttributeError"),
])  # fmt: skip
def test_content_that_is_not_whole(change: dict[str, Any], message: str, path: Path) -> None:
    torch.save(torch.load(path, weights_only=True) | change, path)
    with pytest.raises(ValueError, match=f"my.run (is |was )?({message})"):
        load_run(path, TASK)


@pytest.mark.parametrize("name", [
    "format", "version", "task", "config", "plan", "groups", "best", "ended", "state", "loss", "arrays",
])  # fmt: skip
def test_a_part_that_is_missing(name: str, path: Path) -> None:
    content = torch.load(path, weights_only=True)
    del content[name]
    torch.save(content, path)
    refused(path)


@pytest.mark.parametrize("name", [
    "steps", "losses", "accuracy", "attention", "learning_rate", "gradient_norm", "update_ratio",
    "activation", "flow", "weights",
])  # fmt: skip
def test_an_array_that_is_missing_or_too_short(name: str, path: Path) -> None:
    content = torch.load(path, weights_only=True)
    whole = content["arrays"].pop(name)
    torch.save(content, path)
    assert "damaged" in refused(path)
    if name != "losses":
        content["arrays"][name] = whole[:-1]
        torch.save(content, path)
        assert "frames, steps has" in refused(path)


@pytest.mark.parametrize("kind", ["Nothing", "math", "Schedule", 3])
def test_a_schedule_that_does_not_exist(kind: Any, path: Path) -> None:
    content = torch.load(path, weights_only=True)
    content["plan"]["schedule"] = [kind, {}]
    torch.save(content, path)
    assert "damaged: KeyError" in refused(path)


@pytest.mark.parametrize("name", ["weights", "best", "mean"])
def test_a_state_that_does_not_fit(name: str, path: Path) -> None:
    content = torch.load(path, weights_only=True)
    content["state"][name] = content["state"][name][:-1]
    torch.save(content, path)
    assert f"damaged: ValueError {name} has shape" in refused(path)


# Files and folders


def test_there_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.run", tmp_path):
        with pytest.raises(FileNotFoundError, match=f"there is no file {path.name}: write one with run.save"):
            load_run(path, TASK)


def test_a_failed_save_leaves_the_old_file(path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    whole = torch.save

    def full(content: Any, to: Path) -> None:
        whole(content, to)
        to.write_bytes(to.read_bytes()[:1000])
        raise OSError("no space left on device")

    monkeypatch.setattr(torch, "save", full)
    longer = fit(model(), TASK, steps=8)
    with pytest.raises(OSError, match="no space left"):
        longer.save(path)
    assert path.read_bytes() == before and [each.name for each in path.parent.iterdir()] == ["my.run"]
    monkeypatch.undo()
    assert_same(load_run(path, TASK), run)
    assert_same(load_run(longer.save(path), TASK), longer)  # and a later one replaces it
