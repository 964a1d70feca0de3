"""Tokens joined by lines: who looks at whom, and how much; one head, or several side by side."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba, to_rgba_array

from attnlab.views import fonts, grid, inputs, palette, phrases
from attnlab.views.heads import Switches, head_name
from attnlab.views.inputs import Index, Labels, Numbers, Text
from attnlab.views.payload import Hit, More
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import number
from attnlab.views.view import View

GAP, HIGH, THICKEST = 190, 30, 9.0  # pixels between the columns, a row, a line of weight 1
TOGETHER = 20.0  # pixels that the lines of all heads between two tokens take at most
FAINTEST = 0.02  # weights below this are not drawn: they would be a haze
# How the line of each head is broken, in points, as palette.STYLES: alike in thin and thick lines.
DASHES = ((), (9, 5), (9, 4, 2, 4), (2.5, 3.5), (12, 3, 3, 3, 3, 3))
MOST = 4096  # lines of all heads together
SAMPLE, ROW = 30, 22  # the line and the row of a name of a head


@dataclass(frozen=True)
class Links(View):
    """Queries on the left, keys on the right, a line for each weight [query, key]: the larger, the thicker.

    With weights [head, query, key] every head (at most 5) has a colour and a line style of its own. `heads`
    (a bool for each) says which ones are shown, `names` names them (head 1, head 2 ...).

    `selected` brings the lines of one query forward; a click on a query sets the control named `select`.
    Pointing at a token shows only its lines. Raises ValueError for negative weights, NaN, a wrong number of
    labels or of heads, a row out of range.
    """

    weights: Numbers = Numbers(2, 3)
    rows: Labels = Labels("weights", -2)
    cols: Labels = Labels("weights", -1)
    title: Text = Text("")
    selected: Index = Index("weights", -2)
    select: str | None = None
    heads: Switches = Switches("weights", -3)
    names: Labels = Labels("weights", -3, head_name)

    _pointed = None  # the side and the row under the pointer

    def __post_init__(self) -> None:
        room = math.isqrt(MOST // max(1, len(self.names)))
        inputs.fitting(self.weights, "Links weights", (room, room))
        if (least := self.weights.min()) < 0:
            raise ValueError(
                f"Links weights hold {least:.3g}: a line needs 0 or more; pass weights, not scores"
            )
        if len(self.names) > len(DASHES):
            heads = f"{len(DASHES)} heads, got {len(self.names)}"
            raise ValueError(f"Links can show at most {heads}: pass some of them, or use Heads")

    @property
    def _stack(self) -> np.ndarray:
        return self.weights.reshape(-1, *self.weights.shape[-2:])  # (head, query, key)

    def key(self) -> tuple[Any, ...]:
        return self.weights.shape, self.rows, self.cols, self.select, self.names

    # ------------------------------------------------------------ the picture

    def _sides(self) -> tuple[float, float]:
        """Room for the tokens on the left and on the right."""
        left = max(fonts.measure(text) for text in ("query", *map(fonts.shown, self.rows))) + 12
        return left, max(fonts.measure(text) for text in ("key", *map(fonts.shown, self.cols))) + 12

    def _legend(self) -> list[tuple[float, float]]:
        """Where the line that stands for each head begins, in rows above the tokens."""
        left, right = self._sides()
        places: list[tuple[float, int]] = []
        x, row = -left + 4, 0
        for name in self.names:
            wide = SAMPLE + 6 + fonts.measure(fonts.shown(name))
            if places and x + wide > GAP + right:
                x, row = -left + 4, row + 1
            places.append((x, row))
            x += wide + 18
        return [(x, -26 - ROW * (places[-1][1] - row + 0.5)) for x, row in places]

    def box(self, measure: Measure) -> Box:
        left, right = self._sides()
        top = 24 + max((-y - 24 + ROW / 2 for _, y in self._legend()), default=0)
        for (x, _), name in zip(self._legend(), self.names, strict=True):
            right = max(right, x + SAMPLE + 6 + measure(fonts.shown(name)) - GAP + 4)
        return Box(GAP, HIGH * max(self.weights.shape[-2:]), left, right, top, 4)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        fonts.write(ax, -8, -12, "query", ha="right", color=palette.theme().soft)
        fonts.write(ax, GAP + 8, -12, "key", ha="left", color=palette.theme().soft)
        for i, row in enumerate(self.rows):
            fonts.write(ax, -8, (i + 0.5) * HIGH, fonts.shown(row), ha="right")
        for j, col in enumerate(self.cols):
            fonts.write(ax, GAP + 8, (j + 0.5) * HIGH, fonts.shown(col), ha="left")
        for (x, y), name in zip(self._legend(), self.names, strict=True):
            fonts.write(ax, x + SAMPLE + 6, y, fonts.shown(name), ha="left")
        several = self.weights.ndim == 3
        lines = LineCollection([], clip_on=False, capstyle="butt" if several else "round")
        ax.add_collection(lines, autolim=False)
        drawn = Drawn(ax, moving=[lines])
        drawn.parts.lines, drawn.parts.ends = lines, self._ends()
        samples = [[(x, y), (x + SAMPLE, y)] for x, y in self._legend()]
        drawn.parts.samples = np.array(samples, dtype=float).reshape(-1, 2, 2)
        return drawn

    @property
    def _thickest(self) -> float:
        return min(THICKEST, TOGETHER / len(self._stack))

    def _ends(self) -> np.ndarray:
        """Both ends of every line [head, query, key, end, xy]: heads lie beside each other."""
        heads, n, m = self._stack.shape
        beside = (np.arange(heads) - (heads - 1) / 2) * self._thickest
        ends = np.zeros((heads, n, m, 2, 2))
        ends[..., 1, 0] = GAP
        ends[..., 0, 1] = (np.arange(n)[:, None] + 0.5) * HIGH + beside[:, None, None]
        ends[..., 1, 1] = (np.arange(m) + 0.5) * HIGH + beside[:, None, None]
        return ends

    def update(self, drawn: Drawn) -> None:
        heads, queries, keys, front = self._lines()
        widths = self._stack[heads, queries, keys] * self._thickest * 0.72
        widths = np.where(front, widths, np.minimum(widths, 1.0))
        pale, lines = to_rgba(palette.theme().pale), to_rgba_array(palette.theme().lines)
        colours = np.where(front[:, None], lines[heads], pale)
        segments = drawn.parts.ends[heads, queries, keys]
        if self.names:  # below the lines, the line that stands for each head
            on, every = np.array(self.heads), np.arange(len(self.names))
            segments = np.concatenate([drawn.parts.samples, segments])
            widths = np.concatenate([np.where(on, 3.2, 1.0), widths])
            colours = np.concatenate([np.where(on[:, None], lines[every], pale), colours])
            heads, front = np.concatenate([every, heads]), np.concatenate([on, front])
            # matplotlib multiplies the dashes by the width of the line
            dashes = [DASHES[h] if f else () for h, f in zip(heads, front, strict=True)]
            drawn.parts.lines.set_linestyle(
                [(0, [d / w for d in dash] or None) for dash, w in zip(dashes, widths, strict=True)]
            )
        drawn.parts.lines.set_segments(segments)
        drawn.parts.lines.set_color(colours)
        drawn.parts.lines.set_linewidth(widths)

    def _lines(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Head, query and key of every line, and whether it matters: those that do come last, on top."""
        seen = (self._stack >= FAINTEST) & np.array(self.heads or (True,))[:, None, None]
        place = np.arange(len(self.rows))
        front = place == (place if self.selected is None or self._pointed else self.selected)
        if self._pointed:
            side, row = self._pointed
            seen &= (place == row)[:, None] if side == "query" else np.arange(len(self.cols)) == row
        heads, queries, keys = np.nonzero(seen)
        order = np.argsort(front[queries], kind="stable")
        return heads[order], queries[order], keys[order], front[queries[order]]

    # ------------------------------------------------------------ the pointer and the words

    def pointed(self, side: str, row: int) -> View:
        if not 0 <= row < len(self.rows if side == "query" else self.cols):
            return self
        alone = copy.copy(self)
        object.__setattr__(alone, "_pointed", (side, row))
        return alone

    def hits(self, box: Box) -> list[Hit]:
        queries = [[self._partners(self._stack[:, i], self.cols)] for i in range(len(self.rows))]
        keys = [[self._partners(self._stack[:, :, j], self.rows)] for j in range(len(self.cols))]
        more: More = {"axes": ("query", ""), "point": "query"}
        more |= {"select": self.select, "selected": self.selected}
        left, right = (-box.left, 0, box.left), (GAP, 0, box.right)
        return [
            grid.grid_hit((*left, HIGH * len(self.rows)), self.rows, [""], queries, **more),
            grid.grid_hit(
                (*right, HIGH * len(self.cols)), self.cols, [""], keys, axes=("key", ""), point="key"
            ),
        ]

    def _partners(self, shares: np.ndarray, labels: Sequence[str]) -> str:
        """The strongest partners of a token, [head, partner]: in one line, or a line for each head."""
        if not self.names:
            return self._summary(shares[0], labels)
        lines = [
            f"\n{name}: {self._summary(share, labels)}"
            for name, share, on in zip(self.names, shares, self.heads, strict=True)
            if on
        ]
        return "".join(lines) or "no head is shown"

    def _summary(self, row: np.ndarray, cols: Sequence[str]) -> str:
        """The three strongest partners, and what is left for the others."""
        order = np.argsort(-np.round(row, 9), kind="stable")
        words = [f"{cols[j]} {number(row[j])}" for j in order[:3]]
        return ", ".join([*words, f"the rest {number(row[order[3:]].sum())}"] if len(row) > 3 else words)

    def caption(self) -> str:
        called = phrases.names(self.names) if self.names else [""]
        on = self.heads or (True,)
        seen = [(n, w) for n, w, shown in zip(called, self._stack, on, strict=True) if shown]
        off = [name for name, shown in zip(called, on, strict=True) if not shown]
        rest = [f"without {', '.join(off)}"] if off else []
        start = "" if self.selected is None else f"{phrases.names(self.rows)[self.selected]} → "
        each = ([*(f"{n}: ".lstrip(": ") + self._peak(w, count) for n, w in seen), *rest] for count in (2, 1))
        return phrases.line(phrases.shortened(each, start), start=start)

    def _peak(self, weights: np.ndarray, count: int) -> str:
        """The strongest lines of the chosen query; else the strongest line of all."""
        if self.selected is not None:
            return phrases.strongest(weights[self.selected], self.cols, count=count)
        off = phrases.off_the_diagonal(weights, self.rows, self.cols)
        i, j = phrases.place(off, float(weights.max()))
        return f"{phrases.names(self.rows)[i]} → {phrases.names(self.cols)[j]} {number(off[i, j])}"

    def describe(self) -> str:
        n, m = self.weights.shape[-2:]
        which = range(n) if self.selected is None else [self.selected]
        rows, cols = inputs.distinct(self.rows), inputs.distinct(self.cols)
        words = []
        for h, weights in enumerate(self._stack):
            said = "; ".join(f"{rows[i]} → {self._summary(weights[i], cols)}" for i in which)
            name = f"{inputs.distinct(self.names)[h]}: " if self.names else ""
            words.append(f"{name}{said if not self.heads or self.heads[h] else 'not shown'}")
        count = f"{len(self.names)} head{'s' * (len(self.names) > 1)}, " if self.names else ""
        size = f"{count}{n} by {m}, strongest keys for each query: "
        return f"{self.title or 'links'}, {size}" + "; ".join(words) + "."
