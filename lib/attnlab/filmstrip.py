"""Small multiples: pictures side by side, one for each value of a control."""

from collections.abc import Sequence
from typing import Any

from attnlab.screen import Digest, Screen, bundle
from attnlab.views.layout import one_row_scale
from attnlab.views.stage import Stage
from attnlab.views.view import View


class Filmstrip:
    """Pictures side by side that do not move: for print, and for readers without a kernel."""

    def __init__(self, views: Sequence[View], name: str, scale: float = 1.0) -> None:
        self._stage = Stage(scale * one_row_scale(views))
        self._screen = Screen(name=name, scale=scale)
        self._screen.paint(self._stage.show(views))
        self._screen.observe(self._on_ratio, names="ratio")

    @property
    def digest(self) -> Digest:
        return self._screen.digest

    def _on_ratio(self, change: Any) -> None:
        self._stage.resize(self._stage.scale, min(4.0, max(0.5, change["new"])))
        self._screen.paint(self._stage.show(self._stage.views))

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        still = Stage(one_row_scale(self._stage.views))
        still.show(self._stage.views)
        return bundle(self.digest, still.png(), self._screen), {"attnlab": {"panel": self._screen.name}}

    def __repr__(self) -> str:
        return str(self.digest)
