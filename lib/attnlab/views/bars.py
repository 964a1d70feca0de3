"""Bars."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from attnlab.views import fonts, grid, inputs, palette, phrases, rounding
from attnlab.views.inputs import ROWS, Labels, Limit, MaybeNumber, Numbers, Text
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import compact, number
from attnlab.views.view import View

ROW, LOW, LONG = 30, 22, 200  # pixels: a bar with its gap, how low at least, the longest bar
THICK, DOT = 21, 4.5  # pixels: a bar at most, half of a dot


class BarValues(Numbers):
    """Numbers, or a dict label -> number."""

    def look(self, view: Any, given: Any) -> np.ndarray:
        if isinstance(given, Mapping):
            vars(view)["_given_labels"], given = tuple(given), list(given.values())
        return super().look(view, given)


class BarLabels(Labels):
    """Labels; by default those that came with the values."""

    def look(self, view: Any, given: Iterable[object] | None) -> tuple[str, ...]:
        return super().look(view, vars(view).get("_given_labels") if given is None else given)


@dataclass(frozen=True)
class Bars(View):
    """One horizontal bar per label, with its number. `values` may be a dict label -> value.

    The scale ends at `limit` (default: 1 for values from 0.01 to 1, else the next round number). `log`: a
    logarithmic scale of whole decades, with dots, because no bar can start at 0 there; it starts at `floor`,
    and smaller values have no dot (default: below the smallest value). `guide`: a dashed line at that
    value. Raises ValueError for NaN, a wrong number of labels, values <= 0 on a log scale without a floor.
    """

    values: BarValues = BarValues(1, most=(ROWS,))
    labels: BarLabels = BarLabels("values")
    title: Text = Text("")
    limit: Limit = Limit(None)
    log: bool = False
    guide: MaybeNumber = MaybeNumber(None)
    unit: Text = Text("")
    floor: Limit = Limit(None)

    def __post_init__(self) -> None:
        if self.log and self.floor is None:
            inputs.above_0(self.values, "Bars values")
        if self.floor is not None and (not self.log or self.values.min() < 0):
            raise ValueError("floor starts a log scale of values that are 0 or more: pass log=True")
        if self.log and self.guide is not None:
            inputs.above_0(self.guide, "guide")

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The values at the two ends of the scale."""
        shown = self.values if self.guide is None else np.append(self.values, self.guide)
        high = float(np.abs(shown).max())
        if self.log:
            low = math.floor(math.log10(self.floor or shown.min()) + 1e-9)
            top = math.log10(max(self.limit or 0, high, 10.0**low))
            return 10.0**low, 10.0 ** max(low + 1, math.ceil(top - 1e-9))
        limit = self.limit or (1.0 if 0.01 <= high <= 1 else rounding.nice(high))
        limit = limit if self.guide is None else max(limit, rounding.nice(abs(self.guide)))
        return (-limit if shown.min() < -1e-9 * limit else 0.0), float(limit)

    @cached_property
    def texts(self) -> list[str]:
        """The numbers: as many digits as the scale needs."""
        return [self._text(value) for value in self.values]

    def _text(self, value: float) -> str:
        high = self.ends[1]
        if self.log or not 0.1 <= high < 10000:
            return compact(value, 0.0 if self.log else rounding.nothing(high))
        return number(value, 3 if high <= 1 else 2 if high < 100 else 0)

    @property
    def _ticks(self) -> list[tuple[float, str]]:
        """Places on the scale and their texts; the middle one where it has room."""
        low, high = self.ends
        unit = fonts.fitted(self.unit, LONG / 2)
        if self.log:
            every = list(rounding.powers(low, high, 4).items())
            return [*every[:-1], (every[-1][0], every[-1][1] + unit)]
        places = [low, high, (low + high) / 2]
        texts = [rounding.plain(v).replace("-", "−") for v in places]
        if sum(fonts.measure(text + unit) for text in texts) < LONG + 60:
            return [(place, text + unit) for place, text in zip(places, texts, strict=True)]
        return [(places[0], texts[0]), (places[1], texts[1] + unit)]

    def key(self) -> tuple[Any, ...]:
        return self.labels, self.ends, self.log, self.guide, self.unit

    def box(self, measure: Measure) -> Box:
        half = max(measure(text) for _, text in self._ticks) / 2 + 2
        left = max(max(measure(fonts.shown(label)) for label in self.labels) + 12, half)
        between = ["999.99"] if self.log else []  # longer than at the ends
        longest = max(map(measure, [*self.texts, *map(self._text, self.ends), *between]))
        right = max(62, half, 16 * math.ceil((longest + 14) / 16))
        count = len(self.labels)
        return Box(LONG, ROW * count, left, right, 6, 30, grow=True, low=LOW * count)

    def _place(self, values: Any, width: float) -> np.ndarray:
        low, high = self.ends
        if self.log:
            return np.log10(np.maximum(values, low) / low) / math.log10(high / low) * width
        return np.clip((np.asarray(values) - low) / (high - low), 0, 1) * width

    def draw(self, ax: Axes, box: Box) -> Drawn:
        foot, row = box.height, box.height / len(self.labels)
        for i, label in enumerate(self.labels):
            fonts.write(ax, -8, (i + 0.5) * row, fonts.shown(label), ha="right")
        for tick, text in self._ticks:
            x = float(self._place(tick, box.width))
            ax.plot([x, x], [0, foot + 4], color=palette.theme().grid, linewidth=0.8, zorder=0, clip_on=False)
            fonts.write(ax, x, foot + 15, text, ha="center", color=palette.theme().soft)
        bars = PolyCollection([], facecolors=palette.theme().lines[0], clip_on=False)
        ax.add_collection(bars, autolim=False)
        zero = 0.0 if self.log else float(self._place(0.0, box.width))
        numbers = fonts.numbers(ax, np.zeros((len(self.labels), 2)))
        drawn = Drawn(ax, moving=[bars, numbers])
        vars(drawn.parts).update(bars=bars, numbers=numbers, width=box.width, zero=zero, row=row)
        if self.guide is not None:
            x = float(self._place(self.guide, box.width))
            drawn.moving += ax.plot(
                [x, x], [0, foot], color=palette.theme().ink, linestyle="--", linewidth=1.4, clip_on=False
            )
        return drawn

    def update(self, drawn: Drawn) -> None:
        zero, tips = drawn.parts.zero, self._place(self.values, drawn.parts.width)
        row = drawn.parts.row
        heights = (np.arange(len(tips)) + 0.5) * row
        half = DOT if self.log else min(THICK, row * 0.7) / 2
        up, down = heights - half, heights + half
        start = np.full_like(tips, zero)
        corners = np.array([[start, up], [tips, up], [tips, down], [start, down]])  # (4, 2, n)
        if self.log:
            tips = np.where(self.values < self.ends[0], -1e4, tips)  # beyond the scale: no dot
            around = np.linspace(0, 2 * np.pi, 20, endpoint=False)
            corners = np.stack(
                [tips + DOT * np.cos(around)[:, None], heights + DOT * np.sin(around)[:, None]], 1
            )
        drawn.parts.bars.set_verts(corners.transpose(2, 0, 1))
        texts = self.texts
        widths = np.array([fonts.measure(text.replace("-", "−")) for text in texts])
        starts = self._clear_of_guide(np.maximum(tips, zero) + 8, widths, drawn.parts.width)
        drawn.parts.numbers.set_offsets(np.stack([starts + widths / 2, heights], 1))
        fonts.set_numbers(drawn.parts.numbers, texts, palette.theme().ink)

    def _clear_of_guide(self, starts: np.ndarray, widths: np.ndarray, width: float) -> np.ndarray:
        """Where the numbers start: those that would lie on the guide line stand behind it."""
        if self.guide is None:
            return starts
        x = float(self._place(self.guide, width))
        return np.where((starts - 4 < x) & (x < starts + widths + 4), x + 6, starts)

    def hits(self, box: Box) -> list[Hit]:
        values = [[text + self.unit] for text in self.texts]
        place = (-box.left, 0, box.left + box.width, box.height)
        return [grid.grid_hit(place, self.labels, [""], values, axes=("", ""))]

    def caption(self) -> str:
        texts = [text.replace("-", "−") + self.unit for text in self.texts]
        pairs = zip(phrases.names(self.labels), texts, strict=True)
        said = [f"{name} {text}".strip() for name, text in pairs]
        above = self._above(len(said))
        if len(said) <= phrases.FEW:
            return phrases.line([", ".join(said), above])
        low, high = self.ends
        worth = np.round(np.log(np.maximum(self.values, low)) if self.log else self.values / high, 9)
        if len(set(texts)) == 1:
            return phrases.line([f"all {len(said)} equal, {texts[0]}", above])
        first, second, *_, last = np.argsort(-worth, kind="stable")
        return phrases.line([f"largest {said[first]}, then {said[second]}; smallest {said[last]}", above])

    def _above(self, count: int) -> str:
        """How many of the bars reach beyond the guide line."""
        if self.guide is None:
            return ""
        beyond = int((self.values > self.guide * (1 + 1e-9)).sum())
        return f"{beyond} of {count} above {compact(self.guide)}".replace("-", "−")

    def describe(self) -> str:
        pairs = zip(inputs.distinct(self.labels), self.texts, strict=True)
        rows = ", ".join(f"{label} {text}{self.unit}" for label, text in pairs)
        guide = "" if self.guide is None else f"; guide line at {compact(self.guide)}"
        return f"{self.title or 'bars'}{', log scale' if self.log else ''}: {rows}{guide}."
