"""The exercise checks: a right answer passes, and every wrong one is told what is wrong with it."""

import copy
import subprocess
import sys

import numpy as np
import pytest

from attnlab import checks
from attnlab.checks import (
    check_all_cosines,
    check_cosine,
    check_entropy,
    check_nearest,
    check_stable_softmax,
    check_temperature_for_odds,
)

CHECKS = [name for name in checks.__all__ if name.startswith("check_")]


def exercise(name, monkeypatch):
    """What a check hands to `judge`: title, reference, cases, wrong."""
    check, given = getattr(checks, name), {}

    def note(title, attempt, reference, cases, wrong):
        given.update(title=title, reference=reference, cases=cases, wrong=wrong)

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules[check.__module__], "judge", note)
        check(None)
    return given


def judged(capsys, check, attempt):
    """The one line that a check prints, and what it returns."""
    returned = check(attempt)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1, lines
    return lines[0], returned


# ── every check of every notebook ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", CHECKS)
class TestEveryCheck:
    def test_a_right_answer_passes_and_is_returned(self, name, monkeypatch, capsys):
        given = exercise(name, monkeypatch)

        def attempt(*arguments):
            return given["reference"](*arguments)

        line, returned = judged(capsys, getattr(checks, name), attempt)
        assert line == f"PASS  {given['title']}"
        assert returned is attempt

    def test_each_wrong_answer_gets_its_own_message(self, name, monkeypatch, capsys):
        given = exercise(name, monkeypatch)
        messages = list(given["wrong"].values())
        assert len(messages) >= 5
        assert len(set(messages)) == len(messages)
        for mistake, message in given["wrong"].items():
            line, returned = judged(capsys, getattr(checks, name), mistake)
            assert line.startswith(f"NOT YET  {given['title']}: ")
            assert line.endswith(message)
            assert returned is given["reference"]

    def test_the_reference_has_an_answer_to_every_case(self, name, monkeypatch):
        given = exercise(name, monkeypatch)
        for case in given["cases"]:
            arguments = copy.deepcopy(case)
            with np.errstate(all="ignore"):
                assert given["reference"](*arguments) is not None
            assert repr(arguments) == repr(case)

    def test_the_stub_is_to_do(self, name, monkeypatch, capsys):
        given = exercise(name, monkeypatch)
        for stub in (lambda *arguments: ..., started):
            line, returned = judged(capsys, getattr(checks, name), stub)
            assert line.startswith(f"TODO  {given['title']}: ")
            assert returned is given["reference"]

    def test_our_own_function_is_no_solution(self, name, monkeypatch, capsys):
        given = exercise(name, monkeypatch)
        line, _ = judged(capsys, getattr(checks, name), given["reference"])
        assert line.startswith("TODO")

    def test_no_answer_raises_or_passes(self, name, monkeypatch, capsys):
        given = exercise(name, monkeypatch)
        for attempt in HOPELESS:
            line, returned = judged(capsys, getattr(checks, name), attempt)
            assert line.startswith(f"NOT YET  {given['title']}: ")
            assert returned is given["reference"]


def started(*arguments):
    weights = ...  # your code
    return weights @ arguments[0]


def crash(*arguments):
    raise KeyError("no such key")


def stop(*arguments):
    raise SystemExit


class Shy:
    def __call__(self, *arguments):
        return self

    def __eq__(self, other):
        raise RuntimeError("do not compare me")

    __hash__ = None


HOPELESS = [
    None,
    3.0,
    "softmax",
    np.ones(3),
    lambda *arguments: None,
    lambda *arguments: "a text",
    lambda *arguments: [1.0, 2.0],
    lambda *arguments: True,
    lambda *arguments: 1j,
    lambda *arguments: np.nan,
    lambda *arguments: 10**400,
    lambda *arguments: np.array([None, 1]),
    lambda *arguments: np.ma.masked_all(3),
    lambda *arguments: np.zeros((0, 7)),
    lambda *arguments: arguments,
    lambda: 1.0,
    lambda a, b, c, d, e: 1.0,
    crash,
    stop,
    Shy(),
    dict,
]


# ── the mechanism, on one small exercise ────────────────────────────────────────────────────────────────────


def double(x):
    return 2 * x


def judge_double(attempt):
    cases = [(np.array([1.0, 2.0]),), (np.array([[1.0, -1.0]]),), (np.array([3.0]),)]
    return checks.judge("double", attempt, double, cases, {lambda x: x + 2: "2 is added, not multiplied."})


def in_place(x):
    x *= 2
    return x


def log_of_all(x):
    return np.log(x) * 0 + 2 * x


def two_lines(x):
    shape = x.shape[5]
    return x * shape


