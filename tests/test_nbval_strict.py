"""Each thing that nbval_strict.py adds: plain nbval lets it pass (or raises a false alarm), ours does not."""

import base64
import io
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from tests import nbval_strict
from tests.refresh import ThisPython, kernel_environment, run

ROOT = Path(__file__).parents[1]
PICTURE = """
from PIL import Image
from IPython.display import display, Image as Shown
import io
def show(colour):
    out = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(out, "png")
    display(Shown(out.getvalue()))
"""


def png(pixels: np.ndarray) -> str:
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, "png")
    return base64.b64encode(out.getvalue()).decode()


def cell(source: str, count: int | None, text: str = "") -> nbformat.NotebookNode:
    outputs = [new_output("stream", name="stdout", text=text)] if text else []
    return new_code_cell(source, execution_count=count, outputs=outputs)


def shown(source: str, count: int, picture: str) -> nbformat.NotebookNode:
    text = "<IPython.core.display.Image object>"
    output = new_output("display_data", data={"image/png": picture, "text/plain": text})
    return new_code_cell(source, execution_count=count, outputs=[output])


def outcomes(folder: Path, *options: str) -> list[str]:
    """What pytest says of each cell of the notebooks in the folder, with a hostile environment around it."""
    hostile = {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "7", "HOME": str(folder / "holes.ipynb")}
    environment = {**os.environ, **hostile, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONHASHSEED", None)
    command = [sys.executable, "-m", "pytest", "-v", "--color=no", "--nbval", "--nbval-current-env"]
    command += [f"--rootdir={folder}", *options, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)
    lines = [line for line in done.stdout.splitlines() if "::Cell" in line and "%]" in line]
    assert lines, done.stdout + done.stderr
    return [line.split()[2] for line in lines]


CASES = {
    # name: (cell, plain nbval, ours)
    "right": (cell("print(1)", 1, "1\n"), "PASSED", "PASSED"),
    "no count, wrong output": (cell("print(2)", None), "PASSED", "FAILED"),
    "wrong count": (cell("print(3)", 9, "3\n"), "PASSED", "FAILED"),
    "trailing semicolon": (cell("4;", 4), "FAILED", "PASSED"),
    "pictures begin": (cell(PICTURE, 5), "PASSED", "PASSED"),
    "right picture": (shown("show('red')", 6, png(np.full((40, 40, 3), [255, 0, 0]))), "PASSED", "PASSED"),
    "wrong picture": (shown("show('red')", 7, png(np.full((40, 40, 3), [240, 0, 0]))), "PASSED", "FAILED"),
    "one thread": (cell("import os; print(os.environ['OMP_NUM_THREADS'])", 8, "1\n"), "FAILED", "PASSED"),
    "hash seed": (cell("print(os.environ.get('PYTHONHASHSEED'))", 9, "0\n"), "FAILED", "PASSED"),
    "inline": (cell("print('inline' in os.environ['MPLBACKEND'])", 10, "True\n"), "FAILED", "PASSED"),
    "closed home": (cell("import matplotlib.font_manager", 11), "FAILED", "PASSED"),
    "exit handler": (
        cell("import atexit, pathlib; _ = atexit.register(pathlib.Path('stopped').touch)", 12),
        "PASSED",
        "PASSED",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    notebook = new_notebook(cells=[case[0] for case in CASES.values()])
    nbformat.write(notebook, tmp_path / "holes.ipynb")
    return tmp_path


@pytest.mark.slow
def test_plain_nbval_has_the_holes(folder: Path) -> None:
    assert dict(zip(CASES, outcomes(folder), strict=True)) == {name: case[1] for name, case in CASES.items()}
    assert not (folder / "stopped").exists()


@pytest.mark.slow
def test_the_plugin_closes_them(folder: Path) -> None:
    found = outcomes(folder, "-p", "tests.nbval_strict")
    assert dict(zip(CASES, found, strict=True)) == {name: case[2] for name, case in CASES.items()}
    assert (folder / "stopped").exists()


FOLDERS = ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"]
CLOSED = {"home": ["HOME"], "folders": FOLDERS, "own": ["MPLCONFIGDIR", "IPYTHONDIR"]}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("below", ["", "missing"], ids=["a file", "below a file"])
@pytest.mark.parametrize("names", CLOSED.values(), ids=CLOSED)
def test_where_nothing_can_be_written_nothing_is_said(
    names: list[str],
    below: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    path = tmp_path / "closed.ipynb"
    nbformat.write(new_notebook(cells=[cell("import matplotlib.font_manager", 1)]), path)
    for name in names:
        monkeypatch.setenv(name, str(path / below))
    assert nbval_strict.first_failure(request.session, path) is None


def test_a_slow_output_has_a_minute(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    nbformat.write(new_notebook(cells=[cell("1", 1)]), tmp_path / "slow.ipynb")
    notebook = nbval_strict.StrictFile.from_parent(request.session, path=tmp_path / "slow.ipynb")
    assert [item.output_timeout for item in notebook.collect()] == [60]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("source", "text", "said"),
    [("print(1)", "1\n", None), ("print(2)", "1\n", "Cell outputs differ"), ("1 / 0", "", "an exception")],
)
def test_the_first_failure_tells_a_difference_from_an_error(
    source: str, text: str, said: str | None, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    cells = [cell("pass", 1), cell(source, 2, text), cell("3 / 0", 3)]
    nbformat.write(new_notebook(cells=cells[: 2 if said is None else 3]), tmp_path / "made.ipynb")
    failure = nbval_strict.first_failure(request.session, tmp_path / "made.ipynb")
    assert (failure is None) == (said is None)
    assert failure is None or (failure.cell_num == 1 and said in str(failure))


def test_the_plugin_is_loaded_for_this_suite(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("tests.nbval_strict")


def test_a_missing_picture_is_a_fault() -> None:
    picture = png(np.zeros((40, 40, 3)))
    assert "1 pictures in the notebook, 0" in nbval_strict.picture_fault([], [picture])
    assert nbval_strict.picture_fault([picture], [picture]) == ""


def test_another_size_is_a_fault() -> None:
    small, large = png(np.zeros((40, 40, 3))), png(np.zeros((40, 80, 3)))
    assert "another size" in nbval_strict.picture_fault([small], [large])


def test_noise_passes_and_a_changed_block_fails() -> None:
    pixels = np.full((70, 50, 3), 100.0)
    noisy = pixels + np.random.default_rng(0).integers(-15, 16, pixels.shape)
    assert nbval_strict.picture_fault([png(noisy)], [png(pixels)]) == ""
    changed = pixels.copy()
    changed[64:, 32:] += 8  # a block that the edge cuts short counts as much as a whole one
    assert "differs by 8.0" in nbval_strict.picture_fault([png(changed)], [png(pixels)])


def test_transparent_counts_as_white() -> None:
    transparent, white = png(np.zeros((8, 8, 4))), png(np.full((8, 8, 3), 255))
    assert nbval_strict.picture_fault([transparent], [white]) == ""


def test_refresh_and_nbval_share_the_kernel_environment(tmp_path: Path) -> None:
    notebook = new_notebook(cells=[new_code_cell("import os; print(os.environ['PYTHONHASHSEED'])")])
    run(notebook, tmp_path)
    assert notebook.cells[0].outputs[0].text == "0\n"
    assert ThisPython().kernel_spec.argv[0] == sys.executable
    assert "MPLBACKEND" not in kernel_environment()
