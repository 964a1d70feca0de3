"""A tour: every control and button of a panel moved as a browser does, and what the screen then says."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import zip_longest
from typing import Any, NamedTuple

import ipywidgets as widgets

from attnlab.panels.board import Board
from attnlab.panels.controls.control import of_state
from attnlab.panels.player import PLAY, Player
from attnlab.panels.screen import Screen
from attnlab.panels.surface import Surface, family

ASKED = "ATTNLAB_TOUR"  # set to 1 in kernels that refresh or test notebooks: panels show their tour
RESET, TICKS = "Reset", 2


class Stop(NamedTuple):
    """One move by a person. `refused`: the screen must say why it cannot be made."""

    name: str
    move: Callable[[], None]
    refused: bool = False


def tour(board: Board, surface: Surface, players: Mapping[str, Player]) -> list[str]:
    """What the screen says at the start and at each stop, with Reset between the controls.

    Raises what the function raises at a stop, and RuntimeError if Reset does not bring back the start, in one
    picture.
    """
    screen = surface.screen
    play = [player.button for player in players.values()]
    buttons = [each for each in family(surface.widget) if isinstance(each, widgets.Button)]
    reset = [each for each in buttons if each.description == RESET][-1:]
    plain = [each for each in buttons if each not in (*reset, *play)]
    _press(*reset, screen=screen)
    start, told = surface.digest.details, [_told("start", screen, "")]
    for stops in (*_controls(board), *_buttons(plain, screen), *_clocks(board, players, screen)):
        for stop in stops:
            number = screen.number
            stop.move()
            if surface.fault is not None and not stop.refused:
                raise surface.fault
            told.append(_told(stop.name, screen, start, screen.number - number))
        number = screen.number
        _press(*reset, screen=screen)
        if surface.digest.details != start:
            raise RuntimeError(
                f"{surface.name} gives different pictures for the same controls: make it a pure function"
            )
        if screen.error or screen.stale or screen.number > number + 1:
            raise RuntimeError(f"Reset does not bring {surface.name} back to its start in one picture")
    return told


def _controls(board: Board) -> Iterator[list[Stop]]:
    """The ends of each control, and what it is to refuse."""
    for name, spec in board.specs.items():

        def stop(raw: Any, refused: bool, name: str = name, text: Callable[[Any], str] = spec.text) -> Stop:
            return Stop(f"{name} = {of_state(text(raw))}", partial(_move, board, name, raw), refused)

        yield [stop(raw, False) for raw in spec.ends() if raw != board.start[name]]
        yield [stop(raw, True) for raw in spec.refused()]


def _buttons(buttons: list[widgets.Button], screen: Screen) -> Iterator[list[Stop]]:
    """Each button; and a click on the last row of a picture."""
    for button in buttons:
        yield [Stop(f"[{button.description}]", partial(_press, button, screen=screen))]
    chosen = {hit["select"]: hit for hit in screen.frame["hits"] if hit.get("select")}
    for name, hit in chosen.items():
        message = {"select": name, "row": hit.get("first", 0) + len(hit["rows"]) - 1}
        yield [Stop(f"last row, {name}", partial(_tell, screen, message))]


def _clocks(board: Board, players: Mapping[str, Player], screen: Screen) -> Iterator[list[Stop]]:
    """Play starts the clock and it goes on; paused, it stands still; at the end, it begins again."""
    for name, player in players.items():

        def pause(name: str = name, button: widgets.Button = player.button) -> None:
            if screen.clock:
                _tell(button, {"event": "click"})
            _tell(screen, {"tick": name, "from": board.controls[name].value})

        def play_at_end(name: str = name, button: widgets.Button = player.button) -> None:
            _move(board, name, board.specs[name].ends()[-1])
            _press(button, screen=screen)

        yield [
            Stop(f"[{PLAY}]", partial(_press, player.button, screen=screen)),
            Stop("paused", pause),
            Stop(f"[{PLAY}] at the end", play_at_end),
        ]


def _move(board: Board, name: str, raw: Any) -> None:
    for widget, state in board.specs[name].hand(board.controls[name], raw):
        widget.set_state(state)


def _press(*buttons: widgets.Button, screen: Screen) -> None:
    """Press; if that starts the clock, it ticks twice."""
    for button in buttons:
        _tell(button, {"event": "click"})
        for _ in range(TICKS):
            if screen.clock:
                _tell(screen, {"tick": screen.clock["control"], "from": screen.clock["at"]})


def _tell(widget: widgets.Widget, message: dict[str, Any]) -> None:
    """What the widget's script sends."""
    data = {"method": "custom", "content": message}
    widget._handle_msg({"content": {"data": data}, "buffers": []})


def _told(stop: str, screen: Screen, start: str, pictures: int = 1) -> str:
    """A stop and the caption; below it, indented, all else that stands on the screen; =: as at the start."""
    pairs = zip_longest(screen.digest.details.splitlines(), start.splitlines())
    lines = ["=" if now == then else now or "" for now, then in pairs]
    lines += [f"error: {line}" for line in screen.error.splitlines()]
    lines += [f"printed: {line}" for line in screen.printed.splitlines()]
    lines += [*["(an earlier picture)"] * screen.stale, *[f"({pictures} pictures)"] * (pictures != 1)]
    return "\n".join([f"{stop}: {screen.digest}", *(f"  {line}" for line in lines)])
