"""Matrices as pictures: one map, or one small map per head."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from attnlab.views import base
from attnlab.views.base import Box, Drawn, Measure, View, number

MOST_NUMBERED = 12  # cells a row that can still hold a readable number
BAR = 12  # width of the colour bar


@dataclass(frozen=True)
class Heatmap(View):
    """A matrix [rows, cols] as coloured cells, with the number in each cell when it fits.

    `signed` False: 0 to `limit` (default 1) in viridis; True: -limit to limit, white at 0; None: told by the
    values. -inf is a masked cell. `selected` outlines a row; a click on a row, or the arrow keys, set the
    control named `select`. Raises ValueError for NaN, +inf, a wrong number of labels, a row out of range.
    """

    values: Any
    rows: Sequence[Any] | None = None
    cols: Sequence[Any] | None = None
    title: str = ""
    signed: bool | None = None
    limit: float | None = None
    select: str | None = None
    selected: int | None = None
    axes: tuple[str, str] = ("query", "key")

    def __post_init__(self) -> None:
        values = base.as_array(self.values, "Heatmap values", 2)
        signed, limit = scale_of(values, self.signed, self.limit)
        fields = {
            "values": values,
            "rows": base.as_labels(self.rows, values.shape[0], "rows", "the first axis of the values"),
            "cols": base.as_labels(self.cols, values.shape[1], "cols", "the second axis of the values"),
            "signed": signed,
            "limit": limit,
            "selected": base.as_index(self.selected, values.shape[0], "selected"),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def numbered(self) -> bool:
        return self.values.shape[1] <= MOST_NUMBERED and self.values.shape[0] <= 2 * MOST_NUMBERED

    @property
    def digits(self) -> int:
        return 2 if self.limit < 10 else 1 if self.limit < 100 else 0

    @property
    def cell(self) -> tuple[float, float]:
        if self.numbered:
            wide = (35 if self.limit < 10 else 42) + (13 if self.signed else 0)
            return wide, 31
        side = max(4.0, 420 / max(self.values.shape))
        return side, side

    def key(self) -> tuple[Any, ...]:
        return self.values.shape, self.rows, self.cols, self.signed, self.limit, self.axes, self.select

    def box(self, measure: Measure) -> Box:
        (n, m), (wide, high) = self.values.shape, self.cell
        left = max(measure(base.shown(row)) for row in self.rows) + 34
        longest = max(measure(base.shown(col)) for col in self.cols)
        top = 26 + (20 if longest <= wide - 4 else 14 + 0.72 * longest)
        lean = 0 if longest <= wide - 4 else 0.72 * longest - wide / 2
        scale = 24 + BAR + max(measure(text) for _, text in _ends(self.signed, self.limit))
        return Box(m * wide, n * high, left, max(scale, lean), top, 8)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        (n, m), (wide, high) = self.values.shape, self.cell
        cells = base.image(ax, 0, 0, box.width, box.height)
        drawn = Drawn(ax, maps=[cells])
        _label_rows(ax, self.rows, self.axes[0], high, box.left)
        _label_cols(ax, self.cols, self.axes[1], wide, box)
        _colour_bar(ax, box, self.signed, self.limit)
        if self.numbered:
            drawn.parts.numbers = base.numbers(ax, base.grid_points(0, 0, n, m, wide, high))
            drawn.moving.append(drawn.parts.numbers)
        drawn.parts.outline = outlines(ax, drawn, (0, box.width))
        return drawn

    def update(self, drawn: Drawn) -> None:
        colours = base.cells(self.values, self.signed, self.limit)
        drawn.maps[0].set_data(colours)
        if self.numbered:
            texts = [number(v, self.digits) for v in self.values.ravel()]
            base.set_numbers(drawn.parts.numbers, texts, base.ink(colours))
        place_outlines(drawn.parts.outline, self.selected, self.cell[1])

    def hits(self, box: Box) -> list[dict[str, Any]]:
        texts = [[number(v, 3) for v in row] for row in self.values]
        return [
            base.grid_hit(
                (0, 0, box.width, box.height), self.rows, self.cols, texts,
                axes=self.axes, select=self.select, selected=self.selected, margin=box.left,
            )
        ]  # fmt: skip

    def describe(self) -> str:
        n, m = self.values.shape
        words = f"{self.title or 'map'}, {n} by {m} ({self.axes[0]} by {self.axes[1]}): " + self._extremes()
        masked = int(np.isneginf(self.values).sum())
        words += f"; {masked} of {n * m} cells masked" if masked else ""
        if not self.signed:
            words += "; " + spread(self.values, self.rows)
        else:
            words += "; row means " + ", ".join(number(_mean(row)) for row in self.values)
        return words + (f"; row {self.rows[self.selected]} marked" if self.selected is not None else "") + "."

    def _extremes(self) -> str:
        i, j = base.largest(self.values)
        words = f"largest {number(self.values[i, j])} at {self.rows[i]} → {self.cols[j]}"
        off = np.where(np.eye(*self.values.shape, dtype=bool), -np.inf, self.values)
        if i == j and np.isfinite(off.max()):
            i, j = base.largest(off)
            words += f", off the diagonal {number(off[i, j])} at {self.rows[i]} → {self.cols[j]}"
        if self.signed:
            i, j = base.largest(np.where(np.isneginf(self.values), -np.inf, -self.values))
            words += f", smallest {number(self.values[i, j])} at {self.rows[i]} → {self.cols[j]}"
        return words


def scale_of(values: np.ndarray, signed: bool | None, limit: float | None) -> tuple[bool, float]:
    """Whether the colours show a sign, and the value at the end of the scale."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if signed is None:
        signed = low < -1e-9 or high > 1 + 1e-9
    if limit is None:
        limit = base.nice(max(high, -low)) if signed or high > 1 + 1e-9 else 1.0
    if not (math.isfinite(limit) and limit > 0):
        raise ValueError(f"limit must be a positive number, got {limit}")
    if not signed and low < -1e-9:
        raise ValueError(f"values hold {low:.3g}, but signed=False shows 0 and more only: pass signed=True")
    return bool(signed), float(limit)


