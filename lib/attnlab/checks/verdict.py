"""Judge an answer by what it gives, and say what is wrong with it.

A common mistake is recognised because the learner's function gives what a wrong implementation gives. Each
wrong implementation stands beside the sentence that explains it.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import inspect
import io
import textwrap
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .compare import DOUBLE, difference, in_form_of, named, shape_of

Draw = Callable[[np.random.Generator], tuple]
DRAWN = 20  # cases of each check that are drawn, beside those made by hand


def judge(
    title: str,
    attempt: Callable,
    reference: Callable,
    cases: Sequence[tuple],
    wrong: Mapping[Callable, str],
    draw: Draw | None = None,
) -> Callable:
    """Print TODO, NOT YET (why, and what to look at next) or PASS. Never raise.

    Returns `attempt` when it passes, else `reference`, so that a notebook runs on. An attempt that gives
    lists or tensors is returned with its answers turned into what the reference gives.
    cases: argument tuples; the attempt must agree with the reference on all of them.
    wrong: {wrong implementation: message}, printed when the attempt agrees with that one on all cases.
    draw: makes one argument tuple from a generator; 20 such cases are added, the same ones every time.
    """
    cases = [*cases, *(drawn(draw, DRAWN) if draw else [])]
    answers, expected = answers_of(attempt, cases, aloud=True), answers_of(reference, cases)
    verdict, why = _verdict(_Trial(attempt, reference, cases, answers, expected, wrong))
    print(f"{verdict}  {title}: {why}" if why else f"{verdict}  {title}")
    return _in_its_form(attempt, reference, answers, expected) if verdict == "PASS" else reference


def drawn(draw: Draw, count: int, first: int = 0) -> list[tuple]:
    """`count` argument tuples, each from a seed of its own."""
    return [draw(np.random.default_rng(seed)) for seed in range(first, first + count)]


def sizes(rng: np.random.Generator, *largest: int) -> list[int]:
    """A size from 1 to each of the largest ones. Every other time one of them is 9 to 12."""
    found = [int(rng.integers(1, size + 1)) for size in largest]
    if rng.random() < 0.5:
        found[rng.integers(len(found))] = int(rng.integers(9, 13))
    return found


class _Trial(NamedTuple):
    """An attempt, what it is measured by, and what both made of the cases."""

    attempt: Callable
    reference: Callable
    cases: Sequence[tuple]
    answers: list[_Answer]
    expected: list[_Answer]
    wrong: Mapping[Callable, str]


def _verdict(trial: _Trial) -> tuple[str, str]:
    """The word to print, and the reason."""
    attempt, reference, _, answers, expected, _ = trial
    if attempt is reference:
        return "TODO", "this is our own function. Write yours, and run its whole cell."
    if not callable(attempt):
        kind = named(type(attempt).__name__)
        return "NOT YET", f"this is {kind}, not a function. Pass its name, without brackets."
    if all(map(_same, answers, expected)):
        changed = {_names(reference)[i] for answer in answers for i in answer.changed}
        if changed:
            return "NOT YET", f"right, but your function changes its input {min(changed)}. Work on a copy."
        return "PASS", "" if _is_exact(answers, expected) else ROUGH
    if _is_stub(attempt, answers):
        return "TODO", "put your code in place of the three dots, and run the cell again."
    return "NOT YET", _reason(trial)


ROUGH = "right to single precision. What follows needs double, and uses our function."


def _is_exact(answers: list[_Answer], expected: list[_Answer]) -> bool:
    """Whether the answers are right to double precision."""
    pairs = zip(answers, expected, strict=True)
    return not any(difference(got.value, right.value, DOUBLE) for got, right in pairs)


def _in_its_form(
    attempt: Callable, reference: Callable, answers: list[_Answer], expected: list[_Answer]
) -> Callable:
    """`attempt`; or the same with arrays for its lists and our names for its arguments, for what follows."""
    if not _is_exact(answers, expected):
        return reference
    pairs = zip(expected, answers, strict=True)
    alike = all(in_form_of(right.value, got.value) is got.value for right, got in pairs)
    if alike and _names(attempt) == _names(reference):
        return attempt

    @functools.wraps(attempt)
    def answer(*arguments: object, **named_ones: object) -> object:
        given = inspect.signature(reference).bind(*arguments, **named_ones).args
        form = reference(*copy.deepcopy(given))
        return in_form_of(form, attempt(*given))

    return answer


# What a function gives, case by case


class _Answer(NamedTuple):
    """What a function made of one case: a value or an exception, and which of its inputs it changed."""

    value: object = None
    error: BaseException | None = None
    changed: tuple[int, ...] = ()


def answers_of(function: Callable, cases: Sequence[tuple], aloud: bool = False) -> list[_Answer]:
    """What `function` gives. What it prints is shown for the first case, if `aloud`."""
    first = [_answer(function, case) for case in cases[:1]] if aloud else []
    with contextlib.redirect_stdout(io.StringIO()):
        return first + [_answer(function, case) for case in cases[len(first) :]]


def _answer(function: Callable, case: tuple) -> _Answer:
    """Call `function` with its own copy of the arguments, and see what becomes of them."""
    given = copy.deepcopy(case)
    try:
        with np.errstate(all="ignore"):
            value = function(*given)
    except (Exception, SystemExit) as error:  # whatever a learner's code raises becomes a sentence
        return _Answer(error=error)
    changed = [i for i, pair in enumerate(zip(given, case, strict=True)) if difference(*pair)]
    return _Answer(value, changed=tuple(changed))


def _same(one: _Answer, other: _Answer) -> bool:
    if one.error is not None or other.error is not None:
        return type(one.error) is type(other.error) and _said(one.error) == _said(other.error)
    return not difference(one.value, other.value)


def _said(error: BaseException | None) -> str:
    """The first line of an exception's message; empty if it has none to give."""
    try:
        return (str(error).strip().splitlines() or [""])[0][:200].rstrip(".")
    except Exception:  # of a class of the learner's own
        return ""


