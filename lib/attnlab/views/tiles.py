"""Rectangles of a picture to scale, and the labels in them and beside them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from attnlab.views import fonts
from attnlab.views.fonts import length

WIDE, HIGH, LINE, LEAST = 400.0, 300.0, 18, 13  # pixels: the whole picture, a line of words, a small one
OUT, NEXT = 14, 16  # pixels: from the picture to the labels beside it, their distance


class Area(NamedTuple):
    """A rectangle: the names of its band and of its cell, if it is one; its value; its place in pixels."""

    band: str
    name: str | None
    value: float
    x: float
    y: float
    width: float
    height: float

    @property
    def called(self) -> str:
        return self.band if self.name is None else self.name

    @property
    def corners(self) -> list[tuple[float, float]]:
        (x, y), (x1, y1) = (self.x, self.y), (self.x + self.width, self.y + self.height)
        return [(x, y), (x1, y), (x1, y1), (x, y1)]


class Label(NamedTuple):
    """A text and its size, the point left of it, and how high its rectangle is when that is elsewhere.

    fill: the colour of the rectangle that it is in.
    """

    text: str
    size: float
    x: float
    y: float
    place: float | None = None
    fill: str = ""

    @property
    def pad(self) -> list[tuple[float, float]]:
        """A rectangle behind the text, so that no line runs through it."""
        right, half = self.x + length(self.text, self.size) + 3, self.size * fonts.DPI / 72 * 0.62
        up, down = self.y - half, self.y + half
        return [(self.x - 3, up), (right, up), (right, down), (self.x - 3, down)]


def corner(side: float) -> tuple[float, float, float, float]:
    """A rectangle of the form of the picture in its lower right corner."""
    return WIDE * (1 - side), HIGH * (1 - side), WIDE * side, HIGH * side


def merged(areas: Sequence[Area]) -> list[list[tuple[float, float]]]:
    """Corners of the areas, those that make a rectangle together as one: a pattern costs time for each."""
    found: list[Area] = []
    for area in areas:
        last = found[-1] if found else area
        beside = abs(last.x - area.x) + abs(last.width - area.width) < 0.01
        if found and beside and abs(last.y + last.height - area.y) < 0.01:
            found[-1] = last._replace(height=area.y + area.height - last.y)
        else:
            found.append(area)
    return [area.corners for area in found if area.value]


def inside(texts: Sequence[str], area: Area) -> Label | None:
    """The longest of the texts that fits into a rectangle."""
    for size in (fonts.SIZE, fonts.SMALL):
        if area.height < size * fonts.DPI / 72 + 2:
            continue
        for text in texts if size == fonts.SIZE or area.height < 17 else texts[:2]:
            if length(text, size) <= area.width - 10:
                return Label(text, size, area.x + 5, area.y + area.height / 2)
    return None


def beside(spots: Sequence[tuple[float, str]], room: float) -> list[Label]:
    """Labels right of the picture, as high as their places if there is room; of too many every second ..."""
    every = max(1, math.ceil(len(spots) / (HIGH // NEXT)))
    kept = spots[::every]
    heights: list[float] = []
    for y, *_ in kept:
        heights.append(max(y, heights[-1] + NEXT if heights else NEXT / 2))
    for i in reversed(range(len(heights))):
        heights[i] = min(heights[i], heights[i + 1] - NEXT if i + 1 < len(heights) else HIGH - NEXT / 2)
    labels = [
        Label(fonts.fitted(text, room, width=length), fonts.SIZE, WIDE + OUT, y, place)
        for (place, text), y in zip(kept, heights, strict=True)
    ]
    if every > 1:  # said, not silently left out
        labels.append(Label(f"one name in {every} is shown", fonts.SMALL, WIDE + OUT, -LINE / 2 - 2))
    return labels
