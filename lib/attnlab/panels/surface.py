"""What is on the screen, and its owner: figure, screen, lock, scale and ratio, and whether it is current."""

import base64
import math
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Real
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from attnlab.panels import cells
from attnlab.panels.callback import explain
from attnlab.panels.screen import Digest, Screen, guard
from attnlab.views import captions, palette
from attnlab.views.stage import Page, Stage
from attnlab.views.view import View

LEAST, MOST = 0.5, 4.0  # device pixels for a CSS pixel
NARROW, LOW = 320.0, 160.0  # CSS pixels: in less room, a picture is drawn for so much
EARLIER = "The picture above is from an earlier state."


class Surface:
    """A figure and the screen that shows it. Panel, Live and Filmstrip each hold one.

    `lock` guards computing and painting, because JupyterLab delivers widget messages on another thread.
    `fit` makes the picture smaller than the rest. `present` reaches all surfaces, what the browser reports
    (pixel ratio, room, theme) its own.
    """

    def __init__(self, name: str, fit: float = 1.0) -> None:
        self.name, self.lock = name, threading.RLock()
        self.views: tuple[View, ...] = ()
        self.closed = False
        self.fault: BaseException | None = None  # why the picture is not the one that was asked for
        self.screen = self.widget = Screen(name=name, scale=_presented[0])
        self._fit, self._stage = fit, Stage(_presented[0] * fit)
        self.screen.observe(self._on_page, names=["ratio", "room", "dark"])
        self.screen.on_msg(self._on_message)
        _surfaces.add(self)
        cells.register(self)

    def mount(self, widget: widgets.Widget) -> None:
        """`widget`, which holds the screen, is what goes on the page; it waits for the lock."""
        self.widget = widget
        for each in family(widget):
            guard(each, self.lock)

    # ------------------------------------------------------------ painting

    @contextmanager
    def asked(self, function: Callable[..., Any]) -> Iterator[None]:
        """A new picture is requested: until the block succeeds, the picture shown is out of date.

        An error or an interrupt is shown on the screen, and raised.
        """
        try:
            yield
        except BaseException as error:
            self.fault, self.screen.stale, self.screen.printed = error, True, ""
            self.tell(f"{explain(error, function)}\n{EARLIER}" if self.views else explain(error, function))
            raise
        self.fault, self.screen.stale = None, False

    def show(self, views: Sequence[View], moved: bool = True) -> None:
        """Paint, with the words below. `moved`: the picture is new, and an error shown goes away."""
        views = tuple(views)
        words = self.screen.digest
        if moved:
            words = Digest(captions.caption(views, self.views), captions.account(views))
        try:
            scene = self._stage.show(captions.drawn(views))
        except BaseException:
            self._stage = Stage()  # half drawn: begin afresh
            self._stage.turn_to(self._page)
            raise
        self.views = views
        self.screen.paint(scene, words, self._stage.pointer, moved)

    def tell(self, error: str) -> None:
        """Say below the picture what went wrong, until something else is shown."""
        self.screen.error = error

    def present(self, scale: float) -> None:
        with self.lock:
            self.screen.scale = scale
            self._on_page()

    @property
    def _page(self) -> Page:
        """What the picture is drawn for: the projector's scale, and what the browser reports."""
        screen = self.screen
        width, height = screen.room
        return Page(
            screen.scale * self._fit,
            min(MOST, max(LEAST, screen.ratio)),
            max(NARROW, width) if width and self._fit == 1 else None,
            max(LOW, height) if width and height else math.inf,
            palette.DARK if screen.dark else palette.LIGHT,
        )

    def _on_page(self, _: Any = None) -> None:
        """The page is another one: paint once, however much of it has changed."""
        with self.lock:
            if self._page != self._stage.page:
                self._stage.turn_to(self._page)
                self._again()

    def _again(self) -> None:
        """Paint the same once more: larger, sharper, or with another row forward."""
        if not self.views:
            return
        try:
            self.show(self.views, moved=False)
        except Exception as error:  # told by the panel that it concerns: others are painted all the same
            self.screen.stale = True
            self.tell(f"{type(error).__name__}: {error}\n{EARLIER}")
        else:
            if self.screen.stale and self.fault is None:  # it could not be painted before
                self.screen.stale, self.screen.error = False, ""

    def _on_message(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """What the pointer is on comes forward; the text of a cell, where there are too many to send all."""
        with self.lock:
            if "point" in message:
                self._stage.pointer = message["point"]
                self._again()
                self.screen.send({"heard": message["id"]})
            elif "cell" in message:
                text = self._stage.told(*message["cell"]) if message["frame"] == self.screen.number else ""
                self.screen.send({"heard": message["id"], "text": text})
            elif "save" in message and self.views:
                png = self._at_rest(2.0).png()
                self.screen.send({"saved": message["save"], "name": f"{self.name}.png"}, [png])

    # ------------------------------------------------------------ what is shown, for code and files

    @property
    def digest(self) -> Digest:
        """The words on the screen. Raises the error that kept them from being current."""
        if self.fault is not None:
            raise self.fault
        return self.screen.digest

    def png(self, ratio: float = 1.0) -> bytes:
        """The picture as PNG, `ratio` pixels per CSS pixel; a projector's scale is left out."""
        if isinstance(ratio, bool) or not isinstance(ratio, Real) or not LEAST <= ratio <= MOST:
            raise ValueError(f"ratio must be a number from {LEAST} to {MOST:g}, got {ratio!r:.60}")
        with self.lock:
            saved = self._stage.page == Page(self._fit, ratio) and self._stage.pointer is None
            if self.fault is None and saved and self._stage.views is self.views:
                return self._stage.png()
            return self._still(ratio).png()

    def save(self, path: str | Path) -> Path:
        """Write the picture to a .png (twice the pixels), .svg or .pdf file."""
        if not isinstance(path, str | Path):
            raise TypeError(f"save takes the path of a .png, .svg or .pdf file, got {path!r:.60}")
        path = Path(path)
        kind = path.suffix.lower().lstrip(".")
        if kind not in ("png", "svg", "pdf"):
            raise ValueError(f"save writes .png, .svg or .pdf, got {path.name!r}")
        with self.lock:
            self._still(1.0).save(path, kind)
        return path

    def _still(self, ratio: float) -> Stage:
        """The picture on a stage of its own. Raises what kept the right one from the screen."""
        if self.fault is not None:
            raise self.fault
        return self._at_rest(ratio)

    def _at_rest(self, ratio: float) -> Stage:
        """The picture on the screen with all its words, as it is saved: light, without a pointer."""
        stage = Stage(self._fit, ratio)
        stage.show(self.views)
        return stage

    @property
    def live(self) -> dict[str, Any]:
        """The part of a notebook output that JupyterLab turns into the widget."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return {"application/vnd.jupyter.widget-view+json": view}

    @property
    def colab(self) -> dict[str, Any]:
        """What Colab must find beside it: where the code of its widgets is; empty elsewhere."""
        bundle = self.screen._repr_mimebundle_()
        return dict(bundle[1]) if bundle else {}

    def bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """A notebook output with three readers: nbval, pages without a kernel, JupyterLab.

        A picture that does not match the controls is left out, and the words say why.
        """
        data: dict[str, Any] = {**self.live, "text/plain": self.screen.error}
        metadata: dict[str, Any] = {"attnlab": {"panel": self.name}, **self.colab}
        with self.lock:
            if self.fault is None:
                data["text/plain"] = self.digest.details
                data["image/png"] = base64.b64encode(self.png()).decode()
                metadata["image/png"] = {"alt": str(self.digest)}
        return data, metadata

    def close(self, *others: widgets.Widget) -> None:
        """Take it, and others that were made for it, off the page; free what it holds."""
        with self.lock:
            self.closed = True
            _surfaces.discard(self)
            for made in (self.widget, self.screen, *others):
                for widget in family(made):
                    widget.close()
            self.views, self._stage = (), Stage()


class Shown:
    """What has a surface: a panel, a view of a training run, a filmstrip."""

    _surface: Surface

    @property
    def digest(self) -> Digest:
        """The caption on the screen, with the full account in its `details`.

        If the function raised an error instead of giving a picture, this raises it.
        """
        return self._surface.digest

    @property
    def widget(self) -> widgets.Widget:
        """As a widget, for any ipywidgets layout: `Tab([one.widget, other.widget])`."""
        return self._opened.widget

    def close(self) -> None:
        """Take it off the page and free what it holds."""
        self._surface.close()

    @property
    def _opened(self) -> Surface:
        if self._surface.closed:
            name = self._surface.name
            raise RuntimeError(f"panel {name} is closed: run its cell again to get a new one")
        return self._surface

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return self._opened.bundle()


def present(scale: float = 1.4) -> None:
    """Enlarge everything for a projector: pictures, controls, text and code. `present(1)` undoes it."""
    if isinstance(scale, bool) or not isinstance(scale, Real):
        raise TypeError(f"scale must be a number from 0.5 to 3, got {scale!r:.60}")
    if not 0.5 <= scale <= 3:
        raise ValueError(f"scale must be from 0.5 to 3, got {scale}")
    _presented[0] = float(scale)
    for surface in list(_surfaces):
        surface.present(float(scale))


_presented = [1.0]
_surfaces: "weakref.WeakSet[Surface]" = weakref.WeakSet()


def family(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """A widget and all that was made with it."""
    made_with = [getattr(widget, name, None) for name in ("layout", "style")]
    for part in (*getattr(widget, "children", ()), *filter(None, made_with)):
        yield from family(part)
    yield widget