# Whether anything was written


def _is_stub(attempt: Callable, answers: list[_Answer]) -> bool:
    """Nothing but three dots, comments and docstrings."""
    statements = _statements(attempt)
    if statements is None:
        return all(answer.value is ... for answer in answers)
    return not any(True for _ in _written(statements))


def _statements(attempt: Callable) -> list[ast.stmt] | None:
    """The body of a function; None where it is no `def` or its source is not to be found."""
    if getattr(attempt, "__name__", "<lambda>") == "<lambda>":
        return None
    try:
        [function] = ast.parse(textwrap.dedent(inspect.getsource(attempt))).body
    except (TypeError, OSError, SyntaxError, ValueError):
        return None
    return function.body if isinstance(function, ast.FunctionDef) else None


def _written(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that are more than three dots, and than a return of them."""
    dots: set[str] = set()
    for statement in statements:
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        value = getattr(statement, "value", None)
        if isinstance(statement, ast.Pass) or _is_dots(value):
            dots |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
        elif isinstance(statement, ast.Return):
            if value is not None and not any(name.id in dots for name in names):
                yield statement
        elif not (isinstance(statement, ast.Expr) and isinstance(value, ast.Constant)):
            yield statement


def _is_dots(value: ast.expr | None) -> bool:
    """Three dots, or a tuple, list or dictionary of nothing else."""
    if isinstance(value, ast.Tuple | ast.List | ast.Dict):
        parts = value.values if isinstance(value, ast.Dict) else value.elts
        return bool(parts) and all(map(_is_dots, parts))
    return isinstance(value, ast.Constant) and value.value is ...


# Why it is not right


def _reason(trial: _Trial) -> str:
    attempt, reference, cases, answers, expected, wrong = trial
    known = _known(answers, cases, wrong)
    errors = [
        (answer.error, case) for answer, case in zip(answers, cases, strict=True) if answer.error is not None
    ]
    if errors:
        error, case = min(errors, key=lambda pair: _size(pair[1]))
        advice = f"Likely cause: {known}" if known else f"Try it with {_named(reference, case)}."
        return _crash(attempt, error, advice)
    return known or _fault(reference, cases, answers, expected)


def _known(answers: list[_Answer], cases: Sequence[tuple], wrong: Mapping[Callable, str]) -> str:
    """The message of the first wrong implementation that answers alike; empty if there is none."""
    for mistake, message in wrong.items():
        if all(_same(answer, _answer(mistake, case)) for answer, case in zip(answers, cases, strict=True)):
            return message
    return ""


def _crash(attempt: Callable, error: BaseException, advice: str) -> str:
    """An exception: the line of the learner's own code, type and message, and what to do."""
    said = _said(error)
    message = ": ".join(filter(None, [type(error).__name__.lstrip("_"), said]))
    file = getattr(getattr(attempt, "__code__", None), "co_filename", None)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    if not frames and isinstance(error, TypeError) and "argument" in said:
        return f"your function cannot be called: {message}. Keep the first line of the exercise as it was."
    if not frames:
        return f"your function stops: {message}. {advice}"
    if any(_is_dots(getattr(each, "value", None)) for each in _statements(attempt) or []):
        advice = "Three dots are still there in place of a value."
    return f"your function stops in line {frames[-1].lineno}, `{frames[-1].line}`: {message}. {advice}"


def _fault(
    reference: Callable, cases: Sequence[tuple], answers: list[_Answer], expected: list[_Answer]
) -> str:
    """What is wrong for the smallest input that goes wrong."""
    faults = [difference(got.value, right.value) for got, right in zip(answers, expected, strict=True)]
    smallest = min((i for i, fault in enumerate(faults) if fault), key=lambda i: _size(cases[i]))
    right, fault = faults.count(""), faults[smallest]
    some = f"right for {right} of {len(cases)} inputs, but " if right else ""
    if "it gives " in fault:
        easy = _is_for_a_hand(cases[smallest], expected[smallest].value)
        fault = f"{fault} {'Work this one out by hand.' if easy else 'Follow it step by step.'}"
    return f"{some}for {_named(reference, cases[smallest])} {fault}"


# Inputs


def _numbers(value: object) -> Iterator[object]:
    """What an argument is made of, one by one."""
    if isinstance(value, np.ndarray):
        yield from value.ravel().tolist()
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _numbers(each)
    else:
        yield value


def _size(case: tuple) -> int:
    return len(list(_numbers(case)))


def _is_for_a_hand(case: tuple, right: object) -> bool:
    """At most a dozen numbers, with at most two digits before the point and two behind; so the answer's."""
    numbers = [each for each in [*_numbers(case), *_numbers(right)] if isinstance(each, int | float)]
    short = all(abs(each) < 100 and round(each, 2) == each for each in numbers)
    return short and _size(case) <= 12


def _names(function: Callable) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except ValueError:  # some of NumPy's functions do not tell
        return []


def _named(function: Callable, case: tuple) -> str:
    """The arguments in one line: small arrays in full, large ones by their shape."""
    pairs = zip(_names(function), case, strict=False)
    return ", ".join(f"{name} = {_short(value)}" for name, value in pairs)


def _short(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_short, value))}]"
    if not isinstance(value, np.ndarray):
        return repr(value)
    plain = value.dtype.kind != "f" or bool(np.abs(value).max(initial=0) >= 1e-3)
    text = np.array2string(value, precision=4, separator=", ", suppress_small=plain)
    return " ".join(text.split()) if value.size <= 16 else shape_of(value)