def spread(values: np.ndarray, rows: Sequence[str]) -> str:
    """Row sums, and the entropy of each row in bits: how widely it spreads its weight."""
    sums = values.sum(axis=1)
    same = bool(np.allclose(sums, sums[0], atol=1e-9))
    words = (
        f"every row sums to {number(sums[0])}" if same else "row sums " + ", ".join(number(s) for s in sums)
    )
    if not np.allclose(sums, 1, atol=1e-9):
        return words
    logs = np.log2(values, out=np.zeros_like(values), where=values > 0)
    entropies = -(values * logs).sum(axis=1)
    return (
        words
        + "; entropy in bits: "
        + ", ".join(f"{r} {number(e)}" for r, e in zip(rows, entropies, strict=True))
    )


def _mean(row: np.ndarray) -> float:
    finite = row[np.isfinite(row)]
    return float(finite.mean()) if finite.size else -math.inf


def _label_rows(ax: Axes, rows: Sequence[str], name: str, high: float, left: float) -> None:
    for i in _thinned(len(rows), high):
        base.write(ax, -8, (i + 0.5) * high, base.shown(rows[i]), ha="right")
    middle = len(rows) * high / 2
    base.write(ax, -left + 10, middle, name, ha="center", rotation=90, color=base.GREY)


def _label_cols(ax: Axes, cols: Sequence[str], name: str, wide: float, box: Box) -> None:
    upright = box.top <= 46
    for j in _thinned(len(cols), wide):
        x = (j + 0.5) * wide
        if upright:
            base.write(ax, x, -11, base.shown(cols[j]), ha="center")
        else:
            base.write(
                ax,
                x - 3,
                -5,
                base.shown(cols[j]),
                ha="left",
                va="bottom",
                rotation=45,
                rotation_mode="anchor",
            )
    base.write(ax, -8, -11, f"{name} →", ha="right", color=base.GREY)


def _thinned(count: int, room: float) -> range:
    """The labels that have room: every one, or every second, third ..."""
    return range(0, count, max(1, math.ceil(16 / room)))


def _colour_bar(ax: Axes, box: Box, signed: bool, limit: float) -> None:
    x = box.width + 14
    base.image(ax, x, 0, BAR, box.height).set_data(base.lut(signed)[::-1, None])
    for share, text in _ends(signed, limit):
        va = "top" if share == 0 else "bottom" if share == 1 else "center"
        base.write(ax, x + BAR + 5, share * box.height, text, va=va, color=base.GREY)


def _ends(signed: bool, limit: float) -> list[tuple[float, str]]:
    """The numbers beside the colour bar: how far down, and the text."""
    ends = ((0, limit), (0.5, 0 if signed else limit / 2), (1, -limit if signed else 0))
    return [(share, f"{value:g}".replace("-", "−")) for share, value in ends]


