"""Exercises of notebook 13: inside a model."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import softmax
from .verdict import judge


def check_prefix_matching_score(attempt: Callable) -> Callable:
    """`prefix_matching_score(weights, tokens)`: for each head, the weight on what followed the same token."""
    return judge("the prefix-matching score", attempt, _prefix_score, _MAPS, _WRONG_PREFIX)


def check_share_restored(attempt: Callable) -> Callable:
    """`share_restored(clean, corrupted, patched)`: 0 as the corrupted run, 1 as the clean one."""
    return judge("the share that is restored", attempt, _share_restored, _LOGITS, _WRONG_SHARE)


def check_rank_agreement(attempt: Callable) -> Callable:
    """`rank_agreement(one, other)`: Kendall's τ of two rankings of the same tokens, -1 to 1."""
    return judge("the agreement of two rankings", attempt, _rank_agreement, _RANKINGS, _WRONG_RANKS)


# The prefix-matching score


def _maps(seed: int, heads: int, tokens: list[int]) -> tuple[NDArray, NDArray]:
    """Causal maps of random scores, and the tokens."""
    n = len(tokens)
    scores = np.random.default_rng(seed).normal(size=(heads, n, n))
    return softmax(np.where(np.tri(n, dtype=bool), scores, -np.inf)), np.array(tokens)


_MAPS = [
    _maps(1, 1, [5, 2, 5]),
    _maps(2, 2, [3, 1, 4, 3, 1]),
    _maps(3, 2, [7, 8, 7, 8, 7, 8]),
    _maps(4, 3, [1, 2, 3, 1, 4, 2, 1, 1]),
]


def _seen(tokens: NDArray) -> NDArray:
    """Where the query's token stood earlier: bool [query, key]."""
    return (tokens[:, None] == tokens[None, :]) & np.tri(len(tokens), k=-1, dtype=bool)


def _known(tokens: NDArray) -> NDArray:
    """Whether the query's token stood earlier: bool [query]."""
    return np.any(_seen(tokens), axis=1)


def _moved(places: NDArray, by: int) -> NDArray:
    """The same places, `by` keys to the right; what leaves the map is gone."""
    moved = np.zeros_like(places)
    for j in range(places.shape[1]):
        if 0 <= j + by < places.shape[1]:
            moved[:, j + by] = places[:, j]
    return moved


def _first(places: NDArray) -> NDArray:
    return places & (np.cumsum(places, axis=1) == 1)


def _latest(places: NDArray) -> NDArray:
    return _first(places[:, ::-1])[:, ::-1]


def _mass(weights: NDArray, places: NDArray) -> NDArray:
    """The weight on the places, for each query: [head, query]."""
    return (weights * places).sum(axis=-1)


def _mean_of(weights: NDArray, places: NDArray, asked: NDArray) -> NDArray:
    return _mass(weights, places)[:, asked].mean(axis=-1)


def _prefix_score(weights: NDArray, tokens: NDArray) -> NDArray:
    return _mean_of(weights, _moved(_seen(tokens), 1), _known(tokens))


def _hits(weights: NDArray, tokens: NDArray) -> NDArray:
    asked = np.flatnonzero(_known(tokens))
    return _moved(_seen(tokens), 1)[asked, weights[:, asked].argmax(axis=-1)].mean(axis=-1)


_WRONG_PREFIX = {
    lambda weights, tokens: _mean_of(weights, _seen(tokens), _known(tokens)): (
        "this is the weight on the earlier occurrence itself. Take the place after it: one key to the right."
    ),
    lambda weights, tokens: _mean_of(weights, _moved(_seen(tokens), -1), _known(tokens)): (
        "this is the weight on the place before the earlier occurrence. Take the place after it."
    ),
    lambda weights, tokens: _mean_of(weights, _moved(_latest(_seen(tokens)), 1), _known(tokens)): (
        "only the latest earlier occurrence counts here. Every one does: add their weights."
    ),
    lambda weights, tokens: _mean_of(weights, _moved(_first(_seen(tokens)), 1), _known(tokens)): (
        "only the first occurrence counts here. Every earlier one does: add their weights."
    ),
    lambda weights, tokens: _mass(weights, _moved(_seen(tokens), 1)).mean(axis=-1): (
        "the mean is over all queries. A token that is new has no right place: leave its query out."
    ),
    lambda weights, tokens: _mass(weights, _moved(_seen(tokens), 1)).sum(axis=-1): (
        "this is a sum over the queries. Take the mean over those whose token stood earlier."
    ),
    lambda weights, tokens: weights[:, _moved(_seen(tokens), 1)].mean(axis=-1): (
        "this is the mean over cells. First add up the cells of a query, then take the mean over queries."
    ),
    lambda weights, tokens: _prefix_score(weights.swapaxes(-1, -2), tokens): (
        "rows and columns are swapped: weights[head, query, key]."
    ),
    lambda weights, tokens: _prefix_score(weights, tokens).mean(): (
        "one number for all heads. Give one for each: heads do different things."
    ),
    lambda weights, tokens: (
        (weights * _moved(_seen(tokens), 1)).max(axis=-1)[:, _known(tokens)].mean(axis=-1)
    ): "this takes the largest weight of a query. Add the weights of all its right places.",
    _hits: "this counts how often the largest weight is at a right place. Take the weight itself.",
    lambda weights, tokens: _mass(weights, _moved(_seen(tokens), 1))[:, _known(tokens)]: (
        "one number for each query. Take their mean."
    ),
}


