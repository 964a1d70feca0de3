"""The stage: views on one figure, drawn once, then only moved; and the frame that goes to the screen.

A frame has four layers, and so a move costs little to draw, encode and send: the background (labels, scales;
encoded once), the cells of the maps (one pixel a cell, enlarged by the browser), the overlay (bars, lines:
transparent, a palette of at most 255 colours), and the signs of the texts that move (see `signs.py`).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from attnlab.views import fonts, palette
from attnlab.views.defaults import matplotlib_defaults
from attnlab.views.layout import EDGE, HEADING, TITLE, WIDEST, Slot, arrange, fit, heading
from attnlab.views.payload import Cells, Hit, Sheet
from attnlab.views.png import as_png, encode
from attnlab.views.protocol import Drawable, Drawn
from attnlab.views.signs import Signs, of


@dataclass(frozen=True)
class Scene:
    """What the stage shows now: all of a `payload.Frame` but for how it travels."""

    background: bytes | None  # PNG; None: the one before still stands
    pixels: tuple[int, int]
    size: tuple[float, float]
    scale: float
    maps: list[Cells]
    overlay: bytes
    place: tuple[int, int]
    sheet: Sheet | None  # None: the one before still stands
    signs: bytes
    hits: list[Hit]


@dataclass(frozen=True)
class Page:
    """What a picture is drawn for. `width` and `height` in CSS pixels: the room that it has.

    Without a width, the picture has the layout of a saved one. `ratio`: device pixels for a CSS pixel.
    """

    scale: float = 1.0
    ratio: float = 1.0
    width: float | None = None
    height: float = math.inf
    theme: palette.Theme = palette.LIGHT


def _in_theme(method: Callable[..., Any]) -> Callable[..., Any]:
    """Whatever the user set in matplotlib, a stage draws in its own colours."""

    @wraps(method)
    def drawing(self: "Stage", *args: Any, **kwargs: Any) -> Any:
        with matplotlib_defaults(), palette.drawn_in(self.page.theme):
            return method(self, *args, **kwargs)

    return drawing


class Stage:
    """One figure that shows a tuple of views and remembers what it drew."""

    def __init__(
        self, scale: float = 1.0, ratio: float = 1.0, width: float | None = None, height: float = math.inf,
        theme: palette.Theme = palette.LIGHT,
    ) -> None:  # fmt: skip
        self.page, self._fitted, self._most = Page(scale, ratio, width, height, theme), 1.0, 1.0
        self.views: tuple[Drawable, ...] = ()
        self.pointer: tuple[int, str, int] | None = None  # a view, a place in it and a row: what it is on
        self._slots: list[Slot] = []
        self._size = (1.0, 1.0)
        self._drawn: list[Drawn] = []
        self._titles: list[Text] = []
        self._hits: list[Hit] = []
        self._dpi = 0.0
        self._new_figure()

    @_in_theme
    def show(self, views: Sequence[Drawable]) -> Scene:
        """Draw `views`, moving only what changed since the last call."""
        stale = self._arrange(tuple(views))
        if stale:
            self._paint_background()
        background = self._background_png() if stale else None
        for i, drawn in enumerate(self._drawn):
            self._pointed(i).update(drawn)
        overlay, place = self._overlay()
        signs = self._placed()
        self._hits = [hit for i, view in enumerate(self.views) for hit in _moved(view, self._slots[i], i)]
        hits: list[Hit] = [{**hit, "values": None} if callable(hit["values"]) else hit for hit in self._hits]
        sizes = self._pixels, self.size, self.scale
        return Scene(
            background, *sizes, self._maps(), overlay, place, self._signs.news(), signs.tobytes(), hits
        )

    def turn_to(self, page: Page) -> None:
        """Show the same for another page, from the next frame on."""
        if page.theme is not self.page.theme:
            self.views = ()  # all is drawn anew
        self.page, self._most = page, 1.0

    @property
    def scale(self) -> float:
        """CSS pixels for a pixel of the layout."""
        return self.page.scale * self._fitted

    def told(self, hit: int, row: int, col: int) -> str:
        """What the pointer says about a cell of the current scene, if its texts were not sent.

        IndexError: no such hit, or no such cell.
        """
        grid = self._hits[hit]
        if not (0 <= row < len(grid["rows"]) and 0 <= col < len(grid["cols"])):
            raise IndexError(f"the grid has no cell at row {row}, column {col}")
        values = grid["values"] or []
        return values(row, col) if callable(values) else values[row][col]

    @property
    def ratio(self) -> float:
        """Device pixels for a CSS pixel."""
        return self.page.ratio

    def _pointed(self, index: int) -> Drawable:
        """The view as it is drawn: while the pointer is on it, perhaps another than it is."""
        view = self.views[index]
        return view.pointed(*self.pointer[1:]) if self.pointer and self.pointer[0] == index else view

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the picture in CSS pixels."""
        return self._size[0] * self.scale, self._size[1] * self.scale

    @_in_theme
    def png(self, colours: int | None = 256) -> bytes:
        """The picture as PNG: its layers, put together as the browser does it.

        With a palette it is a third as large and looks the same.
        """
        picture = self._ground.copy()
        for cells in self._maps():
            x, y, *size = cells["place"]
            columns, rows = cells["size"]
            small = Image.frombytes("RGBA", (columns, rows), cells["rgba"]).convert("RGB")
            picture.paste(small.resize(size, Image.Resampling.NEAREST), (x, y))
        overlay = Image.fromarray(self._draw_overlay())
        picture.paste(overlay, (0, 0), overlay)
        self._signs.paste(picture, self._placed())
        if colours:
            picture = picture.quantize(colours, Image.Quantize.MAXCOVERAGE, 1, dither=Image.Dither.NONE)
        return as_png(picture, optimize=True)

    @_in_theme
    def save(self, path: Path, kind: str) -> None:
        """Write the picture as it is to a file: png at twice the pixels, svg or pdf as vectors."""
        moving = list(filter(Text.get_animated, self._titles))
        for title in moving:
            title.set_animated(False)  # a figure leaves its animated texts out, unlike an axes
        try:
            self._figure.savefig(path, format=kind, dpi=2 * fonts.DPI * self.scale)
        finally:
            for title in moving:
                title.set_animated(True)

    # ------------------------------------------------------------ arranging

    def _arrange(self, views: tuple[Drawable, ...]) -> bool:
        """Make the figure hold `views`; True when the background must be painted again."""
        boxes, titles = [view.box(fonts.measure) for view in views], [view.title for view in views]
        widest, high = WIDEST / self.page.scale, math.inf
        if self.page.width is not None:
            room, high = self.page.width / self.page.scale, self.page.height / self.page.scale
            # Once smaller, it stays so: a text that grows and shrinks must not shake the picture.
            self._fitted = self._most = fit(boxes, titles, room, high, self._most)
            widest = room - 2 * EDGE * self._fitted
        self._widest = widest / self._fitted
        slots, size = arrange(boxes, titles, self._widest, high / self._fitted)
        kept = len(views) == len(self.views)
        stale = not kept or slots != self._slots or size != self._size or self._dpi != self._wanted_dpi
        if not kept:
            self._new_figure()
        for i, (view, slot) in enumerate(zip(views, slots, strict=True)):
            if kept and _alike(view, self.views[i]) and slot.box == self._slots[i].box:
                continue
            stale = True
            if kept:
                self._drawn[i].ax.clear()
            drawn = self._draw(view, slot, self._drawn[i].ax if kept else self._new_axes())
            self._drawn[i : i + 1] = [drawn]
        self.views, self._slots, self._size = views, slots, size
        if stale:
            self._place()
        return self._write_titles(kept) or stale

    def _new_axes(self) -> Axes:
        """Axes for one more view. Every axes needs a label of its own, and every view a title above it."""
        self._titles.append(
            self._figure.text(
                0,
                0,
                "",
                fontproperties=fonts.font(*HEADING),
                color=palette.theme().ink,
                va="center",
                parse_math=False,
            )
        )
        return self._figure.add_axes((0, 0, 1, 1), label=str(len(self._drawn)))

    def _draw(self, view: Drawable, slot: Slot, ax: Axes) -> Drawn:
        ax.set_axis_off()
        ax.patch.set_visible(False)
        ax.set(xlim=(0, slot.box.width), ylim=(slot.box.height, 0), autoscale_on=False)
        drawn = view.draw(ax, slot.box)
        for artist in (*drawn.maps, *drawn.moving):
            artist.set_animated(True)
        return drawn

    def _place(self) -> None:
        width, height = self._size
        self._figure.set_size_inches(width / fonts.DPI, height / fonts.DPI)
        for slot, drawn in zip(self._slots, self._drawn, strict=True):
            box = slot.box
            drawn.ax.set_position(
                (slot.x / width, 1 - (slot.y + box.height) / height, box.width / width, box.height / height)
            )

    def _write_titles(self, kept: bool) -> bool:
        """True when a title leaves the background: one that has changed is drawn with what moves."""
        (width, height), leaves = self._size, False
        for title, view, slot in zip(self._titles, self.views, self._slots, strict=True):
            text = heading(view.title, self._widest)
            title.set_position(((slot.x - slot.box.left + 4) / width, 1 - (slot.head + TITLE / 2) / height))
            if kept and title.get_text() != text and not title.get_animated():
                title.set_animated(True)
                leaves = True
            title.set_text(text)
        return leaves

    @_in_theme
    def _new_figure(self) -> None:
        self._figure = Figure(facecolor=self.page.theme.ground)
        self._canvas = FigureCanvasAgg(self._figure)
        self._drawn, self._titles, self._dpi = [], [], 0.0
        self._signs = Signs(0.0)

    # ------------------------------------------------------------ painting

    @property
    def _wanted_dpi(self) -> float:
        return fonts.DPI * self.scale * self.page.ratio

    @property
    def _pixels(self) -> tuple[int, int]:
        return self._canvas.get_width_height(physical=True)

    def _paint_background(self) -> None:
        self._figure.set_dpi(self._wanted_dpi)
        self._canvas.draw()
        self._ground = Image.fromarray(np.array(self._canvas.buffer_rgba())).convert("RGB")
        self._dpi = self._wanted_dpi
        if self._signs.dpi != self._dpi:
            self._signs = Signs(self._dpi)

    def _background_png(self) -> bytes:
        return as_png(self._ground, compress_level=6)

    def _maps(self) -> list[Cells]:
        height, layers = self._pixels[1], list[Cells]()
        for drawn in self._drawn:
            for picture in drawn.maps:
                x0, x1, y0, y1 = picture.get_extent()
                (left, low), (right, high) = drawn.ax.transData.transform([(x0, y0), (x1, y1)])
                rgba = np.ascontiguousarray(picture.get_array())
                x, y = round(left), round(height - high)
                place = [x, y, round(right) - x, round(height - low) - y]
                layers.append(
                    {"place": place, "size": [rgba.shape[1], rgba.shape[0]], "rgba": rgba.tobytes()}
                )
        return layers

    def _placed(self) -> np.ndarray:
        """The signs of all texts that move; see `Signs.place`."""
        texts = [each for drawn in self._drawn for each in of(drawn.moving)]
        return self._signs.place(texts, self._pixels[1])

    def _overlay(self) -> tuple[bytes, tuple[int, int]]:
        """What moved, on a transparent ground: PNG and its upper left corner."""
        return encode(self._draw_overlay())

    def _draw_overlay(self) -> np.ndarray:
        """What moved, uint8 [height, width, 4]."""
        self._canvas.get_renderer().clear()
        for drawn in self._drawn:
            for artist in _without(drawn.moving):
                drawn.ax.draw_artist(artist)
        for title in filter(Text.get_animated, self._titles):
            self._figure.draw_artist(title)
        return np.asarray(self._canvas.buffer_rgba())


def _without(moving: Sequence[Artist]) -> list[Artist]:
    """What moves, less the texts that are placed sign by sign."""
    return [each for each in moving if each not in of(moving)]


def _alike(one: Drawable, other: Drawable) -> bool:
    return type(one) is type(other) and one.key() == other.key()


def _moved(view: Drawable, slot: Slot, index: int) -> list[Hit]:
    """The view's hits, from its axes to the picture; to point at a row is to point at it in that view."""
    hits = view.hits(slot.box)
    for hit in hits:
        if "point" in hit:
            hit["point"] = (index, str(hit["point"]))
        x, y, width, height = hit["box"]
        hit["box"] = [x + slot.x, y + slot.y, width, height]
    return hits
