"""Judge an answer by what it gives, and say what is wrong with it.

A usual mistake is recognised because the learner's function gives what a wrong implementation gives. Each
wrong implementation stands beside the sentence that explains it.
"""

import copy
import inspect
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


def judge(
    title: str,
    attempt: Callable,
    reference: Callable,
    cases: Sequence[tuple],
    wrong: Mapping[Callable, str],
) -> Callable:
    """Print TODO, NOT YET (why, and what to look at next) or PASS. Never raise.

    Returns `attempt` when it passes, else `reference`, so that a notebook runs on.
    cases: argument tuples; the attempt must agree with the reference on all of them.
    wrong: {wrong implementation: message}, printed when the attempt agrees with that one on all cases.
    """
    verdict, why = _verdict(attempt, reference, cases, wrong)
    print(f"{verdict}  {title}: {why}" if why else f"{verdict}  {title}")
    return attempt if verdict == "PASS" else reference


def _verdict(
    attempt: Callable, reference: Callable, cases: Sequence[tuple], wrong: Mapping[Callable, str]
) -> tuple[str, str]:
    """The word to print, and the reason."""
    if attempt is reference:
        return "TODO", "this is our own function. Write yours, and run its whole cell."
    if not callable(attempt):
        kind = type(attempt).__name__
        return "NOT YET", f"this is a {kind}, not a function. Hand over its name, without brackets."
    answers, expected = answers_of(attempt, cases), answers_of(reference, cases)
    if all(map(_same, answers, expected)):
        changed = {_names(reference)[i] for answer in answers for i in answer.changed}
        if not changed:
            return "PASS", ""
        return "NOT YET", f"right, but your function changes its input {min(changed)}. Work on a copy."
    if _is_stub(attempt, answers):
        return "TODO", "put your code in place of the three dots, and run the cell again."
    known = _known(answers, cases, wrong)
    named = [_named(reference, case) for case in cases]
    return "NOT YET", _crash(attempt, named, answers, known) or known or _fault(named, answers, expected)


# What a function gives, case by case.


class _Answer(NamedTuple):
    """What a function made of one case: a value or an exception, and which of its inputs it changed."""

    value: object = None
    error: BaseException | None = None
    changed: tuple[int, ...] = ()


def answers_of(function: Callable, cases: Sequence[tuple]) -> list[_Answer]:
    return [_answer(function, case) for case in cases]


def _answer(function: Callable, case: tuple) -> _Answer:
    """Call `function` with its own copy of the arguments, and see what becomes of them."""
    given = copy.deepcopy(case)
    try:
        with np.errstate(all="ignore"):
            value = function(*given)
    except (Exception, SystemExit) as error:  # whatever a learner's code raises becomes a sentence
        return _Answer(error=error)
    changed = [i for i, pair in enumerate(zip(given, case, strict=True)) if _difference(*pair)]
    return _Answer(value, changed=tuple(changed))


def _same(one: _Answer, other: _Answer) -> bool:
    if one.error is not None or other.error is not None:
        return type(one.error) is type(other.error)
    return not _difference(one.value, other.value)


# Why it is not right.


def _is_stub(attempt: Callable, answers: list[_Answer]) -> bool:
    """Three dots came back, or stand where a value belongs."""
    if any(answer.value is ... for answer in answers):
        return True
    try:
        return bool(re.search(r"(=|return)\s*\.\.\.", inspect.getsource(attempt)))
    except (TypeError, OSError):  # no source to be found
        return False


def _known(answers: list[_Answer], cases: Sequence[tuple], wrong: Mapping[Callable, str]) -> str:
    """The message of the first wrong implementation that answers alike; empty if there is none."""
    for mistake, message in wrong.items():
        if all(map(_same, answers, answers_of(mistake, cases))):
            return message
    return ""


def _crash(attempt: Callable, named: list[str], answers: list[_Answer], known: str) -> str:
    """The first exception: the line of the learner's own code, type and message. Empty without one."""
    first, error = next(
        ((i, each.error) for i, each in enumerate(answers) if each.error is not None), (0, None)
    )
    if error is None:
        return ""
    message = traceback.format_exception_only(error)[-1].strip().splitlines()[0][:200].rstrip(".")
    file = getattr(getattr(attempt, "__code__", None), "co_filename", None)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    if not frames:
        return f"your function cannot be called: {message}. Keep the first line of the exercise as it was."
    place = f"line {frames[-1].lineno}, `{frames[-1].line}`"
    return f"your function stops in {place}: {message}. {known or f'Try it with {named[first]}.'}"


