"""A picture cut into patches, and the attention on them."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from attnlab.views import fonts, grid, inputs, palette, phrases, rounding
from attnlab.views.fonts import set_moving
from attnlab.views.inputs import Field, Text
from attnlab.views.maps import outlines
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import number
from attnlab.views.view import View

LONG, MOST = 280, 400  # pixels: the longer side, about; and the most that the data may have
FOG, CLEAR = np.array([150.0, 190.0, 220.0]), 0.35  # over patches without weight; what is left of them
CORNER, MIDDLE = 24, 34  # pixels: sides of a patch with room for its number, and for its weight too
LISTED, HOVERED = 64, 40  # patches in a sentence; pixels a side that the pointer tells apart


class Pixels(Field[Any, np.ndarray]):
    """Pixels [h, w] or [h, w, 3], 0 or more."""

    def look(self, view: Any, given: Any) -> np.ndarray:
        vars(view)["_bytes"] = str(getattr(given, "dtype", "")).endswith("uint8")
        array = inputs.as_array(given, "Picture values", (2, 3))
        if array.ndim == 3 and array.shape[2] != 3:
            raise ValueError(f"Picture values in colour must have shape [h, w, 3], got {array.shape}")
        if array.min() < -1e-9:
            raise ValueError(
                f"Picture values hold {array.min():.3g}, but black is 0: shift them to start at 0"
            )
        if max(array.shape[:2]) > MOST:
            every = -(-max(array.shape[:2]) // MOST)
            raise ValueError(
                f"Picture values have shape {array.shape}, but there is room for {MOST} by {MOST} pixels: "
                f"take a sample, values[::{every}, ::{every}]"
            )
        return array


class Side(Field[int | None, int | None]):
    """Pixels along a patch: it divides both sides of the picture."""

    def look(self, view: Any, given: int | None) -> int | None:
        height, width = view.values.shape[:2]
        sides = [s for s in range(1, min(height, width) + 1) if height % s == 0 == width % s]
        if given is None or given in sides:
            return None if given is None else int(given)
        raise ValueError(
            f"side must divide the {height} by {width} pixels: one of {', '.join(map(str, sides))}; "
            f"got {given!r:.60}"
        )


class Weights(Field[Any, np.ndarray | None]):
    """A weight for every patch."""

    def look(self, view: Any, given: Any) -> np.ndarray | None:
        _needs_side(view, self.name, given)
        if given is None:
            return None
        weights, count = inputs.as_array(given, "Picture weights", 1, masked=True), math.prod(view.grid)
        if len(weights) != count:
            raise ValueError(
                f"weights has {len(weights)} numbers, but there are {count} patches: pass one for each"
            )
        if (least := weights[np.isfinite(weights)].min(initial=0)) < -1e-9:
            raise ValueError(f"Picture weights hold {least:.3g}: a weight is 0 or more; apply softmax")
        return weights


class Patch(Field[int | None, int | None]):
    """A patch, or None."""

    def look(self, view: Any, given: int | None) -> int | None:
        _needs_side(view, self.name, given)
        return inputs.as_index(given, math.prod(view.grid), self.name)


class White(Field[float | None, float]):
    """The value of white."""

    def look(self, view: Any, given: float | None) -> float:
        limit = inputs.as_limit(given)
        if limit is not None:
            return limit
        return 255.0 if vars(view)["_bytes"] else max(1.0, float(view.values.max()))


def _needs_side(view: Any, name: str, given: object) -> None:
    if view.side is None and given is not None:
        raise ValueError(f"{name} is about patches: pass their side as well, such as side=4")


@dataclass(frozen=True)
class Picture(View):
    """Pixels [h, w], or [h, w, 3] in red, green and blue, as large cells; 0 is black and `limit` is white.

    `limit` None: 1, or 255 for bytes, or the largest value when that is more than 1. `side` draws the grid of
    patches of side × side pixels, numbered row by row from 0. `weights` [patches]: the smaller a weight is,
    compared with the largest, the thicker the fog over its patch; -inf is a masked patch. A click on a patch
    sets the control named `select`. Raises ValueError for NaN, values below 0, a side that does not divide, a
    wrong number of weights.
    """

    values: Pixels = Pixels()
    title: Text = Text("")
    side: Side = Side(None)
    weights: Weights = Weights(None)
    select: str | None = None
    selected: Patch = Patch(None)
    limit: White = White(None)

    def __post_init__(self) -> None:
        _needs_side(self, "select", self.select)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        side = self.side or max(self.values.shape)
        return self.values.shape[0] // side, self.values.shape[1] // side

    @property
    def _cell(self) -> int:
        """Pixels on the screen of a pixel of the data."""
        return max(1, round(LONG / max(self.values.shape[:2])))

    @property
    def _patch(self) -> int:
        """Pixels on the screen of the side of a patch."""
        return (self.side or 0) * self._cell

    @cached_property
    def means(self) -> np.ndarray:
        """Mean of every patch, row by row."""
        (rows, cols), side = self.grid, self.side or 1
        return self._grey.reshape(rows, side, cols, side).mean(axis=(1, 3)).ravel()

    @cached_property
    def _grey(self) -> np.ndarray:
        return self.values if self.values.ndim == 2 else self.values.mean(axis=2)

    def key(self) -> tuple[Any, ...]:
        return self.values.shape[:2], self.side, self.weights is None

    def box(self, measure: Measure) -> Box:
        height, width = self.values.shape[:2]
        return Box(width * self._cell, height * self._cell, 4, 4, 4, 4, least=fonts.LEAST)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        drawn = Drawn(ax, maps=[grid.image(ax, 0, 0, box.width, box.height)])
        if self.side is None:
            return drawn
        patch, (rows, cols) = self._patch, self.grid
        lines: list[Any] = [[(0, r * patch), (box.width, r * patch)] for r in range(rows + 1)]
        lines += [[(c * patch, 0), (c * patch, box.height)] for c in range(cols + 1)]
        for colour, thick in (
            (("white", 2.2), ("black", 0.8)) if patch > 20 else (("black", 1.4), ("white", 0.7))
        ):
            raster = LineCollection(lines, colors=colour, linewidths=thick, clip_on=False)
            drawn.moving.append(ax.add_collection(raster, autolim=False))
        corners = grid.grid_points(0, 0, rows, cols, patch, patch)
        if patch >= CORNER:
            texts = [str(i) for i in range(rows * cols)]
            for collection in _haloed(ax, drawn):
                set_moving(
                    collection, texts, corners + np.array([4 - patch / 2, 10 - patch / 2]), 0, fonts.SMALL
                )
        if self.weights is not None and patch >= MIDDLE:
            down = np.array([0, 2 if patch > 60 else patch / 2 - 10])
            drawn.parts.weights, drawn.parts.places = _haloed(ax, drawn), corners + down
        drawn.parts.frames = outlines(ax, drawn, (0, 1))
        drawn.parts.frames[1].set_edgecolor(palette.theme().lines[1])  # black is the colour of the grid
        return drawn

    def update(self, drawn: Drawn) -> None:
        drawn.maps[0].set_data(self._colours())
        if self.side is None:
            return
        if self.weights is not None and hasattr(drawn.parts, "weights"):
            texts = [number(w).replace("-inf", "−∞") for w in self.weights]
            size = fonts.SIZE if self._patch >= 44 else fonts.SMALL
            for collection in drawn.parts.weights:
                set_moving(collection, texts, drawn.parts.places, size=size)
        patch, cols, place = self._patch, self.grid[1], None
        if self.selected is not None:
            place = self.selected % cols * patch, self.selected // cols * patch, patch, patch
        grid.surround(drawn.parts.frames, place)

    def _colours(self) -> np.ndarray:
        """Colours of the pixels under the fog, uint8 [h, w, 4]."""
        light = np.clip(self.values * (255 / self.limit), 0, 255)
        light = light if light.ndim == 3 else light[..., None]
        if self.weights is not None:
            masked = np.isneginf(self.weights)
            weights = np.where(masked, 0, self.weights)
            clear = np.where(masked, 0, CLEAR + (1 - CLEAR) * weights / (weights.max() or 1))
            over = np.where(masked[:, None], palette.theme().masked[:3], (1 - clear[:, None]) * FOG)
            light = light * self._spread(clear[:, None]) + self._spread(over)
        colours = np.full((*light.shape[:2], 4), 255, np.uint8)
        colours[..., :3] = np.rint(light)
        return colours

    def _spread(self, patches: np.ndarray) -> np.ndarray:
        """What is said of every patch [patches, n], for every pixel [h, w, n]."""
        cells, side = patches.reshape(*self.grid, -1), self.side or 1
        return cells.repeat(side, axis=0).repeat(side, axis=1)

    def hits(self, box: Box) -> list[Hit]:
        if self.side is not None:
            return [self._hit(i, words) for i, words in enumerate(self._words())]
        height, width = self.values.shape[:2]
        if max(height, width) > HOVERED:
            return []
        texts = [[" ".join(map(self._say, np.atleast_1d(pixel))) for pixel in row] for row in self.values]
        rows, cols = [[str(i) for i in range(count)] for count in (height, width)]
        return [grid.grid_hit((0, 0, box.width, box.height), rows, cols, texts, axes=("row", "column"))]

    def _hit(self, i: int, words: str) -> Hit:
        patch, cols = self._patch, self.grid[1]
        place = (i % cols * patch, i // cols * patch, patch, patch)
        return grid.grid_hit(
            place, [str(i)], [""], [[words]],
            axes=("patch", ""), select=self.select, selected=self.selected, first=i,
        )  # fmt: skip

    def _words(self) -> list[str]:
        """What the pointer says of every patch."""
        words = [f"mean {self._say(mean)}" for mean in self.means]
        if self.weights is None:
            return words
        return [f"weight {number(w, 3)}, {text}" for w, text in zip(self.weights, words, strict=True)]

    def _say(self, value: float) -> str:
        return number(value, rounding.digits_for(self.limit) + 1)

    def caption(self) -> str:
        mean = f"mean brightness {self._say(self._grey.mean())}"
        i = self.selected
        if self.weights is not None:
            looks = phrases.strongest(self.weights, [f"patch {i}" for i in range(len(self.weights))])
            return phrases.line([phrases.most_on(looks) if i is None else f"patch {i} → {looks}", mean])
        if i is not None:
            return phrases.line([f"patch {i}: mean {self._say(float(self.means[i]))}", mean])
        light = self._where().split(";")[0]
        return phrases.line([mean, light.replace("the centre of the light", "light centred")])

    def describe(self) -> str:
        height, width = self.values.shape[:2]
        words = f"{self.title or 'picture'}, {height} by {width} pixels, mean {self._say(self._grey.mean())}"
        words += f" (black 0, white {rounding.plain(self.limit)})"
        if self.values.ndim == 3:
            red, green, blue = map(self._say, self.values.mean(axis=(0, 1)))
            words += f", red {red}, green {green}, blue {blue}"
        words += f"; {self._where()}"
        if self.side is not None:
            words += f"; {self._patches()}"
        if self.weights is not None:
            words += f"; {self._attention(self.weights)}"
        return words + ("" if self.selected is None else f"; patch {self.selected} selected") + "."

    def _where(self) -> str:
        """Where the light is: its centre; without patches also from top to bottom and from left to right."""
        grey = self._grey
        if grey.max() <= rounding.nothing(self.limit):
            return "all black"
        down, across = (np.arange(n) for n in grey.shape)
        row, col = (down @ grey).sum() / grey.sum(), (grey @ across).sum() / grey.sum()
        words = f"the centre of the light at row {number(row)}, column {number(col)}"
        if self.side is not None:
            return words
        bands = [" ".join(self._say(part.mean()) for part in np.array_split(grey, min(8, grey.shape[k]), k))
                 for k in (0, 1)]  # fmt: skip
        return f"{words}; means from top to bottom {bands[0]}, from left to right {bands[1]}"

    def _patches(self) -> str:
        (rows, cols), means = self.grid, self.means
        words = (
            f"{rows * cols} patch{'es' * (rows * cols > 1)} of {self.side} by {self.side} ({rows} by {cols})"
        )
        if len(means) <= LISTED:
            return f"{words}, mean of each " + " ".join(map(self._say, means))
        order = np.argsort(-np.round(means, 9), kind="stable")[:5]
        return f"{words}, the brightest " + ", ".join(f"{i} {self._say(means[i])}" for i in order)

    def _attention(self, given: np.ndarray) -> str:
        hidden = np.isneginf(given)
        weights, masked = np.where(hidden, 0.0, given), int(hidden.sum())
        total = weights.sum()
        if masked == len(weights):
            return "every patch masked"
        order = np.argsort(-np.round(weights, 9), kind="stable")
        listed = range(len(weights)) if len(weights) <= 16 else order[:8]
        words = (
            f"weights that sum to {number(total)}, largest {number(weights[order[0]])} at patch {order[0]}"
        )
        if abs(total - 1) < 1.5e-6:
            logs = np.log2(weights, out=np.zeros_like(weights), where=weights > 0)
            words += f", entropy {number(-(weights * logs).sum())} bits"
        words += f"; {masked} masked" if masked else ""
        return words + ": " + ", ".join(f"{i} {number(weights[i])}" for i in listed)


def _haloed(ax: Axes, drawn: Drawn) -> tuple[fonts.Texts, fonts.Texts]:
    """Black texts with a white edge, so that they can be read on any picture."""
    halo, text = (fonts.numbers(ax, np.zeros((0, 2))) for _ in range(2))
    halo.placed = text.placed = False  # one on the other
    halo.set(facecolor="white", edgecolor="white", linewidth=2.6)
    halo.set_joinstyle("bevel")
    text.set_facecolor("black")
    drawn.moving += [halo, text]
    return halo, text
