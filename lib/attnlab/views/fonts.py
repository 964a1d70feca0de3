"""Words and numbers in a picture: fonts, widths, what fits, and texts that are cheap to move."""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
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

from attnlab.views import palette
from attnlab.views.defaults import matplotlib_defaults
from attnlab.views.protocol import Drawn

SIZE = 10.5  # points: 14.6 pixels on screen, readable from the last row at a projector's 720 lines
SMALL = 8.5  # points: what is said beside something larger
LEAST = 0.94  # the smallest scale of a view with small text: 11 pixels on the screen
MIDDLE = 0.36  # of the size: from the line that signs stand on to the middle of a line of text
DPI = 100  # pixels an inch at scale 1 and device pixel ratio 1
UNSEEN = "\u200d\ufe0e\ufe0f"  # they join signs, or choose their form
LONGEST_LABEL = 16  # characters of a token that are drawn; the pointer shows the whole token
# Behind DejaVu Sans, of which script: usual fonts of Linux, Windows and macOS.
_FALLBACKS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB",
    "Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo", "NanumGothic",  # Korean
    "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Gurmukhi", "Noto Sans Gujarati",
    "Noto Sans Tamil", "Noto Sans Telugu", "Noto Sans Kannada", "Noto Sans Malayalam", "Noto Sans Oriya",
    "Noto Sans Sinhala", "Nirmala UI", "Mangal", "Kohinoor Devanagari", "Devanagari Sangam MN",
    "Bangla Sangam MN", "Gurmukhi Sangam MN", "Gujarati Sangam MN", "Tamil Sangam MN", "Telugu Sangam MN",
    "Kannada Sangam MN", "Malayalam Sangam MN", "Oriya Sangam MN", "Sinhala Sangam MN",  # Indic
    "Noto Sans Arabic", "Noto Naskh Arabic", "Segoe UI", "Geeza Pro",  # Arabic
    "Noto Sans Hebrew", "Arial Hebrew",  # Hebrew: also in Segoe UI
    "Noto Sans Thai", "Leelawadee UI", "Thonburi",  # Thai
)  # fmt: skip
_RULER = RendererAgg(1, 1, DPI)  # measures text at scale 1


