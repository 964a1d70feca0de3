"""The picture that is compared: one annotated 12 by 12 attention map under a slider, drawn in four ways.

The functions run in kernels. The map's last row says which slider value it belongs to, so that a reader of
pixels knows: six cells hold the bits of the value and six their opposites, 1/6 for a one and 0 for a zero.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnlab import Bars, Curves, Heatmap, Slider, explore, softmax
from attnlab.panels.panel import Panel
from tests.panels.hands import screen

TOKENS = ["The", "cat", "drank", "milk", "because", "it", "was", "thirsty", "and", "very", "very", "tired"]
TITLE = "attention weights"
LAST, START = 63, 16  # the slider goes from 0 to 63 (six bits)
INCHES = (5.86, 5.0)  # as large as our picture, at 100 pixels an inch
SCORES = 2 * np.random.default_rng(0).normal(size=(12, 12))


def weights(step: int) -> np.ndarray:
    """softmax(scores, temperature), with the value of the slider as the weights of the last row."""
    found = softmax(SCORES, temperature=0.2 + step / 16)
    bits = [step >> i & 1 for i in range(6)]
    found[-1] = [bit / 6 for bit in (*bits, *(1 - bit for bit in bits))]
    return found


def code_row(left: float, top: float, width: float, height: float) -> list[float]:
    """Where the value stands: left, right and height of a line above the numbers of the last row."""
    return [left, left + width, top + height * 11.12 / 12]


def read(picture: np.ndarray, row: list[float]) -> int:
    """The value that stands in a picture [height, width, colours]; -1 if there is none. See probe.js."""
    height, width, _ = picture.shape
    left, right, top = row
    places = (left + (right - left) * (np.arange(12) + 0.5) / 12) * width
    bits = picture[round(top * height), places.astype(int), 1] > 25
    if (bits[:6] == bits[6:]).any():
        return -1
    return sum(int(bit) << i for i, bit in enumerate(bits[:6]))


# ---------------------------------------------------------------- ours


def attend(step: int) -> Heatmap:
    return Heatmap(weights(step), TOKENS, TOKENS, TITLE)


def panel() -> Panel:
    return explore(attend, step=Slider(0, LAST, START))


def panel_row(panel: Panel) -> list[float]:
    """The code row in the panel's picture, in shares of its width and height."""
    frame = screen(panel).frame
    left, top, wide, high = frame["maps"][0]["place"]
    width, height = frame["pixels"]
    return code_row(left / width, top / height, wide / width, high / height)


def trio() -> Panel:
    """A panel of three views: a map of 8 by 8, two curves of 400 points with a cursor, bars."""
    x = np.arange(400)
    loss = {"training": np.exp(-x / 120), "validation": 0.2 + 0.8 * np.exp(-x / 80)}
    groups = ["embedding", "query", "key", "value", "output"]

    def watch(step: int) -> tuple[Any, ...]:
        maps = Heatmap(softmax(SCORES[:8, :8], temperature=0.2 + step / 16), TOKENS[:8], TOKENS[:8], TITLE)
        return maps, Curves(loss, "loss", at=6 * step), Bars(softmax(SCORES[:5, step % 12]), groups, "norms")

    return explore(watch, step=Slider(0, LAST, START))


def charts() -> Panel:
    """Three charts in a row of 1,240 pixels: two with curves of 400 points and a cursor, and bars."""
    x = np.arange(400)
    loss = {"training": np.exp(-x / 120), "validation": 0.2 + 0.8 * np.exp(-x / 80)}
    groups = ["embedding", "query", "key", "value", "output"]

    def watch(step: int) -> tuple[Any, ...]:
        rate = Curves({"rate": x / 400}, "learning rate", at=6 * step)
        return Curves(loss, "loss", at=6 * step), rate, Bars(softmax(SCORES[:5, step % 12]), groups, "norms")

    panel = explore(watch, step=Slider(0, LAST, START))
    screen(panel).room = [1240.0, 480.0]
    return panel


# ---------------------------------------------------------------- the others


def annotate(figure: Figure, values: np.ndarray) -> tuple[Axes, Any, list[Any]]:
    """The map as people draw it with matplotlib: imshow, a colour bar, a text in every cell."""
    ax = figure.subplots(gridspec_kw={"left": 0.16, "right": 0.98, "top": 0.82, "bottom": 0.03})
    image = ax.imshow(values, vmin=0, vmax=1)
    figure.colorbar(image)
    ax.set_xticks(range(12), TOKENS, rotation=45, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(12), TOKENS)
    ax.xaxis.tick_top()
    ax.set_title(TITLE)
    texts = [ax.text(i % 12, i // 12, "", ha="center", va="center", fontsize=9) for i in range(144)]
    renumber(texts, values)
    return ax, image, texts


def renumber(texts: list[Any], values: np.ndarray) -> None:
    for text, value in zip(texts, values.ravel(), strict=True):
        text.set_text(f"{value:.2f}")
        text.set_color("black" if value > 0.6 else "white")


def new_figure(step: int) -> None:
    """What `interact` calls: a new figure for every move."""
    import matplotlib.pyplot as plt

    annotate(plt.figure(figsize=INCHES, dpi=100), weights(step))
    plt.show()


def inline_row() -> list[float]:
    """The code row in the picture of the inline backend, which cuts the margins off."""
    figure = Figure(figsize=INCHES, dpi=100)
    ax, *_ = annotate(figure, weights(START))
    cut = figure.get_tightbbox().padded(0.1)
    box = ax.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    return code_row(
        (box.x0 - cut.x0) / cut.width,
        (cut.y1 - box.y1) / cut.height,
        box.width / cut.width,
        box.height / cut.height,
    )


def interact(ratio: float = 1) -> Any:
    """`ipywidgets.interact` with inline figures; sharp ones if the screen has two pixels per CSS pixel."""
    import matplotlib
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    matplotlib.use("inline")  # ipympl, once imported, would draw the figures of pyplot too
    set_matplotlib_formats("retina" if ratio == 2 else "png")
    return widgets.interactive(new_figure, step=widgets.IntSlider(START, 0, LAST))


def in_place() -> tuple[Any, Any]:
    """A slider and a figure of ipympl: the artists are updated, the figure is drawn again as a whole."""
    from ipympl.backend_nbagg import Canvas, FigureManager

    figure = Figure(figsize=INCHES, dpi=100)
    canvas = Canvas(figure)
    FigureManager(canvas, 1)
    _, image, texts = annotate(figure, weights(START))
    slider = widgets.IntSlider(START, 0, LAST).add_class("bench-ipympl")

    def update(change: Any) -> None:
        image.set_data(weights(change["new"]))
        renumber(texts, weights(change["new"]))
        canvas.draw()

    slider.observe(update, names="value")
    return slider, canvas


def ipympl_row(canvas: Any) -> list[float]:
    width, height = canvas.figure.bbox.size
    box = canvas.figure.axes[0].get_window_extent()
    return code_row(box.x0 / width, 1 - box.y1 / height, box.width / width, box.height / height)


def bare() -> Any:
    """The bare round trip: the kernel tells a label the value of the slider."""
    slider = widgets.IntSlider(START, 0, LAST).add_class("bench-bare")
    label = widgets.Label(str(START)).add_class("bench-shown")
    slider.observe(lambda change: setattr(label, "value", str(change["new"])), names="value")
    return widgets.VBox([slider, label])
