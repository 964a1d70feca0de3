"""Numbers of any size in a few characters, as people say them."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from attnlab.attention.numbers import real_number
from attnlab.views import inputs, rounding
from attnlab.views.rounding import number

MOST, KINDS = 200, 6  # names, and different names of what is in them
UNITS = {"bytes": "B", "FLOPs": "FLOPs"}  # signs that are written with every number
Band = float | dict[str, float]  # a size, or sizes by name: cells
PREFIXES = {"parameters": " kMBT", "bytes": " kMGTPEZY", "FLOPs": " kMGTPEZY"}


@lru_cache(4096)
def amount(value: float, unit: str = "parameters") -> str:
    """A number with three digits and its magnitude: 124 M, 175 B; "bytes": 14.0 GB; "FLOPs": 312 TFLOPs.

    Below 1000 a whole number is written as it is. Any other unit is written like parameters.
    """
    prefixes = PREFIXES.get(unit, PREFIXES["parameters"])
    sign = UNITS.get(unit, "")
    value *= 1 + 1e-9  # so that float noise decides no tie
    for power, prefix in enumerate(prefixes):
        rest = value / 1000.0**power
        digits = 2 if abs(rest) < 9.995 else 1 if abs(rest) < 99.95 else 0
        if power == 0 and abs(rest - round(rest)) < 1e-6:
            digits = 0
        if abs(rest) < 999.5:
            return f"{number(rest, digits)} {prefix.strip()}{sign}".strip()
    return f"{rounding.compact(value)} {sign}".strip()


def named(value: float, unit: str) -> str:
    """An amount with its unit."""
    return f"{amount(value, unit)} {'' if unit in UNITS else unit}".strip()


def exact(value: float, unit: str) -> str:
    """An amount in full, if it is a whole number."""
    if not 999.5 <= value < 1e15 or abs(value - round(value)) > 1e-6:
        return named(value, unit)
    return f"{round(value):,} {unit} ({amount(value, unit)})"


def percent(share: float) -> str:
    """A share of 1 in per cent."""
    share *= 1 + 1e-9
    if 0 < share < 0.00005:
        return "<0.01 %"
    return f"{number(100 * share, 1 if share >= 0.00995 or share == 0 else 2)} %"


# ---------------------------------------------------------------- at the boundary


def as_bands(values: Any) -> dict[str, Band]:
    """Amounts by name, or dicts of them by name. ValueError or TypeError says what is wrong."""
    pairs = _as_pairs(values, "values")
    if len(pairs) > MOST:
        raise ValueError(f"values has {len(pairs)} names, but there is room for {MOST}: combine some")
    bands: dict[str, Band] = {}
    for name, value in pairs:
        if isinstance(value, Mapping | list | tuple):
            cells = _as_pairs(value, f"values of {name!r}")
            bands[name] = {cell: as_size(v, f"{name!r}, {cell!r}") for cell, v in cells}
        else:
            bands[name] = as_size(value, repr(name))
    kinds = dict.fromkeys(cell for band in bands.values() if isinstance(band, dict) for cell in band)
    if len(kinds) > KINDS:
        raise ValueError(
            f"values has {len(kinds)} different cells ({', '.join(kinds)}), but there are only {KINDS} "
            "patterns: combine some"
        )
    return bands


def _as_pairs(values: Any, name: str) -> list[tuple[str, Any]]:
    items = list(values.items()) if isinstance(values, Mapping) else values
    if not isinstance(items, list | tuple) or not all(
        isinstance(p, tuple | list) and len(p) == 2 for p in items
    ):
        raise TypeError(f"{name} must be a dict name -> number, or a list of such pairs; got {values!r:.60}")
    if not items:
        raise ValueError(f"{name} is empty: there is no area to draw")
    names = [inputs.as_text(label) for label, _ in items]
    if len({*names}) < len(names):
        raise ValueError(f"{name} has the same name twice: {', '.join(names):.100}")
    return list(zip(names, (value for _, value in items), strict=True))


def as_size(value: Any, name: str) -> float:
    size = real_number(name, value)
    if not (math.isfinite(size) and size >= 0):
        raise ValueError(f"{name} is {size:g}: an area is a finite number, 0 or more")
    return size