def outlines(ax: Axes, drawn: Drawn, *spans: tuple[float, float]) -> list[Rectangle]:
    """Frames around the selected row: black within white, so that they show on every colour."""
    frames = []
    for x0, x1 in spans:
        for colour, thick in (("white", 4.5), ("black", 2.2)):
            frame = Rectangle(
                (x0, 0), x1 - x0, 1, fill=False, edgecolor=colour, linewidth=thick * 0.72, clip_on=False
            )
            frames.append(ax.add_patch(frame))
    drawn.moving.extend(frames)
    return frames


def place_outlines(frames: Sequence[Rectangle], row: int | None, high: float, y: float = 0) -> None:
    for frame in frames:
        frame.set_visible(row is not None)
        if row is not None:
            frame.set_y(y + row * high)
            frame.set_height(high)


@dataclass(frozen=True)
class Heads(View):
    """One small map per head, side by side: values [head, query, key], all on the scale 0 to `limit`.

    Raises ValueError as Heatmap does. `select` and `selected` name the query row, as in Heatmap.
    """

    values: Any
    rows: Sequence[Any] | None = None
    cols: Sequence[Any] | None = None
    title: str = ""
    limit: float | None = None
    select: str | None = None
    selected: int | None = None

    def __post_init__(self) -> None:
        values = base.as_array(self.values, "Heads values", 3)
        fields = {
            "values": values,
            "rows": base.as_labels(self.rows, values.shape[1], "rows", "the query axis of the values"),
            "cols": base.as_labels(self.cols, values.shape[2], "cols", "the key axis of the values"),
            "limit": scale_of(values, False, self.limit)[1],
            "selected": base.as_index(self.selected, values.shape[1], "selected"),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def key(self) -> tuple[Any, ...]:
        return self.values.shape, self.rows, self.cols, self.limit, self.select

    def _places(self) -> tuple[float, list[tuple[float, float]]]:
        """Side of a cell, and the upper left corner of every head's map: at most four heads a row."""
        heads, n, m = self.values.shape
        side = min(22.0, max(2.0, 160 / max(n, m)))
        return side, [((h % 4) * (m * side + 22), (h // 4) * (n * side + 28)) for h in range(heads)]

    def box(self, measure: Measure) -> Box:
        _, n, m = self.values.shape
        side, places = self._places()
        left = max(measure(base.shown(row)) for row in self.rows) + 12
        below = 0.72 * max(measure(base.shown(col)) for col in self.cols) + 14
        width, height = (max(p[k] for p in places) + size * side for k, size in ((0, m), (1, n)))
        return Box(width, height, left, 10, 22, below)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        _, n, m = self.values.shape
        side, places = self._places()
        drawn = Drawn(ax)
        drawn.parts.outline = []
        last = places[-1][1]
        for h, (x, y) in enumerate(places):
            drawn.maps.append(base.image(ax, x, y, m * side, n * side))
            base.write(ax, x + m * side / 2, y - 11, f"head {h + 1}", ha="center")
            drawn.parts.outline.append((y, outlines(ax, drawn, (x, x + m * side))))
            for i in _thinned(n, side) if x == 0 else ():
                base.write(ax, -7, y + (i + 0.5) * side, base.shown(self.rows[i]), ha="right")
            for j in _thinned(m, side) if y == last else ():
                at = x + (j + 0.5) * side + 4, y + n * side + 5
                base.write(
                    ax,
                    *at,
                    base.shown(self.cols[j]),
                    ha="right",
                    va="top",
                    rotation=45,
                    rotation_mode="anchor",
                )
        return drawn

    def update(self, drawn: Drawn) -> None:
        side, _ = self._places()
        for picture, weights in zip(drawn.maps, self.values, strict=True):
            picture.set_data(base.cells(weights, False, self.limit))
        for y, frames in drawn.parts.outline:
            place_outlines(frames, self.selected, side, y)

    def hits(self, box: Box) -> list[dict[str, Any]]:
        _, n, m = self.values.shape
        side, places = self._places()
        more = {"axes": ("query", "key"), "select": self.select, "selected": self.selected}
        return [
            base.grid_hit(
                (x, y, m * side, n * side), self.rows, self.cols,
                [[number(v, 3) for v in row] for row in weights], name=f"head {h + 1}", **more,
            )
            for h, ((x, y), weights) in enumerate(zip(places, self.values, strict=True))
        ]  # fmt: skip

    def describe(self) -> str:
        heads, n, m = self.values.shape
        words = []
        for h, weights in enumerate(self.values):
            i, j = base.largest(weights)
            words.append(f"head {h + 1} largest {number(weights[i, j])} at {self.rows[i]} → {self.cols[j]}, "
                         + spread(weights, self.rows))  # fmt: skip
        return f"{self.title or 'heads'}, {heads} heads, {n} by {m}: " + "; ".join(words) + "."
