"""Where views go on a stage: in rows, with titles above them, on one screen if possible."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, inf

from attnlab.views import fonts
from attnlab.views.defaults import matplotlib_defaults
from attnlab.views.protocol import Box, Drawable

# Pixels at scale 1: a row of views (with its rim the column of JupyterLab on a screen of 1280), the rim,
# between views, a title.
WIDEST, EDGE, BETWEEN, TITLE = 840, 4, 22, 26
SCALES = 1.0, 0.94, 0.88, 0.82, 0.76  # the smallest: text of 11 pixels
LITTLE = 0.88  # down to here a picture becomes smaller for the sake of fewer rows
TALLER, HIGHER = 1.6, 1.3  # how much a chart may stretch beside a map; a picture that almost fits
HEADING = 11.5, "bold"

Size = tuple[float, float]


@dataclass(frozen=True)
class Slot:
    """Where a view is, in pixels at scale 1: the corner of its axes, its box, the top of its title."""

    x: float
    y: float
    box: Box
    head: float = 0


def heading(title: str, widest: float = WIDEST) -> str:
    """A title as it is drawn: no wider than a row of views."""
    return fonts.fitted(title, widest - 8, *HEADING)


@matplotlib_defaults()
def one_row_scale(views: Sequence[Drawable]) -> float:
    """The scale at which the views stand in one row, if there is one; 1 when they need more rows anyway."""
    boxes = [_with_title(view.box(fonts.measure), view.title, WIDEST) for view in views]
    scale = WIDEST / (sum(box.outer[0] for box in boxes) + BETWEEN * (len(boxes) - 1))
    least = max(box.least for box in boxes)
    return scale if least <= scale < 1 and not any(box.wide for box in boxes) else 1.0


def fit(boxes: Sequence[Box], titles: Sequence[str], width: float, height: float, most: float = 1.0) -> float:
    """The largest scale, up to `most`, at which the picture fits into these pixels; text stays readable.

    It may be a little smaller if that gives fewer rows. If no scale fits, it is small if that almost fits,
    else as large as the width allows.
    """
    least = max((box.least for box in boxes), default=1.0)
    scales = [scale for scale in SCALES if least <= scale <= most] or [SCALES[0]]
    plans = {scale: arrange(boxes, titles, width / scale - 2 * EDGE, height / scale) for scale in scales}
    narrow = [scale for scale, (_, (wide, _)) in plans.items() if wide * scale <= width]
    good = [scale for scale in narrow if plans[scale][1][1] * scale <= height]
    if good:
        little = [scale for scale in good if scale >= LITTLE] or good[:1]
        return min(little, key=lambda scale: (len({slot.head for slot in plans[scale][0]}), -scale))
    if plans[scales[-1]][1][1] * scales[-1] <= height * HIGHER:
        return scales[-1]
    return narrow[0] if narrow else scales[-1]


def arrange(
    boxes: Sequence[Box], titles: Sequence[str], widest: float = WIDEST, high: float = inf
) -> tuple[list[Slot], Size]:
    """Place boxes in rows no wider than `widest`, where they fit; and the size of the whole.

    Spare width goes to boxes that can grow. Charts in a row have one top and one bottom; they become lower
    where the rows together would be higher than `high`.
    """
    boxes = [_with_title(box, title, widest) for box, title in zip(boxes, titles, strict=True)]
    rows = [_Row([boxes[i] for i in row], row, any(titles[i] for i in row)) for row in _rows(boxes, widest)]
    gives = [row.height(row.chart) - row.height(row.low) for row in rows]
    excess = sum(row.height(row.chart) + EDGE for row in rows) + EDGE - high
    share = min(1.0, max(0.0, excess / sum(gives))) if any(gives) else 0.0
    slots = [Slot(0, 0, box) for box in boxes]
    width, y = 0.0, float(EDGE)
    for row, give in zip(rows, gives, strict=True):
        tall = row.height(row.chart) - give * share
        for i, slot in row.place(y, tall, widest):
            slots[i] = slot
            width = max(width, slot.x - slot.box.left + slot.box.outer[0] - EDGE)
        y += tall + EDGE
    return slots, (float(ceil(width + 2 * EDGE)), float(ceil(y)))


def _with_title(box: Box, title: str, widest: float) -> Box:
    """The box, wide enough for the title above it."""
    missing = fonts.measure(heading(title, widest), *HEADING) + 8 - box.outer[0] if title else 0.0
    return replace(box, right=box.right + 16 * ceil(missing / 16)) if missing > 0 else box


def _rows(boxes: Sequence[Box], widest: float) -> list[list[int]]:
    """The numbers of the boxes, row by row."""
    rows: list[list[int]] = []
    room = 0.0
    for i, box in enumerate(boxes):
        needed = box.outer[0] + BETWEEN
        if not rows or box.wide or boxes[rows[-1][-1]].wide or needed > room:
            rows.append([])
            room = widest + BETWEEN
        rows[-1].append(i)
        room -= needed
    return rows


class _Row:
    """Boxes beside each other. Those that have a `low` are charts."""

    def __init__(self, boxes: list[Box], numbers: list[int], titled: bool) -> None:
        self.boxes, self.numbers, self.title = boxes, numbers, TITLE if titled else 0
        charts, others = [b for b in boxes if b.low], [b for b in boxes if not b.low]
        self.top = max((box.top for box in charts), default=0.0)
        self.bottom = max((box.bottom for box in charts), default=0.0)
        self.low = max((box.low for box in charts), default=0.0)
        self.chart = max((box.height for box in charts), default=0.0)
        self.axes = max((box.top + box.height for box in others), default=0.0)  # the lowest end of their axes
        # Maps of one height have one top: the same row of both is at the same place.
        tops = {box.height: max(b.top for b in others if b.height == box.height) for box in others}
        self.tops = [self.top if box.low else tops[box.height] for box in boxes]
        self.others = max((tops[box.height] + box.height + box.bottom for box in others), default=0.0)

    def height(self, chart: float) -> float:
        """Of the row, with charts of that height."""
        charts = self.top + chart + self.bottom if self.chart else 0.0
        return self.title + max(charts, self.others)

    def place(self, y: float, tall: float, widest: float) -> list[tuple[int, Slot]]:
        """Numbers and slots in a row that begins at y and has that height."""
        room = tall - self.title - self.top - self.bottom
        chart = max(self.low, min(self.chart, room))
        chart = max(chart, min(TALLER * self.chart, self.axes - self.top, room))
        growing = sum(box.grow for box in self.boxes)
        spare = widest - sum(box.outer[0] for box in self.boxes) - BETWEEN * (len(self.boxes) - 1)
        slots, x = list[tuple[int, Slot]](), float(EDGE)
        for i, box, top in zip(self.numbers, self.boxes, self.tops, strict=True):
            wider = max(0.0, min(spare / growing, box.width)) if box.grow else 0.0
            # Whole pixels: a picture of so many pixels has edges there.
            box = replace(box, width=box.width + wider // 1, height=chart // 1 if box.low else box.height)
            slots.append((i, Slot(x + box.left, y + self.title + top, box, y)))
            x += box.outer[0] + BETWEEN
        return slots
