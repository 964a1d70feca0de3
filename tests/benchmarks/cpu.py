"""CPU time of a move, inside a kernel: ours in parts, and next to it `interact` and ipympl.

Runs in a kernel of its own (see `kernels.py`): the functions it clocks stay clocked.
"""

from __future__ import annotations

import base64
import gc
import io
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from IPython import get_ipython
from PIL import Image

from attnlab.panels.panel import Panel
from attnlab.panels.screen import Screen
from attnlab.views import stage
from tests.benchmarks import others, pictures, trainings
from tests.panels.hands import says, screen

PARTS = ("compute", "draw", "encode", "describe", "send")
SETTLE = 0.002  # seconds for the thread that sends to finish; sleeping costs no CPU time


class Clock:
    """Own CPU time per part: what a clocked function spends in another clocked one counts for the other."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    def on(self, owner: Any, name: str, part: str) -> None:
        plain = getattr(owner, name)

        def clocked(*args: Any, **kwargs: Any) -> Any:
            start, others = time.process_time(), sum(self.spent.values())
            try:
                return plain(*args, **kwargs)
            finally:
                inside = sum(self.spent.values()) - others
                self.spent[part] += time.process_time() - start - inside

        setattr(owner, name, clocked)


@dataclass
class Mover:
    """A slider in the kernel that is moved as a message from the browser would move it."""

    slider: Any
    clock: Clock
    push: Callable[[int], Any] | None = None  # moves something else than the slider
    picture: Callable[[], tuple[np.ndarray, list[float]]] | None = None  # pixels, and where the number stands
    every: int = 1  # the slow ones move every fourth time
    parts: list[dict[str, float]] = field(default_factory=list)

    def move(self, step: int) -> None:
        self.clock.spent.clear()
        start = time.process_time()
        self.push(step) if self.push else setattr(self.slider, "value", step)
        time.sleep(SETTLE)
        total = time.process_time() - start
        self.parts.append({**self.clock.spent, "total": total})

    def check(self) -> None:
        """The picture belongs to the slider's value."""
        if self.picture:
            assert pictures.read(*self.picture()) == self.slider.value

    def medians(self) -> dict[str, float]:
        """Milliseconds per part; `rest` is the widgets' own work: the slider, the message it sends."""
        found = {name: 1000 * median(p.get(name, 0.0) for p in self.parts) for name in (*PARTS, "total")}
        found["rest"] = found["total"] - sum(found[name] for name in PARTS)
        return found


def clocked_panels() -> tuple[Clock, dict[str, Panel]]:
    clock, panels = Clock(), {"panel": pictures.panel(), "panel of three views": pictures.trio()}
    panels["panel: three charts, 1,240 pixels"] = pictures.charts()
    made = others.panels() | trainings.panels()
    panels |= {f"panel: {name}": panel for name, panel in made.items()}
    for panel in panels.values():
        clock.on(panel, "function", "compute")
    clock.on(stage.Stage, "show", "draw")
    clock.on(stage.Stage, "_background_png", "encode")
    clock.on(stage, "encode", "encode")
    clock.on(stage, "_moved", "describe")
    for view in {type(view) for panel in panels.values() for view in panel.views}:
        clock.on(view, "describe", "describe")
    clock.on(Screen, "paint", "send")
    return clock, panels


def movers(ratio: int) -> dict[str, Mover]:
    """The variants at a device pixel ratio, each as a page of that ratio would make them."""
    clock, panels = clocked_panels()
    for each in panels.values():
        screen(each).ratio = float(ratio)
    ours = {name: Mover(panel.controls["step"], clock) for name, panel in panels.items()}
    panel, lines = panels["panel"], panels["panel: two heads as lines"]
    ours["panel"].picture = lambda: (pixels(panel.png(ratio)), pictures.panel_row(panel))
    ours["panel: pointing at lines"] = Mover(None, clock, push=lambda step: point(lines, step))
    slider, canvas = pictures.in_place()
    for message in ({"type": "initialized"}, {"type": "set_dpi_ratio", "dpi_ratio": ratio}, {"type": "draw"}):
        canvas._handle_message(canvas, message, [])
    displayed: list[str] = []
    interact = pictures.interact(ratio)  # after ipympl, which takes pyplot over
    get_ipython().display_pub.register_hook(lambda message: _keep(message, displayed))
    return {
        **ours,
        "ipympl": Mover(
            slider,
            clock,
            picture=lambda: (np.asarray(canvas.buffer_rgba()), pictures.ipympl_row(canvas)),
            every=4,
        ),
        "interact": Mover(
            interact.children[0],
            clock,
            picture=lambda: (pixels(displayed[-1]), pictures.inline_row()),
            every=4,
        ),
    }


def point(panel: Panel, step: int) -> None:
    """What arrives when the pointer comes to a token: now a query, now a key."""
    says(panel, point=[0, ("query", "key")[step % 2], step % 8], id="")


def _keep(message: dict[str, Any], displayed: list[str]) -> dict[str, Any]:
    if picture := message["content"].get("data", {}).get("image/png"):
        displayed[:] = [picture]
    return message


def pixels(png: bytes | str) -> np.ndarray:
    data = base64.b64decode(png) if isinstance(png, str) else png
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def measure(moves: int, ratio: int) -> dict[str, dict[str, float]]:
    """Milliseconds of CPU per move, medians; the variants take turns."""
    found = movers(ratio)
    for turn in range(-8, moves):
        for mover in found.values():
            if turn % mover.every == 0:
                mover.move(5 * (turn + 8) % (pictures.LAST + 1))
                if turn < 0:
                    mover.parts.clear()
    for mover in found.values():
        mover.check()
    return {name: mover.medians() for name, mover in found.items()}


# ---------------------------------------------------------------- memory


def private_memory(pid: int | str = "self") -> float:
    """MiB that this process alone holds (USS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    return (
        sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))
        / 1024
    )


def endure(moves: int) -> dict[str, float]:
    """Private memory of the kernel before and after so many moves of a panel."""
    panel = pictures.panel()
    _sweep(panel, 300)
    before = private_memory()
    frames = screen(panel).frame["number"]
    _sweep(panel, moves)
    assert screen(panel).frame["number"] >= frames + moves - 1, "a move painted nothing"
    return {"before": before, "after": private_memory(), "moves": moves}


def _sweep(panel: Panel, moves: int) -> None:
    for turn in range(moves):
        panel.controls["step"].value = 5 * turn % (pictures.LAST + 1)
        time.sleep(SETTLE)
    gc.collect()
