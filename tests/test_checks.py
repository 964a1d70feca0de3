"""The exercise checks: a right answer passes, and every wrong one is told what is wrong with it."""

import copy
import subprocess
import sys

import numpy as np
import pytest
import torch

from attnlab import checks
from attnlab.checks import (
    check_all_cosines,
    check_cosine,
    check_entropy,
    check_nearest,
    check_stable_softmax,
    check_temperature_for_odds,
    verdict,
)

CHECKS = [name for name in checks.__all__ if name.startswith("check_")]


def exercise(name, monkeypatch):
    """What a check hands to `judge`: title, reference, cases, wrong."""
    check, given = getattr(checks, name), {}

    def note(title, attempt, reference, cases, wrong, draw=None):
        cases = [*cases, *(verdict.drawn(draw, verdict.DRAWN) if draw else [])]
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
        assert getattr(returned, "__wrapped__", returned) is attempt

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
        (lambda x: None, "NOT YET  double: for x = [3.] it returns None. Is the `return` missing?"),
        (lambda x: 2 + x, "NOT YET  double: 2 is added, not multiplied."),
        (lambda x: (2 * x).tolist(), "PASS  double"),
        (lambda x: tuple(2 * x), "PASS  double"),
        (
            lambda x: str(x),
            "NOT YET  double: for x = [3.] it returns text; expected: numbers in an array. "
            "Look at the line with `return`.",
        ),
        (
            lambda x: [[1.0], [2.0, 3.0]],
            "NOT YET  double: for x = [3.] it returns a list of rows with different lengths; expected: "
            "numbers in an array. Look at the line with `return`.",
        ),
        (
            lambda x: 2 * x.sum(),
            "NOT YET  double: for x = [3.] it returns one number; expected: an array of shape (1,). "
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
            "NOT YET  double: for x = [3.] it gives 10 at [0]; expected: 6. Work this one out by hand.",
        ),
        (
            lambda x: 2.00004 * x,
            "NOT YET  double: for x = [3.] it gives 6.00012 at [0]; expected: 6. Work this one out by hand.",
        ),
        (
            in_place,
            "NOT YET  double: right, but your function changes its input x. Work on a copy.",
        ),
        (
            two_lines,
            "NOT YET  double: your function stops in line {line}, `shape = x.shape[5]`: "
            "IndexError: tuple index out of range. Try it with x = [3.].",
        ),
        (
            lambda: 1,
            "NOT YET  double: your function cannot be called: TypeError: <lambda>() takes 0 "
            "positional arguments but 1 was given. Keep the first line of the exercise as it was.",
        ),
        (
            2.0,
            "NOT YET  double: this is a float, not a function. Pass its name, without brackets.",
        ),
    ],
)
def test_the_verdict_in_words(attempt, line, capsys):
    line = line.replace("{line}", str(two_lines.__code__.co_firstlineno + 1))
    assert judged(capsys, judge_double, attempt)[0] == line


# What counts as written


def nothing_but_words(x):
    """Twice x."""
    # result = 2 * x
    # return result


def dots_in_a_table(x):
    causes = {"A": ..., "B": ...}  # your answers
    return causes["A"]


def comment_above_a_wrong_answer(x):
    # return ...
    return x + 1


def dots_below_a_wrong_answer(x):
    return x + 1
    return ...


def half_written(x):
    scale = 2
    weights = ...
    return scale * x @ weights


def written_over(x):
    y = ...
    y = 3 * x
    return y


def filled_in_a_loop(x):
    y = ...
    for _ in range(2):
        y = x
    return y


def written_but_not_returned(x):
    x = 2 * x
    return ...


@pytest.mark.parametrize("stub", [lambda x: ..., started, nothing_but_words, dots_in_a_table])
def test_nothing_written_is_to_do(stub, capsys):
    assert judged(capsys, judge_double, stub)[0].startswith("TODO  double: ")


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        (comment_above_a_wrong_answer, "for x = [3.] it gives 4 at [0]; expected: 6."),
        (dots_below_a_wrong_answer, "for x = [3.] it gives 4 at [0]; expected: 6."),
        (written_over, "for x = [3.] it gives 9 at [0]; expected: 6."),
        (filled_in_a_loop, "for x = [3.] it gives 3 at [0]; expected: 6."),
        (half_written, "Three dots are still there in place of a value."),
        (written_but_not_returned, "it still returns the three dots. Return your result there."),
    ],
)
def test_something_written_is_judged(attempt, why, capsys):
    line = judged(capsys, judge_double, attempt)[0]
    assert line.startswith("NOT YET  double: ") and why in line


# Forms of an answer


def torch_double(x):
    return 2 * torch.from_numpy(x)


@pytest.mark.parametrize(
    "attempt", [lambda x: [2 * each for each in x], torch_double, lambda x: tuple(x + x)]
)
def test_lists_and_tensors_pass_and_become_arrays(attempt, capsys):
    line, returned = judged(capsys, judge_double, attempt)
    assert line == "PASS  double"
    assert type(returned(np.array([4.0]))) is np.ndarray and returned(np.array([4.0])) == 8
    assert type(returned(x=np.array([4.0]))) is np.ndarray


