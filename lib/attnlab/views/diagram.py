"""Where the boxes of a block diagram are, and the lines between them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from attnlab.views import fonts
from attnlab.views.structure import DENSITIES, TALL, Density, Part, Row, branch, heights, parts_of

WIDEST = {1: 420, 2: 396}  # pixels: the width of a column, by how many there are
HEAD, ROOM = 24, 12  # the line above; the piece of stream above the first box and below the last
GUTTER, GROUP, NUMBERS = 40, 16, 60  # between columns; lanes for names of groups, and for numbers
CHIP, APART, OFF, PAD, LEAST = 54, 14, 20, 8, 132  # a norm; between boxes; from the stream; in a box; a box

Points = list[tuple[float, float]]


class Placed(NamedTuple):
    """A part and its rectangle; `column` counts from 0."""

    part: Part
    column: int
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def corners(self) -> Points:
        (x, y), (x1, y1) = (self.x, self.y), (self.x + self.width, self.y + self.height)
        return [(x, y), (x1, y), (x1, y1), (x, y1)]


@dataclass(frozen=True, eq=False)
class Diagram:
    """Columns of parts; `numbers` are the texts of those that have one, by the place of the part.

    Boxes are in lanes from the outer edge of a column inwards: name of the group, number, stream, norm,
    main box. The second column is the mirror image of the first: their boxes stand side by side.
    """

    columns: Mapping[str, tuple[Row, ...]]
    numbers: Mapping[int, str]

    @cached_property
    def parts(self) -> list[Part]:
        return [part for rows in self.columns.values() for part in parts_of(rows)]

    @cached_property
    def on_stream(self) -> list[bool]:
        """Whether what is said about a part is about the stream: it is on the stream, or is a ⊕."""
        rows = [row for rows in self.columns.values() for row in rows]
        return [not branch(row) or part.kind == "add" for row in rows for part in parts_of([row])]

    @cached_property
    def density(self) -> Density:
        """The loosest one that fits."""
        columns = self.columns.values()
        fitting = (d for d in DENSITIES if all(heights(d, rows)[-1] <= TALL for rows in columns))
        return next(fitting, DENSITIES[-1])

    def small(self, i: int) -> str:
        """What a box holds besides its name: the shape, and a number that is not the stream's."""
        part, own = self.parts[i], "" if self.on_stream[i] else self.numbers.get(i, "")
        return fonts.drawable(" · ".join(text for text in (part.shape, own) if text))

    def label(self, i: int) -> str:
        """A name as it is drawn: without what the name of its column already says."""
        return fonts.drawable(self.parts[i].name.removeprefix(f"{self._column_of[i]} "))

    @cached_property
    def _column_of(self) -> list[str]:
        return [name for name, rows in self.columns.items() for _ in parts_of(rows)]

    # ------------------------------------------------------------ lanes

    @cached_property
    def stream(self) -> float:
        """From the outer edge of a column to its stream."""
        on = [wide(text) for i, text in self.numbers.items() if self.on_stream[i]]
        lane = max(NUMBERS, up(max(on) + 10)) if on else 4
        return GROUP * any(part.group for part in self.parts) + lane + 18

    @cached_property
    def _chips(self) -> bool:
        """Whether a norm stands before a box somewhere."""
        pairs = zip(self.parts, self.on_stream, strict=True)
        return any(part.kind == "norm" and not on for part, on in pairs)

    @cached_property
    def width(self) -> float:
        """Of a column: its boxes hold their texts, up to a limit."""
        start = self.stream + OFF + (CHIP + APART) * self._chips
        needed = [start + LEAST]
        for i, part in enumerate(self.parts):
            if part.kind not in ("add", "norm"):
                needed.append((self.stream - 14 if self.on_stream[i] else start) + self._needs(i))
        return min(WIDEST[len(self.columns)], up(max(needed)))

    def _needs(self, i: int) -> float:
        """The width of a box that holds all its texts."""
        name, small = fonts.measure(self.label(i)), wide(self.small(i), fonts.SMALL)
        texts = max(name, small) if self.stacked(i) else name + small + PAD * (small > 0)
        return texts + 2 * PAD + self.mask_room(i)

    def stacked(self, i: int) -> bool:
        """Whether the shape is below the name."""
        return self.density.two_lines and not self.on_stream[i]

    def mask_room(self, i: int) -> float:
        """The width that a mask takes in its box."""
        return 0 if self.parts[i].mask is None else self.mask_side(i) + PAD

    def mask_side(self, i: int) -> float:
        """The longer side of a mask: its cells are whole pixels, if they have as much room."""
        room = (min(self.density.box, 28) if self.on_stream[i] else self.density.box) - 4
        longest = max(self.parts[i].cells)
        return float(room // longest * longest or room)

    def across(self, column: int, x: float) -> float:
        """From a distance from the outer edge of a column to a place in the picture."""
        return x if column == 0 else 2 * self.width + GUTTER - x

    # ------------------------------------------------------------ places

    @cached_property
    def top(self) -> float:
        """Where the first box begins: below the names, if there are any."""
        told = any(self.on_stream[i] for i in self.numbers)
        return ROOM + HEAD * (any(self.columns) or told)

    @cached_property
    def placed(self) -> list[Placed]:
        """Where every part is."""
        found: list[Placed] = []
        for column, rows in enumerate(self.columns.values()):
            for row, y in zip(rows, heights(self.density, rows), strict=False):
                found += [self._mirrored(each) for each in self._row(row, column, self.top + y)]
        return found

    @property
    def size(self) -> tuple[float, float]:
        count, low = len(self.columns), max(each.y + each.height for each in self.placed)
        return self.width * count + GUTTER * (count - 1), low + ROOM + 2

    def _mirrored(self, placed: Placed) -> Placed:
        if placed.column == 0:
            return placed
        return placed._replace(x=self.across(1, placed.x + placed.width))

    def _row(self, row: Row, column: int, y: float) -> list[Placed]:
        high, left = float(self.density.box), self.stream
        if not branch(row):
            return [Placed(row, column, left - 14, y, self.width - left + 14, min(high, 28.0))]
        *inner, add = row
        chips = [part.kind == "norm" and len(inner) > 1 for part in inner]
        start = left + OFF + (CHIP + APART) * (self._chips and not any(chips))  # boxes stand below each other
        room = self.width - start - APART * (len(inner) - 1) - CHIP * sum(chips)
        found = []
        for part, chip in zip(inner, chips, strict=True):
            wide = CHIP if chip else room / max(1, len(inner) - sum(chips))
            found.append(Placed(part, column, start, y, wide, high))
            start += wide + APART
        radius = min(8.0, (self.density.branch - high) / 2 + 2.5)
        middle = y + (high + self.density.branch) / 2
        return [*found, Placed(add, column, left - radius, middle - radius, 2 * radius, 2 * radius)]

    def groups(self) -> dict[tuple[int, str], tuple[float, float]]:
        """Top and foot of every group."""
        found: dict[tuple[int, str], tuple[float, float]] = {}
        for each in self.placed:
            if each.part.group:
                place = each.column, each.part.group
                top, low = found.get(place, (each.y - 3, 0.0))
                found[place] = top, max(low, each.y + each.height + 1)
        return found


# ---------------------------------------------------------------- lines


class Wiring:
    """The lines of a diagram and their tips: streams, branches, the arrow from one column to the other."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.lines: list[Points] = []
        self.tips: list[Points] = []
        ends, rest = [], list(diagram.placed)
        for column, rows in enumerate(diagram.columns.values()):
            ends.append(self._stream(column))
            for row in rows:
                count = len(list(parts_of([row])))
                if branch(row):
                    self._branch(column, rest[:count])
                rest = rest[count:]
        if len(ends) == 2:
            self._cross(ends[0])

    def _arrow(self, *points: tuple[float, float]) -> None:
        self.lines.append(list(points))
        (x0, y0), end = points[-2], np.array(points[-1])
        along = np.sign(end - [x0, y0]) * 6.0
        across = along[::-1] * 0.6
        self.tips.append([tuple(end), tuple(end - along + across), tuple(end - along - across)])

    def _stream(self, column: int) -> tuple[float, float]:
        """The stream of a column; its end."""
        own = [each for each in self.diagram.placed if each.column == column]
        x, foot = self.diagram.across(column, self.diagram.stream), own[-1].y + own[-1].height + ROOM - 1
        start = (x, own[0].y - ROOM)
        if column == 0 and self._readers():
            self.lines.append([start, (x, foot)])
        else:
            self._arrow(start, (x, foot))
        return x, foot

    def _readers(self) -> list[Placed]:
        """What reads from the end of the first column."""
        every = self.diagram.placed
        return [each for each in every if each.column == 1 and each.part.kind == "cross-attention"]

    def _branch(self, column: int, placed: Sequence[Placed]) -> None:
        """From the stream to the first box, from box to box, and back to the ⊕."""
        *inner, add = placed
        x = self.diagram.across(column, self.diagram.stream)
        for each in inner:
            near, far = (each.x, each.x + each.width)[:: 1 if column == 0 else -1]
            self._arrow((x, each.middle), (near, each.middle))
            x = far
        last, edge = inner[-1], add.x + add.width if column == 0 else add.x
        middle = last.x + last.width / 2
        self._arrow((middle, last.y + last.height), (middle, add.middle), (edge, add.middle))

    def _cross(self, end: tuple[float, float]) -> None:
        gutter = self.diagram.width + GUTTER / 2
        for each in self._readers():
            self._arrow(end, (gutter, end[1]), (gutter, each.middle), (each.x, each.middle))


def wide(text: str, size: float = fonts.SIZE) -> float:
    """Width of a text whose digits may change."""
    return fonts.measure(re.sub(r"\d", "8", fonts.drawable(text)), size) if text else 0.0


def up(width: float) -> float:
    """A width that seldom changes."""
    return 12.0 * math.ceil(width / 12)


def circle(placed: Placed) -> Points:
    radius, angles = placed.width / 2, np.linspace(0, 2 * np.pi, 36, endpoint=False)
    x, y = placed.x + radius + radius * np.cos(angles), placed.middle + radius * np.sin(angles)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def plus(placed: Placed) -> list[Points]:
    r, x, y = placed.width / 2 - 2, placed.x + placed.width / 2, placed.middle
    return [[(x - r, y), (x + r, y)], [(x, y - r), (x, y + r)]]
