"""Check one number and return it as a Python int or float. Every other module may use this."""

from math import inf
from operator import index
from typing import Any

import numpy as np


def whole_number(
    name: str,
    value: Any,
    least: int | None = None,
    most: int | None = None,
    *,
    remedy: str = "pass an int",
    why: str = "",
) -> int:
    """`value` as an int, from Python, NumPy or torch; True, 2.0 and "2" do not count as whole numbers.

    TypeError: not a whole number; gives the `remedy`. ValueError: below `least` or above `most`; says `why`.
    """
    try:
        number = index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or str(getattr(value, "dtype", "")).endswith("bool"):
        raise TypeError(f"{name} must be a whole number, got {value!r:.60}; {remedy}")
    if (least is not None and number < least) or (most is not None and number > most):
        span = f"at most {most}" if least is None else f"{least} or more"
        span = span if least is None or most is None else f"from {least} to {most}"
        given = number if abs(number) < 10**60 else f"a number of {number.bit_length()} bits"
        raise ValueError(f"{name} must be {span}, got {given}{': ' * bool(why)}{why}")
    return number


def real_number(name: str, value: Any, least: float | None = None) -> float:
    """`value` as a float; with `least`, it must be finite and not below it.

    TypeError: not a single number (True is not one). ValueError: not finite, or below `least`.
    """
    given = value[()] if isinstance(value, np.ndarray) and not value.ndim else value
    if isinstance(given, bool) or not isinstance(given, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be one number, got {value!r:.60}; pass a float")
    try:
        number = float(given)
    except OverflowError:  # a whole number of more than 308 digits
        number = -inf if given < 0 else inf
    if least is not None and not least <= number < inf:
        raise ValueError(f"{name} must be a finite number, {least:g} or more, got {number:g}")
    return number
