"""Small multiples: pictures side by side, one for each value of a control."""

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from attnlab.panels.screen import Digest
from attnlab.panels.surface import Surface
from attnlab.views.layout import one_row_scale
from attnlab.views.view import View


class Filmstrip:
    """Pictures side by side that do not move: for print, and for readers without a kernel."""

    def __init__(self, views: Sequence[View], name: str) -> None:
        self._surface = Surface(name, fit=one_row_scale(views))
        self._surface.show(views)

    @property
    def digest(self) -> Digest:
        return self._surface.digest

    @property
    def widget(self) -> widgets.Widget:
        """The pictures as a widget, for a layout of ipywidgets."""
        return self._surface.widget

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return self._surface.bundle()

    def __repr__(self) -> str:
        return str(self.digest)
