"""Words and numbers in a picture: fonts, widths, what fits, and texts that are cheap to move."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import PathCollection
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from attnlab.views.protocol import Drawn

SIZE = 10.5  # points: 14.6 pixels on screen, readable from the last row at a projector's 720 lines
SMALL = 8.5  # points: what is said beside something larger
DPI = 100  # pixels an inch at scale 1 and device pixel ratio 1
LONGEST_LABEL = 14  # characters of a token that are drawn; the pointer shows the whole token
_FALLBACKS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB")
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


@lru_cache(4096)
def outline(text: str, size: float = SIZE, weight: str = "normal") -> Path:
    """A text as an outline in points, the middle of a line of it at (0, 0): cheaper to move than a Text."""
    vertices, codes = text_to_path.get_text_path(font(weight=weight), text)
    scale = size / text_to_path.FONT_SCALE
    middle = measure(text, size, weight) * 72 / DPI / 2, size * 0.36
    return Path(np.asarray(vertices) * scale - middle, codes)


@lru_cache(4096)
def signs(text: str, size: float = SIZE, side: float = 0.5) -> Path:
    """As `outline`, but sign by sign: far cheaper for a text that is drawn once, such as a number.

    `side`: the share of the text left of (0, 0).
    """
    outlines = [sign(char) for char in text]
    ends = np.cumsum([0.0, *(width for _, width in outlines)])
    starts = ends[:-1] - side * ends[-1]
    inked = [(path, x) for (path, _), x in zip(outlines, starts, strict=True) if len(path.vertices)]
    if not inked:
        return Path(np.zeros((1, 2)), [Path.MOVETO])
    parts = [path.vertices + np.array([x, -0.36 * SIZE]) for path, x in inked]
    return Path(np.concatenate(parts) * size / SIZE, np.concatenate([path.codes for path, _ in inked]))


def steady(ax: Axes, x: float, y: float, text: str, size: float = SIZE, **style: Any) -> Any:
    """A text that stands still, on one line with those of `signs` at the same height."""
    low = y + 0.36 * size * DPI / 72
    return write(ax, x, low, text, size=size, va="baseline", **style)


def length(text: str, size: float = SIZE) -> float:
    """Width of a text of `signs`, in pixels at scale 1: far cheaper than to measure a new text."""
    return sum(sign(char)[1] for char in text) * size / SIZE * DPI / 72


def cut(text: str, room: float, size: float = SIZE) -> str:
    """As `fitted`, for a text that moves: it is measured only where it may be too long."""
    text = drawable(text)
    return text if length(text, size) <= room else fitted(text, room - 4, size)


def moving(ax: Axes, drawn: Drawn) -> PathCollection:
    """A collection for texts that move; `set_moving` fills it."""
    collection = numbers(ax, np.zeros((0, 2)))
    collection.set(facecolor="black", zorder=6, snap=False)
    drawn.moving.append(collection)
    return collection


def set_moving(
    collection: PathCollection,
    texts: Sequence[str],
    points: Sequence[tuple[float, float]],
    sides: Sequence[float],
    size: float = SIZE,
) -> None:
    """Put texts at points; `sides` says how much of each stands left of its point: 0, 0.5 or 1."""
    collection.set_paths([signs(text, size, side) for text, side in zip(texts, sides, strict=True)])
    collection.set_offsets(np.reshape(points, (-1, 2)))
