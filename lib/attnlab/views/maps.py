"""Matrices as pictures: the map, and what all maps share."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from attnlab.views import fonts, grid, inputs, palette, phrases, rounding
from attnlab.views.inputs import CELLS, Field, Index, Labels, Mask, Numbers, Text, Texts
from attnlab.views.payload import Hit, Tell
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import number
from attnlab.views.view import View

MOST_NUMBERED = 12  # cells a row that can still hold a readable number
BAR, THIN = 12, 24  # pixels: width of the colour bar; of one or two rows or columns of many cells
ALIKE = 1.5e-6  # sums that differ by less are equal: float32 has seven digits
UPRIGHT = 26  # height of column labels that do not lean
LEAN = 0.71  # sine and cosine of the 45 degrees of those that do


class Signed(Field[bool | None, bool]):
    """Whether the colours of `values` show a sign; None: taken from the values."""

    def look(self, view: Any, given: bool | None) -> bool:
        return scale_of(view.values, given)[0]


class ScaleEnd(Field[float | None, float]):
    """The number at the end of the colours of `values`; None: taken from the values."""

    def look(self, view: Any, given: float | None) -> float:
        return scale_of(view.values, view.signed, inputs.as_limit(given, self.name))[1]


@dataclass(frozen=True)
class Heatmap(View):
    """A matrix [rows, cols] as coloured cells, with the number in each cell when it fits.

    `signed` False: 0 to `limit` (default 1) in viridis; True: -limit to limit, white at 0; None: taken from
    the values. -inf is a masked cell: grey. With `mask` [rows, cols] (True = may attend) the cells where it
    is False are grey too. Weights are 0 there: a 0 is then not written, any other number is.

    `selected` outlines a row; a click on a row, or the arrow keys, set the control named `select`. Raises
    ValueError for NaN, +inf, a wrong number of labels, a mask of the wrong shape, a row out of range.
    """

    values: Numbers = Numbers(2, masked=True, most=(CELLS, CELLS))
    rows: Labels = Labels("values", 0)
    cols: Labels = Labels("values", 1)
    title: Text = Text("")
    signed: Signed = Signed(None)
    limit: ScaleEnd = ScaleEnd(None)
    select: str | None = None
    selected: Index = Index("values", 0)
    axes: Texts = Texts(("query", "key"))
    mask: Mask = Mask("values")

    @property
    def numbered(self) -> bool:
        return self.values.shape[1] <= MOST_NUMBERED and self.values.shape[0] <= 2 * MOST_NUMBERED

    @property
    def digits(self) -> int:
        return rounding.digits_for(self.limit)

    @property
    def _widest(self) -> str:
        """The widest number on the scale."""
        return "−" * self.signed + re.sub(r"\d", "8", f"{self.limit:.{self.digits}f}")

    @property
    def _texts(self) -> list[str]:
        """The numbers in the cells; one beyond the scale has fewer digits, so that it fits."""
        left_out, digits = self._hidden & (np.abs(self.values) <= rounding.nothing(self.limit)), self.digits
        texts, room = [number(v, digits) for v in self.values.ravel().tolist()], len(self._widest)
        for i, text in enumerate(texts):
            if len(text) > room:
                texts[i] = number(self.values.flat[i], max(0, digits - len(text) + room))
        return ["" if out else text for out, text in zip(left_out.ravel(), texts, strict=True)]

    @property
    def _hidden(self) -> np.ndarray:
        """The cells that the mask greys."""
        return np.zeros(self.values.shape, bool) if self.mask is None else ~self.mask

    @property
    def cell(self) -> tuple[float, float]:
        if self.numbered:
            return math.ceil(fonts.measure(self._widest)) + 5, 31
        count = max(self.values.shape)
        side = max(min(4.0, CELLS / count), 420 / count)
        high, wide = (max(side, THIN) if few <= 2 else side for few in self.values.shape)
        return wide, high

    def key(self) -> tuple[Any, ...]:
        return self.values.shape, self.rows, self.cols, self.signed, self.limit, self.axes, self.select

    def box(self, measure: Measure) -> Box:
        (n, m), (wide, high) = self.values.shape, self.cell
        down, across = _axis_names(self.axes, n * high)
        longest = max(measure(fonts.shown(col)) for col in self.cols)
        left = max(
            max(measure(fonts.shown(row)) for row in self.rows) + 34,
            measure(f"{across} →" if across else "") + _beside(wide) + 24,
        )
        upright = longest <= wide - 4
        top = UPRIGHT if upright else max(UPRIGHT + 1, 20 + LEAN * longest)
        lean = 0 if upright else LEAN * longest + 8 - wide / 2
        scale = 5 + bar_width(measure, self.signed, self.limit, n * high)
        bottom = max(8, (measure(down) - n * high) / 2 + 4)
        return Box(m * wide, n * high, left, max(scale, lean), top, bottom)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        (n, m), (wide, high) = self.values.shape, self.cell
        cells = grid.image(ax, 0, 0, box.width, box.height)
        drawn = Drawn(ax, maps=[cells])
        down, across = _axis_names(self.axes, box.height)
        _label_rows(ax, self.rows, down, high, box.left)
        _label_cols(ax, self.cols, across, wide, box)
        colour_bar(ax, box.width + 14, box.height, self.signed, self.limit)
        if self.numbered:
            drawn.parts.numbers = fonts.numbers(ax, grid.grid_points(0, 0, n, m, wide, high))
            drawn.moving.append(drawn.parts.numbers)
        drawn.parts.outline = outlines(ax, drawn, (0, box.width))
        return drawn

    def update(self, drawn: Drawn) -> None:
        colours = palette.cells(self.values, self.signed, self.limit)
        colours[self._hidden] = palette.theme().masked
        drawn.maps[0].set_data(colours)
        if self.numbered:
            fonts.set_numbers(drawn.parts.numbers, self._texts, palette.ink(colours))
        place_outlines(drawn.parts.outline, self.selected, self.cell[1])

    def hits(self, box: Box) -> list[Hit]:
        return [
            grid.grid_hit(
                (0, 0, box.width, box.height), self.rows, self.cols,
                cell_texts(self.values, self._hidden, max(3, self.digits)),
                axes=self.axes, select=self.select, selected=self.selected, margin=box.left,
            )
        ]  # fmt: skip

    def caption(self) -> str:
        digits = max(2, self.digits)
        if self.selected is not None:
            row, name = self.values[self.selected], phrases.names(self.rows)[self.selected]
            row = np.where(self._hidden[self.selected] & (np.abs(row) <= ALIKE), -np.inf, row)
            said = f"{name} → {phrases.strongest(row, self.cols, digits)}"
            out = int(np.isneginf(row).sum())
            return phrases.line([said, f"{out} masked" if 0 < out < len(row) else ""], ", ")
        masked = int((np.isneginf(self.values) | self._hidden).sum())
        if masked == self.values.size:
            return "every cell is masked"
        facts = self._shared() if phrases.shares(self.values) else self._range(digits)
        return phrases.line([*facts, f"{masked} cells masked" if masked else ""])

    def _shared(self) -> list[str]:
        """What is said of rows of shares: the strongest link, and how widely they are spread."""
        off = phrases.off_the_diagonal(self.values, self.rows, self.cols)
        where = "off the diagonal: " if self.values.max() > np.nanmax(off) + ALIKE else ""
        broad = f"rows spread over {number(phrases.breadth(self.values), 1)} of {len(self.cols)}"
        return [f"strongest {where}{self._link(off, 2)}", broad]

    def _range(self, digits: int) -> list[str]:
        """What is said of other numbers: the largest and the smallest, and the mean."""
        seen = np.where(np.isfinite(self.values) & ~self._hidden, self.values, np.nan)
        if np.nanmax(seen) - np.nanmin(seen) <= rounding.nothing(self.limit):
            return [f"every cell {phrases.signed(float(np.nanmax(seen)), digits)}"]
        off = phrases.off_the_diagonal(seen, self.rows, self.cols)
        where, ends = "off the diagonal ", self._ends(off, digits)
        if ends == self._ends(seen, digits):
            where, off = "", seen
        return [where + ends, f"mean {phrases.signed(float(np.nanmean(off)), digits)}"]

    def _ends(self, values: np.ndarray, digits: int) -> str:
        words = f"largest {self._link(values, digits)}"
        if self.signed or np.nanmin(values) > rounding.nothing(self.limit):
            words += f", smallest {self._link(values, digits, least=True)}"
        return words

    def _link(self, values: np.ndarray, digits: int, least: bool = False) -> str:
        i, j = phrases.place(values, self.limit, least)
        row, col = phrases.names(self.rows)[i], phrases.names(self.cols)[j]
        return f"{row} → {col} {phrases.signed(values[i, j], digits)}"

    def describe(self) -> str:
        n, m = self.values.shape
        named = f" ({self.axes[0]} by {self.axes[1]})" if all(self.axes) else ""
        words = f"{self.title or 'map'}, {n} by {m}{named}: "
        if np.isneginf(self.values).all():
            return f"{words}every cell masked{marked(self.rows, self.selected)}."
        words += self._extremes() + masked_cells(self.values, self._hidden)
        words += "; " + spread(self.values, self.rows, self.cols, max(2, self.digits))
        return words + marked(self.rows, self.selected) + "."

    def _extremes(self) -> str:
        i, j = rounding.largest(self.values, self.limit)
        words = f"largest {self._place(i, j)}"
        off = np.where(np.eye(*self.values.shape) > 0, -np.inf, self.values)
        square = len(self.rows) == len(self.cols)
        if i == j and square and np.isfinite(off.max()):
            words += f", off the diagonal {self._place(*rounding.largest(off, self.limit))}"
        if self.signed:
            low = np.where(np.isneginf(self.values), -np.inf, -self.values)
            words += f", smallest {self._place(*rounding.largest(low, self.limit))}"
        return words

    def _place(self, i: int, j: int) -> str:
        rows, cols = inputs.distinct(self.rows), inputs.distinct(self.cols)
        return f"{number(self.values[i, j], max(2, self.digits))} at {rows[i]} → {cols[j]}"


def cell_texts(values: np.ndarray, hidden: np.ndarray, digits: int) -> Tell:
    """What the pointer says about a cell; `hidden` where the mask is False."""
    return lambda i, j: number(values.item(i, j), digits) + ", masked" * hidden.item(i, j)


def masked_cells(values: np.ndarray, hidden: np.ndarray) -> str:
    count = int((np.isneginf(values) | hidden).sum())
    return f"; {count} of {values.size} cells masked" if count else ""


def scale_of(
    values: np.ndarray, signed: bool | None = None, limit: float | None = None
) -> tuple[bool, float]:
    """Whether the colours show a sign, and the value at the end of the scale."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if signed is None:
        signed = low < -1e-9 or high > 1 + 1e-9
    if not signed and low < -1e-9:
        raise ValueError(f"values hold {low:.3g}, but the scale starts at 0: pass signed=True to Heatmap")
    if limit is None:
        limit = rounding.nice(max(high, -low)) if signed or high > 1 + 1e-9 else 1.0
    return bool(signed), limit


