"""What a block diagram is made of: parts on the residual stream, branches beside it, columns."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from attnlab.views.inputs import Field, Text, as_number, as_text

# What the pointer says of a part that has no note.
KINDS = {
    "embedding": "a vector for every token",
    "norm": "scales every vector to the same size",
    "attention": "tokens read from each other",
    "cross-attention": "tokens read from the end of the other column",
    "feed-forward": "a small network, applied to each token on its own",
    "add": "the branch's output is added to the stream",
    "output": "a score for every answer",
    "layer": "a whole layer",
    "other": "a part of the model",
}
FINEST, ROWS, BESIDE = 64, 24, 4  # rows of a mask, rows of a column, parts of a branch
TALL, CLEAR = 470, 4  # pixels: a column; between a ⊕ and a box below it
OPENED = 6  # layers that are drawn one by one, at most
STRUCTURES = ("encoder", "decoder", "encoder-decoder")
NORMS = ("pre", "post", "none")

Row = Any  # a Part on the stream, or a tuple of Parts: a branch that ends with the ⊕ where it is added back


class Density(NamedTuple):
    """Heights in pixels: of a box, of a row with a branch, of a row on the stream, between groups."""

    two_lines: bool
    box: int
    branch: int
    plain: int
    gap: int


DENSITIES = (
    Density(True, 42, 66, 40, 10), Density(True, 36, 54, 36, 6), Density(False, 28, 46, 38, 8),
    Density(False, 24, 36, 32, 8), Density(False, 20, 28, 26, 8), Density(False, 18, 25, 22, 7),
)  # fmt: skip


class Kind(Field[str | None, str]):
    """One of KINDS: by default the name of the part, if it is one of them."""

    def look(self, view: Any, given: str | None) -> str:
        kind = given or (view.name if view.name in KINDS else "other")
        if kind not in KINDS:
            raise ValueError(
                f"kind of part {view.name!r} must be one of {', '.join(KINDS)}; got {kind!r:.60}"
            )
        return kind


class Shape(Field[str | int | Sequence[Any], str]):
    """A text, or sizes."""

    def look(self, view: Any, given: str | int | Sequence[Any]) -> str:
        sizes = [given] if isinstance(given, Integral | str) else given
        if not isinstance(sizes, Sequence) or not all(isinstance(size, Integral | str) for size in sizes):
            raise ValueError(
                f"shape of part {view.name!r} must be a string or sizes such as (8, 32), got {given!r:.60}"
            )
        return " × ".join(map(as_text, sizes))


class Value(Field[float | str | None, float | str | None]):
    """A number, or a text that is drawn as it is."""

    def look(self, view: Any, given: Any) -> float | str | None:
        if isinstance(given, str):
            return as_text(given)
        if getattr(given, "shape", None) == () and given is not np.ma.masked:  # of NumPy or torch
            given = given.item()
        if given is None or isinstance(given, Real):
            return as_number(given if given is None else float(given), f"number of part {view.name!r}")
        raise TypeError(f"number of part {view.name!r} must be a number or a string, got {given!r:.60}")


class SmallMask(Field[Any, np.ndarray | None]):
    """Booleans [query, key] (True = may attend), few enough to be drawn small."""

    def look(self, view: Any, given: Any) -> np.ndarray | None:
        if given is None:
            return None
        mask, name = np.array(given), f"mask of part {view.name!r}"
        if mask.dtype != bool or mask.ndim != 2 or 0 in mask.shape or np.ma.is_masked(given):
            hidden = " that hides cells: pass mask.filled(False)" * bool(np.ma.is_masked(given))
            raise ValueError(
                f"{name} must be booleans [query, key] (True = may attend), "
                f"got {mask.dtype} of shape {mask.shape}{hidden}"
            )
        if max(mask.shape) > FINEST:
            raise ValueError(
                f"{name} has shape {mask.shape}, but there is room for {FINEST} by {FINEST}: "
                "show the first tokens, mask[:8, :8]"
            )
        mask.setflags(write=False)
        return mask


@dataclass(frozen=True, eq=False)
class Part:
    """A box of a block diagram: its name, the shape of its output, and a current number.

    `kind` gives the colour: one of KINDS, by default the name itself if it is one of them, else "other".
    `shape`: a text or a tuple such as (8, 32). `number`: a number, or a text that is drawn as it is. `mask`
    [query, key] (True = may attend) is a small grid in the box. The pointer shows `note`. Parts that follow
    each other with the same `group` share a frame with that name. Raises ValueError or TypeError.
    """

    name: Text = Text()
    kind: Kind = Kind(None)
    shape: Shape = Shape("")
    number: Value = Value(None)
    mask: SmallMask = SmallMask(None)
    note: Text = Text("")
    group: Text = Text("")

    @property
    def place(self) -> str:
        """Its name among all parts: layer 1 attention."""
        return f"{self.group} {self.name}".strip()

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of the mask; 0 without one."""
        return (0, 0) if self.mask is None else (self.mask.shape[0], self.mask.shape[1])

    @property
    def sees(self) -> str:
        """What the mask allows, in words."""
        if self.mask is None:
            return ""
        (n, m), allowed = self.cells, int(self.mask.sum())
        if allowed == n * m:
            return "sees everything"
        if n == m and np.array_equal(self.mask, np.tri(n, dtype=bool)):
            return "sees itself and what came before"
        return f"sees {allowed} of {n * m}"


