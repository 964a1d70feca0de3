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

GAP, HIGH, THICKEST = 190, 30, 9.0  # pixels between the columns, a row, a line of weight 1
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
            raise ValueError(
                f"Links weights hold {weights.min():.3g}: a line needs 0 or more; pass weights, not scores"
            )
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
        left = max(measure(text) for text in ("query", *map(base.shown, self.rows))) + 12
        right = max(measure(text) for text in ("key", *map(base.shown, self.cols))) + 12
        return Box(GAP, HIGH * max(self.weights.shape), left, right, 24, 4)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        n, m = self.weights.shape
        base.write(ax, -8, -12, "query", ha="right", color=base.GREY)
        base.write(ax, GAP + 8, -12, "key", ha="left", color=base.GREY)
        for i, row in enumerate(self.rows):
            base.write(ax, -8, (i + 0.5) * HIGH, base.shown(row), ha="right")
        for j, col in enumerate(self.cols):
            base.write(ax, GAP + 8, (j + 0.5) * HIGH, base.shown(col), ha="left")
        ends = [[[(0, (i + 0.5) * HIGH), (GAP, (j + 0.5) * HIGH)] for j in range(m)] for i in range(n)]
        lines = LineCollection([], clip_on=False, capstyle="round")
        ax.add_collection(lines, autolim=False)
        drawn = Drawn(ax, moving=[lines])
        drawn.parts.ends = np.array(ends, dtype=float)  # (query, key, end, xy)
        return drawn

    def update(self, drawn: Drawn) -> None:
        place = np.arange(len(self.rows))
        front = place == (place if self.selected is None else self.selected)
        widths = self.weights * THICKEST * 0.72
        widths = np.where(front[:, None], widths, np.minimum(widths, 1.0))
        colours = np.where(front[:, None], to_rgba(base.COLOURS[0]), to_rgba("#c8c8c8"))
        queries, keys = np.nonzero(self.weights >= FAINTEST)
        order = np.argsort(front[queries], kind="stable")  # the lines that matter lie on top
        queries, keys = queries[order], keys[order]
        drawn.moving[0].set_segments(drawn.parts.ends[queries, keys])
        drawn.moving[0].set_color(colours[queries])
        drawn.moving[0].set_linewidth(widths[queries, keys])

    def hits(self, box: Box) -> list[dict[str, Any]]:
        values = [[self._summary(row, self.cols)] for row in self.weights]
        place = (-box.left, 0, box.left, HIGH * len(self.rows))
        more = {"axes": ("query", ""), "select": self.select, "selected": self.selected}
        return [base.grid_hit(place, self.rows, [""], values, **more)]

    def _summary(self, row: np.ndarray, cols: Sequence[str]) -> str:
        """The three strongest keys of a query, and what is left for the others."""
        order = np.argsort(-np.round(row, 9), kind="stable")
        words = [f"{cols[j]} {number(row[j])}" for j in order[:3]]
        return ", ".join([*words, f"the rest {number(row[order[3:]].sum())}"] if len(row) > 3 else words)

    def describe(self) -> str:
        n, m = self.weights.shape
        which = range(n) if self.selected is None else [self.selected]
        rows, cols = base.distinct(self.rows), base.distinct(self.cols)
        words = "; ".join(f"{rows[i]} → {self._summary(self.weights[i], cols)}" for i in which)
        return f"{self.title or 'links'}, {n} by {m}, the strongest of each query: {words}."
