"""Exercises of notebook 03: softmax and temperature."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import softmax
from .verdict import judge


def check_stable_softmax(attempt: Callable) -> Callable:
    """`stable_softmax(scores)`: the softmax of one row, also of very large scores."""
    return judge("a softmax that does not overflow", attempt, softmax, _SCORES, _WRONG_SOFTMAX)


def check_entropy(attempt: Callable) -> Callable:
    """`entropy(p)`: the spread of every row of shares, in bits."""
    return judge("entropy in bits", attempt, _entropy, _SHARES, _WRONG_ENTROPY)


def check_temperature_for_odds(attempt: Callable) -> Callable:
    """`temperature_for_odds(high, low, odds)`: where `high` gets `odds` times the share of `low`."""
    return judge("the temperature for given odds", attempt, _temperature_for_odds, _ODDS, _WRONG_TEMPERATURE)


def _shares(positive: NDArray) -> NDArray:
    return positive / positive.sum()


_SCORES = [
    (np.array([1.0, 2.0, 4.0]),),
    (np.array([0.5, 0.5, -0.5, -2.0]),),
    (np.array([1000.0, 1001.0, 1003.0]),),
    (np.array([-1000.0, -1001.0]),),
    (np.array([900.0, 0.0, -900.0]),),
]

_WRONG_SOFTMAX = {
    lambda s: _shares(np.exp(s)): (
        "right for small scores, but exp(1000) overflows to inf. Subtract the largest score first."
    ),
    lambda s: np.exp(s - s.max()): "nothing overflows, but the sum is not 1. Divide by the sum.",
    lambda s: np.exp(s): "these are positive, but their sum is not 1, and exp(1000) overflows.",
    lambda s: _shares(s): "the exponential is missing: a negative score gets a negative share.",
    lambda s: np.exp(s) / s.sum(): "divide by the sum of the exponentials, not of the scores.",
    lambda s: np.exp(s - s.max()) / np.exp(s).sum(): (
        "the largest score is subtracted above the line only. Use the same exponentials below it."
    ),
    lambda s: _shares(np.exp(s - s.min())): "this subtracts the smallest score. Subtract the largest.",
    lambda s: _shares(np.exp(s - s.mean())): "900 above the mean overflows. Subtract the largest score.",
    lambda s: _shares(np.exp(s / s.max())): "dividing changes the differences. Subtract the largest score.",
    lambda s: softmax(-s): "the smallest score has the largest share. Write s - s.max(), not s.max() - s.",
}


def _filled(p: NDArray) -> NDArray:
    """p, with 1 in place of 0: the logarithm of 1 is 0."""
    return np.where(p > 0, p, 1)


def _bits(p: NDArray) -> NDArray:
    """What each share adds to the entropy."""
    return -p * np.log2(_filled(p))


def _entropy(p: NDArray) -> NDArray:
    return _bits(p).sum(axis=-1)


_SHARES = [
    (np.array([0.5, 0.25, 0.25]),),
    (np.full(8, 1 / 8),),
    (np.array([0.9, 0.1, 0.0]),),
    (np.array([[0.5, 0.5, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]]),),
]

_WRONG_ENTROPY = {
    lambda p: (-p * np.log2(p)).sum(axis=-1): (
        "right as long as no share is 0. log2(0) is -inf, and 0 × -inf is nan: use np.where(p > 0, p, 1)."
    ),
    lambda p: _entropy(p) * np.log(2): "np.log is the natural logarithm. Bits need np.log2.",
    lambda p: _entropy(p) * np.log10(2): "np.log10 is the logarithm to base 10. Bits need np.log2.",
    lambda p: -_entropy(p): "an entropy is never negative: the minus is missing.",
    lambda p: _bits(p): "this is one number for each share. Add them up.",
    lambda p: -np.log2(_filled(p)).sum(axis=-1): "each log2(p) must be multiplied by its share p.",
    lambda p: _bits(p).mean(axis=-1): "this is the mean. Add up: sum in place of mean.",
    lambda p: _bits(p).sum(): "right for one row. Of a matrix, each row has its own entropy: axis=-1.",
    lambda p: _bits(p).sum(axis=0): "this adds up along the first axis. A row runs along the last: axis=-1.",
    lambda p: 2 ** _entropy(p): "this is 2 to the power of the entropy. Leave the power out.",
}


def _temperature_for_odds(high: float, low: float, odds: float) -> float:
    return (high - low) / np.log(odds)


_ODDS = [(3.0, 1.0, 4.0), (5.0, 2.0, 10.0), (0.5, -1.5, 100.0), (10.0, 9.0, 1.5)]

_WRONG_TEMPERATURE = {
    lambda high, low, odds: np.log(odds) / (high - low): "this is 1/T. Turn the fraction over.",
    lambda high, low, odds: np.log(odds) * (high - low): "log(odds) is difference / T. Solve it for T.",
    lambda high, low, odds: (high - low) / odds: "the odds are exp(difference / T). Take their logarithm.",
    lambda high, low, odds: (high - low) / np.log2(odds): "softmax uses e, not 2: the logarithm is np.log.",
    lambda high, low, odds: (high - low) / np.log10(odds): "softmax uses e, not 10: the logarithm is np.log.",
    lambda high, low, odds: (high - low) / np.exp(odds): "what undoes exp is the logarithm: np.log(odds).",
    lambda high, low, odds: high / low / np.log(odds): "not the ratio of the scores counts. Use high - low.",
    lambda high, low, odds: (low - high) / np.log(odds): "a temperature is above 0. Use high - low.",
    lambda high, low, odds: np.exp(high - low): "these are the odds at T = 1. Solve for T.",
}
