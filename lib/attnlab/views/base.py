"""What all views share: the face of a view, its box, its numbers and words, its colours."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from numbers import Real
from operator import index as to_index
from types import SimpleNamespace
from typing import Any

import numpy as np
from matplotlib import colormaps, font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import PathCollection
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

SIZE = 10.5  # points: 14.6 pixels on screen, readable from the last row at a projector's 720 lines
SMALL = 8.5  # points: what is said beside something larger
DPI = 100  # pixels an inch at scale 1 and device pixel ratio 1
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")  # at least 3:1 on white
MARKERS = ("o", "s", "^", "D", "v")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
GREY = "#595959"  # 7:1 on white
MASKED = (224, 224, 224, 255)
LONGEST_LABEL = 14  # characters of a token that are drawn; the pointer shows the whole token
_FALLBACKS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB")

Measure = Callable[..., float]  # width of a text (its size and weight may follow) in pixels at scale 1


@dataclass(frozen=True)
class Box:
    """What a view asks of the layout, in pixels at scale 1: the size of its axes and the margins around."""

    width: float
    height: float
    left: float = 0
    right: float = 0
    top: float = 0
    bottom: float = 0
    grow: bool = False  # may become wider than asked
    wide: bool = False  # takes a row of its own

    @property
    def outer(self) -> tuple[float, float]:
        return self.left + self.width + self.right, self.top + self.height + self.bottom


@dataclass
class Drawn:
    """A view on its axes: the artists that move from frame to frame, and the images of the cells."""

    ax: Axes
    moving: list[Artist] = field(default_factory=list)
    maps: list[AxesImage] = field(default_factory=list)
    parts: SimpleNamespace = field(default_factory=SimpleNamespace)


class View:
    """One thing to look at. Data in; out: draw on an Axes, update in place, describe in words."""

    title: str = ""

    def key(self) -> tuple[Any, ...]:
        """Two views with equal keys differ only in what `update` moves."""
        raise NotImplementedError

    def box(self, measure: Measure) -> Box:
        raise NotImplementedError

    def draw(self, ax: Axes, box: Box) -> Drawn:
        """Create the artists. The axes' data coordinates are pixels of the box, y downwards."""
        raise NotImplementedError

    def update(self, drawn: Drawn) -> None:
        """Move the data of the artists; called after draw and on every later frame."""
        raise NotImplementedError

    def describe(self) -> str:
        """The picture in words: deterministic, rounded away from float noise."""
        raise NotImplementedError

    def hits(self, box: Box) -> list[dict[str, Any]]:
        """What the pointer finds: grids of cells, boxes in pixels relative to the axes.

        A grid with "point" (any text) asks for `pointed` while the pointer is on one of its rows.
        """
        return []

    def pointed(self, point: str, row: int) -> "View":
        """The view that `update` draws while the pointer is there: nothing else of it is used."""
        return self

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """A view as the last line of a cell: its picture and its sentence."""
        from attnlab.views.stage import Stage  # a stage knows the views

        stage = Stage()
        stage.show((self,))
        return {"text/plain": self.describe(), "image/png": stage.png()}


# ---------------------------------------------------------------- data at the boundary


def as_array(values: Any, name: str, ndim: int, masked: bool = False) -> np.ndarray:
    """`values` as finite floats in `ndim` dimensions, with -inf for cells that may be masked.

    ValueError says what is wrong, and where.
    """
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers in {ndim} dimension(s): {error}") from None
    if array.ndim != ndim or 0 in array.shape:
        raise ValueError(f"{name} must be a non-empty array of {ndim} dimension(s), got shape {array.shape}")
    wrong = ~np.isfinite(array) & ~(np.isneginf(array) & masked)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        causes = (
            "a mask or a logarithm of 0" if np.isneginf(array[where]) else "a division by 0 or an overflow"
        )
        raise ValueError(f"{name} holds {array[where]} at {where}: look for {causes} before it")
    array.setflags(write=False)
    return array


def as_labels(labels: Sequence[Any] | None, count: int, name: str, what: str) -> tuple[str, ...]:
    """One label for each of `count` places; default 0..count-1."""
    if labels is None:
        return tuple(str(i) for i in range(count))
    if isinstance(labels, str):
        raise TypeError(f"{name} must be a list of labels, got one string {labels!r}: split it first")
    labels = tuple(str(label) for label in labels)
    if len(labels) != count:
        raise ValueError(f"{name} has {len(labels)} labels, but {what} has {count}: they must be as many")
    return labels


def as_index(index: int | None, count: int, name: str) -> int | None:
    if index is None:
        return None
    try:
        place = to_index(index)
    except TypeError:
        raise TypeError(f"{name} must be a whole number from 0 to {count - 1}, got {index!r:.60}") from None
    if not 0 <= place < count:
        raise ValueError(f"{name} must be from 0 to {count - 1}, got {index}")
    return place


