"""What pytest prints of cells that fail: the first line says what is wrong, and the rest is short."""

import base64
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from tests.nbval_plugin.making import SHOW, cell, made, outcomes, picture, reports, run_pytest, shown

pytestmark = pytest.mark.slow  # a process and a kernel, once for all

GREY = np.full((100, 200, 3), 100)
SPOT = GREY.copy()
SPOT[:32, 160:192] += 50
SPOTTED = "spot = np.full((100, 200, 3), 100)\nspot[:32, 160:192] += 50\n"
DATA = "'image/png': base64.b64encode(b'x').decode()"


def toured(count: int, *saved: tuple[str, str, dict[str, Any]], new: str) -> NotebookNode:
    """A cell that displays panels `(name, text, tour)` of the code `new`, saved with what is given."""
    source = f"for name, text in {new}:\n    mark = {{'panel': name, 'tour': 2}}\n"
    source += f"    data = {{'text/plain': text, {DATA}}}\n"
    source += "    display(data, metadata={'attnlab': mark}, raw=True)"
    outputs = [
        new_output(
            "display_data",
            data={"text/plain": text, "image/png": base64.b64encode(b"x").decode()},
            metadata={"attnlab": {"panel": name, **tour}},
        )
        for name, text, tour in saved
    ]
    return new_code_cell(source, execution_count=count, outputs=outputs)


TOUR = "start: a\n  1\nx = 2: b\n  2"
CELLS = [
    cell(SHOW, 1),
    cell("print('one')\nprint('two')", 2, "one\ntoo\n"),
    cell("print('right, but never run')", None, "right, but never run\n"),
    cell("4;", 9),
    cell("import warnings\nwarnings.warn('beware')", 5),
    cell("def broken():\n    return 1 / 0\nbroken()", 6),
    shown(SPOTTED + "show(100); show(spot)", 7, picture(GREY), picture(GREY)),
    shown("show(100, (100, 300))", 8, picture(GREY)),
    shown("show(100); show(100)", 9, picture(GREY)),
    toured(10, ("f", "short", {}), ("g", "short", {}), new=[("f", TOUR), ("g", TOUR)]),
    toured(11, ("f", TOUR, {"tour": 2}), new=[("f", TOUR.replace("b\n  2", "b\n  3"))]),
    toured(12, ("f", TOUR, {"tour": 2}), new=[("f", TOUR)]),
    shown("print(2); show(spot, (100, 200))", 13, picture(GREY)),
]
CELLS[-1].outputs.insert(0, new_output("stream", name="stdout", text="1\n"))


class Ran(NamedTuple):
    folder: Path
    printed: str
    reports: dict[int, str]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("report")
    made(folder / "part" / "made up.ipynb", *CELLS)
    stale = folder / ".nbval-pictures" / "part" / "made up-cell11-picture1-new.png"
    stale.parent.mkdir(parents=True)
    stale.touch()
    printed = run_pytest(folder, "-p", "attnlab.nbval")
    return Ran(folder, printed, reports(printed))


def summary(ran: Ran) -> dict[int, str]:
    """The lines of pytest's short summary, by cell."""
    return {int(n): said for n, said in re.findall(r"(?m)^FAILED .*::Cell (\d+) - (.*)$", ran.printed)}


def test_what_should_fail_does_and_the_cells_after_it_still_run(ran: Ran) -> None:
    failed = [number for number, outcome in enumerate(outcomes(ran.printed)) if outcome == "FAILED"]
    assert failed == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12] == list(ran.reports)


def test_nothing_is_coloured(ran: Ran) -> None:
    assert "\x1b" not in ran.printed


def test_a_difference_is_said_in_four_lines(ran: Ran) -> None:
    assert ran.reports[1].splitlines() == [
        "Cell 1, In [2]: stdout differs in 1 of 2 lines, first in line 2",
        "    saved: too",
        "    new:   two",
        "            ^",
        "",
        "Input:",
        "print('one')",
        "print('two')",
    ]


REFRESH = "run python -m attnlab.nbval 'part/made up.ipynb'"


def test_counts_say_what_they_are_what_they_should_be_and_the_remedy(ran: Ran) -> None:
    assert {number: ran.reports[number] for number in (2, 3)} == {
        2: f"Cell 2, In [3]: execution count is missing, but should be 3: {REFRESH}",
        3: f"Cell 3, In [4]: execution count is 9, but should be 4: {REFRESH}",
    }


