"""Where views stand on a stage: in rows, with titles above them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from attnlab.views import fonts
from attnlab.views.defaults import matplotlib_defaults
from attnlab.views.protocol import Box, Drawable

# Pixels at scale 1: a row of views (with its rim the column of JupyterLab on a screen of 1280), the rim,
# between views, a title.
WIDEST, EDGE, BETWEEN, TITLE = 840, 4, 22, 26
SMALLEST = 0.7  # scale of small multiples: text of 10 pixels
HEADING = 11.5, "bold"


@dataclass(frozen=True)
class Slot:
    """Where a view stands: the upper left corner of its axes, in pixels at scale 1, and its box."""

    x: float
    y: float
    box: Box


def heading(title: str) -> str:
    """A title as it is drawn: no wider than a row of views."""
    return fonts.fitted(title, WIDEST - 8, *HEADING)


@matplotlib_defaults()
def one_row_scale(views: Sequence[Drawable]) -> float:
    """The scale, down to SMALLEST, at which the views stand in one row; 1 when they need more rows anyway."""
    boxes = [_with_title(view.box(fonts.measure), view.title) for view in views]
    scale = WIDEST / (sum(box.outer[0] for box in boxes) + BETWEEN * (len(boxes) - 1))
    return scale if SMALLEST <= scale < 1 and not any(box.wide for box in boxes) else 1.0


def arrange(
    boxes: Sequence[Box], titles: Sequence[str], widest: float = WIDEST
) -> tuple[list[Slot], tuple[float, float]]:
    """Place boxes in rows no wider than `widest` where they fit; spare width goes to boxes that can grow."""
    boxes = [_with_title(box, title) for box, title in zip(boxes, titles, strict=True)]
    rows: list[list[int]] = []
    room = 0.0
    for i, box in enumerate(boxes):
        needed = box.outer[0] + BETWEEN
        if not rows or box.wide or boxes[rows[-1][-1]].wide or needed > room:
            rows.append([])
            room = widest + BETWEEN
        rows[-1].append(i)
        room -= needed
    width = max(sum(boxes[i].outer[0] for i in row) + BETWEEN * (len(row) - 1) for row in rows)
    slots: list[Slot] = [Slot(0, 0, box) for box in boxes]
    y = float(EDGE)
    for row in rows:
        tops = max((TITLE if titles[i] else 0) + boxes[i].top for i in row)
        for i, x, box in _row([boxes[i] for i in row], row, width):
            slots[i] = Slot(x + box.left, y + tops, box)
        y += tops + max(boxes[i].height + boxes[i].bottom for i in row) + EDGE
    return slots, (float(-(-(width + 2 * EDGE) // 1)), float(-(-y // 1)))


def _with_title(box: Box, title: str) -> Box:
    """The box, wide enough for the title above it."""
    missing = fonts.measure(heading(title), *HEADING) + 8 - box.outer[0] if title else 0.0
    return replace(box, right=box.right + 16 * -(-missing // 16)) if missing > 0 else box


def _row(boxes: Sequence[Box], numbers: Sequence[int], width: float) -> Iterator[tuple[int, float, Box]]:
    growing = sum(box.grow for box in boxes)
    spare = width - sum(box.outer[0] for box in boxes) - BETWEEN * (len(boxes) - 1)
    x = float(EDGE)
    for i, box in zip(numbers, boxes, strict=True):
        more = min(spare / growing, box.width) if box.grow else 0.0
        box = replace(box, width=box.width + more)
        yield i, x, box
        x += box.outer[0] + BETWEEN
