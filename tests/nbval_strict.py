"""pytest plugin: makes nbval stricter. Loaded by conftest.py.

| plain nbval                                             | with this plugin                               |
|---------------------------------------------------------|------------------------------------------------|
| an execution count of null switches the comparison off   | counts must be 1..N                            |
| pictures are not compared                                | must be there and alike (means of pixel blocks)|
| a trailing `;` does not hide the value: a false alarm    | cells run with store_history=True              |
| 5 s to wait for an output                                | 60 s                                           |
| threads, hashes and backend as in the shell              | one thread, hash seed 0, inline figures        |
| settings and caches in the user's folders                | in a folder of our own                         |
| the kernel is killed                                     | stopped, so that exit handlers run             |
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbval.plugin
import numpy as np
import pytest
from nbformat import NotebookNode
from nbval.kernel import RunningKernel, start_new_kernel
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError
from PIL import Image

from tests.refresh import kernel_environment

OUTPUT_TIMEOUT = 60
BLOCK = 32
# Of 255. Another renderer's noise gives 2 to 3; one cell of a heatmap changed by 0.05 gives 16.
LARGEST_DIFFERENCE = 6.0


def block_means(png: str) -> np.ndarray:
    """The mean colour of each block of 32 by 32 pixels of a base64 PNG, over white: [row, column, rgb]."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    sums = np.asarray(Image.alpha_composite(white, picture).convert("RGB"), dtype=float)
    counts = np.ones((*sums.shape[:2], 1))
    for axis in (0, 1):
        starts = np.arange(0, sums.shape[axis], BLOCK)
        sums = np.add.reduceat(sums, starts, axis=axis)
        counts = np.add.reduceat(counts, starts, axis=axis)
    return sums / counts


def picture_fault(new: list[str], saved: list[str]) -> str:
    """What differs between the new and the saved pictures of a cell; "" if they are alike."""
    if len(new) != len(saved):
        return f"{len(saved)} pictures in the notebook, {len(new)} when it runs"
    for number, pair in enumerate(zip(new, saved, strict=True), start=1):
        now, then = map(block_means, pair)
        if now.shape != then.shape:
            return f"picture {number} has another size"
        difference = float(np.abs(now - then).max())
        if difference > LARGEST_DIFFERENCE:
            return f"picture {number} differs by {difference:.1f} of 255 (at most {LARGEST_DIFFERENCE:g})"
    return ""


def pictures_of(outputs: list[NotebookNode]) -> list[str]:
    """The base64 PNGs among the outputs of a cell."""
    return [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]


class StrictKernel(RunningKernel):
    """nbval's kernel with a fixed environment and a history; it is stopped, not killed."""

    def __init__(self, kernel_name: str, cwd: str | None = None, startup_timeout: float = 60) -> None:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            self.km, self.kc = start_new_kernel(
                startup_timeout=startup_timeout,
                kernel_name=kernel_name,
                stderr=nowhere,
                cwd=cwd,
                env=kernel_environment(),
                extra_arguments=["--HistoryManager.hist_file=:memory:"],
            )
        self._ensure_iopub_up()

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)

    def stop(self) -> None:
        self.km.shutdown_kernel(now=False)
        self.kc.stop_channels()
        del self.km


class StrictCell(IPyNbCell):
    """nbval's cell, with its count and its pictures checked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.output_timeout = OUTPUT_TIMEOUT

    def runtest(self) -> None:
        code = [cell for cell in self.parent.nb.cells if cell.cell_type == "code" and cell.source.strip()]
        counts = {id(cell): number for number, cell in enumerate(code, start=1)}
        count, expected = self.cell.execution_count, counts.get(id(self.cell))
        if count != expected:
            self.raise_cell_error(f"Execution count is {count}, not {expected}: run tests/refresh.py")
        super().runtest()

    def compare_outputs(self, test: list, ref: list, skip_compare: tuple | None = None) -> bool:
        if not super().compare_outputs(test, ref, skip_compare):
            return False
        fault = picture_fault(pictures_of(test), pictures_of(ref))
        if fault:
            self.comparison_traceback.append(fault)
        return not fault


class StrictFile(IPyNbFile):
    """nbval's notebook, made of strict cells."""

    def collect(self) -> Iterator[StrictCell]:
        for plain in super().collect():
            yield StrictCell.from_parent(
                self, name=plain.name, cell_num=plain.cell_num, cell=plain.cell, options=plain.options
            )


def first_failure(session: pytest.Session, path: Path) -> NbCellError | None:
    """Run a notebook as `pytest notebook` does, up to the first cell that fails; None if all pass."""
    notebook = StrictFile.from_parent(session, path=path)
    cells = list(notebook.collect())
    notebook.setup()
    try:
        for cell in cells:
            cell.runtest()
    except NbCellError as failure:
        return failure
    finally:
        notebook.teardown()
    return None


def pytest_configure(config: pytest.Config) -> None:
    nbval.plugin.RunningKernel = StrictKernel


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(parent: pytest.Collector) -> Iterator[None]:
    found = yield
    return [
        StrictFile.from_parent(parent, path=each.path) if type(each) is IPyNbFile else each for each in found
    ]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings are errors in unit tests (pyproject.toml), not in notebooks: nbval and kernels warn too."""
    for item in items:
        if isinstance(item, IPyNbCell):
            item.add_marker(pytest.mark.filterwarnings("default"))
