"""Exercises of notebook 06: positions."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import causal_mask, softmax
from .verdict import judge


def check_turn_length(attempt: Callable) -> Callable:
    """`turn_length(pair, d)`: after how many positions a pair of columns, of d, has made one full turn."""
    return judge("once around", attempt, _turn_length, _PAIRS, _WRONG_TURN_LENGTH)


def check_causal_alibi(attempt: Callable) -> Callable:
    """`causal_alibi(Q, K, V, slope)`: attention that sees the past only, at a price for every step back."""
    return judge("a price for distance, and a mask", attempt, _causal_alibi, _QUERIES, _WRONG_CAUSAL_ALIBI)


def _turn_length(pair: int, d: int) -> float:
    return 2 * np.pi * 10000 ** (2 * pair / d)


_PAIRS = [(0, 16), (1, 16), (3, 8), (5, 12), (1, 4)]

_WRONG_TURN_LENGTH = {
    lambda pair, d: 10000 ** (2 * pair / d): (
        "after so many positions the angle is 1. A full turn is 2π: multiply by 2 * np.pi."
    ),
    lambda pair, d: 2 * np.pi / 10000 ** (2 * pair / d): (
        "right for pair 0 only. The slower a pair, the longer its turn: divide 2π by omega, do not multiply."
    ),
    lambda pair, d: 10000 ** (-2 * pair / d): (
        "this is omega, the angle for one step. How many steps make 2π? Divide 2 * np.pi by it."
    ),
    lambda pair, d: 2 * np.pi * 10000 ** (pair / d): (
        "the exponent is half as large as it should be. Write 2 * pair / d."
    ),
    lambda pair, d: 2 * np.pi * 10000 ** (4 * pair / d): (
        "the exponent is twice as large as it should be. d counts all columns, not the pairs: 2 * pair / d."
    ),
    lambda pair, d: 2 * np.pi * 10000 ** (2 * pair): (
        "the exponent is not divided by d. Write 10000 ** (2 * pair / d)."
    ),
    lambda pair, d: 2 * np.pi * 10000 ** (2 * pair) / d: (
        "** comes before /. The whole exponent needs brackets: 10000 ** (2 * pair / d)."
    ),
    lambda pair, d: 2 * np.pi * 10000 * (2 * pair / d): (
        "this multiplies by the exponent. A power is written with two stars: 10000 ** (...)."
    ),
    lambda pair, d: np.pi * 10000 ** (2 * pair / d): "this is half a turn. A full turn is 2 * np.pi.",
    lambda pair, d: 360 * 10000 ** (2 * pair / d): (
        "sine and cosine count in radians, not in degrees. A full turn is 2 * np.pi."
    ),
    lambda pair, d: int(2 * np.pi * 10000 ** (2 * pair / d)): (
        "this cuts off the decimals. The turn need not end on a whole position: leave out int."
    ),
    lambda pair, d: round(2 * np.pi * 10000 ** (2 * pair / d)): (
        "this is rounded to whole positions. The turn need not end on one: leave out round."
    ),
}


def _scores(Q: NDArray, K: NDArray) -> NDArray:
    return Q @ K.T / np.sqrt(K.shape[1])


def _back(n: int) -> NDArray:
    """How many steps a key stands before the query; negative: ahead."""
    return np.arange(n)[:, None] - np.arange(n)


def _distance(n: int) -> NDArray:
    return np.abs(_back(n))


def _seen(scores: NDArray) -> NDArray:
    return np.where(causal_mask(len(scores)), scores, -np.inf)


def _priced(Q: NDArray, K: NDArray, slope: float) -> NDArray:
    return _scores(Q, K) - slope * _distance(len(Q))


def _causal_alibi(Q: NDArray, K: NDArray, V: NDArray, slope: float) -> NDArray:
    return softmax(_seen(_priced(Q, K, slope))) @ V


_QUERIES = [
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
    (
        np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -1.0], [2.0, 0.0, 0.3], [1.0, 1.0, 1.0], [-0.4, 0.2, 1.0]]),
        np.array([[0.2, 1.0, 1.0], [1.0, 0.0, 0.5], [0.0, 2.0, 0.1], [1.0, -1.0, 0.0], [0.7, 0.3, 0.9]]),
        np.array([[3.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-2.0, 0.5], [0.4, 2.0]]),
        1.5,
    ),
]

_WRONG_CAUSAL_ALIBI = {
    lambda Q, K, V, slope: softmax(_scores(Q, K) - slope * _back(len(Q))) @ V: (
        "the mask is missing, and keys ahead even get a bonus, because their distance is negative. "
        "Put -np.inf where the key is ahead."
    ),
    lambda Q, K, V, slope: softmax(_seen(_scores(Q, K))) * np.exp(-slope * _distance(len(Q))) @ V: (
        "the price is taken after softmax, and the rows no longer sum to 1. Subtract it from the scores."
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
        "far keys win here. Distance is a price: subtract it."
    ),
    lambda Q, K, V, slope: _causal_alibi(Q, K, V, 1.0): (
        "every step costs 1 here, whatever the slope. Multiply the distance by slope."
    ),
    lambda Q, K, V, slope: softmax(_seen(Q @ K.T - slope * _distance(len(Q)))) @ V: (
        "the scores are not scaled. Divide Q @ K.T by np.sqrt(K.shape[1]) first."
    ),
    lambda Q, K, V, slope: softmax(_seen(Q @ K.T / K.shape[1] - slope * _distance(len(Q)))) @ V: (
        "this divides by d_k. Take its square root."
    ),
    lambda Q, K, V, slope: (
        softmax(_seen(_scores(Q, K) - slope * _distance(len(Q)) / np.sqrt(K.shape[1]))) @ V
    ): ("the price is divided by the root of d_k too. Scale the scores first, then subtract the price."),
    lambda Q, K, V, slope: softmax(_seen(-_scores(Q, K) * slope * _distance(len(Q)))) @ V: (
        "this multiplies the scores by the price. Subtract it from them."
    ),
    lambda Q, K, V, slope: softmax(_seen(_scores(Q, K) - slope * _distance(len(Q)) ** 2)) @ V: (
        "the price grows with the square of the distance. It is linear: slope * distance."
    ),
    lambda Q, K, V, slope: (softmax(_seen(_scores(Q, K))) - slope * _distance(len(Q))) @ V: (
        "the price is taken from the weights, and their sum is no longer 1. Take it from the scores."
    ),
    lambda Q, K, V, slope: softmax(np.where(causal_mask(len(Q)), _priced(Q, K, slope), 0)) @ V: (
        "a score of 0 is not hidden: its weight is not 0. Put -np.inf there."
    ),
    lambda Q, K, V, slope: softmax(np.where(causal_mask(len(Q)).T, _priced(Q, K, slope), -np.inf)) @ V: (
        "this mask shows the future and hides the past. Let key <= query stay."
    ),
    lambda Q, K, V, slope: softmax(_seen(_priced(Q, K, slope)), axis=0) @ V: (
        "softmax runs down the columns here. The keys of one query stand in a row: the last axis."
    ),
    lambda Q, K, V, slope: softmax(_seen(_priced(Q, K, slope))): (
        "these are the weights. One step is missing: mix the rows of V with them."
    ),
    lambda Q, K, V, slope: _seen(_priced(Q, K, slope)): (
        "these are the scores. Two steps are missing: softmax, and the mixing of V."
    ),
    lambda Q, K, V, slope: softmax(_seen(_priced(Q, K, slope))) @ K: "this mixes the keys. Mix the values V.",
}
