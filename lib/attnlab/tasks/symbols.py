"""Tasks for an encoder: sequences of symbols to rewrite or to classify."""

from collections.abc import Callable
from functools import partial
from math import comb

import numpy as np
from numpy.typing import NDArray

from ..attention.numbers import real_number, whole_number
from .data import Data
from .drawing import as_size, draw_apart, generator, names
from .task import Rule, Task

CLASS = "<class>"
VOTES = 3


def reverse(
    length: int = 10, symbols: int = 10, train: int = 1024, validation: int = 64, seed: int = 0
) -> Task:
    """Say the sequence backwards: 3 1 4 → 4 1 3. The right place for query i: key length - 1 - i.

    ValueError or TypeError: length or symbols below 2, more sequences than there are, a bad seed.
    """
    sizes = (length, symbols, train, validation, seed)
    return _rewriting("reverse", lambda rows: rows[:, ::-1], _mirrored, *sizes)


def shift(
    length: int = 10, symbols: int = 10, by: int = 1, train: int = 1024, validation: int = 64, seed: int = 0
) -> Task:
    """Move the sequence to the right by `by`, in a circle: 3 1 4 → 4 3 1. The right place for i: key i - by.

    What falls off the end comes in at the start, so every place has an answer. A negative `by` moves it left.
    Errors as in `reverse`, and for a shift by 0 or by whole rounds.
    """
    length = as_size("length", length, 2, "a single token cannot move")
    if whole_number("by", by) % length == 0:
        raise ValueError(f"by={by} leaves a sequence of {length} as it is: use 1 to {length - 1}, or `copy`")
    sizes = (length, symbols, train, validation, seed)
    rule = partial(_moved, by=by)
    return _rewriting(f"shift by {by}", lambda rows: np.roll(rows, by, axis=1), rule, *sizes)


def copy(length: int = 10, symbols: int = 10, train: int = 1024, validation: int = 64, seed: int = 0) -> Task:
    """Say the sequence as it is: 3 1 4 → 3 1 4. The right place for query i: key i.

    The residual connection alone solves it, so attention may look anywhere. Errors as in `reverse`.
    """
    sizes = (length, symbols, train, validation, seed)
    return _rewriting("copy", lambda rows: rows, partial(_moved, by=0), *sizes)


def sort(length: int = 10, symbols: int = 10, train: int = 1024, validation: int = 64, seed: int = 0) -> Task:
    """Say the symbols from small to large: 3 1 4 → 1 3 4. The right places: every key that holds the target.

    Errors as in `reverse`.
    """
    sizes = (length, symbols, train, validation, seed)
    return _rewriting("sort", lambda rows: np.sort(rows, axis=1), _holding, *sizes)


def _rewriting(
    name: str, rewrite: Callable[[NDArray], NDArray], rule: Rule,
    length: int, symbols: int, train: int, validation: int, seed: int,
) -> Task:  # fmt: skip
    """The task to say `rewrite(rows)` for random rows; every place counts."""
    length = as_size("length", length, 2, "a single token has no order")
    symbols = as_size("symbols", symbols, 2, "with one symbol there is nothing to tell apart")

    def draw(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        return rng.integers(symbols, size=(count, length))

    learnt, judged = (
        Data(rows, rewrite(rows), np.ones(rows.shape, dtype=bool))
        for rows in draw_apart(draw, symbols**length, train, validation, generator(seed))
    )
    return Task(name, "encoder", names(symbols), learnt, judged, judged.take([0]), rule)


def _mirrored(read: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Key length - 1 - i for query i: [n, query, key]."""
    return _moved(read, targets, by=0)[:, ::-1]


def _moved(read: NDArray[np.int64], targets: NDArray[np.int64], by: int) -> NDArray[np.bool_]:
    """Key i - by for query i, in a circle: [n, query, key]."""
    n, length = read.shape
    return np.broadcast_to(np.roll(np.eye(length, dtype=bool), by, axis=0), (n, length, length))


def _holding(read: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Every key that holds the target of the query: [n, query, key]."""
    return targets[:, :, None] == read[:, None, :]


def overfit(
    length: int = 9,
    symbols: int = 32,
    noise: float = 0.2,
    train: int = 128,
    validation: int = 256,
    seed: int = 0,
) -> Task:
    """Say whether 0 or 1 is more frequent: <class> 7 1 30 0 1 → 1. Made to be memorised.

    Three places of each sequence hold 0 or 1. The others hold symbols that mean nothing, but tell the
    sequences apart. The training data are few, and a share `noise` of their labels is flipped: only
    memorising gets those right. All validation labels are right, so the validation loss first falls and then
    rises. Only the first place, <class>, counts. Where attention should look is not known.
    `length` does not count <class>. ValueError or TypeError: length or symbols below 3, a noise below 0
    or not below 0.5, more sequences than there are, a bad seed.
    """
    length = as_size("length", length, VOTES, f"{VOTES} places vote")
    symbols = as_size("symbols", symbols, 3, "0 and 1 vote, and the other places need a symbol")
    if not 0 <= real_number("noise", noise) < 0.5:
        raise ValueError(f"noise must be from 0 to below 0.5, got {noise}: more would reverse the rule")

    def draw(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        votes = rng.integers(2, size=(count, VOTES))
        rest = rng.integers(2, symbols, size=(count, length - VOTES))
        return rng.permuted(np.hstack([votes, rest]), axis=1)  # [n, length]

    rng, possible = generator(seed), comb(length, VOTES) * 2**VOTES * (symbols - 2) ** (length - VOTES)
    parts = draw_apart(draw, possible, train, validation, rng)
    wrong = rng.permutation(train) < round(noise * train)
    labels = [_majority(parts[0]) ^ wrong, _majority(parts[1])]
    learnt, judged = (_labelled(*pair, symbols) for pair in zip(parts, labels, strict=True))
    return Task("overfit", "encoder", (*names(symbols), CLASS), learnt, judged, judged.take([0]))


def _majority(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a row has more 1 than 0: [n]."""
    return (rows == 1).sum(axis=1) > (rows == 0).sum(axis=1)


def _labelled(rows: NDArray[np.int64], labels: NDArray[np.bool_], class_id: int) -> Data:
    """<class> in front of each row; its target is the label, and the others do not count."""
    inputs = np.insert(rows, 0, class_id, axis=1)
    targets = np.insert(rows, 0, labels, axis=1)
    counted = np.zeros(inputs.shape, dtype=bool)
    counted[:, 0] = True
    return Data(inputs, targets, counted)