def as_limit(limit: float | None, name: str = "limit") -> float | None:
    """The end of a scale: a positive number, or None for a scale that is told by the values."""
    if limit is None:
        return None
    if not (isinstance(limit, Real) and math.isfinite(limit) and limit > 0):
        raise ValueError(
            f"{name} must be a positive number, got {limit!r:.60}: leave it out to have it chosen"
        )
    return float(limit)


def as_number(value: float | None, name: str) -> float | None:
    """A finite number or None."""
    if value is not None and not (isinstance(value, Real) and math.isfinite(value)):
        raise ValueError(f"{name} must be a number, got {value!r:.60}: leave it out if there is none")
    return None if value is None else float(value)


# ---------------------------------------------------------------- numbers and words


def number(value: float, digits: int = 2) -> str:
    """A rounded number whose last digit does not depend on float noise: ties always go away from zero."""
    if not math.isfinite(value):
        return "-inf" if value < 0 else "inf"
    text = f"{value + math.copysign(1e-9, value):.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def compact(value: float, zero: float = 0.0) -> str:
    """A number of any size in a few characters: 0.050, 12.30, 4.1e-5; up to `zero` it is noise about 0."""
    nudge = max(abs(value) * 1e-9, zero / 1000)  # so that noise crosses no threshold and decides no tie
    value = 0.0 if abs(value) <= zero else value + math.copysign(nudge, value)
    if value == 0 or not math.isfinite(value) or 0.01 <= abs(value) < 1000:
        return number(value, 3 if abs(value) < 1 else 2)
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def digits_for(limit: float) -> int:
    """Digits after the point of the numbers on a scale that ends at `limit`."""
    if 0.1 <= limit < 10:
        return 2
    power = math.floor(math.log10(limit))
    return max(0, 2 - power) if power > 0 else min(6, 1 - power)


def nothing(limit: float) -> float:
    """Up to here a value is float noise about 0, on a scale that ends at `limit`."""
    return max(1e-12, 1e-9 * limit)


def plain(value: float) -> str:
    """A place on a scale: 0.5, 20, 1e-6."""
    mantissa, e, exponent = f"{value:.6g}".partition("e")
    return mantissa + (f"e{int(exponent)}" if e else "")


def largest(values: np.ndarray, scale: float = 1.0) -> tuple[int, ...]:
    """Index of the largest value; among equals (up to float noise on that scale) the first."""
    return tuple(int(i) for i in np.argwhere(values >= values.max() - 1e-9 * scale)[0])


