"""Exercises of notebook 02: similarity."""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .verdict import judge


def check_cosine(attempt: Callable) -> Callable:
    """`cosine(a, b)`: the dot product of two vectors, divided by both lengths."""
    return judge("cosine", attempt, _cosine, _PAIRS, _WRONG_COSINE, _pair)


def check_all_cosines(attempt: Callable) -> Callable:
    """`all_cosines(x)`: the cosine of every pair of rows, without a loop."""
    return judge("all cosines at once", attempt, _all_cosines, _ROWS, _WRONG_ALL_COSINES, _table)


def check_nearest(attempt: Callable) -> Callable:
    """`nearest(similarity, i)`: the number of the other token with the largest score in row i."""
    return judge("the nearest other token", attempt, _nearest, _SIMILARITIES, _WRONG_NEAREST, _scores)


def _length(x: NDArray, axis: int | None = None) -> NDArray:
    return np.sqrt((x * x).sum(axis=axis))


def _cosine(a: NDArray, b: NDArray) -> float:
    return a @ b / (_length(a) * _length(b))


def _vector(rng: np.random.Generator, d: int) -> NDArray:
    """Whole numbers, not all of them 0; most vectors are made longer or shorter by a power of 2."""
    numbers = rng.integers(-9, 10, size=d)
    numbers[rng.integers(d)] = rng.choice([-5, -1, 2, 7])
    return numbers if rng.random() < 0.3 else numbers * 2.0 ** rng.integers(-12, 9)


def _pair(rng: np.random.Generator) -> tuple:
    """Two vectors of 1 to 12 entries and very different lengths."""
    d = int(rng.integers(1, 13))
    return _vector(rng, d), _vector(rng, d)


_PAIRS = [
    (np.array([3.0, 4.0]), np.array([4.0, 3.0])),
    (np.array([2.0, 0.0]), np.array([-3.0, 3.0])),
    (np.array([1.0, 2.0, 2.0]), np.array([2.0, 4.0, 4.0])),
    (np.array([1.0, -1.0, 0.5, 2.0]), np.array([0.5, 1.0, -3.0, 1.0])),
    (np.array([1.0, 0.0]), np.array([0.0, 2.0])),
    (np.array([-2.0]), np.array([5.0])),
    (np.array([0.03, 0.04]), np.array([0.01, 0.0])),
]

_WRONG_COSINE = {
    lambda a, b: a @ b: "this is the dot product: it grows with the lengths. Divide it by both of them.",
    lambda a, b: a @ b / (a @ a * (b @ b)): "a @ a is the squared length. Take its square root.",
    lambda a, b: a @ b / _length(a): "this is divided only by the length of a. Divide by that of b too.",
    lambda a, b: a @ b / _length(b): "this is divided only by the length of b. Divide by that of a too.",
    lambda a, b: a @ b / _length(a) * _length(b): "x / y * z multiplies by z. Write x / (y * z).",
    lambda a, b: a @ b / (_length(a) + _length(b)): "the lengths are added here. Multiply them.",
    lambda a, b: a @ b / np.sqrt(a @ a + b @ b): (
        "the squared lengths are added under the root. Multiply them: np.sqrt((a @ a) * (b @ b))."
    ),
    lambda a, b: a @ b / (len(a) * len(b)): "len(a) counts entries. The length is the root of a @ a.",
    lambda a, b: a @ b / (abs(a).sum() * abs(b).sum()): (
        "these lengths add up absolute values. By Pythagoras, the length is the root of the summed squares."
    ),
    lambda a, b: a * b / (_length(a) * _length(b)): "the products are not added up. Use a @ b.",
    lambda a, b: (a * b).mean() / (_length(a) * _length(b)): (
        "mean also divides by the number of entries. Use sum."
    ),
    lambda a, b: np.arccos(_cosine(a, b)): "this is the angle. Return its cosine: leave out arccos.",
    lambda a, b: np.cos(a @ b): "np.cos needs an angle, and a @ b is not one. Divide a @ b by both lengths.",
    lambda a, b: 1 - _cosine(a, b): "this is 1 minus the cosine, a distance. Return the cosine itself.",
    lambda a, b: abs(_cosine(a, b)): (
        "the sign is lost. Opposite directions have the cosine -1: leave out abs."
    ),
}


