"""Bars and curves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D

from attnlab.views import fonts, grid, inputs, palette, rounding
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import compact, number
from attnlab.views.view import View

ROW, LONG = 30, 200  # pixels: a bar with its gap, the longest bar
WIDTH, HEIGHT, SAMPLE = 250, 230, 66  # pixels: the curves, the piece of line beside a name
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Bars(View):
    """One horizontal bar per label, with its number. `values` may be a dict label -> value.

    The scale ends at `limit` (default: 1 for values from 0.01 to 1, else the next round number). `log`: a
    logarithmic scale of whole decades; it begins at `floor`, where smaller values have no bar (default: below
    the smallest value). `guide`: a dashed line at that value. Raises ValueError for NaN, a wrong number of
    labels, values <= 0 on a log scale without a floor.
    """

    values: Any
    labels: Sequence[Any] | None = None
    title: str = ""
    limit: float | None = None
    log: bool = False
    guide: float | None = None
    unit: str = ""
    floor: float | None = None

    def __post_init__(self) -> None:
        values, labels = self.values, self.labels
        if isinstance(values, Mapping):
            values, labels = list(values.values()), list(values) if labels is None else labels
        fields = {
            "values": _finite(values, "Bars values", self.log and self.floor is None),
            "limit": inputs.as_limit(self.limit),
            "floor": inputs.as_limit(self.floor, "floor"),
            "guide": inputs.as_number(self.guide, "guide"),
        }
        if self.floor is not None and (not self.log or fields["values"].min() < 0):
            raise ValueError("floor begins a log scale of values that are 0 or more: pass log=True")
        if self.guide is not None:
            _finite([self.guide], "guide", self.log)
        fields["labels"] = inputs.as_labels(labels, len(fields["values"]), "labels", "the values")
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def ends(self) -> tuple[float, float]:
        """The values at the two ends of the scale."""
        shown = self.values if self.guide is None else np.append(self.values, self.guide)
        high = float(np.abs(shown).max())
        if self.log:
            low = math.floor(math.log10(self.floor or shown.min()) - 1e-9 * (self.floor is None))
            top = math.log10(max(self.limit or 0, high, 10.0**low))
            return 10.0**low, 10.0 ** max(low + 1, math.ceil(top - 1e-9))
        limit = self.limit or (1.0 if 0.01 <= high <= 1 else rounding.nice(high))
        limit = limit if self.guide is None else max(limit, rounding.nice(abs(self.guide)))
        return (-limit if shown.min() < -1e-9 * limit else 0.0), float(limit)

    @property
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
        places = [low, high] if self.log else [low, high, (low + high) / 2]
        texts = [rounding.plain(v).replace("-", "−") for v in places]
        unit = fonts.fitted(self.unit, LONG / 2)
        if sum(fonts.measure(text + unit) for text in texts) < LONG + 60:
            return [(place, text + unit) for place, text in zip(places, texts, strict=True)]
        return [(places[0], texts[0]), (places[1], texts[1] + unit)]

    def key(self) -> tuple[Any, ...]:
        return self.labels, self.ends, self.log, self.guide, self.unit

    def box(self, measure: Measure) -> Box:
        (_, first), (_, last), *_ = self._ticks
        left = max(max(measure(fonts.shown(label)) for label in self.labels) + 12, measure(first) / 2 + 2)
        between = ["999.99"] if self.log else []  # longer than at the ends
        longest = max(map(measure, [*self.texts, *map(self._text, self.ends), *between]))
        right = max(62, measure(last) / 2 + 2, 16 * math.ceil((longest + 14) / 16))
        return Box(LONG, ROW * len(self.labels), left, right, 6, 30, grow=True)

    def _place(self, values: np.ndarray | float, width: float) -> np.ndarray | float:
        low, high = self.ends
        if self.log:
            return np.log10(np.maximum(values, low) / low) / math.log10(high / low) * width
        return np.clip((np.asarray(values) - low) / (high - low), 0, 1) * width

    def draw(self, ax: Axes, box: Box) -> Drawn:
        foot = ROW * len(self.labels)
        for i, label in enumerate(self.labels):
            fonts.write(ax, -8, (i + 0.5) * ROW, fonts.shown(label), ha="right")
        for tick, text in self._ticks:
            x = float(self._place(tick, box.width))
            ax.plot([x, x], [0, foot + 4], color="#d0d0d0", linewidth=0.8, zorder=0, clip_on=False)
            fonts.write(ax, x, foot + 15, text, ha="center", color=palette.GREY)
        bars = PolyCollection([], facecolors=palette.COLOURS[0], clip_on=False)
        ax.add_collection(bars, autolim=False)
        zero = 0.0 if self.log else float(self._place(0.0, box.width))
        parts = [bars, fonts.numbers(ax, np.zeros((len(self.labels), 2)))]
        if self.guide is not None:
            x = float(self._place(self.guide, box.width))
            parts += ax.plot([x, x], [0, foot], color="black", linestyle="--", linewidth=1.4, clip_on=False)
        drawn = Drawn(ax, moving=parts)
        drawn.parts.width, drawn.parts.zero = box.width, zero
        return drawn

    def update(self, drawn: Drawn) -> None:
        zero, tips = drawn.parts.zero, self._place(self.values, drawn.parts.width)
        heights = (np.arange(len(tips)) + 0.5) * ROW
        up, down = heights - ROW * 0.34, heights + ROW * 0.34
        start = np.full_like(tips, zero)
        corners = np.stack([[start, up], [tips, up], [tips, down], [start, down]])  # (4, 2, n)
        drawn.moving[0].set_verts(corners.transpose(2, 0, 1))
        texts = self.texts
        widths = np.array([fonts.measure(text.replace("-", "−")) for text in texts])
        starts = self._clear_of_guide(np.maximum(tips, zero) + 8, widths, drawn.parts.width)
        drawn.moving[1].set_offsets(np.stack([starts + widths / 2, heights], 1))
        fonts.set_numbers(drawn.moving[1], texts, "black")

    def _clear_of_guide(self, starts: np.ndarray, widths: np.ndarray, width: float) -> np.ndarray:
        """Where the numbers start: those that would lie on the guide line stand behind it."""
        if self.guide is None:
            return starts
        x = float(self._place(self.guide, width))
        return np.where((starts - 4 < x) & (x < starts + widths + 4), x + 6, starts)

    def hits(self, box: Box) -> list[Hit]:
        values = [[text + self.unit] for text in self.texts]
        place = (-box.left, 0, box.left + box.width, ROW * len(self.labels))
        return [grid.grid_hit(place, self.labels, [""], values, axes=("", ""))]

    def describe(self) -> str:
        pairs = zip(inputs.distinct(self.labels), self.texts, strict=True)
        rows = ", ".join(f"{label} {text}{self.unit}" for label, text in pairs)
        guide = "" if self.guide is None else f"; guide line at {compact(self.guide)}"
        return f"{self.title or 'bars'}{', log scale' if self.log else ''}: {rows}{guide}."


@dataclass(frozen=True)
class Curves(View):
    """Lines over a common x (default 0, 1, 2 ...): `series` is a dict name -> y.

    `at` puts a cursor at that x and a marker with its value on every curve. `band` is a dict name -> (low,
    high) around the curve of that name. `log`: logarithmic y; `xlog`: logarithmic x. `xlim`, `ylim` fix an
    axis: what grows moves then without a new axis for every frame. Raises ValueError for lengths that differ
    (names both), NaN, values <= 0 on a log scale.
    """

    series: Mapping[str, Any]
    title: str = ""
    x: Any = None
    at: float | None = None
    xlabel: str = ""
    ylabel: str = ""
    log: bool = False
    ylim: tuple[float, float] | None = None
    band: Mapping[str, tuple[Any, Any]] | None = None
    xlim: tuple[float, float] | None = None
    xlog: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.series, Mapping) or not 0 < len(self.series) <= len(palette.COLOURS):
            raise ValueError(
                f"Curves takes a dict of 1 to {len(palette.COLOURS)} named series, got {self.series!r:.60}"
            )
        series = {str(n): _finite(y, f"series {n!r}", self.log) for n, y in self.series.items()}
        length = len(next(iter(series.values())))
        x = _finite(np.arange(length) if self.x is None else self.x, "x", self.xlog)
        band = {str(n): _pair(pair, f"band {n!r}", self.log) for n, pair in (self.band or {}).items()}
        for name, y in [*series.items(), *((f"band {n}", y) for n, pair in band.items() for y in pair)]:
            if len(y) != len(x):
                raise ValueError(
                    f"series {name!r} has {len(y)} points, but x has {len(x)}: they must be as many"
                )
        if unknown := set(band) - set(series):
            raise ValueError(f"band names {sorted(unknown)}, but the series are {sorted(series)}")
        fields = {"series": series, "x": x, "band": band, "at": inputs.as_number(self.at, "at")}
        fields["xlim"] = _range(self.xlim, self.xlog, "xlim")
        fields["ylim"] = _range(self.ylim, self.log, "ylim")
        _finite([1 if self.at is None else self.at], "at", self.xlog)
        for field, value in fields.items():
            object.__setattr__(self, field, value)

    @property
    def ends(self) -> tuple[float, float]:
        """The two ends of the y axis."""
        if self.ylim is not None:
            return self.ylim
        every = np.concatenate([*self.series.values(), *(b for pair in self.band.values() for b in pair)])
        low, high = float(every.min()), float(every.max())
        if self.log:
            return _decades(low, high)
        low = 0.0 if low >= -1e-9 * max(high, 1e-9) else low  # a little noise below 0 is no sign
        return -rounding.nice(-low) if low < 0 else 0.0, rounding.nice(
            high
        ) if high > 0 else 0.0 if low < 0 else 1.0

    @property
    def span(self) -> tuple[float, float]:
        """The two ends of the x axis."""
        low, high = self.xlim or (float(self.x.min()), float(self.x.max()))
        if self.xlog and self.xlim is None:
            return _decades(low, high)
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def key(self) -> tuple[Any, ...]:
        axes = self.span, self.ends, self.log, self.xlog, self.xlabel, self.ylabel
        return tuple(self.series), tuple(self.band), *axes

    def _yticks(self) -> dict[float, str]:
        return _powers(*self.ends) if self.log else round_ticks(*self.ends, 6)

    def _xticks(self) -> dict[float, str]:
        """As many ticks as have room for their texts."""
        if self.xlog:
            return _powers(*self.span)
        for count in range(6, 1, -1):
            ticks = round_ticks(*self.span, count)
            if sum(fonts.measure(text) + 14 for text in ticks.values()) < WIDTH:
                break
        return ticks

    def _columns(self) -> int:
        """Names beside each other above the curves."""
        longest = max(fonts.measure(fonts.fitted(name, WIDTH - SAMPLE)) for name in self.series) + SAMPLE
        return max(1, min(len(self.series), int(WIDTH // longest)))

    def box(self, measure: Measure) -> Box:
        left = max((measure(text) for text in self._yticks().values()), default=0) + 16
        right = max((measure(text) / 2 for text in self._xticks().values()), default=0)
        rows = -(-len(self.series) // self._columns())
        name = 22 if self.ylabel else 0
        bottom = 46 if self.xlabel else 28
        return Box(WIDTH, HEIGHT, left + name, max(16, right + 2), 10 + 22 * rows, bottom, grow=True)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        xscale, yscale = ("log" if log else "linear" for log in (self.xlog, self.log))
        ax.set(xscale=xscale, yscale=yscale, xlim=self.span, ylim=self.ends)
        ax.set_axis_on()
        ax.minorticks_off()
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="#e4e4e4", linewidth=0.8)
        for axis, ticks in ((ax.xaxis, self._xticks()), (ax.yaxis, self._yticks())):
            axis.set_ticks(list(ticks), list(ticks.values()), fontproperties=fonts.font())
        self._label(ax, box)
        drawn = Drawn(ax)
        drawn.parts.lines = {n: self._line(ax, i) for i, n in enumerate(self.series)}
        drawn.parts.bands = {n: self._band(ax, list(self.series).index(n)) for n in self.band}
        self._legend(ax, list(drawn.parts.lines.values()))
        drawn.parts.cursor = ax.axvline(0, color=palette.GREY, linewidth=1.2)
        drawn.parts.dots = [
            ax.plot([], [], m, color=c, markersize=7, clip_on=False)[0]
            for m, c, _ in zip(palette.MARKERS, palette.COLOURS, self.series, strict=False)
        ]
        lines = [*drawn.parts.bands.values(), *drawn.parts.lines.values()]
        drawn.moving = [*lines, drawn.parts.cursor, *drawn.parts.dots]
        return drawn

    def _label(self, ax: Axes, box: Box) -> None:
        """The names of the axes, at places in pixels from the upper left corner."""
        pixels = Affine2D().scale(1 / box.width, -1 / HEIGHT).translate(0, 1) + ax.transAxes
        style = {"ha": "center", "transform": pixels}
        fonts.write(ax, box.width / 2, HEIGHT + 36, fonts.fitted(self.xlabel, WIDTH), **style)
        fonts.write(ax, 10 - box.left, HEIGHT / 2, fonts.fitted(self.ylabel, HEIGHT), rotation=90, **style)

    def _legend(self, ax: Axes, lines: Sequence[Line2D]) -> None:
        legend = ax.legend(
            lines, ["-"] * len(lines), loc="lower left", bbox_to_anchor=(0, 1.0), ncols=self._columns(),
            frameon=False, prop=fonts.font(), borderaxespad=0.1, handlelength=2.4, columnspacing=1.2,
        )  # fmt: skip
        for text, name in zip(legend.get_texts(), self.series, strict=True):
            text.set(text=fonts.fitted(name, WIDTH - SAMPLE), parse_math=False)

    def _line(self, ax: Axes, i: int) -> Line2D:
        style = {"color": palette.COLOURS[i], "linestyle": palette.STYLES[i], "marker": palette.MARKERS[i]}
        return ax.plot([], [], markersize=4.5, linewidth=1.8, **style)[0]

    def _band(self, ax: Axes, i: int) -> Any:
        return ax.add_collection(
            PolyCollection([], facecolors=palette.COLOURS[i], alpha=0.2, linewidths=0), autolim=False
        )

    def update(self, drawn: Drawn) -> None:
        for name, y in self.series.items():
            drawn.parts.lines[name].set_data(self.x, y)
            drawn.parts.lines[name].set_markevery(max(1, len(self.x) // 8))
        for name, (low, high) in self.band.items():
            edge = np.concatenate([np.stack([self.x, low], 1), np.stack([self.x, high], 1)[::-1]])
            drawn.parts.bands[name].set_verts([edge])
        drawn.parts.cursor.set_visible(self.at is not None)
        for dot in drawn.parts.dots:
            dot.set_visible(False)
        if self.at is not None:
            drawn.parts.cursor.set_xdata([self.at, self.at])
            for dot, value in zip(drawn.parts.dots, self._values_at().values(), strict=True):
                low, high = self.ends
                dot.set_visible(low <= value <= high and self.span[0] <= self.at <= self.span[1])
                dot.set_data([self.at], [value])

    def _values_at(self) -> dict[str, float]:
        order = np.argsort(self.x, kind="stable")
        x, at = (np.log(self.x), math.log(self.at)) if self.xlog else (self.x, self.at)
        return {name: float(np.interp(at, x[order], y[order])) for name, y in self.series.items()}

    def describe(self) -> str:
        words = []
        if self.at is not None:
            now = ", ".join(f"{name} {self._say(v)}" for name, v in self._values_at().items())
            words.append(f"at {self.xlabel or 'x'} {rounding.plain(self.at)}: {now}")
        for name, y in self.series.items():
            low = rounding.largest(-np.log(y) if self.log else -y, 1 if self.log else float(np.abs(y).max()))[
                0
            ]
            words.append(
                f"{name} from {self._say(y[0])} to {self._say(y[-1])}, smallest {self._say(y[low])}"
                f" at {rounding.plain(self.x[low])}, largest {self._say(y.max())}, mean {self._say(y.mean())}"
            )
        return f"{self.title or 'curves'}: " + "; ".join(words) + "."

    def _say(self, value: float) -> str:
        return compact(value, 0.0 if self.log else rounding.nothing(max(map(abs, self.ends))))


def _finite(values: Any, name: str, log: bool) -> np.ndarray:
    """A row of finite numbers, all above 0 for a log scale."""
    array = inputs.as_array(values, name, 1)
    if log and array.min() <= 0:
        raise ValueError(f"{name} holds {array.min():.3g}, but a log scale starts above 0: pass log=False")
    return array


def _range(limits: Any, log: bool, name: str) -> tuple[float, float] | None:
    if limits is None:
        return None
    ends = _finite(limits, name, log)
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise ValueError(f"{name} must be (low, high) with low < high, got {limits}")
    return float(ends[0]), float(ends[1])


def _pair(pair: Any, name: str, log: bool) -> tuple[np.ndarray, np.ndarray]:
    if len(pair) != 2:
        raise ValueError(f"{name} must be a pair (low, high), got {len(pair)} rows")
    return _finite(pair[0], name, log), _finite(pair[1], name, log)


def _decades(low: float, high: float) -> tuple[float, float]:
    """The powers of ten around two numbers."""
    first = math.floor(math.log10(low) + 1e-9)
    return 10.0**first, 10.0 ** max(first + 1, math.ceil(math.log10(high) - 1e-9))


def _powers(low: float, high: float) -> dict[float, str]:
    """At most 6 powers of ten from low to high, with their texts."""
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    return {10.0**p: f"10{str(p).translate(_RAISED)}" for p in powers[:: -(-len(powers) // 6)]}


@lru_cache(256)
def round_ticks(low: float, high: float, count: int) -> dict[float, str]:
    """At most about `count` round numbers from low to high, with their texts."""
    places = MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    slack = 1e-9 * (high - low)
    kept = (0.0 if abs(v) <= slack else float(v) for v in places if low - slack <= v <= high + slack)
    return {v: rounding.plain(v).replace("-", "−") for v in kept}
