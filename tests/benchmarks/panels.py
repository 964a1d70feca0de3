"""CPU time of the moves of every panel of the notebooks, each inside its notebook's own kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from attnlab.nbval.notebook import read
from attnlab.panels.controls.control import Control
from attnlab.panels.controls.numbers import Steps
from attnlab.panels.panel import Panel
from attnlab.panels.screen import Screen
from tests.benchmarks.cpu import SETTLE
from tests.benchmarks.kernels import Kernel
from tests.benchmarks.tables import progress, table
from tests.refresh import NOTEBOOKS

MOST = 40  # places of a slider that are visited, there and back


def places(spec: Control) -> list[Any]:
    """Where a hand would take a control: a slider through its places and back, the others to their ends."""
    if isinstance(spec, Steps):
        last = spec.ends()[-1]
        there = np.unique(np.linspace(0, last, min(last + 1, MOST)).round().astype(int)).tolist()
        return there + there[::-1]
    return spec.ends() * 3


def moves(panels: list[Panel]) -> Iterator[tuple[str, bool, float]]:
    """Of every move that painted: the panel's control, whether all was drawn anew, and milliseconds."""
    painted: list[bool] = []
    paint = Screen.paint

    def noted(self: Screen, frame: Any, *more: Any) -> None:
        painted.append(frame.background is not None)
        paint(self, frame, *more)

    Screen.paint = noted
    for panel in panels:
        for name, spec in panel.specs.items():
            for raw in places(spec):
                painted.clear()
                start = time.process_time()
                panel.controls[name].value = raw
                time.sleep(SETTLE)
                spent = 1000 * (time.process_time() - start)
                if painted:
                    yield f"{panel.name} {name}", painted[0], spent
            panel.reset()


def clock(space: dict[str, Any]) -> list[tuple[str, bool, float]]:
    """The moves of all panels among the names of a notebook."""
    return list(moves([value for value in space.values() if isinstance(value, Panel)]))


def measure(quick: bool = False) -> dict[str, Any]:
    found = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb"))[: 1 if quick else None]:
        progress(f"panels of {path.name}")
        with Kernel() as kernel:
            for cell in read(path).cells:
                if cell.cell_type == "code":
                    kernel.run(cell.source)
            found[path.name] = kernel.answer("panels", "clock(globals())")
    return found


def middle_and_most(spent: list[float]) -> list[str]:
    return [f"{np.median(spent):.1f}", f"{np.percentile(spent, 95):.1f}"] if spent else ["", ""]


def show(found: dict[str, Any]) -> str:
    rows = []
    for name, every in found.items():
        kinds = [[ms for _, anew, ms in every if anew is kind] for kind in (False, True)]
        rows.append([name, *(text for kind in kinds for text in (len(kind), *middle_and_most(kind)))])
    head = ["", "moved in place", "median, ms", "95 of 100", "drawn anew", "median, ms", "95 of 100"]
    return f"CPU per move of every panel, ratio 1\n\n{table(head, rows)}"


def slowest(found: dict[str, Any], anew: bool) -> tuple[float, str]:
    """The control with the largest median, of the moves of that kind."""
    spent: dict[str, list[float]] = {}
    for notebook, every in found.items():
        for control, drawn, ms in every:
            if drawn is anew:
                spent.setdefault(f"{notebook[:2]} {control}", []).append(ms)
    return max(((float(np.median(each)), name) for name, each in spent.items()), default=(0.0, "none"))
