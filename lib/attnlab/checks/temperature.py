"""Exercises of notebook 03: softmax and temperature."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import softmax
from .verdict import judge


def check_stable_softmax(attempt: Callable) -> Callable:
    """`stable_softmax(scores)`: the softmax of one row, also of very large scores."""
    return judge("a softmax that does not overflow", attempt, softmax, _SCORES, _WRONG_SOFTMAX, _row)


def check_entropy(attempt: Callable) -> Callable:
    """`entropy(p)`: the spread of every row of shares, in bits."""
    return judge("entropy in bits", attempt, _entropy, _SHARES, _WRONG_ENTROPY, _rows_of_shares)


def check_temperature_for_odds(attempt: Callable) -> Callable:
    """`temperature_for_odds(high, low, odds)`: where `high` gets `odds` times the share of `low`."""
    title = "the temperature for given odds"
    return judge(title, attempt, _temperature_for_odds, _ODDS, _WRONG_TEMPERATURE, _two_scores)


# Exercise 1: softmax


def _shares(positive: NDArray) -> NDArray:
    return positive / positive.sum()


_SCORES = [
    (np.array([1.0, 2.0, 4.0]),),
    (np.array([0.5, 0.5, -0.5, -2.0]),),
    (np.array([0.0, 1000.0]),),
    (np.array([1000.0]),),
    (np.array([-1000.0]),),
    (np.array([-1000.0, -1001.0]),),
    (np.array([1000.0, 1001.0, 1003.0]),),
    (np.array([900.0, 0.0, -900.0]),),
    (np.array([0.0, 0.0, 1000.0]),),
    (np.array([0.0, 1500.0, 1500.0]),),
    (np.array([20000.0, 0.0]),),
]


def _row(rng: np.random.Generator) -> tuple[NDArray]:
    """One row of scores: long or short, alike or far apart, around 0 or 1000 or -1000, also integers."""
    spread, middle = rng.choice([0, 1, 3, 1000]), rng.choice([-1000, 0, 0, 1000])
    length = rng.integers(1, rng.choice([8, 13]))
    scores = np.round(4 * spread * rng.normal(size=length)) / 4 + middle
    return (scores.astype(int) if rng.random() < 0.2 else scores,)


_WRONG_SOFTMAX = {
    lambda s: _shares(np.exp(s)): (
        "right for small scores, but exp(1000) overflows to inf. Subtract the largest score first."
    ),
    lambda s: np.exp(s - s.max()): "nothing overflows, but the sum is not 1. Divide by the sum.",
    lambda s: np.exp(s): "these are positive, but their sum is not 1, and exp(1000) overflows.",
    lambda s: _shares(s): "the exponential is missing, so a negative score gets a negative share.",
    lambda s: np.exp(s) / s.sum(): "divide by the sum of the exponentials, not by the sum of the scores.",
    lambda s: np.exp(s - s.max()) / np.exp(s).sum(): (
        "you subtract the largest score only above the fraction bar. Use the same exponentials below it."
    ),
    lambda s: _shares(np.exp(s - s.min())): "this subtracts the smallest score. Subtract the largest.",
    lambda s: _shares(np.exp(s - s.mean())): (
        "this subtracts the mean, and a score 900 above the mean overflows. Subtract the largest score."
    ),
    lambda s: _shares(np.exp(s - np.median(s))): (
        "this subtracts the median, and a score 1000 above it overflows. Subtract the largest score."
    ),
    lambda s: _shares(np.exp(s - (s.max() + s.min()) / 2)): (
        "this subtracts the middle between largest and smallest. Far above it exp overflows: subtract the "
        "largest score."
    ),
    lambda s: _shares(np.exp(s - s.sum())): (
        "this subtracts the sum of the scores: exp(-2000) is 0, and 0 / 0 is nan. Subtract the largest score."
    ),
    lambda s: _shares(np.exp(s - s[0])): (
        "this subtracts the first score, and a later one can be far larger. Subtract scores.max()."
    ),
    lambda s: _shares(np.exp(s - s[-1])): (
        "this subtracts the last score, which need not be the largest. Subtract scores.max() instead."
    ),
    lambda s: _shares(np.exp(s - np.abs(s).max())): (
        "the largest size is not the largest score: with -1000 and -1001 all exponentials become 0. "
        "Leave out the absolute value."
    ),
    lambda s: _shares(np.exp(s) - s.max()): (
        "you subtract after the exponential. Do it inside: np.exp(scores - scores.max())."
    ),
    lambda s: _shares(np.exp(np.minimum(s, 700))): (
        "a cap at 700 makes 1000, 1001 and 1003 equal. Subtract the largest score: the differences stay."
    ),
    lambda s: _shares(np.exp(s / s.max())): (
        "dividing by the largest score changes the differences. Subtract it instead."
    ),
    lambda s: _shares(2 ** (s - s.max())): "this is 2 to the power of each score. Softmax uses e: np.exp.",
    lambda s: np.log(softmax(s)): "these are the logarithms of the shares. Leave out np.log.",
    lambda s: _shares(np.exp(s.max() - s)): (
        "the smallest score gets the largest share. Use scores - scores.max(), not the other way round."
    ),
    lambda s: np.exp(s.max() - s): (
        "two things: it must be scores - scores.max(), not the other way round, and the sum must be 1."
    ),
    lambda s: softmax(-s): "the smallest score gets the largest share: the scores have the wrong sign.",
}


# Exercise 2: entropy


def _filled(p: NDArray) -> NDArray:
    """p, with 1 in place of 0: the logarithm of 1 is 0."""
    return np.where(p > 0, p, 1)


def _bits(p: NDArray) -> NDArray:
    """What each share adds to the entropy."""
    return -p * np.log2(_filled(p))


def _entropy(p: NDArray) -> NDArray:
    return _bits(p).sum(axis=-1)


_SHARES = [
    (np.array([0.5, 0.5]),),
    (np.array([0.5, 0.25, 0.25]),),
    (np.array([0.9, 0.1, 0.0]),),
    (np.array([[0.5, 0.5, 0.0], [0.2, 0.2, 0.6]]),),
    (np.array([[1.0, 0.0], [0.5, 0.5], [0.1, 0.9]]),),
    (np.full(8, 1 / 8),),
    (np.array([0.5, 0.495, 0.005]),),
    (np.array([0.5, 0.4998, 0.0002]),),
]


def _rows_of_shares(rng: np.random.Generator) -> tuple[NDArray]:
    """One row of shares or a few: zeros and equal shares in most, a share of 1 in some, but not in all.

    As from softmax, some shares are as small as 1e-6.
    """
    rows, n = rng.integers(1, 6), rng.integers(2, rng.choice([6, 13]))
    parts = rng.integers(4, size=(rows, n)) * rng.choice([0.5, 1.0, 1.7], size=(rows, n))
    if rng.random() < 0.3:
        parts = np.exp(-14 * rng.random((rows, n)))
    parts[:, rng.integers(n)] += 1  # no row is empty
    spread = rng.integers(rows)
    parts[spread, rng.permutation(n)[:2]] += 1
    p = parts / parts.sum(axis=1, keepdims=True)
    return (p[spread] if rng.random() < 0.4 else p,)


_WRONG_ENTROPY = {
    lambda p: (-p * np.log2(p)).sum(axis=-1): (
        "right as long as no share is 0. log2(0) is -inf, and 0 × -inf is nan: use np.where(p > 0, p, 1)."
    ),
    lambda p: (p * np.log2(p)).sum(axis=-1): (
        "two things: the minus is missing, and a share of 0 gives nan. Use np.where(p > 0, p, 1) inside log2."
    ),
    lambda p: (-p * np.log(p)).sum(axis=-1): (
        "two things: bits need np.log2, and a share of 0 gives nan. Use np.where(p > 0, p, 1) inside log2."
    ),
    lambda p: (-p * np.log2(p)).sum(): (
        "two things: each row needs a sum of its own, axis=-1, and a share of 0 gives nan."
    ),
    lambda p: _entropy(p) * np.log(2): "np.log is the natural logarithm. Bits need np.log2.",
    lambda p: _entropy(p) * np.log10(2): "np.log10 is the logarithm to base 10. Bits need np.log2.",
    lambda p: _entropy(p) / np.log2(p.shape[-1]): (
        "divided by log2(n), the largest entropy is always 1. Leave out the division: bits are the sum."
    ),
    lambda p: -_entropy(p): "an entropy is never negative: the minus is missing.",
    lambda p: _bits(p): "this is one number for each share. Add them up.",
    lambda p: -np.log2(_filled(p)).sum(axis=-1): "each log2(p) must be multiplied by its share p.",
    lambda p: _bits(p).mean(axis=-1): "this is the mean. Add up instead: sum, not mean.",
    lambda p: _bits(p).sum(): "right for one row. In a matrix each row has its own entropy: axis=-1.",
    lambda p: _bits(p).sum(axis=0): "this adds up along the first axis. A row runs along the last: axis=-1.",
    lambda p: _bits(p).sum(axis=1): "axis=1 exists only in a matrix. axis=-1 is the last axis of both.",
    lambda p: _bits(p).sum(axis=-1, keepdims=True): (
        "the sums are right, but they are kept in a column. Leave out keepdims."
    ),
    lambda p: 2 ** _entropy(p): "this is 2 to the power of the entropy. Leave out the power.",
}


# Exercise 3: the temperature for given odds


def _temperature_for_odds(high: float, low: float, odds: float) -> float:
    return (high - low) / np.log(odds)


_ODDS = [(3.0, 1.0, 4.0), (5.0, 2.0, 10.0), (0.5, -1.5, 100.0), (-1.0, -3.5, 2.0), (2.0, 0.0, 1.5)]
_ODDS += [(30.0, 5.0, 4.0)]


def _two_scores(rng: np.random.Generator) -> tuple[float, float, float]:
    """Two scores, also below 0, close or far apart, and odds just above 1 or large."""
    low = int(rng.integers(-20, 20)) / 4
    odds = float(rng.choice([1.1, 1.5, 2.0, 3.0, 7.5, 10.0, 99.5, 1000.0, 1e6]))
    return low + int(rng.integers(1, rng.choice([40, 400]))) / 4, low, odds


_WRONG_TEMPERATURE = {
    lambda high, low, odds: np.log(odds) / (high - low): "this is 1/T. Turn the fraction over.",
    lambda high, low, odds: np.log(odds) * (high - low): "log(odds) is difference / T. Solve that for T.",
    lambda high, low, odds: (high - low) / odds: "the odds are exp(difference / T). Take their logarithm.",
    lambda high, low, odds: (high - low) / np.log2(odds): "softmax uses e, not 2: the logarithm is np.log.",
    lambda high, low, odds: (high - low) / np.log10(odds): "softmax uses e, not 10: the logarithm is np.log.",
    lambda high, low, odds: (high - low) / np.exp(odds): "the logarithm undoes exp. Use np.log(odds).",
    lambda high, low, odds: high - low / np.log(odds): (
        "x - y / z divides only y. Put brackets around high - low."
    ),
    lambda high, low, odds: high / low / np.log(odds): (
        "the ratio of the scores does not matter, only their difference. Use high - low."
    ),
    lambda high, low, odds: (low - high) / np.log(odds): (
        "this temperature is below 0. Use high - low, not low - high."
    ),
    lambda high, low, odds: np.log(high - low) / np.log(odds): (
        "only the odds need a logarithm. The difference of the scores stays as it is."
    ),
    lambda high, low, odds: np.exp(high - low): "these are the odds at T = 1. Solve for T.",
    lambda high, low, odds: np.exp(high - low) / odds: (
        "these are the odds at T = 1, divided by those you want. T is inside the exponential: use np.log."
    ),
}