def _unit(x: NDArray) -> NDArray:
    return x / _length(x, axis=1)[:, None]


def _all_cosines(x: NDArray) -> NDArray:
    return _unit(x) @ _unit(x).T


def _gram(x: NDArray) -> NDArray:
    return x @ x.T


def _table(rng: np.random.Generator) -> tuple:
    """1 to 5 rows of 1 to 6 entries, now and then up to 12, each row of another length."""
    n, d = rng.integers(1, rng.choice([[6, 7], [13, 13]])).tolist()
    return (np.stack([_vector(rng, d) for _ in range(n)]),)


_ROWS = [
    (np.array([[3.0, 4.0], [1.0, 0.0], [-2.0, 2.0]]),),
    (np.array([[1.0, 2.0], [-3.0, 1.0]]),),
    (np.array([[1.0, 0.0, 2.0, -1.0], [0.5, 3.0, 1.0, 1.0], [-1.0, 0.0, -2.0, 1.0]]),),
    (np.array([[2.0], [-3.0], [0.5]]),),
    (np.array([[0.0003, 0.0004], [1.0, 0.0]]),),
]


def _correlations(x: NDArray) -> NDArray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a row of one entry there are none
        return np.corrcoef(x)


def _by_diagonal(x: NDArray) -> NDArray:
    return _gram(x) / np.diag(_gram(x))


_WRONG_ALL_COSINES = {
    _gram: "these are the dot products. Divide every row of x by its length first.",
    lambda x: x.T @ x: "this compares the columns of x. The tokens are its rows: x @ x.T.",
    lambda x: _unit(x).T @ _unit(x): "this compares columns. Transpose the second factor, not the first.",
    lambda x: _gram(x / _length(x, axis=0)): "these are the lengths of columns. Along a row is axis=1.",
    lambda x: _gram(x / _length(x, axis=1)): (
        "the lengths of the rows must form a column. With keepdims=True they have shape (n, 1)."
    ),
    lambda x: _unit(x) @ x.T: "only the rows on the left have length 1. Use the divided rows on both sides.",
    lambda x: x @ _unit(x).T: "only the columns on the right have length 1. Divide the rows on the left too.",
    lambda x: _gram(x / (x * x).sum(axis=1)[:, None]): (
        "these are squared lengths. Take the square root of the sums."
    ),
    lambda x: _gram(x / abs(x).sum(axis=1)[:, None]): (
        "these lengths add up absolute values. By Pythagoras, the length is the root of the summed squares."
    ),
    lambda x: _gram(x / x.sum(axis=1)[:, None]): (
        "now each row sums to 1, but its length is not 1. Divide by the root of the summed squares."
    ),
    lambda x: _gram(x / _length(x)): "this is one length for all of x. Each row has its own: give an axis.",
    _by_diagonal: "this divides each column by a squared length. Divide every row of x by its length.",
    _correlations: (
        "corrcoef first subtracts the mean of each row. The cosine does not: only divide by the lengths."
    ),
    lambda x: abs(_all_cosines(x)): "the signs are lost. Opposite rows have the cosine -1: leave out abs.",
    lambda x: 1 - _all_cosines(x): "these are distances, 1 minus the cosine. Return the cosines themselves.",
}


def _without(similarity: NDArray, i: int, value: float) -> NDArray:
    """Row i, with `value` at place i."""
    return np.where(np.arange(len(similarity)) == i, value, similarity[i])


def _nearest(similarity: NDArray, i: int) -> int:
    return int(np.argmax(_without(similarity, i, -np.inf)))


