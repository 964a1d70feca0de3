"""Tokens joined by lines: who looks at whom, and how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba

from attnlab.views import base
from attnlab.views.base import Box, Drawn, Measure, View, number

GAP, HIGH, THICKEST = 220, 30, 9.0  # pixels between the columns, a row, a line of weight 1
FAINTEST = 0.02  # weights below this are not drawn: they would be a haze


@dataclass(frozen=True)
class Links(View):
    """Queries on the left, keys on the right, a line for each weight [query, key]: the thicker, the more.

    `selected` brings the lines of one query forward; a click on a query sets the control named `select`.
    Raises ValueError for negative weights, NaN, a wrong number of labels, a row out of range.
    """

    weights: Any
    rows: Sequence[Any] | None = None
    cols: Sequence[Any] | None = None
    title: str = ""
    selected: int | None = None
    select: str | None = None

    def __post_init__(self) -> None:
        weights = base.as_array(self.weights, "Links weights", 2)
        if weights.min() < 0:
            raise ValueError(f"Links weights hold {weights.min():.3g}: a line cannot be thinner than nothing")
        fields = {
            "weights": weights,
            "rows": base.as_labels(self.rows, weights.shape[0], "rows", "the first axis of the weights"),
            "cols": base.as_labels(self.cols, weights.shape[1], "cols", "the second axis of the weights"),
            "selected": base.as_index(self.selected, weights.shape[0], "selected"),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def key(self) -> tuple[Any, ...]:
        return self.weights.shape, self.rows, self.cols, self.select

    def box(self, measure: Measure) -> Box:
        left = max(measure(base.shown(row)) for row in self.rows) + 12
        right = max(measure(base.shown(col)) for col in self.cols) + 12
        return Box(GAP, HIGH * max(self.weights.shape), left, right, 24, 4)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        n, m = self.weights.shape
        base.write(ax, -8, -12, "query", ha="right", color=base.GREY)
        base.write(ax, GAP + 8, -12, "key", ha="left", color=base.GREY)
        for i, row in enumerate(self.rows):
            base.write(ax, -8, (i + 0.5) * HIGH, base.shown(row), ha="right")
        for j, col in enumerate(self.cols):
            base.write(ax, GAP + 8, (j + 0.5) * HIGH, base.shown(col), ha="left")
        ends = [[(0, (i + 0.5) * HIGH), (GAP, (j + 0.5) * HIGH)] for i in range(n) for j in range(m)]
        lines = LineCollection(ends, clip_on=False, capstyle="round")
        ax.add_collection(lines, autolim=False)
        return Drawn(ax, moving=[lines])

    def update(self, drawn: Drawn) -> None:
        n, m = self.weights.shape
        front = np.full(n, True) if self.selected is None else np.arange(n) == self.selected
        colours = np.array([to_rgba(base.COLOURS[0]) if f else to_rgba("#c8c8c8") for f in front])
        widths = np.where(self.weights < FAINTEST, 0, self.weights * THICKEST * 0.72)
        widths = np.where(front[:, None], widths, np.minimum(widths, 1.0))
        drawn.moving[0].set_color(np.repeat(colours, m, axis=0))
        drawn.moving[0].set_linewidth(widths.ravel())
        drawn.moving[0].set_zorder(2)

    def hits(self, box: Box) -> list[dict[str, Any]]:
        values = [[self._summary(row)] for row in self.weights]
        place = (-box.left, 0, box.left, HIGH * len(self.rows))
        more = {"axes": ("query", ""), "select": self.select, "selected": self.selected}
        return [base.grid_hit(place, self.rows, [""], values, **more)]

    def _summary(self, row: np.ndarray) -> str:
        order = np.argsort(-np.round(row, 9), kind="stable")[:3]
        return ", ".join(f"{self.cols[j]} {number(row[j])}" for j in order)

    def describe(self) -> str:
        n, m = self.weights.shape
        which = range(n) if self.selected is None else [self.selected]
        words = "; ".join(f"{self.rows[i]} → {self._summary(self.weights[i])}" for i in which)
        return f"{self.title or 'links'}, {n} by {m}, the strongest of each query: {words}."
