"""The colours of all views: one table for a light page, one for a dark one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib import colormaps

MARKERS = ("o", "s", "^", "D", "v")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))

Five = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for. On `ground`: text at least 4.5:1, lines and marks at least 3:1."""

    ground: str
    ink: str  # text and numbers
    soft: str  # what is said beside: names of axes, ticks
    axis: str  # lines that a value is read from
    grid: str  # lines behind the values
    frame: str  # around a part
    outline: str  # around the part of a whole
    band: str  # behind a group
    lines: Five  # of series, bars and arrows, each told apart by eyes that see two colours, too
    words: Five  # the same for text
    pale: str  # a line that steps back
    masked: tuple[int, int, int, int]
    off: tuple[int, int]  # grey of weight 0 and of the largest weight in a head that is off
    diverging: str  # matplotlib's name of the map that is as the ground at 0
    marked: str  # behind what is chosen
    piece: str  # behind every second piece of a text
    fills: tuple[str, ...]  # of areas; the last one for bands beside cells
    patterns: tuple[str, ...]  # lines on these fills
    blocks: dict[str, str]  # of the parts of a Transformer
    mask: tuple[tuple[int, int, int, int], tuple[int, int, int, int]]  # hidden, may attend


LIGHT = Theme(
    ground="#ffffff", ink="#000000", soft="#595959", axis="#b0b0b0", grid="#dcdcdc", frame="#8c8c8c",
    outline="#404040", band="#f4f4f4",
    lines=("#006BA8", "#D55E00", "#00A57A", "#CC79A7", "#000000"),
    words=("#006BA8", "#A53E00", "#085832", "#A2457B", "#000000"),
    pale="#c8c8c8", masked=(224, 224, 224, 255), off=(245, 135), diverging="RdBu_r",
    marked="#ffd591", piece="#d9e8f5",
    fills=("#cbdff3", "#fddeb8", "#c9e8c2", "#f5d6e4", "#fcf1b4", "#bdb5e6", "#dedede"),
    patterns=("", "#f0bd7c", "#8cc487", "#e3a8c4", "#d8c55f", "#9080d0", ""),
    blocks={
        "embedding": "#fbd3dc", "norm": "#fff0a8", "attention": "#ffd6a5", "cross-attention": "#e5d0f2",
        "feed-forward": "#cce4f7", "add": "#ffffff", "output": "#d0ebcf", "layer": "#e4e4e4",
        "other": "#ffffff",
    },
    mask=((214, 214, 214, 255), (20, 60, 110, 255)),
)  # fmt: skip
DARK = Theme(
    ground="#111111", ink="#ececec", soft="#b4b4b4", axis="#6a6a6a", grid="#3a3a3a", frame="#8a8a8a",
    outline="#c0c0c0", band="#1d1d1d",
    lines=("#46BFF8", "#E8833A", "#1EA97E", "#D58AB4", "#f0f0f0"),
    words=("#46BFF8", "#F09A5C", "#6DEDB3", "#E6A8CA", "#f0f0f0"),
    pale="#4a4a4a", masked=(70, 70, 70, 255), off=(34, 150), diverging="berlin",
    marked="#6b4a12", piece="#20384d",
    fills=("#24486b", "#6b4316", "#2a5a2c", "#6a3352", "#5c5418", "#4a3d8c", "#454545"),
    patterns=("", "#8a5a24", "#3c7540", "#8c4a6c", "#746a28", "#6a5ab0", ""),
    blocks={
        "embedding": "#5c2b38", "norm": "#4f4714", "attention": "#63421a", "cross-attention": "#46335c",
        "feed-forward": "#1f4160", "add": "#111111", "output": "#224d2b", "layer": "#353535",
        "other": "#111111",
    },
    mask=((84, 84, 84, 255), (125, 185, 240, 255)),
)  # fmt: skip

_now: ContextVar[Theme] = ContextVar("theme", default=LIGHT)


def theme() -> Theme:
    """The colours to draw in now."""
    return _now.get()


@contextmanager
def drawn_in(colours: Theme) -> Iterator[None]:
    """What is drawn inside has these colours."""
    before = _now.set(colours)
    try:
        yield
    finally:
        _now.reset(before)


def lut(signed: bool) -> np.ndarray:
    """256 colours, uint8 [256, 4]: viridis, or a diverging map that is as the ground at 0."""
    return _lut(theme().diverging if signed else "viridis")


@cache
def _lut(name: str) -> np.ndarray:
    return (colormaps[name](np.arange(256)) * 255).round().astype(np.uint8)


def cells(values: np.ndarray, signed: bool, limit: float) -> np.ndarray:
    """Colours of the cells, uint8 [rows, cols, 4]; masked cells (-inf) are grey."""
    finite = np.where(np.isneginf(values), 0.0, values)
    share = (finite / limit + 1) / 2 if signed else finite / limit
    colours = lut(signed)[np.clip(share * 255 + 0.5, 0, 255).astype(np.uint8)]
    colours[np.isneginf(values)] = theme().masked
    return colours


def ink(colours: np.ndarray) -> np.ndarray:
    """Black or white, whichever has more contrast on each colour (never under 4.5:1); float [n, 4]."""
    linear = (colours[..., :3].reshape(-1, 3) / 255) ** 2.2
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where((luminance < 0.179)[:, None], 1.0, [[0.0, 0.0, 0.0, 1.0]])
