"""The last exercise of notebook 13: the agreement of two rankings."""

from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from .verdict import judge


def check_rank_agreement(attempt: Callable) -> Callable:
    """`rank_agreement(one, other)`: Kendall's τ of two rankings of the same tokens, -1 to 1."""
    return judge(
        "the agreement of two rankings", attempt, _rank_agreement, _RANKINGS, _WRONG_RANKS, _rankings
    )


_RANKINGS = [
    (np.array([3.0, 1.0]), np.array([2.0, 5.0])),
    (np.array([1e-20, 2e-20]), np.array([1.0, 2.0])),
    (np.array([0.5, 0.3, 0.2]), np.array([3.0, 1.0, 2.0])),
    (np.array([1, 1, 2]), np.array([1, 2, 3])),
    (np.array([1, 1, 2]), np.array([2, 2, 1])),
    (np.array([1.0, 2.0, 3.0, 4.0]), np.array([8.0, 6.0, 4.0, 2.5])),
    (np.array([0.7, 0.1, 0.2, 0.0]), np.array([0.2, 0.9, 0.3, 0.1])),
    (np.array([0.1, 0.4, 0.4, 0.0, 0.1]), np.array([1.0, 5.0, 5.0, 2.0, 0.0])),
]


def _ranking(rng: np.random.Generator, n: int) -> NDArray:
    """Whole numbers with ties, or any numbers, large or small, of either sign."""
    if rng.random() < 0.5:
        return rng.integers(-2, 4, size=n)
    return rng.normal(size=n) * 10.0 ** rng.integers(-3, 4)


