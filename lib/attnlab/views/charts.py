"""Curves over a common axis."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D

from attnlab.views import fonts, grid, palette, phrases, rounding
from attnlab.views.inputs import Field, MaybeNumber, Text, above_0, as_array, as_text
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import compact
from attnlab.views.view import View

WIDTH, HEIGHT, LOW, SAMPLE = 250, 230, 120, 66  # pixels: the curves, how low at least, a line beside a name
LONGEST, NEXT = 150, 17  # pixels: of a name at the end of its line, from one to the next
SIGNS = "●", "■", "▲", "◆", "▼"  # the markers of the palette, in a text
MOST_POINTS = 6000  # of a curve; more share a pixel even on the sharpest screen


class Series(Field[Mapping[Any, Any], dict[str, np.ndarray]]):
    """A dict name -> numbers, at most as many as there are colours."""

    def look(self, view: Any, given: Mapping[Any, Any]) -> dict[str, np.ndarray]:
        if not isinstance(given, Mapping) or not 0 < len(given) <= len(palette.MARKERS):
            raise ValueError(
                f"Curves takes a dict of 1 to {len(palette.MARKERS)} named series, got {given!r:.60}"
            )
        return {as_text(name): as_array(y, f"series {name!r}", 1) for name, y in given.items()}


class Places(Field[Any, np.ndarray]):
    """The x of every point of the first series; default 0, 1, 2 ..."""

    def look(self, view: Any, given: Any) -> np.ndarray:
        first = next(iter(view.series.values()))
        return as_array(np.arange(len(first)) if given is None else given, self.name, 1)


class Bands(Field[Mapping[Any, Any] | None, dict[str, tuple[np.ndarray, np.ndarray]]]):
    """A dict name -> (low, high)."""

    def look(self, view: Any, given: Mapping[Any, Any] | None) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        if not isinstance(given, Mapping | None):
            raise TypeError(f"band must be a dict name -> (low, high), got {given!r:.60}")
        return {as_text(name): _pair(pair, f"band {name!r}") for name, pair in (given or {}).items()}


class Ends(Field[Any, tuple[float, float] | None]):
    """The two ends of an axis, or None."""

    def look(self, view: Any, given: Any) -> tuple[float, float] | None:
        if given is None:
            return None
        ends = as_array(given, self.name, 1)
        if len(ends) != 2 or not ends[0] < ends[1]:
            raise ValueError(f"{self.name} must be (low, high) with low < high, got {given}")
        return float(ends[0]), float(ends[1])


def _pair(pair: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    rows = [*pair] if isinstance(pair, Iterable) else []
    if len(rows) != 2:
        raise ValueError(f"{name} must be a pair (low, high), got {pair!r:.60}")
    return as_array(rows[0], name, 1), as_array(rows[1], name, 1)


@dataclass(frozen=True)
class Curves(View):
    """Lines over a common x (default 0, 1, 2 ...): `series` is a dict name -> y.

    `at` puts a cursor at that x and a marker with its value on every curve. `band` is a dict name -> (low,
    high) around the curve of that name. `log`: logarithmic y; `xlog`: logarithmic x. `xlim`, `ylim` fix an
    axis, so that growing curves do not change it in every frame. Raises ValueError for lengths that differ
    (names both), NaN, values <= 0 on a log scale.
    """

    series: Series = Series()
    title: Text = Text("")
    x: Places = Places(None)
    at: MaybeNumber = MaybeNumber(None)
    xlabel: Text = Text("")
    ylabel: Text = Text("")
    log: bool = False
    ylim: Ends = Ends(None)
    band: Bands = Bands(None)
    xlim: Ends = Ends(None)
    xlog: bool = False

    def __post_init__(self) -> None:
        up: list[tuple[str, Any]] = [(f"series {name!r}", y) for name, y in self.series.items()]
        up += [(f"band {name!r}", y) for name, pair in self.band.items() for y in pair]
        across: list[tuple[str, Any]] = [("x", self.x), ("xlim", self.xlim), ("at", self.at)]
        for name, y in up:
            if len(y) != len(self.x):
                raise ValueError(f"{name} has {len(y)} points, but x has {len(self.x)}: the two must match")
        if unknown := set(self.band) - set(self.series):
            raise ValueError(f"band names {sorted(unknown)}, but the series are {sorted(self.series)}")
        logs = ([*up, ("ylim", self.ylim)] if self.log else []) + (across if self.xlog else [])
        for name, given in logs:
            if given is not None:
                above_0(given, name)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The two ends of the y axis."""
        if self.ylim is not None:
            return self.ylim
        every = np.concatenate([*self.series.values(), *(b for pair in self.band.values() for b in pair)])
        low, high = float(every.min()), float(every.max())
        if self.log:
            return rounding.decades(low, high)
        low = 0.0 if low >= -1e-9 * max(high, 1e-9) else low  # a little noise below 0 is no sign
        return -rounding.nice(-low) if low < 0 else 0.0, rounding.nice(
            high
        ) if high > 0 else 0.0 if low < 0 else 1.0

    @cached_property
    def span(self) -> tuple[float, float]:
        """The two ends of the x axis."""
        low, high = self.xlim or (float(self.x.min()), float(self.x.max()))
        if self.xlog and self.xlim is None:
            return rounding.decades(low, high)
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def key(self) -> tuple[Any, ...]:
        axes = self.span, self.ends, self.log, self.xlog, self.xlabel, self.ylabel
        return tuple(self.series), tuple(self.band), *axes

    def _yticks(self) -> dict[float, str]:
        return (
            rounding.powers(*self.ends)
            if self.log
            else round_ticks(*self.ends, 6, _whole(*self.series.values()))
        )

    def _xticks(self) -> dict[float, str]:
        """As many ticks as have room for their texts."""
        if self.xlog:
            return rounding.powers(*self.span)
        for count in range(6, 1, -1):
            ticks = round_ticks(*self.span, count, _whole(self.x), "angle" in self.xlabel)
            if sum(fonts.measure(text) + 14 for text in ticks.values()) < WIDTH:
                break
        return ticks

    @cached_property
    def _names(self) -> list[str]:
        """The names at the ends of their lines, of several with their markers; none where one is too long."""
        signs = [f"{sign} " for sign in SIGNS] if len(self.series) > 1 else [""]
        names = [sign + fonts.drawable(name) for sign, name in zip(signs, self.series, strict=False)]
        return names if max(fonts.length(name) for name in names) <= LONGEST else []

    def _columns(self) -> int:
        """Names beside each other above the curves."""
        longest = max(fonts.measure(fonts.fitted(name, WIDTH - SAMPLE)) for name in self.series) + SAMPLE
        return max(1, min(len(self.series), int(WIDTH // longest)))

    def box(self, measure: Measure) -> Box:
        left = max((measure(text) for text in self._yticks().values()), default=0) + 16
        right = max((measure(text) / 2 for text in self._xticks().values()), default=0)
        rows = 0 if self._names else -(-len(self.series) // self._columns())
        beside = max((fonts.length(name) + 12 for name in self._names), default=0.0)
        name = 22 if self.ylabel else 0
        bottom = 46 if self.xlabel else 28
        right = math.ceil(max(16, right + 2, beside))
        return Box(WIDTH, HEIGHT, left + name, right, 10 + 22 * rows, bottom, grow=True, low=LOW)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        self._draw_axes(ax)
        self._label(ax, box)
        drawn = Drawn(ax)
        drawn.parts.lines = {n: self._line(ax, i) for i, n in enumerate(self.series)}
        drawn.parts.bands = {n: self._band(ax, list(self.series).index(n)) for n in self.band}
        if not self._names:
            self._legend(ax, list(drawn.parts.lines.values()))
        drawn.parts.cursor = ax.axvline(0, color=palette.theme().soft, linewidth=1.2)
        drawn.parts.dots = [
            ax.plot([], [], m, color=c, markersize=7, clip_on=False)[0]
            for m, c, _ in zip(palette.MARKERS, palette.theme().lines, self.series, strict=False)
        ]
        lines = [*drawn.parts.bands.values(), *drawn.parts.lines.values()]
        drawn.moving = [*lines, drawn.parts.cursor, *drawn.parts.dots]
        drawn.parts.width, drawn.parts.height = box.width, box.height
        drawn.parts.names = fonts.moving(ax, drawn)
        drawn.parts.names.set_offset_transform(_pixels(ax, box))
        return drawn

    def _draw_axes(self, ax: Axes) -> None:
        xscale, yscale = ("log" if log else "linear" for log in (self.xlog, self.log))
        ax.set(xscale=xscale, yscale=yscale, xlim=self.span, ylim=self.ends)
        ax.set_axis_on()
        ax.minorticks_off()
        ax.spines[["top", "right"]].set_visible(False)
        ax.spines[["left", "bottom"]].set_color(palette.theme().soft)
        ax.tick_params(color=palette.theme().soft, labelcolor=palette.theme().ink)
        ax.grid(color=palette.theme().grid, linewidth=0.8)
        for axis, ticks in ((ax.xaxis, self._xticks()), (ax.yaxis, self._yticks())):
            axis.set_ticks(list(ticks), list(ticks.values()), fontproperties=fonts.font())

    def _label(self, ax: Axes, box: Box) -> None:
        """The names of the axes, at places in pixels from the upper left corner."""
        style: dict[str, Any] = {"ha": "center", "transform": _pixels(ax, box)}
        fonts.write(ax, box.width / 2, box.height + 36, fonts.fitted(self.xlabel, WIDTH), **style)
        up = fonts.fitted(self.ylabel, box.height)
        fonts.write(ax, 10 - box.left, box.height / 2, up, rotation=90, **style)

    def _legend(self, ax: Axes, lines: Sequence[Line2D]) -> None:
        legend = ax.legend(
            lines, ["-"] * len(lines), loc="lower left", bbox_to_anchor=(0, 1.0), ncols=self._columns(),
            frameon=False, prop=fonts.font(), borderaxespad=0.1, handlelength=2.4, columnspacing=1.2,
        )  # fmt: skip
        for text, name in zip(legend.get_texts(), self.series, strict=True):
            text.set(text=fonts.fitted(name, WIDTH - SAMPLE), parse_math=False, color=palette.theme().ink)

    def _line(self, ax: Axes, i: int) -> Line2D:
        style: dict[str, Any] = {
            "color": palette.theme().lines[i],
            "linestyle": palette.STYLES[i],
            "marker": palette.MARKERS[i] if len(self.series) > 1 else None,  # alone it needs none
        }
        return ax.plot([], [], markersize=4.5, linewidth=1.8, **style)[0]

    def _band(self, ax: Axes, i: int) -> Any:
        return ax.add_collection(
            PolyCollection([], facecolors=palette.theme().lines[i], alpha=0.2, linewidths=0), autolim=False
        )

    def update(self, drawn: Drawn) -> None:
        for name, y in self.series.items():
            kept = _thinned(y)
            drawn.parts.lines[name].set_data(self.x[kept], y[kept])
            drawn.parts.lines[name].set_markevery(max(1, len(self.x[kept]) // 8))
        for name, pair in self.band.items():
            low, high = (np.stack([self.x, y], 1)[_thinned(y)] for y in pair)
            edge = np.concatenate([low, high[::-1]])
            drawn.parts.bands[name].set_verts([edge])
        self._name_lines(drawn)
        drawn.parts.cursor.set_visible(self.at is not None)
        for dot in drawn.parts.dots:
            dot.set_visible(False)
        if self.at is not None:
            drawn.parts.cursor.set_xdata([self.at, self.at])
            bottom, top = self.ends
            now = self._values(self.at) if self._met else {}
            for dot, value in zip(drawn.parts.dots, now.values(), strict=False):
                dot.set_visible(bottom <= value <= top and self.span[0] <= self.at <= self.span[1])
                dot.set_data([self.at], [value])

    def _name_lines(self, drawn: Drawn) -> None:
        """Every name stands as high as the last point of its line, or as near as it can."""
        if not self._names:
            return
        low, high = np.log(self.ends) if self.log else np.array(self.ends)
        last = [y[np.argmax(self.x)] for y in self.series.values()]
        share = np.clip((np.log(last) if self.log else np.array(last)) - low, 0, high - low) / (high - low)
        tall = drawn.parts.height
        heights = grid.apart([float(y) for y in (1 - share) * tall], NEXT, 0, tall)
        points = [(drawn.parts.width + 9, y) for y in heights]
        fonts.set_moving(drawn.parts.names, self._names, points, 0)
        drawn.parts.names.set_facecolor(palette.theme().words[: len(points)])

    @property
    def _met(self) -> bool:
        """Whether the curves have a value at the cursor."""
        return self.at is not None and float(self.x.min()) <= self.at <= float(self.x.max())

    def _values(self, at: float) -> dict[str, float]:
        """Where the curves are at an x."""
        order = np.argsort(self.x, kind="stable")
        x, at = (np.log(self.x), math.log(at)) if self.xlog else (self.x, at)
        return {name: float(np.interp(at, x[order], y[order])) for name, y in self.series.items()}

    def caption(self) -> str:
        called = dict(zip(self.series, phrases.names(list(self.series)), strict=True))
        ends = {name: y[np.argmax(self.x)] for name, y in self.series.items()}
        if self.at is None:
            if len(called) > phrases.FEW:
                return phrases.line([f"at the end {self._between(ends)}"])
            return phrases.line([f"{called[name]} {self._course(y)}" for name, y in self.series.items()])
        at = f"{self.xlabel or 'x'} {_place(self.at).replace('-', '−')}"
        if not self._met:
            ended = (
                self._between(ends)
                if len(called) > phrases.FEW
                else ", ".join(f"{called[name]} {self._write(value)}" for name, value in ends.items())
            )
            return phrases.line([f"no data at {at}", f"at the end {ended}"])
        now = self._values(self.at)
        listed = ", ".join(f"{called[name]} {self._write(value)}" for name, value in now.items())
        said = listed if len(now) <= phrases.FEW else self._between(now)
        ended = ", ".join(map(self._write, ends.values())) if len(now) <= phrases.FEW else self._between(ends)
        return phrases.line([f"{at}: {said}", f"at the end {ended}" if self.at < self.x.max() else ""])

    def _between(self, values: Mapping[str, float]) -> str:
        """The lowest and the highest of many."""
        names, numbers = phrases.names(list(values)), np.array([*values.values()])
        worth = np.log(numbers) if self.log else numbers
        scale = 1.0 if self.log else float(np.abs(worth).max())
        low, high = (phrases.place(worth, scale, least)[0] for least in (True, False))
        said = (f"{names[i]} {self._write(numbers[i])}" for i in (low, high))
        return "lowest {}, highest {}".format(*said)

    def _course(self, y: np.ndarray) -> str:
        """How a curve runs from its first point to its last, and where it is lowest or highest between."""
        order = np.argsort(self.x, kind="stable")
        x, y = self.x[order], y[order]
        worth = np.round(np.log(y) if self.log else y / (np.abs(y).max() or 1.0), 9)
        if np.ptp(worth) == 0:
            return f"stays at {self._write(y[0])}"
        words = f"starts and ends at {self._write(y[0])}"
        if worth[-1] != worth[0]:
            goes = "falls" if worth[-1] < worth[0] else "rises"
            words = f"{goes} from {self._write(y[0])} to {self._write(y[-1])}"
        for what, i in (("lowest", worth.argmin()), ("highest", worth.argmax())):
            if worth[i] not in (worth[0], worth[-1]):
                words += f", {what} {self._write(y[i])} at {_place(x[i]).replace('-', '−')}"
        return words

    def _write(self, value: float) -> str:
        return self._say(value).replace("-", "−")

    def describe(self) -> str:
        words = []
        if self.at is not None:
            values = self._values(self.at).items() if self._met else ()
            now = ", ".join(f"{name} {self._say(v)}" for name, v in values) or "no data"
            words.append(f"at {self.xlabel or 'x'} {_place(self.at)}: {now}")
        for name, y in self.series.items():
            low = rounding.largest(-np.log(y) if self.log else -y, 1 if self.log else float(np.abs(y).max()))[
                0
            ]
            words.append(
                f"{name} from {self._say(y[0])} to {self._say(y[-1])}, smallest {self._say(y[low])}"
                f" at {_place(self.x[low])}, largest {self._say(y.max())}, mean {self._say(y.mean())}"
            )
        return f"{self.title or 'curves'}: " + "; ".join(words) + "."

    def _say(self, value: float) -> str:
        return compact(value, 0.0 if self.log else rounding.nothing(max(map(abs, self.ends))))


def _place(x: float) -> str:
    """A place on the x axis: a whole number of at most nine digits keeps all of them (1048576)."""
    return f"{x:.0f}" if abs(x) < 1e9 and x == round(x) else rounding.plain(x)


def _pixels(ax: Axes, box: Box) -> Any:
    """Pixels from the upper left corner, whatever the scales of the axes."""
    return Affine2D().scale(1 / box.width, -1 / box.height).translate(0, 1) + ax.transAxes


def _whole(*values: np.ndarray) -> bool:
    """Whether all are whole numbers: they get no ticks between."""
    return all(bool((each == np.round(each)).all()) for each in values)


def _thinned(y: np.ndarray) -> np.ndarray | slice:
    """Which points of a curve are drawn: all, or the lowest and highest of each few that share a pixel."""
    few = -(-len(y) // MOST_POINTS)
    if few <= 2:
        return slice(None)
    starts = np.arange(0, len(y) - few + 1, few)
    parts = y[: len(starts) * few].reshape(-1, few)
    ends = starts[:, None] + np.sort(np.stack([parts.argmin(axis=1), parts.argmax(axis=1)], axis=1))
    return np.concatenate([[0], ends.ravel(), [len(y) - 1]])


@lru_cache(256)
def round_ticks(
    low: float, high: float, count: int, whole: bool = False, angle: bool = False
) -> dict[float, str]:
    """At most about `count` round numbers from low to high, with their texts.

    `whole`: without any between whole numbers; `angle`: degrees, parts of a turn.
    """
    places: Sequence[float] = MaxNLocator(count, steps=[1, 2, 2.5, 5, 10], integer=whole).tick_values(
        low, high
    )
    if angle and high - low > 90:
        step = next((s for s in (15, 30, 45, 90, 180) if (high - low) / s <= count), 360)
        places = [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
    slack = 1e-9 * (high - low)
    kept = (0.0 if abs(v) <= slack else float(v) for v in places if low - slack <= v <= high + slack)
    return {v: rounding.plain(v).replace("-", "−") for v in kept}
