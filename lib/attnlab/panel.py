"""Write the maths as a plain function; get a panel: live, still and testable at once."""

import difflib
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from attnlab.controls import Control, Scrub
from attnlab.filmstrip import Filmstrip
from attnlab.learner import as_views, explain, match
from attnlab.screen import Digest, Screen, bundle, guard
from attnlab.views.stage import Stage
from attnlab.views.view import View

FRAME_WAIT = 80  # milliseconds between the frames of a step slider that plays
FRAMES = 150  # a playing slider takes at most about so many frames from end to end


def explore(
    function: Callable | None = None, /, *, presets: Mapping[str, str] | None = None, **controls: Any
) -> Any:
    """Turn a pure function, control values in, views out, into a panel.

    As a decorator it shows the panel at once and the name becomes the panel; `explore(function, ...)` makes
    one without showing it. Every keyword is a control: Slider, Choice, Toggle, Switches, Scrub, Sentence,
    or, as in `interact`, a bool, (low, high), (low, high, step), a list, a dict or a text. `presets` maps a
    button's name to a state. Raises TypeError or ValueError for controls that do not fit the function.
    """
    if function is not None:
        return Panel(function, controls, presets or {})

    def decorate(function: Callable) -> Panel:
        panel = Panel(function, controls, presets or {})
        display(panel)
        return panel

    return decorate


