"""A picture to scale: rectangles whose areas are numbers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection

from attnlab.views import fonts, grid, inputs, palette, phrases
from attnlab.views.amounts import KINDS, Band, amount, as_bands, as_size, exact, named, percent
from attnlab.views.fonts import length, moving, set_moving, steady
from attnlab.views.inputs import Field, Limit, Text
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.tiles import HIGH, LEAST, LINE, OUT, WIDE, Area, Label, beside, corner, inside, merged
from attnlab.views.view import View

REFERENCES, LANE = 3, 320  # outlines, at most; pixels: room for the labels beside the picture, at most
SAMPLES = {"bytes": "  88.8 GB · 88.8 %", "FLOPs": "  888 TFLOPs · 88.8 %"}  # as wide as what follows a name
PARTS = "token embedding", "position embedding", "attention", "feed-forward", "norms", "cross-attention"
# What each fill of the palette has on it in cells; the last fill is for bands beside them. Text can be read
# on all of them, and no two share an entry of a frame's palette.
HATCHES = ("", "||", "..", "//", "++", "xx", "")


class Bands(Field[Any, dict[str, Band]]):
    """Numbers by name, or dicts of them by name."""

    def look(self, view: Any, given: Any) -> dict[str, Band]:
        return as_bands(given)


class Outlines(Field[Mapping[str, float] | None, dict[str, float]]):
    """Sizes by name."""

    def look(self, view: Any, given: Mapping[str, float] | None) -> dict[str, float]:
        if not isinstance(given, Mapping | None):
            raise TypeError(f"{self.name} must be a dict name -> number, got {given!r:.60}")
        sizes = {inputs.as_text(name): size for name, size in (given or {}).items()}
        return {name: as_size(size, f"{self.name} {name!r}") for name, size in sizes.items()}


@dataclass(frozen=True)
class Areas(View):
    """Numbers as areas, on one scale: a band for each, from top to bottom; a band may be cut into cells.

    `values`: a dict name -> number, or name -> dict of cells; or a list of such pairs. The order is kept.
    `limit`: the number that the whole picture stands for, and `whole` its name; the values are then a smaller
    rectangle of the same shape. `reference`: a dict name -> number of dashed outlines on the same scale.
    Default limit: the sum, or the largest reference. `unit`: "parameters", "bytes", "FLOPs", or another word.
    Zeros are named, not drawn. Raises ValueError for no values, negative ones, NaN, a sum of 0 or beyond the
    limit.
    """

    values: Bands = Bands()
    title: Text = Text("")
    unit: Text = Text("parameters")
    limit: Limit = Limit(None)
    whole: Text = Text("")
    reference: Outlines = Outlines(None)

    def __post_init__(self) -> None:
        if self.whole and self.limit is None:
            raise ValueError(f"whole={self.whole!r:.60} names the limit: pass limit as well")
        if len(self.reference) > REFERENCES or 0 in self.reference.values():
            raise ValueError(
                f"reference must be at most {REFERENCES} sizes above 0, got {self.reference!r:.60}"
            )
        if self.total == 0:
            raise ValueError("the values of Areas sum to 0: there is no area to draw")
        sizes = {"the sum of the values": self.total} | {
            f"reference {n!r}": v for n, v in self.reference.items()
        }
        for name, size in sizes.items():
            if self.limit and size > self.limit * (1 + 1e-9):
                raise ValueError(
                    f"{name} is {size:.6g}, more than limit={self.limit:.6g}: raise it or leave it out"
                )

    # ------------------------------------------------------------ areas

    @cached_property
    def total(self) -> float:
        return math.fsum(map(_sum, self.values.values()))

    @property
    def _whole(self) -> float:
        """What the whole picture stands for."""
        return self.limit or max([self.total, *self.reference.values()])

    def _side(self, value: float) -> float:
        """How long a rectangle of the form of the picture is, as a share of it."""
        return math.sqrt(min(1.0, value / self._whole))

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The names of the cells."""
        names = [name for band in self.values.values() if isinstance(band, dict) for name in band]
        return tuple(dict.fromkeys(names))

    @cached_property
    def areas(self) -> list[Area]:
        """Every rectangle, in order; those of zeros have no area."""
        found, side = [], self._side(self.total)
        y = HIGH * (1 - side)
        for band, values in self.values.items():
            high, x = HIGH * side * _sum(values) / self.total, WIDE * (1 - side)
            cells = values if isinstance(values, dict) else {None: values}
            for name, value in cells.items():
                wide = WIDE * side * value / _sum(values) if value else 0.0
                found.append(Area(band, name, value, x, y, wide, high))
                x += wide
            y += high
        return found

    @cached_property
    def _styles(self) -> dict[str, int]:
        """The number of the colour of a cell by its name, without any cells of a band.

        A part of a Transformer has the same in every model; other names take what is left.
        """
        names = list(self.kinds or self.values)
        found = {name: PARTS.index(name) for name in names if name in PARTS}
        free = cycle([i for i in range(KINDS) if i not in found.values()] or range(KINDS))
        return {name: found[name] if name in found else next(free) for name in names}

    @cached_property
    def _painted(self) -> list[list[Area]]:
        """The areas by the number of their colour; bands beside cells have the last one."""
        found: list[list[Area]] = [[] for _ in HATCHES]
        for area in self.areas:
            found[self._style(area)].append(area)
        return found

    def _style(self, area: Area) -> int:
        plain = self.kinds and area.name is None
        return KINDS if plain else self._styles[area.called]

    # ------------------------------------------------------------ words in the picture

    @property
    def headline(self) -> str:
        """The sum, and its share of the whole."""
        return named(self.total, self.unit) + self._of_whole()

    def _of_whole(self) -> str:
        if self._whole <= self.total * (1 + 1e-9) and not self.whole:
            return ""
        whole = ", ".join([*([self.whole] if self.whole else []), amount(self._whole, self.unit)])
        return f": {percent(self.total / self._whole)} of the total area ({whole})"

    def _facts(self, name: str, value: float) -> list[str]:
        """What may be written on a rectangle, the longest first."""
        size = amount(value, self.unit)
        if value == 0:
            return [f"{name}  0", name]
        return [f"{name}  {size} · {percent(value / self.total)}", f"{name}  {size}", name]

    def _labels(self) -> list[Label]:
        """Labels in the rectangles where they fit (of cells that are alike in the first), else beside."""
        within, outside = [], []
        for area in self._different():
            name = fonts.drawable(area.called)
            label = inside(self._facts(name, area.value), area) if area.height > LEAST else None
            if label:
                within.append(label._replace(fill=palette.theme().fills[self._style(area)]))
            elif area.name is None:
                outside.append((area.y + area.height / 2, self._facts(name, area.value)[0]))
        for band, (y, value) in self._cut_bands().items():
            outside.append((y, self._facts(fonts.drawable(band), value)[0]))
        for name, value in self.reference.items():
            text = f"{fonts.drawable(name)}  {amount(value, self.unit)}"
            outside.append((HIGH * (1 - self._side(value)), text))
        return within + beside(sorted(outside, key=lambda spot: spot[0]), self._lane)

    def _different(self) -> Iterator[Area]:
        """Every area, without the cells that are as large as those of the same name just above."""
        above: dict[str | None, float] = {}
        for area in self.areas:
            if area.name is None or abs(area.value - above.get(area.name, -1)) > 1e-9 * area.value:
                yield area
            above[area.name] = area.value

    def _cut_bands(self) -> dict[str, tuple[float, float]]:
        """Of the bands that are cut into cells: the middle, and the sum."""
        found = {}
        for area in self.areas:
            if area.name is not None:
                found[area.band] = area.y + area.height / 2, _sum(self.values[area.band])
        return found

    # ------------------------------------------------------------ the view

    def key(self) -> tuple[Any, ...]:
        names = tuple((band, tuple(v) if isinstance(v, dict) else ()) for band, v in self.values.items())
        return names, tuple(self.reference), self.unit

    @property
    def _sample(self) -> float:
        return fonts.measure(SAMPLES.get(self.unit, "  88.8 M · 88.8 %"))

    @cached_property
    def _lane(self) -> float:
        """Room for the labels beside the picture: it depends on their names, not on their numbers."""
        names = [fonts.measure(fonts.drawable(name)) for name in (*self.values, *self.reference)]
        longest = max(names) + self._sample
        return min(LANE, 16.0 * math.ceil(longest / 16))

    @cached_property
    def _legend(self) -> list[tuple[str, float, float]]:
        """The names of the kinds and where they stand below the picture."""
        found, x, y, room = [], 0.0, HIGH + 18, self._sample + 40
        for name in self.kinds:
            text = fonts.fitted(name, WIDE + self._lane - room)
            wide = fonts.measure(text) + room
            if x and x + wide > WIDE + self._lane:
                x, y = 0.0, y + LINE + 4
            found.append((text, x, y))
            x += wide
        return found

    def box(self, measure: Measure) -> Box:
        foot = self._legend[-1][2] + 12 if self._legend else HIGH + 6
        return Box(WIDE + OUT + self._lane, foot, 4, 4, LINE + 4, 2, least=fonts.LEAST)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        drawn = Drawn(ax)
        frame = [(0, 0), (WIDE, 0), (WIDE, HIGH), (0, HIGH)]
        style: dict[str, Any] = {
            "facecolors": palette.theme().ground,
            "edgecolors": palette.theme().outline,
            "linewidths": 1.0,
            "clip_on": False,
        }
        ax.add_collection(PolyCollection([frame], **style), autolim=False)
        patterns = [_pattern(kind, bool(self.kinds)) for kind in range(len(HATCHES))]
        drawn.parts.fills = [_lines(ax, drawn, PolyCollection, **pattern) for pattern in patterns]
        style = {"facecolors": "none", "edgecolors": palette.theme().outline, "linewidths": 0.9}
        drawn.parts.edges = _lines(ax, drawn, PolyCollection, **style)
        style = {"facecolors": "none", "linestyles": "--", "linewidths": 1.2}
        style["edgecolors"] = palette.theme().ink
        drawn.parts.dashed = _lines(ax, drawn, PolyCollection, **style)
        drawn.parts.pads = _lines(ax, drawn, PolyCollection, linewidths=0.0)
        drawn.parts.leaders = _lines(ax, drawn, LineCollection, colors=palette.theme().frame, linewidths=0.8)
        drawn.parts.texts = {size: moving(ax, drawn) for size in (fonts.SIZE, fonts.SMALL)}
        for i, (text, x, y) in enumerate(self._legend):
            swatch = [(x, y - 7), (x + 20, y - 7), (x + 20, y + 7), (x, y + 7)]
            ax.add_collection(PolyCollection([swatch], clip_on=False, **patterns[i]), autolim=False)
            steady(ax, x + 26, y, text)
        return drawn

    def update(self, drawn: Drawn) -> None:
        for kind, fill in enumerate(drawn.parts.fills):
            fill.set_verts(merged(self._painted[kind]))
        whole = Area("", None, 0, *corner(self._side(self.total)))
        edged = [area for area in self.areas if min(area[5:]) > 4]
        drawn.parts.edges.set_verts([area.corners for area in (*edged, whole)])
        sides = [self._side(value) for value in self.reference.values()]
        drawn.parts.dashed.set_verts([Area("", None, 0, *corner(side)).corners for side in sides])
        labels = [*self._labels(), *self._totals()]
        padded = [label for label in labels if label.fill and self.reference]
        drawn.parts.pads.set_verts([label.pad for label in padded])
        drawn.parts.pads.set_facecolor([label.fill for label in padded] or "none")
        led = [label for label in labels if label.place is not None]
        leaders = [[(WIDE, one.place), (WIDE + 6, one.y), (one.x - 3, one.y)] for one in led]
        drawn.parts.leaders.set_segments(leaders)
        for size, collection in drawn.parts.texts.items():
            mine = [label for label in labels if label.size == size]
            points = [(label.x, label.y) for label in mine]
            set_moving(collection, [label.text for label in mine], points, 0, size)

    def _totals(self) -> Iterator[Label]:
        """The line above the picture, and the sum of each kind below it."""
        yield Label(
            fonts.fitted(self.headline, WIDE + OUT + self._lane, width=length), fonts.SIZE, 0, -LINE / 2 - 2
        )
        for (text, x, y), name in zip(self._legend, self.kinds, strict=True):
            value = self._sum_of(name)
            words = f"{amount(value, self.unit)} · {percent(value / self.total)}"
            yield Label(words, fonts.SIZE, x + 26 + fonts.measure(text) + 8, y)

    def _sum_of(self, kind: str) -> float:
        return math.fsum(b.get(kind, 0.0) for b in self.values.values() if isinstance(b, dict))

    # ------------------------------------------------------------ the pointer and the words

    def hits(self, box: Box) -> list[Hit]:
        """The small ones first, and none so thin that it cannot be pointed at."""
        found = []
        areas = [area for area in self.areas if area.value]
        for area in sorted(areas, key=lambda area: min(area[5:])):
            wide, high = max(4.0, area.width), max(4.0, area.height)
            x = min(area.x - (wide - area.width) / 2, WIDE - wide)
            y = min(area.y - (high - area.height) / 2, HIGH - high)
            place = max(0.0, x), max(0.0, y), wide, high
            name = area.band if area.name is None else f"{area.band}, {area.name}"
            found.append(grid.grid_hit(place, [name], [""], [[self._told(area.value)]], axes=("", "")))
        return found

    def _told(self, value: float) -> str:
        return f"{exact(value, self.unit)}, {percent(value / self.total)} of {amount(self.total, self.unit)}"

    def caption(self) -> str:
        sizes = {band: _sum(values) for band, values in self.values.items()}
        order = sorted(sizes, key=lambda band: -round(sizes[band] / self.total, 9))[:2]
        parts = [f"{phrases.names([band])[0]} {percent(sizes[band] / self.total)}" for band in order]
        total = named(self.total, self.unit)
        if self._whole > self.total * (1 + 1e-9):
            total += (
                f", {percent(self.total / self._whole)} of {self.whole or amount(self._whole, self.unit)}"
            )
        over = [name for name, value in self.reference.items() if self.total > value]
        room = f"more than {', '.join(over)}" if over else ""
        return phrases.line([total, ", ".join(parts) if len(sizes) > 1 else "", room])

    def describe(self) -> str:
        said: list[tuple[list[str], str]] = []
        for band, values in self.values.items():
            words = self._said(values)
            if said and isinstance(values, dict) and said[-1][1] == words:
                said[-1][0].append(band)
            else:
                said.append(([band], words))
        bands = "; ".join(f"{_span(names)} {words}" for names, words in said)
        text = f"{self.title or 'areas'}, {exact(self.total, self.unit)}{self._of_whole()}: {bands}"
        for name, value in self.reference.items():
            text += f"; outline of {name} {amount(value, self.unit)}"
        return text + "."

    def _said(self, values: Band) -> str:
        if not isinstance(values, dict):
            return self._share(values)
        cells = ", ".join(f"{name} {self._share(value)}" for name, value in values.items())
        return f"{self._share(_sum(values))}: {cells}"

    def _share(self, value: float) -> str:
        if value == 0:
            return "0 (not drawn)"
        return f"{amount(value, self.unit)} ({percent(value / self.total)})"


def _span(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}, each"


def _sum(values: Band) -> float:
    return math.fsum(values.values()) if isinstance(values, dict) else values


def _pattern(kind: int, patterned: bool) -> dict[str, Any]:
    hatch, colours = HATCHES[kind] if patterned else "", palette.theme()
    style: dict[str, Any] = {"facecolors": colours.fills[kind], "linewidths": 0.0}
    more = {"hatch": hatch, "edgecolors": colours.patterns[kind], "hatch_linewidth": 0.7}
    return style | more if hatch else style


def _lines(ax: Axes, drawn: Drawn, kind: type, **style: Any) -> Any:
    """An empty collection that moves."""
    collection = kind([], clip_on=False, **style)
    ax.add_collection(collection, autolim=False)
    drawn.moving.append(collection)
    return collection