def _rankings(rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Two rankings of the same 2 to 8 tokens."""
    n = int(rng.integers(2, 9))
    return _ranking(rng, n), _ranking(rng, n)


def _signs(values: NDArray) -> NDArray:
    """Which of a pair is larger: 1, -1, or 0 for a tie, [token, token]."""
    return np.sign(values[:, None] - values[None, :])


def _ranks(values: NDArray) -> NDArray:
    return values.argsort().argsort()


def _mean_ranks(values: NDArray) -> NDArray:
    """Ranks in which tied tokens share the mean of theirs."""
    return (_signs(values) + 1).sum(axis=1) / 2


def _rough_signs(values: NDArray, most: float) -> NDArray:
    """The signs, and 0 for what is almost equal."""
    return _signs(values) * (np.abs(values[:, None] - values[None, :]) > most)


def _off(n: int) -> NDArray:
    """All pairs of different tokens: bool [token, token]."""
    return ~np.eye(n, dtype=bool)


def _rank_agreement(one: NDArray, other: NDArray) -> float:
    n = len(one)
    return (_signs(one) * _signs(other)).sum() / (n * (n - 1))


def _roughly(most: float) -> Callable:
    """Right but for pairs that are almost tied."""
    return lambda one, other: (
        (_rough_signs(one, most) * _rough_signs(other, most)).sum() / (len(one) * (len(one) - 1))
    )


def _by_pairs(pairs: Callable, agree: Callable) -> Callable:
    """A loop over pairs of tokens: 1 where `agree` says so of two pairs of numbers, else -1."""

    def mean(one: NDArray, other: NDArray) -> float:
        found = [agree(one[i], one[j], other[i], other[j]) for i, j in pairs(range(len(one)), 2)]
        return float(np.mean(np.where(found, 1, -1)))

    return mean


def _same_way(a: float, b: float, c: float, d: float) -> bool:
    return (a > b) == (c > d)


_WRONG_RANKS = {
    _by_pairs(combinations, _same_way): (
        "a tie counts 1 or -1 here: (a > b) == (c > d) knows no tie. Multiply the signs of a - b and c - d."
    ),
    _by_pairs(lambda items, size: combinations(reversed(items), size), _same_way): (
        "(a > b) == (c > d) is true or false for a tie, never 0. Multiply the signs of a - b and c - d."
    ),
    _by_pairs(permutations, _same_way): (
        "a pair that is tied in both rankings counts 1 here, since neither is larger. It must count 0."
    ),
    _by_pairs(combinations, lambda a, b, c, d: (a - b) * (c - d) > 0): (
        "a tie counts -1 here. Give it 0: one case for > 0, one for < 0, and nothing for a tie."
    ),
    _by_pairs(combinations, lambda a, b, c, d: (a - b) * (c - d) >= 0): (
        "a tie counts 1 here, as if both rankings agreed. It must count 0: use > in place of >=."
    ),
    lambda one, other: (
        (_signs(one) * _signs(other)).sum() / np.sqrt((_signs(one) ** 2).sum() * (_signs(other) ** 2).sum())
    ): "this is τ-b, as in scipy, which corrects for ties. Return τ-a: divide by the number of all pairs.",
    lambda one, other: (_signs(one) * _signs(other)).sum() / np.abs(_signs(one) * _signs(other)).sum(): (
        "this divides by the pairs without a tie (Goodman and Kruskal's γ). Divide by all pairs."
    ),
    lambda one, other: np.corrcoef(one, other)[0, 1]: (
        "this is the correlation of the values (Pearson). Here only the order counts: compare pairs."
    ),
    lambda one, other: np.corrcoef(_ranks(one), _ranks(other))[0, 1]: (
        "this is the correlation of the ranks (Spearman), a good measure too. Kendall's τ counts pairs."
    ),
    lambda one, other: np.corrcoef(_mean_ranks(one), _mean_ranks(other))[0, 1]: (
        "this is Spearman's correlation of ranks, a good measure too. Kendall's τ counts pairs."
    ),
    _roughly(1e-8): (
        "numbers that are almost equal count as a tie here. Only equal ones do: take the plain sign."
    ),
    _roughly(1e-3): "numbers less than 0.001 apart count as a tie here. Only equal ones do.",
    _roughly(1e-2): "numbers less than 0.01 apart count as a tie here. Only equal ones do.",
    lambda one, other: (_signs(one) * _signs(other)).sum() / 2: (
        "this is a sum over pairs. Divide it by their number, n (n - 1) / 2."
    ),
    lambda one, other: (_signs(one) * _signs(other)).sum() / 2 / len(one): (
        "this divides by the number of tokens. Divide by that of pairs: n (n - 1) / 2."
    ),
    lambda one, other: (_signs(one) * _signs(other)).sum() / len(one): (
        "this divides by the number of tokens. There are n (n - 1) cells off the diagonal."
    ),
    lambda one, other: (_signs(one) * _signs(other)).sum() / len(one) ** 2: (
        "n² also counts every token with itself, and that is no pair: there are n (n - 1)."
    ),
    lambda one, other: 2 * _rank_agreement(one, other): (
        "every pair is counted twice (i, j and j, i): divide by n (n - 1), or count each once."
    ),
    lambda one, other: _rank_agreement(one, other) / 2: (
        "each pair is counted once, but divided by n (n - 1). There are n (n - 1) / 2 pairs."
    ),
    lambda one, other: (
        _signs(one) * _signs(other)
    ).sum(): "this is a sum. Divide it by the number of pairs.",
    lambda one, other: (_signs(one) * _signs(other) > 0)[_off(len(one))].mean(): (
        "this is the share of pairs in the same order. Subtract the share in the opposite order."
    ),
    lambda one, other: (_signs(one) == _signs(other))[_off(len(one))].mean(): (
        "this is the share of pairs with the same sign. Multiply the signs, so that opposite pairs count -1."
    ),
    lambda one, other: abs(_rank_agreement(one, other)): (
        "the sign is lost: two opposite rankings must give -1."
    ),
    lambda one, other: -_rank_agreement(one, other): (
        "the sign is wrong: a pair in the same order counts +1. Take both differences in the same direction."
    ),
    lambda one, other: (
        ((one[:, None] - one[None, :]) * (other[:, None] - other[None, :])).sum()
        / (len(one) * (len(one) - 1))
    ): "take the sign of each difference: only the order counts, not how far apart the numbers are.",
    lambda one, other: np.mean(_ranks(one) == _ranks(other)): (
        "this is the share of tokens with the same rank. One that moves shifts the others: compare pairs."
    ),
    lambda one, other: float(one.argmax() == other.argmax()): (
        "this only asks whether the largest is the same. Compare all pairs."
    ),
    lambda one, other: np.sign(np.diff(one)) @ np.sign(np.diff(other)) / (len(one) - 1): (
        "only neighbours are compared. Take all pairs i, j."
    ),
    lambda one, other: 1 - _rank_agreement(one, other): (
        "this is a distance. Agreement is 1 if all pairs agree."
    ),
}
