"""The colours of all views."""

from functools import cache

import numpy as np
from matplotlib import colormaps

COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#000000",
)  # at least 3:1 on white
MARKERS = ("o", "s", "^", "D", "v")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
GREY = "#595959"  # 7:1 on white
MASKED = (224, 224, 224, 255)


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
