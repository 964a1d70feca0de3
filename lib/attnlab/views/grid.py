"""Cells in rows and columns: as an image, as places, and for the pointer."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from attnlab.views.payload import Hit, More, Tell

MOST_SENT = 2500  # cells of a grid whose texts are sent with every frame; of a larger one they are asked for


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


def apart(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Heights near the given ones, in the same order, `least` from each other, from `low` to `high`."""
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    found = list(places)
    at = low - least
    for i in order:
        found[i] = at = max(places[i], at + least)
    at = high + least
    for i in reversed(order):
        found[i] = at = min(found[i], at - least)
    return found


def grid_hit(
    box: tuple[float, float, float, float],
    rows: Sequence[str],
    cols: Sequence[str],
    values: list[list[str]] | Tell,
    **more: Unpack[More],
) -> Hit:
    """A grid of cells for the pointer: `values` are texts [rows][cols], or tell the text of a cell."""
    if not isinstance(values, list) and len(rows) * len(cols) <= MOST_SENT:
        values = [[values(i, j) for j in range(len(cols))] for i in range(len(rows))]
    return {"box": [*box], "rows": [*rows], "cols": [*cols], "values": values, **more}