def spread(values: np.ndarray, rows: Sequence[str], cols: Sequence[str], digits: int = 2) -> str:
    """Row sums without the masked cells; when they agree, where each row is largest; when they are 1, the
    entropy of each row in bits: how widely it spreads its weight."""
    rows, cols = inputs.distinct(rows), inputs.distinct(cols)
    sums = np.where(np.isneginf(values), 0.0, values).sum(axis=1)
    if np.abs(sums - sums[0]).max() > ALIKE:
        return "row sums " + ", ".join(number(s, digits) for s in sums)
    peaks = [f"{t} → {cols[rounding.largest(row)[0]]}" for t, row in zip(rows, values, strict=True)]
    words = f"every row sums to {number(sums[0], digits)}; "
    if abs(sums[0] - 1) > ALIKE or values.min() < -1e-9:
        return words + "largest in each row: " + ", ".join(peaks)
    logs = np.log2(values, out=np.zeros_like(values), where=values > 0)
    bits = -(values * logs).sum(axis=1)
    pairs = ", ".join(f"{peak} ({number(b)})" for peak, b in zip(peaks, bits, strict=True))
    return words + "largest in each row (and its entropy in bits): " + pairs


def marked(rows: Sequence[str], selected: int | None) -> str:
    return "" if selected is None else f"; row {inputs.distinct(rows)[selected]} selected"


