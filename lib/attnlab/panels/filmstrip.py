"""Small multiples: pictures side by side, one for each value of a control."""

from collections.abc import Sequence

from attnlab.panels.surface import Shown, Surface
from attnlab.views.layout import one_row_scale
from attnlab.views.view import View


class Filmstrip(Shown):
    """Pictures side by side that do not move: for print, and for readers without a kernel."""

    def __init__(self, views: Sequence[View], name: str) -> None:
        self._surface = Surface(name, fit=one_row_scale(views))
        self._surface.show(views)

    def __repr__(self) -> str:
        return str(self.digest)
