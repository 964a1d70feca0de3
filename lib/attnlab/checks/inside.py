"""Exercises of notebook 13: inside a model."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import softmax
from .verdict import judge


def check_prefix_matching_score(attempt: Callable) -> Callable:
    """`prefix_matching_score(weights, tokens)`: for each head, the weight on what followed the same token."""
    return judge("the prefix-matching score", attempt, _prefix_score, _MAPS, _WRONG_PREFIX, _drawn_maps)


def check_share_restored(attempt: Callable) -> Callable:
    """`share_restored(clean, corrupted, patched)`: 0 like the corrupted run, 1 like the clean one."""
    return judge("the share that is restored", attempt, _share_restored, _LOGITS, _WRONG_SHARE, _logits)


# The prefix-matching score


def _drawn_maps(rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Causal maps of 1 to 4 heads, flat to hard, and 2 to 9 tokens; at least one of them comes again."""
    n, heads = int(rng.integers(2, 10)), int(rng.integers(1, 5))
    names = rng.choice(rng.choice([10, 50_000]), size=rng.integers(1, n), replace=False)  # fewer than tokens
    scores = rng.choice([0.1, 1, 9, 1e5]) * rng.normal(size=(heads, n, n))
    return softmax(np.where(np.tri(n, dtype=bool), scores, -np.inf)), rng.choice(names, size=n)