def as_columns(parts: Any) -> dict[str, tuple[Row, ...]]:
    """One or two columns by name, their branches closed by a ⊕. ValueError, TypeError: what is wrong."""
    columns = parts if isinstance(parts, Mapping) else {"": parts}
    if not 1 <= len(columns) <= 2:
        raise ValueError(f"parts must be a list, or a dict of 1 or 2 columns; got {len(columns)} columns")
    return {as_text(name): _as_rows(rows, as_text(name)) for name, rows in columns.items()}


def _as_rows(rows: Any, name: str) -> tuple[Row, ...]:
    where = f"column {name!r}" if name else "parts"
    if not isinstance(rows, list | tuple) or not rows:
        raise ValueError(f"{where} must be a list of at least one Part, got {rows!r:.60}")
    if len(rows) > ROWS:
        raise ValueError(
            f"{where} has {len(rows)} rows, but there is room for {ROWS}: "
            "draw one layer, and the others as a Part of the kind 'layer'"
        )
    return tuple(_as_row(row, where) for row in rows)


def _as_row(row: Any, where: str) -> Row:
    branch = isinstance(row, list | tuple)
    for part in row if branch else (row,):
        if not isinstance(part, Part):
            raise TypeError(f"{where} must hold Parts and lists of Parts (branches), got {part!r:.60}")
    if not branch:
        if row.kind == "add":
            raise ValueError(f"{where} has an 'add' on the stream: put it at the end of a branch (a list)")
        return row
    inner = [part for part in row if part.kind != "add"]
    if not 1 <= len(inner) <= BESIDE or len(row) - len(inner) > (row[-1].kind == "add"):
        raise ValueError(
            f"a branch of {where} must have 1 to {BESIDE} parts and at most one 'add', at its end; "
            f"got {[part.name for part in row]}"
        )
    end = row[-1] if row[-1].kind == "add" else Part("add", group=inner[-1].group)
    return (*inner, end)


def branch(row: Row) -> bool:
    return not isinstance(row, Part)


def heights(density: Density, rows: Sequence[Row]) -> list[float]:
    """Where each row begins, and where the last one ends."""
    found, y, before = [], 0.0, None
    for row in rows:
        if before is not None and _group(row) != _group(before):
            y += density.gap
        elif before is not None and branch(before) and not branch(row):
            y += CLEAR
        found.append(y)
        y, before = y + (density.branch if branch(row) else density.plain), row
    return [*found, y]


def _group(row: Row) -> str:
    return next(parts_of([row])).group


def _places_of(rows: Sequence[Row]) -> Iterator[str]:
    """The place of every part; a ⊕ is called after what it adds."""
    for row in rows:
        inner = row[:-1] if branch(row) else (row,)
        yield from (part.place for part in inner)
        if branch(row):
            yield f"{inner[-1].place} added"


def places_in(columns: Mapping[str, Sequence[Row]]) -> tuple[str, ...]:
    """The place of every part, column after column; the second of two equals has a (2)."""
    seen: Counter[str] = Counter()
    found = []
    for name in (name for rows in columns.values() for name in _places_of(rows)):
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(found)


def parts_of(rows: Sequence[Row]) -> Iterator[Part]:
    for row in rows:
        yield from row if branch(row) else (row,)


# ---------------------------------------------------------------- the usual structures


