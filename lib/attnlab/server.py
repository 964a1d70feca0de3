"""Jupyter server extension: quick sliders, and saved notebooks without dead widgets.

It does two things, and panels also work without it:

- Kernel websockets send small messages at once (TCP_NODELAY). Otherwise the answer to a slider waits for
  TCP's delayed acknowledgement: about half of the time from slider to picture.
- A saved panel keeps its picture and drops its widget view. The view would show "model not found" to the
  next reader, because its model dies with the kernel. Run the cell, and the picture is live again.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PICTURE = "image/png"
MARKER = "attnlab"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "attnlab.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

    send_at_once(KernelWebsocketHandler)
    server.contents_manager.register_pre_save_hook(drop_dead_views)


def send_at_once(handler: type) -> None:
    """Make every websocket of this tornado handler send small messages at once. Twice does no harm."""
    opened = handler.open  # type: ignore[attr-defined]
    if getattr(opened, "sends_at_once", False):
        return

    @functools.wraps(opened)
    async def open_at_once(self: Any, *args: Any, **kwargs: Any) -> None:
        self.set_nodelay(True)
        result = opened(self, *args, **kwargs)
        if inspect.isawaitable(result):
            await result

    open_at_once.sends_at_once = True  # type: ignore[attr-defined]
    handler.open = open_at_once  # type: ignore[attr-defined]


def drop_dead_views(model: dict[str, Any], **_: Any) -> None:
    """Pre-save hook: remove the widget view of every panel of ours that has a picture."""
    if model.get("type") != "notebook" or not model.get("content"):
        return
    for cell in model["content"].get("cells", []):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if MARKER in output.get("metadata", {}) and PICTURE in data:
                data.pop(WIDGET_VIEW, None)


__all__ = ["drop_dead_views", "send_at_once"]
