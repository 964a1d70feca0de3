"""Sequences drawn without repetition and cut in two: no sequence can be in both parts."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention.numbers import whole_number
from .data import Data

Draw = Callable[[np.random.Generator, int], NDArray[np.int64]]
LARGEST = 10_000_000  # tokens of all sequences together
LONGEST = 1024  # tokens of a sequence, symbols of a vocabulary


def draw_apart(
    draw: Draw, possible: int, train: int, validation: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct rows of `draw(rng, count)` -> [count, token]: `train` of them, and `validation` others.

    `possible` is how many distinct rows there are. ValueError: fewer than asked for.
    """
    count = whole_number("train", train, 1) + whole_number("validation", validation, 1)
    if count > possible:
        raise ValueError(
            f"train={train} and validation={validation} ask for {count} different sequences, but there are "
            f"only {possible}; ask for fewer, or for longer sequences or more symbols"
        )
    if count * draw(np.random.default_rng(0), 1).size > LARGEST:
        raise ValueError(f"train and validation together hold more than {LARGEST:,} tokens; ask for fewer")
    rows = rng.permutation(_distinct(draw, count, rng))  # rare kinds come late: mix them
    return rows[:train], rows[train:]


def _distinct(draw: Draw, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The first `count` different rows."""
    rows = draw(rng, count)
    while True:
        first = np.sort(np.unique(rows, axis=0, return_index=True)[1])
        if len(first) >= count:
            return rows[first[:count]]
        rows = np.concatenate([rows[first], draw(rng, count)])


def as_size(name: str, value: int, low: int, why: str) -> int:
    """A whole number from `low` to 1024."""
    whole_number(name, value, low, why=why)
    return whole_number(name, value, most=LONGEST, why="these are small tasks; use a smaller one")


def generator(seed: int) -> np.random.Generator:
    """A generator of its own for each task."""
    return np.random.default_rng(whole_number("seed", seed, 0, why="any whole number from 0 on will do"))


def names(symbols: int) -> tuple[str, ...]:
    """Symbol 3 is called "3"."""
    return tuple(map(str, range(symbols)))


def next_tokens(rows: NDArray[np.int64], counted: NDArray[np.bool_]) -> Data:
    """The data of a language model: it reads all but the last token, and predicts the next at each place."""
    return Data(rows[:, :-1], rows[:, 1:], counted)
