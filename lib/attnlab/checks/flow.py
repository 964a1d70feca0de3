"""Exercises of notebook 09: softmax backwards, a gradient through a stack, clipping."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..attention import softmax
from .verdict import judge


def check_softmax_backward(attempt: Callable) -> Callable:
    """`softmax_backward(w, dw)`: from the gradient at the weights of one row to that at its scores."""
    return judge("softmax, backwards", attempt, _softmax_backward, _ROWS, _WRONG_ROW, _row)


def check_input_gradient(attempt: Callable) -> Callable:
    """`input_gradient(matrices, g, residual)`: the gradient at the input of a stack of matrices."""
    return judge("the gradient at the input", attempt, _input_gradient, _STACKS, _WRONG_STACK, _stack)


def check_clip_gradients(attempt: Callable) -> Callable:
    """`clip_gradients(gradients, most)`: the same gradients, together no longer than `most`."""
    return judge("clipping by the common norm", attempt, _clip_gradients, _LISTS, _WRONG_CLIP, _list)


# Exercise 1: softmax, backwards

_ROWS = [
    (np.array([0.7, 0.2, 0.1]), np.array([1.0, 0.0, -1.0])),
    (np.array([0.7, 0.2, 0.1]), np.array([1, 0, -1])),
    (np.array([0.25, 0.25, 0.25, 0.25]), np.array([2.0, 0.0, 0.0, 1.0])),
    (np.array([0.5, 0.5]), np.array([3.0, 1.0])),
    (np.array([0.0, 1.0]), np.array([3.0, -2.0])),
    (np.array([0.5, 0.5]), np.array([10.0, -10.0])),
    (np.array([0.9995, 0.0005]), np.array([0.0, 1.0])),
]


def _row(rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """1 to 9 weights, 0 and 1 among them, equal and tiny ones too; slopes of both signs or of one."""
    n, parts = rng.integers(1, 10), rng.choice([16, 2000])
    w = rng.multinomial(parts, rng.dirichlet(np.ones(n))) / parts
    dw = rng.integers(-8, 9, size=n) * rng.choice([0.5, 0.5, 5.0, 0.001])
    return w, abs(dw) if rng.random() < 0.2 else dw


def _softmax_backward(w: NDArray, dw: NDArray) -> NDArray:
    return w * (dw - (w * dw).sum())


def _less_the_mean(w: NDArray, dw: NDArray) -> NDArray:
    """In place, on a copy: whole numbers cannot hold the difference."""
    down = dw.copy()
    down -= (w * dw).sum()
    return w * down


_WRONG_ROW = {
    lambda w, dw: _softmax_backward(w, dw).astype(dw.dtype): (
        "np.zeros_like of whole numbers holds whole numbers, so fractions are cut off. Use np.zeros_like(w)."
    ),
    _less_the_mean: (
        "dw may hold whole numbers, and -= cannot put fractions there. Make a new array: dw - (w * dw).sum()."
    ),
    lambda w, dw: w * dw: (
        "this ignores the other weights. Raising one score lowers all the others: subtract the mean, "
        "(w * dw).sum()."
    ),
    lambda w, dw: w * (1 - w) * dw: (
        "this is only the effect of a score on its own weight. For the others, subtract the weighted mean "
        "of the row, (w * dw).sum(), and drop the factor 1 - w."
    ),
    lambda w, dw: w * (dw - dw.mean()): ("the mean must be weighted: (w * dw).sum(), not dw.mean()."),
    lambda w, dw: w * (dw - dw.sum()): "dw.sum() is not the weighted mean. Use (w * dw).sum().",
    lambda w, dw: dw - (w * dw).sum(): (
        "the difference is right, but the factor w in front of it is missing: w * (dw - mean)."
    ),
    lambda w, dw: w * (dw - (w * dw).mean()): (
        "this mean divides by n as well. The weights sum to 1, so the weighted mean is (w * dw).sum()."
    ),
    lambda w, dw: w * (dw - w.sum()): "dw is missing from the mean: (w * dw).sum().",
    lambda w, dw: w * dw - (w * dw).sum(): (
        "only dw is multiplied by w. Mind the brackets: w * (dw - mean)."
    ),
    lambda w, dw: w * ((w * dw).sum() - dw): (
        "the sign is wrong: a score whose dw is above the mean has a positive slope."
    ),
    lambda w, dw: w * (dw + (w * dw).sum()): "subtract the mean. Do not add it.",
    lambda w, dw: _softmax_backward(softmax(w), dw): "w already holds the weights. No softmax is needed.",
    lambda w, dw: w * (dw - (softmax(w) * dw).sum()): (
        "w already holds the weights. Take the mean with w, not with softmax(w)."
    ),
    lambda w, dw: w * (1 - w): (
        "this is the slope of each weight by its own score. The slopes that come in, dw, are not used."
    ),
    lambda w, dw: np.diag(w) - np.outer(w, w): (
        "this is the table of all slopes, [n, n]. Multiply it by dw to get one number for each score."
    ),
    lambda w, dw: softmax(dw) - w: "you need no softmax here, only products, one sum and one difference.",
    lambda w, dw: (
        w * (dw - (w * dw).sum())
    ).sum(): "return one number for each score, not their sum (it is 0).",
}


# Exercise 2: a gradient through a stack

_ONE, _OTHER = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[0.0, 1.0], [3.0, 1.0]])
_STACKS = [
    ([_ONE], np.array([[1.0, 0.0]]), False),
    ([_ONE], np.array([[1.0, 3.0]]), True),
    ([_ONE, _OTHER], np.array([[1.0, 0.0]]), False),
    ([_ONE, _OTHER], np.array([[1.0, 0.0]]), True),
    ([-np.eye(2)], np.array([[1.0, 2.0]]), True),
    ([_ONE, _OTHER, _ONE], np.array([[1.0, 0.0], [2.0, 1.0], [0.0, -1.0]]), True),
    ([_ONE], np.eye(2), False),
    ([_ONE], np.array([[0.0, 1.0], [1.0, 0.0]]), False),
    ([np.array([[0.5]])], np.array([[1000.0]]), False),
    ([np.array([[2.0]])] * 6, np.array([[1.0]]), False),
    ([np.zeros((2, 2))], np.array([[1.0, 2.0]]), True),
    ([_ONE], np.array([[1.0, 0.0]]), 1),
    ([_ONE], np.array([[1.0, 0.0]]), np.True_),
    ([np.array([[0.5]])], np.array([[1]]), False),
]
Matrices = Sequence[NDArray]


def _stack(rng: np.random.Generator) -> tuple[list[NDArray], NDArray, bool]:
    """1 to 8 layers of 1 to 5 columns, as many tokens or not; no matrix symmetric by rule; all sizes of g."""
    layers, (d, tokens) = rng.choice([1, 2, 3, 5, 8]), rng.integers(1, 6, size=2)
    matrices = [rng.integers(-4, 5, size=(d, d)) / 4.0 for _ in range(layers)]
    g = rng.integers(-5, 6, size=(tokens, d)) * rng.choice([0.5, 0.5, 1000.0, 0.0001])
    return matrices, np.eye(d) if rng.random() < 0.15 else g, bool(rng.integers(2))


def _input_gradient(matrices: Matrices, g: NDArray, residual: bool) -> NDArray:
    for matrix in reversed(matrices):
        back = g @ matrix.T
        g = g + back if residual else back
    return g


def _walk(step: Callable, order: Callable = reversed) -> Callable:
    """A way through the stack: `step(g, W, residual, first)` for one matrix, `first` the g at the output."""

    def input_gradient(matrices: Matrices, g: NDArray, residual: bool) -> NDArray:
        first = g
        for matrix in order(matrices):
            g = step(g, matrix, residual, first)
        return g

    return input_gradient


def _through(g: NDArray, matrix: NDArray, residual: bool, first: NDArray) -> NDArray:
    return residual * g + g @ matrix.T


def _all_gradients(matrices: Matrices, g: NDArray, residual: bool) -> list[NDArray]:
    return [g, *(_input_gradient(matrices[i:], g, residual) for i in reversed(range(len(matrices))))]


_WRONG_STACK = {
    _walk(lambda g, w, residual, first: _through(g, w, residual, first).astype(g.dtype)): (
        "np.zeros_like of whole numbers holds whole numbers, so fractions are cut off. No loop over the "
        "rows is needed: g @ W.T."
    ),
    _walk(lambda g, w, residual, first: _through(g, w, residual is True, first)): (
        "residual may also be 1 or NumPy's True. Write `if residual`, without `is True`."
    ),
    _walk(lambda g, w, residual, first: residual * g + g @ w): (
        "this is the way forwards, x @ W. Backwards, transpose the matrix: g @ W.T."
    ),
    _walk(_through, order=list): (
        "the order is wrong: the gradient meets the last matrix first. Use reversed(matrices)."
    ),
    _walk(lambda g, w, residual, first: residual * g + g @ w, order=list): (
        "this goes forwards. Start with the last matrix, and transpose each one: g @ W.T."
    ),
    _walk(lambda g, w, residual, first: g @ w.T): (
        "right without a residual. With one, g comes back on two paths: g itself, plus g @ W.T."
    ),
    _walk(lambda g, w, residual, first: g + g @ w.T): (
        "right with a residual. With residual=False, only g @ W.T comes back."
    ),
    _walk(lambda g, w, residual, first: (not residual) * g + g @ w.T): (
        "residual is used the wrong way round: add g itself when it is True."
    ),
    _walk(lambda g, w, residual, first: residual * first + g @ w.T): (
        "each layer adds the g that arrives there, not the g at the output."
    ),
    lambda matrices, g, residual: residual * g + _input_gradient(matrices, g, False): (
        "this is one residual around the whole stack. Every layer has its own."
    ),
    _walk(lambda g, w, residual, first: g @ (w + residual).T): (
        "this adds 1 to every number of W. Add g itself, or add the identity: W + np.eye(len(W))."
    ),
    _walk(lambda g, w, residual, first: (g + g @ w.T) / 2 if residual else g @ w.T): (
        "add the two paths. Do not average them."
    ),
    _walk(lambda g, w, residual, first: g if residual else g @ w.T): (
        "with a residual, the path through the matrix counts as well: g + g @ W.T."
    ),
    _walk(lambda g, w, residual, first: residual * g + w.T @ g): (
        "g is made of rows, so it stands on the left: g @ W.T."
    ),
    _walk(lambda g, w, residual, first: residual * g + g @ np.linalg.inv(w)): (
        "the gradient goes back through the transpose, W.T, not through the inverse."
    ),
    lambda matrices, g, residual: _input_gradient(matrices[-1:], g, residual): (
        "this goes through the last matrix only. Is the `return` inside the loop?"
    ),
    lambda matrices, g, residual: _input_gradient(matrices[1:], g, residual): (
        "the first matrix of the stack is left out."
    ),
    lambda matrices, g, residual: _input_gradient(matrices[:-1], g, residual): (
        "the last matrix of the stack is left out."
    ),
    _all_gradients: "this is a list of the gradients at all layers. Return only the last one, at the input.",
}


# Exercise 3: clipping

_LISTS = [
    ([np.array([3.0]), np.array([4.0])], 1.0),
    ([np.array([0.3]), np.array([0.4])], 1.0),
    ([np.array([3.0]), np.array([4.0])], 4.0),
    ([np.array([1.0, -2.0, 0.0]), np.array([[2.0]])], 0.5),
    ([np.array([[6.0, 0.0], [0.0, 0.0]]), np.array([0.1]), np.array([0.0, 8.0])], 2.0),
    ([np.array([2.0, -2.0]), np.array([1.0])], 3.0),
    ([np.zeros(2), np.zeros((1, 2))], 1.0),
    ([np.array([[[3.0, 4.0]]])], 1.0),
    ([np.array([2.0])] * 4 + [np.array([3.0])], 1.0),
    ([np.array([3.03]), np.array([4.04])], 5.0),
    ([np.array([0.03]), np.array([0.04])], 0.03),
]


def _list(rng: np.random.Generator) -> tuple[list[NDArray], float]:
    """1 to 8 arrays of one to three axes; a little and far below and above the bound; now and then all 0."""
    count = rng.choice([1, 2, 3, 4, 5, 8])
    shapes = [tuple(rng.integers(1, 4, size=rng.integers(1, 4))) for _ in range(count)]
    gradients = [rng.integers(-6, 7, size=shape) / 2.0 for shape in shapes]
    most = float(rng.choice([0.003, 0.03, 0.5, 2.0, 3.0, 8.0]))
    times = rng.choice([0.3, 0.6, 0.99, 1.003, 1.01, 1.3, 1.7, 4.0, 300.0])  # how long, in units of `most`
    length = _norm(gradients)
    return [each * (times * most / length) if length else each for each in gradients], most


def _norm(gradients: Matrices) -> float:
    return np.sqrt(sum((each**2).sum() for each in gradients))


def _times(factor: Callable[[Matrices, float], float]) -> Callable:
    """All gradients times one factor."""
    return lambda gradients, most: [each * factor(gradients, most) for each in gradients]


def _factor(norm: float, most: float) -> float:
    return most / norm if norm > most else 1.0


_clip_gradients = _times(lambda gradients, most: _factor(_norm(gradients), most))


_WRONG_CLIP = {
    _times(lambda gradients, most: min(1.0, most / (_norm(gradients) + 1e-6))): (
        "1e-6 is added to the length, as PyTorch does. Without it the length is right, and you divide only "
        "where the length is above `most`, so never by 0."
    ),
    _times(lambda gradients, most: _factor(_norm(gradients) ** 2, most**2)): (
        "the squares of both lengths are in your factor. Take the root: the factor is most / length."
    ),
    _times(lambda gradients, most: _factor(sum(abs(each).sum() for each in gradients), most)): (
        "this adds up the sizes of all numbers. The length is the root of the sum of their squares."
    ),
    lambda gradients, most: [np.minimum(each, most) for each in gradients]: (
        "np.minimum cuts off large numbers one by one, so the direction changes. Multiply all by one factor."
    ),
    _times(lambda gradients, most: most): (
        "you multiply by `most`. The factor is most / length, and 1 where the length is at most `most`."
    ),
    _times(lambda gradients, most: most if _norm(gradients) > most else 1.0): (
        "long gradients are multiplied by `most`. Divide by their length, too: most / length."
    ),
    lambda gradients, most: [each * _factor(_norm([each]), most) for each in gradients]: (
        "each array is clipped by its own length, so the direction changes. Use one length for all together."
    ),
    lambda gradients, most: [np.clip(each, -most, most) for each in gradients]: (
        "this clips every number by itself, so the direction changes. Multiply all by one factor."
    ),
    _times(lambda gradients, most: most / _norm(gradients)): (
        "this makes short gradients longer, and divides by 0 when all are 0. The factor is at most 1."
    ),
    _times(lambda gradients, most: _factor(_norm(gradients), most) / most): (
        "you divide by `most` once more. Long gradients get the length `most`; short ones stay as they are."
    ),
    _times(lambda gradients, most: 1 / _norm(gradients) if _norm(gradients) > most else 1.0): (
        "this gives long gradients the length 1. It should be `most`: multiply by most / length."
    ),
    _times(lambda gradients, most: _factor(_norm(gradients) ** 2, most)): (
        "this uses the sum of the squares. The length is its square root."
    ),
    _times(lambda gradients, most: most / _norm(gradients) if _norm(gradients) ** 2 > most else 1.0): (
        "you compare the sum of the squares with `most`. Compare the length, its square root."
    ),
    _times(lambda gradients, most: most / _norm(gradients) if _norm(gradients) > 1 else 1.0): (
        "you compare the length with 1. Compare it with `most`."
    ),
    _times(lambda gradients, most: _factor(sum(_norm([each]) for each in gradients), most)): (
        "you cannot add lengths. Sum the squares of all numbers, then take one square root."
    ),
    _times(lambda gradients, most: _factor(max(_norm([each]) for each in gradients), most)): (
        "this uses only the longest array. Take the length of all numbers together."
    ),
    _times(lambda gradients, most: _factor(max(abs(each).max() for each in gradients), most)): (
        "this uses only the largest number. Take the length of all numbers together."
    ),
    _times(lambda gradients, most: _factor(_norm(gradients) / np.sqrt(_size(gradients)), most)): (
        "this is the root of the mean square. Sum the squares; do not average them."
    ),
    _times(lambda gradients, most: min(1.0, most)): "the length is missing: the factor is most / length.",
    _times(lambda gradients, most: 1.0 / _factor(_norm(gradients), most)): (
        "this makes long gradients longer. The factor is most / length, not length / most."
    ),
    _times(lambda gradients, most: float(_norm(gradients) <= most)): (
        "this throws long gradients away. Shorten them, and keep their direction."
    ),
    lambda gradients, most: np.concatenate([each.ravel() for each in _clip_gradients(gradients, most)]): (
        "return a list of arrays with the shapes they came in, not one long array."
    ),
    lambda gradients, most: _factor(_norm(gradients), most): (
        "this is the factor. Return the list of gradients, each multiplied by it."
    ),
    _times(lambda gradients, most: 1.0): (
        "the gradients come back as they were. Is their common length compared with `most`? And in a loop, "
        "g = g * factor only gives g a new value: build a new list, [g * factor for g in gradients]."
    ),
}


def _size(gradients: Matrices) -> int:
    return sum(each.size for each in gradients)
