"""The language whose chances are known: what is drawn has them, and no model can be better than they are."""

from collections.abc import Callable

import numpy as np
import pytest

from attnlab.tasks import Task, chain, chain_chances


def floor(task: Task, chances: np.ndarray) -> float:
    """The loss of a model that knows all chances."""
    held_out = task.validation
    return float(-np.log(chances[held_out.inputs, held_out.targets]).mean())


def test_every_word_is_followed_as_often_as_the_chances_say() -> None:
    task, chances = chain(words=5, length=14, train=20_000, validation=100), chain_chances(words=5)
    counts = np.zeros((5, 5))
    np.add.at(counts, (task.train.inputs, task.train.targets), 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert np.abs(shares - chances).max() < 0.01


def test_every_row_of_the_chances_sums_to_one_and_the_first_words_are_the_most_likely() -> None:
    chances = chain_chances()
    assert chances.shape == (100, 100)
    assert (chances > 0).all()
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-12)
    likely = np.log(chances).mean(axis=0)
    slope = np.polyfit(np.log(np.arange(1, 101)), likely, 1)[0]
    assert -1.1 < slope < -0.9  # Zipf: one over the rank


def test_the_chances_themselves_are_better_than_others() -> None:
    task = chain(train=100)
    known, others = floor(task, chain_chances()), floor(task, chain_chances(seed=1))
    frequent = np.tile(chain_chances().mean(axis=0), (100, 1))  # the last word forgotten
    assert known + 0.5 < floor(task, frequent) < others
    assert known < np.log(100)


def test_a_sentence_is_a_chain_of_words() -> None:
    task = chain(words=7, length=4, train=30, validation=20)
    assert (task.kind, task.size, task.length, task.points) == ("decoder", 7, 4, False)
    assert task.train.inputs.shape == (30, 4)
    assert (task.train.inputs[:, 1:] == task.train.targets[:, :-1]).all()
    assert task.train.counted.all()


def test_the_seed_alone_decides() -> None:
    assert chain(train=50).fingerprint == chain(train=50).fingerprint
    assert chain(train=50).fingerprint != chain(train=50, seed=1).fingerprint
    assert not np.allclose(chain_chances(), chain_chances(seed=1))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: chain_chances(1), ValueError, "words must be 2 or more, got 1"),
        (lambda: chain_chances(1025), ValueError, "words must be at most 1024, got 1025"),
        (lambda: chain_chances(2.5), TypeError, "words must be a whole number, got 2.5"),
        (lambda: chain_chances(seed=-1), ValueError, "seed must be 0 or more, got -1"),
        (lambda: chain(length=0), ValueError, "length must be 1 or more, got 0"),
        (lambda: chain(words=2, length=2, train=9, validation=1), ValueError, "there are only 4"),
        (lambda: chain(seed="0"), TypeError, "seed must be a whole number, got '0'"),
        (lambda: chain(train=0), ValueError, "train"),
    ],
)
def test_bad_input_is_told_what_to_do(call: Callable[[], object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
