"""Runs in files: tensors and plain values only, so that loading one can run no code."""

import os
import zipfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from attnlab.models import Config
from attnlab.tasks import Task

from .optimisers import Optimiser
from .plan import Plan
from .run import Run
from .schedules import Schedule

FORMAT, VERSION = "attnlab run", 1
ARRAYS = (
    "steps", "losses", "accuracy", "attended", "attention", "learning_rate", "gradient_norm", "update_ratio",
    "activation", "flow", "weights",
)  # fmt: skip


def save(run: Run, path: Path) -> Path:
    """Write a run; a file that is there stays whole until the new one is."""
    plan = {each.name: getattr(run.plan, each.name) for each in fields(Plan)}
    for name in ("schedule", "optimiser"):
        plan[name] = [type(plan[name]).__name__, _plain(plan[name])]
    content = {
        "format": FORMAT, "version": VERSION, "task": run.task.fingerprint,
        "config": _plain(run.config), "plan": plan,
        "groups": list(run.groups), "best": run.best, "ended": run.ended, "state": dict(run.state),
        "loss": {name: torch.from_numpy(values) for name, values in run.loss.items()},
        "arrays": {name: torch.from_numpy(v) for name in ARRAYS if (v := getattr(run, name)) is not None},
    }  # fmt: skip
    part = path.with_name(f"{path.name}.part")
    try:
        torch.save(content, part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)  # what a failed save leaves
    return path


def _plain(record: Any) -> dict[str, Any]:
    """The fields of a dataclass, with plain numbers in place of NumPy's: a file must hold no other."""
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in asdict(record).items()}


def load_run(path: str | Path, task: Task) -> Run:
    """Read a run that was saved with `run.save(path)`; `task` is the task that it was trained on.

    ValueError: the file is damaged or no run, from a newer version, or the task is another one.
    """
    if not isinstance(task, Task):
        raise TypeError(f"task must be a Task, got {type(task).__name__}: give the one it was trained on")
    path = Path(path)
    content = _read(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path.name} is no run of attnlab: write one with run.save({path.name!r})")
    if content.get("version") != VERSION:
        raise ValueError(
            f"{path.name} has version {content.get('version')}, this attnlab reads version {VERSION}"
        )
    if content.get("task") != task.fingerprint:
        raise ValueError(
            f"{path.name} was trained on other data than {task!r}: make the task as it was made then"
        )
    try:
        return _run_of(content, task)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path.name} is damaged: {type(error).__name__} {error}") from error


def _read(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path.name}: write one with run.save({path.name!r})")
    try:
        with zipfile.ZipFile(path) as members:  # torch does not look at the checksums
            if wrong := members.testzip():
                raise ValueError(f"the checksum of {wrong} is wrong")
        return torch.load(path, weights_only=True)
    except Exception as error:  # a damaged zip, a foreign pickle: torch raises many kinds
        raise ValueError(f"{path.name} is no run of attnlab, or it is damaged: {error!s:.100}") from error


def _run_of(content: dict[str, Any], task: Task) -> Run:
    plan = dict(content["plan"])
    for name, base in (("schedule", Schedule), ("optimiser", Optimiser)):
        kind, values = plan[name]
        plan[name] = {each.__name__: each for each in base.__subclasses__()}[kind](**values)
    arrays: dict[str, Any] = {name: each.numpy() for name, each in content["arrays"].items()}
    arrays.setdefault("attended", None)
    loss = {name: each.numpy() for name, each in content["loss"].items()}
    _check_lengths(arrays | loss)
    _check_state(content["state"], arrays["weights"].shape[1])
    return Run(
        config=Config(**content["config"]), plan=Plan(**plan), task=task, groups=tuple(content["groups"]),
        loss=loss, best=content["best"], ended=content["ended"], state=content["state"], **arrays,
    )  # fmt: skip


def _check_lengths(arrays: dict[str, np.ndarray | None]) -> None:
    frames = len(arrays["steps"])
    for name, values in arrays.items():
        if name != "losses" and values is not None and len(values) != frames:
            raise ValueError(f"{name} has {len(values)} frames, steps has {frames}")


def _check_state(state: dict[str, torch.Tensor], size: int) -> None:
    for name in {"weights", "best", *state}:
        if state[name].shape != (size,):
            raise ValueError(f"{name} has shape {list(state[name].shape)}, there are {size} parameters")
