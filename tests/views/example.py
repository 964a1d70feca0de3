"""A view to copy from: one number on a scale, with its name.

`tests/views/samples.py` has an entry for it in KINDS: that is all that the laws of a view ask for.
"""

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from attnlab.views import fonts, grid, palette, phrases, rounding
from attnlab.views.inputs import Limit, Number, Text
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.view import View

LONG, HIGH = 200, 24  # pixels at scale 1, as all sizes here


@dataclass(frozen=True)
class Thermometer(View):
    """A number from 0 to `limit` as a bar. Raises ValueError or TypeError for anything but a number."""

    value: Number = Number()  # its type checks what people pass: see `attnlab.views.inputs`
    name: Text = Text("")
    title: Text = Text("")
    limit: Limit = Limit(None)

    @property
    def _end(self) -> float:
        return self.limit or rounding.nice(abs(self.value))

    def key(self) -> tuple[Any, ...]:
        """All that `draw` uses and `update` does not move: the name and the end of the scale."""
        return self.name, self._end

    def box(self, measure: Measure) -> Box:
        # In the margins: the name, the number, the end of the scale.
        return Box(LONG, HIGH, left=measure(fonts.shown(self.name)) + 12, right=80, bottom=26)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        """Everything once: x goes from 0 to LONG, y downwards. What moves is in `moving`."""
        ax.plot([0, 0, LONG, LONG], [0, HIGH, HIGH, 0], color=palette.LIGHT.soft, linewidth=1, clip_on=False)
        fonts.write(ax, -8, HIGH / 2, fonts.shown(self.name), ha="right")
        fonts.write(ax, LONG, HIGH + 14, rounding.plain(self._end), ha="center", color=palette.LIGHT.soft)
        bar = ax.add_patch(Rectangle((0, 4), 0, HIGH - 8, color=palette.LIGHT.lines[0], clip_on=False))
        drawn = Drawn(ax, moving=[bar])
        drawn.parts.bar, drawn.parts.number = bar, fonts.moving(ax, drawn)
        return drawn

    def update(self, drawn: Drawn) -> None:
        drawn.parts.bar.set_width(min(max(self.value / self._end, 0), 1) * LONG)
        fonts.set_moving(drawn.parts.number, [rounding.compact(self.value)], [(LONG + 8, HIGH / 2)], side=0)

    def hits(self, box: Box) -> list[Hit]:
        return [grid.grid_hit((0, 0, LONG, HIGH), [self.name], [""], [[rounding.compact(self.value)]])]

    def caption(self) -> str:
        return phrases.cut(f"{self.name} {rounding.compact(self.value)}")

    def describe(self) -> str:
        return f"{self.title or 'thermometer'}: {self.name} {rounding.compact(self.value)}."