@cache
@matplotlib_defaults()
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
@matplotlib_defaults()
def measure(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Width of a text in pixels at scale 1."""
    return _RULER.get_text_width_height_descent(text, font(size, weight), False)[0]


@lru_cache(4096)
def length(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Width of an `outline` in pixels at scale 1; a Text is up to 8 % wider: hinting moves its signs."""
    return float(_starts(text, weight)[-1]) * size / SIZE * DPI / 72


@lru_cache(4096)
def drawable(text: str) -> str:
    """`text` as one line that can be drawn: a box stands for a character that no installed font has."""
    spaced = (" " if c.isspace() else c for c in text)
    halves = "\ud800", "\udfff"
    kept = (c for c in spaced if (c.isprintable() or halves[0] <= c <= halves[1]) and c not in UNSEEN)
    return "".join(c if any(face.get_char_index(ord(c)) for face in _fonts()[1]) else "□" for c in kept)


def shown(label: str, most: int = LONGEST_LABEL) -> str:
    """A label as it is drawn: at most that many characters; the pointer shows it whole."""
    text = drawable(label)
    return text if len(text) <= most else text[: most - 1] + "…"


@lru_cache(1024)
def fitted(
    text: str,
    room: float,
    size: float = SIZE,
    weight: str = "normal",
    width: Callable[[str, float, str], float] = measure,
) -> str:
    """A text as it is drawn: cut where it is wider than `room` pixels; the account has it whole."""
    text = drawable(text)
    if width(text, size, weight) <= room:
        return text
    cuts = (text[:n].rstrip() + "…" for n in range(min(len(text), 300), 0, -1))
    return next((cut for cut in cuts if width(cut, size, weight) <= room), "…")


def write(
    ax: Axes, x: float, y: float, text: str, math: bool = False, size: float = SIZE, **style: Any
) -> Text:
    """Text at a point of the axes (pixels); a dollar sign is a dollar sign unless `math` is set."""
    for name, usual in (("va", "center"), ("color", palette.theme().ink), ("clip_on", False)):
        style.setdefault(name, usual)
    weight = style.pop("weight", "normal")
    return ax.text(x, y, text, fontproperties=font(size, weight), parse_math=math, **style)


@cache
@matplotlib_defaults()
def _sign(char: str, weight: str) -> tuple[np.ndarray, np.ndarray]:
    """One sign of a text in points: the ends of its lines [n, 2], and their codes [n]."""
    vertices, codes = text_to_path.get_text_path(font(weight=weight), char)
    scale = SIZE / text_to_path.FONT_SCALE
    return np.reshape(vertices, (-1, 2)) * scale, np.asarray(codes, np.uint8)  # a space has none


@cache
@matplotlib_defaults()
def _width(chars: str, weight: str) -> float:
    """Width of a sign, or of two with what brings them closer, in points."""
    return text_to_path.get_text_width_height_descent(chars, font(weight=weight), False)[0]


def _starts(text: str, weight: str) -> np.ndarray:
    """Where the signs of a text begin, and where the last one ends, in points."""
    steps = [_width(one + other, weight) - _width(other, weight) for one, other in pairwise(text)]
    return np.cumsum([0.0, *steps, *(_width(char, weight) for char in text[-1:])])


@lru_cache(4096)
def outline(text: str, size: float = SIZE, weight: str = "normal", side: float = 0.5) -> "Outline":
    """A text as an outline in points, sign by sign: far cheaper to move than a Text.

    (0, 0) is on the middle of the line; `side`: the share of the text left of it; 0.5: as much ink as right.
    """
    *starts, end = _starts(text, weight)
    signs = [_sign(char, weight) for char in text]
    if not any(len(vertices) for vertices, _ in signs):
        return Outline(np.zeros((1, 2)), [Path.MOVETO])
    places = [np.array([x - side * end, -MIDDLE * SIZE]) for x in starts]
    parts = [v + place for (v, _), place in zip(signs, places, strict=True)]
    path = Outline(np.concatenate(parts) * size / SIZE, np.concatenate([codes for _, codes in signs]))
    shift = np.zeros(2)
    if side == 0.5:
        zero = _sign("0", "normal")[0][:, 1]  # centred: as much ink left as right, and half of a 0 above
        up = (zero.min() + zero.max()) / 2 / SIZE - MIDDLE
        shift = np.array([ends_of(path)[:, 0].mean(), up * size])
        path = Outline(np.asarray(path.vertices) - shift, path.codes)
    inky = [i for i, (vertices, _) in enumerate(signs) if len(vertices)]
    codes = np.array([_code(text[i], weight, size) for i in inky], np.int64)
    path.signs = codes, np.array([places[i] * size / SIZE - shift for i in inky])
    return path


class Outline(Path):
    """A text as an outline. `signs`: what each sign is (for `sign`), and the point where it is."""

    signs: tuple[np.ndarray, np.ndarray] = np.zeros(0, np.int64), np.zeros((0, 2))


_every: list[tuple[str, str, float]] = []  # character, weight and size of the signs by their codes
_codes: dict[tuple[str, str, float], int] = {}


def _code(char: str, weight: str, size: float) -> int:
    named = char, weight, size
    if named not in _codes:
        _every.append(named)
        _codes[named] = len(_every) - 1
    return _codes[named]


def sign(code: int) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the lines of a sign [n, 2], in points from where it stands, and their codes [n]."""
    char, weight, size = _every[code]
    vertices, codes = _sign(char, weight)
    return vertices * (size / SIZE), codes


class Texts(PathCollection):
    """Texts that move, as one collection of outlines. `placed`: on the screen they are signs of a sheet."""

    placed = True

    @property
    def signs(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """What each sign of each text is, and where it is."""
        return [path.signs for path in self.get_paths() if isinstance(path, Outline)]


def inked(char: str) -> bool:
    """Whether a sign leaves ink."""
    return len(_sign(char, "normal")[0]) > 0


def ends_of(path: Path) -> np.ndarray:
    """The lower and upper ends of an outline: [[x0, y0], [x1, y1]]."""
    ends = np.asarray(path.vertices)[np.asarray(path.codes) != Path.CLOSEPOLY]
    return np.array([ends.min(axis=0), ends.max(axis=0)])


def numbers(ax: Axes, points: np.ndarray) -> Texts:
    """Texts centred on `points` [n, 2], all drawn as one collection: far cheaper than n texts."""
    collection = Texts(
        [outline("0")] * len(points),
        offsets=points,
        offset_transform=ax.transData,
        linewidths=0,
        clip_on=False,
    )
    figure = ax.get_figure(root=True)
    assert figure is not None, "axes of a stage have a figure"
    collection.set_transform(Affine2D().scale(1 / 72) + figure.dpi_scale_trans)
    ax.add_collection(collection, autolim=False)
    return collection


def set_numbers(collection: Texts, texts: Sequence[str], colours: Any) -> None:
    collection.set_paths([outline(text.replace("-inf", "−∞").replace("-", "−")) for text in texts])
    collection.set_facecolor(colours)


def steady(ax: Axes, x: float, y: float, text: str, size: float = SIZE, **style: Any) -> Any:
    """A text that does not move, on one line with an `outline` at the same height."""
    low = y + MIDDLE * size * DPI / 72
    return write(ax, x, low, text, size=size, va="baseline", **style)


def moving(ax: Axes, drawn: Drawn) -> Texts:
    """A collection for texts that move; `set_moving` fills it."""
    collection = numbers(ax, np.zeros((0, 2)))
    collection.set(facecolor=palette.theme().ink, zorder=6, snap=False)
    drawn.moving.append(collection)
    return collection


def set_moving(
    collection: Texts, texts: Sequence[str], points: Any, side: Any = 0.5, size: float = SIZE
) -> None:
    """Put texts at points [n, 2]; `side` (of all, or one for each) stands left of the point: 0, 0.5 or 1."""
    sides = np.broadcast_to(side, len(texts)).tolist()
    paths = [outline(text, size, side=each) for text, each in zip(texts, sides, strict=True)]
    collection.set_paths(paths)
    collection.set_offsets(np.reshape(points, (-1, 2)))
