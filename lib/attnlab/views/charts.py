"""Bars and curves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from attnlab.views import base
from attnlab.views.base import Box, Drawn, Measure, View, compact, number

ROW, LONG = 30, 200  # pixels: a bar with its gap, the longest bar


@dataclass(frozen=True)
class Bars(View):
    """One horizontal bar per label, with its number. `values` may be a dict label -> value.

    The scale ends at `limit` (default: 1 for values within 0..1, else the next round number).
    `log`: a logarithmic scale of whole decades. `guide`: a dashed line at that value.
    Raises ValueError for NaN, a wrong number of labels, values <= 0 on a log scale.
    """

    values: Any
    labels: Sequence[Any] | None = None
    title: str = ""
    limit: float | None = None
    log: bool = False
    guide: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        values, labels = self.values, self.labels
        if isinstance(values, Mapping):
            values, labels = list(values.values()), list(values) if labels is None else labels
        values = base.as_array(values, "Bars values", 1)
        if self.log and values.min() <= 0:
            raise ValueError(f"Bars values hold {values.min():.3g}: a log scale shows positive numbers only")
        object.__setattr__(self, "labels", base.as_labels(labels, len(values), "labels", "the values"))
        object.__setattr__(self, "values", values)

    @property
    def ends(self) -> tuple[float, float]:
        """The values at the two ends of the scale."""
        shown = self.values if self.guide is None else np.append(self.values, self.guide)
        if self.log:
            low = math.floor(math.log10(shown.min()) - 1e-9)
            return 10.0**low, 10.0 ** max(low + 1, math.ceil(math.log10(shown.max()) - 1e-9))
        limit = self.limit or (
            1.0 if 0 < shown.max() <= 1 and shown.min() >= -1 else base.nice(np.abs(shown).max())
        )
        return (-limit if shown.min() < -1e-9 else 0.0), float(limit)

    @property
    def texts(self) -> list[str]:
        """The numbers: as many digits as the scale needs."""
        high = self.ends[1]
        if self.log or not 0.1 <= high < 10000:
            return [compact(v) for v in self.values]
        return [number(v, 3 if high <= 1 else 2 if high < 100 else 0) for v in self.values]

    def key(self) -> tuple[Any, ...]:
        return self.labels, self.ends, self.log, self.guide, self.unit

    def box(self, measure: Measure) -> Box:
        left = max(measure(base.shown(label)) for label in self.labels) + 12
        return Box(LONG, ROW * len(self.labels), left, 62, 6, 30, grow=True)

    def _place(self, values: np.ndarray | float, width: float) -> np.ndarray | float:
        low, high = self.ends
        if self.log:
            return np.log10(np.asarray(values) / low) / math.log10(high / low) * width
        return np.clip((np.asarray(values) - low) / (high - low), 0, 1) * width

    def draw(self, ax: Axes, box: Box) -> Drawn:
        foot, low, high = ROW * len(self.labels), *self.ends
        for i, label in enumerate(self.labels):
            base.write(ax, -8, (i + 0.5) * ROW, base.shown(label), ha="right")
        ticks = [low, high] if self.log else [low, (low + high) / 2, high]
        for tick in ticks:
            x = float(self._place(tick, box.width))
            ax.plot([x, x], [0, foot + 4], color="#d0d0d0", linewidth=0.8, zorder=0, clip_on=False)
            base.write(
                ax, x, foot + 15, f"{tick:g}{self.unit}".replace("-", "−"), ha="center", color=base.GREY
            )
        bars = PolyCollection([], facecolors=base.COLOURS[0], clip_on=False)
        ax.add_collection(bars, autolim=False)
        zero = 0.0 if self.log else float(self._place(0.0, box.width))
        parts = [bars, base.numbers(ax, np.zeros((len(self.labels), 2)))]
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
        drawn.moving[1].set_offsets(
            np.stack([np.maximum(tips, zero) + 8 + [4.2 * len(t) for t in texts], heights], 1)
        )
        base.set_numbers(drawn.moving[1], texts, "black")

    def hits(self, box: Box) -> list[dict[str, Any]]:
        values = [[text + self.unit] for text in self.texts]
        place = (-box.left, 0, box.left + box.width, ROW * len(self.labels))
        return [base.grid_hit(place, self.labels, [""], values, axes=("", ""))]

    def describe(self) -> str:
        rows = ", ".join(
            f"{label} {text}{self.unit}" for label, text in zip(self.labels, self.texts, strict=True)
        )
        guide = "" if self.guide is None else f"; guide line at {compact(self.guide)}"
        return f"{self.title or 'bars'}{', log scale' if self.log else ''}: {rows}{guide}."


@dataclass(frozen=True)
class Curves(View):
    """Lines over a common x (default 0, 1, 2 ...): `series` is a dict name -> y.

    `at` puts a cursor at that x and a marker with its value on every curve. `band` is a dict name ->
    (low, high) around the curve of that name. `log`: logarithmic y. `ylim` fixes the y axis.
    Raises ValueError for lengths that differ (names both), NaN, values <= 0 on a log scale.
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

    def __post_init__(self) -> None:
        if not isinstance(self.series, Mapping) or not 0 < len(self.series) <= len(base.COLOURS):
            raise ValueError(
                f"Curves takes a dict of 1 to {len(base.COLOURS)} named series, got {self.series!r:.60}"
            )
        series = {str(name): base.as_array(y, f"series {name!r}", 1) for name, y in self.series.items()}
        length = len(next(iter(series.values())))
        x = base.as_array(np.arange(length) if self.x is None else self.x, "x", 1)
        band = {
            k: tuple(base.as_array(b, f"band {k!r}", 1) for b in pair)
            for k, pair in (self.band or {}).items()
        }
        for name, y in {**series, **{f"band {k}": b for k, pair in band.items() for b in pair}}.items():
            if len(y) != len(x):
                raise ValueError(
                    f"series {name!r} has {len(y)} points, but x has {len(x)}: they must be as many"
                )
            if self.log and y.min() <= 0:
                raise ValueError(
                    f"series {name!r} holds {y.min():.3g}: a log scale shows positive numbers only"
                )
        if unknown := set(band) - set(series):
            raise ValueError(f"band names {sorted(unknown)}, but the series are {sorted(series)}")
        for field, value in {"series": series, "x": x, "band": band}.items():
            object.__setattr__(self, field, value)

    @property
    def ends(self) -> tuple[float, float]:
        if self.ylim is not None:
            return float(self.ylim[0]), float(self.ylim[1])
        every = np.concatenate([*self.series.values(), *(b for pair in self.band.values() for b in pair)])
        low, high = float(every.min()), float(every.max())
        if self.log:
            return 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high) + 1e-9)
        return -base.nice(-low) if low < 0 else 0.0, base.nice(high) if high > 0 else 0.0 if low < 0 else 1.0

    def key(self) -> tuple[Any, ...]:
        span = float(self.x.min()), float(self.x.max())
        return tuple(self.series), tuple(self.band), span, self.ends, self.log, self.xlabel, self.ylabel

    def box(self, measure: Measure) -> Box:
        return Box(300, 230, 62 if self.ylabel else 48, 16, 30, 46, grow=True)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        ax.set(xlim=(self.x.min(), max(self.x.max(), self.x.min() + 1e-12)), ylim=self.ends)
        ax.set_yscale("log" if self.log else "linear")
        ax.set_axis_on()
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="#e4e4e4", linewidth=0.8)
        ax.set_xlabel(self.xlabel, fontproperties=base.font())
        ax.set_ylabel(self.ylabel, fontproperties=base.font())
        for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
            label.set_fontproperties(base.font())
        drawn = Drawn(ax)
        drawn.parts.lines = {n: self._line(ax, n, i) for i, n in enumerate(self.series)}
        drawn.parts.bands = {n: self._band(ax, list(self.series).index(n)) for n in self.band}
        ax.legend(
            loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, frameon=False, prop=base.font(),
            borderaxespad=0.1, handlelength=2.4, columnspacing=1.2,
        )  # fmt: skip
        drawn.parts.cursor = ax.axvline(self.x[0], color=base.GREY, linewidth=1.2)
        drawn.parts.dots = [
            ax.plot([], [], m, color=c, markersize=7)[0]
            for m, c in zip(base.MARKERS, base.COLOURS, strict=True)
        ]
        drawn.moving = [
            *drawn.parts.bands.values(),
            *drawn.parts.lines.values(),
            drawn.parts.cursor,
            *drawn.parts.dots,
        ]
        return drawn

    def _line(self, ax: Axes, name: str, i: int) -> Any:
        every = max(1, len(self.x) // 8)
        return ax.plot(
            [], [], color=base.COLOURS[i], linestyle=base.STYLES[i], marker=base.MARKERS[i],
            markevery=every, markersize=4.5, linewidth=1.8, label=name,
        )[0]  # fmt: skip

    def _band(self, ax: Axes, i: int) -> Any:
        return ax.add_collection(
            PolyCollection([], facecolors=base.COLOURS[i], alpha=0.2, linewidths=0), autolim=False
        )

    def update(self, drawn: Drawn) -> None:
        for name, y in self.series.items():
            drawn.parts.lines[name].set_data(self.x, y)
        for name, (low, high) in self.band.items():
            edge = np.concatenate([np.stack([self.x, low], 1), np.stack([self.x, high], 1)[::-1]])
            drawn.parts.bands[name].set_verts([edge])
        drawn.parts.cursor.set_visible(self.at is not None)
        for dot in drawn.parts.dots:
            dot.set_visible(False)
        if self.at is not None:
            drawn.parts.cursor.set_xdata([self.at, self.at])
            for dot, value in zip(drawn.parts.dots, self._values_at().values(), strict=False):
                dot.set_visible(True)
                dot.set_data([self.at], [value])

    def _values_at(self) -> dict[str, float]:
        order = np.argsort(self.x, kind="stable")
        return {name: float(np.interp(self.at, self.x[order], y[order])) for name, y in self.series.items()}

    def describe(self) -> str:
        words = []
        for name, y in self.series.items():
            low = int(np.argwhere(y <= y.min() + 1e-9)[0, 0])
            words.append(
                f"{name} from {compact(y[0])} to {compact(y[-1])}, smallest {compact(y[low])}"
                f" at {compact(self.x[low])}, largest {compact(y.max())}, mean {compact(y.mean())}"
            )
        at = ""
        if self.at is not None:
            now = ", ".join(f"{name} {compact(v)}" for name, v in self._values_at().items())
            at = f"; at {self.xlabel or 'x'} {compact(self.at)}: {now}"
        return f"{self.title or 'curves'}: " + "; ".join(words) + at + "."
