"""One query opened: every number between q, the keys and the weights, and on to the output."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from attnlab.attention import softmax
from attnlab.views import fonts, grid, inputs, palette, path, phrases, rounding
from attnlab.views.fonts import outline
from attnlab.views.inputs import ROWS, Index, Labels, Mask, MaybeNumbers, Number, Numbers, Text
from attnlab.views.maps import LEAN, outlines, place_outlines, scale_of, thinned
from attnlab.views.path import COLS, HIGH, Block
from attnlab.views.payload import Hit, More
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import number
from attnlab.views.view import View


@dataclass(frozen=True)
class DotProduct(View):
    """One query q [d_k] against keys [n, d_k]: q × k element by element, the sum times `scale`, the softmax.

    With `mask` [n] (True = may attend) or `values` [n, d_v] it shows the whole path of one number: q × k,
    sum, × scale, mask (grey: -inf), softmax, weight × value for each key, and their sum: the output.

    `selected` shows the key (and the value) of that row above its products; a click on a row sets the control
    named `select`. `columns` and `value_columns` name the d_k and the d_v numbers; `softmax=False` leaves the
    weights out. Raises ValueError for shapes that do not fit (names both), NaN, a wrong number of tokens, a
    mask that leaves no key; TypeError for a mask that is not boolean.
    """

    q: Numbers = Numbers(1, most=(COLS,))
    keys: Numbers = Numbers(2, most=(ROWS, COLS))
    tokens: Labels = Labels("keys", 0)
    title: Text = Text("")
    query: Text = Text("")
    scale: Number = Number(1.0)
    selected: Index = Index("keys", 0)
    select: str | None = None
    columns: Labels = Labels("q", 0, default=None)
    softmax: bool = True
    mask: Mask = Mask("keys", ndim=1)
    values: MaybeNumbers = MaybeNumbers(2, most=(ROWS, COLS))
    value_columns: Labels = Labels("values", 1, default=None)

    def __post_init__(self) -> None:
        q, keys, mask, values = self.q, self.keys, self.mask, self.values
        if q.shape[0] != keys.shape[1]:
            raise ValueError(f"q has shape {q.shape}, keys {keys.shape}: the last axes must be equal (d_k)")
        if mask is not None and not mask.any():
            query = f"the query {self.query!r}" if self.query else "the query"
            raise ValueError(f"the mask leaves {query} nothing to attend to: let it see at least one key")
        if values is not None and len(values) != len(keys):
            raise ValueError(
                f"values has shape {values.shape}, keys {keys.shape}: the first axes must be equal"
            )
        if values is not None and not self.softmax:
            raise ValueError("values are mixed by the weights of the softmax: leave softmax=False out")

    # ------------------------------------------------------------ the numbers

    @property
    def whole(self) -> bool:
        """The whole path is shown, not only the way to the weights."""
        return self.mask is not None or self.values is not None

    @cached_property
    def products(self) -> np.ndarray:
        return self.q * self.keys  # (n, d_k)

    @cached_property
    def sums(self) -> np.ndarray:
        return self.products.sum(axis=1)  # (n,)

    @cached_property
    def scores(self) -> np.ndarray:
        return self.sums * self.scale  # (n,)

    @cached_property
    def masked(self) -> np.ndarray:
        return self.scores if self.mask is None else np.where(self.mask, self.scores, -np.inf)  # (n,)

    @cached_property
    def weights(self) -> np.ndarray:
        return softmax(self.masked)  # (n,)

    @cached_property
    def weighted(self) -> np.ndarray:
        return self.weights[:, None] * self.values  # (n, d_v)

    @cached_property
    def output(self) -> np.ndarray:
        return self.weighted.sum(axis=0)  # (d_v,)

    @cached_property
    def limit(self) -> float:
        everything = [self.q, self.keys.ravel(), self.products.ravel(), self.scores]
        everything += [self.sums] if self.whole else []
        return scale_of(np.concatenate(everything), True)[1]

    @cached_property
    def blocks(self) -> list[Block]:
        return path.blocks(self)

    # ------------------------------------------------------------ the picture

    @property
    def upper(self) -> int:
        """Rows above the products: q, and the key that is opened."""
        return 1 if self.selected is None else 2

    def key(self) -> tuple[Any, ...]:
        values = None if self.values is None else self.values.shape
        given = self.mask is None, values, self.tokens, self.columns, self.value_columns, self.select
        return self.keys.shape, self.selected is None, path.headings(self), self.softmax, *given

    def box(self, measure: Measure) -> Box:
        names = [("q", self.query), *(("k", token) for token in self.tokens)]
        if self.whole:  # whichever query comes next has room
            names += [("q", token) for token in self.tokens]
        left = 24 + max(measure(f"{sign} {fonts.shown(token)}", fonts.SIZE, "bold") for sign, token in names)
        width, height = (max(block.end[axis] for block in self.blocks) for axis in (0, 1))
        top, right = 6.0, 18.0
        for x, y, cell, columns in path.column_rows(self):
            lengths = [LEAN * measure(fonts.shown(column)) for column in columns]
            top = max(top, 20 + max(lengths) - y)
            if self.whole:
                ends = [x + (c + 0.5) * cell + length for c, length in enumerate(lengths)]
                right = max(right, max(ends) + 10 - width)
        return Box(width, height, left, right, top, 6)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        drawn, points = Drawn(ax), []
        for block in self.blocks:
            (rows, cols), (x, y) = block.values.shape, block.place
            drawn.maps.append(grid.image(ax, x, y, cols * block.cell, rows * HIGH))
            points += [grid.grid_points(x, y, rows, cols, block.cell, HIGH)] if block.numbered else []
        self._label(ax)
        drawn.parts.numbers = fonts.numbers(ax, np.concatenate(points))
        drawn.parts.names = fonts.numbers(ax, np.zeros((len(self._names()), 2)))
        drawn.moving = [drawn.parts.numbers, drawn.parts.names]
        drawn.parts.outline = outlines(ax, drawn, (0, box.width))
        return drawn

    def _label(self, ax: Axes) -> None:
        below = path.below(self)
        for block in self.blocks:
            middle = (block.place[0] + block.end[0]) / 2
            fonts.write(ax, middle, below - 11, block.heading, ha="center", color=palette.theme().soft)
        for j, token in enumerate(self.tokens):
            fonts.write(ax, -8, below + (j + 0.5) * HIGH, fonts.shown(token), ha="right")
        if self.values is not None:
            x, y = self.blocks[-1].place
            fonts.write(ax, x - 8, y + HIGH / 2, "output", ha="right", weight="bold")
        style: dict[str, Any] = {"ha": "left", "va": "baseline", "rotation": 45, "rotation_mode": "anchor"}
        for x, y, cell, columns in path.column_rows(self):
            for c in thinned(len(columns), cell, 20):
                fonts.write(ax, x + (c + 0.5) * cell, y - 7, fonts.shown(columns[c]), **style)

    def _names(self) -> list[tuple[float, float, str]]:
        """The names that move: q and its token, k and the value and theirs; place and text."""
        names = [(0.0, 0.0, f"q {fonts.shown(self.query)}".strip())]
        if self.selected is not None:
            token = fonts.shown(self.tokens[self.selected])
            names.append((0.0, float(HIGH), f"k {token}".strip()))
            names += [(*b.place, f"v {token}".strip()) for b in self.blocks if b.name == "v"]
        return names

    def update(self, drawn: Drawn) -> None:
        texts, inks = [], []
        for picture, block in zip(drawn.maps, self.blocks, strict=True):
            picture.set_data(colours := block.colours)
            if block.numbered:
                digits = min(2, rounding.digits_for(block.limit))
                texts += [number(v, digits) for v in block.values.ravel()]
                inks.append(palette.ink(colours))
        fonts.set_numbers(drawn.parts.numbers, texts, np.concatenate(inks))
        place_outlines(drawn.parts.outline, self.selected, HIGH, path.below(self))
        names, bold = self._names(), (fonts.SIZE, "bold")
        drawn.parts.names.set_paths([outline(text, *bold) for _, _, text in names])
        ends = [(x - 8 - fonts.measure(text, *bold) / 2, y + HIGH / 2) for x, y, text in names]
        drawn.parts.names.set_offsets(ends)
        drawn.parts.names.set_facecolor(palette.theme().ink)

    # ------------------------------------------------------------ the words

    def hits(self, box: Box) -> list[Hit]:
        if self.whole:
            return path.hits(self, box)

        def tell(row: int, _: int) -> str:
            weight = f", weight {number(self.weights[row], 3)}" if self.softmax else ""
            total = f"{path.total(self.products[row])} = {number(self.products[row].sum())}"
            return f"{total}; score {number(self.scores[row])}{weight}"

        place = (-box.left, path.below(self), box.left + box.width, HIGH * len(self.tokens))
        more: More = {"axes": ("key", ""), "select": self.select, "selected": self.selected}
        return [grid.grid_hit(place, self.tokens, [""], tell, **more)]

    def caption(self) -> str:
        query, digits = (phrases.names([self.query])[0] or "q"), max(2, rounding.digits_for(self.limit))
        mixed = self.output if self.values is not None and len(self.output) <= phrases.FEW else ()
        output = f"output {', '.join(map(phrases.signed, mixed))}" if len(mixed) else ""
        found = phrases.strongest(self.weights if self.softmax else self.masked, self.tokens)
        if self.selected is None:
            return phrases.line([f"{query} → {found}", output])
        j = self.selected
        score = f"{query} · {phrases.names(self.tokens)[j]}: score {phrases.signed(self.scores[j], digits)}"
        weight = "masked" if np.isneginf(self.masked[j]) else f"weight {number(self.weights[j])}"
        score += f", {weight}" if self.softmax or weight == "masked" else ""
        return phrases.line([score, phrases.most_on(found), output])

    def describe(self) -> str:
        tokens = inputs.distinct(self.tokens)
        count = f"{len(tokens)} key{'s' * (len(tokens) > 1)}"
        words = f"{self.title or 'one query opened'}, q {self.query}".rstrip() + f" against {count}, "
        scaled = f" (sum × {rounding.compact(self.scale)})" if self.whole and self.scale != 1 else ""
        words += f"score{scaled}{' → weight' if self.softmax else ''}: {', '.join(self._rows(tokens))}"
        words += f"; largest at {tokens[rounding.largest(self.masked, self.limit)[0]]}"
        if self.values is not None:
            words += f"; output {self._named(self.output)}"
        if self.selected is not None:
            words += f"; opened at {tokens[self.selected]}: {path.total(self.products[self.selected])}"
            if self.values is not None:
                words += f", value {self._named(self.values[self.selected])}"
        return words + "."

    def _rows(self, tokens: Sequence[str]) -> list[str]:
        """Score and weight of each key, in words."""
        rows = []
        for token, score, masked, weight in zip(tokens, self.scores, self.masked, self.weights, strict=True):
            hidden = " masked" if np.isneginf(masked) else ""
            rows.append(f"{token} {number(score)}{hidden}" + f" → {number(weight)}" * self.softmax)
        return rows

    def _named(self, vector: np.ndarray) -> str:
        names = inputs.distinct(self.value_columns) or [""] * len(vector)
        words = [f"{name} {number(v)}".strip() for name, v in zip(names, vector, strict=True)]
        return ", ".join([*words[:8], *["…"] * (len(words) > 8)])
