"""The exercise of notebook 00: how an exercise works."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .verdict import judge


def check_looks_at(attempt: Callable) -> Callable:
    """`looks_at(weights, tokens, word)`: the token that `word` gives the largest weight."""
    return judge("who looks at whom", attempt, _looks_at, _MAPS, _WRONG_LOOKS_AT)


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