def _label_rows(ax: Axes, rows: Sequence[str], name: str, high: float, left: float) -> None:
    for i in thinned(len(rows), high):
        fonts.write(ax, -8, (i + 0.5) * high, fonts.shown(rows[i]), ha="right")
    middle = len(rows) * high / 2
    fonts.write(ax, -left + 10, middle, name, ha="center", rotation=90, color=palette.theme().soft)


def _label_cols(ax: Axes, cols: Sequence[str], name: str, wide: float, box: Box) -> None:
    leans = box.top > UPRIGHT
    style = {"ha": "left", "va": "baseline", "rotation": 45, "rotation_mode": "anchor"}
    for j in thinned(len(cols), wide, 20 if leans else 16):
        at = ((j + 0.5) * wide, -7) if leans else ((j + 0.5) * wide, -11)
        fonts.write(ax, *at, fonts.shown(cols[j]), **(style if leans else {"ha": "center"}))
    fonts.write(ax, -_beside(wide), -11, f"{name} →" if name else "", ha="right", color=palette.theme().soft)


def _axis_names(axes: tuple[str, str], height: float) -> tuple[str, str]:
    """The names of the rows, upright beside them, and of the columns, as they are drawn."""
    return fonts.fitted(axes[0], height + 40), fonts.fitted(axes[1], 160)


