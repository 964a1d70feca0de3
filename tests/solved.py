"""Run a notebook's code in this process, without a kernel, with the solutions in place of the stubs."""

from __future__ import annotations

import contextlib
import io
import json
import linecache
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from attnlab import Panel
from tests.notebook_laws import solutions, tags


def solved(notebook: NotebookNode) -> Iterator[tuple[str, bool]]:
    """The code cells with the solutions in place of the stubs, and whether each is an exercise."""
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        if "exercise" not in tags(cell):
            yield cell.source, False
            continue
        behind = notebook.cells[place + 1] if place + 1 < len(notebook.cells) else None
        assert behind is not None and "solution" in tags(behind), f"no solution behind cell {place}"
        [solution] = solutions(behind.source)
        check = cell.source.rstrip().splitlines()[-1]
        yield f"{solution}\n{check}", True


class SolvedRun:
    """The names that a notebook defines when its exercises are solved, and the verdict of each exercise.

    The notebook's folder must be the current one.
    """

    def __init__(self, notebook: NotebookNode) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.verdicts: list[str] = []
        for place, (source, is_exercise) in enumerate(solved(notebook)):
            said = run_cell(source, self.names, f"<code cell {place}>")
            if is_exercise:
                self.verdicts.append(verdict(said))

    def panels(self) -> list[Panel]:
        """Of panels with the same name, the last one."""
        found = [value for value in self.names.values() if isinstance(value, Panel)]
        return list({panel.name: panel for panel in found}.values())


def verdict(said: str) -> str:
    """The first word that a check prints: PASS, NOT (yet) or TODO."""
    return said.split(" ")[0].strip()


def run_cell(source: str, names: dict[str, Any], file: str) -> str:
    """What a cell prints. Its lines are kept so that tracebacks and panels can quote them."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, file, "exec"), names)
    return out.getvalue()


# One run serves the browser's comparison and the exercises, also when they run in two processes


def record(folder: Path, name: str, verdicts: list[str]) -> None:
    """Leave the verdicts of a notebook for `recorded`; a reader sees the whole list or none."""
    unfinished = folder / f"{name}.part"
    unfinished.write_text(json.dumps(verdicts), encoding="utf-8")
    unfinished.replace(folder / f"{name}.json")


def recorded(folder: Path, name: str) -> list[str] | None:
    """The verdicts that were left there; None if that notebook has not run."""
    file = folder / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
