"""A language whose probabilities are all known: the next word depends only on the last one."""

import numpy as np
from numpy.typing import NDArray

from ..attention import softmax
from .drawing import as_size, draw_apart, generator, names, next_tokens
from .task import Task

SPREAD = 1.5  # how much a word changes the odds of the next one: the spread of their logarithms


def chain(words: int = 100, length: int = 8, train: int = 8000, validation: int = 400, seed: int = 0) -> Task:
    """Predict the next word at every place: for a decoder. It has words² chances to learn, but few matter.

    The first word is any of them; after that, the chances are the row of the last word in
    `chain_chances(words, seed)`. No model can expect a lower loss than theirs:
    -log(chances[inputs, targets]).mean(). Where attention should look is not known (`points` is False).
    ValueError or TypeError: fewer than 2 words, a bad size, more sentences than there are, a bad seed.
    """
    length = as_size("length", length, 1, "a sentence has a word to read and one to predict")
    sums = chain_chances(words, seed).cumsum(axis=1)  # [word, next word]
    rng = np.random.default_rng([seed, 1])  # another than that of the chances

    def go_on(rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        passed = rng.random((len(rows), 1)) > sums[rows[:, -1], :-1]  # how many sums does a draw pass?
        return np.append(rows, passed.sum(axis=1, keepdims=True), axis=1)

    def draw(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        rows = rng.integers(words, size=(count, 1))
        for _ in range(length - 1):
            rows = go_on(rows, rng)
        return rows

    parts = [go_on(read, rng) for read in draw_apart(draw, words**length, train, validation, rng)]
    learnt, judged = (next_tokens(rows, np.ones_like(rows[:, 1:], dtype=bool)) for rows in parts)
    return Task("chain", "decoder", names(words), learnt, judged, judged.take([0]))


def chain_chances(words: int = 100, seed: int = 0) -> NDArray[np.float64]:
    """[word, next word]: the chances of `chain(words=words, seed=seed)`, every row sums to 1.

    Word k is about 1 / (k + 1) as likely as word 0 (Zipf's law), times a random factor that depends on the
    word before. ValueError or TypeError: fewer than 2 words, more than 1024, a bad seed.
    """
    words = as_size("words", words, 2, "with one word there is nothing to predict")
    factors = SPREAD * generator(seed).normal(size=(words, words))
    return softmax(factors - np.log(np.arange(1, words + 1)))
