"""Kernels: how long until the first live panel, how much memory, and what a notebook costs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from statistics import median
from typing import Any

from jupyter_client.manager import KernelManager
from nbformat.v4 import new_code_cell

from attnlab.nbval.kernel import ThisPython, kernel_environment
from attnlab.nbval.notebook import WIDGET_VIEW, read, run
from tests.benchmarks.cpu import private_memory
from tests.benchmarks.tables import progress, table
from tests.refresh import NOTEBOOKS

ROOT = Path(__file__).parents[2]
PEAK = """from pathlib import Path
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line))"""
TOURS = """import time as _time
from attnlab import Panel as _Panel
_begin = _time.perf_counter()
for _panel in [_each for _each in globals().values() if isinstance(_each, _Panel)]: _panel.tour()
print(_time.perf_counter() - _begin)"""


class BlockingThisPython(KernelManager):
    """The manager of attnlab.nbval, for code that waits."""

    kernel_spec = ThisPython.kernel_spec


class Kernel:
    """A kernel process. `run` returns when the code has run; `seen` gets every message that it publishes."""

    def __enter__(self) -> Kernel:
        self.started = time.perf_counter()
        self.manager = BlockingThisPython()
        environment = {**kernel_environment(tour=False), "PYTHONPATH": str(ROOT)}
        self.manager.start_kernel(env=environment, cwd=NOTEBOOKS, extra_arguments=["--log-level=ERROR"])
        self.client = self.manager.client()
        self.client.start_channels()
        while True:  # until it publishes: a kernel that answers may not be heard yet
            self.client.kernel_info()
            try:
                self.client.get_iopub_msg(timeout=0.1)
                return self
            except Empty:
                continue

    def __exit__(self, *_: Any) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    @property
    def memory(self) -> float:
        return private_memory(self.manager.provisioner.pid)

    def run(self, code: str, seen: Callable[[dict[str, Any]], Any] = lambda message: None) -> str:
        """What the code printed."""
        said: list[str] = []

        def hook(message: dict[str, Any]) -> None:
            seen(message)
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                said.append(message["content"]["text"])

        reply = self.client.execute_interactive(code, output_hook=hook, allow_stdin=False)
        assert reply["content"]["status"] == "ok", "\n".join(reply["content"]["traceback"])
        return "".join(said)

    def answer(self, module: str, call: str) -> Any:
        """What a call of a function in tests.benchmarks.<module> returns."""
        code = f"import json\nfrom tests.benchmarks import {module}\nprint(json.dumps({module}.{call}))"
        return json.loads(self.run(code).splitlines()[-1])


def call(function: str, *args: Any) -> Any:
    """What a function of tests.benchmarks.cpu returns in a fresh kernel."""
    with Kernel() as kernel:
        return kernel.answer("cpu", f"{function}{args!r}")


# ---------------------------------------------------------------- CPU of a move


def cpu(quick: bool = False) -> dict[str, Any]:
    moves = 12 if quick else 200
    found = {}
    for ratio in (1, 2):
        progress(f"CPU of a move, ratio {ratio}")
        found[f"ratio {ratio}"] = call("measure", moves, ratio)
    return found


def show_cpu(found: dict[str, Any]) -> str:
    parts = ["compute", "draw", "encode", "describe", "send", "rest", "total"]
    rows = []
    for ratio, variants in found.items():
        for name, spent in variants.items():
            ours = (
                [f"{spent[p]:.1f}" for p in parts]
                if "panel" in name
                else [""] * 6 + [f"{spent['total']:.1f}"]
            )
            rows.append([f"{name}, {ratio}", *ours, f"{variants['interact']['total'] / spent['total']:.1f}"])
    return f"CPU per move, ms\n\n{table(['', *parts, 'times less than interact'], rows)}"


# ---------------------------------------------------------------- start and memory


def first_panel() -> tuple[str, list[str]]:
    """The first notebook that shows a panel, and its code cells down to that panel."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        sources = []
        for cell in read(path).cells:
            sources += [cell.source] if cell.cell_type == "code" else []
            if "panel" in cell.metadata.get("tags", []):
                return path.name, sources
    raise LookupError("no notebook has a cell with the tag panel")


def start(quick: bool = False) -> dict[str, Any]:
    """Seconds from the start of a kernel to its first panel, and MiB of private memory."""
    name, sources = first_panel()
    seconds, memory, bare = [], [], []
    for turn in range(2 if quick else 5):
        progress(f"kernel to first panel of {name}: {turn + 1}")
        with Kernel() as kernel:
            kernel.run("pass")
            bare.append(kernel.memory)
        with Kernel() as kernel:
            shown: list[float] = []

            def seen(message: dict[str, Any], shown: list[float] = shown) -> None:
                if WIDGET_VIEW in message["content"].get("data", {}):
                    shown.append(time.perf_counter())

            for source in sources:
                kernel.run(source, seen)
            seconds.append(shown[0] - kernel.started)
            memory.append(kernel.memory)
    return {"notebook": name, "seconds": median(seconds), "memory": median(memory), "bare": median(bare)}


def show_start(found: dict[str, Any]) -> str:
    rows = [
        [f"kernel start to first live panel ({found['notebook']})", f"{found['seconds']:.2f} s"],
        ["private memory of that kernel", f"{found['memory']:.0f} MiB"],
        ["private memory of a bare kernel", f"{found['bare']:.0f} MiB"],
    ]
    return f"Start and memory\n\n{table(['', 'median'], rows)}"


# ---------------------------------------------------------------- notebooks


def notebooks(quick: bool = False) -> dict[str, Any]:
    """Every notebook run from top to bottom: seconds, kB of the file, MiB at the peak (resident).

    And the seconds that the tours of its panels take, where it is refreshed or tested.
    """
    found = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb"))[: 1 if quick else None]:
        progress(f"run {path.name}")
        notebook = read(path)
        notebook.cells += map(new_code_cell, (PEAK, TOURS))
        start = time.perf_counter()
        run(notebook, path.parent, environment=kernel_environment(tour=False))
        seconds = time.perf_counter() - start
        (_, peak, _), (tours,) = (cell.outputs[0].text.split() for cell in notebook.cells[-2:])
        found[path.name] = {
            "seconds": seconds - float(tours),
            "tours": float(tours),
            "size": path.stat().st_size / 1000,
            "peak": int(peak) / 1024,
        }
    return found


def show_notebooks(found: dict[str, Any]) -> str:
    rows = [
        [name, f"{n['seconds']:.1f}", f"{n['tours']:.1f}", f"{n['size']:.0f}", f"{n['peak']:.0f}"]
        for name, n in found.items()
    ]
    head = ["", "seconds to run", "tours, seconds", "kB", "MiB at the peak"]
    return f"Notebooks\n\n{table(head, rows)}"


# ---------------------------------------------------------------- many moves


def moves(quick: bool = False) -> dict[str, Any]:
    progress("many moves of one panel")
    return call("endure", 300 if quick else 10_000)


def show_moves(found: dict[str, Any]) -> str:
    rows = [[f"{found['moves']:,}", f"{found['before']:.1f}", f"{found['after']:.1f}"]]
    return f"Private memory over many moves\n\n{table(['moves', 'MiB before', 'MiB after'], rows)}"