def _scores(rng: np.random.Generator) -> tuple:
    """2 to 12 tokens. The diagonal is not always the largest; only its number may come twice in a row.

    All scores are negative, all positive, or mixed; half of the maps are mirror images of themselves.
    """
    n = int(rng.integers(2, rng.choice([8, 13])))
    scores = rng.permutation(n * n).reshape(n, n) - rng.choice([0, n * n // 2, n * n])
    scores = np.maximum(scores, scores.T) if rng.random() < 0.5 else scores
    i = int(rng.integers(n))
    if rng.random() < 0.3:  # as for a token that comes twice
        scores[i, i] = np.delete(scores[i], i).max()
    size = rng.choice([0.001, 0.1, 1.0, 5e6])
    return scores * size, i


_MIXED = np.array(
    [[1.0, 0.2, 0.9, -0.4], [0.2, 1.0, 0.1, 0.8], [0.9, 0.1, 1.0, -0.95], [-0.4, 0.8, -0.95, 1.0]]
)
_NEGATIVE = np.array([[1.0, -0.5, -0.9], [-0.5, 1.0, -0.2], [-0.9, -0.2, 1.0]])
_SIMILARITIES = [(_MIXED, 0), (_MIXED, 1), (_MIXED, 2), (_MIXED, 3), (_NEGATIVE, 0), (_NEGATIVE, 2)]
_SIMILARITIES += [
    (np.array([[1.0, 3.0], [3.0, 10.0]]), 0),  # a long neighbour
    (np.array([[2.0, -3.0], [-3.0, 5.0]]), 0),
    (np.array([[1.0, 5.0, 2.0], [0.0, 1.0, 3.0], [7.0, 4.0, 1.0]]), 0),  # not its own mirror image
    (np.array([[1.0, 1.0, 0.2], [1.0, 1.0, 0.2], [0.2, 0.2, 1.0]]), 0),  # tokens 0 and 1 are the same
    (np.array([[1.0, 0.931, 0.934], [0.931, 1.0, 0.4], [0.934, 0.4, 1.0]]), 0),  # close scores
    (np.array([[3e6, -4e6], [-4e6, 5e6]]), 0),
]


def _over_all_rows(s: NDArray, i: int) -> int:
    return int(np.argmax(np.where(np.eye(len(s)) == 1, -np.inf, s))) % len(s)


_WRONG_NEAREST = {
    lambda s, i: np.argmax(np.where(s[i] == s[i, i], -np.inf, s[i])): (
        "this leaves out every score that equals the one of token i. Leave out only place i."
    ),
    lambda s, i: s[i].tolist().index(max(np.delete(s[i], i))): (
        "the score of token i can be as large, and index gives the first place. Put -np.inf at place i."
    ),
    lambda s, i: np.argmax(s[i]): (
        "this can be token i itself. Put -np.inf in its place, in a copy of the row."
    ),
    lambda s, i: np.argsort(s[i])[-2]: (
        "this leaves out the largest score, and that need not be the one of token i. Put -np.inf at place i."
    ),
    lambda s, i: _without(s, i, -np.inf).max(): "this is the score. Return the number of the token: argmax.",
    lambda s, i: np.argmin(s[i]): "this is the least similar token. Use argmax.",
    lambda s, i: np.argmax(np.delete(s[i], i)): (
        "without place i (np.delete, pop) all places behind it move by one. Put -np.inf at place i instead."
    ),
    lambda s, i: np.argmax(_without(s, i, 0.0)): "0 wins when all others are negative. Use -np.inf.",
    lambda s, i: np.argmax(_without(s, i, -1.0)): (
        "-1 wins when all others are smaller. Only cosines stop at -1: use -np.inf."
    ),
    lambda s, i: np.argmax(_without(s, i, s[i].min())): (
        "the smallest score of the row can be the only other one, and then it is a tie. Use -np.inf."
    ),
    lambda s, i: np.argmax(_without(abs(s), i, -np.inf)): (
        "a very negative score means opposite. Leave out abs."
    ),
    lambda s, i: np.argmax(_without(s.T, i, -np.inf)): (
        "this reads column i. The map need not be its own mirror image: take row i, similarity[i]."
    ),
    _over_all_rows: "this searches the whole map. Search only row i.",
    lambda s, i: np.argsort(s[i]): "this is the order of all tokens. Return one number: argmax.",
    lambda s, i: _without(s, i, -np.inf): (
        "this is the row without token i. Return the place of its largest score."
    ),
}
