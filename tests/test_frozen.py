"""What is a value cannot be changed: every dataclass of the maths is frozen, but for those that do work."""

import pkgutil
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass
from importlib import import_module
from typing import Any

import pytest

import attnlab

FOLDERS = ("attention", "tokens", "tasks", "models", "training", "scale", "pretrained", "checks")
AT_WORK = {"Cache", "Trace", "Loop", "SharedWatch", "Moment", "Recorder"}  # they change while something runs


def dataclasses() -> Iterator[type]:
    for folder in FOLDERS:
        package = import_module(f"attnlab.{folder}")
        for found in pkgutil.iter_modules(package.__path__, f"attnlab.{folder}."):
            for each in vars(import_module(found.name)).values():
                if isinstance(each, type) and is_dataclass(each) and each.__module__ == found.name:
                    yield each


FOUND = {each.__name__: each for each in dataclasses()}


@pytest.mark.parametrize("name", sorted(set(FOUND) - AT_WORK))
def test_a_value_is_frozen(name: str) -> None:
    kind: Any = FOUND[name]
    value = kind.__new__(kind)  # what it holds does not matter here
    for each in [field.name for field in fields(kind)] or ["another"]:
        with pytest.raises(FrozenInstanceError):
            setattr(value, each, None)
        with pytest.raises(FrozenInstanceError):
            delattr(value, each)


def test_all_of_them_are_found() -> None:
    assert set(FOUND) > AT_WORK
    for package in (attnlab.training, attnlab.models, attnlab.tasks, attnlab.scale):
        assert {name for name in package.__all__ if is_dataclass(getattr(package, name))} < set(FOUND)
