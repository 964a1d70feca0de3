"""The options of the plugin: from the command line, else from pytest's settings file, else the defaults."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Option(NamedTuple):
    """One option: `nbval_threads` in a settings file is `--nbval-threads` on the command line."""

    name: str
    metavar: str
    default: str
    help: str
    value: Callable[[str], Any]  # raises ValueError that says what it must be


def number(low: float, high: float, whole: bool) -> Callable[[str], float]:
    """Reads a number, or says in a ValueError what it must be."""
    kind = "a whole number" if whole else "a number"
    limits = f"from {low:g} to {high:.0f}" if math.isfinite(high) else f"from {low:g}"

    def value(text: str) -> float:
        try:
            found = int(text) if whole else float(text)
        except (TypeError, ValueError):
            found = math.nan
        if not low <= found <= high or math.isinf(found):
            raise ValueError(f"must be {kind} {limits}, got {text!r}")
        return found

    return value


THREADS, HASH_SEED = number(1, 4096, whole=True), number(0, 2**32 - 1, whole=True)


def _text(text: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ValueError("must not be empty")
    return text


OPTIONS = (
    Option(
        "nbval_block_difference",
        "N",
        "6",
        "How much a picture may differ from the saved one: the largest difference of the mean colours of "
        "blocks of 32 by 32 pixels, from 0 to 255.",
        number(0, 255, whole=False),
    ),
    Option(
        "nbval_output_timeout",
        "SECONDS",
        "60",
        "How long to wait for the next output of a cell that has run.",
        number(0.1, math.inf, whole=False),
    ),
    Option(
        "nbval_pictures",
        "DIR",
        ".nbval-pictures",
        "Where pictures that differ are written, the saved one and the new one. Relative to the rootdir.",
        _text,
    ),
    Option("nbval_threads", "N", "1", "How many threads a kernel computes with.", THREADS),
    Option("nbval_hash_seed", "N", "0", "PYTHONHASHSEED of the kernels.", HASH_SEED),
    Option(
        "nbval_refresh_command",
        "COMMAND",
        "python -m attnlab.nbval {file}",
        "The command that messages suggest for running a notebook again; {file} is the notebook.",
        _text,
    ),
)


@dataclass(frozen=True)
class Settings:
    """The values of the options, without `nbval_` in their names."""

    block_difference: float
    output_timeout: float
    pictures: Path
    threads: int
    hash_seed: int
    refresh_command: str

    def refresh(self, file: str) -> str:
        """The command that runs this notebook again and saves it."""
        return self.refresh_command.replace("{file}", shlex.quote(file))


SKIP = "nbval-skip"  # a tag: the cell is not run, and keeps what it says
SETTINGS = pytest.StashKey[Settings]()


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("nbval", "Jupyter Notebook validation")
    for option in OPTIONS:
        says = f"{option.help} Default: {option.default}."
        group.addoption(_flag(option.name), dest=option.name, metavar=option.metavar, help=says)
        parser.addini(option.name, says, default=option.default)


def _value(config: pytest.Config, option: Option) -> Any:
    given = config.getoption(option.name)
    name, text = (option.name, config.getini(option.name)) if given is None else (_flag(option.name), given)
    try:
        return option.value(text)
    except ValueError as error:
        raise pytest.UsageError(f"{name} {error}") from None


def read_settings(config: pytest.Config) -> Settings:
    """Raises pytest.UsageError that names the option and says what it must be."""
    values = {option.name.removeprefix("nbval_"): _value(config, option) for option in OPTIONS}
    return Settings(**{**values, "pictures": config.rootpath / values["pictures"]})
