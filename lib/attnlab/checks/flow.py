"""Exercises of notebook 09: softmax backwards, a gradient through a stack, clipping."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..attention import softmax
from .verdict import judge


def check_softmax_backward(attempt: Callable) -> Callable:
    """`softmax_backward(w, dw)`: from the gradient at the weights of one row to that at its scores."""
    return judge("softmax, backwards", attempt, _softmax_backward, _ROWS, _WRONG_ROW)


def check_input_gradient(attempt: Callable) -> Callable:
    """`input_gradient(matrices, g, residual)`: the gradient at the input of a stack of matrices."""
    return judge("the gradient at the input", attempt, _input_gradient, _STACKS, _WRONG_STACK)


def check_clip_gradients(attempt: Callable) -> Callable:
    """`clip_gradients(gradients, most)`: the same gradients, together no longer than `most`."""
    return judge("clipping by the common norm", attempt, _clip_gradients, _LISTS, _WRONG_CLIP)


_rng = np.random.default_rng(9)


# Exercise 1: softmax, backwards

_ROWS = [
    (np.array([0.7, 0.2, 0.1]), np.array([1.0, 0.0, -1.0])),
    (np.array([0.25, 0.25, 0.25, 0.25]), np.array([2.0, 0.0, 0.0, 1.0])),
    (softmax(_rng.normal(size=6)), _rng.normal(size=6)),
    (np.array([0.0, 1.0]), np.array([3.0, -2.0])),
]


def _softmax_backward(w: NDArray, dw: NDArray) -> NDArray:
    return w * (dw - (w * dw).sum())


_WRONG_ROW = {
    lambda w, dw: w * dw: (
        "this holds the others still. Raising one score lowers all other weights: subtract the mean, "
        "(w * dw).sum()."
    ),
    lambda w, dw: w * (1 - w) * dw: (
        "this is each score's effect on its own weight alone. It moves all the other weights, too."
    ),
    lambda w, dw: w * (dw - dw.mean()): (
        "the mean must count each entry with its weight: (w * dw).sum(), not dw.mean()."
    ),
    lambda w, dw: w * (dw - dw.sum()): "the sum of dw is not its weighted mean: (w * dw).sum().",
    lambda w, dw: dw - (w * dw).sum(): "right inside the brackets; the factor w before them is missing.",
    lambda w, dw: w * dw - (w * dw).sum(): (
        "w must multiply the difference: w * (dw - mean). Mind the brackets."
    ),
    lambda w, dw: w * ((w * dw).sum() - dw): (
        "the sign: a score whose weight is worth more than the mean has a gradient above 0."
    ),
    lambda w, dw: w * (dw + (w * dw).sum()): "the mean is subtracted, not added.",
    lambda w, dw: _softmax_backward(softmax(w), dw): "w holds the weights already: no softmax here.",
    lambda w, dw: w * (dw - (softmax(w) * dw).sum()): (
        "w holds the weights already: no softmax inside the mean."
    ),
    lambda w, dw: (
        w * (1 - w)
    ): "this is the slope of each weight. The gradient that comes in, dw, is not used.",
    lambda w, dw: np.diag(w) - np.outer(w, w): (
        "this is the table of all slopes, [n, n]. Multiply it with dw to get one number for each score."
    ),
    lambda w, dw: softmax(dw) - w: "no softmax is needed: only products, one sum, one difference.",
    lambda w, dw: (w * (dw - (w * dw).sum())).sum(): "one number for each score, not their sum (it is 0).",
}


# Exercise 2: a gradient through a stack

_STACKS = [
    ([np.array([[1.0, 2.0], [0.0, 1.0]])], np.array([[1.0, 0.0]]), False),
    ([np.array([[1.0, 2.0], [0.0, 1.0]])], np.array([[1.0, 3.0]]), True),
    ([_rng.normal(size=(3, 3)) for _ in range(2)], _rng.normal(size=(4, 3)), False),
    ([_rng.normal(size=(3, 3)) for _ in range(2)], _rng.normal(size=(4, 3)), True),
    ([_rng.normal(size=(3, 3)) for _ in range(4)], _rng.normal(size=(2, 3)), True),
]
Matrices = Sequence[NDArray]


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
    _walk(lambda g, w, residual, first: residual * g + g @ w): (
        "forwards it is x @ W; backwards the matrix is turned: g @ W.T."
    ),
    _walk(_through, order=list): (
        "the order: the last matrix is the first one that the gradient meets. Use reversed(matrices)."
    ),
    _walk(lambda g, w, residual, first: residual * g + g @ w, order=list): (
        "this goes forwards. Backwards the last matrix comes first, and each is turned: g @ W.T."
    ),
    _walk(lambda g, w, residual, first: g @ w.T): (
        "right without a residual. With one, g comes back on two ways: g itself plus g @ W.T."
    ),
    _walk(lambda g, w, residual, first: g + g @ w.T): (
        "right with a residual. With residual = False only g @ W.T comes back."
    ),
    _walk(lambda g, w, residual, first: (not residual) * g + g @ w.T): (
        "residual is used the wrong way round: g itself is added when it is True."
    ),
    _walk(lambda g, w, residual, first: residual * first + g @ w.T): (
        "each layer adds the g that has arrived there, not the g of the output."
    ),
    lambda matrices, g, residual: residual * g + _input_gradient(matrices, g, False): (
        "this is one residual around the whole stack. Every layer has its own."
    ),
    _walk(lambda g, w, residual, first: (g + g @ w.T) / 2 if residual else g @ w.T): (
        "the two ways are added, not averaged."
    ),
    _walk(lambda g, w, residual, first: g if residual else g @ w.T): (
        "with a residual the way through the matrix counts as well: g + g @ W.T."
    ),
    _walk(lambda g, w, residual, first: residual * g + g @ np.linalg.inv(w)): (
        "the gradient goes back through W.T, not through the inverse."
    ),
    lambda matrices, g, residual: _input_gradient(matrices[-1:], g, residual): (
        "this goes through the last matrix only. Is the `return` inside the loop?"
    ),
    lambda matrices, g, residual: _input_gradient(matrices[1:], g, residual): (
        "the first matrix of the stack is left out."
    ),
    _all_gradients: "this is the list of the gradients of all layers. Return the last one, at the input.",
}


# Exercise 3: clipping

_LISTS = [
    ([np.array([3.0]), np.array([4.0])], 1.0),
    ([np.array([0.3]), np.array([0.4])], 1.0),
    ([_rng.normal(size=(2, 3)), _rng.normal(size=3)], 0.5),
    ([np.array([[6.0, 0.0], [0.0, 0.0]]), np.array([0.1]), np.array([0.0, 8.0])], 2.0),
    ([np.array([2.0, -2.0]), np.array([1.0])], 3.0),
    ([np.zeros(2), np.zeros((1, 2))], 1.0),
]


def _norm(gradients: Matrices) -> float:
    return np.sqrt(sum((each**2).sum() for each in gradients))


def _times(factor: Callable[[Matrices, float], float]) -> Callable:
    """All gradients times one factor."""
    return lambda gradients, most: [each * factor(gradients, most) for each in gradients]


def _factor(norm: float, most: float) -> float:
    return most / norm if norm > most else 1.0


_clip_gradients = _times(lambda gradients, most: _factor(_norm(gradients), most))


_WRONG_CLIP = {
    lambda gradients, most: [each * _factor(_norm([each]), most) for each in gradients]: (
        "each gradient has its own norm here, so the direction changes. Take one norm of all together."
    ),
    lambda gradients, most: [np.clip(each, -most, most) for each in gradients]: (
        "this clips every number for itself, so the direction changes. Scale all by one factor."
    ),
    _times(lambda gradients, most: most / _norm(gradients)): (
        "this makes short gradients longer, and fails for norm 0. The factor is at most 1."
    ),
    _times(lambda gradients, most: _factor(_norm(gradients), most) / most): (
        "too long ones get the norm 1, and the others change, too. They should get the norm `most`."
    ),
    _times(lambda gradients, most: 1 / _norm(gradients) if _norm(gradients) > most else 1.0): (
        "this gives long gradients the norm 1. It should be `most`: most / norm."
    ),
    _times(lambda gradients, most: _factor(_norm(gradients) ** 2, most)): (
        "this is the sum of the squares. The norm is its root."
    ),
    _times(lambda gradients, most: _factor(sum(_norm([each]) for each in gradients), most)): (
        "norms do not add up. Sum the squares of all numbers, then take one root."
    ),
    _times(lambda gradients, most: _factor(max(_norm([each]) for each in gradients), most)): (
        "this looks at the longest one only. Take the norm of all numbers together."
    ),
    _times(lambda gradients, most: _factor(max(abs(each).max() for each in gradients), most)): (
        "this looks at the largest number only. Take the norm of all numbers together."
    ),
    _times(lambda gradients, most: _factor(_norm(gradients) / np.sqrt(_size(gradients)), most)): (
        "this is the root of the mean square. Sum the squares, do not average them."
    ),
    _times(lambda gradients, most: min(1.0, most)): "the norm is not used: the factor is most / norm.",
    _times(lambda gradients, most: 1.0 / _factor(_norm(gradients), most)): (
        "this makes long gradients longer: most / norm, not norm / most."
    ),
    _times(lambda gradients, most: float(_norm(gradients) <= most)): (
        "this throws long gradients away. Make them shorter, and keep their direction."
    ),
    lambda gradients, most: np.concatenate([each.ravel() for each in _clip_gradients(gradients, most)]): (
        "return a list of arrays with the shapes that came in, not one long array."
    ),
    lambda gradients, most: _factor(_norm(gradients), most): (
        "this is the factor. Return the list of gradients, each times this factor."
    ),
    _times(lambda gradients, most: 1.0): "nothing is clipped: compare the common norm with `most`.",
}


def _size(gradients: Matrices) -> int:
    return sum(each.size for each in gradients)
