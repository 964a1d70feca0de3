"""A picture cut into patches, and the attention on them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection

from attnlab.views import fonts, grid, inputs, palette, rounding
from attnlab.views.fonts import outline
from attnlab.views.maps import outlines
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import number
from attnlab.views.view import View

LONG, MOST = 280, 400  # pixels: the longer side, about; and the most that the data may have
FOG, CLEAR = np.array([150.0, 190.0, 220.0]), 0.35  # over patches without weight; what is left of them
CORNER, MIDDLE = 24, 34  # pixels: sides of a patch with room for its number, and for its weight too
LISTED, HOVERED = 64, 40  # patches in a sentence; pixels a side that the pointer tells apart


@dataclass(frozen=True)
class Picture(View):
    """Pixels [h, w], or [h, w, 3] in red, green and blue, as large cells; 0 is black and `limit` is white.

    `limit` None: 1, or 255 for bytes, or the largest value when that is more than 1. `side` draws the grid of
    patches of side × side pixels, numbered row by row from 0. `weights` [patches]: the less a patch has, next
    to the largest, the more it lies in a fog; -inf is a masked patch. A click on a patch sets the control
    named `select`. Raises ValueError for NaN, values below 0, a side that does not divide, a wrong number of
    weights.
    """

    values: Any
    title: str = ""
    side: int | None = None
    weights: Any = None
    select: str | None = None
    selected: int | None = None
    limit: float | None = None

    def __post_init__(self) -> None:
        values = _as_pixels(self.values)
        side = _as_side(self.side, values.shape)
        for name in ("weights", "select", "selected"):
            if side is None and getattr(self, name) is not None:
                raise ValueError(f"{name} speaks of patches: pass their side as well, such as side=4")
        object.__setattr__(self, "limit", _limit(self.values, values, self.limit))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "side", side)
        count = 0 if side is None else self.grid[0] * self.grid[1]
        object.__setattr__(self, "weights", _as_weights(self.weights, count))
        object.__setattr__(self, "selected", inputs.as_index(self.selected, count, "selected"))

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.values.shape[0] // self.side, self.values.shape[1] // self.side

    @property
    def _cell(self) -> int:
        """Pixels on the screen of a pixel of the data."""
        return max(1, round(LONG / max(self.values.shape[:2])))

    @property
    def _patch(self) -> int:
        """Pixels on the screen of the side of a patch."""
        return self.side * self._cell

    @cached_property
    def means(self) -> np.ndarray:
        """Mean of every patch, row by row."""
        (rows, cols), side = self.grid, self.side
        return self._grey.reshape(rows, side, cols, side).mean(axis=(1, 3)).ravel()

    @cached_property
    def _grey(self) -> np.ndarray:
        return self.values if self.values.ndim == 2 else self.values.mean(axis=2)

    def key(self) -> tuple[Any, ...]:
        return self.values.shape[:2], self.side, self.weights is None

    def box(self, measure: Measure) -> Box:
        height, width = self.values.shape[:2]
        return Box(width * self._cell, height * self._cell, 4, 4, 4, 4)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        drawn = Drawn(ax, maps=[grid.image(ax, 0, 0, box.width, box.height)])
        if self.side is None:
            return drawn
        patch, (rows, cols) = self._patch, self.grid
        lines = [[(0, r * patch), (box.width, r * patch)] for r in range(rows + 1)]
        lines += [[(c * patch, 0), (c * patch, box.height)] for c in range(cols + 1)]
        for colour, thick in (
            (("white", 2.2), ("black", 0.8)) if patch > 20 else (("black", 1.4), ("white", 0.7))
        ):
            raster = LineCollection(lines, colors=colour, linewidths=thick, clip_on=False)
            drawn.moving.append(ax.add_collection(raster, autolim=False))
        corners = grid.grid_points(0, 0, rows, cols, patch, patch)
        if patch >= CORNER:
            texts = [str(i) for i in range(rows * cols)]
            shift = [[fonts.measure(t, fonts.SMALL) / 2 + 4 - patch / 2, 10 - patch / 2] for t in texts]
            _set(_haloed(ax, drawn, corners + shift), texts, fonts.SMALL)
        if self.weights is not None and patch >= MIDDLE:
            down = np.array([0, 2 if patch > 60 else patch / 2 - 10])
            drawn.parts.weights = _haloed(ax, drawn, corners + down)
        drawn.parts.frames = outlines(ax, drawn, (0, 1))
        drawn.parts.frames[1].set_edgecolor(palette.COLOURS[1])  # black is the colour of the grid
        return drawn

    def update(self, drawn: Drawn) -> None:
        drawn.maps[0].set_data(self._colours())
        if self.side is None:
            return
        if hasattr(drawn.parts, "weights"):
            texts = [number(w).replace("-inf", "−∞") for w in self.weights]
            _set(drawn.parts.weights, texts, fonts.SIZE if self._patch >= 44 else fonts.SMALL)
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
            over = np.where(masked[:, None], palette.MASKED[:3], (1 - clear[:, None]) * FOG)
            light = light * self._spread(clear[:, None]) + self._spread(over)
        colours = np.full((*light.shape[:2], 4), 255, np.uint8)
        colours[..., :3] = np.rint(light)
        return colours

    def _spread(self, patches: np.ndarray) -> np.ndarray:
        """What is said of every patch [patches, n], for every pixel [h, w, n]."""
        grid = patches.reshape(*self.grid, -1)
        return grid.repeat(self.side, axis=0).repeat(self.side, axis=1)

    def hits(self, box: Box) -> list[Hit]:
        if self.side is not None:
            return [self._hit(i, words) for i, words in enumerate(self._words())]
        height, width = self.values.shape[:2]
        if max(height, width) > HOVERED:
            return []
        texts = [[" ".join(map(self._say, np.atleast_1d(pixel))) for pixel in row] for row in self.values]
        rows, cols = map(str, range(height)), map(str, range(width))
        return [grid.grid_hit((0, 0, box.width, box.height), rows, cols, texts, axes=("row", "column"))]

    def _hit(self, i: int, words: str) -> dict[str, Any]:
        patch, cols = self._patch, self.grid[1]
        place = (i % cols * patch, i // cols * patch, patch, patch)
        more = {"axes": ("patch", ""), "select": self.select, "selected": self.selected, "first": i}
        return grid.grid_hit(place, [str(i)], [""], [[words]], **more)

    def _words(self) -> list[str]:
        """What the pointer says of every patch."""
        words = [f"mean {self._say(mean)}" for mean in self.means]
        if self.weights is None:
            return words
        return [f"weight {number(w, 3)}, {text}" for w, text in zip(self.weights, words, strict=True)]

    def _say(self, value: float) -> str:
        return number(value, rounding.digits_for(self.limit) + 1)

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
            words += f"; {self._attention()}"
        return words + ("" if self.selected is None else f"; patch {self.selected} chosen") + "."

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

    def _attention(self) -> str:
        weights = np.where(np.isneginf(self.weights), 0.0, self.weights)
        masked, total = int(np.isneginf(self.weights).sum()), weights.sum()
        if masked == len(weights):
            return "every patch masked"
        order = np.argsort(-np.round(weights, 9), kind="stable")
        listed = range(len(weights)) if len(weights) <= 16 else order[:8]
        words = (
            f"weights with the sum {number(total)}, largest {number(weights[order[0]])} at patch {order[0]}"
        )
        if abs(total - 1) < 1.5e-6:
            logs = np.log2(weights, out=np.zeros_like(weights), where=weights > 0)
            words += f", entropy {number(-(weights * logs).sum())} bits"
        words += f"; {masked} masked" if masked else ""
        return words + ": " + ", ".join(f"{i} {number(weights[i])}" for i in listed)


def _haloed(ax: Axes, drawn: Drawn, points: np.ndarray) -> tuple[PathCollection, PathCollection]:
    """Black texts with a white edge, so that they can be read on any picture."""
    halo, text = fonts.numbers(ax, points), fonts.numbers(ax, points)
    halo.set(facecolor="white", edgecolor="white", linewidth=2.6)
    halo.set_joinstyle("bevel")
    text.set_facecolor("black")
    drawn.moving += [halo, text]
    return halo, text


def _set(pair: tuple[PathCollection, PathCollection], texts: list[str], size: float) -> None:
    for collection in pair:
        collection.set_paths([outline(text, size) for text in texts])


def _as_pixels(values: Any) -> np.ndarray:
    array = np.asarray(values)
    colour = array.ndim == 3
    if colour and array.shape[2] != 3:
        raise ValueError(f"Picture values in colour have shape [h, w, 3], got {array.shape}")
    array = inputs.as_array(values, "Picture values", 3 if colour else 2)
    if array.min() < -1e-9:
        raise ValueError(f"Picture values hold {array.min():.3g}, but black is 0: shift them to start at 0")
    if max(array.shape[:2]) > MOST:
        raise ValueError(
            f"Picture values have shape {array.shape}, there is room for {MOST} by {MOST} pixels: "
            "take every second one, values[::2, ::2]"
        )
    return array


def _limit(given: Any, values: np.ndarray, limit: float | None) -> float:
    """The value of white."""
    if limit is not None:
        return inputs.as_limit(limit)
    return 255.0 if getattr(given, "dtype", None) == np.uint8 else max(1.0, float(values.max()))


def _as_side(side: int | None, shape: tuple[int, ...]) -> int | None:
    if side is None:
        return None
    sides = [s for s in range(1, min(shape[:2]) + 1) if shape[0] % s == 0 == shape[1] % s]
    if side not in sides:
        words = ", ".join(map(str, sides))
        raise ValueError(
            f"side must divide the {shape[0]} by {shape[1]} pixels: one of {words}; got {side!r:.60}"
        )
    return int(side)


def _as_weights(weights: Any, count: int) -> np.ndarray | None:
    if weights is None:
        return None
    weights = inputs.as_array(weights, "Picture weights", 1, masked=True)
    if len(weights) != count:
        raise ValueError(f"weights has {len(weights)} numbers, but there are {count} patches: one for each")
    if weights[np.isfinite(weights)].min(initial=0) < -1e-9:
        raise ValueError(f"Picture weights hold {weights.min():.3g}: a weight is 0 or more; apply softmax")
    return weights
