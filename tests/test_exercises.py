"""Every exercise can be done: with its solution in place it passes, with its stub it says TODO.

The notebook's code runs in this process, without a kernel: nbval checks that part.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import warnings
from collections.abc import Iterator
from pathlib import Path

import ipywidgets
import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.notebook_laws import solutions, tags

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


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


def stubs(notebook: NotebookNode) -> Iterator[tuple[str, bool]]:
    """The code cells as they are, and whether each is an exercise."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield cell.source, "exercise" in tags(cell)


def verdicts(cells: Iterator[tuple[str, bool]]) -> list[str]:
    """Run the cells in one namespace; the first word that each exercise prints."""
    names: dict[str, object] = {"__name__": "__main__"}
    found = []
    try:
        for place, (source, is_exercise) in enumerate(cells):
            said = run_cell(source, names, f"<code cell {place}>")
            if is_exercise:
                found.append(said.split(" ")[0].strip())
    finally:
        ipywidgets.Widget.close_all()
    return found


def run_cell(source: str, names: dict[str, object], file: str) -> str:
    """What a cell prints. Its lines are kept so that tracebacks and panels can quote them."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("default")
        exec(compile(source, file, "exec"), names)
    return out.getvalue()


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.fixture
def beside_the_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(NOTEBOOKS[0].parent)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.usefixtures("beside_the_notebooks")
def test_every_solution_passes(path: Path) -> None:
    found = verdicts(solved(read(path)))
    assert found == ["PASS"] * len(found)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.usefixtures("beside_the_notebooks")
def test_every_stub_is_still_to_do(path: Path) -> None:
    found = verdicts(stubs(read(path)))
    assert found == ["TODO"] * len(found)


# The same on small notebooks: what is wrong must be found

CHECK = """
def check_double(double):
    print("TODO  double" if double(3) is ... else "PASS  double" if double(3) == 6 else "NOT YET  double")
    return lambda x: 2 * x
"""


def small(stub: str = "...", solution: str = "2 * x", tag: str = "solution") -> NotebookNode:
    def function(value: str) -> str:
        return f"def double(x):\n    return {value}\n"

    told = f"<details><summary>Solution</summary>\n\n```python\n{function(solution)}```\n</details>"
    cells = [
        new_code_cell(CHECK),
        new_code_cell(f"{function(stub)}\n\ndouble = check_double(double)", metadata={"tags": ["exercise"]}),
        new_markdown_cell(told, metadata={"tags": [tag]}),
        new_code_cell("assert double(4) == 8\n"),
    ]
    return new_notebook(cells=cells)


def test_a_solution_and_a_stub_are_told_apart() -> None:
    assert verdicts(solved(small())) == ["PASS"]
    assert verdicts(stubs(small())) == ["TODO"]


def test_a_wrong_solution_is_found() -> None:
    assert verdicts(solved(small(solution="3 * x"))) == ["NOT"]


def test_a_stub_that_is_solved_already_is_found() -> None:
    assert verdicts(stubs(small(stub="2 * x"))) == ["PASS"]


def test_a_missing_solution_is_found() -> None:
    with pytest.raises(AssertionError, match="no solution"):
        verdicts(solved(small(tag="other")))


def test_a_solution_that_fails_is_found() -> None:
    with pytest.raises(NameError):
        verdicts(solved(small(solution="nothing * x")))
