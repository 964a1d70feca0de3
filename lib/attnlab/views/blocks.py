"""A block diagram of a Transformer: the residual stream, its branches, live shapes and numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba_array

from attnlab.views import fonts, grid, inputs, palette, phrases, rounding
from attnlab.views.diagram import GROUP, HEAD, PAD, Diagram, Placed, Wiring, circle, plus
from attnlab.views.fonts import fitted, length, moving, set_moving, steady
from attnlab.views.inputs import Field, Text
from attnlab.views.maps import outlines
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import compact
from attnlab.views.structure import KINDS, Maker, Row, as_columns, branch, parts_of, places_in, transformer
from attnlab.views.view import View


class Columns(Field[Any, dict[str, tuple[Row, ...]]]):
    """One or two columns of parts, by name."""

    def look(self, view: Any, given: Any) -> dict[str, tuple[Row, ...]]:
        return as_columns(given)


class Place(Field[int | str | None, int | None]):
    """One of the places of a diagram, or its number."""

    def look(self, view: Any, given: int | str | None) -> int | None:
        places = view.places
        if isinstance(given, str) and given not in places:
            raise ValueError(f"{self.name} must be one of {', '.join(places)}; got {given!r:.60}")
        return inputs.as_index(
            places.index(given) if isinstance(given, str) else given, len(places), self.name
        )


@dataclass(frozen=True)
class Blocks(View):
    """A block diagram: data flow down the residual stream, and every branch is added back to it (⊕).

    `parts`: a list. A `Part` in it is on the stream, a list of Parts is a branch. A dict of two such
    lists makes two columns: an arrow runs from the end of the first to every cross-attention of the second.
    `quantity` names the numbers ("RMS"). A click on a part sets the control named `select`; `selected` is one
    of `places`, or its number. Raises ValueError or TypeError for parts that cannot be drawn.
    """

    parts: Columns = Columns()
    title: Text = Text("")
    quantity: Text = Text("")
    select: str | None = None
    selected: Place = Place(None)

    @staticmethod
    def layer(group: str = "", cross: bool = False, **made: Any) -> list[Row]:
        """The rows of one layer, for `parts`. For what `made` may hold, see `transformer`."""
        return Maker(**made).layer(group, cross)

    @classmethod
    def transformer(
        cls, kind: str = "decoder", n_layers: int = 1, title: str = "", quantity: str = "",
        select: str | None = None, selected: int | str | None = None, **made: Any,
    ) -> "Blocks":  # fmt: skip
        """A whole encoder, decoder or encoder-decoder; if it has many layers, only the first and the last.

        `made` may hold norm: "pre", "post" or "none"; residual, feed_forward: False leaves them out; numbers:
        by the names of a model's stages ("layer 1 attention"); shapes: by these names, or by kind; masks:
        "self", "cross", and "source" for the encoder beside a decoder.
        """
        return cls(transformer(Maker(**made), kind, n_layers), title, quantity, select, selected)

    # ------------------------------------------------------------ what there is

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The name of every part, ⊕ included, column after column; a name that comes again gets a (2)."""
        return places_in(self.parts)

    @cached_property
    def _diagram(self) -> Diagram:
        return Diagram(self.parts, self._numbers)

    @cached_property
    def _numbers(self) -> dict[int, str]:
        """The number of each part that has one, as it is drawn and said; by the place of the part."""
        every = enumerate(part for rows in self.parts.values() for part in parts_of(rows))
        found = {i: part.number for i, part in every if part.number not in (None, "")}
        largest = max((abs(v) for v in found.values() if not isinstance(v, str)), default=0.0)
        noise = rounding.nothing(largest)
        return {i: v if isinstance(v, str) else compact(v, noise) for i, v in found.items()}

    def key(self) -> tuple[Any, ...]:
        plan = self._diagram
        parts = [
            (part.name, part.kind, part.group, part.mask is not None and part.mask.shape, bool(plan.small(i)))
            for i, part in enumerate(plan.parts)
        ]
        shape = [
            (name, tuple(len(r) * branch(r) for r in map(_row, rows))) for name, rows in self.parts.items()
        ]
        return tuple(parts), tuple(shape), self.quantity, plan.stream, plan.width, plan.top

    def box(self, measure: Measure) -> Box:
        return Box(*self._diagram.size, 4, 4, 4, 4, least=fonts.LEAST)

    # ------------------------------------------------------------ the picture

    def draw(self, ax: Axes, box: Box) -> Drawn:
        drawn, placed = Drawn(ax), self._diagram.placed
        self._draw_groups(ax)
        self._draw_heads(ax)
        wiring = Wiring(self._diagram)
        _lines(ax, wiring.lines, 1)
        _shapes(ax, wiring.tips, facecolors=palette.theme().outline, linewidths=0, zorder=2)
        fills = to_rgba_array([palette.theme().blocks[each.part.kind] for each in placed])
        shapes = [circle(each) if each.part.kind == "add" else each.corners for each in placed]
        _shapes(ax, shapes, facecolors=fills, edgecolors=palette.theme().outline, linewidths=1.0, zorder=3)
        _lines(ax, [line for each in placed if each.part.kind == "add" for line in plus(each)], 4)
        for i, each in enumerate(placed):
            self._draw_name(ax, i, each)
            if each.part.mask is not None:
                drawn.maps.append(grid.image(ax, *self._mask_place(i, each)))
        drawn.parts.numbers, drawn.parts.small = moving(ax, drawn), moving(ax, drawn)
        drawn.parts.frames = outlines(ax, drawn, (0, 1))
        return drawn

    def _draw_groups(self, ax: Axes) -> None:
        """A light frame around the rows of each group, and its name along the outer edge."""
        plan = self._diagram
        for (column, group), (top, low) in plan.groups().items():
            ends = sorted(plan.across(column, x) for x in (0, plan.width + 6))
            corners = [(ends[0], top), (ends[1], top), (ends[1], low), (ends[0], low)]
            _shapes(
                ax,
                [corners],
                facecolors=palette.theme().band,
                edgecolors=palette.theme().frame,
                linewidths=0.8,
                zorder=0,
            )
            name = group.removeprefix(f"{list(self.parts)[column]} ")
            at = plan.across(column, GROUP / 2 + 1), (top + low) / 2
            style: dict[str, Any] = {
                "ha": "center",
                "rotation": 90,
                "color": palette.theme().soft,
                "size": fonts.SMALL,
            }
            fonts.write(ax, *at, fitted(name, low - top - 4, fonts.SMALL), **style)

    def _draw_heads(self, ax: Axes) -> None:
        """The names of the columns, and above the numbers what they are."""
        plan = self._diagram
        for column, name in enumerate(self.parts):
            side, other = (("right", "left"), ("left", "right"))[column]
            style: dict[str, Any] = {"ha": side, "color": palette.theme().soft, "size": fonts.SMALL}
            if any(plan.on_stream[i] and plan.placed[i].column == column for i in self._numbers):
                text = fitted(self.quantity, plan.stream - 20, fonts.SMALL)
                steady(ax, plan.across(column, plan.stream - 20), HEAD / 2, text, **style)
            text = fitted(name, plan.width - plan.stream, fonts.SIZE, "bold")
            steady(ax, plan.across(column, plan.stream - 12), HEAD / 2, text, ha=other, weight="bold")

    def _draw_name(self, ax: Axes, i: int, placed: Placed) -> None:
        if placed.part.kind == "add":
            return
        plan, small = self._diagram, bool(self._room(i))
        y = placed.middle - placed.height * 0.19 * (small and plan.stacked(i))
        if _chip(placed):
            name = fitted(plan.label(i), placed.width - 6)
            steady(ax, placed.x + placed.width / 2, y, name, ha="center", zorder=5)
        else:
            name = fitted(plan.label(i), placed.width - 2 * PAD - plan.mask_room(i))
            steady(ax, placed.x + PAD, y, name, zorder=5)

    def _mask_place(self, i: int, placed: Placed) -> tuple[float, float, float, float]:
        """The corner, width and height of the small grid at the end of a box, in whole pixels."""
        side, (n, m) = self._diagram.mask_side(i), placed.part.cells
        high, wide = (max(1, round(side * size / max(n, m))) for size in (n, m))
        x = placed.x + placed.width - 3 - (side + wide) / 2
        return round(x), round(placed.middle - high / 2), wide, high

    def _room(self, i: int) -> float:
        """The room for the shape in a box; 0 where it has none."""
        plan, placed = self._diagram, self._diagram.placed[i]
        if placed.part.kind == "add" or not plan.small(i):
            return 0.0
        room = placed.width - (6 if _chip(placed) else 2 * PAD + plan.mask_room(i))
        room -= 0 if plan.stacked(i) else fonts.measure(plan.label(i)) + PAD
        return room if room > 24 else 0.0

    def update(self, drawn: Drawn) -> None:
        plan = self._diagram
        masks = [part.mask for part in plan.parts if part.mask is not None]
        for picture, mask in zip(drawn.maps, masks, strict=True):
            picture.set_data(np.array(palette.theme().mask, np.uint8)[mask.astype(int)])
        on = [(text, plan.placed[i]) for i, text in self._numbers.items() if plan.on_stream[i]]
        texts = [fitted(text, plan.stream - 18, width=length) for text, _ in on]
        points = [(plan.across(placed.column, plan.stream - 20), placed.middle) for _, placed in on]
        set_moving(drawn.parts.numbers, texts, points, [1.0 - placed.column for _, placed in on])
        inner = list(self._inner())
        sides = [side for _, _, side in inner]
        places = [place for _, place, _ in inner]
        set_moving(drawn.parts.small, [text for text, _, _ in inner], places, sides, fonts.SMALL)
        place = None if self.selected is None else plan.placed[self.selected][2:]
        grid.surround(drawn.parts.frames, place)

    def _inner(self) -> Iterator[tuple[str, tuple[float, float], float]]:
        """The shapes in the boxes: text, point, and the share of the text left of it."""
        plan = self._diagram
        for i, placed in enumerate(plan.placed):
            if room := self._room(i):
                text = plan.small(i)
                if _chip(placed) and length(text, fonts.SMALL) > room:
                    continue  # the same shape stands in the box beside it
                text = fitted(text, room, fonts.SMALL, width=length)
                y = placed.middle + placed.height * 0.24 * plan.stacked(i)
                if _chip(placed):
                    yield text, (placed.x + placed.width / 2, y), 0.5
                elif plan.stacked(i):
                    yield text, (placed.x + PAD, y), 0.0
                else:
                    yield text, (placed.x + placed.width - PAD - plan.mask_room(i), y), 1.0

    # ------------------------------------------------------------ the pointer and the words

    def hits(self, box: Box) -> list[Hit]:
        return [
            grid.grid_hit(
                placed[2:], [self.places[i]], [""], [[self._told(i)]],
                axes=("", ""), select=self.select, selected=self.selected, first=i,
            )
            for i, placed in enumerate(self._diagram.placed)
        ]  # fmt: skip

    def _told(self, i: int) -> str:
        part = self._diagram.parts[i]
        return ", ".join([*self._facts(i), part.note or KINDS[part.kind]])

    def _facts(self, i: int) -> list[str]:
        """Shape, number and mask of a part."""
        part = self._diagram.parts[i]
        return [text for text in (part.shape, self._measured(i), part.sees) if text]

    def _measured(self, i: int) -> str:
        """The number of a part with its name."""
        return f"{self.quantity} {self._numbers[i]}".strip() if i in self._numbers else ""

    def caption(self) -> str:
        if self.selected is not None:
            part = self._diagram.parts[self.selected]
            facts = [self._measured(self.selected), part.sees, part.note or KINDS[part.kind]]
            return phrases.line(facts, ", ", f"{self.places[self.selected]}: ")
        columns = [self._counted(name, rows) for name, rows in self.parts.items()]
        parts = enumerate(self._diagram.parts)
        found = {i: float(part.number) for i, part in parts if isinstance(part.number, int | float)}
        if found:
            sizes = np.array([*found.values()])
            top = [*found][phrases.place(sizes, float(np.abs(sizes).max()))[0]]
            columns.append(f"largest {self._measured(top)} at {self.places[top]}")
        return phrases.line(columns)

    def _counted(self, name: str, rows: tuple[Row, ...]) -> str:
        """A column: its layers and its kinds of parts."""
        parts = list(parts_of(rows))
        groups = len({part.group for part in parts if part.group})
        kinds = dict.fromkeys(part.name for part in parts if part.kind != "add")
        start = f"{name}: " if name else ""
        return start + f"{groups} layers of " * (groups > 1) + ", ".join(kinds)

    def describe(self) -> str:
        columns, start = [], 0
        for name, rows in self.parts.items():
            said, start = self._said(rows, start)
            columns.append((f"{name}: " if name else "") + said)
        words = f"{self.title or 'blocks'}: " + ". ".join(columns)
        second = list(parts_of(list(self.parts.values())[-1]))
        if len(self.parts) == 2 and any(part.kind == "cross-attention" for part in second):
            words += f". Cross-attention reads from the end of the {next(iter(self.parts)) or 'first column'}"
        if self.selected is not None:
            note = self._diagram.parts[self.selected].note
            words += f"; {self.places[self.selected]} chosen" + (f" ({note})" if note else "")
        return words + "."

    def _said(self, rows: tuple[Row, ...], start: int) -> tuple[str, int]:
        """A column in words, group after group; and where the next one starts."""
        groups: list[tuple[str, list[str]]] = []
        for row in rows:
            count, group = len(_row(row)), _row(row)[-1].group
            if not groups or groups[-1][0] != group:
                groups.append((group, []))
            groups[-1][1].append(self._row_said(range(start, start + count), branch(row)))
            start += count
        words, before = [], None
        for group, said in groups:
            same = group and said == before
            words.append(f"{group} the same" if same else f"{group}: ".lstrip(": ") + ", then ".join(said))
            before = said if group else None
        return "; ".join(words), start

    def _row_said(self, places: range, beside: bool) -> str:
        named = [" ".join([self._diagram.parts[i].name, *_in_brackets(self._facts(i))]) for i in places]
        if not beside:
            return named[0]
        return " ".join(["branch", " → ".join(named[:-1]), "added", *_in_brackets(self._facts(places[-1]))])


def _row(row: Row) -> tuple[Any, ...]:
    """The parts of a row."""
    return row if branch(row) else (row,)


def _chip(placed: Placed) -> bool:
    """Whether it is one of the small boxes of a norm before a part."""
    return placed.part.kind == "norm" and placed.width < 100


def _in_brackets(facts: list[str]) -> list[str]:
    return [f"({', '.join(facts)})"] if facts else []


def _lines(ax: Axes, lines: Any, zorder: int) -> None:
    style: dict[str, Any] = {"linewidths": 1.3, "clip_on": False, "zorder": zorder}
    style["colors"] = palette.theme().outline
    ax.add_collection(LineCollection(lines, **style), autolim=False)


def _shapes(ax: Axes, corners: Any, **style: Any) -> None:
    ax.add_collection(PolyCollection(corners, clip_on=False, **style), autolim=False)
