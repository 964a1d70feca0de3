"""Texts that move, as signs: each sign is drawn once on a sheet, and from then on only placed.

A picture of numbers is mostly signs that are there already: what travels is which, and where.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform
from PIL import Image

from attnlab.views import fonts
from attnlab.views.fonts import Texts
from attnlab.views.payload import Sheet
from attnlab.views.png import as_png

PHASES = 4  # places within a pixel, from left to right, at which a sign can begin
WIDE, MOST, FAR = 512, 4000, 30_000  # pixels: the sheet; signs on it; pixels: no picture is so large


class Signs:
    """The signs of one figure at one resolution: where they are on the sheet, and in a frame."""

    def __init__(self, dpi: float) -> None:
        self.dpi = dpi
        self._numbers: dict[int, int] = {}  # what identifies a sign -> its place on the sheet
        self._drawn: list[Image.Image] = []
        self._corners: list[tuple[int, int]] = []  # of a sign: from the point where it stands
        self._sent = 0

    def place(self, texts: Iterable[Texts], height: int) -> np.ndarray:
        """Sign, left and top of every sign of the texts, int16 [n, 3], in a picture of that height."""
        keys, points = [np.zeros(0, np.int64)], [np.zeros((0, 2))]
        for each in texts:
            found = self._of(each, height)
            if found is not None:
                keys.append(found[0])
                points.append(found[1])
        if len(self._drawn) > MOST:
            self.__init__(self.dpi)  # type: ignore[misc]  # long texts in many scripts: begin afresh
        every, which = np.unique(np.concatenate(keys), return_inverse=True)
        numbers = np.array([self._number(key) for key in every.tolist()], dtype=int)[which]
        corners = np.array(self._corners, dtype=float).reshape(-1, 2)
        places = np.floor(np.concatenate(points)) + corners[numbers]
        seen = np.abs(places).max(axis=1, initial=0) < FAR  # not those of numbers beyond all scales
        return np.column_stack([numbers, places])[seen].astype(np.int16)

    def _of(self, texts: Texts, height: int) -> tuple[np.ndarray, np.ndarray] | None:
        """What identifies each sign of a collection of texts, and the points where they stand."""
        paths = texts.signs
        counts = [len(codes) for codes, _ in paths]
        if not texts.get_visible() or not sum(counts):
            return None
        codes = np.concatenate([codes for codes, _ in paths])
        starts = np.concatenate([places for _, places in paths]) * (self.dpi / 72)
        offsets = texts.get_offset_transform().transform(texts.get_offsets())
        offsets = np.nan_to_num(np.clip(offsets, -2 * FAR, 2 * FAR), nan=2 * FAR)
        points = np.repeat(offsets, counts, axis=0) + starts
        points[:, 1] = np.floor(height - points[:, 1] + 0.5)
        phases = np.floor(points[:, 0] * PHASES + 0.5).astype(np.int64)
        points[:, 0] = phases // PHASES
        inks = np.rint(np.atleast_2d(texts.get_facecolor()) * 255).astype(np.int64) @ [
            1 << 24,
            1 << 16,
            1 << 8,
            1,
        ]
        inks = np.repeat(np.resize(inks, len(counts)), counts)
        return (codes << 34) | (inks << 2) | (phases % PHASES), points

    def _number(self, key: int) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self._drawn)
            self._draw(*fonts.sign(key >> 34), (key >> 2) & 0xFFFFFFFF, key % PHASES)
        return self._numbers[key]

    def _draw(self, vertices: np.ndarray, codes: np.ndarray, ink: int, phase: int) -> None:
        points = vertices * (self.dpi / 72) + [phase / PHASES, 0]
        left, low = np.floor(points.min(axis=0)).astype(int) - 1
        wide, high = np.ceil(points.max(axis=0)).astype(int) + 1 - [left, low]
        renderer = RendererAgg(int(wide), int(high), self.dpi)
        context = renderer.new_gc()
        context.set_linewidth(0)
        context.set_snap(False)
        colour = tuple((ink >> shift & 255) / 255 for shift in (24, 16, 8, 0))
        renderer.draw_path(context, Path(points - [left, low], codes), IdentityTransform(), colour)
        self._drawn.append(Image.fromarray(np.array(renderer.buffer_rgba())))
        self._corners.append((int(left), int(-low - high)))

    def news(self) -> Sheet | None:
        """The sheet, if it has grown since it was last asked for."""
        if len(self._drawn) == self._sent:
            return None
        self._sent = len(self._drawn)
        rows, x, y, high = [], 0, 0, 0
        for sign in self._drawn:
            if x + sign.width > WIDE:
                x, y, high = 0, y + high, 0
            rows.append((x, y, sign.width, sign.height))
            x, high = x + sign.width, max(high, sign.height)
        sheet = Image.new("RGBA", (WIDE, y + high))
        for sign, (left, top, *_) in zip(self._drawn, rows, strict=True):
            sheet.paste(sign, (left, top))
        return {"png": as_png(sheet, compress_level=6), "rects": np.array(rows, np.int16).tobytes()}

    def paste(self, picture: Image.Image, placed: np.ndarray) -> None:
        """Put placed signs on a picture."""
        for number, left, top in placed.tolist():
            picture.paste(self._drawn[number], (left, top), self._drawn[number])


def of(artists: Sequence[Any]) -> list[Texts]:
    """The texts among artists that are placed sign by sign."""
    return [each for each in artists if isinstance(each, Texts) and each.placed]