@dataclass(frozen=True)
class Maker:
    """Makes the parts of layers; what belongs to them is looked up by place, then by kind."""

    norm: str = "pre"
    residual: bool = True
    feed_forward: bool = True
    shapes: Mapping[str, Any] | None = None
    numbers: Mapping[str, Any] | None = None
    masks: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.norm not in NORMS:
            raise ValueError(f"norm must be one of {', '.join(NORMS)}; got {self.norm!r:.60}")
        if unknown := sorted({*(self.masks or {})} - {"self", "cross", "source"}):
            raise ValueError(f"masks has {unknown}; it may have 'self', 'cross' and 'source'")

    def part(self, name: str, group: str = "", **more: Any) -> Part:
        """A part with its shape and, on the stream, its number."""
        part = Part(name, more.pop("kind", None), group=group, **more)
        shapes = self.shapes or {}
        shape = shapes.get(part.place, shapes.get(part.kind, ""))
        mask = self._mask(part)
        return Part(part.name, part.kind, shape, part.number, mask, part.note, part.group)

    def numbered(self, name: str) -> Any:
        return (self.numbers or {}).get(name)

    def _mask(self, part: Part) -> Any:
        role = {"attention": "self", "cross-attention": "cross"}.get(part.kind)
        if role == "self" and part.group.startswith("encoder "):
            role = "source"
        return (self.masks or {}).get(role) if role else None

    def layer(self, group: str, cross: bool) -> list[Row]:
        names = ["attention", *(["cross-attention"] if cross else [])]
        names += ["feed-forward"] if self.feed_forward else []
        return [row for name in names for row in self.rows(name, group)]

    def rows(self, name: str, group: str) -> list[Row]:
        """A part with its norm and its ⊕. The number of the stream is at the last of them."""
        number = self.numbered(f"{group} {name}".strip())
        part, post = self.part(name, group), self.norm == "post"
        inner = [self.part("norm", group)] if self.norm == "pre" else []
        rows: list[Row] = [[*inner, part, Part("add", number=None if post else number, group=group)]]
        if not self.residual:
            on = [*inner, part] if post else [*inner, self.part(name, group, number=number)]
            rows = on
        return rows + ([self.part("norm", group, number=number)] if post else [])

    def opened(self, cross: bool) -> int:
        """How many layers there is room for, beside an embedding, a last norm and an output."""
        tightest = DENSITIES[-1]
        layer = heights(tightest, self.layer("", cross))[-1] + tightest.gap
        return min(OPENED, int((TALL - 3 * tightest.plain) // layer))

    def stack(self, n_layers: int, opened: int, prefix: str = "", cross: bool = False) -> list[Row]:
        """The layers; of very many the first, one box for those between, and the last."""
        if n_layers <= opened:
            numbers = range(1, n_layers + 1)
            return [row for i in numbers for row in self.layer(f"{prefix}layer {i}", cross)]
        last = "feed-forward" if self.feed_forward else "cross-attention" if cross else "attention"
        number = self.numbered(f"{prefix}layer {n_layers - 1} {last}")
        between = self.part(f"{prefix}layers 2 to {n_layers - 1}", kind="layer", number=number)
        ends = (self.layer(f"{prefix}layer {i}", cross) for i in (1, n_layers))
        return [*next(ends), between, *next(ends)]


def transformer(maker: Maker, kind: str, n_layers: int) -> Any:
    """The parts of an encoder, a decoder, or both."""
    if kind not in STRUCTURES:
        raise ValueError(f"kind must be one of {', '.join(STRUCTURES)}; got {kind!r:.60}")
    if not isinstance(n_layers, Integral) or n_layers < 1:
        raise ValueError(f"n_layers must be a whole number, 1 or more, got {n_layers!r:.60}")
    both = kind == "encoder-decoder"
    opened = maker.opened(both)
    final = [maker.part("norm", kind="norm")] if maker.norm == "pre" else []
    start = maker.part("embedding", number=maker.numbered("embedding"))
    end = maker.part("output", number=maker.numbered("output"))
    main = [start, *maker.stack(int(n_layers), opened, cross=both), *final, end]
    if not both:
        return {kind: main}
    number = maker.numbered("source embedding")
    source = maker.part("source embedding", kind="embedding", number=number)
    return {"encoder": [source, *maker.stack(int(n_layers), opened, "encoder "), *final], "decoder": main}