@pytest.mark.parametrize(
    ("attempt", "line"),
    [
        (lambda x: x * 2, "PASS  double"),
        (lambda x: (x * 2).astype(np.float32), "PASS  double"),
        (lambda x: ..., "TODO  double: put your code in place of the three dots, and run the cell again."),
        (lambda x: None, "NOT YET  double: for x = [1., 2.] it returns None. Is the `return` missing?"),
        (lambda x: 2 + x, "NOT YET  double: 2 is added, not multiplied."),
        (
            lambda x: x.tolist(),
            "NOT YET  double: for x = [1., 2.] it returns a list; expected: numbers in an array. "
            "Look at the line with `return`.",
        ),
        (
            lambda x: 2 * x.sum(),
            "NOT YET  double: for x = [1., 2.] it returns one number; expected: an array of shape (2,). "
            "Look at axes, sums and transposes.",
        ),
        (
            lambda x: 2 * x.T,
            "NOT YET  double: right for 2 of 3 inputs, but for x = [[ 1., -1.]] it returns "
            "an array of shape (2, 1); expected: an array of shape (1, 2). "
            "Look at axes, sums and transposes.",
        ),
        (
            log_of_all,
            "NOT YET  double: right for 2 of 3 inputs, but for x = [[ 1., -1.]] there is nan at [0, 1]. "
            "Look for an overflow, a division by 0 or the logarithm of 0.",
        ),
        (
            lambda x: x**2 + 1,
            "NOT YET  double: for x = [1., 2.] it gives 5 at [1]; expected: 4. Work this one out by hand.",
        ),
        (
            lambda x: 2.00004 * x,
            "NOT YET  double: for x = [1., 2.] it gives 2.00004 at [0]; expected: 2. "
            "Work this one out by hand.",
        ),
        (
            in_place,
            "NOT YET  double: right, but your function changes its input x. Work on a copy.",
        ),
        (
            two_lines,
            "NOT YET  double: your function stops in line {line}, `shape = x.shape[5]`: "
            "IndexError: tuple index out of range. Try it with x = [1., 2.].",
        ),
        (
            lambda: 1,
            "NOT YET  double: your function cannot be called: TypeError: <lambda>() takes 0 "
            "positional arguments but 1 was given. Keep the first line of the exercise as it was.",
        ),
        (
            2.0,
            "NOT YET  double: this is a float, not a function. Hand over its name, without brackets.",
        ),
    ],
)
def test_the_verdict_in_words(attempt, line, capsys):
    line = line.replace("{line}", str(two_lines.__code__.co_firstlineno + 1))
    assert judged(capsys, judge_double, attempt)[0] == line


def test_a_crash_names_the_input_that_causes_it(capsys):
    def picky(x):
        (n,) = x.shape
        return 2 * x[:n]

    line, _ = judged(capsys, judge_double, picky)
    assert "`(n,) = x.shape`: ValueError: too many values to unpack" in line
    assert line.endswith("Try it with x = [[ 1., -1.]].")


def test_a_tuple_is_compared_part_by_part(capsys):
    def both(x):
        return x, 2 * x

    def judge_both(attempt):
        return checks.judge("both", attempt, both, [(np.array([1.0, 2.0]),)], {})

    assert judged(capsys, judge_both, lambda x: (x, x + x))[0] == "PASS  both"
    assert "must return a tuple of 2 things" in judged(capsys, judge_both, lambda x: x)[0]
    assert (
        "in part 2 of the result it gives 1 at [0]; expected: 2"
        in judged(capsys, judge_both, lambda x: (x, x))[0]
    )


def test_infinity_where_it_belongs_is_right(capsys):
    def hide(x):
        return np.where(x > 0, x, -np.inf)

    def judge_hide(attempt):
        return checks.judge("hide", attempt, hide, [(np.array([1.0, -1.0]),)], {})

    assert judged(capsys, judge_hide, lambda x: hide(x) + 0)[0] == "PASS  hide"
    assert (
        "it gives 0 at [1]; expected: -inf" in judged(capsys, judge_hide, lambda x: np.where(x > 0, x, 0))[0]
    )


def test_an_interrupt_is_not_swallowed():
    def attempt(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge_double(attempt)


# ── answers as learners write them ──────────────────────────────────────────────────────────────────────────


def nearest_that_spoils_its_input(similarity, i):
    row = similarity[i]
    row[i] = -np.inf
    return np.argmax(row)


def softmax_as_a_loop(scores):
    positive = [np.exp(score - max(scores)) for score in scores]
    return np.array([each / sum(positive) for each in positive])


@pytest.mark.parametrize(
    ("check", "attempt", "start"),
    [
        (check_cosine, lambda a, b: np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b), "PASS"),
        (check_all_cosines, lambda x: x @ x.T / np.outer(*2 * [np.linalg.norm(x, axis=1)]), "PASS"),
        (check_nearest, lambda similarity, i: np.argsort(similarity[i])[-2], "PASS"),
        (
            check_nearest,
            nearest_that_spoils_its_input,
            "NOT YET  the nearest other token: right, but",
        ),
        (check_stable_softmax, softmax_as_a_loop, "PASS"),
        (check_entropy, lambda p: np.sum(np.where(p == 0, 0, -p * np.log2(p + (p == 0))), axis=-1), "PASS"),
        (check_temperature_for_odds, lambda high, low, odds: 1 / np.log(odds) * (high - low), "PASS"),
    ],
)
def test_answers_as_learners_write_them(check, attempt, start, capsys):
    assert judged(capsys, check, attempt)[0].startswith(start)


def test_checks_need_numpy_alone():
    code = "import sys, attnlab.checks; print({'matplotlib', 'ipywidgets', 'torch'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "set()"
