"""What is the difference between an answer and the right one, in words.

Numbers are numbers: a list, a tuple or a torch tensor of them counts as an array, float32 as float64, one
number in an array as that number, and 0 and 1 as False and True.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

SINGLE, DOUBLE = 5e-6, 1e-9  # of the largest number of an answer: what counts as right, and as exact


# An answer in the form of the right one


def in_form_of(expected: Any, got: Any) -> Any:
    """`got` as an array, a number or a tuple, as `expected` is; `got` itself where it is or cannot be one."""
    got = _without_torch(got)
    if isinstance(expected, tuple | list):
        return _parts(expected, got)
    if isinstance(expected, np.ndarray):
        array = _array(got) if isinstance(got, tuple | list) else got
        return _of_dtype(expected.dtype.kind, array)
    if isinstance(got, np.ndarray | list | tuple) and kind_of(expected) in _KINDS.values():
        array = _array(got)
        got = array.reshape(())[()] if type(array) is np.ndarray and array.size == 1 else got
    if isinstance(expected, int | np.integer) and isinstance(got, float) and math.isfinite(got):
        return round(got) if math.isclose(got, round(got), rel_tol=DOUBLE) else got
    return got


def _without_torch(value: Any) -> Any:
    """A torch tensor as an array; itself if NumPy has no such thing. Torch itself is not imported."""
    if type(value).__module__.split(".")[0] != "torch" or not hasattr(value, "detach"):
        return value
    try:
        return value.detach().cpu().double().numpy() if value.is_floating_point() else value.cpu().numpy()
    except (TypeError, RuntimeError, NotImplementedError):  # sparse, or without data
        return value


def _parts(expected: tuple | list, got: Any) -> Any:
    if not _is_many(got) or len(got) != len(expected):
        return got
    parts = [in_form_of(*pair) for pair in zip(expected, got, strict=True)]
    if type(got) is type(expected) and all(a is b for a, b in zip(parts, got, strict=True)):
        return got
    return type(expected)(parts)


def _array(values: Any) -> Any:
    """An array of nested lists, arrays and tensors of numbers; `values` itself if they are no table."""
    if isinstance(values, np.ndarray):
        return values
    try:
        array = np.array(_listed(values))
    except (ValueError, TypeError, OverflowError, RecursionError):  # rows of different lengths
        return values
    return array if array.dtype.kind in _KINDS else values


def _listed(values: Any) -> Any:
    values = _without_torch(values)
    return [_listed(each) for each in values] if isinstance(values, tuple | list) else values


def _of_dtype(kind: str, array: Any) -> Any:
    """Integers that are all 0 or 1 as False and True, floats that are all whole as integers: if asked for."""
    if type(array) is not np.ndarray:
        return array
    if kind == "b" and array.dtype.kind in "iu" and np.isin(array, (0, 1)).all():
        return array.astype(bool)
    whole = kind in "iu" and array.dtype.kind == "f" and bool(np.all(array == np.round(array)))
    return array.astype(int) if whole and bool(np.isfinite(array).all()) else array


# The first difference


def difference(got: Any, expected: Any, precision: float = SINGLE) -> str:
    """The first difference between two values in words; empty when they agree."""
    if got is None:
        return "it returns None. Is the `return` missing?"
    if got is ...:
        return "it still returns the three dots. Return your result there."
    got = in_form_of(expected, got)
    if isinstance(expected, tuple | list):
        return _difference_of_parts(got, expected, precision)
    kind, wanted = kind_of(got), kind_of(expected)
    if kind != wanted:
        array = " in an array" if isinstance(expected, np.ndarray) else ""
        return (
            f"it returns {_uneven(got) or kind}; expected: {wanted}{array}. Look at the line with `return`."
        )
    if kind not in _KINDS.values():
        return "" if got is expected else f"it returns another {kind.split(' ', 1)[1]}."
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        return (
            f"it returns {shape_of(got)}; expected: {shape_of(expected)}. Look at axes, sums and transposes."
        )
    return _difference_of_numbers(got, expected, precision)


def _difference_of_parts(got: object, expected: tuple | list, precision: float) -> str:
    kind = "tuple" if isinstance(expected, tuple) else "list"
    if not isinstance(got, tuple | list) or len(got) != len(expected):
        return f"it must return a {kind} of {len(expected)} things."
    for number, pair in enumerate(zip(got, expected, strict=True), start=1):
        fault = difference(*pair, precision)
        if fault:
            return f"in part {number} of the result {fault}"
    return ""


def _difference_of_numbers(got: NDArray, expected: NDArray, precision: float) -> str:
    """Compare two arrays of one shape, entry by entry, on the scale of the whole answer."""
    bad = np.zeros(got.shape, dtype=bool)
    if got.dtype.kind in "bU" or (got.dtype.kind in "iu" and expected.dtype.kind in "iu"):
        agree = got == expected
    else:
        most = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
        near = precision * most + precision / 500  # the last for 0 as floating point gives it
        agree = np.isclose(got, expected, rtol=precision / 5, atol=near, equal_nan=True)
        bad = ~np.isfinite(got) & np.isfinite(expected)
    if agree.all():
        return ""
    place = tuple(int(i) for i in np.argwhere(bad if bad.any() else ~agree)[0])  # the first one
    at = f" at {list(place)}" if place else ""
    if bad.any():
        return f"there is {got[place]}{at}. Look for an overflow, a division by 0 or the logarithm of 0."
    one, other = _apart(got[place], expected[place])
    return f"it gives {one}{at}; expected: {other}."


# Values in words

_KINDS = dict.fromkeys("iuf", "numbers") | {"b": "True or False", "c": "complex numbers", "U": "text"}


def kind_of(value: object) -> str:
    """What a value is made of: "numbers" for 2, 2.0 and every array of them. Else its type: "a list"."""
    if type(value) is np.ndarray or isinstance(value, bool | int | float | complex | str | np.generic):
        return _KINDS.get(np.asarray(value).dtype.kind, "an array of objects")
    return named(type(value).__name__)


def named(word: str) -> str:
    """The word with its article: "a list", "an int"."""
    return f"{'an' if word[:1].lower() in 'aeiou' or word == 'ndarray' else 'a'} {word}"


def _uneven(got: object) -> str:
    """What to say of a list that is no table; empty for everything else."""
    rows = [row for row in got if _is_many(row)] if isinstance(got, tuple | list) else []
    return "a list of rows with different lengths" if len({len(row) for row in rows}) > 1 else ""


def _is_many(value: object) -> bool:
    return isinstance(value, tuple | list) or (isinstance(value, np.ndarray) and value.ndim > 0)


def shape_of(array: NDArray) -> str:
    return f"an array of shape {array.shape}" if array.shape else "one number"


def _apart(one: np.generic, other: np.generic) -> tuple[str, str]:
    """Two different numbers with 4 digits, or with as many as it takes to see the difference."""
    if other.dtype.kind not in "f" and one.dtype.kind not in "f":
        return repr(one.item()), repr(other.item())
    values = float(one) + 0.0, float(other) + 0.0  # no -0
    for digits in (4, 8, 16):
        texts = tuple(
            f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.{digits}g}"
            for value in values
        )
        if texts[0] != texts[1]:
            break
    return texts[0], texts[1]
