"""What the panels of the notebooks say at the stops of their tours, as it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from attnlab.views import captions, phrases
from tests.refresh import NOTEBOOKS

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
SHARE = 0.05  # of all pairs of stops with different accounts


@dataclass(frozen=True)
class Stop:
    """A stop of a tour, what is then said in short, and in full."""

    name: str
    caption: str
    account: tuple[str, ...]


def tours(path: Path) -> dict[str, list[Stop]]:
    """The tours of a notebook's panels, by their names."""
    found: dict[str, list[Stop]] = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "tour" in output.get("metadata", {}).get("attnlab", {}):
                found[output.metadata.attnlab.panel] = list(stops(output))
    return found


def stops(output: NotebookNode) -> Iterator[Stop]:
    """The stops of one output; a line that is "=" stands for that of the start."""
    start: list[str] = []
    for told in parts(output.data["text/plain"].splitlines()):
        lines = [line[2:] for line in told[1:] if not line.endswith(" pictures)")]
        start = start or lines
        whole = [then if line == "=" else line for line, then in zip(lines, start + lines, strict=False)]
        name, _, caption = told[0].partition(": ")
        yield Stop(name, caption, tuple(whole))


def parts(lines: list[str]) -> Iterator[list[str]]:
    begins = [place for place, line in enumerate(lines) if not line.startswith("  ")]
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        yield lines[begin:end]


# Panels with states that differ, of which the caption says the same. Each with the reason.
ALIKE = {
    ("01", "look_up"): "The has the number 1 in two orders; only the other rows of the table move",
    ("06", "shuffle"): "that is what it shows: the row of drank is the same in both orders",
}


def pairs(path: Path) -> Iterator[tuple[str, Stop, Stop]]:
    """Two stops of a panel where something else is seen."""
    for panel, told in tours(path).items():
        pictures = [stop for stop in told if stop.account[-1] != "(an earlier picture)"]
        yield from ((panel, *two) for two in combinations(pictures, 2) if two[0].account != two[1].account)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_caption_takes_two_lines(path: Path) -> None:
    told = [stop.caption for each in tours(path).values() for stop in each]
    assert told and all(told)
    assert [said for said in told if phrases.width(said) > captions.LINES] == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_a_person_would_tell_apart_has_another_caption(path: Path) -> None:
    """Or stands in the list, with the reason; who stands there without need is found as well."""
    alike = {(path.stem[:2], panel) for panel, one, other in pairs(path) if one.caption == other.caption}
    assert alike == {each for each in ALIKE if each[0] == path.stem[:2]}


def test_it_seldom_fails() -> None:
    all_pairs = [(one, other) for path in PATHS for _, one, other in pairs(path)]
    alike = sum(one.caption == other.caption for one, other in all_pairs)
    assert alike <= SHARE * len(all_pairs)
