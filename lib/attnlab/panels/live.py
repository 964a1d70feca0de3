"""Watch training as it runs: progress, time left, Stop, and a picture of the run so far."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from attnlab.panels.callback import as_views
from attnlab.panels.surface import Shown, Surface

PAUSE = 0.1  # seconds between two pictures at least; and painting takes at most a fifth of the time
SHARE = 4


class Live(Shown):
    """Watch a model train: `fit(model, task, watch=Live(function))`.

    `function` takes the `Run` so far and returns views, as the function of a panel does; without one, only
    the progress is shown. Stop ends the training after the current step: what was learnt is kept, and
    `resume` continues from there. An error in the function is shown in the panel, and the training goes on;
    `digest` raises the error.
    """

    def __init__(self, function: Callable[[Any], Any] | None = None) -> None:
        if function is not None and not callable(function):
            raise TypeError(f"Live needs a function of the run so far, got {function!r:.60}")
        self.function, self.name = function, str(getattr(function, "__name__", "live")).strip("<>")
        self.stopped = False
        self._surface = Surface(self.name)
        self._bar = widgets.IntProgress(0, 0, 1, layout=widgets.Layout(width="16rem"))
        self._words = widgets.Label("not started")
        self._words.add_class("attnlab-progress")
        self._button = widgets.Button(description="■ Stop", tooltip="Stop, and keep what was learnt")
        self._button.on_click(self._stop)
        self._surface.mount(self._assemble())

    def _assemble(self) -> widgets.Widget:
        bar = widgets.Box([self._button, self._bar, self._words])
        bar.add_class("attnlab-bar")
        panel = widgets.VBox([bar, *([self._surface.screen] if self.function else [])])
        return panel.add_class("attnlab-panel").add_class("attnlab-live")

    @property
    def progress(self) -> str:
        """The words beside the progress bar."""
        return self._words.value

    # ------------------------------------------------------------ what a training tells

    def begin(self, steps: int) -> None:
        """A training begins: show this."""
        self.stopped, self._steps = False, steps
        self._start = self._told = self._painted = time.monotonic()
        self._rest = 0.0  # seconds until the next picture
        self._bar.max, self._bar.value, self._button.disabled = max(1, steps), 0, False
        self._words.value = f"step 0 of {steps}"
        self._surface.screen.stale = bool(self._surface.views)  # of the training before
        display(self)

    def step(self, step: int) -> None:
        """An update is made; every tenth of a second the bar moves."""
        now = time.monotonic()
        if now - self._told < PAUSE:
            return
        self._told = now
        left = (now - self._start) / step * (self._steps - step)
        self._bar.value = step
        self._words.value = f"step {step} of {self._steps}, about {_spoken(left)} left"

    def frame(self, run: Callable[[], Any]) -> None:
        """A frame is recorded: `run()` is the run so far."""
        if self.function and (not self._surface.views or time.monotonic() - self._painted >= self._rest):
            self._paint(self.function, run())

    def end(self, run: Any) -> None:
        """The training is over: the last picture is always painted."""
        if self.function:
            self._paint(self.function, run)
        finished = run.ended == "finished"
        self._bar.value = self._steps if finished else int(run.steps[-1])
        self._words.value = f"finished after {self._steps} steps" if finished else run.ended
        self._button.disabled = True

    # ------------------------------------------------------------ the picture

    def _paint(self, function: Callable[[Any], Any], run: Any) -> None:
        with self._surface.lock:
            before = time.monotonic()
            with suppress(Exception), self._surface.asked(function):  # told, and `digest` raises it
                self._surface.show(as_views(function(run), self.name, ()))
            self._painted = time.monotonic()
            self._rest = max(PAUSE, SHARE * (self._painted - before))

    def _stop(self, _: Any) -> None:
        self.stopped, self._button.disabled = True, True

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Without a picture: it is shown before there is one."""
        return {"text/plain": repr(self), **self._opened.live}, self._opened.colab

    def __repr__(self) -> str:
        return f"<live view {self.name}: run the cell to see the training move>"


def _spoken(seconds: float) -> str:
    """A time as people say it: 8 s, 3 min."""
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"
