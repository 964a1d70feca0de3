"""Every exercise can be done: with its solution in place it passes, with its stub it says TODO.

The run with the solutions is the one whose panels the browser is compared with, where there is a browser.
The run with the stubs is nbval's: it compares what is saved, and what is saved must say TODO.
"""

from __future__ import annotations

from pathlib import Path

import ipywidgets
import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.notebook_laws import tags, texts_of
from tests.refresh import NOTEBOOKS
from tests.solved import SolvedRun, record, recorded, verdict

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))


def exercises(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and "exercise" in tags(cell)]


def solved_verdicts(notebook: NotebookNode) -> list[str]:
    try:
        return SolvedRun(notebook).verdicts
    finally:
        ipywidgets.Widget.close_all()


def saved_verdicts(notebook: NotebookNode) -> list[str]:
    """What the exercises said when the notebook was saved, with its stubs; "" for one that said nothing."""
    said = ["".join(text for each in cell.outputs for text in texts_of(each)) for cell in exercises(notebook)]
    return [verdict(text) for text in said]


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
@pytest.mark.usefixtures("beside_the_notebooks")
def test_every_solution_passes(path: Path, verdicts_folder: Path) -> None:
    notebook, found = nbformat.read(path, as_version=4), recorded(verdicts_folder, path.stem)
    if found is None:
        found = solved_verdicts(notebook)
    assert found == ["PASS"] * len(exercises(notebook)) != []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_stub_is_still_to_do(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert saved_verdicts(notebook) == ["TODO"] * len(exercises(notebook)) != []


def test_verdicts_are_read_as_they_were_left(tmp_path: Path) -> None:
    assert recorded(tmp_path, "one") is None
    record(tmp_path, "one", ["PASS", "NOT"])
    assert recorded(tmp_path, "one") == ["PASS", "NOT"] and recorded(tmp_path, "other") is None


# The same on small notebooks: what is wrong must be found

CHECK = """
def check_double(double):
    print("TODO  double" if double(3) is ... else "PASS  double" if double(3) == 6 else "NOT YET  double")
    return lambda x: 2 * x
"""


def small(solution: str = "2 * x", tag: str = "solution", saved: str = "TODO  double") -> NotebookNode:
    def function(value: str) -> str:
        return f"def double(x):\n    return {value}\n"

    told = f"<details><summary>Solution</summary>\n\n```python\n{function(solution)}```\n</details>"
    said = [new_output("stream", name="stdout", text=saved)] if saved else []
    exercise = {"metadata": {"tags": ["exercise"]}}
    cells = [
        new_code_cell(CHECK),
        new_code_cell(f"{function('...')}\n\ndouble = check_double(double)", outputs=said, **exercise),
        new_markdown_cell(told, metadata={"tags": [tag]}),
        new_code_cell("assert double(4) == 8\n"),
    ]
    return new_notebook(cells=cells)


def test_a_solution_and_a_stub_are_told_apart() -> None:
    assert solved_verdicts(small()) == ["PASS"]
    assert saved_verdicts(small()) == ["TODO"]


def test_a_wrong_solution_is_found() -> None:
    assert solved_verdicts(small(solution="3 * x")) == ["NOT"]


@pytest.mark.parametrize("saved", ["PASS  double", "NOT YET  double", ""])
def test_a_stub_that_is_no_longer_to_do_is_found(saved: str) -> None:
    assert saved_verdicts(small(saved=saved)) == [saved.split(" ")[0]]


def test_a_missing_solution_is_found() -> None:
    with pytest.raises(AssertionError, match="no solution"):
        solved_verdicts(small(tag="other"))


def test_a_solution_that_fails_is_found() -> None:
    with pytest.raises(NameError):
        solved_verdicts(small(solution="nothing * x"))
