"""Tasks for a decoder: the next token of a repeated sequence, and the verb of a small piece of English."""

from collections.abc import Sequence
from functools import partial
from math import perm

import numpy as np
from numpy.typing import NDArray

from .drawing import as_size, draw_apart, generator, names, next_tokens
from .task import Task

PAD, END = "<pad>", "."
NOUNS = {
    "dog dogs": "barks bark",
    "cat cats": "sleeps sleep",
    "bird birds": "sings sing",
    "horse horses": "runs run",
    "bee bees": "hums hum",
    "star stars": "shines shine",
}
ADJECTIVES = ("old", "small", "red")
PREPOSITIONS = ("near", "behind", "above")


def induction(
    length: int = 32,
    symbols: int = 32,
    periods: tuple[int, int] = (8, 16),
    train: int = 1024,
    validation: int = 64,
    seed: int = 0,
) -> Task:
    """Continue a sequence that repeats itself: 5 2 7 5 → 2 7 5 2. For a decoder with two layers.

    A block of different symbols is repeated. Its period is random, from periods[0] to periods[1] (a fixed one
    can be solved by counting back). Places count from the first repeated symbol on.
    The right place for query i: key i - period + 1, the token after the previous occurrence of token i.
    Olsson et al. (2022), https://arxiv.org/abs/2209.11895. ValueError or TypeError: periods that do not
    fit length and symbols, more sequences than there are, a bad seed.
    """
    length = as_size("length", length, 3, "a block of two and its first repetition need three places")
    low, high = _as_periods(periods, length, as_size("symbols", symbols, 2, "a block needs different ones"))
    possible = sum(perm(symbols, period) for period in range(low, high + 1))

    def draw(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        blocks = rng.permuted(np.tile(np.arange(symbols), (count, 1)), axis=1)  # [n, symbol]
        period = rng.integers(low, high + 1, size=(count, 1))
        return np.take_along_axis(blocks, np.arange(length + 1) % period, axis=1)  # [n, length + 1]

    parts = draw_apart(draw, possible, train, validation, generator(seed))
    learnt, judged = (next_tokens(rows, np.any(_seen_before(rows[:, :-1]), axis=-1)) for rows in parts)
    return Task("induction", "decoder", names(symbols), learnt, judged, judged.take([0]), _after_previous)


def _as_periods(periods: tuple[int, int], length: int, symbols: int) -> tuple[int, int]:
    if not isinstance(periods, Sequence) or len(periods) != 2:
        raise TypeError(f"periods must be a pair (shortest, longest), got {periods!r}")
    low, high = (as_size("periods", period, 2, "a block needs two symbols") for period in periods)
    if low > high:
        raise ValueError(f"periods must be (shortest, longest), got {periods}: swap them")
    if high > symbols or high >= length:
        raise ValueError(
            f"the longest of periods={periods} must be at most symbols={symbols}, because a block holds "
            f"different symbols, and below length={length}, so that something is repeated"
        )
    return low, high


def _seen_before(read: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where the token of a query occurred earlier: [n, query, key]."""
    same = read[:, :, None] == read[:, None, :]
    return same & np.tri(read.shape[1], k=-1, dtype=bool)


def _after_previous(read: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The token after the latest earlier occurrence of the query's token: [n, query, key]."""
    before = _seen_before(read)
    later = np.flip(np.cumsum(np.flip(before, -1), -1), -1)  # how many occurrences from a key on
    latest = before & (later == 1)
    return np.pad(latest[:, :, :-1], ((0, 0), (0, 0), (1, 0)))  # one place to the right


def agreement(phrases: int = 2, train: int = 512, validation: int = 128, seed: int = 0) -> Task:
    """Predict the verb that agrees with the subject, whatever is between: the dog near the cats → barks.

    A sentence is "the", perhaps an adjective, the subject, 0 to `phrases` phrases such as "near the cats",
    the verb, "." and padding. Only the verb counts. Every noun has its own verb, singular and plural
    (barks, bark), so the loss can reach 0, and a wrong answer shows what went wrong, the number or the noun.
    The right place is the subject. The words before the verb are never the same in train and validation. The
    probe is a sentence whose last noun differs in number from the subject, if validation has one.
    After Linzen et al. (2016), https://arxiv.org/abs/1611.01368. ValueError or TypeError: phrases below 1,
    more sentences than there are, a bad seed.
    """
    phrases = as_size("phrases", phrases, 1, "without one the noun before the verb is the subject")
    vocabulary, nouns, verbs = words()
    ids = {name: i for i, name in enumerate(vocabulary)}

    def draw(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        sentences = [_sentence(rng, nouns, verbs, phrases) for _ in range(count)]
        width = 5 + 3 * phrases
        return np.array([[ids[w] for w in s] + [ids[PAD]] * (width - len(s)) for s in sentences])

    subjects = len(nouns) * (1 + len(ADJECTIVES))
    possible = sum(subjects * (len(PREPOSITIONS) * len(nouns)) ** n for n in range(phrases + 1))
    parts = draw_apart(draw, possible, train, validation, generator(seed))
    verb_ids = [ids[verb] for verb in verbs]
    learnt, judged = (next_tokens(rows, np.isin(rows[:, 1:], verb_ids)) for rows in parts)
    noun_ids = np.array([ids[noun] for noun in nouns])
    probe = judged.take([misleading(judged.inputs, noun_ids)])
    return Task(
        "agreement", "decoder", vocabulary, learnt, judged, probe, partial(_first_of, wanted=noun_ids)
    )


def words() -> tuple[tuple[str, ...], list[str], list[str]]:
    """The vocabulary, the nouns, and the verb of each noun."""
    nouns, verbs = " ".join(NOUNS).split(), " ".join(NOUNS.values()).split()
    return (PAD, "the", *ADJECTIVES, *nouns, *PREPOSITIONS, *verbs, END), nouns, verbs


def _sentence(rng: np.random.Generator, nouns: list[str], verbs: list[str], phrases: int) -> list[str]:
    """One random sentence, without padding."""
    subject = int(rng.integers(len(nouns)))
    adjective = ("", *ADJECTIVES)[rng.integers(1 + len(ADJECTIVES))]
    words = ["the", *adjective.split(), nouns[subject]]
    for _ in range(rng.integers(phrases + 1)):
        words += [str(rng.choice(PREPOSITIONS)), "the", str(rng.choice(nouns))]
    return [*words, verbs[subject], END]


def misleading(rows: NDArray[np.int64], nouns: NDArray[np.int64]) -> int:
    """The first row whose last noun differs in number from the subject; row 0 if there is none."""
    found = np.isin(rows, nouns)
    n, length = rows.shape
    subject = rows[np.arange(n), found.argmax(axis=1)]
    last = rows[np.arange(n), length - 1 - found[:, ::-1].argmax(axis=1)]
    return int(((subject - last) % 2 == 1).argmax())  # in the vocabulary, one and many take turns


def _first_of(
    read: NDArray[np.int64], targets: NDArray[np.int64], wanted: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """The first token that is one of `wanted`, for every query: [n, query, key]."""
    found = np.isin(read, wanted)
    first = found & (np.cumsum(found, axis=1) == 1)  # [n, key]
    return np.repeat(first[:, None, :], targets.shape[1], axis=1)
