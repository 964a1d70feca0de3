"""Vectors in the plane: points or arrows, and one point that is a mixture of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patheffects import withStroke

from attnlab.views import fonts, grid, inputs, palette, phrases, rounding
from attnlab.views.inputs import Labels, Limit, MaybeNumbers, Numbers, Text, Texts
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import number
from attnlab.views.view import View

SIDE, MOST = 290, 200  # pixels of the square; points that it has room for


class PlanePoints(Numbers):
    """Points in the plane, [n, 2]."""

    def look(self, view: Any, given: Any) -> np.ndarray:
        points = super().look(view, given)
        if points.shape[1] != 2:
            raise ValueError(
                f"Points points must have shape (n, 2), got {points.shape}: choose two dimensions"
            )
        return inputs.fitting(points, "Points points", (MOST, 2))


@dataclass(frozen=True)
class Points(View):
    """Labelled points [n, 2] on a square, from -limit to limit when `signed`, else from 0.

    `signed` None: taken from the points. A point beyond `limit` makes the square larger. `arrows` draws each
    from the origin. `mark` is one more point; with `weights` [n] a line joins it to every point, the larger
    the weight, the thicker. Raises ValueError for a wrong shape, NaN, a wrong number of labels.
    """

    points: PlanePoints = PlanePoints(2)
    labels: Labels = Labels("points")
    title: Text = Text("")
    arrows: bool = False
    mark: MaybeNumbers = MaybeNumbers(1)
    mark_label: Text = Text("")
    weights: MaybeNumbers = MaybeNumbers(1)
    axes: Texts = Texts(("", ""))
    limit: Limit = Limit(None)
    signed: bool | None = None

    def __post_init__(self) -> None:
        if self.mark is not None and self.mark.shape != (2,):
            raise ValueError(f"mark must have shape (2,), got {self.mark.shape}")
        count, weights = len(self.points), self.weights
        if weights is not None and (self.mark is None or len(weights) != count):
            raise ValueError(
                f"weights need a mark and one weight per point: got {len(weights)} for {count} points"
            )

    @property
    def _every(self) -> np.ndarray:
        return self.points if self.mark is None else np.vstack([self.points, self.mark])

    @property
    def ends(self) -> tuple[float, float]:
        reach = float(np.abs(self._every).max())
        limit = self.limit if self.limit and reach <= self.limit * (1 + 1e-9) else rounding.nice(reach * 1.05)
        signed = self.signed or self._every.min() < -1e-9
        return (-limit if signed else -0.08 * limit), limit

    def key(self) -> tuple[Any, ...]:
        return self.labels, self.ends, self.arrows, self.mark is None, self.weights is None, self.axes

    def box(self, measure: Measure) -> Box:
        reach = max(
            *(measure(fonts.shown(label)) for label in self.labels),
            measure(fonts.shown(self.mark_label), fonts.SIZE, "bold"),
        )
        left = max(measure(text) for _, text in self._ticks) + 16 + 18 * bool(self.axes[1])
        return Box(SIDE, SIDE, left, reach + 14, 16, 26 + 18 * bool(self.axes[0]))

    @property
    def _ticks(self) -> list[tuple[float, str]]:
        """0 and the ends of the scale, with their texts."""
        low, high = self.ends
        places = [-high, 0.0, high] if low == -high else [0.0, high]
        return [(value, rounding.plain(value).replace("-", "−")) for value in places]

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        low, high = self.ends
        return (np.asarray(points) - low) / (high - low) * [SIDE, -SIDE] + [0, SIDE]

    def draw(self, ax: Axes, box: Box) -> Drawn:
        self._draw_ground(ax, box)
        colours = palette.theme()
        # Every arrow has a colour of its own, as far as they go; lines to a mark share one.
        kinds = [i % len(colours.lines) * self.arrows for i in range(len(self.labels))]
        style: dict[str, Any] = {"clip_on": False}
        lines = LineCollection([], colors=[colours.lines[i] for i in kinds], **style)
        heads = PolyCollection([], facecolors=[colours.lines[i] for i in kinds], **style)
        for collection in (lines, heads):
            ax.add_collection(collection, autolim=False)
        (dots,) = ax.plot([], [], "o", color=palette.theme().lines[0], markersize=7, clip_on=False)
        (mark,) = ax.plot([], [], "D", color=palette.theme().lines[1], markersize=9, clip_on=False)
        inks = [colours.words[i] if self.arrows else colours.ink for i in kinds]
        names = [
            fonts.write(ax, 0, 0, fonts.shown(label), ha="left", color=ink)
            for label, ink in zip(self.labels, inks, strict=True)
        ]
        mark_name = fonts.write(ax, 0, 0, "", ha="left", weight="bold", color=palette.theme().words[1])
        mark_name.set_path_effects(
            [withStroke(linewidth=3, foreground=palette.theme().ground)]
        )  # legible on a line
        drawn = Drawn(ax, moving=[lines, heads, dots, mark, *names, mark_name])
        vars(drawn.parts).update(
            lines=lines, heads=heads, dots=dots, mark=mark, names=names, mark_name=mark_name
        )
        return drawn

    def _draw_ground(self, ax: Axes, box: Box) -> None:
        zero = self._pixels(np.zeros(2))
        for x0, x1, y0, y1 in ((0, SIDE, zero[1], zero[1]), (zero[0], zero[0], 0, SIDE)):
            ax.plot([x0, x1], [y0, y1], color=palette.theme().axis, linewidth=1, zorder=0, clip_on=False)
        for value, text in self._ticks:
            x, y = self._pixels(np.array([value, value]))
            fonts.write(ax, x, SIDE + 15, text, ha="center", color=palette.theme().soft)
            fonts.write(ax, -12, y, text, ha="right", color=palette.theme().soft)
        across, up = (fonts.fitted(name, SIDE) for name in self.axes)
        style: dict[str, Any] = {"ha": "center", "color": palette.theme().soft}
        fonts.write(ax, SIDE / 2, SIDE + 33, across, **style)
        fonts.write(ax, 10 - box.left, SIDE / 2, up, rotation=90, **style)

    def update(self, drawn: Drawn) -> None:
        parts, places, zero = drawn.parts, self._pixels(self.points), self._pixels(np.zeros(2))
        mark = None if self.mark is None else self._pixels(self.mark)
        parts.dots.set_data(*places.T)
        parts.mark.set_data(*([], []) if mark is None else ([mark[0]], [mark[1]]))
        if self.arrows:
            parts.lines.set_segments([[zero, place] for place in places])
            parts.lines.set_linewidth(2)
            parts.heads.set_verts([_head(zero, place) for place in places])
            parts.dots.set_visible(False)
        elif self.weights is not None:
            parts.lines.set_segments([[mark, place] for place in places])
            parts.lines.set_linewidth(np.clip(self.weights, 0, 1) * 7)
        self._place_names(parts, places, mark, zero)

    def _place_names(self, parts: Any, places: np.ndarray, mark: np.ndarray | None, zero: np.ndarray) -> None:
        names = list(parts.names)
        if mark is not None:
            parts.mark_name.set_text(fonts.shown(self.mark_label))
            names, places = [parts.mark_name, *names], np.vstack([mark, places])
        # Beyond the tip of an arrow, not on the arrow.
        left = [self.arrows and x < zero[0] - 1 for x in places[:, 0]]
        texts = [name.get_text() for name in names]
        for name, place in zip(names, _beside(places, texts, left), strict=True):
            name.set_position(place)

    def hits(self, box: Box) -> list[Hit]:
        digits, places = max(2, rounding.digits_for(self.ends[1])), self._pixels(self.points)
        return [
            grid.grid_hit((x - 10, y - 10, 20, 20), [label], [""], [[_pair(point, digits)]], axes=("", ""))
            for label, point, (x, y) in zip(self.labels, self.points, places, strict=True)
        ]

    def caption(self) -> str:
        names, digits = phrases.names(self.labels), max(2, rounding.digits_for(self.ends[1]))
        if self.mark is not None:
            away = ((self.points - self.mark) ** 2).sum(axis=1)
            near = names[phrases.place(away, self.ends[1] ** 2, least=True)[0]]
            at = f"{self.mark_label or 'the mark'} {_spoken(self.mark, digits)}, nearest to {near}"
            weights = self.weights
            return phrases.line([at, "" if weights is None else phrases.strongest(weights, self.labels)])
        if self.arrows or len(names) < phrases.FEW:
            return phrases.line(
                [f"{n} {_spoken(p, digits)}" for n, p in zip(names, self.points, strict=True)], ", "
            )
        apart = np.sqrt(((self.points[:, None] - self.points) ** 2).sum(axis=-1))
        apart[np.tril_indices(len(apart))] = np.nan
        pairs = (phrases.place(apart, self.ends[1], least) for least in (True, False))
        (a, b), (c, d) = pairs
        near = f"closest {names[a]} and {names[b]} ({number(apart[a, b], digits)} apart)"
        return phrases.line([near, f"farthest {names[c]} and {names[d]} ({number(apart[c, d], digits)})"])

    def describe(self) -> str:
        labels, digits = inputs.distinct(self.labels), max(2, rounding.digits_for(self.ends[1]))
        pairs = zip(labels, self.points, strict=True)
        words = ", ".join(f"{label} {_pair(point, digits)}" for label, point in pairs)
        if self.mark is not None:
            distances = -((self.points - self.mark) ** 2).sum(axis=1)
            near = labels[rounding.largest(distances, self.ends[1] ** 2)[0]]
            words += f"; {self.mark_label or 'mark'} {_pair(self.mark, digits)}, nearest to {near}"
        if self.weights is not None:
            pairs = zip(labels, self.weights, strict=True)
            words += "; weights " + ", ".join(f"{label} {number(weight)}" for label, weight in pairs)
        return f"{self.title or 'points'}: {words}."


def _spoken(point: np.ndarray, digits: int) -> str:
    return f"({phrases.signed(point[0], digits)}, {phrases.signed(point[1], digits)})"


def _pair(point: np.ndarray, digits: int = 2) -> str:
    return f"({number(point[0], digits)}, {number(point[1], digits)})"


def _beside(points: np.ndarray, names: Sequence[str], left: Sequence[bool]) -> list[tuple[float, float]]:
    """Where the names stand: beside their points, where they cover no other point and no name before them."""
    taken, places = [(x - 6, y - 6, x + 6, y + 6) for x, y in points], []
    for (x, y), name, leftwards in zip(points, names, left, strict=True):
        wide = fonts.measure(name)
        sides = [x - 9 - wide, x + 9] if leftwards else [x + 9, x - 9 - wide]
        corners = [(side, y + down) for side in sides for down in (-6, 9)]
        boxes = [(side, middle - 7, side + wide, middle + 7) for side, middle in corners]
        covered = [sum(_common(box, other) for other in taken) + (box[0] < -8) * 1e6 for box in boxes]
        best = int(np.argmin(np.round(covered)))
        taken.append(boxes[best])
        places.append(corners[best])
    return places


def _common(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The area that two boxes (left, top, right, bottom) share."""
    across, down = (min(one[k + 2], other[k + 2]) - max(one[k], other[k]) for k in (0, 1))
    return across * down if across > 0 and down > 0 else 0.0


def _head(start: np.ndarray, tip: np.ndarray) -> np.ndarray:
    """The three corners of an arrow head, in pixels."""
    length = float(np.hypot(*(tip - start))) or 1.0
    along = (tip - start) / length
    back, side = tip - 11 * along, 5.5 * np.array([-along[1], along[0]])
    return np.array([tip, back + side, back - side])