def _fault(named: list[str], answers: list[_Answer], expected: list[_Answer]) -> str:
    """What is wrong for the first input that goes wrong."""
    faults = [_difference(got.value, right.value) for got, right in zip(answers, expected, strict=True)]
    first = next(i for i, fault in enumerate(faults) if fault)
    right = faults.count("")
    some = f"right for {right} of {len(named)} inputs, but " if right else ""
    return f"{some}for {named[first]} {faults[first]}"


def _difference(got: object, expected: object) -> str:
    """The first difference between two values in words; empty when they agree."""
    if got is None:
        return "it returns None. Is the `return` missing?"
    if isinstance(expected, tuple | list):
        return _difference_of_parts(got, expected)
    kind, wanted = _kind(got), _kind(expected)
    if kind != wanted:
        array = " in an array" if isinstance(expected, np.ndarray) else ""
        return f"it returns {kind}; expected: {wanted}{array}. Look at the line with `return`."
    if kind not in _KINDS.values():
        return "" if got is expected else f"it returns another {kind[2:]}."
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        return f"it returns {_shape(got)}; expected: {_shape(expected)}. Look at axes, sums and transposes."
    return _difference_of_numbers(got, expected)


def _difference_of_parts(got: object, expected: tuple | list) -> str:
    kind = tuple if isinstance(expected, tuple) else list
    if not isinstance(got, kind) or len(got) != len(expected):
        return f"it must return a {kind.__name__} of {len(expected)} things."
    for number, pair in enumerate(zip(got, expected, strict=True), start=1):
        difference = _difference(*pair)
        if difference:
            return f"in part {number} of the result {difference}"
    return ""


def _difference_of_numbers(got: NDArray, expected: NDArray) -> str:
    """Compare two arrays of one shape, entry by entry."""
    if got.dtype.kind in "bU":
        agree, bad = got == expected, np.zeros(got.shape, dtype=bool)
    else:
        agree = np.isclose(got, expected, rtol=1e-6, atol=1e-8, equal_nan=True)
        bad = ~np.isfinite(got) & np.isfinite(expected)
    if agree.all():
        return ""
    place = tuple(int(i) for i in np.argwhere(bad if bad.any() else ~agree)[0])  # the first one
    at = f" at {list(place)}" if place else ""
    if bad.any():
        return f"there is {got[place]}{at}. Look for an overflow, a division by 0 or the logarithm of 0."
    one, other = _apart(got[place], expected[place])
    return f"it gives {one}{at}; expected: {other}. Work this one out by hand."


# Values in words.

_KINDS = dict.fromkeys("iuf", "numbers") | {"b": "True or False", "c": "complex numbers", "U": "text"}


def _kind(value: object) -> str:
    """What a value is made of: "numbers" for 2, 2.0 and every array of them. Else its type: "a list"."""
    if type(value) is np.ndarray or isinstance(value, bool | int | float | complex | str | np.generic):
        return _KINDS.get(np.asarray(value).dtype.kind, "an array of objects")
    return f"a {type(value).__name__}"


def _shape(array: NDArray) -> str:
    return f"an array of shape {array.shape}" if array.shape else "one number"


def _apart(one: np.generic, other: np.generic) -> tuple[str, str]:
    """Two different numbers with 4 digits, or with as many as it takes to see the difference."""
    if one.dtype.kind not in "iuf":
        return repr(one.item()), repr(other.item())
    for digits in (4, 8):
        texts = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def _names(function: Callable) -> list[str]:
    return list(inspect.signature(function).parameters)


def _named(function: Callable, case: tuple) -> str:
    """The arguments in one line: small arrays in full, large ones by their shape."""
    pairs = zip(_names(function), case, strict=False)
    return ", ".join(f"{name} = {_short(value)}" for name, value in pairs)


def _short(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_short, value))}]"
    if not isinstance(value, np.ndarray):
        return repr(value)
    text = np.array2string(value, precision=4, separator=", ", suppress_small=True)
    return " ".join(text.split()) if value.size <= 16 else _shape(value)
