"""The blocks of cells that a query row goes through: where they are, and what the pointer says about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnlab.views import fonts, grid, palette, rounding
from attnlab.views.maps import scale_of
from attnlab.views.payload import Hit, More, Tell
from attnlab.views.protocol import Box
from attnlab.views.rounding import number

HIGH, HEAD = 29, 30  # a row, and the headings between the upper rows and the products
COLS = 256  # numbers of a vector, at most
MOST_NUMBERED = 8  # cells a row that can still hold a readable number
WIDE, GAP = 52, 34  # a cell and the space between blocks, on the way to the weights
NARROW, CLOSE, LAST = 50, 16, 32  # the same on the whole path, and the space before the weighted values


@dataclass(frozen=True)
class Block:
    """Cells that belong together: their corner, values [rows, cols], the width of a cell and the colours.

    Where `hidden` [rows] is True the cells are grey: the mask takes these keys away.
    """

    name: str
    place: tuple[float, float]
    values: np.ndarray
    cell: float
    limit: float
    signed: bool = True
    heading: str = ""
    numbered: bool = True
    hidden: np.ndarray | None = None

    @property
    def colours(self) -> np.ndarray:
        found = palette.cells(self.values, self.signed, self.limit)
        if self.hidden is not None:
            found[self.hidden] = palette.theme().masked
        return found

    @property
    def end(self) -> tuple[float, float]:
        rows, cols = self.values.shape
        return self.place[0] + cols * self.cell, self.place[1] + rows * HIGH


def below(view: Any) -> float:
    """Where the rows of the keys begin."""
    return view.upper * HIGH + HEAD


def cell(view: Any) -> tuple[float, bool]:
    """Width of the cells of vectors, and whether numbers fit into them."""
    wide, count = (NARROW if view.whole else WIDE), len(view.q)
    count += 0 if view.values is None else view.values.shape[1]
    numbered = count <= MOST_NUMBERED
    return (wide if numbered else max(min(3.0, 3 * COLS / count), wide * MOST_NUMBERED / count)), numbered


def headings(view: Any) -> tuple[str, ...]:
    """The columns between the products and the weights."""
    scaled = view.scale != 1
    if not view.whole:
        return ("sum·scale" if scaled else "sum",)
    usual = np.isclose(view.scale, len(view.q) ** -0.5)
    factor = "× 1/√d_k" if usual else f"× {rounding.compact(view.scale)}"
    return "sum", *([factor] if scaled else []), *(["mask"] if view.mask is not None else [])


def blocks(view: Any) -> list[Block]:
    """Every block, from left to right; the last one is the output, if there is one."""
    (wide, numbered), top = cell(view), below(view)
    above = view.q[None] if view.selected is None else np.stack([view.q, view.keys[view.selected]])
    vectors: dict[str, Any] = {"cell": wide, "limit": view.limit, "numbered": numbered}
    row = [
        Block("q", (0, 0), above, **vectors),
        Block("q × k", (0, top), view.products, heading="q × k", **vectors),
    ]
    column = NARROW if view.whole else WIDE
    for name in headings(view):
        values = {"sum": view.sums, "mask": view.masked}.get(name, view.scores)
        place = row[-1].end[0] + _gap(view, row[-1].heading, name), top
        row.append(Block(name, place, values[:, None], column, view.limit, heading=name))
    hidden = None if view.mask is None else ~view.mask
    if view.softmax:
        place = row[-1].end[0] + _gap(view, row[-1].heading, "softmax"), top
        row.append(
            Block("softmax", place, view.weights[:, None], column, 1.0, False, "softmax", hidden=hidden)
        )
    return row if view.values is None else [*row, *_mixing(view, row[-1].end[0] + LAST, top)]


def _gap(view: Any, left: str, right: str) -> float:
    """The space between two columns, or more where their headings need it."""
    apart = (fonts.measure(left) + fonts.measure(right)) / 2 + 8 - NARROW
    return max(CLOSE, apart) if view.whole else GAP


def _mixing(view: Any, x: float, top: float) -> list[Block]:
    """The values: the one that is opened, all of them times their weights, and the sum."""
    (wide, numbered), end = cell(view), top + len(view.tokens) * HIGH
    hidden = None if view.mask is None else ~view.mask
    limit = scale_of(view.values, True)[1]  # a mix of values is no larger
    vectors: dict[str, Any] = {"cell": wide, "limit": limit, "numbered": numbered}
    found = [
        Block("weight × v", (x, top), view.weighted, heading="weight × v", hidden=hidden, **vectors),
        Block("output", (x, end + 8), view.output[None], **vectors),
    ]
    if view.selected is not None:
        found.insert(0, Block("v", (x, float(HIGH)), view.values[view.selected][None], **vectors))
    return found


def column_rows(view: Any) -> list[tuple[float, float, float, Sequence[str]]]:
    """Where names of columns stand: the corner and the width of the cells below them, and the names."""
    rows = [(0.0, 0.0, view.blocks[0].cell, view.columns)] if view.columns else []
    if view.value_columns:
        block = next(block for block in view.blocks if block.name in ("v", "weight × v"))
        y = block.place[1] - 20 * (block.name != "v")  # above the heading, if no value is opened
        rows.append((block.place[0], y, block.cell, view.value_columns))
    return rows


# ---------------------------------------------------------------- the pointer


def total(terms: np.ndarray, digits: int = 2) -> str:
    """A sum in full, of up to eight terms."""
    return " + ".join(number(t, digits) for t in terms[:8]) + (" + …" if len(terms) > 8 else "")


def hits(view: Any, box: Box) -> list[Hit]:
    """A grid for each block of the whole path; a row of keys is found also left of its cells."""
    found, words, last = [], _words(view), -box.left
    keyed: More = {"axes": ("key", ""), "select": view.select, "selected": view.selected}
    for block in view.blocks:
        (rows, cols), (x, y) = block.values.shape, block.place
        labels, columns, texts = words[block.name]
        more: More = {"axes": ("", "")}
        if block.heading:
            more = {**keyed, "name": block.heading, "margin": x - last}
            last = block.end[0]
        place = x, y, cols * block.cell, rows * HIGH
        found.append(grid.grid_hit(place, labels, columns or [""] * cols, texts, **more))
    return found


def _words(view: Any) -> dict[str, tuple[Sequence[str], Sequence[str], Tell]]:
    """For each block the names of its rows and columns, and how each of its numbers came about."""
    opened = "" if view.selected is None else view.tokens[view.selected]
    above, factor, shares = view.blocks[0].values, rounding.compact(view.scale), _shares(view)
    q, keys, products, sums, scores = view.q, view.keys, view.products, view.sums, view.scores
    upper = [f"q {view.query}".strip(), f"k {opened}"][: view.upper]
    words: dict[str, tuple[Sequence[str], Sequence[str], Tell]] = {
        "q": (upper, view.columns, lambda i, j: number(above[i, j], 3)),
        "q × k": (view.tokens, view.columns, lambda i, j: _times(q[j], keys[i, j], products[i, j], 2)),
        "sum": (view.tokens, (), lambda i, _: f"{total(products[i])} = {number(sums[i])}"),
        "mask": (view.tokens, (), lambda i, _: _masked(scores[i], view.mask[i])),
        "softmax": (view.tokens, (), lambda i, _: shares[i]),
    }
    for name in headings(view):
        scaled: Tell = lambda i, _: f"{number(sums[i])} × {factor} = {number(scores[i])}"  # noqa: E731
        words.setdefault(name, (view.tokens, (), scaled))
    return words if view.values is None else words | _mixed(view, opened)


def _mixed(view: Any, opened: str) -> dict[str, tuple[Sequence[str], Sequence[str], Tell]]:
    names, v, parts, weights = view.value_columns, view.values, view.weighted, view.weights
    return {
        "v": ([f"v {opened}"], names, lambda _, j: number(v[view.selected or 0, j], 3)),
        "weight × v": (view.tokens, names, lambda i, j: _times(weights[i], v[i, j], parts[i, j], 3)),
        "output": (["output"], names, lambda _, j: f"{total(parts[:, j], 3)} = {number(view.output[j], 3)}"),
    }


def _times(left: float, right: float, product: float, digits: int) -> str:
    return f"{number(left, digits)} × {number(right)} = {number(product, digits)}"


def _masked(score: float, seen: bool) -> str:
    """What the mask does to a score."""
    return f"{number(score)}, may attend" if seen else f"{number(score)} becomes -inf: masked"


def _shares(view: Any) -> list[str]:
    """The softmax, number by number."""
    pairs = zip(view.masked, view.weights, strict=True)
    if abs(view.masked.max()) > 300:  # beyond what exp can hold
        return [f"exp({number(s)}) / the sum of all exp = {number(w, 3)}" for s, w in pairs]
    whole = rounding.compact(np.exp(view.masked).sum())
    powers = ((s, rounding.compact(np.exp(s)), w) for s, w in pairs)
    return [
        f"exp({number(s)}) = {power}, divided by the sum {whole}: {number(w, 3)}" for s, power, w in powers
    ]
