"""Words and formulas as views."""

import textwrap
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from attnlab.views import fonts, palette, phrases
from attnlab.views.defaults import matplotlib_defaults
from attnlab.views.inputs import Text
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.view import View

LINE, COLUMN, FORMULA = 20, 96, 14.0  # pixels a line, characters a line, points
FEW, MOST = 4, 64  # lines of a note that moves, of any note


@dataclass(frozen=True)
class Formula(View):
    """An equation with the current numbers in it: `latex` in matplotlib's mathtext, no dollar signs.

    `words` says the same in plain text, for the caption. Raises ValueError if mathtext cannot read it.
    """

    latex: Text = Text()
    words: Text = Text()
    title: Text = Text("")

    def __post_init__(self) -> None:
        _strokes(self.latex)

    def key(self) -> tuple[Any, ...]:
        width, height = np.ptp(fonts.ends_of(_strokes(self.latex)), axis=0)
        return -(-width // 80), -(-height // 12)

    def box(self, measure: Measure) -> Box:
        columns, lines = self.key()
        return Box(columns * 80, lines * 12 + 8, 6, 6, 6, 6, wide=True)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        strokes = PathPatch(_strokes(self.latex), facecolor=palette.theme().ink, linewidth=0, clip_on=False)
        strokes.set_transform(Affine2D().translate(0, box.height / 2) + ax.transData)
        ax.add_artist(strokes)
        return Drawn(ax, moving=[strokes], parts=SimpleNamespace(strokes=strokes))

    def update(self, drawn: Drawn) -> None:
        drawn.parts.strokes.set_path(_strokes(self.latex))

    def caption(self) -> str:
        return phrases.cut(phrases.minus(self.words))

    def describe(self) -> str:
        return f"{self.title}: {self.words}." if self.title else f"{self.words}."


@lru_cache(256)
@matplotlib_defaults()
def _strokes(latex: str) -> Path:
    """The equation as an outline in pixels at scale 1, y downwards, middle of the left side at (0, 0)."""
    wrong = "it has a dollar sign" if "$" in latex else "it is empty" if not latex.strip() else ""
    try:
        path = TextPath((0, 0), f"${latex}$", prop=fonts.font(FORMULA))
    except ValueError as error:
        wrong = wrong or str(error)
    if wrong:
        raise ValueError(f"Formula latex {latex!r} cannot be read: {wrong}")
    (left, low), (_, high) = fonts.ends_of(path)
    return Path(
        (np.asarray(path.vertices) - [left, (low + high) / 2]) * [fonts.DPI / 72, -fonts.DPI / 72], path.codes
    )


@dataclass(frozen=True)
class Note(View):
    """One sentence, or a few, under or between the pictures. ValueError: more than 64 lines."""

    text: Text = Text()
    title: Text = Text("")

    def __post_init__(self) -> None:
        if (count := len(self.lines)) > MOST:
            raise ValueError(
                f"a Note has room for {MOST} lines of {COLUMN} characters, got {count}: shorten it"
            )

    @property
    def lines(self) -> list[str]:
        return textwrap.wrap(fonts.drawable(self.text), COLUMN) or [""]

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
            max(16, sixteens * 16 * 8.2, *map(measure, self.lines)), LINE * count, 6, 6, 2, 2, wide=True
        )

    def draw(self, ax: Axes, box: Box) -> Drawn:
        rows = [fonts.write(ax, 0, (i + 0.5) * LINE, line) for i, line in enumerate(self.lines)]
        moving = [] if self._still else rows
        return Drawn(ax, moving=[*moving], parts=SimpleNamespace(rows=moving))

    def update(self, drawn: Drawn) -> None:
        for row, line in zip(drawn.parts.rows, [] if self._still else self.lines, strict=True):
            row.set_text(line)

    def caption(self) -> str:
        """All of it: a panel says it in two lines, or draws it."""
        return phrases.minus(" ".join(self.text.split()))

    def describe(self) -> str:
        return f"{self.title}: {self.text}" if self.title else self.text
