"""Committed outputs: the same bytes from every run, and in the canonical form."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests import refresh

pytestmark = pytest.mark.slow  # kernels

NOTEBOOKS = sorted(refresh.NOTEBOOKS.glob("*.ipynb"))
PANEL = """
import ipywidgets, sys, time
from IPython.display import display
slider = ipywidgets.IntSlider()
print("one"); time.sleep(0.05); print("two")
display(slider, {"image/png": "aGVsbG8="}, metadata={"attnlab": {"panel": "f"}})
"""


def made(folder: Path, *sources: str) -> Path:
    path = folder / "made.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Hello"), *map(new_code_cell, sources)]), path)
    return path


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    path = made(tmp_path, PANEL, "display({'text/plain': 'x', 'image/png': 'aGVsbG8='}, raw=True)", "slider")
    refresh.refresh(path)
    first = path.read_bytes()
    refresh.refresh(path)
    assert path.read_bytes() == first


def test_nothing_that_changes_from_run_to_run_is_kept(tmp_path: Path) -> None:
    path = made(tmp_path, PANEL, "{1, 2}")
    ids = [cell.id for cell in refresh.read(path).cells]
    refresh.refresh(path)
    text = path.read_text(encoding="utf-8")
    assert "widget-view" not in text and "iopub" not in text and "widget-state" not in text
    assert b"\r" not in path.read_bytes() and text.endswith("}\n")
    notebook = refresh.read(path)
    assert [cell.id for cell in notebook.cells] == ids
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2]
    assert notebook.metadata == refresh.METADATA
    assert notebook.cells[1].outputs[0].text == "one\ntwo\n"


def test_tags_are_kept_and_other_cell_metadata_is_not() -> None:
    cell = new_code_cell("1", metadata={"tags": ["panel"], "scrolled": True})
    kept = refresh.canonical(new_notebook(cells=[cell])).cells[0]
    assert kept.metadata == {"tags": ["panel"]}


def test_a_cell_without_id_is_named_after_its_place(tmp_path: Path) -> None:
    path = tmp_path / "old.ipynb"
    cell = '{"cell_type": "markdown", "metadata": {}, "source": ["hello"]}'
    text = f'{{"cells": [{cell}, {cell}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 4}}'
    path.write_text(text, encoding="utf-8")
    assert [cell.id for cell in refresh.read(path).cells] == ["cell-00", "cell-01"]


def test_a_failing_cell_leaves_the_file_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = made(tmp_path, "1", "1 / 0")
    before = path.read_bytes()
    assert refresh.main([str(path)]) == 1
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_closed_home_leaves_nothing_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path, "import matplotlib.font_manager")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(path))
    refresh.refresh(path)
    assert refresh.read(path).cells[1].outputs == []


def test_kernels_of_one_run_share_their_caches() -> None:
    folder = refresh.kernel_environment()["MPLCONFIGDIR"]
    assert refresh.kernel_environment()["MPLCONFIGDIR"] == folder
    assert list(Path(folder).glob("fontlist*.json"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_notebooks_are_in_the_form_that_refresh_writes(path: Path) -> None:
    assert path.read_bytes().decode("utf-8") == refresh.text_of(refresh.read(path))
