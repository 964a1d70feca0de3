"""Write the maths as a plain function; get a panel: live, still and testable at once."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from attnlab.panels.board import Board
from attnlab.panels.callback import as_views, aside, explain, match
from attnlab.panels.controls import Control, Scrub
from attnlab.panels.filmstrip import Filmstrip
from attnlab.panels.player import BACK, NEXT, Player
from attnlab.panels.screen import Digest
from attnlab.panels.surface import Shown, Surface
from attnlab.panels.tour import ASKED, RESET, tour
from attnlab.views.view import View

MOST_PRINTED = 4000  # characters


def explore(
    function: Callable | None = None, /, *, presets: Mapping[str, str] | None = None, **controls: Any
) -> Any:
    """Turn a pure function into a panel: control values go in, views come out.

    As a decorator it shows the panel at once, and the name becomes the panel; `explore(function, ...)` makes
    one without showing it. Every keyword is a control: Slider, Choice, Toggle, Switches, Scrub, Sentence,
    or, as in `interact`, a bool, (low, high), (low, high, step), a list, a dict or a string. `presets` maps a
    button's name to a state. Raises TypeError or ValueError for controls that do not fit the function.
    """
    if function is not None:
        return Panel(function, controls, presets or {})

    def decorate(function: Callable) -> Panel:
        panel = Panel(function, controls, presets or {})
        display(panel)
        return panel

    return decorate


class Panel(Shown):
    """A function with controls and a picture. Made by `explore`; callable as the plain function."""

    def __init__(self, function: Callable, controls: Mapping[str, Any], presets: Mapping[str, str]) -> None:
        self.function, self.name = function, str(getattr(function, "__name__", "panel"))
        self.__doc__ = function.__doc__
        specs, presets = match(function, controls), _as_presets(presets)
        self._computing = False
        self._surface = Surface(_as_name(self.name))
        self._board = Board(specs, self._surface.lock, self._on_control)
        try:
            self.presets = {name: self._board.parse(state) for name, state in presets.items()}
            self._players = {
                name: self._player(name) for name, spec in self.specs.items() if isinstance(spec, Scrub)
            }
            self._surface.mount(self._assemble())
            self._refresh()
        except BaseException:  # a panel that cannot be shown leaves nothing behind
            self._surface.close(*self.controls.values())
            raise
        self._surface.screen.on_msg(self._on_message)

    # ------------------------------------------------------------ for people

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def set(self, /, **values: Any) -> Digest:
        """Move controls as a person would, and return the caption now on the screen.

        Its `details` hold the full account.

        Raises ValueError or TypeError for an unknown control or a value it cannot take (then nothing moves),
        and, every time, whatever the function raises.
        """
        return self._move({name: self._board.spec(name).raw(value, name) for name, value in values.items()})

    @property
    def views(self) -> tuple[View, ...]:
        """What is on the screen."""
        return self._surface.views

    @property
    def specs(self) -> Mapping[str, Control]:
        """The controls as they were asked for, by name."""
        return self._board.specs

    @property
    def controls(self) -> dict[str, widgets.Widget]:
        """The widgets of the controls, by name."""
        return self._board.controls

    @property
    def values(self) -> dict[str, Any]:
        """The current values of the controls."""
        return self._board.values

    @property
    def state(self) -> str:
        """The controls as a short string, such as "temperature=0.2;causal=1"."""
        return self._board.state

    def set_state(self, state: str) -> Digest:
        """Restore a state; controls it does not name go back to their start. ValueError: not a state."""
        return self._move(self._board.parse(state))

    def reset(self) -> Digest:
        """Move every control back to where it began."""
        return self._move(self._board.start)

    def tour(self) -> list[str]:
        """Move every control to its ends and press every button, as a person would, then come back.

        Returns what the screen said at the start and at each stop. Raises what the function raises at a stop.
        """
        with self._opened.lock:
            before = self.state
            try:
                return tour(self._board, self._surface, self._players)
            finally:
                self.set_state(before)

    def filmstrip(self, /, **values: Any) -> Filmstrip:
        """Small multiples: one picture for each value of one control, with the others as they are."""
        if len(values) != 1:
            raise TypeError(f"filmstrip takes one control with a list of values, got {sorted(values)}")
        ((name, stops),) = values.items()
        if isinstance(stops, str) or not isinstance(stops, Iterable) or getattr(stops, "shape", (1,)) == ():
            raise TypeError(f"filmstrip takes a list of values for {name}, got {stops!r:.60}")
        spec, views = self._board.spec(name), list[View]()
        for value in stops:
            raw = spec.raw(value, name)
            head = f"{self._board.label(name)} = {spec.shown(value)}"
            for view in self._compute({**self._board.raws, name: raw}):
                views.append(view.titled(f"{head}: {view.title}" if view.title else head))
        if not views:
            raise ValueError(f"filmstrip needs at least one value for {name}")
        return Filmstrip(views, f"{self._surface.name}-{name}")

    def png(self, ratio: float = 1.0) -> bytes:
        """The picture on the screen as PNG, `ratio` pixels (0.5 to 4) per CSS pixel, at scale 1."""
        return self._opened.png(ratio)

    def save(self, path: str | Path) -> Path:
        """Write what is on the screen to a .png (twice the pixels), .svg or .pdf file."""
        return self._opened.save(path)

    def __repr__(self) -> str:
        return f"<panel {self.name}({self.state})>"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """In a kernel that refreshes or tests notebooks, the words are those of a tour."""
        data, metadata = self._opened.bundle()
        if os.environ.get(ASKED) == "1" and self._surface.fault is None:
            told = self.tour()
            data["text/plain"], metadata["attnlab"]["tour"] = "\n".join(told), len(told)
        return data, metadata

    # ------------------------------------------------------------ moving

    def _move(self, raws: Mapping[str, Any]) -> Digest:
        """Set the controls; what the observers paint is what comes back."""
        with self._opened.lock:
            if self._computing or self._board.move(raws) or self._surface.fault is not None:
                self._refresh()
            return self.digest

    def _on_control(self) -> None:
        if not self._surface.closed:
            self._by_hand(self._refresh)

    def _by_hand(self, action: Callable[[], Any]) -> bool:
        """Do what a hand asked for: a fault, and what the function prints, are shown in the panel."""
        texts: list[str] = []
        try:
            with aside(texts):
                action()
        except Exception as error:
            if error is not self._surface.fault:
                self._surface.tell(explain(error, self.function))
            self._pause()
            return False
        finally:
            if printed := "".join(texts):
                self._surface.screen.printed = printed[-MOST_PRINTED:]
        return True

    def _refresh(self) -> None:
        """Compute and paint what the controls say now."""
        if self._computing:
            raise RuntimeError(f"{self.name} moved its own panel: a function may only return views")
        self._computing = True
        try:
            with self._surface.asked(self.function):
                self._surface.show(self._compute(self._board.raws))
        finally:
            self._computing = False

    def _compute(self, raws: Mapping[str, Any]) -> tuple[View, ...]:
        return as_views(self.function(**self._board.arguments(raws)), self.name, self.specs)

    # ------------------------------------------------------------ widgets

    def _assemble(self) -> widgets.Widget:
        rows = []
        for name, control in self.controls.items():
            rows.append(self._with_buttons(name) if name in self._players else control)
        buttons = [self._button(name, self._presetter(name)) for name in self.presets]
        buttons += [self._button(RESET, self.reset)] if self.specs else []
        actions = _bar(buttons).add_class("attnlab-actions")  # the screen adds: Save picture
        box = widgets.Box([*rows, actions]).add_class("attnlab-controls")
        panel = widgets.VBox([box, self._surface.screen])
        return panel.add_class("attnlab-panel").add_class(f"attnlab-panel-{self._surface.name}")

    def _presetter(self, name: str) -> Callable[[], Any]:
        return lambda: self._move(self.presets[name])

    def _button(self, label: str, action: Callable[[], Any]) -> widgets.Button:
        button = widgets.Button(description=label)

        def click(_: Any) -> None:
            with self._surface.lock:
                self._pause()
                self._by_hand(action)

        button.on_click(click)
        return button

    def _with_buttons(self, name: str) -> widgets.Widget:
        player = self._players[name]
        back = self._button(BACK, lambda: self._move(self._board.by(name, -1)))
        forward = self._button(NEXT, lambda: self._move(self._board.by(name, 1)))
        steps = widgets.Box([self.controls[name], _bar([back, player.button, forward])])
        return steps.add_class("attnlab-steps")

    def _player(self, name: str) -> Player:
        def move(raw: int) -> bool:
            return self._by_hand(lambda: self._move({name: raw}))

        def play(_: Any) -> None:
            with self._surface.lock:
                was = player.playing
                self._pause()
                if not was:
                    player.start()

        last = self.specs[name].ends()[-1]
        player = Player(name, self.controls[name], last, self._surface.screen, move)
        player.button.on_click(play)
        return player

    def _pause(self) -> None:
        for player in self._players.values():
            player.pause()

    # ------------------------------------------------------------ what the browser says of the picture

    def _on_message(self, _: Any, message: Mapping[str, Any], __: Any) -> None:
        with self._surface.lock:
            if message.get("tick") in self._players:
                self._players[message["tick"]].tick(message["from"])
            elif message.get("select") in self.specs:
                self._by_hand(lambda: self._move(self._chosen(message)))
            elif message.get("control") in self.specs:
                self._by_hand(lambda: self._move(self._board.typed(message["control"], message["typed"])))

    def _chosen(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The move that a click on a row, or an arrow key, asks for."""
        name, row = message["select"], self._board.row(message["select"], message.get("row", 0))
        return self._board.by(name, message["by"]) if "by" in message else row


def _as_presets(presets: Any) -> Mapping[str, str]:
    if not isinstance(presets, Mapping):
        raise TypeError(
            f'presets must be a dict such as {{"sharp": "temperature=0.1"}}, got {presets!r:.60}; '
            "an argument of your function cannot be called presets"
        )
    return presets


def _as_name(name: str) -> str:
    """The name of a function as one that a page can use."""
    return re.sub(r"[^\w-]+", "-", name).strip("-") or "panel"


def _bar(buttons: list[widgets.Button]) -> widgets.Widget:
    return widgets.Box(buttons).add_class("attnlab-bar")
