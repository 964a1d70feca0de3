"""Views of every kind to try a promise on, and pictures as arrays."""

import io
import string
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.path import Path
from PIL import Image

from attnlab.attention import softmax
from attnlab.views import (
    Areas,
    Bars,
    Blocks,
    Curves,
    DotProduct,
    Formula,
    Heads,
    Heatmap,
    Links,
    Note,
    Part,
    Picture,
    Pieces,
    Points,
    Sound,
    View,
    fonts,
)  # fmt: skip
from attnlab.views.layout import Slot
from attnlab.views.stage import Scene, Stage
from attnlab.views.tiles import Label
from tests.views.example import Thermometer

SENTENCE = ("The", "cat", "drank", "milk", "because", "it", "was", "thirsty")
Make = Callable[..., View]
SIGNS = string.digits + string.ascii_letters + string.punctuation + "·…−×→∞√□"  # that `words` can read


def weights(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Attention weights: every row sums to 1."""
    return softmax(rng.normal(size=shape) * 1.5)


def names(count: int, length: int = 4) -> list[str]:
    """Different labels of about that length."""
    return [f"{SENTENCE[i % 8]}{i}".ljust(length, "n")[: max(length, 2)] + "" for i in range(count)]


def heatmap(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    return Heatmap(weights(rng, len(labels), len(labels)), labels, labels, title, selected=selected)


def scores(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    values = rng.normal(size=(len(labels), len(labels)))
    values[np.triu_indices(len(labels), 1)] = -np.inf
    return Heatmap(values, labels, labels, title, signed=True, limit=3, selected=selected)


def plain_map(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """A map with too many columns for numbers."""
    cols = names(15)
    return Heatmap(weights(rng, len(labels), 15), labels, cols, title, selected=selected)


def heads(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    return Heads(weights(rng, 3, len(labels), len(labels)), labels, labels, title, selected=selected)


def masked(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """Weights under a mask, one of which should be 0 and is not."""
    count = len(labels)
    mask = np.tril(rng.uniform(size=(count, count)) < 0.7) | np.eye(count, dtype=bool)
    shares = softmax(np.where(mask, rng.normal(size=(count, count)), -np.inf))
    shares[0, -1] += 0.1
    return Heatmap(shares, labels, labels, title, selected=selected, mask=mask)


def switched(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """Small maps of heads, some of them off, under a mask."""
    made, on = heads(rng, labels, title, selected), rng.uniform(size=3) < 0.5
    return replace(made, heads=on, names=["first", "the second", "third"], mask=np.tri(len(labels)) == 1)


def links(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    return Links(weights(rng, len(labels), len(labels)), labels, labels, title, selected=selected)


def head_links(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """Lines of three heads, some of which are not shown."""
    count, shown = len(labels), [True, *(rng.uniform(size=2) < 0.6)]
    return Links(weights(rng, 3, count, count), labels, labels, title, selected=selected, heads=shown)


def dot(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    keys = rng.uniform(-1, 1, size=(len(labels), 4))
    keys[0, 0] = 2.5  # keeps the end of the scale
    q, columns = rng.uniform(-1, 1, size=4), ["animal", "drink", "state", "time"]
    return DotProduct(q, keys, labels, title, query=labels[-1], selected=selected, columns=columns, scale=0.5)


def path(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """A query row with everything: mask, values, output."""
    opened = dot(rng, labels, title, selected)
    columns, mask = ["being", "thing", "doing"], rng.uniform(size=len(labels)) < 0.7
    mask[rng.integers(len(labels))] = True
    values = rng.uniform(-1, 1, (len(labels), 3))
    return replace(opened, mask=mask, values=values, value_columns=columns, select="key")


def bars(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    return Bars(rng.uniform(-1, 1, len(labels)), labels, title, limit=1, guide=0.5)


def log_bars(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    values = np.append(10 ** rng.uniform(-3, -1, len(labels) - 1), 2e-4)
    return Bars(values, labels, title, log=True, limit=1, floor=1e-3)


def curves(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    series = {label: rng.uniform(0.5, 2, 12) for label in labels[:5]}
    band = {labels[0]: (series[labels[0]] - 0.3, series[labels[0]] + 0.3)}
    style = {"xlabel": "step", "ylabel": "loss", "band": band}
    return Curves(series, title, at=selected, ylim=(0, 3), **style)


def log_curves(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    return Curves({labels[0]: 10 ** rng.uniform(-4, 0, 9)}, title, at=selected, log=True, ylim=(1e-4, 1))


def points(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    places, share = rng.uniform(-1, 1, (len(labels), 2)), weights(rng, len(labels))
    more = {"mark": share @ places, "weights": share, "mark_label": "mix", "axes": ("animal", "drink")}
    return Points(places, labels, title, limit=1, **more)


def arrows(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    return Points(rng.uniform(0, 1, (len(labels), 2)), labels, title, limit=1, arrows=True)


def formula(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    number = f"{rng.uniform():.2f}"
    return Formula(rf"\frac{{q \cdot k}}{{\sqrt{{d_k}}}} = {number}", f"score {number}", title)


def note(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    return Note(f"{labels[0]} looks at {labels[-1]} with {rng.uniform():.2f}.", title)


def pieces(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    order = rng.permutation(len(labels))
    split = [labels[i] for i in order]
    return Pieces(split, order, title, marked=[int(order[0])], selected=selected, select="piece", lines=2)


def picture(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """Six patches, one of them masked."""
    share = weights(rng, 6)
    share[rng.integers(6)] = -np.inf
    values = rng.uniform(0, 1, size=(8, 12))
    return Picture(values, title, side=4, weights=share, selected=selected, select="patch")


def photo(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """A picture in colour, without patches."""
    return Picture(rng.uniform(0, 1, size=(20, 30, 3)), title)


def sound(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """Frames that overlap, and their spectrum, with whole pixels for a cell."""
    wave = np.sin(np.arange(1100) * rng.uniform(0.05, 0.5)) * rng.uniform(0.2, 1)
    spectrum = rng.uniform(0, 1, size=(21, 15))
    more = {"size": 100, "step": 50, "selected": selected, "select": "frame", "spectrum_limit": 1}
    return Sound(wave, 1000, title, spectrum=spectrum, **more)


def wave(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """A few samples without frames."""
    return Sound(rng.uniform(-1, 1, size=40), 8000, title)


def layer(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """A layer opened: parts on the stream, branches, masks, every number another one."""

    def part(name: str, **more: Any) -> Part:
        shape = tuple(int(n) for n in rng.integers(10, 99, 2))
        return Part(name, shape=shape, number=float(rng.uniform(1, 9)), **more)

    branches = [[part("norm"), part(label, kind="attention", mask=rng.uniform(size=(6, 6)) < 0.5)]
                for label in labels[1:]]  # fmt: skip
    rows = [part(labels[0], kind="embedding"), *branches, part("output")]
    return Blocks(rows, title, "RMS", "part", selected)


def structure(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """An encoder and a decoder; the first labels are the names of their layers."""
    labels, tri, full = labels[:3], np.tri(5, dtype=bool), np.ones((5, 4), bool)
    columns = {}
    for name in ("encoder", "decoder"):
        numbers = {f"{label} attention": float(rng.uniform(1, 9)) for label in labels}
        masks = {"self": tri if rng.uniform() < 0.5 else ~tri, "cross": full}
        made = {"numbers": numbers, "masks": masks, "shapes": {"norm": (8, int(rng.integers(10, 99)))}}
        layers = [Blocks.layer(label, cross=name == "decoder", norm="post", **made) for label in labels]
        columns[name] = [row for rows in layers for row in rows]
    return Blocks(columns, title, "size", selected=selected)


def areas(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    values = 10 ** rng.uniform(0, 6, len(labels))
    return Areas(dict(zip(labels, values, strict=True)), title, limit=8e6, reference={"half": 4e6})


def cut_areas(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    """Bands with cells, and one without."""
    cells = {
        label: dict(zip(("left", "right"), rng.uniform(0, 1e10, 2), strict=True)) for label in labels[1:]
    }
    return Areas({labels[0]: rng.uniform(0, 1e10), **cells}, title, "bytes")


def thermometer(rng: np.random.Generator, labels: Sequence[str], title: str, selected: int | None) -> View:
    return Thermometer(rng.uniform(0, 1), labels[0], title, limit=1)


KINDS: dict[str, Make] = {
    make.__name__: make
    for make in (
        heatmap, scores, plain_map, masked, heads, switched, links, head_links, dot, path, bars, log_bars,
        curves, log_curves, points, arrows, formula, note, pieces, picture, photo, sound, wave, layer,
        structure, areas, cut_areas, thermometer,
    )
}  # fmt: skip


def view(kind: str, seed: int = 0, count: int = 4, title: str = "a title", **more: Any) -> View:
    """A view of that kind; its data depend on the seed alone."""
    labels = more.pop("labels", None) or SENTENCE[:count]
    return KINDS[kind](np.random.default_rng(seed), labels, title, more.pop("selected", None))


def decoded(png: bytes, mode: str = "RGB") -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert(mode))


def pixels(stage: Stage) -> np.ndarray:
    """The picture on the stage, [height, width, rgb], as `png` draws it but without the time to encode it."""
    with patch("attnlab.views.stage.as_png", lambda picture, **_: picture):
        return np.asarray(stage.png(colours=None))


def figure(stage: Stage) -> Figure:
    """The picture as matplotlib has it: the one place where tests look behind a stage."""
    return stage._figure


def artists(ax: Axes) -> list[Artist]:
    """What moves on the axes of a view: the cells of maps, and then the rest."""
    moving = [artist for artist in ax.get_children() if artist.get_animated()]
    return sorted(moving, key=lambda artist: not isinstance(artist, AxesImage))


def words(stage: Stage, view: int = 0) -> list[Label]:
    """The texts of a view that move, read from their outlines: size and the point left of each too."""
    found = []
    for artist in artists(figure(stage).axes[view]):
        if isinstance(artist, PathCollection):
            for path, (x, y) in zip(artist.get_paths(), artist.get_offsets(), strict=True):
                text, size, start = _read(path)
                found.append(Label(text, size, x + start * fonts.DPI / 72, y))
    return found


def _read(path: Path) -> tuple[str, float, float]:
    """A text, its size and where it begins, in points: the one whose outline this is."""
    ends = np.asarray(path.vertices)
    for size in (fonts.SIZE, fonts.SMALL):
        text, count = "", 0
        while count < len(ends):
            signs = [sign for sign in SIGNS if _begins(_signs(sign, size), ends[count:])]
            longer = [text + gap + sign for gap in ("", " ", "  ") for sign in signs]
            longer = [each for each in longer if _begins(_signs(each, size), ends)]
            if not longer:
                break
            text = max(longer, key=lambda each: len(_signs(each, size)))
            count = len(_signs(text, size))
        else:
            return text, size, float(ends[0, 0] - _signs(text, size)[0, 0])
    raise AssertionError(f"an outline with {len(ends)} points is no text")


@cache
def _signs(text: str, size: float) -> np.ndarray:
    """The outline of a text that begins at 0, [n, 2]."""
    return np.asarray(fonts.outline(text, size, side=0).vertices)


def _begins(signs: np.ndarray, ends: np.ndarray) -> bool:
    """Whether an outline begins with these signs, wherever they stand on the line."""
    if len(signs) > len(ends) or abs(signs[0, 1] - ends[0, 1]) > 1e-6:
        return False
    moved = signs + np.array([ends[0, 0] - signs[0, 0], 0])
    return bool(np.abs(moved - ends[: len(signs)]).max() < 1e-6)


def slot_of(stage: Stage, view: int = 0) -> Slot:
    """Where a view stands in the picture, in pixels at scale 1."""
    ends = figure(stage).axes[view].get_window_extent().extents / (stage.scale * stage.ratio)
    left, low, right, high = (float(end) for end in ends)
    box = stage.views[view].box(fonts.measure)
    top = figure(stage).bbox.height / (stage.scale * stage.ratio) - high
    return Slot(left, top, replace(box, width=right - left, height=high - low))


class Viewer:
    """Sees frames as the browser does: it keeps the background until another one comes."""

    def __init__(self, **size: float) -> None:
        self.stage = Stage(**size)
        self.background, self.sheet = b"", None

    def show(self, *views: View) -> Scene:
        """The frame, with the background that stands behind it."""
        frame = self.stage.show(views)
        self.background = frame.background or self.background
        self.sheet = frame.sheet or self.sheet
        return replace(frame, background=self.background, sheet=self.sheet)


def placed(frame: Scene) -> list[tuple[int, int, tuple[int, int], bytes]]:
    """Left, top, size and pixels of every sign of a frame."""
    if not frame.signs or not frame.sheet:
        return []
    sheet = Image.open(io.BytesIO(frame.sheet["png"]))
    rects = np.frombuffer(frame.sheet["rects"], np.int16).reshape(-1, 4).tolist()
    found = []
    for number, x, y in np.frombuffer(frame.signs, np.int16).reshape(-1, 3).tolist():
        left, top, width, height = rects[number]
        sign = sheet.crop((left, top, left + width, top + height))
        found.append((x, y, sign.size, sign.tobytes()))
    return found


def composed(frame: Scene) -> np.ndarray:
    """The layers of a frame, put together as the browser does it; floats [height, width, rgb]."""
    picture = Image.open(io.BytesIO(frame.background)).convert("RGB")
    for layer in frame.maps:
        x, y, width, height = layer["place"]
        cells = Image.frombytes("RGBA", layer["size"], layer["rgba"]).convert("RGB")
        picture.paste(cells.resize((width, height), Image.Resampling.NEAREST), (x, y))
    overlay = Image.open(io.BytesIO(frame.overlay)).convert("RGBA")
    picture.paste(overlay, frame.place, overlay)
    for x, y, size, pixels_of in placed(frame):
        sign = Image.frombytes("RGBA", size, pixels_of)
        picture.paste(sign, (x, y), sign)
    return np.asarray(picture, dtype=float)


def blocks(picture: np.ndarray, side: int = 8) -> np.ndarray:
    """Means of blocks of side × side pixels."""
    height, width = (n - n % side for n in picture.shape[:2])
    cut = picture[:height, :width].astype(float)
    return cut.reshape(height // side, side, width // side, side, 3).mean(axis=(1, 3))
