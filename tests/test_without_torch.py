"""Part I runs where PyTorch is not installed: all but the closing comparisons, which say what is missing.

A folder in front of everything on the kernel's path hides PyTorch: its `torch.py` says that there is none,
and counts how often it was asked for.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from attnlab.nbval.notebook import canonical, read, run
from attnlab.nbval.pictures import picture_faults, pictures_of
from tests.notebook_laws import texts_of
from tests.refresh import NOTEBOOKS

pytestmark = pytest.mark.slow  # kernels
PART_ONE = sorted(NOTEBOOKS.glob("0[0-7]_*.ipynb"))
MISSING = "PyTorch is not installed here. It would"
HIDE = """
from pathlib import Path
with Path(__file__).with_name("asked").open("a", encoding="utf-8") as asked:
    print(__name__, file=asked)
raise ModuleNotFoundError("No module named 'torch'", name="torch")
"""


@pytest.fixture
def hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that hides PyTorch from every kernel that starts."""
    (tmp_path / "torch.py").write_text(HIDE, encoding="utf-8")
    (tmp_path / "asked").write_text("", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path


def faults(saved: NotebookNode, folder: Path, hidden: Path) -> Iterator[str]:
    """What differs from the saved outputs when the notebook runs without PyTorch. A failing cell raises."""
    fresh = copy.deepcopy(saved)
    run(fresh, folder)
    comparisons = 0
    for place, cells in enumerate(zip(canonical(fresh).cells, canonical(saved).cells, strict=True)):
        if "import torch" in cells[0].source:
            comparisons += 1
            yield from (f"cell {place} {fault}" for fault in comparison_faults(*map(text_of, cells)))
        elif cells[0].cell_type == "code":
            yield from (f"cell {place} {fault}" for fault in output_faults(*cells))
    asked = (hidden / "asked").read_text(encoding="utf-8").count("torch")
    if comparisons > 1 or asked != comparisons:
        yield f"PyTorch was asked for {asked} times, by {comparisons} closing comparisons"


def text_of(cell: NotebookNode) -> str:
    return "\n".join(text for output in cell.outputs for text in texts_of(output) if text)


def output_faults(fresh: NotebookNode, saved: NotebookNode) -> Iterator[str]:
    if text_of(fresh) != text_of(saved):
        yield f"prints something else: {text_of(fresh)[:200]}"
    for fault in picture_faults(pictures_of(fresh.outputs), pictures_of(saved.outputs)):
        yield f"shows something else: {fault.words}"


def comparison_faults(fresh: str, saved: str) -> Iterator[str]:
    """Our own numbers stay, and a sentence says what PyTorch would add."""
    lines = fresh.splitlines()
    said = [line for line in lines if line.startswith(MISSING)]
    if len(said) != 1:
        yield f"does not say '{MISSING} ...': {fresh[:200]}"
    for line in (line for line in lines if line not in {*said, *saved.splitlines()}):
        yield f"prints something else: {line}"


@pytest.mark.parametrize("path", PART_ONE, ids=lambda path: path.stem)
def test_part_one_runs_without_torch(path: Path, hidden: Path) -> None:
    assert list(faults(read(path), path.parent, hidden)) == []


# The test can fail

COMPARISON = """
print("ours: 1")
try:
    import torch
except ModuleNotFoundError:
    print("PyTorch is not installed here. It would print the same number.")
else:
    print("theirs: 1")
"""
KIND = COMPARISON, "ours: 1\ntheirs: 1\n"
RUDE = COMPARISON.replace("PyTorch is not installed here. It would print the same number.", "no"), KIND[1]
OTHER = COMPARISON.replace('"ours: 1"', '"ours: 2"'), KIND[1]
SILENT = "from contextlib import suppress\nwith suppress(ImportError):\n    __import__('torch')", ""


def small(*cells: tuple[str, str]) -> NotebookNode:
    """A notebook of cells: source, and what it printed with PyTorch."""
    outputs = [[new_output("stream", name="stdout", text=text)] if text else [] for _, text in cells]
    sources = [source for source, _ in cells]
    return new_notebook(cells=[new_code_cell(s, outputs=o) for s, o in zip(sources, outputs, strict=True)])


def test_a_kind_comparison_at_the_end_is_fine(hidden: Path) -> None:
    assert list(faults(small(("print(1)", "1\n"), KIND), hidden, hidden)) == []


def test_every_fault_is_found(hidden: Path) -> None:
    notebook = small(("print(1)", "1\n"), ("print(2)", "3\n"), SILENT, RUDE, OTHER)
    assert list(faults(notebook, hidden, hidden)) == [
        "cell 1 prints something else: 2\n",
        f"cell 3 does not say '{MISSING} ...': ours: 1\nno\n",
        "cell 3 prints something else: no",
        "cell 4 prints something else: ours: 2",
        "PyTorch was asked for 3 times, by 2 closing comparisons",
    ]


def test_a_notebook_that_needs_torch_elsewhere_fails(hidden: Path) -> None:
    with pytest.raises(CellExecutionError, match="No module named 'torch'"):
        list(faults(small(("import torch", ""), KIND), hidden, hidden))