# The share that a patch restores

_LOGITS = [
    (np.array([10.0]), np.array([2.0]), np.array([4.0])),
    (np.array([8.0]), np.array([-2.0]), np.array([[-2.0, 8.0, 3.0], [-4.0, 9.0, -1.0]])),
    (np.array([1.0, 6.0]), np.array([0.5, 9.0]), np.array([0.75, 7.0])),
]


def _share_restored(clean: NDArray, corrupted: NDArray, patched: NDArray) -> NDArray:
    return (patched - corrupted) / (clean - corrupted)


_WRONG_SHARE = {
    lambda clean, corrupted, patched: patched - corrupted: (
        "this is what the patch brings back, in logits. Divide it by what was lost: clean - corrupted."
    ),
    lambda clean, corrupted, patched: patched / clean: (
        "a patch that does nothing must give 0. Subtract the corrupted logit, above and below."
    ),
    lambda clean, corrupted, patched: (patched - corrupted) / clean: (
        "right above the line. Below it stands what was lost: clean - corrupted."
    ),
    lambda clean, corrupted, patched: (clean - patched) / (clean - corrupted): (
        "this is the share that is still missing. Restored is one minus that."
    ),
    lambda clean, corrupted, patched: (patched - corrupted) / (corrupted - clean): (
        "the sign below the line: a full repair must give 1, not -1."
    ),
    lambda clean, corrupted, patched: np.clip(_share_restored(clean, corrupted, patched), 0, 1): (
        "do not cut at 0 and 1: a patch can make things worse, or give more than was lost. That is news."
    ),
    lambda clean, corrupted, patched: np.abs(_share_restored(clean, corrupted, patched)): (
        "without the sign a patch that makes things worse looks helpful."
    ),
    lambda clean, corrupted, patched: (patched - corrupted) / np.abs(clean - corrupted): (
        "where the corrupted logit is the higher one, going down restores. No absolute value."
    ),
    lambda clean, corrupted, patched: _share_restored(clean, corrupted, patched).mean(): (
        "one number for all patches. Give one for each: the map needs them."
    ),
    lambda clean, corrupted, patched: 100 * _share_restored(clean, corrupted, patched): (
        "this is in percent. Give a share: 1 is all of it."
    ),
}


# The agreement of two rankings

_RANKINGS = [
    (np.array([0.5, 0.3, 0.2]), np.array([3.0, 1.0, 2.0])),
    (np.array([1.0, 2.0, 3.0, 4.0]), np.array([8.0, 6.0, 4.0, 2.5])),
    (np.array([0.7, 0.1, 0.15, 0.05]), np.array([0.2, 0.9, 0.3, 0.1])),
    (np.array([0.1, 0.4, 0.4, 0.0, 0.1]), np.array([1.0, 5.0, 5.0, 2.0, 0.0])),
    (np.random.default_rng(5).normal(size=7), np.random.default_rng(6).normal(size=7)),
]


def _signs(values: NDArray) -> NDArray:
    """Which of a pair is larger: 1, -1, or 0 for a tie, [token, token]."""
    return np.sign(values[:, None] - values[None, :])


def _ranks(values: NDArray) -> NDArray:
    return values.argsort().argsort()


def _off(n: int) -> NDArray:
    """All pairs of different tokens: bool [token, token]."""
    return ~np.eye(n, dtype=bool)


def _rank_agreement(one: NDArray, other: NDArray) -> float:
    n = len(one)
    return (_signs(one) * _signs(other)).sum() / (n * (n - 1))


_WRONG_RANKS = {
    lambda one, other: np.corrcoef(one, other)[0, 1]: (
        "this is the correlation of the values (Pearson). Here only the order counts: compare pairs."
    ),
    lambda one, other: np.corrcoef(_ranks(one), _ranks(other))[0, 1]: (
        "this is the correlation of the ranks (Spearman), a good measure too. Kendall's τ counts pairs."
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
    lambda one, other: (_signs(one) * _signs(other)).sum(): "a sum. Divide it by the number of pairs.",
    lambda one, other: (_signs(one) * _signs(other) > 0)[_off(len(one))].mean(): (
        "this is the share of pairs in the same order. Subtract the share in the opposite order."
    ),
    lambda one, other: (_signs(one) == _signs(other))[_off(len(one))].mean(): (
        "this is the share of pairs with the same sign. Multiply the signs, so that opposite pairs count -1."
    ),
    lambda one, other: abs(_rank_agreement(one, other)): (
        "without the sign: two opposite rankings must give -1."
    ),
    lambda one, other: -_rank_agreement(one, other): (
        "the sign: a pair in the same order counts +1. Take both differences the same way round."
    ),
    lambda one, other: (
        ((one[:, None] - one[None, :]) * (other[:, None] - other[None, :])).sum()
        / (len(one) * (len(one) - 1))
    ): "take the sign of every difference: only the order counts.",
    lambda one, other: np.mean(_ranks(one) == _ranks(other)): (
        "this is the share of tokens with the same rank. One that moves shifts them all: compare pairs."
    ),
    lambda one, other: float(one.argmax() == other.argmax()): (
        "this only asks whether the largest is the same. Compare all pairs."
    ),
    lambda one, other: np.sign(np.diff(one)) @ np.sign(np.diff(other)) / (len(one) - 1): (
        "only neighbours are compared. Take all pairs i, j."
    ),
    lambda one, other: (
        1 - _rank_agreement(one, other)
    ): "this is a distance. Agreement is 1 if all pairs agree.",
}
