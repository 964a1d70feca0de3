"""What is on the screen is what the controls say, or is marked as what it is."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from attnlab import Bars, Live, Note, Scrub, Sentence, Slider, Toggle, explore, present
from attnlab.panels.panel import Panel
from tests.panels.hands import button, moves, press, says, screen


def fragile(x: int, on: bool = False) -> Bars:
    if x == 4 or (x == 6 and on):
        raise ArithmeticError(f"no picture for {x}")
    return Bars([x], ["x"], limit=10)


@pytest.fixture
def panel() -> Iterator[Panel]:
    panel = explore(fragile, x=Slider(0, 10, value=1), on=Toggle(), presets={"wrong": "x=4", "right": "x=7"})
    yield panel
    present(1)
    panel.close()


AGAIN: dict[str, Callable[[Panel], Any]] = {
    "set": lambda panel: panel.set(x=4),
    "set nothing": lambda panel: panel.set(),
    "set another control": lambda panel: panel.set(on=True),
    "set_state": lambda panel: panel.set_state("x=4"),
    "digest": lambda panel: panel.digest,
    "png": lambda panel: panel.png(),
    "png of another ratio": lambda panel: panel.png(2),
    "save": lambda panel: panel.save("never.svg"),
}


@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("first", ["set", "by hand", "a preset"])
def test_a_fault_is_raised_every_time(panel: Panel, first: str, again: str) -> None:
    if first == "set":
        with pytest.raises(ArithmeticError):
            panel.set(x=4)
    else:
        moves(panel, "x", 4) if first == "by hand" else press(panel, "wrong")
    for _ in range(2):
        with pytest.raises(ArithmeticError, match="no picture for 4"):
            AGAIN[again](panel)
    assert panel.values["x"] == 4


def marked(panel: Panel) -> bool:
    shown = screen(panel)
    told = "no picture for" in shown.error and "an earlier state" in shown.error
    assert told == shown.stale
    return shown.stale


def test_the_last_good_picture_is_marked_until_a_move_succeeds(panel: Panel) -> None:
    good = screen(panel).frame
    assert not marked(panel)
    moves(panel, "x", 4)
    assert marked(panel) and screen(panel).frame is good
    moves(panel, "on", True)
    assert marked(panel), "another move that fails"
    moves(panel, "x", 6)
    assert marked(panel) and "no picture for 6" in screen(panel).error
    moves(panel, "on", False)
    assert not marked(panel) and screen(panel).error == "" and "6" in panel.digest


@pytest.mark.parametrize(
    "event",
    [
        lambda panel: setattr(screen(panel), "ratio", 2.0),
        lambda panel: present(1.4),
        lambda panel: says(panel, point=[0, "row", 0], id="a"),
        lambda panel: says(panel, point=None, id="b"),
        lambda panel: says(panel, tick="x", **{"from": 0}),
    ],
)
def test_what_moves_no_control_takes_no_mark_away(panel: Panel, event: Callable[[Panel], Any]) -> None:
    moves(panel, "x", 4)
    event(panel)
    assert marked(panel)
    with pytest.raises(ArithmeticError):
        panel.set(x=4)
    assert panel.set(x=2) == panel.digest and not marked(panel)


def test_presets_reset_and_states_recover(panel: Panel) -> None:
    for recover in (lambda: press(panel, "right"), lambda: press(panel, "Reset"), panel.reset):
        moves(panel, "x", 4)
        assert marked(panel)
        recover()
        assert not marked(panel) and panel.digest


def test_an_output_without_a_true_picture_holds_none_and_says_why(panel: Panel) -> None:
    moves(panel, "x", 4)
    data, _ = panel._repr_mimebundle_()
    assert "image/png" not in data and "no picture for 4" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data, "the panel is there, to be moved"


def test_an_interrupt_marks_the_picture_and_the_next_move_recovers() -> None:
    def slow(x: int) -> Note:
        if x == 4:
            raise KeyboardInterrupt
        return Note(f"x is {x}")

    panel = explore(slow, x=Slider(0, 10, value=1))
    with pytest.raises(KeyboardInterrupt):
        panel.set(x=4)
    assert screen(panel).stale and "KeyboardInterrupt" in screen(panel).error
    with pytest.raises(KeyboardInterrupt):
        panel.set(x=4)
    assert panel.set(x=5) == "x is 5" and not screen(panel).stale
    panel.close()


def test_an_interrupt_while_drawing_leaves_a_panel_that_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = explore(fragile, x=Slider(0, 10, value=1))
    with monkeypatch.context() as broken:

        def stop(*_: Any) -> None:
            raise KeyboardInterrupt

        broken.setattr(Bars, "update", stop)
        with pytest.raises(KeyboardInterrupt):
            panel.set(x=2)
    fresh = explore(fragile, x=Slider(0, 10, value=3))
    assert screen(panel).stale and panel.set(x=3) == fresh.digest and panel.png() == fresh.png()
    panel.close()
    fresh.close()


def test_a_refused_text_is_a_fault_too_and_one_that_is_refused_in_code_moves_nothing() -> None:
    panel = explore(lambda text: Note(" ".join(text)), text=Sentence("two words", limit=3))
    with pytest.raises(ValueError, match="text has 4 tokens"):
        panel.set(text="a b c d")
    assert panel.digest == "two words" and not screen(panel).stale
    moves(panel, "text", "a b c d")
    assert screen(panel).stale
    with pytest.raises(ValueError, match="text has 4 tokens"):
        _ = panel.digest
    panel.close()


def test_an_error_that_moves_no_control_marks_nothing() -> None:
    panel = explore(lambda x: Bars([x], limit=1), x=Slider(0.0, 1.0))
    says(panel, select="x", row=1)
    assert "cannot be set by choosing a row" in screen(panel).error and not screen(panel).stale
    assert panel.digest
    panel.close()


def test_playing_into_a_fault_stops_there_and_says_so() -> None:
    panel = explore(fragile, x=Scrub([2, 3, 4, 5]))
    press(panel, "▶ Play")
    for at in range(3):
        says(panel, tick="x", **{"from": at})
    assert panel.values == {"x": 4} and marked(panel) and screen(panel).clock == {}
    press(panel, "Next ▶|")
    assert panel.values == {"x": 5} and not marked(panel)
    panel.close()


def test_a_view_of_a_training_marks_its_picture_too() -> None:
    class Run:
        steps = (0, 1)
        ended = "finished"

    live = Live(lambda run: Note("fine") if fine else 1 / 0)
    fine = True
    live.begin(1)
    live.frame(Run)
    assert live.digest == "fine" and not screen(live).stale
    fine = False
    live.end(Run())
    assert screen(live).stale and "an earlier state" in screen(live).error
    with pytest.raises(ZeroDivisionError):
        _ = live.digest
    fine = True
    live.end(Run())
    assert live.digest == "fine" and not screen(live).stale and screen(live).error == ""


def test_a_function_that_moves_its_own_panel_is_told_so() -> None:
    held: dict[str, Panel] = {}

    def show(x: int) -> Note:
        if held and x == 3:
            held["panel"].set(x=1)
        return Note(f"x is {x}")

    panel = held["panel"] = explore(show, x=Slider(0, 5, value=0))
    with pytest.raises(RuntimeError, match="show moved its own panel: a function may only return views"):
        panel.set(x=3)
    assert screen(panel).stale and panel.values == {"x": 3}
    assert panel.set(x=2) == "x is 2" and not screen(panel).stale
    panel.close()


def test_play_that_cannot_begin_does_not_play_and_an_interrupt_pauses() -> None:
    wrong: list[type[BaseException]] = []

    def show(x: int) -> Note:
        if wrong and x in (0, 3):
            raise wrong[0]
        return Note(f"x is {x}")

    panel = explore(show, x=Scrub(range(6)))
    panel.set(x=5)
    wrong.append(ArithmeticError)
    press(panel, "▶ Play")
    assert screen(panel).clock == {} and button(panel, "▶ Play") and screen(panel).stale
    wrong[0] = KeyboardInterrupt
    panel.set(x=2)
    press(panel, "▶ Play")
    with pytest.raises(KeyboardInterrupt):
        says(panel, tick="x", **{"from": 2})
    assert screen(panel).clock == {} and button(panel, "▶ Play") and screen(panel).stale
    panel.close()


def test_old_prints_do_not_stay_beside_a_new_fault() -> None:
    def show(x: int) -> Note:
        if x == 4:
            raise ArithmeticError("silent")
        print("x is", x)
        return Note(f"{x}")

    panel = explore(show, x=Slider(0, 5, value=0))
    moves(panel, "x", 3)
    assert screen(panel).printed == "x is 3\n"
    moves(panel, "x", 4)
    assert screen(panel).printed == "" and screen(panel).stale
    panel.close()


def test_a_view_that_cannot_be_drawn_again_tells_so_and_others_are_enlarged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panels = [explore(fragile, x=Slider(0, 10, value=1)) for _ in range(3)]
    note = explore(lambda x: Note(f"x is {x}"), x=(0, 3))
    with monkeypatch.context() as broken:
        broken.setattr(Note, "box", lambda self, measure: 1 / 0)
        present(2)
    assert {screen(each).frame["scale"] for each in panels} == {2.0}
    assert "ZeroDivisionError" in screen(note).error and screen(note).stale
    present(1)
    assert screen(note).error == "" and not screen(note).stale
    for each in (*panels, note):
        each.close()


def test_a_closed_panel_saves_no_picture() -> None:
    panel = explore(fragile, x=Slider(0, 10, value=1))
    panel.close()
    for use in (panel.png, lambda: panel.save("never.png"), lambda: panel.widget):
        with pytest.raises(RuntimeError, match="panel fragile is closed: run its cell again"):
            use()
