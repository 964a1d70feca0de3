"""One query opened: every number between q, the keys and the weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from attnlab.attention import softmax
from attnlab.views import base
from attnlab.views.base import Box, Drawn, Measure, View, number
from attnlab.views.maps import LEAN, outlines, place_outlines, scale_of, thinned

WIDE, HIGH, GAP, MOST_NUMBERED = 52, 29, 34, 8
HEAD = 30  # between the upper block and the products: their headings


@dataclass(frozen=True)
class DotProduct(View):
    """One query q [d_k] against keys [n, d_k]: q × k element by element, the sum times `scale`, the softmax.

    `selected` shows the key of that row above its products; a click on a row sets the control named `select`.
    `columns` names the d_k numbers; `softmax=False` leaves the weights out. Raises ValueError for shapes that
    do not fit (names both), NaN, a wrong number of tokens.
    """

    q: Any
    keys: Any
    tokens: Sequence[Any] | None = None
    title: str = ""
    query: str = ""
    scale: float = 1.0
    selected: int | None = None
    select: str | None = None
    columns: Sequence[Any] | None = None
    softmax: bool = True

    def __post_init__(self) -> None:
        q, keys = base.as_array(self.q, "DotProduct q", 1), base.as_array(self.keys, "DotProduct keys", 2)
        if q.shape[0] != keys.shape[1]:
            raise ValueError(f"q has shape {q.shape}, keys {keys.shape}: the last axes must be equal (d_k)")
        fields = {
            "scale": base.as_number(self.scale, "scale"),
            "q": q,
            "keys": keys,
            "tokens": base.as_labels(self.tokens, keys.shape[0], "tokens", "the first axis of the keys"),
            "selected": base.as_index(self.selected, keys.shape[0], "selected"),
            "columns": base.as_labels(self.columns, len(q), "columns", "q") if self.columns else (),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def products(self) -> np.ndarray:
        return self.q * self.keys  # (n, d_k)

    @property
    def scores(self) -> np.ndarray:
        return self.products.sum(axis=1) * self.scale  # (n,)

    @property
    def weights(self) -> np.ndarray:
        return softmax(self.scores)  # (n,)

    @property
    def limit(self) -> float:
        everything = np.concatenate([self.q, self.keys.ravel(), self.products.ravel(), self.scores])
        return scale_of(everything, True, None)[1]

    @property
    def _numbered(self) -> bool:
        return len(self.q) <= MOST_NUMBERED

    @property
    def _cell(self) -> float:
        return WIDE if self._numbered else max(3.0, WIDE * MOST_NUMBERED / len(self.q))

    @property
    def _upper(self) -> int:
        return 1 if self.selected is None else 2

    def key(self) -> tuple[Any, ...]:
        opened, scaled = self.selected is not None, self.scale != 1
        return self.keys.shape, opened, scaled, self.softmax, self.tokens, self.columns, self.select

    def box(self, measure: Measure) -> Box:
        left = 24 + max(
            measure(f"{sign} {base.shown(t)}", base.SIZE, "bold")
            for sign, t in [("q", self.query), *(("k", token) for token in self.tokens)]
        )
        height = (self._upper + len(self.tokens)) * HIGH + HEAD
        top = 6 + (14 + LEAN * max(measure(base.shown(c)) for c in self.columns) if self.columns else 0)
        return Box(len(self.q) * self._cell + (1 + self.softmax) * (WIDE + GAP), height, left, 18, top, 6)

    def _blocks(self) -> list[tuple[float, float, np.ndarray, bool, float]]:
        """Every block of cells: its corner, its values [rows, cols], signed or not, the end of its scale."""
        wide = len(self.q) * self._cell
        below = self._upper * HIGH + HEAD
        above = self.q[None] if self.selected is None else np.stack([self.q, self.keys[self.selected]])
        blocks = [
            (0, 0, above, True, self.limit),
            (0, below, self.products, True, self.limit),
            (wide + GAP, below, self.scores[:, None], True, self.limit),
            (wide + 2 * GAP + WIDE, below, self.weights[:, None], False, 1.0),
        ]
        return blocks if self.softmax else blocks[:3]

    def draw(self, ax: Axes, box: Box) -> Drawn:
        drawn = Drawn(ax)
        drawn.parts.numbers = []
        wide, below = len(self.q) * self._cell, self._upper * HIGH + HEAD
        for block, (x, y, values, _, _) in enumerate(self._blocks()):
            (rows, cols), cell = values.shape, self._cell if block < 2 else WIDE
            drawn.maps.append(base.image(ax, x, y, cols * cell, rows * HIGH))
            numbered = self._numbered or block > 1
            points = base.grid_points(x, y, rows, cols, cell, HIGH)
            drawn.parts.numbers.append(base.numbers(ax, points) if numbered else None)
        self._label(ax, wide, below)
        drawn.moving = [n for n in drawn.parts.numbers if n is not None]
        drawn.parts.names = [
            base.write(ax, -8, (i + 0.5) * HIGH, "", ha="right", weight="bold") for i in range(self._upper)
        ]
        drawn.moving += drawn.parts.names
        drawn.parts.outline = outlines(ax, drawn, (0, box.width))
        return drawn

    def _label(self, ax: Axes, wide: float, below: float) -> None:
        score = "sum" if self.scale == 1 else "sum·scale"
        heads = [
            (wide / 2, "q × k"),
            (wide + GAP + WIDE / 2, score),
            (wide + 2 * GAP + 1.5 * WIDE, "softmax"),
        ]
        for x, text in heads[: 2 + self.softmax]:
            base.write(ax, x, below - 11, text, ha="center", color=base.GREY)
        for j, token in enumerate(self.tokens):
            base.write(ax, -8, below + (j + 0.5) * HIGH, base.shown(token), ha="right")
        style = {"ha": "left", "va": "baseline", "rotation": 45, "rotation_mode": "anchor"}
        for c in thinned(len(self.columns), self._cell, 20):
            base.write(ax, (c + 0.5) * self._cell, -7, base.shown(self.columns[c]), **style)

    def update(self, drawn: Drawn) -> None:
        for picture, collection, block in zip(drawn.maps, drawn.parts.numbers, self._blocks(), strict=True):
            _, _, values, signed, limit = block
            colours = base.cells(values, signed, limit)
            picture.set_data(colours)
            if collection is not None:
                digits = min(2, base.digits_for(limit))
                base.set_numbers(collection, [number(v, digits) for v in values.ravel()], base.ink(colours))
        place_outlines(drawn.parts.outline, self.selected, HIGH, self._upper * HIGH + HEAD)
        key = None if self.selected is None else self.tokens[self.selected]
        for name, sign, token in zip(drawn.parts.names, "qk", (self.query, key), strict=False):
            name.set_text(f"{sign} {base.shown(token)}".strip())

    def hits(self, box: Box) -> list[dict[str, Any]]:
        below = self._upper * HIGH + HEAD
        values = [
            [f"{self._sum(i)} = {number(row.sum())}; score {number(s)}"
             + (f", weight {number(w, 3)}" if self.softmax else "")]
            for i, (row, s, w) in enumerate(zip(self.products, self.scores, self.weights, strict=True))
        ]  # fmt: skip
        place = (-box.left, below, box.left + box.width, HIGH * len(self.tokens))
        more = {"axes": ("key", ""), "select": self.select, "selected": self.selected}
        return [base.grid_hit(place, self.tokens, [""], values, **more)]

    def describe(self) -> str:
        tokens, scores = base.distinct(self.tokens), self.scores
        pairs = zip(tokens, scores, self.weights, strict=True)
        rows = [f"{t} {number(s)}" + (f" → {number(w)}" if self.softmax else "") for t, s, w in pairs]
        count = f"{len(tokens)} key{'s' * (len(tokens) > 1)}"
        words = f"{self.title or 'one query opened'}, q {self.query}".rstrip() + f" against {count}, "
        words += f"score{' → weight' if self.softmax else ''}: {', '.join(rows)}"
        words += f"; largest at {tokens[base.largest(scores, self.limit)[0]]}"
        if self.selected is not None:
            words += f"; opened at {tokens[self.selected]}: {self._sum(self.selected)}"
        return words + "."

    def _sum(self, row: int) -> str:
        products = self.products[row]
        return " + ".join(number(p) for p in products[:8]) + (" + …" if len(products) > 8 else "")