def test_an_array_of_one_number_is_a_number_and_0_and_1_are_a_mask():
    one = checks.judge(
        "sum", lambda x: x.sum(keepdims=True), lambda x: x.sum(), [(np.array([1.0, 2.0]),)], {}
    )
    assert one(np.array([1.0, 4.0])).shape == ()
    mask = checks.judge("mask", lambda x: [1, 0], lambda x: x > 1, [(np.array([2.0, 1.0]),)], {})
    assert mask(np.array([2.0, 1.0])).dtype == bool
    assert not checks.judge("mask", lambda x: [1.0, 0.0], lambda x: x > 1, [(np.array([2.0, 1.0]),)], {})(
        np.array([0.0])
    ).any()


def test_tolerance_is_relative_to_the_scale_of_the_answer(capsys):
    case = [(np.array([1000.0, 1e-5]),)]
    for error, verdict_ in ((1e-4, "PASS"), (0.1, "NOT YET")):
        checks.judge("double", lambda x, e=error: 2 * x + [0, e], double, case, {})
        assert capsys.readouterr().out.startswith(verdict_)


# Which input is shown


def test_single_precision_passes_and_our_function_goes_on(capsys):
    def single(x):
        return np.float32(x) * 2

    cases = [(np.array([1 / 3, 0.1]),)]
    returned = checks.judge("double", single, double, cases, {})
    assert capsys.readouterr().out.startswith("PASS  double: right to single precision.")
    assert returned is double


def test_other_names_of_arguments_do_not_matter_to_what_follows(capsys):
    mine = checks.judge("double", lambda a: 2 * a, double, [(np.array([1.0]),)], {})
    assert mine(x=np.array([2.0])) == 4 and mine(np.array([2.0])) == 4


def test_a_sum_that_is_nearly_whole_is_whole(capsys):
    count = checks.judge("count", lambda x: x / 1e9 * 1e9, lambda x: int(x), [(7.0,), (536870912.0,)], {})
    assert count(536870912.0) == 536870912 and isinstance(count(7.0), int)


def test_an_error_that_cannot_be_printed_is_told(capsys):
    class SilentError(Exception):
        def __str__(self):
            raise RuntimeError

    def fails(x):
        raise SilentError

    assert "`raise SilentError`: SilentError. Try it with x = [3.]." in judged(capsys, judge_double, fails)[0]


def test_whole_numbers_are_shown_in_full(capsys):
    checks.judge("count", lambda x: x + 1, lambda x: x, [(536870912,), (536870912.0,)], {})
    assert "it gives 536870913; expected: 536870912." in capsys.readouterr().out


def test_a_whole_number_is_an_index(capsys):
    last = checks.judge("last", lambda x: float(len(x) - 1), lambda x: len(x) - 1, [(np.ones(3),)], {})
    assert capsys.readouterr().out == "PASS  last\n"
    assert [5, 6, 7][last(np.ones(3))] == 7


@pytest.mark.parametrize(
    "odd",
    [
        lambda x: torch.eye(2).to_sparse(),
        lambda x: torch.zeros(2, device="meta"),
        lambda x: torch.tensor([1.0, 2.0]).bfloat16(),
        lambda x: torch.tensor([1 + 1j]).conj(),
        lambda x: RING,
    ],
)
def test_odd_values_are_refused_in_words(odd, capsys):
    assert judged(capsys, judge_double, odd)[0].startswith("NOT YET  double: ")


RING: list = []
RING.append(RING)


def test_what_a_function_prints_is_shown_once(capsys):
    def talks(x):
        print("x is", x)
        return 2 * x

    judge_double(talks)
    assert capsys.readouterr().out == "x is [1. 2.]\nPASS  double\n"


def test_a_crash_of_another_kind_is_no_known_mistake(capsys):
    wrong = {lambda x: x @ np.ones(7): "the ones are too many."}
    for size, known in ((7, True), (9, False)):
        checks.judge("double", lambda x, n=size: x @ np.ones(n), double, [(np.ones(3),)], wrong)
        assert ("Likely cause: the ones are too many." in capsys.readouterr().out) is known


def test_the_smallest_input_that_fails_is_shown(capsys):
    cases = [(np.arange(30.0),), (np.array([1.0, 2.0]),), (np.array([0.5, 0.25, 1.0]),)]
    checks.judge("double", lambda x: x, double, cases, {})
    line = capsys.readouterr().out
    assert "for x = [1., 2.] it gives 1 at [0]; expected: 2. Work this one out by hand." in line


def test_nobody_is_sent_to_work_out_a_large_input_by_hand(capsys):
    for case in (np.arange(30.0), np.array([0.12345, 7.0]), np.array([1000.0])):
        checks.judge("double", lambda x: x + 0.5, double, [(case,)], {})
        assert "by hand" not in capsys.readouterr().out


def test_nothing_but_rounding_is_0(capsys):
    checks.judge("difference", lambda x: 3e-17 * x, lambda x: 0 * x, [(np.array([1.0]),)], {})
    assert capsys.readouterr().out.startswith("PASS")


def test_drawn_cases_are_added(capsys):
    def draw(rng):
        return (rng.integers(-3, 4, size=rng.integers(1, 4)).astype(float),)

    checks.judge("double", lambda x: abs(2 * x), double, [(np.array([1.0]),)], {}, draw)
    assert capsys.readouterr().out.startswith("NOT YET  double: right for ")


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
    assert "must return a tuple of 2 things" in judged(capsys, judge_both, lambda x: x.sum())[0]
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
        (check_nearest, lambda similarity, i: np.argsort(similarity[i])[-2], "NOT YET"),
        (
            check_nearest,
            lambda similarity, i: max(set(range(len(similarity))) - {i}, key=similarity[i].item),
            "PASS",
        ),
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
