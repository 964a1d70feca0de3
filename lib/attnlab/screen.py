"""The picture of a panel: one small widget that paints the newest frame and reports the pointer."""

import base64
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from attnlab.views.stage import Scene

_HERE = Path(__file__).parent


class Digest(str):
    """A panel's sentence. Shown as it is, so that it can stand as the last line of a cell."""

    __slots__ = ()
    __repr__ = str.__str__


class Screen(anywidget.AnyWidget):
    """Paints frames in the browser, in order: a frame older than the one on the screen is never painted.

    `frame` holds the layers, the digest (the alternative text and the sentence below) and what the pointer
    finds; `background` is sent only when it changes. The browser reports `ratio`, its device pixels per CSS
    pixel, and sends {"select": control, "row": i}, {"select": control, "by": 1}, {"tick": control, "from": i}
    and {"point": [view, place, row] or None, "id": text}, which is answered by {"heard": text}.
    """

    _esm = _HERE / "screen.js"
    _css = _HERE / "screen.css"

    background = t.Dict().tag(sync=True)
    frame = t.Dict().tag(sync=True)
    error = t.Unicode().tag(sync=True)
    clock = t.Dict().tag(sync=True)  # {"control", "at", "wait"} while a step slider plays, else empty
    scale = t.Float(1.0).tag(sync=True)
    ratio = t.Float(1.0).tag(sync=True)
    name = t.Unicode("figure").tag(sync=True)

    def paint(self, frame: Scene, pointer: Any = None, moved: bool = True) -> None:
        """Send a frame; the error of an earlier move goes away, unless only the pointer moved."""
        ground = self.background.get("id", 0) + (frame.background is not None)
        with self.hold_sync():
            if frame.background is not None:
                self.background = {"id": ground, "png": frame.background}
            self.frame = {
                "number": self.frame.get("number", 0) + 1,
                "background": ground,
                "pixels": list(frame.pixels),
                "size": list(frame.size),
                "scale": frame.scale,
                "maps": frame.maps,
                "overlay": frame.overlay,
                "place": list(frame.place),
                "hits": frame.hits,
                "digest": frame.digest,
                "pointer": pointer,
                "moved": moved,
            }
            if moved:
                self.error = ""

    @property
    def digest(self) -> Digest:
        """The sentence that was last sent to the screen."""
        return Digest(self.frame.get("digest", ""))


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


def bundle(digest: str, png: bytes, widget: Any) -> dict[str, Any]:
    """A notebook output with three readers: nbval and screen readers, pages without a kernel, JupyterLab."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    live = {"application/vnd.jupyter.widget-view+json": view}
    return {"text/plain": str(digest), "image/png": base64.b64encode(png).decode()} | live
