"""Exercises of notebook 02: similarity."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .verdict import judge


def check_cosine(attempt: Callable) -> Callable:
    """`cosine(a, b)`: the dot product of two vectors, divided by both lengths."""
    return judge("cosine", attempt, _cosine, _PAIRS, _WRONG_COSINE)


def check_all_cosines(attempt: Callable) -> Callable:
    """`all_cosines(x)`: the cosine of every pair of rows, without a loop."""
    return judge("all cosines at once", attempt, _all_cosines, _ROWS, _WRONG_ALL_COSINES)


def check_nearest(attempt: Callable) -> Callable:
    """`nearest(similarity, i)`: the number of the token most similar to token i, itself left out."""
    return judge("the nearest other token", attempt, _nearest, _SIMILARITIES, _WRONG_NEAREST)


def _length(x: NDArray, axis: int | None = None) -> NDArray:
    return np.sqrt((x * x).sum(axis=axis))


def _cosine(a: NDArray, b: NDArray) -> float:
    return a @ b / (_length(a) * _length(b))


_PAIRS = [
    (np.array([3.0, 4.0]), np.array([4.0, 3.0])),
    (np.array([2.0, 0.0]), np.array([-3.0, 3.0])),
    (np.array([1.0, 2.0, 2.0]), np.array([2.0, 4.0, 4.0])),
    (np.array([1.0, -1.0, 0.5, 2.0]), np.array([0.5, 1.0, -3.0, 1.0])),
]

_WRONG_COSINE = {
    lambda a, b: a @ b: "this is the dot product: it grows with the lengths. Divide it by both of them.",
    lambda a, b: a @ b / (a @ a * (b @ b)): "a @ a is the length squared. Take the square root of it.",
    lambda a, b: a @ b / _length(a): "this is divided by the length of a only. Divide by that of b too.",
    lambda a, b: a @ b / _length(b): "this is divided by the length of b only. Divide by that of a too.",
    lambda a, b: a @ b / _length(a) * _length(b): "x / y * z multiplies by z. Write x / (y * z).",
    lambda a, b: a @ b / (_length(a) + _length(b)): "the lengths are added here. Multiply them.",
    lambda a, b: a @ b / (len(a) * len(b)): "len(a) counts entries. The length is the root of a @ a.",
    lambda a, b: a * b / (_length(a) * _length(b)): "the products are not added up. Use a @ b.",
    lambda a, b: np.arccos(_cosine(a, b)): "this is the angle. Its cosine is asked for: leave out arccos.",
    lambda a, b: abs(_cosine(a, b)): "the sign is lost. It says same side or opposite: leave out abs.",
}


def _unit(x: NDArray) -> NDArray:
    return x / _length(x, axis=1)[:, None]


def _all_cosines(x: NDArray) -> NDArray:
    return _unit(x) @ _unit(x).T


def _gram(x: NDArray) -> NDArray:
    return x @ x.T


_ROWS = [
    (np.array([[3.0, 4.0], [1.0, 0.0], [-2.0, 2.0]]),),
    (np.array([[1.0, 2.0], [-3.0, 1.0]]),),
    (np.array([[1.0, 0.0, 2.0, -1.0], [0.5, 3.0, 1.0, 1.0], [-1.0, 0.0, -2.0, 1.0]]),),
]

_WRONG_ALL_COSINES = {
    _gram: "these are the dot products. Divide every row of x by its length first.",
    lambda x: x.T @ x: "this compares the columns of x. The tokens are its rows: x @ x.T.",
    lambda x: _unit(x).T @ _unit(x): "this compares columns. Transpose the other one, not the first.",
    lambda x: _gram(x / _length(x, axis=0)): "these are the lengths of columns. Along a row is axis=1.",
    lambda x: _gram(x / _length(x, axis=1)): (
        "the lengths of the rows must stand in a column. With keepdims=True they have shape (n, 1)."
    ),
    lambda x: _unit(x) @ x.T: "only the rows on the left have length 1. Use the divided rows twice.",
    lambda x: x @ _unit(x).T: "only the rows on the right have length 1. Use the divided rows twice.",
    lambda x: _gram(x / (x * x).sum(1)[:, None]): "these are squared lengths. Take the root of the sums.",
    lambda x: _gram(x / _length(x)): "this is one length for all of x. Each row has its own: give an axis.",
}


def _without(similarity: NDArray, i: int, value: float) -> NDArray:
    """Row i, with `value` at place i."""
    return np.where(np.arange(len(similarity)) == i, value, similarity[i])


def _nearest(similarity: NDArray, i: int) -> int:
    return int(np.argmax(_without(similarity, i, -np.inf)))


_MIXED = np.array(
    [[1.0, 0.2, 0.9, -0.4], [0.2, 1.0, 0.1, 0.8], [0.9, 0.1, 1.0, -0.95], [-0.4, 0.8, -0.95, 1.0]]
)
_NEGATIVE = np.array([[1.0, -0.5, -0.9], [-0.5, 1.0, -0.2], [-0.9, -0.2, 1.0]])
_SIMILARITIES = [(_MIXED, 0), (_MIXED, 1), (_MIXED, 2), (_MIXED, 3), (_NEGATIVE, 0), (_NEGATIVE, 2)]

_WRONG_NEAREST = {
    lambda s, i: np.argmax(s[i]): "this is always token i itself. Put -np.inf in its place, in a copy.",
    lambda s, i: _without(s, i, -np.inf).max(): "this is how similar it is. Its number is asked for: argmax.",
    lambda s, i: np.argmin(s[i]): "this is the least similar token. Use argmax.",
    lambda s, i: np.argmax(np.delete(s[i], i)): (
        "after np.delete the places behind i have moved by one. Put -np.inf at place i instead."
    ),
    lambda s, i: np.argmax(_without(s, i, 0.0)): "0 wins when all others are negative. Use -np.inf.",
    lambda s, i: np.argmax(_without(abs(s), i, -np.inf)): "very negative means opposite. Leave out abs.",
    lambda s, i: np.argsort(s[i])[-1:]: "the last of argsort is token i itself. Take the one before it.",
    lambda s, i: np.argsort(s[i]): "this is the order of all tokens. Take the last but one.",
}
