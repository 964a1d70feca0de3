"""Pictures in outputs: whether two are alike, where they differ most, and both as files."""

from __future__ import annotations

import base64
import glob
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

BLOCK = 32
# Of 255. Another renderer's noise gives 2 to 3; one cell of a heatmap changed by 0.05 gives 16.
LIMIT = 6.0
SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg"}


class Picture(NamedTuple):
    """The bytes of a picture file, and the suffix of its name."""

    data: bytes
    suffix: str


class Fault(NamedTuple):
    """What differs; the number of the picture in its cell, from 1, or None if there are more or fewer."""

    words: str
    number: int | None = None


def pictures_of(outputs: list) -> list[Picture]:
    """The pictures among the outputs of a cell, in their order."""
    found = [(output.get("data", {}), mime) for output in outputs for mime in SUFFIXES]
    return [Picture(base64.b64decode(data[mime]), SUFFIXES[mime]) for data, mime in found if mime in data]


def picture_faults(new: list[Picture], saved: list[Picture], limit: float = LIMIT) -> Iterator[Fault]:
    """What differs between the new and the saved pictures of a cell."""
    if len(new) != len(saved):
        yield Fault(f"{_count(saved)} in the notebook, {len(new) or 'none'} when it runs")
        return
    for number, (now, then) in enumerate(zip(new, saved, strict=True), start=1):
        if words := difference(now, then, limit):
            yield Fault(f"picture {number} {words}", number)


def _count(pictures: list[Picture]) -> str:
    return f"{len(pictures) or 'no'} picture{'' if len(pictures) == 1 else 's'}"


def difference(new: Picture, saved: Picture, limit: float) -> str:
    """How two pictures differ; "" if they are alike."""
    if new.data == saved.data:
        return ""
    try:
        then, now = (Image.open(io.BytesIO(each.data)).convert("RGBA") for each in (saved, new))
    except UnidentifiedImageError:
        return "differs, and one of the two cannot be read"
    means = block_means(then), block_means(now)
    if means[0].shape != means[1].shape:
        return f"is {_size(then)} pixels in the notebook, {_size(now)} when it runs"
    differences = np.abs(means[0] - means[1]).max(axis=-1)
    largest = float(differences.max())
    if largest <= limit:
        return ""
    return f"differs by {largest:.1f} of 255, {_where(differences, then)} (limit {limit:g})"


def block_means(picture: Image.Image) -> np.ndarray:
    """The mean colour of each block of 32 by 32 pixels of an RGBA picture, over white: [row, column, rgb]."""
    white = Image.new("RGBA", picture.size, "white")
    sums = np.asarray(Image.alpha_composite(white, picture).convert("RGB"), dtype=float)
    counts = np.ones((*sums.shape[:2], 1))
    for axis in (0, 1):
        starts = np.arange(0, sums.shape[axis], BLOCK)
        sums = np.add.reduceat(sums, starts, axis=axis)
        counts = np.add.reduceat(counts, starts, axis=axis)
    return sums / counts


def _size(picture: Image.Image) -> str:
    return "×".join(map(str, picture.size))


def _where(differences: np.ndarray, picture: Image.Image) -> str:
    """Where the blocks [row, column] differ most, in words and pixels."""
    if differences.min() > 0.9 * differences.max():
        return "all over"
    place = np.unravel_index(differences.argmax(), differences.shape)
    y, x = (int(number) * BLOCK + BLOCK // 2 for number in place)
    row = ("upper", "middle", "lower")[min(3 * y // picture.height, 2)]
    column = ("left", "middle", "right")[min(3 * x // picture.width, 2)]
    words = row if row == column else f"{row} {column}"
    return f"most in the {words}, around x {x} y {y}"


def remove_pairs(folder: Path, name: str) -> None:
    """Forget what an earlier run wrote for a cell."""
    for path in folder.glob(f"{glob.escape(name)}-picture[0-9]*-*.*"):
        path.unlink()


def write_pair(folder: Path, name: str, new: Picture, saved: Picture) -> tuple[Path, Path]:
    """Both pictures as files: NAME-saved.png and NAME-new.png. Returns their paths, saved first."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}-saved{saved.suffix}", folder / f"{name}-new{new.suffix}"
    for path, picture in zip(paths, (saved, new), strict=True):
        path.write_bytes(picture.data)
    return paths
