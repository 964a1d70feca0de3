"""Exercises of notebook 06: positions."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import causal_mask, softmax
from .verdict import judge, sizes


def check_turn_length(attempt: Callable) -> Callable:
    """`turn_length(pair, d)`: after how many positions a pair of columns, of d, has made one full turn."""
    return judge("once around", attempt, _turn_length, _PAIRS, _WRONG_TURN_LENGTH, _pair)


def check_causal_alibi(attempt: Callable) -> Callable:
    """`causal_alibi(Q, K, V, slope)`: attention that sees only the past, at a price for every step back."""
    title = "a price for distance, and a mask"
    return judge(title, attempt, _causal_alibi, _QUERIES, _WRONG_CAUSAL_ALIBI, _sentence)


# Once around


def _turn_length(pair: int, d: int) -> float:
    return 2 * np.pi * 10000 ** (2 * pair / d)


_PAIRS = [(0, 16), (1, 16), (3, 8), (5, 12), (1, 4)]


def _pair(rng: np.random.Generator) -> tuple[int, int]:
    """One of the pairs of 2 to 128 columns."""
    pairs = int(rng.integers(1, 65))
    return int(rng.integers(pairs)), 2 * pairs


_WRONG_TURN_LENGTH = {
    lambda pair, d: 10000 ** (2 * pair / d): (
        "after that many positions the angle is 1. A full turn is 2π: multiply by 2 * np.pi."
    ),
    lambda pair, d: 2 * np.pi / 10000 ** (2 * pair / d): (
        "right for pair 0 only. The slower a pair, the longer its turn: divide 2π by omega, do not multiply."
    ),
    lambda pair, d: 10000 ** (-2 * pair / d): (
        "this is omega, the angle of one step. How many steps make 2π? Divide 2 * np.pi by omega."
    ),
    lambda pair, d: 2 * np.pi * 10000 ** (pair / d): (
        "the exponent is half of what it should be. Write 2 * pair / d."
    ),
    lambda pair, d: 2 * np.pi * 10000 ** (4 * pair / d): (
        "the exponent is twice what it should be. d counts all columns, not the pairs: 2 * pair / d."
    ),
    lambda pair, d: 2 * np.pi * 10000 ** (2 * (pair + 1) / d): (
        "this is the next pair. Pairs count from 0, so pair 0 has the exponent 0: 2 * pair / d."
    ),
    lambda pair, d: 2 * np.pi * 10000 ** (2 * pair // d): (
        "this is 6.28 for every pair, as if the exponent were always 0. Multiply by 10000 ** (2 * pair / d), "
        "with / and not //, which rounds down to 0."
    ),
    lambda pair, d: 2 * np.pi * 1000 ** (2 * pair / d): "the base is 10000, with four zeros.",
    lambda pair, d: 2 * np.pi * np.exp(2 * pair / d): (
        "this raises e to the exponent. The base is 10000: 10000 ** (2 * pair / d)."
    ),
    lambda pair, d: 2 * np.pi * 10000 ** (2 * pair): (
        "the exponent is not divided by d. Write 10000 ** (2 * pair / d)."
    ),
    lambda pair, d: 2 * np.pi * 10000 ** (2 * pair) / d: (
        "** comes before /. Put the whole exponent in brackets: 10000 ** (2 * pair / d)."
    ),
    lambda pair, d: 2 * np.pi * 10000 * (2 * pair / d): (
        "this multiplies by the exponent. A power takes two stars: 10000 ** (...)."
    ),
    lambda pair, d: np.pi * 10000 ** (2 * pair / d): "this is half a turn. A full turn is 2 * np.pi.",
    lambda pair, d: 360 * 10000 ** (2 * pair / d): (
        "sine and cosine take radians, not degrees. A full turn is 2 * np.pi."
    ),
    lambda pair, d: int(2 * np.pi * 10000 ** (2 * pair / d)): (
        "this cuts off the decimals. A turn need not end on a whole position: leave out int."
    ),
    lambda pair, d: round(2 * np.pi * 10000 ** (2 * pair / d)): (
        "this is rounded to whole positions. A turn need not end on one: leave out round."
    ),
    lambda pair, d: np.ceil(2 * np.pi * 10000 ** (2 * pair / d)): (
        "this is rounded up to whole positions, by np.ceil or by counting step by step. A turn need not end "
        "on one: return 2π / omega itself."
    ),
    lambda pair, d: 2 * np.pi * (10000 ^ (2 * pair / d)): "^ is no power in Python. Write 10000 ** (...).",
    lambda pair, d: 2 * np.pi * 10000 ^ (2 * pair / d): (
        "^ is no power in Python. A power takes two stars: 10000 ** (...)."
    ),
}


# A price for distance, and a mask


def _scores(Q: NDArray, K: NDArray) -> NDArray:
    return Q @ K.T / np.sqrt(K.shape[1])


def _back(n: int) -> NDArray:
    """How many steps a key is behind the query; negative: ahead of it."""
    return np.arange(n)[:, None] - np.arange(n)


def _distance(n: int) -> NDArray:
    return np.abs(_back(n))


def _seen(scores: NDArray, hidden: float = -np.inf) -> NDArray:
    return np.where(causal_mask(len(scores)), scores, hidden)


def _priced(Q: NDArray, K: NDArray, slope: float) -> NDArray:
    return _scores(Q, K) - slope * _distance(len(Q))


def _signed(Q: NDArray, K: NDArray, slope: float) -> NDArray:
    """With a bonus for keys ahead."""
    return _scores(Q, K) - slope * _back(len(Q))


def _causal_alibi(Q: NDArray, K: NDArray, V: NDArray, slope: float) -> NDArray:
    return softmax(_seen(_priced(Q, K, slope))) @ V


_QUERIES = [
    (np.array([[1.0], [2.0]]), np.array([[1.0], [0.0]]), np.array([[1.0], [3.0]]), 0.5),
    (
        np.array([[1.0, 0.0], [0.5, -1.0], [2.0, 1.0]]),
        np.array([[2.0, 1.0], [0.0, 3.0], [-1.0, 1.0]]),
        np.array([[1.0, 0.0], [0.0, 1.0], [4.0, 4.0]]),
        0.5,
    ),
    (
        np.array([[0.5, 1.0, 0.0, -2.0], [1.0, 0.0, 1.0, 0.3]]),
        np.array([[1.0, 0.0, 2.0, -1.0], [0.5, 3.0, 1.0, 1.0]]),
        np.array([[1.0, 0.5, 2.0, -1.0], [0.0, 3.0, 1.0, 0.2]]),
        0.25,
    ),
    *(  # scores far below 0, where a large negative number in place of -inf hides nothing
        (q * np.array([[1.0], [0.8]]), np.array([[-50.0], [-40.0]]), np.array([[1.0], [3.0]]), 2.0)
        for q in (50, 1000, 1_000_000)
    ),
    (
        np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -1.0], [2.0, 0.0, 0.3], [1.0, 1.0, 1.0], [-0.4, 0.2, 1.0]]),
        np.array([[0.2, 1.0, 1.0], [1.0, 0.0, 0.5], [0.0, 2.0, 0.1], [1.0, -1.0, 0.0], [0.7, 0.3, 0.9]]),
        np.array([[3.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-2.0, 0.5], [0.4, 2.0]]),
        1.5,
    ),
]


def _sentence(rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray, float]:
    """Few tokens or many, short queries or long. A third have huge scores, often of one sign.

    Those have whole numbers, a root that is whole and a slope that float32 holds exactly.
    """
    n, d_k, d_v = sizes(rng, 6, 6, 6)
    slope = float(rng.choice([0.25, 0.5, 1.0, 2.0]))
    V = rng.normal(0, 3, (n, d_v)).round(1)
    if rng.random() < 1 / 3:
        d_k = int(rng.choice([1, 4]))
        ranges = rng.choice([(-1, 0), (0, 1), (-1, 1)], size=2) * rng.choice([60, 1000])
        Q, K = (rng.integers(low, high, (n, d_k), endpoint=True).astype(float) for low, high in ranges)
        return Q, K, V, slope
    scale = rng.choice([0.2, 1.0, 2.0])
    Q, K = rng.normal(0, scale, (2, n, d_k)).round(1)
    return Q, K, V, slope


def _filled_with(hidden: float) -> Callable:
    """A finite number where the key is ahead."""
    return lambda Q, K, V, slope: softmax(_seen(_priced(Q, K, slope), hidden)) @ V


def _divided(scores: NDArray) -> NDArray:
    """The mask after softmax, and the rows divided by what is left."""
    weights = softmax(scores) * causal_mask(len(scores))
    return weights / weights.sum(axis=-1, keepdims=True)


def _with_exp(largest: Callable) -> Callable:
    """Softmax by hand, after subtracting `largest(scores)`."""

    def attempt(Q: NDArray, K: NDArray, V: NDArray, slope: float) -> NDArray:
        scores = _seen(_priced(Q, K, slope))
        positive = np.exp(scores - largest(scores))
        return positive / positive.sum(axis=-1, keepdims=True) @ V

    return attempt


_WRONG_CAUSAL_ALIBI = {
    lambda Q, K, V, slope: softmax(_signed(Q, K, slope)) @ V: (
        "the mask is missing, and keys ahead even get a bonus, because their distance is negative. "
        "Put -np.inf where the key is ahead."
    ),
    lambda Q, K, V, slope: softmax(_seen(_scores(Q, K))) * np.exp(-slope * _distance(len(Q))) @ V: (
        "the price is applied after softmax, so the rows no longer sum to 1. Subtract it from the scores."
    ),
    lambda Q, K, V, slope: softmax(_priced(Q, K, slope)) @ V: (
        "the mask is missing: a token sees what comes after it. Put -np.inf where the key is ahead."
    ),
    lambda Q, K, V, slope: softmax(_seen(_scores(Q, K))) @ V: (
        "distance costs nothing here. Subtract slope times distance from the scores, before softmax."
    ),
    lambda Q, K, V, slope: softmax(_scores(Q, K)) @ V: (
        "this is plain attention. Two things are missing: the price for distance, and the mask."
    ),
    lambda Q, K, V, slope: _causal_alibi(Q, K, V, -slope): (
        "here the far keys win. Distance has a price: subtract it."
    ),
    lambda Q, K, V, slope: _causal_alibi(Q, K, V, 1.0): (
        "here every step costs 1, whatever the slope. Multiply the distance by slope."
    ),
    lambda Q, K, V, slope: softmax(_seen(Q @ K.T - slope * _distance(len(Q)))) @ V: (
        "the scores are not scaled. First divide Q @ K.T by np.sqrt(K.shape[1])."
    ),
    lambda Q, K, V, slope: softmax(_seen(Q @ K.T / K.shape[1] - slope * _distance(len(Q)))) @ V: (
        "this divides by d_k. Divide by its square root."
    ),
    lambda Q, K, V, slope: softmax(_seen(Q @ K.T / 2 - slope * _distance(len(Q)))) @ V: (
        "this always divides by 2, the root of the notebook's d_k of 4. Take d_k from K.shape[1]."
    ),
    lambda Q, K, V, slope: (
        softmax(_seen(Q @ K.T / int(np.sqrt(K.shape[1])) - slope * _distance(len(Q)))) @ V
    ): ("int cuts off the decimals of the root: √2 becomes 1. Divide by np.sqrt(K.shape[1])."),
    lambda Q, K, V, slope: softmax(_seen(Q @ K.T / np.sqrt(V.shape[1]) - slope * _distance(len(Q)))) @ V: (
        "this divides by the root of the width of V. d_k is the width of Q and K: K.shape[1]."
    ),
    lambda Q, K, V, slope: softmax(_seen(Q @ K.T / np.sqrt(len(K)) - slope * _distance(len(Q)))) @ V: (
        "this divides by the root of n, the number of tokens. d_k is the number of columns: K.shape[1]."
    ),
    lambda Q, K, V, slope: (
        softmax(_seen(_scores(Q, K) - slope * _distance(len(Q)) / np.sqrt(K.shape[1]))) @ V
    ): ("the price is divided by the root of d_k too. Scale the scores first, then subtract the price."),
    lambda Q, K, V, slope: softmax(_seen(-_scores(Q, K) * slope * _distance(len(Q)))) @ V: (
        "this multiplies the scores by the price. Subtract the price from them."
    ),
    lambda Q, K, V, slope: softmax(_seen(_scores(Q, K) - slope * _distance(len(Q)) ** 2)) @ V: (
        "the price grows with the square of the distance. It should be linear: slope * distance."
    ),
    lambda Q, K, V, slope: softmax(_seen(_scores(Q, K) - slope * (_distance(len(Q)) > 0))) @ V: (
        "every other token costs the same here, near or far. Multiply the slope by the distance."
    ),
    lambda Q, K, V, slope: (softmax(_seen(_scores(Q, K))) - slope * _distance(len(Q))) @ V: (
        "the price is subtracted from the weights, so they no longer sum to 1. Subtract it from the scores."
    ),
    lambda Q, K, V, slope: softmax(_priced(Q, K, slope)) * causal_mask(len(Q)) @ V: (
        "the mask comes after softmax, so the rows no longer sum to 1. Put -np.inf into the scores."
    ),
    lambda Q, K, V, slope: softmax(_signed(Q, K, slope)) * causal_mask(len(Q)) @ V: (
        "the mask comes after softmax, and keys ahead have a bonus there, so the rows no longer sum to 1. "
        "Put -np.inf into the scores, before softmax."
    ),
    lambda Q, K, V, slope: _divided(_signed(Q, K, slope)) @ V: (
        "you mask after softmax and divide by what is left, which can be 0: 0 / 0 is nan. "
        "Put -np.inf into the scores, before softmax."
    ),
    lambda Q, K, V, slope: softmax(np.tril(_priced(Q, K, slope))) @ V: (
        "a score of 0 is not hidden: its weight is not 0. Put -np.inf there."
    ),
    lambda Q, K, V, slope: softmax(np.where(causal_mask(len(Q)).T, _priced(Q, K, slope), -np.inf)) @ V: (
        "this mask shows the future and hides the past. Keep the scores where key <= query."
    ),
    lambda Q, K, V, slope: softmax(np.where(_back(len(Q)) <= 0, _signed(Q, K, slope), -np.inf)) @ V: (
        "this keeps what is ahead, with a bonus for it, and hides the past. Keep the scores where back >= 0."
    ),
    lambda Q, K, V, slope: softmax(np.where(_back(len(Q)) < 0, _signed(Q, K, slope), -np.inf)) @ V: (
        "this keeps only what is ahead, and the last token sees nothing. Keep the scores where key <= query."
    ),
    lambda Q, K, V, slope: softmax(np.where(_back(len(Q)) > 0, _priced(Q, K, slope), -np.inf)) @ V: (
        "a token does not see itself here, so the first one sees nothing. Keep the scores where key <= query."
    ),
    lambda Q, K, V, slope: softmax(_seen(_priced(Q, K, slope)), axis=0) @ V: (
        "softmax runs down the columns here. The keys of one query form a row: use the last axis."
    ),
    lambda Q, K, V, slope: softmax(_seen(_priced(Q, K, slope))): (
        "these are the weights. One step is missing: mix the rows of V with them."
    ),
    lambda Q, K, V, slope: _seen(_priced(Q, K, slope)): (
        "these are the scores. Two steps are missing: softmax, and mixing the rows of V."
    ),
    lambda Q, K, V, slope: _seen(_priced(Q, K, slope)) @ V: (
        "the values are mixed by scores, which are not shares. One step is missing: softmax."
    ),
    lambda Q, K, V, slope: _signed(Q, K, slope) @ V: (
        "the values are mixed by scores, which are not shares. Two steps are missing: the mask, and softmax."
    ),
    lambda Q, K, V, slope: softmax(_seen(_priced(Q, K, slope))) @ K: "this mixes the keys. Mix the values V.",
    lambda Q, K, V, slope: _causal_alibi(K, Q, V, slope): (
        "queries and keys have changed places. Write Q @ K.T, not K @ Q.T."
    ),
    **{
        _filled_with(hidden): (
            f"{hidden} hides a key only while the other scores are larger, and here some are far below it. "
            f"Only -np.inf is below every score."
        )
        for hidden in (-10, -20, -100, -1000, -10_000, -100_000, -1_000_000)
    },
    _with_exp(lambda scores: 0): (
        "np.exp overflows for large scores, and all weights become 0 for very negative ones. Call softmax, "
        "which subtracts each row's largest score first."
    ),
    _with_exp(lambda scores: scores.max()): (
        "this subtracts the largest of all scores, so np.exp gives 0 for a whole row that lies far below. "
        "Call softmax, which subtracts each row's own largest score."
    ),
}
