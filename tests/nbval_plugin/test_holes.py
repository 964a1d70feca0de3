"""Each thing that attnlab.nbval adds: plain nbval lets it pass (or raises a false alarm), ours does not."""

import sys
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from attnlab.nbval.cells import StrictFile
from attnlab.nbval.kernel import ThisPython, kernel_environment, settings_folder
from attnlab.nbval.notebook import run
from tests.nbval_plugin.making import SHOW, cell, made, outcomes, picture, run_pytest, shown
from tests.nbval_plugin.running import first_failure

RED, ROSE = [255, 0, 0], [240, 0, 0]
IGNORED = {"tags": ["nbval-ignore-output"]}
CASES = {
    # name: (cell, plain nbval, ours)
    "right": (cell("print(1)", 1, "1\n"), "PASSED", "PASSED"),
    "no count, wrong output": (cell("print(2)", None), "PASSED", "FAILED"),
    "wrong count": (cell("print(3)", 9, "3\n"), "PASSED", "FAILED"),
    "trailing semicolon": (cell("4;", 4), "FAILED", "PASSED"),
    "pictures begin": (cell(SHOW, 5), "PASSED", "PASSED"),
    "right picture": (shown(f"show({RED})", 6, picture(RED)), "PASSED", "PASSED"),
    "wrong picture": (shown(f"show({RED})", 7, picture(ROSE)), "PASSED", "FAILED"),
    "right jpeg": (
        shown(f"show({RED}, kind='jpeg')", 8, picture(RED, kind="jpeg"), kind="jpeg"),
        "PASSED",
        "PASSED",
    ),
    "wrong jpeg": (
        shown(f"show({RED}, kind='jpeg')", 9, picture(ROSE, kind="jpeg"), kind="jpeg"),
        "PASSED",
        "FAILED",
    ),
    "one thread": (cell("import os; print(os.environ['OMP_NUM_THREADS'])", 10, "1\n"), "FAILED", "PASSED"),
    "hash seed": (cell("print(os.environ.get('PYTHONHASHSEED'))", 11, "0\n"), "FAILED", "PASSED"),
    "inline": (cell("print('inline' in os.environ['MPLBACKEND'])", 12, "True\n"), "FAILED", "PASSED"),
    "closed home": (cell("import matplotlib.font_manager", 13), "FAILED", "PASSED"),
    "an empty cell has no count": (cell(" ", None), "PASSED", "PASSED"),
    "a count of an empty cell": (cell("", 14), "PASSED", "FAILED"),
    "not compared, no count": (cell("print(5)", None, **IGNORED), "PASSED", "PASSED"),
    "skipped": (cell("1 / 0", None, tags=["nbval-skip"]), "SKIPPED", "SKIPPED"),
    "exit handler": (
        cell("import atexit, pathlib; _ = atexit.register(pathlib.Path('stopped').touch)", 15),
        "PASSED",
        "PASSED",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made(tmp_path / "holes.ipynb", *(case[0] for case in CASES.values()))
    return tmp_path


def found(folder: Path, *options: str) -> dict[str, str]:
    """The outcome of each case, with a hostile environment around it."""
    home = str(folder / "holes.ipynb")
    printed = run_pytest(folder, *options, MPLBACKEND="Agg", OMP_NUM_THREADS="7", HOME=home)
    return dict(zip(CASES, outcomes(printed.replace("(unconditional skip)", "")), strict=True))


@pytest.mark.slow
def test_plain_nbval_has_the_holes(folder: Path) -> None:
    assert found(folder) == {name: case[1] for name, case in CASES.items()}
    assert not (folder / "stopped").exists()


@pytest.mark.slow
def test_the_plugin_closes_them(folder: Path) -> None:
    assert found(folder, "-p", "attnlab.nbval") == {name: case[2] for name, case in CASES.items()}
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
    path = made(tmp_path / "closed.ipynb", cell("import matplotlib.font_manager", 1))
    for name in names:
        monkeypatch.setenv(name, str(path / below))
    assert first_failure(request.session, path) is None


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
    path = made(tmp_path / "made.ipynb", *cells[: 2 if said is None else 3])
    failure = first_failure(request.session, path)
    assert (failure is None) == (said is None)
    assert failure is None or (failure.cell_num == 1 and said in str(failure))


def test_counts_pass_over_empty_cells(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    path = made(tmp_path / "made.ipynb", cell("1", 1), cell("\n", None), cell("2", 2))
    cells = StrictFile.from_parent(request.session, path=path).collect()
    assert [item.count for item in cells] == [1, None, 2]


def test_the_plugin_is_loaded_for_this_suite(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("attnlab.nbval")


SAYS = "import os; print(*map(os.environ.get, ['PYTHONHASHSEED', 'OMP_NUM_THREADS', 'ATTNLAB_TOUR']))"


def ran(environment: dict[str, str] | None, folder: Path) -> NotebookNode:
    notebook = new_notebook(cells=[new_code_cell(SAYS)])
    run(notebook, folder, environment=environment)
    return notebook.cells[0].outputs[0].text


@pytest.mark.slow
def test_a_refreshed_notebook_runs_in_the_same_environment(tmp_path: Path) -> None:
    assert ran(None, tmp_path) == "0 1 1\n"
    assert ran(kernel_environment(threads=2, hash_seed=7, tour=False), tmp_path) == "7 2 None\n"
    assert ThisPython().kernel_spec.argv[0] == sys.executable


def test_the_environment_is_ours_but_for_what_would_change_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"MPLBACKEND": "Agg", "ATTNLAB_TOUR": "1", "OWN": "kept"}.items():
        monkeypatch.setenv(name, value)
    environment = kernel_environment(tour=False)
    assert environment["OWN"] == "kept" and not {"MPLBACKEND", "ATTNLAB_TOUR"} & environment.keys()
    assert kernel_environment()["ATTNLAB_TOUR"] == "1"


def test_kernels_of_one_run_share_their_caches() -> None:
    assert kernel_environment()["MPLCONFIGDIR"] == settings_folder() == kernel_environment()["IPYTHONDIR"]
    assert list(Path(settings_folder()).glob("fontlist*.json"))


def test_without_matplotlib_no_fonts_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", {}.get)
    folder = settings_folder.__wrapped__()
    assert list(Path(folder).iterdir()) == []
