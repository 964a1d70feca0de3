"""Notebooks as files: read, run in a fresh kernel, written back in the canonical form.

The form is the same in every run and on every machine: no times, no widget state, no widget views, execution
counts 1..N, cell ids kept. If a cell fails, the file stays as it was.
"""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from .kernel import ThisPython, kernel_environment
from .settings import SKIP
from .words import unplaced

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# What depends on the run or on the editor: times, what was folded or trusted, the state of widgets.
PASSING = ("widgets", "signature", "execution", "ExecuteTime", "collapsed", "scrolled", "trusted")


def read(path: Path) -> NotebookNode:
    """A notebook whose cells all have an id; one that has none is named after its place.

    Raises ValueError for what is not a Python notebook of format 4.
    """
    text = path.read_text(encoding="utf-8")
    try:
        raw = json.loads(text)
    except json.JSONDecodeError:
        raw = {}
    if not isinstance(raw, dict) or raw.get("nbformat") != 4:
        raise ValueError("it is not a notebook of format 4: try jupyter nbconvert --to notebook")
    for place, cell in enumerate(raw.get("cells", [])):
        cell.setdefault("id", f"cell-{place:02d}")
    raw.update(nbformat=4, nbformat_minor=5)
    try:
        nbformat.validate(raw)
    except nbformat.ValidationError as error:
        raise ValueError(f"it is not a valid notebook: {error.message}") from None
    notebook = nbformat.reads(json.dumps(raw), as_version=4)
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise ValueError(f"it is a notebook in {language}, not in Python")
    return notebook


def run(
    notebook: NotebookNode, folder: Path, timeout: float = 300, environment: dict[str, str] | None = None
) -> None:
    """Run all cells in a fresh kernel, with the notebook's folder as the current one."""
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        kernel_manager_class=ThisPython,
        extra_arguments=["--log-level=ERROR"],
        record_timing=False,
        skip_cells_with_tag=SKIP,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment or kernel_environment())


def canonical(notebook: NotebookNode) -> NotebookNode:
    """The same notebook without everything that differs from run to run, or from editor to editor."""
    cells = [_canonical_cell(cell) for cell in notebook.cells]
    kernel = notebook.metadata.get("kernelspec", KERNEL)
    metadata = {
        **_lasting(notebook.metadata),
        "kernelspec": KERNEL if kernel.get("name") == KERNEL["name"] else kernel,
        "language_info": {"name": "python"},
    }
    return nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def _lasting(metadata: NotebookNode) -> dict:
    return {name: value for name, value in metadata.items() if name not in PASSING}


def _canonical_cell(cell: NotebookNode) -> dict:
    kept = {**cell, "metadata": _lasting(cell.metadata)}
    if cell.cell_type == "code":
        kept["outputs"] = _join_streams([_canonical_output(output) for output in cell.outputs])
    return kept


def _canonical_output(output: NotebookNode) -> dict:
    kept = dict(output)
    for name in ("text", "traceback"):
        if name in kept:
            kept[name] = unplaced(kept[name]) if name == "text" else [unplaced(line) for line in kept[name]]
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


def refresh(path: Path, timeout: float = 300, environment: dict[str, str] | None = None) -> None:
    """Run one notebook and write it back. Raises and writes nothing if a cell fails."""
    notebook = read(path)
    run(notebook, path.parent, timeout, environment)
    path.write_text(text_of(notebook), encoding="utf-8", newline="\n")
