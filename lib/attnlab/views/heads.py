"""Attention with several heads: one small map per head, and how heads are named and switched."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from attnlab.views import fonts, grid, inputs, maps, palette, phrases, rounding
from attnlab.views.inputs import CELLS, Along, Index, Labels, Mask, Numbers, Text
from attnlab.views.maps import ScaleEnd
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import number
from attnlab.views.view import View

NEXT, MOST, MOST_ROWS = 22, 4, 64  # pixels between two maps, maps in a row, rows of maps
ROOM = {1: 260, 2: 260, 3: 210, 4: 152}  # pixels for a map, by how many stand in a row
LARGEST = 26.0  # pixels of a cell
OFF = " (off)"
SMALLEST = 8.0  # points of a label beside small cells


class Switches(Along[Sequence[bool], tuple[bool, ...]]):
    """On or off for each place; default all on."""

    def look(self, view: Any, given: Sequence[bool] | None) -> tuple[bool, ...]:
        count, axis = self.places(view)
        if given is None or (isinstance(given, tuple) and not given):
            return (True,) * count
        if not isinstance(given, Sequence | np.ndarray) or not all(
            isinstance(on, bool | np.bool_) for on in given
        ):
            raise TypeError(f"{self.name} must be True or False for each of {count}, got {given!r:.60}")
        if len(given) != count:
            raise ValueError(f"{self.name} has {len(given)} switches, but {axis} has {count}")
        return tuple(bool(each) for each in given)


def head_name(head: int) -> str:
    return f"head {head + 1}"


@dataclass(frozen=True)
class Heads(View):
    """One small map per head, side by side: values [head, query, key], all on the scale 0 to `limit`.

    A head that `heads` (a bool for each) switches off is grey; `names` names them (head 1 ...).
    With `mask` ([query, key], or one for each head; True = may attend) the cells where it is False are grey.
    Raises ValueError as Heatmap does. `select` and `selected` name the query row, as in Heatmap.
    """

    values: Numbers = Numbers(3, masked=True)
    rows: Labels = Labels("values", 1)
    cols: Labels = Labels("values", 2)
    title: Text = Text("")
    limit: ScaleEnd = ScaleEnd(None)
    select: str | None = None
    selected: Index = Index("values", 1)
    heads: Switches = Switches("values")
    names: Labels = Labels("values", 0, head_name)
    mask: Mask = Mask("values")

    signed = False  # weights: the scale starts at 0

    def __post_init__(self) -> None:
        room = CELLS // min(len(self.values), MOST)
        inputs.fitting(self.values, "Heads values", (MOST * MOST_ROWS, room, room))

    def key(self) -> tuple[Any, ...]:
        return self.values.shape, self.rows, self.cols, self.limit, self.select, self.names

    # ------------------------------------------------------------ the picture

    @property
    def _side(self) -> float:
        """Of a cell, in pixels."""
        heads, *size = self.values.shape
        beside = min(heads, MOST)
        side = min(LARGEST, max(min(2.0, CELLS / beside / max(size)), ROOM[beside] / max(size)))
        return float(math.floor(side)) if side >= 4 else side  # maps begin and end at whole pixels

    @property
    def _size(self) -> float:
        """Of the labels, in points."""
        return min(fonts.SIZE, max(SMALLEST, 0.62 * self._side))

    def _places(self) -> list[tuple[float, float]]:
        """The upper left corner of every head's map."""
        _, n, m = self.values.shape
        over = self._over(fonts.measure)
        across, down = m * self._side + 2 * over + NEXT, n * self._side + 28
        return [((h % MOST) * across, (h // MOST) * down) for h in range(len(self.values))]

    def _over(self, measure: Measure) -> float:
        """How far the name of a head, and that it is off, stick out of its map on either side."""
        half = max(measure(fonts.shown(name)) for name in self.names) / 2 + measure(OFF)
        return float(math.ceil(max(0.0, half - self.values.shape[2] * self._side / 2)))

    def _lean(self) -> tuple[int, float, list[tuple[int, str]]]:
        """How the labels of the keys stand: the angle, its sine, and those that have room."""
        leans = self._side >= 1.8 * self._size
        places = maps.thinned(len(self.cols), self._side, 1.5 * self._size)
        return (
            (45 if leans else 90),
            (maps.LEAN if leans else 1.0),
            [(j, fonts.shown(self.cols[j])) for j in places],
        )

    def box(self, measure: Measure) -> Box:
        _, n, m = self.values.shape
        side, over, (angle, sine, cols) = self._side, self._over(measure), self._lean()
        lengths = [sine * measure(text, self._size) for _, text in cols]
        leaning = [length - j * side for (j, _), length in zip(cols, lengths, strict=True)]
        rows = max(measure(fonts.shown(row), self._size) for row in self.rows)
        left = math.ceil(max(rows + 12, over + 4, max(leaning) + 14 if angle == 45 else 0))
        width, height = (max(p[k] for p in self._places()) + size * side for k, size in ((0, m), (1, n)))
        bar = maps.bar_width(measure, False, self.limit, n * side) + 5
        least = max(0.76, SMALLEST / self._size * 0.99)
        return Box(width, height, left, over + bar, 22, max(lengths) + 20, least=least)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        _, n, m = self.values.shape
        side, places, size = self._side, self._places(), self._size
        drawn = Drawn(ax)
        drawn.parts.outline, drawn.parts.off = [], []
        for x, y in places:
            drawn.maps.append(grid.image(ax, x, y, m * side, n * side))
            name, middle = fonts.shown(self.names[len(drawn.parts.off)]), x + m * side / 2
            fonts.write(ax, middle, y - 11, name, ha="center")
            beside = middle + fonts.measure(name) / 2
            drawn.parts.off.append(fonts.write(ax, beside, y - 11, OFF, color=palette.theme().soft))
            drawn.parts.outline.append((y, maps.outlines(ax, drawn, (x, x + m * side))))
            for i in maps.thinned(n, side, 1.5 * size) if x == 0 else ():
                fonts.write(ax, -7, y + (i + 0.5) * side, fonts.shown(self.rows[i]), ha="right", size=size)
            if y == places[-1][1]:
                self._label_cols(ax, x, y + n * side)
        drawn.moving += drawn.parts.off
        maps.colour_bar(ax, box.width + self._over(fonts.measure) + 14, n * side, False, self.limit)
        return drawn

    def _label_cols(self, ax: Axes, x: float, y: float) -> None:
        angle, _, cols = self._lean()
        style: dict[str, Any] = {
            "rotation": angle,
            "rotation_mode": "anchor",
            "ha": "right",
            "size": self._size,
        }
        style["va"], dx, dy = ("baseline", 8, 13) if angle == 45 else ("center", 0, 8)
        for j, text in cols:
            fonts.write(ax, x + (j + 0.5) * self._side + dx, y + dy, text, **style)

    def update(self, drawn: Drawn) -> None:
        for h, (weights, on) in enumerate(zip(self.values, self.heads, strict=True)):
            colours = palette.cells(weights, False, self.limit) if on else _greyed(weights, self.limit)
            colours[self._hidden(h)] = palette.theme().masked
            drawn.maps[h].set_data(colours)
            drawn.parts.off[h].set_visible(not on)
        for y, frames in drawn.parts.outline:
            maps.place_outlines(frames, self.selected, self._side, y)

    def _hidden(self, head: int) -> np.ndarray:
        """The cells of a head that the mask greys."""
        return np.zeros(self.values.shape[1:], bool) if self.mask is None else ~self.mask[head]

    # ------------------------------------------------------------ the pointer and the words

    def hits(self, box: Box) -> list[Hit]:
        _, n, m = self.values.shape
        return [
            grid.grid_hit(
                (x, y, m * self._side, n * self._side), self.rows, self.cols,
                maps.cell_texts(self.values[h], self._hidden(h), 3), name=_named(name, self.heads[h]),
                axes=("query", "key"), select=self.select, selected=self.selected,
            )
            for h, ((x, y), name) in enumerate(zip(self._places(), self.names, strict=True))
        ]  # fmt: skip

    def caption(self) -> str:
        on = [h for h in range(len(self.heads)) if self.heads[h]]
        names = phrases.names(self.names)
        start = "" if self.selected is None else f"{phrases.names(self.rows)[self.selected]} → "
        if not on:
            return "every head is off"
        off = [f"{names[h]} off" for h in range(len(names)) if h not in on]
        if len(on) > phrases.FEW:
            return phrases.line(
                [self._widths(on, names), f"{len(off)} heads off" if off else ""], start=start
            )
        each = ([*(f"{names[h]}: {self._peak(h, count)}" for h in on), *off] for count in (2, 1))
        return phrases.line(phrases.shortened(each, start), start=start)

    def _peak(self, head: int, count: int = 1) -> str:
        """The strongest of the chosen row of a head; else its strongest link."""
        weights, cols = self.values[head], phrases.names(self.cols)
        if self.selected is not None:
            return phrases.strongest(weights[self.selected], self.cols, count=count)
        if np.isneginf(weights).all():
            return "all masked"
        i, j = phrases.place(phrases.off_the_diagonal(weights, self.rows, self.cols), self.limit)
        return f"{phrases.names(self.rows)[i]} → {cols[j]} {phrases.signed(weights[i, j])}"

    def _widths(self, on: list[int], names: list[str]) -> str:
        """Which head is sharpest and which is widest, by the largest weights of their rows."""
        rows = slice(None) if self.selected is None else slice(self.selected, self.selected + 1)
        peaks = np.array([self.values[h, rows].max(axis=-1).mean() for h in on])
        sharp, wide = (on[phrases.place(peaks, self.limit, least)[0]] for least in (False, True))
        return f"sharpest {names[sharp]} ({self._peak(sharp)}), widest {names[wide]} ({self._peak(wide)})"

    def describe(self) -> str:
        (heads, n, m), digits = self.values.shape, max(2, rounding.digits_for(self.limit))
        rows, cols, words = inputs.distinct(self.rows), inputs.distinct(self.cols), []
        for h, (name, weights) in enumerate(zip(inputs.distinct(self.names), self.values, strict=True)):
            i, j = rounding.largest(weights, self.limit)
            place = f"{number(weights[i, j], digits)} at {rows[i]} → {cols[j]}"
            masked = maps.masked_cells(weights, self._hidden(h))
            found = f"largest {place}{masked}, {maps.spread(weights, rows, cols, digits)}"
            words.append(f"{_named(name, self.heads[h])} {found}")
        count = f"{heads} head{'s' * (heads > 1)}, {n} by {m}: "
        return (
            f"{self.title or 'heads'}, {count}"
            + "; ".join(words)
            + maps.marked(self.rows, self.selected)
            + "."
        )


def _named(name: str, on: bool) -> str:
    return name if on else name + OFF


def _greyed(weights: np.ndarray, limit: float) -> np.ndarray:
    """The colours of a head that is off, uint8 [query, key, 4]: the more weight, the stronger the grey."""
    share = np.clip(np.where(np.isneginf(weights), 0.0, weights) / limit, 0, 1)
    zero, full = palette.theme().off
    grey = (
        np.where(np.isneginf(weights), palette.theme().masked[0], zero + (full - zero) * share)
        .round()
        .astype(np.uint8)
    )
    return np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=-1)