def test_a_new_warning_is_shown(ran: Ran) -> None:
    lines = ran.reports[4].splitlines()
    assert lines[0] == "Cell 4, In [5]: stderr: none in the notebook, 1 when it runs"
    assert lines[2].endswith("UserWarning: beware")


def test_an_exception_is_named_first_and_traced_last(ran: Ran) -> None:
    lines = ran.reports[5].splitlines()
    assert lines[0] == "Cell 5, In [6]: ZeroDivisionError: division by zero"
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert any(re.match(r"-+> 2 +return 1 / 0", line) for line in lines)


def test_a_picture_that_differs_is_described_and_both_are_written(ran: Ran) -> None:
    said = "picture 2 differs by 50.0 of 255, most in the upper right, around x 176 y 16 (limit 6)"
    assert ran.reports[6].splitlines()[:4] == [
        f"Cell 6, In [7]: {said}",
        "    saved: .nbval-pictures/part/made up-cell6-picture2-saved.png",
        "    new:   .nbval-pictures/part/made up-cell6-picture2-new.png",
        "",
    ]
    files = [ran.folder / f".nbval-pictures/part/made up-cell6-picture2-{x}.png" for x in ("saved", "new")]
    assert [path.read_bytes() for path in files] == [base64.b64decode(picture(x)) for x in (GREY, SPOT)]


def test_sizes_and_numbers_of_pictures_are_said(ran: Ran) -> None:
    first = {number: ran.reports[number].splitlines()[0] for number in (7, 8)}
    assert first == {
        7: "Cell 7, In [8]: picture 1 is 200×100 pixels in the notebook, 300×100 when it runs",
        8: "Cell 8, In [9]: 1 picture in the notebook, 2 when it runs",
    }


def test_no_other_files_are_written_and_stale_ones_go(ran: Ran) -> None:
    found = sorted(path.name for path in (ran.folder / ".nbval-pictures").rglob("*.*"))
    cells = ("12-picture1", "6-picture2", "7-picture1")
    assert found == [f"made up-cell{name}-{which}.png" for name in cells for which in ("new", "saved")]


def test_a_panel_that_was_saved_by_hand_gets_one_line(ran: Ran) -> None:
    said = f"panel f was saved without its tour: {REFRESH}"
    assert ran.reports[9] == f"Cell 9, In [10]: {said}"


def test_a_tour_that_differs_says_at_which_stop(ran: Ran) -> None:
    assert ran.reports[10].splitlines()[:5] == [
        'Cell 10, In [11]: panel f: at "x = 2" the words differ',
        "    saved:   2",
        "    new:     3",
        "             ^",
        "",
    ]


def test_words_and_pictures_that_differ_are_both_said(ran: Ran) -> None:
    heads = [line for line in ran.reports[12].splitlines()[:8] if "differs" in line]
    assert heads[0] == "Cell 12, In [13]: stdout differs" and heads[1].startswith("picture 1 differs by 50.0")


def test_the_summary_has_the_first_line_of_each(ran: Ran) -> None:
    said = summary(ran)
    assert said[5].startswith("ZeroDivisionError") and said[1].startswith("stdout differs in 1 of 2 lines")
    assert said.keys() == ran.reports.keys()


def test_a_kernel_that_dies_is_not_waited_for(tmp_path: Path) -> None:
    path = made(tmp_path / "dies.ipynb", cell("1", 1), cell("import os; os._exit(3)", 2), cell("2", 3))
    printed = run_pytest(tmp_path, "-p", "attnlab.nbval", "--nbval-cell-timeout=500")
    assert path.exists() and outcomes(printed) == ["FAILED", "FAILED", "FAILED"]
    said = {number: text.splitlines()[0] for number, text in reports(printed).items()}
    assert said[1] == "Cell 1, In [2]: the kernel died"
    assert said[2] == "Cell 2, In [3]: the kernel died in a cell above"


def test_pictures_that_cannot_be_written_are_named_all_the_same(tmp_path: Path) -> None:
    made(tmp_path / "shows.ipynb", cell(SHOW, 1), shown("show(0)", 2, picture(GREY)))
    (tmp_path / "taken").touch()
    said = reports(run_pytest(tmp_path, "-p", "attnlab.nbval", "--nbval-pictures=taken"))[1]
    assert "picture 1 differs by 100.0 of 255" in said and "the pictures cannot be written: " in said
