"""Exercises of notebook 00: how an exercise works."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .verdict import judge


def check_looks_at(attempt: Callable) -> Callable:
    """`looks_at(weights, tokens, word)`: the token that `word` gives the largest weight."""
    return judge("who looks at whom", attempt, _looks_at, _MAPS, _WRONG_LOOKS_AT)


def check_attention_received(attempt: Callable) -> Callable:
    """`attention_received(weights, tokens)`: the token that receives most attention, all rows together."""
    return judge("who receives most", attempt, _received, _RECEIVED, _WRONG_RECEIVED)


def _looks_at(weights: NDArray, tokens: Sequence[str], word: str) -> str:
    return tokens[int(np.argmax(weights[tokens.index(word)]))]


_TOKENS = ["a", "dog", "barks", "loudly"]
_MAP = np.array([
    [0.1, 0.6, 0.2, 0.1],
    [0.3, 0.1, 0.4, 0.2],
    [0.2, 0.25, 0.15, 0.4],
    [0.05, 0.2, 0.7, 0.05],
])  # fmt: skip
_MAPS = [(_MAP, _TOKENS, word) for word in _TOKENS]

_WRONG_LOOKS_AT = {
    lambda weights, tokens, word: int(np.argmax(weights[tokens.index(word)])): (
        "this is the number of the token. Look the word up: tokens[number]."
    ),
    lambda weights, tokens, word: tokens[int(np.argmax(weights[:, tokens.index(word)]))]: (
        "this is the token that looks most at the word. A row belongs to the one who looks: take a row."
    ),
    lambda weights, tokens, word: tokens[int(np.argmin(weights[tokens.index(word)]))]: (
        "this is the smallest weight of the row. Take argmax."
    ),
    lambda weights, tokens, word: weights[tokens.index(word)].max(): (
        "this is the largest weight. Its place is asked for: np.argmax, then the token at that place."
    ),
    lambda weights, tokens, word: weights[tokens.index(word)]: (
        "this is the whole row of weights. Which place holds the largest one?"
    ),
    lambda weights, tokens, word: tokens[int(np.argmax(weights)) % len(tokens)]: (
        "this is the largest weight of the whole map. Look only at the row of the word."
    ),
    lambda weights, tokens, word: word: "this gives the word back. Which word does it look at?",
}


def _received(weights: NDArray, tokens: Sequence[str]) -> str:
    return tokens[int(np.argmax(weights.sum(axis=0)))]


# Eighths and sixteenths: every row sums to exactly 1.
_RECEIVED = [
    (np.array([[2, 3, 3, 0], [1, 0, 7, 0], [1, 4, 2, 1], [5, 3, 0, 0]]) / 8, _TOKENS),
    (np.array([[6, 5, 5], [1, 8, 7], [8, 0, 8]]) / 16, ["she", "sang", "well"]),
    (np.array([[0, 3, 0, 5], [4, 1, 0, 3], [6, 0, 2, 0], [0, 3, 2, 3]]) / 8, ["rain", "falls", "on", "us"]),
]


def _favourites(weights: NDArray) -> NDArray[np.integer]:
    """How many rows give each token their largest weight."""
    return np.bincount(weights.argmax(axis=1), minlength=len(weights))


_WRONG_RECEIVED = {
    lambda weights, tokens: tokens[int(np.argmax(weights.max(axis=0)))]: (
        "this takes the largest weight of each column. Add up the whole column: weights.sum(axis=0)."
    ),
    lambda weights, tokens: int(np.argmax(weights.sum(axis=0))): (
        "this is the number of the token. Look the word up: tokens[number]."
    ),
    lambda weights, tokens: weights.sum(axis=0): (
        "these are the sums of all columns. Which token has the largest? np.argmax, then tokens."
    ),
    lambda weights, tokens: weights.sum(axis=0).max(): (
        "this is the largest sum. Its place is asked for: np.argmax, then the token at that place."
    ),
    lambda weights, tokens: tokens[int(np.argmax(weights.sum(axis=1)))]: (
        "this adds up the rows, and every row sums to 1. What a token receives stands in its column: axis=0."
    ),
    lambda weights, tokens: tokens[int(np.argmax(weights)) % len(tokens)]: (
        "this finds the largest single weight. Add up each column first: weights.sum(axis=0)."
    ),
    lambda weights, tokens: tokens[int(np.argmin(weights.sum(axis=0)))]: (
        "this token receives least. Take argmax."
    ),
    lambda weights, tokens: tokens[int(np.argmax(np.diag(weights)))]: (
        "this looks only at the diagonal, what each token gives itself. Add up whole columns."
    ),
    lambda weights, tokens: tokens[int(np.argmax((weights - np.diag(np.diag(weights))).sum(axis=0)))]: (
        "this leaves out what a token gives itself. Here it counts too: add up the whole column."
    ),
    lambda weights, tokens: tokens[int(np.argmax(_favourites(weights)))]: (
        "this counts how often a token comes first. Every weight counts, the small ones too: add them up."
    ),
}