_TWO_HEADS = [
    [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.2, 0.7, 0.1, 0], [0.1, 0.3, 0.4, 0.2]],
    [[1, 0, 0, 0], [0.2, 0.8, 0, 0], [0.6, 0.1, 0.3, 0], [0.3, 0.1, 0.5, 0.1]],
]
_MAPS = [
    (np.array([[[1, 0, 0], [0.5, 0.5, 0], [0.1, 0.6, 0.3]]]), np.array([5, 2, 5])),
    (np.array([[[1, 0], [0.4, 0.6]]]), np.array([3, 3])),
    (np.array([[[1, 0, 0], [0, 1, 0], [0.5, 0, 0.5]]]), np.array([5, 2, 5])),
    (np.array([[[1, 0, 0], [1, 0, 0], [0, 0.5, 0.5]]]), np.array([200, 200, 200])),
    (np.array(_TWO_HEADS), np.array([1, 257, 1, 1])),
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


def _mean_weight(weights: NDArray, tokens: NDArray) -> NDArray:
    """The mean over the right places of each query, then over the queries."""
    asked, places = _known(tokens), _moved(_seen(tokens), 1)
    return (_mass(weights, places)[:, asked] / places.sum(axis=1)[asked]).mean(axis=-1)


def _mean_above_0(weights: NDArray, tokens: NDArray) -> NDArray:
    """The mean over the queries with some weight at a right place."""
    found = _mass(weights, _moved(_seen(tokens), 1))
    return found.sum(axis=-1) / (found > 0).sum(axis=-1)


def _mean_where_any(weights: NDArray, tokens: NDArray) -> NDArray:
    """The mean over the queries for which some head has weight at a right place."""
    found = _mass(weights, _moved(_seen(tokens), 1))
    return found[:, found.any(axis=0)].mean(axis=-1)


_WRONG_PREFIX = {
    lambda weights, tokens: _mean_of(weights, _seen(tokens), _known(tokens)): (
        "this is the weight on the earlier occurrence itself. Take the place after it: one key to the right."
    ),
    lambda weights, tokens: _mean_of(weights, _moved(_seen(tokens), -1), _known(tokens)): (
        "this is the weight on the place before the earlier occurrence. Take the place after it."
    ),
    lambda weights, tokens: _mean_of(weights, np.roll(_seen(tokens), 1, axis=0), _known(tokens)): (
        "the marks are moved down, to another query. Move them to the right, along the keys: axis=1."
    ),
    lambda weights, tokens: _mean_of(weights, _moved(_latest(_seen(tokens)), 1), _known(tokens)): (
        "only the latest earlier occurrence counts here. Every one does: add their weights."
    ),
    lambda weights, tokens: _mean_of(weights, _moved(_first(_seen(tokens)), 1), _known(tokens)): (
        "only the first occurrence counts here. Every earlier one does: add their weights."
    ),
    lambda weights, tokens: _mean_of(weights, np.tril(_moved(_seen(tokens), 1), k=-1), _known(tokens)): (
        "after the same token twice in a row, the right place is the query's own. Count that weight too."
    ),
    lambda weights, tokens: _mass(weights, _moved(_seen(tokens), 1)).mean(axis=-1): (
        "the mean is over all queries. A new token has no right place: leave its query out. "
        "(A token is no earlier occurrence of itself: k=-1 in np.tril.)"
    ),
    lambda weights, tokens: _mass(weights, _moved(_seen(tokens), 1)).sum(axis=-1): (
        "this is a sum over the queries. Take the mean over those whose token occurred earlier."
    ),
    lambda weights, tokens: weights[:, _moved(_seen(tokens), 1)].mean(axis=-1): (
        "this is the mean over cells. First add up the cells of each query, then take the mean over queries."
    ),
    _mean_above_0: (
        "queries with a sum of 0 are left out, and if all are, the mean is nan. They count, too, if their "
        "token occurred earlier."
    ),
    lambda weights, tokens: np.nan_to_num(_mean_above_0(weights, tokens)): (
        "the mean leaves out queries with a sum of 0. They count, too, if their token occurred earlier."
    ),
    _mean_where_any: (
        "a query is left out if no head puts weight on its right places. Choose the queries by tokens alone."
    ),
    _mean_weight: (
        "a query with several right places is divided by their number. Add their weights, and stop there."
    ),
    lambda weights, tokens: np.diagonal(weights, -1, -2, -1).mean(axis=-1): (
        "this is the previous-token score. Look for earlier occurrences of the query's token."
    ),
    lambda weights, tokens: _prefix_score(weights.swapaxes(-1, -2), tokens): (
        "rows and columns are swapped: weights[head, query, key]."
    ),
    lambda weights, tokens: _prefix_score(weights, tokens)[0]: (
        "this is the first head alone. Return the scores of all heads, [head]."
    ),
    lambda weights, tokens: _prefix_score(weights, tokens).mean(): (
        "this is one number for all heads. Return one for each: heads do different things."
    ),
    lambda weights, tokens: (
        (weights * _moved(_seen(tokens), 1)).max(axis=-1)[:, _known(tokens)].mean(axis=-1)
    ): "this takes the largest weight of each query. Add the weights of all its right places.",
    _hits: "this counts how often the largest weight is at a right place. Take the weight itself.",
    lambda weights, tokens: _mass(weights, _moved(_seen(tokens), 1))[:, _known(tokens)]: (
        "this is one number for each query. Take their mean."
    ),
}


# The share that a patch restores

_LOGITS = [
    (10.0, 2.0, np.array([4.0])),
    (1, 5, np.array([4, 6])),
    (0.0, 1.0, np.array([-2.0])),
    (0.0, 1.0, np.array([4.0])),
    (8.0, -2.0, np.array([[-2.0, 8.0, 3.0], [-4.0, 9.0, -1.0]])),
]


def _logits(rng: np.random.Generator) -> tuple[float, float, NDArray]:
    """Two different logits, either of them the higher one, and patches below, between and above them."""
    corrupted, lost = rng.uniform(-10, 10), rng.choice([-1, 1]) * rng.uniform(1, 12)
    shape = rng.integers(1, 5, size=rng.integers(1, 3))
    patched = corrupted + lost * rng.uniform(-4, 5, size=shape)
    unit = 10.0 ** rng.integers(-2, 4)
    return float(unit * (corrupted + lost)), float(unit * corrupted), unit * patched


def _share_restored(clean: float, corrupted: float, patched: NDArray) -> NDArray:
    return (patched - corrupted) / (clean - corrupted)


_WRONG_SHARE = {
    lambda clean, corrupted, patched: patched - corrupted: (
        "this is what the patch brings back, in logits. Divide it by what was lost: clean - corrupted."
    ),
    lambda clean, corrupted, patched: patched - clean: (
        "this is how far the patched run is from the clean one. Count from the corrupted run, and divide."
    ),
    lambda clean, corrupted, patched: patched / clean: (
        "a patch that does nothing must give 0. Subtract the corrupted logit, above and below the line."
    ),
    lambda clean, corrupted, patched: (patched - corrupted) / clean: (
        "the numerator is right. Divide by what was lost: clean - corrupted."
    ),
    lambda clean, corrupted, patched: (patched - corrupted) / corrupted: (
        "this is relative to the corrupted logit. Divide by clean - corrupted, which is what was lost."
    ),
    lambda clean, corrupted, patched: (patched - corrupted) / (clean + corrupted): (
        "what was lost is a difference: clean minus corrupted, not plus."
    ),
    lambda clean, corrupted, patched: patched - corrupted / clean - corrupted: (
        "division comes before subtraction. Put brackets around both differences."
    ),
    lambda clean, corrupted, patched: (patched - corrupted) / clean - corrupted: (
        "division comes before subtraction. Put brackets around clean - corrupted."
    ),
    lambda clean, corrupted, patched: patched - corrupted / (clean - corrupted): (
        "division comes before subtraction. Put brackets around patched - corrupted."
    ),
    lambda clean, corrupted, patched: (patched - clean) / (clean - corrupted): (
        "this counts from the clean logit, so a full repair gives 0. Subtract the corrupted one."
    ),
    lambda clean, corrupted, patched: _share_restored(clean, corrupted, patched).astype(patched.dtype): (
        "np.zeros_like(patched) holds only whole numbers if `patched` does, and cuts off the rest. "
        "Add dtype=float."
    ),
    lambda clean, corrupted, patched: (clean - patched) / (clean - corrupted): (
        "this is the share that is still missing. The share restored is one minus that."
    ),
    lambda clean, corrupted, patched: (clean - corrupted) / (patched - corrupted): (
        "upside down: what came back goes above the line, what was lost below it."
    ),
    lambda clean, corrupted, patched: (patched - corrupted) / (corrupted - clean): (
        "the sign is wrong: a full repair must give 1, not -1. Subtract the corrupted logit above and below "
        "the line."
    ),
    lambda clean, corrupted, patched: np.clip(_share_restored(clean, corrupted, patched), 0, 1): (
        "don't cut at 0 and 1: a patch can make things worse, or bring back more than was lost."
    ),
    lambda clean, corrupted, patched: np.maximum(_share_restored(clean, corrupted, patched), 0): (
        "don't cut at 0: a patch can make things worse, and then the share is negative."
    ),
    lambda clean, corrupted, patched: np.minimum(_share_restored(clean, corrupted, patched), 1): (
        "don't cut at 1: a patch can bring back more than was lost."
    ),
    lambda clean, corrupted, patched: np.abs(_share_restored(clean, corrupted, patched)): (
        "without its sign, a patch that makes things worse looks helpful."
    ),
    lambda clean, corrupted, patched: (patched - corrupted) / np.abs(clean - corrupted): (
        "the sign is wrong where the corrupted logit is the higher one: there, going down restores. The same "
        "formula fits both ways, with neither `abs` nor `if`."
    ),
    lambda clean, corrupted, patched: _share_restored(clean, corrupted, patched).mean(): (
        "this is one number for all patches. Return one for each: the map needs them."
    ),
    lambda clean, corrupted, patched: 100 * _share_restored(clean, corrupted, patched): (
        "this is a percentage. Return a share: 1 is all of it."
    ),
}
