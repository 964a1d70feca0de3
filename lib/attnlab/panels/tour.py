"""A tour: every control and button of a panel moved as a browser moves it, and what the screen says then."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import zip_longest
from typing import Any, NamedTuple

import ipywidgets as widgets

from attnlab.panels.board import Board
from attnlab.panels.controls.control import of_state
from attnlab.panels.screen import Screen
from attnlab.panels.surface import Surface, family

ASKED = "ATTNLAB_TOUR"  # set to 1 in kernels that refresh or test notebooks: panels show their tour
RESET, TICKS = "Reset", 2


class Stop(NamedTuple):
    """A move of a hand. `refused`: the screen is to say why it cannot be made."""

    name: str
    move: Callable[[], None]
    refused: bool = False


def tour(board: Board, surface: Surface) -> list[str]:
    """What the screen says at the start and at each stop, with Reset between the controls.

    Raises what the function raises at a stop, and RuntimeError if Reset does not bring back the start.
    """
    buttons = [each for each in family(surface.widget) if isinstance(each, widgets.Button)]
    reset = [each for each in buttons if each.description == RESET][-1:]
    _press(*reset, screen=surface.screen)
    start = surface.digest.details
    told = [_told("start", surface.screen, "")]
    for stops in (*_controls(board), *_buttons([b for b in buttons if b not in reset], surface.screen)):
        for stop in stops:
            stop.move()
            if surface.fault is not None and not stop.refused:
                raise surface.fault
            told.append(_told(stop.name, surface.screen, start))
        _press(*reset, screen=surface.screen)
        if surface.digest.details != start:
            raise RuntimeError(
                f"{surface.name} gives two pictures for the same controls: make it a pure function"
            )
    return told


def _controls(board: Board) -> Iterator[list[Stop]]:
    """The ends of each control, and what it is to refuse."""
    for name, spec in board.specs.items():
        widget = board.controls[name]

        def stop(raw: Any, refused: bool, name: str = name, widget: Any = widget, spec: Any = spec) -> Stop:
            return Stop(
                f"{name} = {of_state(spec.text(raw))}", lambda: _move(spec.hand(widget, raw)), refused
            )

        yield [stop(raw, False) for raw in spec.ends() if raw != board.start[name]]
        yield [stop(raw, True) for raw in spec.refused()]


def _buttons(buttons: list[widgets.Button], screen: Screen) -> Iterator[list[Stop]]:
    """Each button, with one tick of the clock that it starts; and a click on the last row of a picture."""
    for button in buttons:
        yield [Stop(f"[{button.description}]", partial(_press, button, screen=screen))]
    chosen = {hit["select"]: hit for hit in screen.frame["hits"] if hit.get("select")}
    for name, hit in chosen.items():
        message = {"select": name, "row": hit.get("first", 0) + len(hit["rows"]) - 1}
        yield [Stop(f"last row, {name}", partial(_tell, screen, message))]


def _move(states: list[tuple[widgets.Widget, dict[str, Any]]]) -> None:
    for widget, state in states:
        widget.set_state(state)


def _press(*buttons: widgets.Button, screen: Screen) -> None:
    """Press; if that starts the clock, it ticks twice: it must start, and go on."""
    for button in buttons:
        _tell(button, {"event": "click"})
        for _ in range(TICKS):
            if screen.clock:
                _tell(screen, {"tick": screen.clock["control"], "from": screen.clock["at"]})


def _tell(widget: widgets.Widget, message: dict[str, Any]) -> None:
    """What the widget's script sends."""
    data = {"method": "custom", "content": message}
    widget._handle_msg({"content": {"data": data}, "buffers": []})


def _told(stop: str, screen: Screen, start: str) -> str:
    """A stop and the caption; below it, indented, all else that stands on the screen; =: as at the start."""
    pairs = zip_longest(screen.digest.details.splitlines(), start.splitlines())
    lines = ["=" if now == then else now or "" for now, then in pairs]
    lines += [f"error: {line}" for line in screen.error.splitlines()]
    lines += [f"printed: {line}" for line in screen.printed.splitlines()]
    lines += ["(an earlier picture)"] * screen.stale
    return "\n".join([f"{stop}: {screen.digest}", *(f"  {line}" for line in lines)])