class Panel:
    """A function with controls and a picture. Made by `explore`; callable as the plain function.

    One lock guards computing and painting, because JupyterLab delivers widget messages on another thread.
    """

    def __init__(self, function: Callable, controls: Mapping[str, Any], presets: Mapping[str, str]) -> None:
        self.function, self.name = function, getattr(function, "__name__", "panel")
        self.__doc__ = function.__doc__
        self._specs = match(function, controls)
        self._lock = threading.RLock()
        self._closed = self._held = self._moved = False
        self._stage = Stage(scale=_presented[0])
        self._screen = Screen(name=self.name, scale=_presented[0])
        self._start = {name: spec.start(name) for name, spec in self._specs.items()}
        self.controls = {
            name: spec.build(self._label(name), self._start[name]) for name, spec in self._specs.items()
        }
        self.presets = {name: self._parse(state) for name, state in presets.items()}
        self._players: dict[str, widgets.Button] = {}
        self._views: tuple[View, ...] = ()
        self._refresh()
        self._widget = self._assemble()
        self._listen()
        _panels.add(self)

    # ------------------------------------------------------------ for people

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def set(self, **values: Any) -> Digest:
        """Move controls, as a hand would, and return the sentence that is then on the screen.

        Raises ValueError or TypeError for an unknown control or a value it cannot take (nothing moves then),
        and whatever the function raises.
        """
        self._must_be_open()
        return self._move({name: self._spec(name).raw(value, name) for name, value in values.items()})

    @property
    def digest(self) -> Digest:
        """The sentence on the screen."""
        return self._screen.digest

    @property
    def values(self) -> dict[str, Any]:
        """What the controls stand at."""
        return {name: spec.value_of(self.controls[name].value) for name, spec in self._specs.items()}

    @property
    def state(self) -> str:
        """The controls as a short string, such as "temperature=0.2;causal=1"."""
        return ";".join(
            f"{name}={spec.text(self.controls[name].value)}" for name, spec in self._specs.items()
        )

    def set_state(self, state: str) -> Digest:
        """Restore a state; controls it does not name go back to their start. ValueError if it is no state."""
        self._must_be_open()
        return self._move(self._parse(state))

    def reset(self) -> Digest:
        """Move every control back to where it began."""
        self._must_be_open()
        return self._move(self._start)

    def tour(self) -> None:
        """Take every control through its ends and its default, print the sentences, and come back."""
        before, sentence = self.state, self.reset()
        print(f"start: {sentence}")
        for name, spec in self._specs.items():
            for raw in _unlike(spec.ends(), self._start[name]):
                print(f"{name} = {spec.text(raw)}: {self._move({name: raw})}")
            if self._move({name: self._start[name]}) != sentence:
                raise RuntimeError(
                    f"{self.name} gives two pictures for the same controls: make it a pure function"
                )
        self.set_state(before)

    def filmstrip(self, **values: Any) -> Filmstrip:
        """Small multiples: the pictures for a list of values of one control, the others as they are."""
        if len(values) != 1:
            raise TypeError(f"filmstrip takes one control with a list of values, got {sorted(values)}")
        ((name, stops),) = values.items()
        spec, views = self._spec(name), []
        for value in stops:
            raw = spec.raw(value, name)
            shown = self._compute({**{n: control.value for n, control in self.controls.items()}, name: raw})
            for view in shown:
                head = f"{self._label(name)} = {spec.shown(value)}"
                views.append(replace(view, title=f"{head}: {view.title}" if view.title else head))
        if not views:
            raise ValueError(f"filmstrip needs at least one value of {name}")
        return Filmstrip(views, f"{self.name}-{name}", _presented[0])

    def png(self, ratio: float = 1.0) -> bytes:
        """The picture on the screen as PNG, `ratio` pixels per CSS pixel; a projector's scale is left out."""
        with self._lock:
            asked, shown = (1, ratio, None), (self._stage.scale, self._stage.ratio, self._stage.pointer)
            if asked == shown and self._stage.views is self._views:
                return self._stage.png()
            stage = Stage(ratio=ratio)
            stage.show(self._views)
            return stage.png()

    def save(self, path: str | Path) -> Path:
        """Write what is on the screen to a .png (twice the pixels), .svg or .pdf file."""
        path = Path(path)
        kind = path.suffix.lower().lstrip(".")
        if kind not in ("png", "svg", "pdf"):
            raise ValueError(f"save writes .png, .svg or .pdf, got {path.name!r}")
        with self._lock:
            stage = Stage()
            stage.show(self._views)
            stage.save(path, kind)
        return path

    def close(self) -> None:
        """Take the panel off the page and free what it holds. Its function still works."""
        with self._lock:
            self._closed = True
            _panels.discard(self)
            for widget in _family(self._widget):
                widget.close()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        self._must_be_open()
        return bundle(self.digest, self.png(), self._widget), {"attnlab": {"panel": self.name}}

    def __repr__(self) -> str:
        return f"<panel {self.name}({self.state})>"

    # ------------------------------------------------------------ moving

    def _move(self, raws: Mapping[str, Any]) -> Digest:
        """Set the controls; what the observers paint is what comes back."""
        with self._lock:
            self._moved, self._held = False, True  # several controls move, one picture is painted
            try:
                for name, raw in raws.items():
                    self.controls[name].value = raw
            finally:
                self._held = False
            if self._moved:
                try:
                    self._refresh()
                except Exception as error:
                    self._screen.error = explain(error, self.function)
                    raise
            return self.digest

    def _on_control(self, _: Any) -> None:
        with self._lock:
            self._moved = True
            if not self._held and not self._closed:
                self._try(self._refresh)

    def _try(self, action: Callable[[], Any]) -> bool:
        """Do what a hand asked for; a fault is shown in the panel, the last good picture stays."""
        try:
            action()
        except Exception as error:
            self._screen.error = explain(error, self.function)
            self._stop()
            return False
        return True

    def _refresh(self) -> None:
        """Compute and paint what the controls say now."""
        self._show(self._compute({name: control.value for name, control in self.controls.items()}))

    def _compute(self, raws: Mapping[str, Any]) -> tuple[View, ...]:
        arguments = {name: spec.argument(raws[name], self._label(name)) for name, spec in self._specs.items()}
        return as_views(self.function(**arguments), self.name, self._specs)

    def _show(self, views: tuple[View, ...], moved: bool = True) -> None:
        try:
            frame = self._stage.show(views)
        except Exception:
            self._stage = Stage(
                self._stage.scale, self._stage.ratio
            )  # half drawn: the next frame starts afresh
            raise
        self._views = views
        self._screen.paint(frame, self._stage.pointer, moved)

    # ------------------------------------------------------------ states

    def _spec(self, name: str) -> Control:
        if name not in self._specs:
            near = difflib.get_close_matches(name, self._specs, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"unknown control {name!r}: this panel has {', '.join(self._specs) or 'none'}{hint}"
            )
        return self._specs[name]

    def _label(self, name: str) -> str:
        return self._specs[name].label or name.replace("_", " ")

    def _parse(self, state: str) -> dict[str, Any]:
        if not isinstance(state, str):
            raise TypeError(f"a state is a string such as {self.state!r}, got {state!r}")
        raws, seen = dict(self._start), set()
        for part in filter(None, state.strip().split(";")):
            name, equals, text = part.partition("=")
            if not equals or name in seen:
                raise ValueError(f"cannot read {part!r} in the state {state!r}: write it like {self.state!r}")
            seen.add(name)
            raws[name] = self._spec(name).parse(text, name)
        return raws

    def _must_be_open(self) -> None:
        if self._closed:
            raise RuntimeError(f"panel {self.name} is closed: run its cell again to get a new one")

    # ------------------------------------------------------------ widgets

    def _assemble(self) -> widgets.Widget:
        rows = []
        for name, spec in self._specs.items():
            self.controls[name].add_class(f"attnlab-control-{name}")
            rows.append(self._with_player(name) if isinstance(spec, Scrub) else self.controls[name])
        box = widgets.Box(rows)
        box.add_class("attnlab-controls")
        buttons = [self._button(name, self._presetter(name)) for name in self.presets]
        buttons += [self._button("Reset", self.reset)] if self._specs else []
        bar = widgets.Box(buttons)
        bar.add_class("attnlab-bar")
        panel = widgets.VBox([box, bar, self._screen])
        panel.add_class("attnlab-panel").add_class(f"attnlab-panel-{self.name}")
        return panel

    def _presetter(self, name: str) -> Callable[[], Any]:
        return lambda: self._move(self.presets[name])

    def _button(self, label: str, action: Callable[[], Any]) -> widgets.Button:
        button = widgets.Button(description=label)

        def click(_: Any) -> None:
            with self._lock:
                self._stop()
                self._try(action)

        button.on_click(click)
        return button

    def _with_player(self, name: str) -> widgets.Widget:
        self._players[name] = widgets.Button(description="▶ Play")
        self._players[name].on_click(lambda _: self._play(name))
        bar = widgets.Box([
            self._button("◀ Step back", lambda: self._by(name, -1)),
            self._players[name],
            self._button("Step forward ▶", lambda: self._by(name, 1)),
        ])  # fmt: skip
        bar.add_class("attnlab-bar")
        return widgets.VBox([self.controls[name], bar])

    def _listen(self) -> None:
        for control in self.controls.values():
            control.observe(self._on_control, names="value")
        self._screen.observe(self._on_ratio, names="ratio")
        self._screen.on_msg(self._on_message)
        for widget in _family(self._widget):
            guard(widget, self._lock)

    def _on_ratio(self, change: Any) -> None:
        with self._lock:
            self._stage.resize(self._stage.scale, min(4.0, max(0.5, change["new"])))
            self._try(lambda: self._show(self._views))

    def _on_message(self, _: Any, message: Mapping[str, Any], __: Any) -> None:
        with self._lock:
            if "tick" in message:
                self._tick(message["tick"], message["from"])
            elif "point" in message:
                self._stage.pointer = message["point"]
                self._try(lambda: self._show(self._views, moved=False))
                self._screen.send({"heard": message["id"]})
            elif message.get("select") in self._specs:
                self._try(lambda: self._select(message))

    def _select(self, message: Mapping[str, Any]) -> None:
        name = message["select"]
        row = self._specs[name].row(message.get("row", 0), name)
        if "by" in message:
            self._by(name, message["by"])
        else:
            self._move({name: row})

    def _by(self, name: str, by: int) -> None:
        ends = self._specs[name].ends()
        self._move({name: max(min(ends), min(max(ends), self.controls[name].value + by))})

    # ------------------------------------------------------------ playing

    def _play(self, name: str) -> None:
        """Start or pause. The browser keeps the time: it asks for the next step when this one is painted."""
        with self._lock:
            if self._screen.clock.get("control") == name:
                return self._stop()
            self._stop()
            if self.controls[name].value == self._specs[name].ends()[-1]:
                self._try(lambda: self._move({name: 0}))
            self._players[name].description = "❚❚ Pause"
            self._screen.clock = {"control": name, "at": self.controls[name].value, "wait": FRAME_WAIT}

    def _stop(self) -> None:
        if name := self._screen.clock.get("control"):
            self._players[name].description = "▶ Play"
            self._screen.clock = {}

    def _tick(self, name: str, at: int) -> None:
        if self._screen.clock.get("control") != name or at != self._screen.clock["at"]:
            return  # paused meanwhile, or asked twice
        last = self._specs[name].ends()[-1]
        now = min(last, self.controls[name].value + max(1, last // FRAMES))
        if self._try(lambda: self._move({name: now})):
            if now == last:
                self._stop()
            else:
                self._screen.clock = {"control": name, "at": now, "wait": FRAME_WAIT}


def present(scale: float = 1.4) -> None:
    """Enlarge everything for a projector: pictures, controls, text and code. `present(1)` goes back."""
    if not 0.5 <= scale <= 3:
        raise ValueError(f"scale must be from 0.5 to 3, got {scale}")
    _presented[0] = float(scale)
    for panel in list(_panels):
        with panel._lock:
            panel._stage.resize(float(scale), panel._stage.ratio)
            panel._screen.scale = float(scale)
            panel._show(panel._views)


_presented = [1.0]
_panels: "weakref.WeakSet[Panel]" = weakref.WeakSet()


def _unlike(stops: list[Any], start: Any) -> list[Any]:
    return [stop for stop in stops if stop != start]


def _family(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """A widget and all that was made with it."""
    made_with = [getattr(widget, name, None) for name in ("layout", "style")]
    for part in (*getattr(widget, "children", ()), *filter(None, made_with)):
        yield from _family(part)
    yield widget
