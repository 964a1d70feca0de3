"""Run notebooks in a fresh kernel and write their outputs back in the canonical form.

    python tests/refresh.py                          every notebook
    python tests/refresh.py notebooks/02_*.ipynb     only these

The form is the same in every run and on every machine: no times, no widget state, no widget views, execution
counts 1..N, cell ids kept. If a cell fails, its error is printed and the file stays as it was.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@functools.cache
def settings_folder() -> str:
    """The folder where our kernels keep settings and caches, made once in a process and gone at its end.

    The user's may be missing or closed to us, and what a program then says would be part of the outputs.
    So would matplotlib's words while it looks for fonts, long where there are many: here it looks once.
    """
    folder = tempfile.TemporaryDirectory(prefix="attnlab-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    environment = {**os.environ, "MPLCONFIGDIR": folder.name}
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=environment, check=True)
    return folder.name


def kernel_environment() -> dict[str, str]:
    """The environment of every kernel that we run: one thread, fixed hashes, figures inline, own settings."""
    threads = os.environ.get("ATTNLAB_KERNEL_THREADS", "1")
    limits = dict.fromkeys(THREAD_LIMITS, threads)
    own = dict.fromkeys(["MPLCONFIGDIR", "IPYTHONDIR"], settings_folder())
    environment = {**os.environ, **limits, **own, "PYTHONHASHSEED": "0"}
    environment.pop("MPLBACKEND", None)
    return environment


class ThisPython(AsyncKernelManager):
    """Starts the kernel with the Python that runs this script, whatever kernels are installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def read(path: Path) -> NotebookNode:
    """A notebook whose cells all have an id; one that has none is named after its place."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    for place, cell in enumerate(raw["cells"]):
        cell.setdefault("id", f"cell-{place:02d}")
    raw.update(nbformat=4, nbformat_minor=5)
    return nbformat.reads(json.dumps(raw), as_version=4)


def run(notebook: NotebookNode, folder: Path, timeout: int = 300) -> None:
    """Run all cells in a fresh kernel, with the notebook's folder as the current one."""
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        kernel_manager_class=ThisPython,
        extra_arguments=["--log-level=ERROR"],
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=kernel_environment())


def canonical(notebook: NotebookNode) -> NotebookNode:
    """The same notebook without everything that differs from run to run, or from editor to editor."""
    cells = [_canonical_cell(cell) for cell in notebook.cells]
    return nbformat.from_dict({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})


def _canonical_cell(cell: NotebookNode) -> dict:
    tags = cell.metadata.get("tags")
    kept = {**cell, "metadata": {"tags": tags} if tags else {}}
    if cell.cell_type == "code":
        kept["outputs"] = _join_streams([_canonical_output(output) for output in cell.outputs])
    return kept


def _canonical_output(output: NotebookNode) -> dict:
    kept = dict(output)
    if "data" in kept:
        kept["data"] = {mime: value for mime, value in kept["data"].items() if mime != WIDGET_VIEW}
    return kept


def _join_streams(outputs: list[dict]) -> list[dict]:
    """Neighbouring pieces of one stream become one: where it was cut is a matter of timing."""
    joined: list[dict] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def text_of(notebook: NotebookNode) -> str:
    """The bytes of the file, as text."""
    return nbformat.writes(canonical(notebook)).rstrip("\n") + "\n"


def refresh(path: Path) -> None:
    """Run one notebook and write it back. Raises and writes nothing if a cell fails."""
    notebook = read(path)
    run(notebook, path.parent)
    path.write_text(text_of(notebook), encoding="utf-8", newline="\n")


def main(names: list[str]) -> int:
    for path in [Path(name) for name in names] or sorted(NOTEBOOKS.glob("*.ipynb")):
        start = time.perf_counter()
        try:
            refresh(path.resolve())
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"{path.name}: not written\n{error}", file=sys.stderr)
            return 1
        seconds = time.perf_counter() - start
        print(f"{path.name:40} {seconds:5.1f} s {path.stat().st_size / 1000:6.0f} kB", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
