"""What a view is given, looked at before it is drawn: ValueError or TypeError says what is wrong."""

import math
from collections import Counter
from collections.abc import Sequence
from numbers import Real
from operator import index as to_index
from typing import Any

import numpy as np


def as_array(values: Any, name: str, ndim: int, masked: bool = False) -> np.ndarray:
    """`values` as finite floats in `ndim` dimensions, with -inf for cells that may be masked.

    ValueError says what is wrong, and where.
    """
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers in {ndim} dimension(s): {error}") from None
    if array.ndim != ndim or 0 in array.shape:
        raise ValueError(f"{name} must be a non-empty array of {ndim} dimension(s), got shape {array.shape}")
    wrong = ~np.isfinite(array) & ~(np.isneginf(array) & masked)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        causes = (
            "a mask or a logarithm of 0" if np.isneginf(array[where]) else "a division by 0 or an overflow"
        )
        raise ValueError(f"{name} holds {array[where]} at {where}: look for {causes} before it")
    array.setflags(write=False)
    return array


def as_labels(labels: Sequence[Any] | None, count: int, name: str, what: str) -> tuple[str, ...]:
    """One label for each of `count` places; default 0..count-1."""
    if labels is None:
        return tuple(str(i) for i in range(count))
    if isinstance(labels, str):
        raise TypeError(f"{name} must be a list of labels, got one string {labels!r}: split it first")
    labels = tuple(str(label) for label in labels)
    if len(labels) != count:
        raise ValueError(f"{name} has {len(labels)} labels, but {what} has {count}: they must be as many")
    return labels


def as_index(index: int | None, count: int, name: str) -> int | None:
    if index is None:
        return None
    try:
        place = to_index(index)
    except TypeError:
        raise TypeError(f"{name} must be a whole number from 0 to {count - 1}, got {index!r:.60}") from None
    if not 0 <= place < count:
        raise ValueError(f"{name} must be from 0 to {count - 1}, got {index}")
    return place


def as_limit(limit: float | None, name: str = "limit") -> float | None:
    """The end of a scale: a positive number, or None for a scale that is told by the values."""
    if limit is None:
        return None
    if not (isinstance(limit, Real) and math.isfinite(limit) and limit > 0):
        raise ValueError(
            f"{name} must be a positive number, got {limit!r:.60}: leave it out to have it chosen"
        )
    return float(limit)


def as_number(value: float | None, name: str) -> float | None:
    """A finite number or None."""
    if value is not None and not (isinstance(value, Real) and math.isfinite(value)):
        raise ValueError(f"{name} must be a number, got {value!r:.60}: leave it out if there is none")
    return None if value is None else float(value)


def distinct(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels for a sentence: where two are equal, each is followed by its place, counted from 1."""
    count = Counter(labels)
    return tuple(f"{t} ({i})" if count[t] > 1 else t for i, t in enumerate(labels, 1))
