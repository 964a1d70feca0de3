"""Notebooks run and saved: the same bytes from every run, in the canonical form, and nothing lost."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from attnlab.nbval.__main__ import main
from attnlab.nbval.notebook import KERNEL, canonical, read, refresh, text_of
from tests import refresh as project
from tests.nbval_plugin.making import outcomes, reports, run_pytest

NOTEBOOKS = sorted(project.NOTEBOOKS.glob("*.ipynb"))
WIDGET = """
import ipywidgets, sys, time
from IPython.display import display
slider = ipywidgets.IntSlider()
print("one"); time.sleep(0.05); print("two")
display(slider, {"image/png": "aGVsbG8="}, metadata={"attnlab": {"panel": "f"}})
"""


def made(folder: Path, *sources: str, **metadata: Any) -> Path:
    path = folder / "made.ipynb"
    cells = [new_markdown_cell("# Hello"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    path = made(tmp_path, WIDGET, "display({'text/plain': 'x', 'image/png': 'aGVsbG8='}, raw=True)", "slider")
    refresh(path)
    first = path.read_bytes()
    refresh(path)
    assert path.read_bytes() == first


@pytest.mark.slow
def test_nothing_that_changes_from_run_to_run_is_kept(tmp_path: Path) -> None:
    path = made(tmp_path, WIDGET, "{1, 2}")
    ids = [cell.id for cell in read(path).cells]
    refresh(path)
    text = path.read_text(encoding="utf-8")
    assert "widget-view" not in text and "iopub" not in text and "widget-state" not in text
    assert b"\r" not in path.read_bytes() and text.endswith("}\n")
    notebook = read(path)
    assert [cell.id for cell in notebook.cells] == ids
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2]
    assert notebook.metadata == {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    assert notebook.cells[1].outputs[0].text == "one\ntwo\n"


def test_what_an_author_wrote_is_kept_and_what_an_editor_left_is_not() -> None:
    left = {"scrolled": True, "collapsed": True, "trusted": True, "execution": {"iopub.status.busy": "now"}}
    mine = {"tags": ["panel"], "slideshow": {"slide_type": "slide"}}
    cell = new_code_cell("1", metadata={**mine, **left})
    notebook = new_notebook(cells=[cell], metadata={"title": "Mine", "widgets": {"state": {}}})
    kept = canonical(notebook)
    assert kept.cells[0].metadata == mine
    assert kept.metadata == {"title": "Mine", "kernelspec": KERNEL, "language_info": {"name": "python"}}


@pytest.mark.parametrize(("name", "kept"), [("python3", KERNEL["display_name"]), ("course", ".venv (3.12)")])
def test_a_kernel_of_ones_own_is_kept_and_the_usual_one_has_one_name(name: str, kept: str) -> None:
    kernel = {"name": name, "display_name": ".venv (3.12)", "language": "python"}
    language = {"name": "python", "version": "3.12"}
    found = canonical(new_notebook(metadata={"kernelspec": kernel, "language_info": language}))
    assert found.metadata.kernelspec.display_name == kept
    assert found.metadata.language_info == {"name": "python"}


def test_a_cell_without_id_is_named_after_its_place(tmp_path: Path) -> None:
    path = tmp_path / "old.ipynb"
    cell = '{"cell_type": "markdown", "metadata": {}, "source": ["hello"]}'
    text = f'{{"cells": [{cell}, {cell}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 4}}'
    path.write_text(text, encoding="utf-8")
    assert [cell.id for cell in read(path).cells] == ["cell-00", "cell-01"]


@pytest.mark.slow
def test_a_failing_cell_leaves_its_file_alone_and_the_next_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "next").mkdir()
    path, fine = made(tmp_path, "1", "1 / 0"), made(tmp_path / "next", "1")
    before = path.read_bytes()
    assert main([str(path), str(fine)]) == 1
    assert path.read_bytes() == before and read(fine).cells[1].execution_count == 1
    printed = capsys.readouterr()
    assert f"{path}: not written\n" in printed.err and "ZeroDivisionError" in printed.err
    assert "\x1b" not in printed.err and printed.out.startswith(f"{fine} ")


@pytest.mark.slow
def test_the_options_of_the_command_reach_the_kernel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    says = "import os; print(*map(os.environ.get, ['PYTHONHASHSEED', 'OMP_NUM_THREADS', 'ATTNLAB_TOUR']))"
    path = made(tmp_path, says)
    assert main(["--threads=2", "--hash-seed=7", str(path)]) == 0
    assert read(path).cells[1].outputs[0].text == "7 2 1\n"
    before = made(tmp_path, "import time; time.sleep(60)").read_bytes()
    assert main(["--cell-timeout=1", str(path)]) == 1
    assert path.read_bytes() == before and "timed out" in capsys.readouterr().err


USUAL = {
    "a warning": "import warnings; warnings.warn('hm')",
    "svg": "import matplotlib.pyplot as p\n%config InlineBackend.figure_formats = ['svg']\np.plot([1, 2]);",
    "interact": "import ipywidgets; ipywidgets.interact(lambda n: print('n is', n), n=(0, 5));",
}


@pytest.mark.slow
def test_what_usual_notebooks_hold_comes_out_the_same(tmp_path: Path) -> None:
    path = made(tmp_path, *USUAL.values(), "1 / 0", "print(5)")
    notebook = read(path)
    notebook.cells[4].metadata.tags = ["nbval-skip"]
    nbformat.write(notebook, path)
    refresh(path)
    first = path.read_bytes()
    assert [cell.execution_count for cell in read(path).cells[1:]] == [1, 2, 3, None, 4]
    refresh(path)
    assert path.read_bytes() == first and b"ipykernel_" not in first
    printed = run_pytest(tmp_path, "-p", "attnlab.nbval").replace("(unconditional skip)", "")
    *others, skipped, last = outcomes(printed)
    assert others == ["PASSED", "PASSED", "FAILED"] and (skipped, last) == ("SKIPPED", "PASSED")
    assert "changes its outputs afterwards, which nbval does not follow: tag it" in reports(printed)[2]


def test_a_folder_stands_for_the_notebooks_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("", ".ipynb_checkpoints", "part two"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "no.ipynb").write_text("no notebook")
    assert main([str(tmp_path)]) == 1
    printed = capsys.readouterr().err
    assert printed.count(": not written") == 2 and f"{tmp_path}/part two/no.ipynb: not written" in printed


@pytest.mark.parametrize("text", ['{"nbformat": 3, "worksheets": []}', "[]", "# no notebook"])
def test_what_is_no_notebook_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "no.ipynb"
    path.write_text(text, encoding="utf-8")
    assert main([str(path)]) == 1
    assert path.read_text(encoding="utf-8") == text
    assert "not written\nit is not a notebook of format 4: try" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (
            {"metadata": {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}},
            "in R, not in P",
        ),
        ({"metadata": {}, "cells": [{"cell_type": "poem"}]}, "not a valid notebook"),
        ({"metadata": {}, "cells": [{"cell_type": "code", "metadata": {}}]}, "not a valid notebook"),
        ({"metadata": []}, "not a valid notebook"),
    ],
)
def test_a_notebook_that_cannot_be_run_is_refused(raw: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = tmp_path / "made.ipynb"
    path.write_text(json.dumps({"cells": [], **raw, "nbformat": 4, "nbformat_minor": 5}))
    with pytest.raises(ValueError, match=said):
        read(path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "the following arguments are required: NOTEBOOK"),
        (["x"], "there is no notebook x"),
        (["--threads=0", "."], "must be a whole number from 1 to 4096, got '0'"),
        (["--hash-seed=-1", "."], "must be a whole number from 0 to 4294967295, got '-1'"),
        (["--cell-timeout=-3", "."], "must be a number from 0.1, got '-3'"),
    ],
)
def test_the_command_says_what_it_needs(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(given)
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_the_project_takes_its_own_notebooks_if_none_is_named(tmp_path: Path) -> None:
    path = made(tmp_path, "1")
    assert main([], notebooks=[path]) == 0 and read(path).cells[1].execution_count == 1


@pytest.mark.slow
def test_a_closed_home_leaves_nothing_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path, "import matplotlib.font_manager")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(path))
    refresh(path)
    assert read(path).cells[1].outputs == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_notebooks_are_in_the_form_that_refresh_writes(path: Path) -> None:
    assert path.read_bytes().decode("utf-8") == text_of(read(path))
