"""Every number in prose is one that the notebook shows: see `tests/prose.py`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests import prose
from tests.refresh import NOTEBOOKS

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
ALTERED = 60  # digits of each notebook


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_number_in_prose_is_shown(path: Path) -> None:
    faults = list(prose.faults(nbformat.read(path, as_version=4), prose.load(path)))
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_few_numbers_are_exceptions(path: Path) -> None:
    places = [place for cell in prose.load(path).values() for place in cell]
    exceptions = [place for place in places if "because" in place]
    assert len(exceptions) <= len(places) / 20
    assert all(len(place["because"]) >= 10 for place in exceptions)


# The test of the test


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_altered_digit_is_found(path: Path) -> None:
    notebook, places = nbformat.read(path, as_version=4), prose.load(path)
    found = [
        any(prose.faults(each, places)) for each in with_another_digit(notebook, random.Random(path.stem))
    ]
    assert len(found) == ALTERED and sum(found) >= 0.9 * ALTERED


def with_another_digit(notebook: NotebookNode, chance: random.Random) -> Iterator[NotebookNode]:
    """The notebook with one digit of one number in its prose exchanged; it is restored after each."""
    cells = [cell for cell, _ in prose.prose(notebook) if prose.told(cell)]
    for _ in range(ALTERED):
        cell = chance.choice(cells)
        number = chance.choice(prose.told(cell))
        at = number.start + chance.choice([i for i, each in enumerate(number.text) if each.isdigit()])
        whole = cell.source
        cell.source = whole[:at] + chance.choice("0123456789".replace(whole[at], "")) + whole[at + 1 :]
        yield notebook
        cell.source = whole


# On a small notebook


def small(
    text: str, printed: str = "it: cat 0.581, milk 0.13\nshare 0.25, 22026 odds, 1.2e-05"
) -> NotebookNode:
    shown = new_output("stream", name="stdout", text=printed)
    return new_notebook(cells=[new_code_cell("steps = 400", outputs=[shown]), new_markdown_cell(text)])


@pytest.mark.parametrize(
    "text",
    [
        "the cat gets 0.58",
        "the cat gets 58 % and milk 0.13",
        "a share of 25 % in 400 steps",
        "about 22,000 to one",
        "12 · 10⁻⁶ of it",
        "no number in $x = 17$, `17` or [17](17.ipynb)",
    ],
)
def test_what_is_shown_is_found(text: str) -> None:
    notebook = small(text)
    assert not list(prose.faults(notebook, prose.look(notebook, {})))


@pytest.mark.parametrize(
    "text", ["the cat gets 0.59", "57 %", "a share of 0.26", "22,000 to one", "401 steps"]
)
def test_what_is_not_shown_is_told(text: str) -> None:
    notebook = small(text)
    [fault] = prose.faults(notebook, prose.look(notebook, {}))
    assert "nothing shows it" in fault


def test_another_output_is_told() -> None:
    places = {cell.id: places for cell in small("").cells for places in [[]]}
    notebook = small("the cat gets 0.58")
    places = prose.look(notebook, {})
    notebook.cells[0].outputs[0].text = "it: cat 0.612, milk 0.13\nshare 0.25"
    [fault] = prose.faults(notebook, places)
    assert "shown: 0.612" in fault


def test_places_stay_when_a_number_is_added() -> None:
    notebook = small("milk 0.13")
    before = prose.look(notebook, {})
    notebook.cells[1].source = "cat 0.58, milk 0.13"
    after = prose.look(notebook, before)
    assert after[notebook.cells[1].id][1:] == before[notebook.cells[1].id]


def test_sums_and_exceptions() -> None:
    notebook = small("a day has 86,400 seconds; 2017")
    cell = notebook.cells[1].id
    places = {cell: [{"is": "24 * 60 * 60"}, {"because": "the year of the paper"}]}
    assert not list(prose.faults(notebook, places))
    assert list(prose.faults(notebook, {cell: [{"is": "24 * 60"}, {"because": "the year"}]}))
