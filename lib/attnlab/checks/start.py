"""Exercises of notebook 00: how an exercise works."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .verdict import judge


def check_looks_at(attempt: Callable) -> Callable:
    """`looks_at(weights, tokens, word)`: the token that `word` gives the largest weight."""
    return judge("who looks at whom", attempt, _looks_at, _MAPS, _WRONG_LOOKS_AT, _looking)


def check_attention_received(attempt: Callable) -> Callable:
    """`attention_received(weights, tokens)`: the token that receives most from all rows together."""
    return judge("who receives most", attempt, _received, _RECEIVED, _WRONG_RECEIVED, _receiving)


def _attention(rng: np.random.Generator, n: int, visible: NDArray | bool) -> NDArray:
    """A map whose rows are sharp or even, each in its own order, and sum to exactly 1 in any order."""
    places = rng.permuted(np.tile(np.arange(n), (n, 1)), axis=1)
    shares = np.where(visible, np.exp(places * rng.choice([0.02, 0.2, 1.0, 3.0], size=(n, 1))), 0.0)
    parts = np.floor(2**50 * shares / shares.sum(axis=1, keepdims=True))
    parts[np.arange(n), parts.argmax(axis=1)] += 2**50 - parts.sum(axis=1)
    return parts / 2**50


# Some are parts of others, or differ only in a capital.
_NAMES = ["rain", "falls", "on", "all", "of", "us", "The", "the", "its", "it", "thus", "snow"]


def _named(rng: np.random.Generator) -> list[str]:
    """2 to 6 different tokens, now and then up to 12."""
    return rng.permutation(_NAMES)[: rng.integers(2, rng.choice([7, 13]))].tolist()


def _looks_at(weights: NDArray, tokens: Sequence[str], word: str) -> str:
    return tokens[int(np.argmax(weights[tokens.index(word)]))]


def _looking(rng: np.random.Generator) -> tuple:
    """A map of 2 to 12 tokens. Two of them may be the same, but the word occurs only once."""
    tokens = _named(rng)
    word, *others = rng.permutation(len(tokens)).tolist()
    if len(others) > 1 and rng.random() < 0.5:
        tokens[others[0]] = tokens[others[1]]
    return _attention(rng, len(tokens), True), tokens, tokens[word]


_TOKENS = ["a", "dog", "barks", "loudly"]
_MAP = np.array([
    [0.15, 0.6, 0.2, 0.05],
    [0.3, 0.1, 0.4, 0.2],
    [0.2, 0.25, 0.15, 0.4],
    [0.06, 0.2, 0.7, 0.04],
])  # fmt: skip
_ITSELF = np.array([[0.6, 0.4, 0.0], [0.2, 0.5, 0.3], [0.7, 0.2, 0.1]])  # two rows favour themselves
_CLOSE = np.array([[0.36, 0.38, 0.26], [0.496, 0.501, 0.003], [0.5, 0.2, 0.3]])
_OWN = np.array([[0.7, 0.3], [0.2, 0.8]])
_MAPS = [(_MAP, _TOKENS, word) for word in _TOKENS]
_MAPS += [(_ITSELF, ["we", "like", "tea"], word) for word in ("like", "we")]
_MAPS += [(_CLOSE, ["we", "like", "tea"], word) for word in ("we", "like")]
_ALIKE = [["its", "it"], ["it", "its"], ["The", "the"], ["the", "The"], ["this", "is"]]
_MAPS += [(_OWN, tokens, word) for tokens in _ALIKE for word in tokens]
_MAPS += [(np.array([[1.0, 0.0], [0.4, 0.6]]), ["so", "what"], "so")]
_MAPS += [(np.arange(12.0).repeat(12).reshape(12, 12).T / 66, _NAMES, "snow")]


def _without_itself(weights: NDArray, tokens: Sequence[str], word: str, own: float) -> str:
    """The favourite of `word` when its weight on itself is replaced by `own`."""
    row = np.where(np.arange(len(tokens)) == tokens.index(word), own, weights[tokens.index(word)])
    return tokens[int(np.argmax(row))]


def _of_row(weights: NDArray, tokens: Sequence[str], rows: Iterable[int]) -> str:
    """The favourite of the first of `rows`."""
    return tokens[int(np.argmax(weights[next(iter(rows))]))]


_WRONG_LOOKS_AT = {
    lambda weights, tokens, word: int(np.argmax(weights[tokens.index(word)])): (
        "this is the number of the token. Look up its word: tokens[number]."
    ),
    lambda weights, tokens, word: _without_itself(weights, tokens, word, -1.0): (
        "this never lets a word look at itself. It may: take the largest weight of its whole row."
    ),
    lambda weights, tokens, word: _without_itself(weights, tokens, word, 0.0): (
        "this sets the word's own weight to 0. A word may look at itself: take its row as it is."
    ),
    lambda weights, tokens, word: tokens[int(np.argmax(weights[:, tokens.index(word)]))]: (
        "this is the token that looks most at the word. A row belongs to the word that looks: take its row."
    ),
    lambda weights, tokens, word: tokens[int(np.argmin(weights[tokens.index(word)]))]: (
        "this is the smallest weight of the row. Use np.argmax, or the last place of np.argsort, [-1]."
    ),
    lambda weights, tokens, word: weights[tokens.index(word)].max(): (
        "this is the largest weight. Return the token it belongs to: find its place with np.argmax."
    ),
    lambda weights, tokens, word: weights[tokens.index(word)]: (
        "this is the whole row of weights. Which of its places holds the largest one?"
    ),
    lambda weights, tokens, word: tokens[int(np.argmax(weights)) % len(tokens)]: (
        "this is the largest weight of the whole map. Use only the row of the word."
    ),
    lambda weights, tokens, word: tokens[int(np.argmax(weights.sum(axis=0)))]: (
        "this adds up the rows of all words. Use only the row of the word."
    ),
    lambda weights, tokens, word: tokens[int(np.argmax(weights[0]))]: (
        "this always reads the first row. Find the row of the word: tokens.index(word)."
    ),
    lambda weights, tokens, word: _of_row(weights, tokens, (i for i, t in enumerate(tokens) if word in t)): (
        "this finds the first token that contains the word, and 'it' is in 'its' too. Use tokens.index(word)."
    ),
    lambda weights, tokens, word: _of_row(
        weights, tokens, (i for i, t in enumerate(tokens) if t.lower() == word.lower())
    ): "to lower() 'The' and 'the' are the same, but they are two tokens. Use tokens.index(word).",
    lambda weights, tokens, word: tokens[int(np.argmax(weights[tokens.index(word)].round(2)))]: (
        "rounded weights can be equal where one of them is larger. Leave out the rounding."
    ),
    lambda weights, tokens, word: word: "this gives the word back. Which word does it look at?",
}


def _received(weights: NDArray, tokens: Sequence[str]) -> str:
    return tokens[int(np.argmax(weights.sum(axis=0)))]


def _receiving(rng: np.random.Generator) -> tuple:
    """A map of 2 to 12 tokens, one of which clearly receives most, also if equal tokens are added up.

    Half of the maps only look back.
    """
    while True:
        tokens = _named(rng)
        back = rng.random() < 0.5
        weights = _attention(rng, len(tokens), np.tri(len(tokens), dtype=bool) if back else True)
        if rng.random() < 0.5:
            tokens[0] = tokens[-1]
        totals = _totals(weights, tokens)
        best = totals.pop(_received(weights, tokens))
        *_, second, first = np.sort([0.0, *weights.sum(axis=0)])
        if first - second > 0.001 and best - max(totals.values(), default=0.0) > 0.001:
            return weights, tokens


def _totals(weights: NDArray, tokens: Sequence[str]) -> dict[str, float]:
    """What each token receives, equal ones together."""
    received = weights.sum(axis=0)
    return {token: received[[each == token for each in tokens]].sum() for token in tokens}


# In each map all rows sum to the same number, to the last digit.
_RECEIVED = [
    (np.array([[2, 3, 3, 0], [1, 0, 7, 0], [1, 4, 2, 1], [5, 3, 0, 0]]) / 8, _TOKENS),
    (np.array([[6, 5, 5], [1, 8, 7], [8, 0, 8]]) / 16, ["she", "sang", "well"]),
    (np.array([[9, 0, 1], [0, 9, 1], [1, 0, 9]]) / 10, ["he", "sang", "too"]),  # small weights decide
    (np.array([[0, 3, 0, 5], [4, 1, 0, 3], [6, 0, 2, 0], [0, 3, 2, 3]]) / 8, ["rain", "falls", "on", "us"]),
    (np.array([[0.6, 0.3, 0.1]] * 3), ["the", "cat", "the"]),
    (np.array([[0.1, 0.3, 0.6]] * 3), ["the", "cat", "the"]),
    (np.array([[0.4, 0.6, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]), ["he", "sang", "too"]),
    (np.array([[0.499, 0.501], [0.499, 0.501]]), ["he", "sang"]),  # the third decimal decides
    (np.eye(12)[[0] * 5 + [11] * 7], _NAMES),
]


def _favourites(weights: NDArray) -> NDArray[np.integer]:
    """How many rows give each token their largest weight."""
    return np.bincount(weights.argmax(axis=1), minlength=len(weights))


def _last_of_each(weights: NDArray, tokens: Sequence[str]) -> str:
    sums = dict(zip(tokens, weights.sum(axis=0).tolist(), strict=False))
    return max(sums, key=sums.__getitem__)


def _shares(scores: NDArray) -> NDArray:
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


_WRONG_RECEIVED = {
    lambda weights, tokens: tokens[int(np.argmax(weights.max(axis=0)))]: (
        "this takes the largest weight of each column. Add up the whole column: weights.sum(axis=0)."
    ),
    lambda weights, tokens: int(np.argmax(weights.sum(axis=0))): (
        "this is the number of the token. Look up its word: tokens[number]."
    ),
    lambda weights, tokens: weights.sum(axis=0): (
        "these are the sums of all columns. Which token has the largest? Use np.argmax, then tokens."
    ),
    lambda weights, tokens: weights.sum(axis=0).max(): (
        "this is the largest sum. Return the token it belongs to: find its place with np.argmax."
    ),
    lambda weights, tokens: tokens[0]: (
        "this is always the first token. Every row sums to 1: add up the columns, weights.sum(axis=0)."
    ),
    _last_of_each: (
        "a dictionary keeps only the last of two equal tokens. Return tokens[place of the largest sum]."
    ),
    lambda weights, tokens: tokens[int(np.argmax(weights.round(2).sum(axis=0)))]: (
        "rounding makes different sums equal. Add up the weights as they are."
    ),
    lambda weights, tokens: tokens[int(np.argmax(weights)) % len(tokens)]: (
        "this finds the largest single weight. Add up each column first: weights.sum(axis=0)."
    ),
    lambda weights, tokens: tokens[int(np.argmin(weights.sum(axis=0)))]: (
        "this token receives least. Use argmax."
    ),
    lambda weights, tokens: tokens[int(np.argmax(np.diag(weights)))]: (
        "this looks only at the diagonal, what each token gives itself. Add up whole columns."
    ),
    lambda weights, tokens: tokens[int(np.argmax((weights - np.diag(np.diag(weights))).sum(axis=0)))]: (
        "this leaves out what a token gives itself. Here it counts too: add up the whole column."
    ),
    lambda weights, tokens: tokens[int(np.argmax(_favourites(weights)))]: (
        "this counts how often a token comes first. Small weights count too: add up the whole column."
    ),
    lambda weights, tokens: tokens[int(np.argmax((weights > 0).sum(axis=0)))]: (
        "this counts how many tokens look at it at all. It matters how much: add up the weights."
    ),
    lambda weights, tokens: tokens[int(np.argmax(_shares(weights).sum(axis=0)))]: (
        "this applies softmax again. The weights are shares already: add them up as they are."
    ),
}
