"""Attention with several heads: one small map per head, and how heads are named and switched."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from attnlab.views import base
from attnlab.views.base import Box, Drawn, Measure, View, number
from attnlab.views.maps import LEAN, marked, outlines, place_outlines, scale_of, spread, thinned

NAME = 54  # room for the name of a head


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
        values = base.as_array(self.values, "Heads values", 3, masked=True)
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
        across, down = max(m * side, NAME) + 22, n * side + 28
        return side, [((h % 4) * across, (h // 4) * down) for h in range(heads)]

    def box(self, measure: Measure) -> Box:
        _, n, m = self.values.shape
        side, places = self._places()
        lengths = [LEAN * measure(base.shown(self.cols[j])) for j in thinned(m, side, 20)]
        over = max(0.0, (NAME - m * side) / 2)  # the name of a head may be wider than its map
        left = max(
            max(measure(base.shown(row)) for row in self.rows) + 12,
            max(length - j * side for j, length in zip(thinned(m, side, 20), lengths, strict=True)) + 14,
            over + 4,
        )
        width, height = (max(p[k] for p in places) + size * side for k, size in ((0, m), (1, n)))
        return Box(width, height, left, max(10, over), 22, max(lengths) + 20)

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
            for i in thinned(n, side) if x == 0 else ():
                base.write(ax, -7, y + (i + 0.5) * side, base.shown(self.rows[i]), ha="right")
            if y == last:
                self._label_cols(ax, x, y + n * side, side)
        return drawn

    def _label_cols(self, ax: Axes, x: float, y: float, side: float) -> None:
        style = {"ha": "right", "va": "baseline", "rotation": 45, "rotation_mode": "anchor"}
        for j in thinned(len(self.cols), side, 20):
            base.write(ax, x + (j + 0.5) * side + 8, y + 13, base.shown(self.cols[j]), **style)

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
        (heads, n, m), digits = self.values.shape, max(2, base.digits_for(self.limit))
        rows, cols, words = base.distinct(self.rows), base.distinct(self.cols), []
        for h, weights in enumerate(self.values):
            i, j = base.largest(weights, self.limit)
            place = f"{number(weights[i, j], digits)} at {rows[i]} → {cols[j]}"
            words.append(f"head {h + 1} largest {place}, {spread(weights, rows, cols, digits)}")
        count = f"{heads} head{'s' * (heads > 1)}, {n} by {m}: "
        return f"{self.title or 'heads'}, {count}" + "; ".join(words) + marked(self.rows, self.selected) + "."


def as_switches(given: Sequence[bool] | None, count: int, name: str) -> tuple[bool, ...]:
    """On or off for each of `count` things; default all on."""
    if given is None:
        return (True,) * count
    if not all(isinstance(each, bool | np.bool_) for each in given):
        raise TypeError(f"{name} must be {count} times True or False, got {given!r:.60}")
    if len(given) != count:
        raise ValueError(f"{name} has {len(given)} switches, but the weights have {count} heads")
    return tuple(bool(each) for each in given)


def as_heads(names: Sequence[Any] | None, count: int) -> tuple[str, ...]:
    """A name for each head; default head 1, head 2 ..."""
    if names is None:
        return tuple(f"head {h + 1}" for h in range(count))
    return base.as_labels(names, count, "names", "the head axis of the weights")
