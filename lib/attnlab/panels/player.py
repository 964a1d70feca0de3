"""The buttons of a step slider: back, play or pause, forward."""

from collections.abc import Callable

import ipywidgets as widgets

from attnlab.panels.screen import Screen
from attnlab.views.payload import Clock

FRAME_WAIT = 80  # milliseconds between the frames of a step slider that plays
FRAMES = 150  # a playing slider takes at most about so many frames from end to end
BACK, PLAY, PAUSE, NEXT = "◀ Back", "▶ Play", "❚❚ Pause", "Next ▶|"


class Player:
    """Plays one control of a panel, from place to place up to `last`.

    The browser keeps the time: it asks for the next step when this one is painted. So frames never pile up.
    `move` moves the control as a person would, and returns whether that gave a picture.
    """

    def __init__(
        self, name: str, control: widgets.Widget, last: int, screen: Screen, move: Callable[[int], bool]
    ) -> None:
        self.name, self._control, self._last = name, control, last
        self._screen, self._move = screen, move
        self.button = widgets.Button(description=PLAY)

    @property
    def playing(self) -> bool:
        return self._screen.clock.get("control") == self.name

    def start(self) -> None:
        """Start here; at the end, start again."""
        if self._control.value == self._last and not self._move(0):
            return
        self.button.description = PAUSE
        self._wait()

    def pause(self) -> None:
        if self.playing:
            self.button.description = PLAY
            self._screen.clock = {}

    def tick(self, at: int) -> None:
        """The browser has painted the step at `at`: go on."""
        if not self.playing or at != self._screen.clock["at"]:
            return  # paused meanwhile, or asked twice
        now = min(self._last, self._control.value + max(1, self._last // FRAMES))
        goes_on = False
        try:
            goes_on = self._move(now) and now < self._last
        finally:  # an interrupt pauses it too
            if goes_on:
                self._wait()
            else:
                self.pause()

    def _wait(self) -> None:
        self._screen.clock = dict(Clock(control=self.name, at=self._control.value, wait=FRAME_WAIT))
