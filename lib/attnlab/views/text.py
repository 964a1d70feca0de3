"""Words and formulas as views."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath, text_to_path
from matplotlib.transforms import Affine2D

from attnlab.views import base
from attnlab.views.base import Box, Drawn, Measure, View

LINE, COLUMN, FORMULA = 22, 96, 14.0  # pixels a line, characters a line, points
FEW = 4  # lines of a note that moves


@dataclass(frozen=True)
class Formula(View):
    """An equation with this moment's numbers in it: `latex` in matplotlib's mathtext, no dollar signs.

    `words` says the same in plain text, for the digest. Raises ValueError when mathtext cannot read it.
    """

    latex: str
    words: str
    title: str = ""

    def __post_init__(self) -> None:
        _strokes(self.latex)

    def key(self) -> tuple[Any, ...]:
        width, height = np.ptp(base.ends_of(_strokes(self.latex)), axis=0)
        return -(-width // 80), -(-height // 12)

    def box(self, measure: Measure) -> Box:
        columns, lines = self.key()
        return Box(columns * 80, lines * 12 + 8, 6, 6, 6, 6, wide=True)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        strokes = PathPatch(_strokes(self.latex), facecolor="black", linewidth=0, clip_on=False)
        strokes.set_transform(Affine2D().translate(0, box.height / 2) + ax.transData)
        ax.add_artist(strokes)
        return Drawn(ax, moving=[strokes])

    def update(self, drawn: Drawn) -> None:
        drawn.moving[0].set_path(_strokes(self.latex))

    def describe(self) -> str:
        return f"{self.title}: {self.words}." if self.title else f"{self.words}."


@lru_cache(256)
def _strokes(latex: str) -> Path:
    """The equation as an outline in pixels at scale 1, y downwards, middle of the left side at (0, 0)."""
    wrong = "it has a dollar sign" if "$" in latex else "it is empty" if not latex.strip() else ""
    try:
        path = TextPath((0, 0), f"${latex}$", prop=base.font(FORMULA))
    except ValueError as error:
        wrong = wrong or str(error)
    if wrong:
        raise ValueError(f"Formula latex {latex!r} cannot be read: {wrong}")
    (left, low), (_, high) = base.ends_of(path)
    return Path((path.vertices - [left, (low + high) / 2]) * [base.DPI / 72, -base.DPI / 72], path.codes)


@lru_cache(4096)
def outline(text: str, size: float = base.SIZE, weight: str = "normal") -> Path:
    """A text as an outline in points, the middle of a line of it at (0, 0): cheaper to move than a Text."""
    vertices, codes = text_to_path.get_text_path(base.font(weight=weight), text)
    scale = size / text_to_path.FONT_SCALE
    middle = base.measure(text, size, weight) * 72 / base.DPI / 2, size * 0.36
    return Path(np.asarray(vertices) * scale - middle, codes)


@lru_cache(4096)
def signs(text: str, size: float = base.SIZE, side: float = 0.5) -> Path:
    """As `outline`, but sign by sign: far cheaper for a text that is drawn once, such as a number.

    `side`: the share of the text left of (0, 0).
    """
    outlines = [base.sign(char) for char in text]
    ends = np.cumsum([0.0, *(width for _, width in outlines)])
    starts = ends[:-1] - side * ends[-1]
    inked = [(path, x) for (path, _), x in zip(outlines, starts, strict=True) if len(path.vertices)]
    if not inked:
        return Path(np.zeros((1, 2)), [Path.MOVETO])
    parts = [path.vertices + np.array([x, -0.36 * base.SIZE]) for path, x in inked]
    return Path(np.concatenate(parts) * size / base.SIZE, np.concatenate([path.codes for path, _ in inked]))


def steady(ax: Axes, x: float, y: float, text: str, size: float = base.SIZE, **style: Any) -> Any:
    """A text that stands still, on one line with those of `signs` at the same height."""
    low = y + 0.36 * size * base.DPI / 72
    return base.write(ax, x, low, text, size=size, va="baseline", **style)


def length(text: str, size: float = base.SIZE) -> float:
    """Width of a text of `signs`, in pixels at scale 1: far cheaper than to measure a new text."""
    return sum(base.sign(char)[1] for char in text) * size / base.SIZE * base.DPI / 72


def cut(text: str, room: float, size: float = base.SIZE) -> str:
    """As `base.fitted`, for a text that moves: it is measured only where it may be too long."""
    text = base.drawable(text)
    return text if length(text, size) <= room else base.fitted(text, room - 4, size)


def moving(ax: Axes, drawn: Drawn) -> PathCollection:
    """A collection for texts that move; `set_moving` fills it."""
    collection = base.numbers(ax, np.zeros((0, 2)))
    collection.set(facecolor="black", zorder=6, snap=False)
    drawn.moving.append(collection)
    return collection


def set_moving(
    collection: PathCollection,
    texts: Sequence[str],
    points: Sequence[tuple[float, float]],
    sides: Sequence[float],
    size: float = base.SIZE,
) -> None:
    """Put texts at points; `sides` says how much of each stands left of its point: 0, 0.5 or 1."""
    collection.set_paths([signs(text, size, side) for text, side in zip(texts, sides, strict=True)])
    collection.set_offsets(np.reshape(points, (-1, 2)))


@dataclass(frozen=True)
class Note(View):
    """One sentence, or a few, under or between the pictures."""

    text: str
    title: str = ""

    @property
    def lines(self) -> list[str]:
        return textwrap.wrap(base.drawable(str(self.text)), COLUMN) or [""]

    @property
    def _still(self) -> bool:
        """A long text costs more to move with the rest than to draw anew when it changes."""
        return len(self.lines) > FEW

    def key(self) -> tuple[Any, ...]:
        lines = self.lines
        return (len(lines), -(-max(map(len, lines)) // 16), *(lines if self._still else ()))

    def box(self, measure: Measure) -> Box:
        count, sixteens, *_ = self.key()
        return Box(
            max(16, sixteens * 16 * 8.2, *map(measure, self.lines)), LINE * count, 6, 6, 4, 4, wide=True
        )

    def draw(self, ax: Axes, box: Box) -> Drawn:
        rows = [base.write(ax, 0, (i + 0.5) * LINE, line) for i, line in enumerate(self.lines)]
        return Drawn(ax, moving=[] if self._still else rows)

    def update(self, drawn: Drawn) -> None:
        for row, line in zip(drawn.moving, [] if self._still else self.lines, strict=True):
            row.set_text(line)

    def describe(self) -> str:
        return f"{self.title}: {self.text}" if self.title else str(self.text)
