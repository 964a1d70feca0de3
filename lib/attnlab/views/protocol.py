"""What the stage knows about a view: four behaviours, and the room and artists that they use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from attnlab.views.inputs import Text
from attnlab.views.payload import Hit

Measure = Callable[..., float]  # width of a text (its size and weight may follow) in pixels at scale 1


@dataclass(frozen=True)
class Box:
    """What a view asks the layout for, in pixels at scale 1: the size of its axes and the margins around."""

    width: float
    height: float
    left: float = 0
    right: float = 0
    top: float = 0
    bottom: float = 0
    grow: bool = False  # may become wider than asked
    wide: bool = False  # takes a row of its own
    low: float = 0  # of a chart: may be drawn at any height from this on; charts in a row share theirs
    least: float = 0.76  # the smallest scale at which its text can be read: 11 pixels

    @property
    def outer(self) -> tuple[float, float]:
        return self.left + self.width + self.right, self.top + self.height + self.bottom


@dataclass
class Drawn:
    """A view on its axes: the artists that move from frame to frame, and the images of the cells."""

    ax: Axes
    moving: list[Artist] = field(default_factory=list)
    maps: list[AxesImage] = field(default_factory=list)
    parts: SimpleNamespace = field(default_factory=SimpleNamespace)


class Drawable:
    """One thing to look at: it takes data, draws on an Axes, updates in place, describes itself in words."""

    title: Text = Text("")

    def key(self) -> tuple[Any, ...]:
        """Two views with equal keys differ only in what `update` moves."""
        raise NotImplementedError

    def box(self, measure: Measure) -> Box:
        raise NotImplementedError

    def draw(self, ax: Axes, box: Box) -> Drawn:
        """Create the artists. The axes' data coordinates are pixels of the box, y downwards."""
        raise NotImplementedError

    def update(self, drawn: Drawn) -> None:
        """Move the data of the artists; called after draw and on every later frame."""
        raise NotImplementedError

    def describe(self) -> str:
        """The picture in words: deterministic, rounded away from float noise."""
        raise NotImplementedError

    def caption(self) -> str:
        """What a person would say about it, on one line, without the title or a full stop at the end."""
        raise NotImplementedError

    def hits(self, box: Box) -> list[Hit]:
        """What the pointer finds: grids of cells, boxes in pixels relative to the axes.

        The texts may be a function of row and column (`Tell`); those of a large grid are requested one by
        one. A grid with "point" (any text) asks for `pointed` while the pointer is on one of its rows.
        """
        return []

    def pointed(self, point: str, row: int) -> "Drawable":
        """The view that `update` draws while the pointer is there: nothing else of it is used."""
        return self
