"""Words and formulas as views."""

import textwrap
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.mathtext import MathTextParser

from attnlab.views import base
from attnlab.views.base import Box, Drawn, Measure, View

LINE, COLUMN, FORMULA = 22, 96, 14.0  # pixels a line, characters a line, points


@dataclass(frozen=True)
class Formula(View):
    """An equation with this moment's numbers in it: `latex` in matplotlib's mathtext, no dollar signs.

    `words` says the same in plain text, for the digest. Raises ValueError when mathtext cannot read it.
    """

    latex: str
    words: str
    title: str = ""

    def __post_init__(self) -> None:
        self._size()

    def _size(self) -> tuple[float, float]:
        """Width and height of the equation in pixels at scale 1."""
        parse = MathTextParser("path").parse
        try:
            width, height, depth, *_ = parse(f"${self.latex}$", dpi=72, prop=base.font(FORMULA))
        except ValueError as error:
            raise ValueError(f"Formula latex {self.latex!r} cannot be read: {error}") from None
        return width * base.DPI / 72, (height + depth) * base.DPI / 72

    def key(self) -> tuple[Any, ...]:
        width, height = self._size()
        return -(-width // 80), -(-height // 12)

    def box(self, measure: Measure) -> Box:
        columns, lines = self.key()
        return Box(columns * 80, lines * 12 + 8, 6, 6, 6, 6, wide=True)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        return Drawn(ax, moving=[base.write(ax, 0, box.height / 2, "", math=True, size=FORMULA)])

    def update(self, drawn: Drawn) -> None:
        drawn.moving[0].set_text(f"${self.latex}$")

    def describe(self) -> str:
        return f"{self.title}: {self.words}." if self.title else f"{self.words}."


@dataclass(frozen=True)
class Note(View):
    """One sentence, or a few, under or between the pictures."""

    text: str
    title: str = ""

    @property
    def lines(self) -> list[str]:
        return textwrap.wrap(base.drawable(str(self.text)), COLUMN) or [""]

    def key(self) -> tuple[Any, ...]:
        return (len(self.lines), -(-max(map(len, self.lines)) // 16))

    def box(self, measure: Measure) -> Box:
        count, sixteens = self.key()
        return Box(
            max(16, sixteens * 16 * 8.2, *map(measure, self.lines)), LINE * count, 6, 6, 4, 4, wide=True
        )

    def draw(self, ax: Axes, box: Box) -> Drawn:
        rows = [base.write(ax, 0, (i + 0.5) * LINE, "") for i in range(len(self.lines))]
        return Drawn(ax, moving=rows)

    def update(self, drawn: Drawn) -> None:
        for row, line in zip(drawn.moving, self.lines, strict=True):
            row.set_text(line)

    def describe(self) -> str:
        return f"{self.title}: {self.text}" if self.title else str(self.text)
