"""What a function prints: below its cell when the cell runs, in the panel when a hand moves it."""

import sys
import threading
from collections.abc import Iterator

import pytest

from attnlab import Note, Scrub, Slider, explore
from attnlab.panels.panel import MOST_PRINTED, Panel
from tests.panels.hands import moves, press, says, screen


def talk(x: int) -> Note:
    print(f"x is {x}")
    if x == 4:
        raise ArithmeticError("not 4")
    return Note(f"{x}")


@pytest.fixture
def panel(capsys: pytest.CaptureFixture[str]) -> Iterator[Panel]:
    panel = explore(talk, x=Slider(0, 10, value=1), presets={"seven": "x=7"})
    capsys.readouterr()
    yield panel
    panel.close()


def test_in_code_it_is_printed_and_by_hand_it_is_shown(
    panel: Panel, capsys: pytest.CaptureFixture[str]
) -> None:
    panel.set(x=2)
    assert capsys.readouterr().out == "x is 2\n" and screen(panel).printed == ""
    moves(panel, "x", 3)
    assert screen(panel).printed == "x is 3\n"
    press(panel, "seven")
    assert screen(panel).printed == "x is 7\n", "only what the last move printed"
    assert capsys.readouterr().out == ""
    panel.set(x=5)
    assert screen(panel).printed == "" and capsys.readouterr().out == "x is 5\n"


def test_it_is_shown_when_the_function_fails_too(panel: Panel) -> None:
    moves(panel, "x", 4)
    assert screen(panel).printed == "x is 4\n" and "not 4" in screen(panel).error


def test_a_silent_move_takes_it_away(capsys: pytest.CaptureFixture[str]) -> None:
    panel = explore(lambda x: Note(str(x == 1 and print("one"))), x=Scrub([0, 1, 2]))
    press(panel, "Next ▶|")
    assert screen(panel).printed == "one\n"
    says(panel, point=None, id="a")
    assert screen(panel).printed == "one\n", "the pointer is no move"
    press(panel, "Next ▶|")
    assert screen(panel).printed == "" and capsys.readouterr().out == ""
    panel.close()


def test_warnings_are_shown_in_their_place(capsys: pytest.CaptureFixture[str]) -> None:
    def warn(x: int) -> Note:
        print("first")
        print(f"a warning: {x}", file=sys.stderr)
        print("last")
        return Note(f"{x}")

    panel = explore(warn, x=Slider(0, 3, value=0))
    capsys.readouterr()
    moves(panel, "x", 2)
    assert screen(panel).printed == "first\na warning: 2\nlast\n"
    assert capsys.readouterr() == ("", "")
    panel.close()


def test_a_flood_is_cut() -> None:
    panel = explore(lambda x: Note(str(print("a" * 50_000, x))), x=(0, 3))
    moves(panel, "x", 0)
    assert len(screen(panel).printed) == MOST_PRINTED and screen(panel).printed.endswith("a 0\n")
    panel.close()


def test_a_cell_that_runs_meanwhile_prints_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def wait(x: int) -> Note:
        if x:
            print("by hand")
            inside.set()
            assert go_on.wait(60)
        return Note(f"{x}")

    panel = explore(wait, x=Slider(0, 3, value=0))
    before = sys.stdout
    hand = threading.Thread(target=moves, args=(panel, "x", 2))
    hand.start()
    assert inside.wait(60)
    print("the cell")
    go_on.set()
    hand.join()
    assert capsys.readouterr().out == "the cell\n" and screen(panel).printed == "by hand\n"
    assert sys.stdout is before
    panel.close()


def test_a_panel_that_moves_another_by_hand_keeps_the_two_apart() -> None:
    inner = explore(lambda x: Note(str(print("inner", x))), x=Slider(0, 3, value=0))

    def outer_function(x: int) -> Note:
        print("before")
        moves(inner, "x", x)
        print("after")
        return Note(f"{x}")

    outer = explore(outer_function, x=Slider(0, 3, value=0))
    moves(outer, "x", 2)
    assert screen(inner).printed == "inner 2\n" and screen(outer).printed == "before\nafter\n"
    inner.close()
    outer.close()


def test_two_panels_in_two_threads_keep_their_prints_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """The first ends while the second still prints."""
    inside, go_on = threading.Event(), threading.Event()

    def first(x: int) -> Note:
        if x:
            print("first")
            inside.set()
            assert go_on.wait(60)
        return Note(f"{x}")

    def second(x: int) -> Note:
        if x:
            go_on.set()
            hand.join()
            print("second")
        return Note(f"{x}")

    one, other = (explore(each, x=Slider(0, 3, value=0)) for each in (first, second))
    before = sys.stdout
    hand = threading.Thread(target=moves, args=(one, "x", 1))
    hand.start()
    assert inside.wait(60)
    moves(other, "x", 2)
    assert screen(one).printed == "first\n" and screen(other).printed == "second\n"
    assert sys.stdout is before and capsys.readouterr().out == ""
    one.close()
    other.close()


def test_what_is_no_text_is_refused_as_ever() -> None:
    panel = explore(lambda x: Note(str(x and sys.stdout.write(b"bytes"))), x=Slider(0, 3, value=0))
    moves(panel, "x", 2)
    assert "TypeError: write() argument must be str, not bytes" in screen(panel).error
    panel.close()


def test_lines_are_kept_too() -> None:
    def show(x: int) -> Note:
        sys.stdout.writelines(["a\n", "b\n"])
        return Note(f"{x}")

    panel = explore(show, x=Slider(0, 3, value=0))
    moves(panel, "x", 2)
    assert screen(panel).printed == "a\nb\n"
    panel.close()
