"""Numbers as they are written: rounded so that float noise decides no digit."""

import math

import numpy as np


def number(value: float, digits: int = 2) -> str:
    """A rounded number whose last digit does not depend on float noise: ties always go away from zero."""
    if not math.isfinite(value):
        return "-inf" if value < 0 else "inf"
    text = f"{value + math.copysign(1e-9, value):.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def compact(value: float, zero: float = 0.0) -> str:
    """A number of any size in a few characters: 0.050, 12.30, 4.1e-5; up to `zero` it is noise about 0."""
    nudge = max(abs(value) * 1e-9, zero / 1000)  # so that noise crosses no threshold and decides no tie
    value = 0.0 if abs(value) <= zero else value + math.copysign(nudge, value)
    if value == 0 or not math.isfinite(value) or 0.01 <= abs(value) < 1000:
        return number(value, 3 if abs(value) < 1 else 2)
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def digits_for(limit: float) -> int:
    """Digits after the point of the numbers on a scale that ends at `limit`."""
    if 0.1 <= limit < 10:
        return 2
    power = math.floor(math.log10(limit))
    return max(0, 2 - power) if power > 0 else min(6, 1 - power)


def nothing(limit: float) -> float:
    """Up to here a value is float noise about 0, on a scale that ends at `limit`."""
    return max(1e-12, 1e-9 * limit)


def plain(value: float) -> str:
    """A place on a scale: 0.5, 20, 1e-6."""
    mantissa, e, exponent = f"{value:.6g}".partition("e")
    return mantissa + (f"e{int(exponent)}" if e else "")


def largest(values: np.ndarray, scale: float = 1.0) -> tuple[int, ...]:
    """Index of the largest value; among equals (up to float noise on that scale) the first."""
    return tuple(int(i) for i in np.argwhere(values >= values.max() - 1e-9 * scale)[0])


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def decades(low: float, high: float) -> tuple[float, float]:
    """The powers of ten around two numbers above 0."""
    first = math.floor(math.log10(low) + 1e-9)
    return 10.0**first, 10.0 ** max(first + 1, math.ceil(math.log10(high) - 1e-9))


def powers(low: float, high: float, most: int = 6) -> dict[float, str]:
    """At most `most` powers of ten from low to high, with their texts; in one decade also 2 and 5 times."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first < 2 and most > 3 and low >= 1e-4 and high <= 1e4:
        places = [step * 10.0**p for p in range(first - 1, last + 1) for step in (1, 2, 5)]
        return {v: plain(v) for v in places if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)}
    every = range(first, last + 1)
    return {10.0**p: f"10{str(p).translate(_RAISED)}" for p in every[:: max(1, -(-len(every) // most))]}


def nice(value: float) -> float:
    """The next round number (1, 1.5, 2, 3, 5, 7.5 times a power of ten): a limit that seldom changes.

    Float noise about 0 gets the limit 1.
    """
    if value <= 1e-9:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7.5, 10) if step * power >= value * (1 - 1e-9))