def distinct(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels for a sentence: where two are equal, each is followed by its place, counted from 1."""
    count = Counter(labels)
    return tuple(f"{t} ({i})" if count[t] > 1 else t for i, t in enumerate(labels, 1))


def nice(value: float) -> float:
    """The next round number (1, 1.5, 2, 3, 5, 7.5 times a power of ten): a limit that seldom changes.

    Float noise about 0 gets the limit 1.
    """
    if value <= 1e-9:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7.5, 10) if step * power >= value * (1 - 1e-9))


_RULER = RendererAgg(1, 1, DPI)  # measures text at scale 1


@cache
def _fonts() -> tuple[FontProperties, tuple[Any, ...]]:
    installed = {font.name for font in fontManager.ttflist}
    families = ["DejaVu Sans", *(name for name in _FALLBACKS if name in installed)]
    faces = tuple(get_font(font_manager.findfont(family)) for family in families)
    return FontProperties(family=families, size=SIZE), faces


def font(size: float = SIZE, weight: str = "normal") -> FontProperties:
    properties = _fonts()[0].copy()
    properties.set_size(size)
    properties.set_weight(weight)
    return properties


@lru_cache(4096)
def measure(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Width of a text in pixels at scale 1."""
    return _RULER.get_text_width_height_descent(text, font(size, weight), False)[0]


@lru_cache(4096)
def drawable(text: str) -> str:
    """`text` as one line that can be drawn: a box stands for a character that no installed font has."""
    spaced = (" " if c.isspace() else c for c in text)
    kept = (c for c in spaced if c.isprintable() and c not in "\u200d\ufe0e\ufe0f")
    return "".join(c if any(face.get_char_index(ord(c)) for face in _fonts()[1]) else "□" for c in kept)


def shown(label: str) -> str:
    """A label as it is drawn: at most 14 characters; the pointer shows it whole."""
    text = drawable(label)
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


@lru_cache(1024)
def fitted(text: str, room: float, size: float = SIZE, weight: str = "normal") -> str:
    """A name or title as it is drawn: cut where it is wider than `room` pixels; the digest has it whole."""
    text = drawable(text)
    if measure(text, size, weight) <= room:
        return text
    cuts = (text[:n].rstrip() + "…" for n in range(min(len(text), 300), 0, -1))
    return next((cut for cut in cuts if measure(cut, size, weight) <= room), "…")


def write(
    ax: Axes, x: float, y: float, text: str, math: bool = False, size: float = SIZE, **style: Any
) -> Text:
    """Text at a point of the axes (pixels); a dollar sign is a dollar sign unless `math` is set."""
    style = {"va": "center", "color": "black", "clip_on": False} | style
    weight = style.pop("weight", "normal")
    return ax.text(x, y, text, fontproperties=font(size, weight), parse_math=math, **style)


# ---------------------------------------------------------------- colours and cells


@cache
def lut(signed: bool) -> np.ndarray:
    """256 colours, uint8 [256, 4]: viridis, or a diverging map that is white at 0."""
    return (colormaps["RdBu_r" if signed else "viridis"](np.arange(256)) * 255).round().astype(np.uint8)


def cells(values: np.ndarray, signed: bool, limit: float) -> np.ndarray:
    """Colours of the cells, uint8 [rows, cols, 4]; masked cells (-inf) are grey."""
    finite = np.where(np.isneginf(values), 0.0, values)
    share = (finite / limit + 1) / 2 if signed else finite / limit
    colours = lut(signed)[np.clip(share * 255 + 0.5, 0, 255).astype(np.uint8)]
    colours[np.isneginf(values)] = MASKED
    return colours


def ink(colours: np.ndarray) -> np.ndarray:
    """Black or white, whichever has more contrast on each colour (never under 4.5:1); float [n, 4]."""
    linear = (colours[..., :3].reshape(-1, 3) / 255) ** 2.2
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where((luminance < 0.179)[:, None], 1.0, [[0.0, 0.0, 0.0, 1.0]])


@cache
def sign(char: str) -> tuple[Path, float]:
    """The outline of one sign of a text, and its width, in points."""
    vertices, codes = text_to_path.get_text_path(font(), char)
    width, *_ = text_to_path.get_text_width_height_descent(char, font(), False)
    vertices = np.reshape(vertices, (-1, 2)) * SIZE / text_to_path.FONT_SCALE  # a space has none
    return Path(vertices, np.asarray(codes, np.uint8)), width


@lru_cache(4096)
def _glyphs(text: str) -> Path:
    """The outline of a number, in points, its middle at (0, 0): its signs side by side."""
    if not text:
        return Path(np.zeros((1, 2)), [Path.MOVETO])
    outlines, widths = zip(*map(sign, text), strict=True)
    starts = np.cumsum([0.0, *widths])[:-1]
    vertices = np.concatenate([o.vertices + np.array([x, 0]) for o, x in zip(outlines, starts, strict=True)])
    path = Path(vertices, np.concatenate([o.codes for o in outlines]))
    middle = ends_of(path)[:, 0].mean(), ends_of(sign("0")[0])[:, 1].mean()
    return Path(path.vertices - middle, path.codes)


def ends_of(path: Path) -> np.ndarray:
    """The lower and upper ends of an outline: [[x0, y0], [x1, y1]]."""
    inked = path.vertices[path.codes != Path.CLOSEPOLY]
    return np.array([inked.min(axis=0), inked.max(axis=0)])


def numbers(ax: Axes, points: np.ndarray) -> PathCollection:
    """Numbers centred on `points` [n, 2], all drawn as one collection: far cheaper than n texts."""
    count = len(points)
    collection = PathCollection(
        [_glyphs("0")] * count, offsets=points, offset_transform=ax.transData, linewidths=0, clip_on=False
    )
    scale = Affine2D().scale(1 / 72) + ax.get_figure(root=True).dpi_scale_trans
    collection.set_transform(scale)
    ax.add_collection(collection, autolim=False)
    return collection


def set_numbers(collection: PathCollection, texts: Sequence[str], colours: Any) -> None:
    collection.set_paths([_glyphs(text.replace("-inf", "−∞").replace("-", "−")) for text in texts])
    collection.set_facecolor(colours)


def image(ax: Axes, x: float, y: float, width: float, height: float) -> AxesImage:
    """An empty image of cells at a place in pixels; `set_data` gives it its colours."""
    extent = (x, x + width, y + height, y)
    picture = AxesImage(
        ax, extent=extent, interpolation="nearest", interpolation_stage="rgba", origin="upper"
    )
    picture.set_data(np.zeros((1, 1, 4), np.uint8))
    picture.set_clip_on(False)
    ax.add_image(picture)
    return picture


def surround(frames: Sequence[Rectangle], place: tuple[float, float, float, float] | None) -> None:
    """Put frames around a place (left, top, width, height); None hides them."""
    for frame in frames:
        frame.set_visible(place is not None)
        if place is not None:
            frame.set_bounds(*place)


def grid_points(x: float, y: float, rows: int, cols: int, width: float, height: float) -> np.ndarray:
    """Centres of the cells of a grid, [rows * cols, 2], row after row."""
    across, down = x + (np.arange(cols) + 0.5) * width, y + (np.arange(rows) + 0.5) * height
    return np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)


def grid_hit(
    box: tuple[float, float, float, float], rows: Sequence[str], cols: Sequence[str], values: Any, **more: Any
) -> dict:
    """A grid of cells for the pointer: `values` are texts [rows][cols]."""
    return {"box": [*box], "rows": [*rows], "cols": [*cols], "values": values, **more}
