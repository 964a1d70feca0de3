"""The picture of a panel: one small widget that paints the newest frame and reports the pointer."""

from pathlib import Path
from typing import Any, Self

import anywidget
import traitlets as t

from attnlab.views.payload import Background, Frame
from attnlab.views.stage import Scene

_HERE = Path(__file__).parent


class Digest(str):
    """What a panel says: its caption, shown as it is at the end of a cell, with the account in `details`."""

    details: str

    def __new__(cls, caption: str = "", details: str = "") -> Self:
        said = super().__new__(cls, caption)
        said.details = details
        return said

    __repr__ = str.__str__


class Screen(anywidget.AnyWidget):
    """Paints frames in the browser, in order: a frame older than the one on the screen is never painted.

    What it is sent is typed in `attnlab.views.payload`. The browser reports `ratio`, its device pixels per
    CSS pixel; `room`, the width and height in CSS pixels for the picture; and whether the page is `dark`.
    It sends {"select": control, "row": i}, {"select": control, "by": 1}, {"tick": control, "from": i},
    {"control": name, "typed": text}, {"point": [view, place, row] or None, "id": text}, {"cell": [hit, row,
    column], "frame": number, "id": text} and {"save": text}. The last three are answered by {"heard": text},
    a cell with its "text", and {"saved": text, "name": file} with a PNG.
    """

    # As texts: of a path, anywidget keeps every widget that was ever made, to load it anew when it changes.
    _esm = (_HERE / "screen.js").read_text(encoding="utf-8")
    _css = (_HERE / "screen.css").read_text(encoding="utf-8")

    background = t.Dict().tag(sync=True)  # a payload.Background
    sheet = t.Dict().tag(sync=True)  # a payload.Sheet with its id
    frame = t.Dict().tag(sync=True)  # a payload.Frame
    clock = t.Dict().tag(sync=True)  # a payload.Clock; empty: no step slider plays
    error = t.Unicode().tag(sync=True)
    stale = t.Bool().tag(sync=True)  # the picture is not what the controls say
    printed = t.Unicode().tag(sync=True)  # what the function printed when a hand moved a control
    scale = t.Float(1.0).tag(sync=True)
    ratio = t.Float(1.0).tag(sync=True)
    room = t.List(t.Float(), [0.0, 0.0], 2, 2).tag(sync=True)  # no width: as a saved picture; 0 high: no end
    dark = t.Bool().tag(sync=True)
    name = t.Unicode("figure").tag(sync=True)

    def paint(
        self,
        scene: Scene,
        words: Digest,
        pointer: tuple[int, str, int] | None = None,
        moved: bool = True,
    ) -> None:
        """Send a frame. Messages about an earlier move go away, unless no control moved."""
        frame = self._frame(scene, words, pointer, moved)
        with self.hold_sync():
            if scene.background is not None:
                self.background = dict(Background(id=frame["background"], png=scene.background))
            if scene.sheet is not None:
                self.sheet = {"id": frame["sheet"], **scene.sheet}
            self.frame = dict(frame)
            if moved:
                self.error, self.stale, self.printed = "", False, ""

    def _frame(self, scene: Scene, words: Digest, pointer: tuple[int, str, int] | None, moved: bool) -> Frame:
        return Frame(
            number=self.number + 1,
            background=self.background.get("id", 0) + (scene.background is not None),
            pixels=scene.pixels,
            size=scene.size,
            scale=scene.scale,
            maps=scene.maps,
            overlay=scene.overlay,
            place=scene.place,
            sheet=self.sheet.get("id", 0) + (scene.sheet is not None),
            signs=scene.signs,
            hits=scene.hits,
            caption=str(words),
            account=words.details,
            pointer=pointer,
            moved=moved,
        )

    @property
    def number(self) -> int:
        """The number of the last frame sent."""
        return int(self.frame.get("number", 0))

    @property
    def digest(self) -> Digest:
        """The words last sent."""
        return Digest(self.frame.get("caption", ""), self.frame.get("account", ""))


def guard(widget: Any, lock: Any) -> None:
    """Let the browser's messages to `widget` wait for `lock`, and arrive also while a cell runs.

    JupyterLab sends them to a thread of their own, but ipykernel 7.4 redirects them to the thread that spoke
    last to this widget: the main one, which is busy with the cell. The sender's choice is the better one.
    """
    receive = widget.set_state

    def set_state(state: dict[str, Any]) -> None:
        with lock:
            receive(state)

    widget.set_state = set_state
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = lambda _, chosen: chosen
