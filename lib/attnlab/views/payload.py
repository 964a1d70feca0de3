"""What crosses to the browser: `screen.js` reads the same names.

Places and sizes are in device pixels, but those of a hit in pixels at scale 1 (CSS pixels are `scale` times
as many).
"""

from collections.abc import Callable
from typing import TypedDict

Tell = Callable[[int, int], str]  # row, column -> what the pointer says of that cell


class More(TypedDict, total=False):
    """What a grid of cells may have."""

    axes: tuple[str, str]  # what a row and a column are called
    name: str  # of the whole grid
    select: str | None  # the control that a click on a row sets
    selected: int | None  # the row that is chosen
    first: int  # the row of the control that row 0 stands for
    margin: float  # the labels left of the box, where a click counts too
    point: str | tuple[int, str]  # while the pointer is on a row, the picture answers


class Hit(More):
    """A grid of cells that the pointer finds. Its texts are sent, or, where there are many, asked for."""

    box: list[float]  # left, top, width, height
    rows: list[str]
    cols: list[str]
    values: list[list[str]] | Tell | None  # [row][column]; None in the browser: ask the kernel


class Cells(TypedDict):
    """The cells of a map, one pixel each: the browser enlarges them without smoothing."""

    place: list[int]  # left, top, width, height
    size: list[int]  # columns, rows
    rgba: bytes


class Background(TypedDict):
    """What does not move: labels, scales. Sent when it changes, and identified by its number."""

    id: int
    png: bytes


class Sheet(TypedDict):
    """The signs of the texts that move. Sent when it grows; with an `id` as a background has."""

    png: bytes
    rects: bytes  # int16 [sign, 4]: left, top, width, height on the sheet


class Frame(TypedDict):
    """One picture: cells, overlay and signs on the background, the words for it, what the pointer finds."""

    number: int  # counts up: an older frame is never painted after a newer one
    background: int  # the id of the background that it belongs on
    pixels: tuple[int, int]  # width, height
    size: tuple[float, float]  # the same in CSS pixels
    scale: float
    maps: list[Cells]
    overlay: bytes  # PNG
    place: tuple[int, int]  # upper left corner of the overlay
    sheet: int  # the id of the sheet that the signs are on
    signs: bytes  # int16 [n, 3]: the number of a sign, its left and top: placed on the overlay
    hits: list[Hit]
    caption: str  # what a person would say
    account: str  # all that there is to say
    pointer: tuple[int, str, int] | None  # view, place in it and row that the pointer brought forward
    moved: bool  # a control moved, not the pointer


class Clock(TypedDict):
    """A step slider that plays: the browser asks for the next step when this one is painted."""

    control: str
    at: int
    wait: int  # milliseconds
