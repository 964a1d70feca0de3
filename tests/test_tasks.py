"""Tasks: nothing leaks, the right answer is right by a plain loop, and every bad input is told what to do."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnlab
from attnlab.tasks import (
    Data,
    Sentences,
    Task,
    agreement,
    copy,
    encoder_decoder,
    induction,
    overfit,
    reverse,
    sentences,
    shift,
    sort,
)
from attnlab.tasks.language import ADJECTIVES, NOUNS

SMALL = {"train": 60, "validation": 20}
MAKERS: dict[str, Callable[..., Task]] = {
    "reverse": reverse,
    "shift": shift,
    "shift by -3": lambda **given: shift(by=-3, **given),
    "copy": copy,
    "sort": sort,
    "reverse, few": lambda **given: reverse(length=4, symbols=3, **given),
    "sort, few": lambda **given: sort(length=5, symbols=3, **given),
    "induction": induction,
    "induction, short": lambda **given: induction(length=9, symbols=6, periods=(2, 6), **given),
    "agreement": agreement,
    "agreement, one phrase": lambda **given: agreement(phrases=1, **given),
    "overfit": overfit,
    "reverse, pair": lambda **given: encoder_decoder(reverse(**given)),
    "sort, pair": lambda **given: encoder_decoder(sort(length=6, **given)),
    "shift, pair": lambda **given: encoder_decoder(shift(by=2, **given)),
    "sentences, encoder": lambda **given: sentences("encoder", maskings=1, **given),
    "sentences, decoder": lambda **given: sentences("decoder", **given),
    "sentences, pair": lambda **given: sentences("encoder-decoder", phrases=2, maskings=1, **given),
}
POINTING = [name for name in MAKERS if name != "overfit" and not name.startswith("sentences")]
each_task = pytest.mark.parametrize("name", MAKERS)
each_pointing_task = pytest.mark.parametrize("name", POINTING)


@lru_cache
def made(name: str, seed: int = 0) -> Task:
    return MAKERS[name](seed=seed, **SMALL)


def texts(task: Task, data: Data) -> list[tuple[str, str]]:
    """What is given and what is asked for, as people read it."""
    return [tuple(task.read(data, i).split(" → ")) for i in range(len(data))]


# Nothing leaks


@pytest.mark.parametrize("name", [n for n in MAKERS if n != "sentences, decoder"])
@pytest.mark.parametrize("seed", range(4))
def test_no_question_of_validation_is_in_training(name: str, seed: int) -> None:
    task = made(name, seed)
    train, validation = ([asked for asked, _ in texts(task, d)] for d in (task.train, task.validation))
    assert len(train) == 60 and len(validation) == 20
    assert len({*train, *validation}) == 80  # drawn without repetition
    assert texts(task, task.probe)[0][0] in validation


def test_a_prefix_of_agreement_stands_in_one_part_only() -> None:
    task = agreement(train=1500, validation=500)
    for data in (task.train, task.validation):
        for i, row in enumerate(task.tokens(ids) for ids in data.inputs):
            assert task.read(data, i).split(" → ")[0] == " ".join(before_the_verb(row))
    prefixes = [
        {tuple(before_the_verb(task.tokens(row))) for row in d.inputs} for d in (task.train, task.validation)
    ]
    assert not prefixes[0] & prefixes[1]
    assert sum(map(len, prefixes)) == 2000


def before_the_verb(row: list[str]) -> list[str]:
    verbs = " ".join(NOUNS.values()).split()
    return row[: next(i for i, word in enumerate(row) if word in verbs)]


def one(*tokens: int, counted: list[int] | None = None) -> Data:
    """A single sequence to copy."""
    where = np.isin(np.arange(len(tokens)), range(len(tokens)) if counted is None else counted)
    return Data([tokens], [tokens], [where])


def custom(**changes: object) -> Task:
    parts = {"train": one(0, 1), "validation": one(1, 0), "probe": one(1, 0), **changes}
    return Task(**{"name": "mine", "kind": "encoder", "vocabulary": ("a", "b", "c"), **parts})


def test_a_leak_is_an_error_that_shows_it() -> None:
    with pytest.raises(ValueError, match=r"validation leaks: 1 of its 1 .* 'a b → a b'"):
        custom(validation=one(0, 1))


def test_what_comes_after_the_last_counted_place_of_a_decoder_cannot_hide_a_leak() -> None:
    train, validation = one(0, 1, 2, counted=[1]), one(0, 1, 0, counted=[1])
    with pytest.raises(ValueError, match="validation leaks"):
        custom(kind="decoder", train=train, validation=validation, probe=validation)
    later = one(0, 1, 0, counted=[0, 2])
    custom(kind="decoder", train=one(0, 1, 2, counted=[0, 2]), validation=later, probe=later)


def test_a_source_that_both_parts_share_is_a_leak() -> None:
    pair = {"source": np.array([[0, 1]])}
    train, validation = replace(one(0, 1), **pair), replace(one(1, 0), **pair)
    with pytest.raises(ValueError, match="validation leaks"):
        custom(kind="encoder-decoder", train=train, validation=validation, probe=validation)


def test_all_there_is_can_be_asked_for_and_no_more() -> None:
    task = reverse(length=3, symbols=2, train=5, validation=3)
    assert {asked for data in (task.train, task.validation) for asked, _ in texts(task, data)} == {
        f"{a} {b} {c}" for a in (0, 1) for b in (0, 1) for c in (0, 1)
    }
    agreement(phrases=1, train=1700, validation=76)  # 48 subjects, 36 phrases: 48 + 48 × 36
    induction(length=4, symbols=3, periods=(2, 3), train=9, validation=3)  # 3 × 2 + 3 × 2 × 1
    overfit(length=3, symbols=3, train=5, validation=3)
    overfit(length=4, symbols=4, train=60, validation=4)  # 4 places of the other symbol, 2 of it, 8 votes


# The right answer


def rewritten(name: str, given: list[str]) -> list[str]:
    n = len(given)
    if name.startswith("reverse"):
        return [given[n - 1 - i] for i in range(n)]
    if name.startswith("sort"):
        return sorted(given, key=int)
    by = {"copy": 0, "shift": 1, "shift by -3": -3, "shift, pair": 2}[name]
    return [given[(i - by) % n] for i in range(n)]


@pytest.mark.parametrize("name", [n for n in MAKERS if n.startswith(("reverse", "sort", "shift", "copy"))])
@pytest.mark.parametrize("seed", range(3))
def test_an_encoder_task_asks_for_what_its_name_says(name: str, seed: int) -> None:
    task = made(name, seed)
    for data in (task.train, task.validation, task.probe):
        assert data.counted.all()
        for asked, answer in texts(task, data):
            assert answer.split() == rewritten(name, asked.split())


def right_place(name: str, i: int, read: list[str], target: str) -> set[int]:
    """The keys that query i should look at, by a plain loop."""
    n = len(read)
    if name.startswith("reverse"):
        return {n - 1 - i}
    if name.startswith("sort"):
        return {k for k in range(n) if read[k] == target}
    if name.startswith("induction"):
        period = next(k for k in range(1, n) if read[k] == read[0])
        return {i - period + 1} if i >= period else set()
    if name.startswith("agreement"):
        verb = len(before_the_verb(read))
        return {2 if read[1] in ADJECTIVES else 1} if i == verb - 1 else set()
    by = {"copy": 0, "shift": 1, "shift by -3": -3, "shift, pair": 2}[name]
    return {(i - by) % n}


@each_pointing_task
@pytest.mark.parametrize("seed", range(3))
def test_answers_are_right_by_a_plain_loop(name: str, seed: int) -> None:
    task = made(name, seed)
    data = task.validation
    answers = task.answers(data)
    assert answers.dtype == bool and answers.shape == (*data.targets.shape, data.read.shape[1])
    for n, (row, targets) in enumerate(zip(data.read, data.targets, strict=True)):
        read = task.tokens(row)
        for i, target in enumerate(task.tokens(targets)):
            assert set(np.flatnonzero(answers[n, i])) == right_place(name, i, read, target)
            assert answers[n, i].any() == data.counted[n, i]


@each_pointing_task
def test_what_stands_at_the_right_place_settles_the_target(name: str) -> None:
    task = made(name)
    answers = task.answers(task.train)
    for n, i, k in np.argwhere(answers):
        found, target = task.tokens([task.train.read[n, k], task.train.targets[n, i]])
        assert target == (verb_of(found) if name.startswith("agreement") else found)


def verb_of(noun: str) -> str:
    """By the rule of English, not by the table: one dog barks, many dogs bark."""
    table = dict(zip(" ".join(NOUNS).split(), " ".join(NOUNS.values()).split(), strict=True))
    plural = noun if noun.endswith("s") else noun + "s"
    return table[plural] + ("" if noun == plural else "s")


def test_a_decoder_never_needs_the_future() -> None:
    for name in ("induction", "induction, short", "agreement"):
        task = made(name)
        _, query, key = np.nonzero(task.answers(task.train))
        assert (key <= query).all()


@pytest.mark.parametrize("name", ["induction", "induction, short", "agreement"])
def test_a_language_model_says_the_next_token(name: str) -> None:
    data = made(name).train
    assert (data.inputs[:, 1:] == data.targets[:, :-1]).all()


def test_induction_repeats_blocks_of_every_period() -> None:
    task = induction(periods=(8, 16), train=300, validation=20)
    periods = set()
    for row, last, counted in zip(
        task.train.inputs, task.train.targets[:, -1:], task.train.counted, strict=True
    ):
        whole = [*row, *last]
        period = whole.index(whole[0], 1)
        periods.add(period)
        assert len(set(whole[:period])) == period  # different symbols
        assert all(whole[i] == whole[i - period] for i in range(period, len(whole)))
        assert counted.tolist() == [i >= period for i in range(32)]
    assert periods == set(range(8, 17))


def test_agreement_has_every_kind_of_sentence_in_both_parts() -> None:
    task = agreement()
    for data in (task.train, task.validation):
        asked = [prefix.split() for prefix, _ in texts(task, data)]
        assert {(len(words) - 2) // 3 for words in asked} == {0, 1, 2}  # phrases
        assert {words[1] in ADJECTIVES for words in asked} == {True, False}
        assert {answer for _, answer in texts(task, data)} == set(" ".join(NOUNS.values()).split())
        assert (data.counted.sum(axis=1) == 1).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_probe_of_agreement_misleads(seed: int) -> None:
    words = texts(made("agreement", seed), made("agreement", seed).probe)[0][0].split()
    nouns = [word for word in words if word in " ".join(NOUNS).split()]
    assert nouns[0].endswith("s") != nouns[-1].endswith("s")


@pytest.mark.parametrize(("noise", "wrong"), [(0, 0), (0.2, 26), (0.25, 32)])
def test_overfit_has_so_many_wrong_labels_in_training_and_none_in_validation(
    noise: float, wrong: int
) -> None:
    task = overfit(noise=noise)
    counts = []
    for data in (task.train, task.validation):
        asked = texts(task, data)
        votes = [[word for word in given.split() if word in "01"] for given, _ in asked]
        assert all(len(v) == 3 for v in votes)
        assert (data.counted.nonzero()[1] == 0).all() and (data.counted.sum(axis=1) == 1).all()
        counts.append(
            sum(label != max("01", key=v.count) for v, (_, label) in zip(votes, asked, strict=True))
        )
    assert counts == [wrong, 0] and (len(task.train), len(task.validation)) == (128, 256)


def test_an_encoder_decoder_says_what_the_encoder_said() -> None:
    old = reverse(**SMALL)
    new = encoder_decoder(old)
    assert new.kind == "encoder-decoder" and new.vocabulary == (*old.vocabulary, "<start>")
    for before, after in ((old.train, new.train), (old.validation, new.validation), (old.probe, new.probe)):
        assert (after.source == before.inputs).all() and (after.targets == before.targets).all()
        assert (after.inputs[:, 0] == old.size).all()
        assert (after.inputs[:, 1:] == before.targets[:, :-1]).all()
        assert (new.answers(after) == old.answers(before)).all()


# One language, three structures

KINDS = ("encoder", "decoder", "encoder-decoder")
each_kind = pytest.mark.parametrize("kind", KINDS)


@lru_cache
def spoken(kind: str, phrases: int = 1, hidden: int = 3, seed: int = 0) -> Sentences:
    return sentences(kind, phrases=phrases, hidden=hidden, train=200, validation=60, seed=seed)


def said(task: Task, row: np.ndarray) -> list[str]:
    """The words of a row, without padding."""
    return [word for word in task.tokens(row) if word != "<pad>"]


@settings(max_examples=25, deadline=None)
@given(
    phrases=st.integers(1, 3), hidden=st.integers(1, 7), maskings=st.integers(1, 5), seed=st.integers(0, 9)
)
def test_sentences_leak_neither_within_nor_between_the_kinds(
    phrases: int, hidden: int, maskings: int, seed: int
) -> None:
    made = [sentences(kind, phrases, hidden, maskings, train=90, validation=30, seed=seed) for kind in KINDS]
    judged = [task.whole(task.validation) for task in made]
    assert (judged[0] == judged[1]).all() and (judged[0] == judged[2]).all()
    learnt = [{row.tobytes() for row in task.whole(task.train)} for task in made]
    assert learnt[0] == learnt[1] == learnt[2] and len(learnt[0]) == 90
    assert not learnt[0] & {row.tobytes() for row in judged[0]}
    assert len({task.vocabulary for task in made}) == 1
    assert (made[0].validation.inputs == made[2].validation.source).all()


@each_kind
@pytest.mark.parametrize("phrases", [1, 2])
def test_a_sentence_of_the_language(kind: str, phrases: int) -> None:
    task, lengths = spoken(kind, phrases), set()
    nouns, prepositions = set(" ".join(NOUNS).split()), {"near", "behind", "above"}
    for row in task.whole(task.train):
        words = said(task, row)
        lengths.add(len(words))
        if words[1] in ADJECTIVES:
            words.pop(1)
        subject, rest, end = words[1], words[2:-2], words[-2:]
        assert words[0] == "the" and end == [verb_of(subject), "."]
        assert 1 <= len(rest) / 3 <= phrases
        assert set(rest[0::3]) <= prepositions and set(rest[1::3]) == {"the"} and set(rest[2::3]) <= nouns
    assert lengths == {4 + 3 * n + adjective for n in range(1, phrases + 1) for adjective in (0, 1)}


@pytest.mark.parametrize("hidden", [1, 3])
def test_an_encoder_says_the_hidden_words_and_an_encoder_decoder_writes_the_sentence(hidden: int) -> None:
    encoder, pair = (spoken(kind, 2, hidden) for kind in ("encoder", "encoder-decoder"))
    counts = set()
    for data, written in ((encoder.train, pair.train), (encoder.validation, pair.validation)):
        for i, (read, targets, counted) in enumerate(
            zip(data.inputs, data.targets, data.counted, strict=True)
        ):
            seen, meant = encoder.tokens(read), encoder.tokens(targets)
            hides = [place for place, word in enumerate(seen) if word == "<mask>"]
            assert np.flatnonzero(counted).tolist() == hides
            assert all(meant[place] not in ("<pad>", "<mask>") for place in hides)
            assert all(a == b for a, b in zip(seen, meant, strict=True) if a != "<mask>")
            counts.add(len(hides))
            assert pair.tokens(written.source[i]) == seen and pair.tokens(written.targets[i]) == meant
            assert pair.tokens(written.inputs[i]) == ["<start>", *meant[:-1]]
            assert written.counted[i].tolist() == [word != "<pad>" for word in meant]
    assert counts == set(range(1, hidden + 1))


def test_a_decoder_says_every_next_word() -> None:
    task = spoken("decoder", 2)
    for inputs, targets, counted in zip(
        task.train.inputs, task.train.targets, task.train.counted, strict=True
    ):
        assert (inputs[1:] == targets[:-1]).all()
        assert counted.tolist() == [word != "<pad>" for word in task.tokens(targets)]


def test_every_training_sentence_comes_with_so_many_maskings() -> None:
    task = sentences("encoder", maskings=5, train=40, validation=10)
    rows = [row.tobytes() for row in task.whole(task.train)]
    assert len(rows) == 200 and all(rows.count(row) == 5 for row in rows)
    assert len({row.tobytes() for row in task.train.inputs}) > 150
    assert len(sentences("decoder", maskings=5, train=40, validation=10).train) == 40


@each_kind
@pytest.mark.parametrize("about", ["verb", "subject"])
@pytest.mark.parametrize("phrases", [1, 2])
def test_the_same_question_for_all(kind: str, about: str, phrases: int) -> None:
    task, nouns = spoken(kind, phrases), " ".join(NOUNS).split()
    question = task.question(about)
    assert question.chance == 1 / 12
    choices = nouns if about == "subject" else " ".join(NOUNS.values()).split()
    assert task.tokens(question.choices) == choices
    for i, row in enumerate(task.whole(task.validation)):
        words = said(task, row)
        place = next(i for i, word in enumerate(words) if word in nouns)
        place = place if about == "subject" else len(words) - 2
        gap = [*words[:place], "<mask>", *words[place + 1 :]]
        given, answer = task.read(question.data, i).split(" → ")
        assert answer == words[place]
        if kind == "decoder":
            assert given.split() == words[:place]
        else:
            assert [word for word in given.split() if word != "<pad>"] == gap
        if kind == "encoder-decoder":
            before = question.data.inputs[i, : np.flatnonzero(question.data.counted[i])[0] + 1]
            assert task.tokens(before) == ["<start>", *words[:place]]


@each_kind
def test_answers_are_judged_among_the_choices_alone(kind: str) -> None:
    task = spoken(kind)
    question = task.question("subject")
    perfect = np.eye(task.size)[question.data.targets] * 3  # [n, token, vocabulary]
    assert question.right(perfect).all() and question.right(perfect).shape == (60,)
    shares = question.shares(perfect)
    assert shares.shape == (60, 12) and np.allclose(shares.sum(axis=1), 1)
    assert np.allclose(shares.max(axis=1), np.exp(3) / (np.exp(3) + 11))
    others = np.setdiff1d(np.arange(task.size), question.choices)
    perfect[..., others] = 1000
    assert np.allclose(question.shares(perfect), shares)
    assert not question.right(-perfect).any()
    guess = question.right(np.random.default_rng(0).normal(size=(60, task.length, task.size)))
    assert guess.mean() < 0.3


def language(phrases: int) -> list[tuple[list[str], float]]:
    """All sentences and how often each is drawn, by plain loops."""
    nouns, found = " ".join(NOUNS).split(), []
    tails: list[tuple[list[str], float]] = [([], 1 / phrases)]
    for _ in range(phrases):
        tails = [
            ([*tail, p, "the", noun], chance / 36)
            for tail, chance in tails
            for p in ("near", "behind", "above")
            for noun in nouns
        ]
        found += [
            (["the", *adjective, noun, *tail, verb_of(noun), "."], chance / 48)
            for adjective in ([], *([a] for a in ADJECTIVES))
            for noun in nouns
            for tail, chance in tails
        ]
    return found


@pytest.mark.slow
@each_kind
def test_the_floor_is_the_loss_of_somebody_who_has_a_list_of_all_sentences(kind: str) -> None:
    task = spoken(kind, 2)
    data = task.validation.take(range(12))
    known = language(2)
    assert sum(chance for _, chance in known) == pytest.approx(1)
    losses = []
    for i, row in enumerate(task.whole(data)):
        words = said(task, row)
        hidden = [i for i, id in enumerate(data.read[i]) if task.vocabulary[id] == "<mask>"]
        seen = [place for place in range(len(words)) if place not in hidden]
        for at in range(1, len(words)) if kind == "decoder" else hidden:
            if kind == "decoder":
                fits = [(s, c) for s, c in known if s[:at] == words[:at]]
            else:
                told = [*seen, *(range(at) if kind == "encoder-decoder" else [])]
                same = [(s, c) for s, c in known if len(s) == len(words)]
                fits = [(s, c) for s, c in same if all(s[p] == words[p] for p in told)]
            right = sum(c for s, c in fits if s[at] == words[at]) / sum(c for _, c in fits)
            losses.append(-np.log(right))
        if kind == "encoder-decoder":
            losses += [0.0] * len(seen)  # these it only copies
    assert task.floor(data) == pytest.approx(np.mean(losses), abs=1e-12)


def test_the_floor_of_the_language() -> None:
    """A decoder cannot get below the entropy of a sentence: adjective, subject, preposition, noun."""
    per_sentence = np.log(4) + np.log(12) + np.log(3) + np.log(12)
    task = sentences("decoder", train=1500, validation=200)
    assert task.floor(task.train) == pytest.approx(per_sentence / (6 + 3 / 4), rel=0.01)
    assert task.floor() == task.floor(task.validation) != task.floor(task.train)


@pytest.mark.parametrize("kind", ["encoder", "encoder-decoder"])
def test_attention_should_look_at_the_partner_of_a_hidden_word(kind: str) -> None:
    task, asked = spoken(kind, 2), 0
    for data in (task.validation, task.question("verb").data, task.question("subject").data):
        answers = task.answers(data)
        for i, row in enumerate(data.read):
            words, whole = task.tokens(row), said(task, data.targets[i])
            verb = len(whole) - 2
            subject = next(place for place, word in enumerate(whole) if word in " ".join(NOUNS).split())
            for query in range(len(words)):
                expected = {query} if words[query] != "<mask>" else set()
                if words[query] == "<mask>" and query in (verb, subject):
                    partner = subject if query == verb else verb
                    expected = {partner} if words[partner] != "<mask>" else set()
                    asked += len(expected)
                found = set(np.flatnonzero(answers[i, query]))
                assert found == (expected if data.counted[i, query] else set())
    assert asked > 100


def test_attention_of_a_decoder_should_look_at_the_subject_before_the_verb() -> None:
    task = spoken("decoder", 2)
    for data in (task.validation, task.question("verb").data):
        for row, answers in zip(data.inputs, task.answers(data), strict=True):
            words = task.tokens(row)
            assert np.argwhere(answers).tolist() == [
                [len(before_the_verb(words)) - 1, right_place_of_subject(words)]
            ]
    assert not task.answers(task.question("subject").data).any()


def right_place_of_subject(words: list[str]) -> int:
    return 2 if words[1] in ADJECTIVES else 1


@each_kind
@pytest.mark.parametrize("seed", range(4))
def test_the_probe_of_sentences_asks_for_the_verb_and_misleads(kind: str, seed: int) -> None:
    task = spoken(kind, seed=seed)
    words = said(task, task.whole(task.probe)[0])
    nouns = [word for word in words if word in " ".join(NOUNS).split()]
    assert nouns[0].endswith("s") != nouns[-1].endswith("s")
    if kind != "decoder":
        assert said(task, task.probe.read[0]) == [*words[:-2], "<mask>", "."]
    others = [spoken(other, seed=seed) for other in KINDS]
    assert len({other.whole(other.probe).tobytes() for other in others}) == 1


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda: sentences("Encoder"), ValueError, "kind must be one of encoder, decoder, encoder-decoder"),
        (lambda: sentences(phrases=0), ValueError, "phrases must be 1 or more, got 0"),
        (lambda: sentences(hidden=0), ValueError, "hidden must be 1 or more, got 0"),
        (lambda: sentences(hidden=8), ValueError, "hidden must be at most 7, .* got 8"),
        (lambda: sentences(hidden=1.0), TypeError, "hidden must be a whole number, got 1.0"),
        (lambda: sentences(maskings=0), ValueError, "maskings must be 1 or more, got 0"),
        (lambda: sentences(maskings=2000), ValueError, "maskings must be at most 1024"),
        (lambda: sentences(train=1700, validation=29), ValueError, "there are only 1728"),
        (
            lambda: sentences(phrases=2, maskings=1024),
            ValueError,
            "1024 maskings of train=1024 hold more than 10,000,000 tokens",
        ),
        (lambda: sentences(seed=-1), ValueError, "seed must be 0 or more, got -1"),
        (lambda: spoken("encoder").question("noun"), ValueError, "about must be one of verb, subject"),
        (lambda: spoken("encoder").floor(spoken("encoder-decoder").probe), ValueError, "data has a source"),
        (
            lambda: spoken("encoder").question("verb").right(np.zeros((60, 8, 30))),
            ValueError,
            r"logits must be \(60, 8, 35\) for these data, got \(60, 8, 30\)",
        ),
        (
            lambda: spoken("encoder").question("verb").shares(np.full((60, 8, 35), np.nan)),
            ValueError,
            "logits must hold finite numbers",
        ),
    ],
)
def test_what_cannot_be_asked_of_sentences(
    ask: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ask()


# The same for everybody


@each_task
def test_a_seed_gives_the_same_task_and_another_seed_another(name: str) -> None:
    again = MAKERS[name](seed=0, **SMALL)
    assert again.fingerprint == made(name).fingerprint != made(name, 1).fingerprint
    assert (again.train.inputs == made(name).train.inputs).all()


def test_no_global_generator_is_touched() -> None:
    before = np.random.get_state()[1].copy()
    for make in MAKERS.values():
        make(seed=3, **SMALL)
    assert (np.random.get_state()[1] == before).all()


def test_the_fingerprint_is_the_same_in_another_process() -> None:
    code = "from attnlab.tasks import *; print(agreement().fingerprint, sort(seed=4).fingerprint)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [agreement().fingerprint, sort(seed=4).fingerprint]


def test_all_tasks_differ_in_their_fingerprint() -> None:
    assert len({made(name, seed).fingerprint for name in MAKERS for seed in range(3)}) == 3 * len(MAKERS)


def changed(data: Data, field: str) -> Data:
    array = getattr(data, field).copy()
    array[0, -1] = not array[0, -1] if field == "counted" else (array[0, -1] + 1) % 10
    return replace(data, **{field: array})


@pytest.mark.parametrize("part", ["train", "validation"])
@pytest.mark.parametrize("field", ["inputs", "targets", "counted", "source"])
def test_the_fingerprint_sees_every_token(part: str, field: str) -> None:
    task = replace(made("reverse, pair"), rule=None)
    data = changed(getattr(task, part), field)
    probe = {"probe": data.take([0])} if part == "validation" else {}
    assert replace(task, **{part: data}, **probe).fingerprint != task.fingerprint


def test_the_fingerprint_sees_the_rest() -> None:
    task = made("reverse")
    others = [
        replace(task, name="other"),
        replace(task, vocabulary=tuple("abcdefghij")),
        replace(task, probe=task.validation.take([1])),
        replace(task, rule=None),
        replace(task, rule=made("copy").rule),
        replace(task, kind="decoder"),
    ]
    assert len({task.fingerprint, *(other.fingerprint for other in others)}) == 1 + len(others)


@each_task
def test_a_task_can_be_stored(name: str) -> None:
    assert pickle.loads(pickle.dumps(made(name))).fingerprint == made(name).fingerprint


# How much attention is on the right places


@each_pointing_task
def test_a_perfect_map_gives_one_and_an_even_map_its_share(name: str) -> None:
    task = made(name)
    for data in (task.train, task.validation, task.probe):
        answers = task.answers(data)
        asked = answers.any(axis=-1)
        perfect = answers / np.maximum(answers.sum(axis=-1, keepdims=True), 1)
        assert task.attended(perfect, data) == pytest.approx(1)
        assert task.attended(np.where(answers, 0, perfect.max()), data) == 0
        even = np.full(answers.shape, 1 / answers.shape[-1])
        assert task.attended(even, data) == pytest.approx(
            answers.sum(axis=-1)[asked].mean() / answers.shape[-1]
        )


@each_pointing_task
def test_attended_by_a_plain_loop_for_each_layer_and_head(name: str) -> None:
    task, rng = made(name), np.random.default_rng(5)
    data = task.validation
    answers = task.answers(data)
    n, query, key = answers.shape
    weights = rng.dirichlet(np.ones(key), size=(n, 3, 2, query))  # [n, layer, head, query, key]
    found = task.attended(weights, data)
    assert found.shape == (3, 2) and found.dtype == np.float64
    for layer, head in np.ndindex(3, 2):
        shares = [
            weights[s, layer, head, q][answers[s, q]].sum()
            for s, q in np.ndindex(n, query)
            if answers[s, q].any()
        ]
        assert found[layer, head] == pytest.approx(np.mean(shares))
    assert task.attended(weights.astype(np.float16), data) == pytest.approx(found, abs=1e-3)
    assert task.attended(weights[:, 0, 0], data) == pytest.approx(found[0, 0])


def test_queries_that_look_at_the_same_key_count_one_by_one() -> None:
    first = custom(rule=lambda read, targets: np.array([[[True, False], [True, False]]]))
    assert first.attended([[[0.5, 0.5], [0.25, 0.75]]], first.probe) == pytest.approx(0.375)


def test_places_that_do_not_count_do_not_matter() -> None:
    task = made("agreement")
    answers = task.answers(task.validation)
    weights = np.where(task.validation.counted[:, :, None], answers, 0.7)
    assert task.attended(weights, task.validation) == pytest.approx(1)


def test_frames_of_the_probe() -> None:
    task = made("reverse")
    frames = np.stack([np.eye(10), np.eye(10)[::-1]])[:, None, None]  # [frame, layer, head, query, key]
    assert task.attended(frames[None], task.probe).tolist() == [[[0]], [[1]]]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((19, 10, 10), r"\(20, \.\.\., 10, 10\).*got \(19, 10, 10\)"),
        ((10, 10), r"use weights\[None\]"),
        ((20, 10, 9), "got"),
        ((20, 2, 9, 10), "got"),
        ((2, 20, 10, 10), "one map for each sequence"),
    ],
)
def test_weights_that_do_not_fit(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made("reverse").attended(np.zeros(shape), made("reverse").validation)


def test_weights_that_are_no_numbers() -> None:
    weights = np.full((20, 10, 10), np.nan)
    with pytest.raises(ValueError, match="weights must hold finite numbers"):
        made("reverse").attended(weights, made("reverse").validation)


def test_nothing_is_known_about_overfit() -> None:
    task = made("overfit")
    assert not task.points and made("sort").points
    for ask in (task.answers, lambda data: task.attended(np.zeros((20, 10, 10)), data)):
        with pytest.raises(ValueError, match="'overfit' has no known answer for attention"):
            ask(task.validation)


def test_data_without_a_right_place_are_no_nan() -> None:
    data = Data([[0, 1, 2]], [[1, 2, 3]], [[True, True, True]])  # nothing is repeated
    with pytest.raises(ValueError, match="no query of data has a right place"):
        made("induction").attended(np.zeros((1, 3, 3)), data)


def test_answers_need_the_right_kind_of_data() -> None:
    with pytest.raises(ValueError, match=r"data has no source, but the task has kind=.encoder-decoder."):
        made("reverse, pair").answers(made("reverse").probe)
    with pytest.raises(ValueError, match=r"data has a source, but the task has kind=.encoder."):
        made("reverse").answers(made("reverse, pair").probe)


def test_answers_of_a_shorter_sequence_that_somebody_typed() -> None:
    task = made("reverse")
    ids = task.encode("3 1 4")[None]
    answers = task.answers(Data(ids, ids[:, ::-1], np.ones(ids.shape, dtype=bool)))
    assert (answers[0] == np.eye(3)[::-1]).all()


# Words


@each_task
@settings(max_examples=30)
@given(data=st.data())
def test_names_and_ids_round_trip(name: str, data: st.DataObject) -> None:
    task = made(name)
    ids = data.draw(st.lists(st.integers(0, task.size - 1), min_size=1, max_size=task.length))
    assert task.encode(task.decode(ids)).tolist() == ids
    assert task.encode(task.decode(ids)).dtype == np.int64
    assert task.tokens(np.array(ids)) == task.decode(ids).split() == [task.vocabulary[i] for i in ids]


def test_an_example_for_people() -> None:
    other = one(1, 1, 2, 0, counted=[1, 2])
    task = custom(kind="decoder", train=one(0, 1, 2, 0, counted=[1, 2]), validation=other, probe=other)
    assert task.read(task.train, 0) == "a b → b c"
    assert made("reverse, pair").read(made("reverse, pair").probe, 0) == made("reverse").read(
        made("reverse").probe, 0
    )


def test_what_is_shown_in_a_notebook_is_short() -> None:
    assert repr(reverse()) == "Task(reverse, encoder, 10 tokens, length 10, 1024 to train, 64 to validate)"
    assert repr(reverse().train) == "Data(1024 sequences of 10 tokens)"
    assert repr(encoder_decoder(sort()).probe) == "Data(1 sequence of 10 tokens, source of 10)"


def test_length_is_that_of_the_longest_sequence() -> None:
    assert [made(name).length for name in ("reverse", "induction", "agreement", "overfit", "sort, pair")] == [
        10, 32, 10, 10, 6,
    ]  # fmt: skip
    part = replace(one(0, 1), source=[[2, 1, 0]])
    other = replace(part, source=[[0, 1, 2]])
    assert custom(kind="encoder-decoder", train=part, validation=other, probe=other).length == 3


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        (
            "agreement",
            "the dgo near the cats",
            ValueError,
            r"'dgo' is not in .*; did you mean dog",
        ),
        ("agreement", "the zzz", ValueError, r"'zzz' .* it has <pad> the old .* and 21 more"),
        ("reverse, few", "0 x", ValueError, "'x' is not in the vocabulary .* it has 0 1 2$"),
        ("reverse", "", ValueError, "1 to 10 tokens .* got 0"),
        ("reverse", "1 " * 11, ValueError, "1 to 10 tokens of the task 'reverse', got 11"),
        ("reverse", "314", ValueError, "'314' is not in the vocabulary"),
        ("reverse", [3, 1], TypeError, "text must be a string, got list"),
    ],
)
def test_a_text_that_cannot_be_encoded(name: str, text: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        made(name).encode(text)


@pytest.mark.parametrize("ids", [[10], [-1]])
def test_an_id_that_the_vocabulary_does_not_have(ids: list[int]) -> None:
    with pytest.raises(ValueError, match=f"unknown token id {ids[0]}: this vocabulary has 0 to 9"):
        made("reverse").decode(ids)


# Bad input


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: reverse(train=0), ValueError, "train must be 1 or more, got 0"),
        (lambda: sort(validation=-1), ValueError, "validation must be 1 or more, got -1"),
        (lambda: copy(train=2.0), TypeError, "train must be a whole number, got 2.0"),
        (lambda: reverse(length=1), ValueError, "length must be 2 or more, got 1"),
        (lambda: reverse(length=10**9), ValueError, "length must be at most 1024, got 1000000000"),
        (lambda: sort(length="3"), TypeError, "length must be a whole number, got '3'"),
        (lambda: sort(symbols=1), ValueError, "symbols must be 2 or more, got 1"),
        (lambda: sort(symbols=True), TypeError, "symbols must be a whole number, got True"),
        (lambda: reverse(seed=-1), ValueError, "seed must be 0 or more, got -1"),
        (lambda: reverse(seed=None), TypeError, "seed must be a whole number, got None"),
        (lambda: shift(by=0), ValueError, "by=0 leaves a sequence of 10 as it is"),
        (lambda: shift(by=-20), ValueError, "by=-20 leaves a sequence of 10 as it is"),
        (lambda: shift(by=1.5), TypeError, "by must be a whole number, got 1.5"),
        (
            lambda: reverse(length=3, symbols=2, train=8, validation=1),
            ValueError,
            "train=8 and validation=1 ask for 9 different sequences, but there are only 8",
        ),
        (lambda: agreement(phrases=1, train=1700, validation=77), ValueError, "there are only 1776"),
        (
            lambda: induction(length=4, symbols=3, periods=(2, 3), train=9, validation=4),
            ValueError,
            "there are only 12",
        ),
        (lambda: overfit(length=3, symbols=3, train=5, validation=4), ValueError, "there are only 8"),
        (lambda: overfit(length=4, symbols=4, train=60, validation=5), ValueError, "there are only 64"),
        (lambda: reverse(train=10**9), ValueError, "more than 10,000,000 tokens"),
        (lambda: induction(periods=8), TypeError, "periods must be a pair"),
        (lambda: induction(periods=(8, 16, 20)), TypeError, "periods must be a pair"),
        (lambda: induction(periods=(16, 8)), ValueError, "swap them"),
        (lambda: induction(periods=(1, 8)), ValueError, "periods must be 2 or more, got 1"),
        (lambda: induction(symbols=12), ValueError, r"periods=\(8, 16\) must be at most symbols=12"),
        (lambda: induction(length=16), ValueError, "below length=16"),
        (lambda: induction(length=2), ValueError, "length must be 3 or more, got 2"),
        (lambda: agreement(phrases=0), ValueError, "phrases must be 1 or more, got 0"),
        (lambda: overfit(noise=0.5), ValueError, "noise must be from 0 to below 0.5, got 0.5"),
        (lambda: overfit(noise=float("nan")), ValueError, "noise must be from 0"),
        (lambda: overfit(noise="much"), TypeError, "noise must be one number"),
        (lambda: overfit(length=2), ValueError, "length must be 3 or more, got 2"),
        (lambda: overfit(symbols=2), ValueError, "symbols must be 3 or more, got 2"),
        (lambda: encoder_decoder(reverse), TypeError, "task must be a Task, got function"),
        (lambda: encoder_decoder(made("induction")), ValueError, "'induction' for 'decoder'"),
        (lambda: encoder_decoder(made("reverse, pair")), ValueError, "must be for an encoder"),
        (
            lambda: encoder_decoder(custom(vocabulary=("a", "b", "<start>"))),
            ValueError,
            "has '<start>' already",
        ),
    ],
)
def test_a_task_that_cannot_be_made(make: Callable[[], Task], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"kind": "transformer"}, ValueError, "kind must be one of encoder, decoder, encoder-decoder"),
        ({"name": 3}, TypeError, "name must be a string, got int"),
        ({"vocabulary": "abc"}, TypeError, "vocabulary must be a tuple of names, got 'abc'"),
        ({"vocabulary": ("a", "b c")}, ValueError, "string without spaces, got 'b c'"),
        ({"vocabulary": ("a", 3)}, ValueError, "string without spaces, got 3"),
        ({"vocabulary": ("a", "b", "a")}, ValueError, "got 'a' twice"),
        ({"vocabulary": ("a",)}, ValueError, "at least two different names, got only 1"),
        ({"train": one(0, 3)}, ValueError, "train holds the token id 3 in inputs, .* only 3 names"),
        ({"validation": Data([[1, 0]], [[1, 7]], [[True, True]])}, ValueError, "token id 7 in targets"),
        ({"train": [[0, 1]]}, TypeError, "train must be Data, got list"),
        (
            {"validation": one(1, 0, 0)},
            ValueError,
            r"validation must be as long as train: 2 tokens, got inputs of shape \(1, 3\)",
        ),
        ({"probe": one(0, 0)}, ValueError, "probe must be one sequence of validation"),
        ({"probe": one(0, 1)}, ValueError, "probe must be one sequence of validation"),
        ({"probe": one(1, 0).take([0, 0])}, ValueError, "probe must be one sequence of validation"),
        ({"kind": "encoder-decoder"}, ValueError, "train has no source"),
        ({"train": replace(one(0, 1), source=[[0]])}, ValueError, "train has a source, but"),
        (
            {"rule": lambda read, targets: np.eye(2, dtype=bool)},
            ValueError,
            r"rule must return bool \(1, 2, 2\)",
        ),
        ({"rule": lambda read, targets: np.ones((1, 2, 2))}, ValueError, "got float64"),
    ],
)
def test_a_task_of_ones_own_that_does_not_fit(
    changes: dict[str, object], error: type[Exception], message: str
) -> None:
    assert custom().size == 3
    with pytest.raises(error, match=message):
        custom(**changes)


TWO = [[0, 1], [1, 0]]
YES = [[True, True], [True, False]]


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        (([], TWO, YES), ValueError, r"inputs must have shape \(sequences, tokens\), got \(0,\)"),
        (([0, 1], TWO, YES), ValueError, "put a single sequence in a list"),
        ((np.zeros((0, 2), int), TWO, YES), ValueError, r"inputs is empty, its shape is \(0, 2\)"),
        (([[0, 1], [1]], TWO, YES), ValueError, "inputs must be a regular array: .* pad"),
        (([[0.0, 1.0]], TWO, YES), TypeError, "inputs must hold whole numbers .* got float64"),
        ((TWO, [["a", "b"]], YES), TypeError, "targets must hold whole numbers"),
        (([[0, -1], [1, 0]], TWO, YES), ValueError, "inputs holds the token id -1"),
        ((TWO, [[0, 1]], YES), ValueError, r"targets must have the shape of inputs \(2, 2\), got \(1, 2\)"),
        ((TWO, TWO, [[True], [True]]), ValueError, r"counted must have the shape of inputs .* got \(2, 1\)"),
        ((TWO, TWO, TWO), TypeError, "counted must be boolean .* got int64; write counted == 1"),
        ((TWO, TWO, [[True, True], [False, False]]), ValueError, "counted has no True for sequence 1"),
        ((TWO, TWO, YES, [[0, 1, 2]]), ValueError, "source must have one row for each of the 2 sequences"),
        ((TWO, TWO, YES, [0, 1]), ValueError, "source must have shape"),
    ],
)
def test_data_that_do_not_fit(arrays: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Data(*arrays)


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([], ValueError, "at least one index"),
        (0, ValueError, "must be a list of at least one index, got 0"),
        ([2], ValueError, "index 2 is out of range: there are 2 sequences"),
        ([0, -1], ValueError, "index -1 is out of range"),
        ([0.0], TypeError, "indices must be whole numbers, got float64"),
        ([True, False], TypeError, "use np.flatnonzero for a mask"),
    ],
)
def test_indices_that_cannot_be_taken(indices: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Data(TWO, TWO, YES).take(indices)


def test_take_keeps_order_and_source() -> None:
    data = Data(TWO, [[5, 6], [7, 8]], YES, [[1, 2, 3], [4, 5, 6]])
    taken = data.take(np.array([1, 0, 1]))
    assert len(taken) == 3 and taken.inputs.tolist() == [[1, 0], [0, 1], [1, 0]]
    assert taken.targets.tolist() == [[7, 8], [5, 6], [7, 8]] and taken.counted[:, 1].tolist() == [0, 1, 0]
    assert taken.source.tolist() == [[4, 5, 6], [1, 2, 3], [4, 5, 6]]
    assert Data(TWO, TWO, YES).take([0]).source is None


def test_data_keep_their_own_arrays_of_the_agreed_types() -> None:
    inputs, counted = np.array(TWO, dtype=np.int8), np.array(YES)
    data = Data(inputs, inputs, counted)
    inputs[:], counted[:] = 9, False
    assert data.inputs.tolist() == data.targets.tolist() == TWO and data.counted.tolist() == YES
    assert (data.inputs.dtype, data.targets.dtype, data.counted.dtype) == (np.int64, np.int64, bool)


# The place in the library


def test_tasks_are_found_from_the_top() -> None:
    assert attnlab.tasks.reverse is reverse and attnlab.Task is Task and attnlab.Data is Data
    assert "tasks" in dir(attnlab)


def test_tasks_need_numpy_alone() -> None:
    code = "import sys, attnlab.tasks; print({'matplotlib', 'ipywidgets', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
