"""The first exercise of notebook 11: a layer norm."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .verdict import judge


def check_layer_norm(attempt: Callable) -> Callable:
    """`layer_norm(x, gain, shift)`: every token at mean 0 and variance 1, then times gain, plus shift."""
    return judge("the layer norm", attempt, _layer_norm, _STREAMS, _WRONG_NORM, _stream)


_ONES, _ZEROS = np.ones(4), np.zeros(4)
_STREAMS = [
    (np.array([[1.0, 3.0, 5.0, 7.0]]), _ONES, _ZEROS),
    (np.array([[1, 3, 5, 7]]), _ONES, _ZEROS),
    (np.array([[4, 0], [2, 3]]), np.array([1, 2]), np.array([0, 1])),
    (np.array([[1.0, 3.0, 5.0, 7.0]]), np.array([1.0, 2.0, 0.5, -1.0]), np.array([0.0, 1.0, -1.0, 0.5])),
    (np.array([[0.0, 2.0], [5.0, 1.0], [-3.0, 3.0]]), np.array([1.0, 2.0]), np.array([0.5, 0.0])),
    (np.array([[2.0, 2.0, 2.0], [0.0, 0.01, 0.0]]), np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.5, 0.0])),
    (np.array([[0.0, 4.0, 2.0], [1.0, 0.0, 8.0], [3.0, 3.0, 6.0]]), np.arange(1.0, 4.0), np.arange(3.0)),
]
SMALL = 1e-5


def _stream(rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray]:
    """Some tokens of some width, not centred, sometimes huge, tiny or whole, sometimes a constant one."""
    tokens, width = rng.integers(1, 6), rng.integers(2, 7)
    x = np.round(rng.normal(rng.integers(-2, 3), 2, (tokens, width)), 1)
    x *= rng.choice([1e-5, 0.003, 0.1, 1.0, 1000.0])
    if rng.random() < 0.3:
        x[rng.integers(tokens)] = x[0, 0]
    gain, shift = np.round(rng.normal(size=(2, width)), 1)
    return (x.round().astype(int) if rng.random() < 0.2 else x), gain, shift


def _layer_norm(x: NDArray, gain: NDArray, shift: NDArray) -> NDArray:
    return _norm(x) * gain + shift


def _norm(x: NDArray, small: float = SMALL) -> NDArray:
    return _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + small)


def _centred(x: NDArray) -> NDArray:
    return x - x.mean(axis=-1, keepdims=True)


def _as_row(x: NDArray, numbers: NDArray) -> NDArray:
    """The numbers by the token and not by the column, where that is possible."""
    return numbers[: len(x), None] if len(x) <= len(numbers) else np.resize(numbers, (len(x), 1))


def _with_small(small: float) -> Callable:
    """Right but for the small number."""
    return lambda x, gain, shift: _norm(x, small) * gain + shift


def _beside_the_root(small: float) -> Callable:
    """Another small number, added to the root."""
    return lambda x, gain, shift: _centred(x) / (x.std(axis=-1, keepdims=True) + small) * gain + shift


def _in_place(x: NDArray, gain: NDArray, shift: NDArray) -> NDArray:
    """Subtract the mean with -=, which whole numbers refuse."""
    centred = x.copy()
    centred -= x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) * gain + shift


def _in_zeros_like(x: NDArray, numbers: NDArray) -> NDArray:
    """What np.zeros_like(x) holds after the numbers are filled in."""
    filled = np.zeros_like(x)
    filled[:] = numbers
    return filled


_OTHERS = ("1e-3", "1e-4", "1e-6", "1e-7", "1e-8", "1e-9", "1e-10", "1e-12")  # not the small number

_WRONG_NORM = {
    lambda x, gain, shift: _centred(x) / x.std(axis=-1, keepdims=True) * gain + shift: (
        "the small number is missing. A token whose numbers are all alike has variance 0, so add 1e-5 under "
        "the root."
    ),
    lambda x, gain, shift: _centred(x) / (x.std(axis=-1, keepdims=True) + SMALL) * gain + shift: (
        "nearly: 1e-5 belongs under the root, np.sqrt(variance + 1e-5), not after it."
    ),
    lambda x, gain, shift: _centred(x) / (x.var(axis=-1, keepdims=True) + SMALL) * gain + shift: (
        "this divides by the variance. Divide by its square root."
    ),
    lambda x, gain, shift: (
        _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True, ddof=1) + SMALL) * gain + shift
    ): "this variance divides by n - 1. A norm uses the plain mean of the squares: x.var(axis=-1).",
    lambda x, gain, shift: (
        (x - x.mean(axis=-1)) / np.sqrt(x.var(axis=-1) + SMALL) * gain + shift
    ): "the mean and the variance lose their axis, so they no longer fit the rows. Add keepdims=True.",
    lambda x, gain, shift: (
        (x - x.mean(axis=-1)) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) * gain + shift
    ): "the mean loses its axis, so it no longer fits the rows. Add keepdims=True, as for the variance.",
    lambda x, gain, shift: _centred(x) / np.sqrt(x.var(axis=-1) + SMALL) * gain + shift: (
        "the variance loses its axis, so it no longer fits the rows. Add keepdims=True, as for the mean."
    ),
    **{_with_small(float(one)): f"the small number under the root is 1e-5, not {one}." for one in _OTHERS},
    **{
        _beside_the_root(float(one)): f"{one} is added after the root. Add 1e-5 to the variance, under it."
        for one in _OTHERS[:6]  # a smaller one is as good as none there
    },
    lambda x, gain, shift: (
        _centred(x) / np.where(x.std(axis=-1, keepdims=True) == 0, 1, x.std(axis=-1, keepdims=True)) * gain
        + shift
    ): "this avoids the division by 0 in a way of its own. The formula adds 1e-5 under the root.",
    lambda x, gain, shift: (
        _centred(x) / np.sqrt(x.std(axis=-1, keepdims=True) + SMALL) * gain + shift
    ): "x.std is a root already. Take the root of the variance, x.var, plus 1e-5.",
    lambda x, gain, shift: (
        _centred(x) / np.sqrt((_centred(x) ** 2).sum(axis=-1, keepdims=True) + SMALL) * gain + shift
    ): "this adds up the squared distances. The variance is their mean.",
    lambda x, gain, shift: _in_zeros_like(x, _layer_norm(x, gain, shift)): (
        "np.zeros_like(x) holds only whole numbers if x does, and cuts off the rest. Add dtype=float."
    ),
    lambda x, gain, shift: _in_zeros_like(x, _norm(x)) * gain + shift: (
        "np.zeros_like(x) cuts the fraction to whole numbers if x holds only these. Add dtype=float."
    ),
    _in_place: "-= keeps the type of x, and whole numbers cannot hold a fraction. Write x = x - the mean.",
    lambda x, gain, shift: (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + SMALL) * gain + shift: (
        "this works down the columns, over all tokens. A norm looks at each token alone: axis=-1."
    ),
    lambda x, gain, shift: (x - x.mean()) / np.sqrt(x.var() + SMALL) * gain + shift: (
        "this uses one mean for all tokens. Each token has its own: axis=-1, keepdims=True."
    ),
    lambda x, gain, shift: x / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) * gain + shift: (
        "the mean is still there. Subtract it first."
    ),
    lambda x, gain, shift: (
        x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + SMALL) * gain + shift
    ): "this is an RMS norm, which keeps the mean. A layer norm subtracts it first.",
    lambda x, gain, shift: _centred(x) * gain + shift: (
        "the mean is gone. Now divide by the square root of the variance + 1e-5."
    ),
    lambda x, gain, shift: _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL): (
        "gain and shift are missing: multiply by gain, then add shift."
    ),
    lambda x, gain, shift: _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) * gain: (
        "the shift is missing at the end."
    ),
    lambda x, gain, shift: _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) + shift: (
        "the gain is missing: multiply by it before you add the shift."
    ),
    lambda x, gain, shift: (
        (_centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) + shift) * gain
    ): "the order is wrong: first multiply by gain, then add shift.",
    lambda x, gain, shift: (
        _centred(x) / np.sqrt(x.var(axis=-1, keepdims=True) + SMALL) * _as_row(x, gain) + _as_row(x, shift)
    ): "gain and shift have one number for each column. They fit as they are, without reshaping: [d_model].",
    lambda x, gain, shift: _layer_norm(x, gain, shift) + x: (
        "x is added once more. The residual goes around the whole part, not into the norm."
    ),
    lambda x, gain, shift: (
        _centred(x) / np.linalg.norm(_centred(x), axis=-1, keepdims=True).clip(SMALL) * gain + shift
    ): "this gives every token a length of 1. Its variance should be 1: divide by np.sqrt(variance + 1e-5).",
}