def _beside(wide: float) -> float:
    """How far the name of the columns keeps away from the first of them, which may lean over narrow cells."""
    return max(8, 20 - wide / 2)


def thinned(count: int, room: float, apart: float = 16) -> range:
    """The labels that have room: every one, or every second, third ..."""
    return range(0, count, max(1, math.ceil(apart / room)))


def bar_width(measure: Measure, signed: bool, limit: float, height: float) -> float:
    """Room that a colour bar takes, with its numbers and the space before it."""
    return 14 + BAR + 5 + max(measure(text) for _, text in _ends(signed, limit, height))


def colour_bar(ax: Axes, x: float, height: float, signed: bool, limit: float) -> None:
    grid.image(ax, x, 0, BAR, height).set_data(palette.lut(signed)[::-1, None])
    for share, text in _ends(signed, limit, height):
        va = "top" if share == 0 else "bottom" if share == 1 else "center"
        fonts.write(ax, x + BAR + 5, share * height, text, va=va, color=palette.theme().soft)


def _ends(signed: bool, limit: float, height: float) -> list[tuple[float, str]]:
    """The numbers beside the colour bar: how far down, and the text; the middle one where it has room."""
    ends = [(0, limit), (1, -limit if signed else 0), (0.5, 0 if signed else limit / 2)]
    texts = [(share, rounding.plain(value).replace("-", "−")) for share, value in ends[: 2 + (height >= 60)]]
    return texts if height >= 30 else [(0.5, f"{texts[1][1]} to {texts[0][1]}")]


def outlines(ax: Axes, drawn: Drawn, *spans: tuple[float, float]) -> list[Rectangle]:
    """Frames around the selected row: black within white, so that they show on every colour."""
    frames = []
    for x0, x1 in spans:
        for colour, thick in (("white", 4.5), ("black", 2.2)):
            frame = Rectangle(
                (x0, 0), x1 - x0, 1, fill=False, edgecolor=colour, linewidth=thick * 0.72, clip_on=False
            )
            ax.add_patch(frame)
            frames.append(frame)
    drawn.moving.extend(frames)
    return frames


def place_outlines(frames: Sequence[Rectangle], row: int | None, high: float, y: float = 0) -> None:
    for frame in frames:
        frame.set_visible(row is not None)
        if row is not None:
            frame.set_y(y + row * high)
            frame.set_height(high)
