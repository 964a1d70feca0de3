"""Check what comes in: every error names the argument, what was given, and what to do."""

import math
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from attnlab.attention.arguments import as_array
from attnlab.attention.numbers import whole_number
from attnlab.models import Config

MOST = 10**15  # parameters

# What no model comes near. With every field at or below it, a count is below MOST.
LARGEST = {
    "vocabulary": 10**6, "length": 10**7, "d_model": 10**5, "n_layers": 10**3, "d_ff": 10**6,
    "outputs": 10**6,
}  # fmt: skip


BYTES = {"fp64": 8, "fp32": 4, "bf16": 2, "int8": 1}  # of one number


def check_config(config: Any) -> None:
    """TypeError: not a Config."""
    if not isinstance(config, Config):
        raise TypeError(
            f"config must be a Config, got {type(config).__name__}; "
            "write Config(vocabulary=..., length=...), or famous.config for one of FAMOUS"
        )


def check_count(config: Config, found: int) -> None:
    """ValueError for more than 10^15 parameters: it names the field that is farthest out."""
    if found <= MOST:
        return
    given = {name: getattr(config, name) or 0 for name in LARGEST}
    worst = max(given, key=lambda name: given[name] * 10**9 // LARGEST[name])
    raise ValueError(
        f"{worst}={_short(given[worst])} is too large: the model would have {_short(found)} parameters, and "
        f"at most 10^15 are counted; make {worst} smaller: {LARGEST[worst]:,} is beyond today's models"
    )


def lengths(config: Config, tokens: Any, source: Any, cached: Any = 0) -> tuple[int, int, int]:
    """tokens, source (0 if there is none) and cached tokens. TypeError or ValueError."""
    tokens, cached = whole_number("tokens", tokens, 1), whole_number("cached", cached, 0)
    if config.kind != "encoder-decoder" and source is not None:
        raise ValueError(
            f"a model of kind={config.kind!r} takes no source, got source={source!r:.60}: leave it out"
        )
    if config.kind == "encoder" and cached:
        raise ValueError(f"an encoder reads all tokens at once, got cached={_short(cached)}: leave it out")
    if cached + tokens > config.length:
        before = f" after {_short(cached)} cached ones" if cached else ""
        raise ValueError(
            f"tokens must be at most {config.length} (config.length), got {_short(tokens)}{before}: use "
            "fewer tokens, or a config with a larger length"
        )
    if config.kind != "encoder-decoder":
        return tokens, 0, cached
    source = cached + tokens if source is None else whole_number("source", source, 1)
    if source > config.length:
        raise ValueError(
            f"source must be at most {config.length} (config.length), got {_short(source)}: use fewer "
            "tokens, or a config with a larger length"
        )
    return tokens, source, cached


def one_of(name: str, value: Any, known: Iterable[Any]) -> None:
    """ValueError: a word that is not known."""
    known = list(known)
    if not any(value is each or (isinstance(value, str) and value == each) for each in known):
        raise ValueError(
            f"{name} must be one of {', '.join(map(repr, known))}, got {value!r:.60}; choose one"
        )


def number_bytes(precision: Any) -> int:
    """Bytes of one number. ValueError: a precision that is not known."""
    one_of("precision", precision, BYTES)
    return BYTES[precision]


def positive(name: str, value: Any, most: float = math.inf, least: float = 0.0) -> Any:
    """A number above 0 (and from `least` to `most`) and finite, or a NumPy array of them, as float64."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number | np.ndarray):
        raise TypeError(
            f"{name} must be a number or an array of numbers, got {value!r:.60}; write float(...)"
        )
    if isinstance(value, int):
        value = float(value) if abs(value) <= sys.float_info.max else math.inf * (1 if value > 0 else -1)
    found = as_array(name, value)
    if found.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got {found.dtype}; write {name}.astype(float)")
    found = found.astype(np.float64)
    if not (np.isfinite(found) & (found > 0) & (found >= least) & (found <= most)).all():
        low = f"{least:g} or more" if least else "above 0"
        high = f"at most {most:g}" if most < math.inf else "finite"
        raise ValueError(f"{name} must be {low} and {high}, got {value!r:.60}; pass a number in that range")
    return found if found.ndim else float(found)


def _short(number: int) -> str:
    """12,288, or 10^15 for what is too long to read; any length of number."""
    return f"{number:,}" if number < 10**12 else f"about 10^{math.log10(number):.0f}"
