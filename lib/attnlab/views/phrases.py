"""What captions are made of: facts on one line, and what they say about numbers with names."""

import math
import re
from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

import numpy as np

from attnlab.views import fonts, inputs, rounding

LINE, SIZE = 840, 14 * 72 / fonts.DPI  # CSS pixels; points: 14 CSS pixels
LONGEST = 170  # pixels of a name
FEW = 4  # things that are all named
NEAR = 14  # letters of a word that a cut may take away
ALIKE, LONG = 1e-6, 1e5


def width(words: str) -> float:
    """The width of words on a screen, in CSS pixels; a sign as wide as a Chinese character counts as a W."""
    signs = "".join("W" if east_asian_width(sign) in "WF" else sign for sign in words)
    return fonts.length(fonts.drawable(signs), SIZE)


def cut(words: str, room: float = LINE) -> str:
    """Words on one line, cut where they are wider than `room` CSS pixels; between words, if that is near."""
    words = " ".join(words.split())
    if width(words) <= room:
        return words
    cuts = (words[:n].rstrip() + "…" for n in range(min(len(words), 400), 0, -1))
    short = next((short for short in cuts if width(short) <= room), "…")
    whole = short[: max(0, short.rfind(" "))]
    return f"{whole}…" if len(whole) > len(short) - NEAR else short


def sentences(words: str, room: float) -> str:
    """As many whole sentences as there is room for; of one that is too long, the beginning."""
    parts = re.split(r"(?<=[.!?]) ", " ".join(words.split()))
    fits = (" ".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((said for said in fits if width(said) <= room), cut(words, room))


def line(facts: Sequence[str], between: str = "; ", start: str = "") -> str:
    """Facts on one line of 840 px, as many as fit; the first is always said."""
    first, *others = filter(None, facts)
    words = start + first
    for fact in others:
        if width(words + between + fact) > LINE:
            break
        words += between + fact
    return cut(words)


def shortened(ways: Iterable[Sequence[str]], start: str = "") -> Sequence[str]:
    """The first of several ways to say the same that has room on a line; else the last."""
    said: Sequence[str] = ()
    for said in ways:
        if width(start + "; ".join(said)) <= LINE:
            break
    return said


def names(labels: Sequence[str]) -> list[str]:
    """Names as a caption says them: distinct, and not too long."""
    return [cut(name, LONGEST) for name in inputs.distinct(labels)]


def minus(words: str) -> str:
    """Words in which a hyphen before a number is a minus sign."""
    return re.sub(r"(?<!\w)-(?=\.?\d)", "−", words)


def signed(value: float, digits: int = 2) -> str:
    """A rounded number with a minus sign, not a hyphen; a long one as 1.0e6."""
    text = rounding.number(value, digits) if abs(value) < LONG else rounding.compact(value)
    return text.replace("-inf", "−∞").replace("-", "−")


def strongest(row: np.ndarray, labels: Sequence[str], digits: int = 2, count: int = 2) -> str:
    """The largest of a row of numbers with their names; -inf is not there, a share of 0 is not said."""
    there = np.isfinite(row)
    found, called = row[there], names(labels)
    if not len(found):
        return "all masked"
    if len(found) > count and np.ptp(found) <= ALIKE:
        return f"all {len(found)} equal, {signed(found[0], digits)} each"
    order = np.argsort(-np.round(np.where(there, row, -np.inf), 9), kind="stable")[: min(count, len(found))]
    least = 0.5 * 10.0**-digits if shares(np.where(there, row, 0.0)) else -np.inf
    return ", ".join(f"{called[j]} {signed(row[j], digits)}" for j in order if row[j] >= least)


def most_on(found: str) -> str:
    """What `strongest` found, as where most of the weight is."""
    return found if found.startswith("all ") else f"most on {found}"


def shares(values: np.ndarray) -> bool:
    """Whether every row holds shares: not negative, with the sum 1."""
    sums = np.where(np.isfinite(values), values, 0).sum(axis=-1)
    return bool((values >= -1e-9).all() and np.abs(sums - 1).max() <= ALIKE)


def breadth(weights: np.ndarray) -> float:
    """Over how many a row of shares is spread, on average over the rows: the exponential of its entropy."""
    logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    return float(np.exp(-(weights * logs).sum(axis=-1)).mean())


def off_the_diagonal(values: np.ndarray, rows: Sequence[str], cols: Sequence[str]) -> np.ndarray:
    """The values with nothing (NaN) on the diagonal, if that leaves more than 0; -inf becomes nothing.

    Where rows and columns are different things, the diagonal is as good as the rest and stays.
    """
    seen = np.where(np.isfinite(values), values, np.nan)
    if tuple(rows) != tuple(cols):
        return seen
    off = np.where(np.eye(*values.shape) > 0, np.nan, seen)
    return off if np.nanmax(np.abs(off), initial=0.0) > ALIKE else seen


def place(values: np.ndarray, scale: float, least: bool = False) -> tuple[int, ...]:
    """Where the largest value is, or the least; NaN is nothing."""
    worth = -values if least else values
    return rounding.largest(np.where(np.isnan(worth), -math.inf, worth), scale)
