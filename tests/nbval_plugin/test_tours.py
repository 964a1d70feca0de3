"""Panels with a tour: what differs is said by stop; what was saved by hand is said in one line."""

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from attnlab.nbval.tours import blocks, saved_without_tour, tour_faults

TOUR = """start: it looks at cat
  every row sums to 1.00

  it -> cat 0.58
temperature = 0.1: it looks at cat alone
  it -> cat 0.99
temperature = 5: it looks everywhere
  ValueError: too hot"""
SHARPER = TOUR.replace("0.99", "0.98")


def panel(text: str, name: str = "attend", tour: int | None = 3) -> NotebookNode:
    mark: dict[str, Any] = {"panel": name} | ({} if tour is None else {"tour": tour})
    return new_output("display_data", data={"text/plain": text}, metadata={"attnlab": mark})


def faults(new: list, saved: list) -> list[str]:
    return tour_faults(new, saved, str)


def test_blocks_begin_where_a_line_is_not_indented() -> None:
    assert [block.split("\n")[0] for block in blocks(TOUR)] == [
        "start: it looks at cat",
        "temperature = 0.1: it looks at cat alone",
        "temperature = 5: it looks everywhere",
    ]
    assert "\n".join(blocks(TOUR)) == TOUR


def test_the_first_stop_that_differs_is_named() -> None:
    new = SHARPER.replace("hot", "cold")
    assert faults([panel(TOUR), panel(new, "b")], [panel(TOUR), panel(TOUR, "b")]) == [
        'panel b: at "temperature = 0.1" the words differ\n'
        "    saved:   it -> cat 0.99\n"
        "    new:     it -> cat 0.98\n"
        "                          ^"
    ]


def test_a_caption_that_differs_is_shown() -> None:
    [said] = faults([panel(TOUR.replace("everywhere", "nowhere"))], [panel(TOUR)])
    assert said.startswith('panel attend: at "temperature = 5" the words differ\n    saved: temperature = 5:')


def test_another_stop_is_named() -> None:
    [said] = faults([panel(TOUR.replace("= 0.1", "= 0.2"))], [panel(TOUR)])
    assert said == 'panel attend: the tour reaches "temperature = 0.2" where "temperature = 0.1" was saved'


def test_a_shorter_tour_is_counted() -> None:
    [said] = faults([panel(TOUR.split("\ntemperature = 5")[0])], [panel(TOUR)])
    assert said == "panel attend: the tour has 2 stops, 3 were saved"


def test_what_is_sanitized_does_not_differ() -> None:
    assert tour_faults([panel(SHARPER)], [panel(TOUR)], lambda text: text.replace("0.99", "0.98")) == []


def test_tours_are_compared_only_between_the_same_panels() -> None:
    other = [panel(TOUR, "b")]
    assert faults(other, [panel(SHARPER, "a")]) == faults(other, []) == faults([], other) == []
    assert faults([panel(TOUR, tour=None)], [panel(SHARPER)]) == []


def test_a_panel_that_was_saved_by_hand_is_found() -> None:
    text = new_output("stream", name="stdout", text="x")
    by_hand = [panel(TOUR), text, panel("short", "b", tour=None)]
    assert saved_without_tour([panel(TOUR), panel(TOUR, "b"), text], by_hand) == "b"
    assert saved_without_tour([panel(TOUR, tour=None)], [panel("short", tour=None)]) is None
    assert saved_without_tour([panel(TOUR)], [panel("old")]) is None
    assert saved_without_tour([panel(TOUR, "renamed")], [panel("short", tour=None)]) is None
