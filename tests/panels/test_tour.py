"""The tour: every control and button is moved as in the browser, and the screen is written down."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from attnlab import Bars, Choice, Heatmap, Note, Scrub, Sentence, Slider, Switches, explore, softmax
from attnlab.panels.board import Board
from attnlab.panels.controls.control import Control
from attnlab.panels.controls.switches import SwitchRow
from attnlab.panels.panel import Panel
from attnlab.panels.screen import Screen
from attnlab.panels.surface import Surface
from attnlab.panels.tour import ASKED
from tests.panels.hands import screen

TOKENS = ["The", "cat", "slept"]
SCORES = np.array([[1.0, 0.2, 0.1], [0.3, 2.0, 0.4], [0.5, 1.5, 0.6]])


def attend(temperature: float, causal: bool, query: str, heads: tuple[bool, ...]) -> tuple[Heatmap, Bars]:
    weights = softmax(np.where(np.tri(3) > 0, SCORES, -np.inf) if causal else SCORES, temperature=temperature)
    row = TOKENS.index(query)
    picture = Heatmap(weights, TOKENS, TOKENS, "weights", select="query", selected=row)
    return picture, Bars(np.array(heads, float), ["a", "b"], "heads")


@pytest.fixture
def panel() -> Iterator[Panel]:
    controls = {"temperature": Slider(0.1, 5.0, value=1.0), "causal": False, "heads": Switches(["a", "b"])}
    panel = explore(
        attend, query=Choice(TOKENS, value="cat"), presets={"sharp": "temperature=0.1"}, **controls
    )
    yield panel
    panel.close()


def stops(told: list[str]) -> list[str]:
    return [each.split(":")[0] for each in told]


def test_it_visits_all_ends_buttons_and_rows_and_comes_back(panel: Panel) -> None:
    panel.set(temperature=3.0)
    before = panel.digest.details
    assert stops(panel.tour()) == [
        "start", "temperature = 0.1", "temperature = 5.0", "causal = 1", "query = The", "query = slept",
        "heads = 00", "heads = 10", "heads = 01", "[sharp]", "last row, query",
    ]  # fmt: skip
    assert panel.values["temperature"] == 3.0 and panel.digest.details == before


def test_a_stop_says_the_caption_and_what_is_new_in_the_account(panel: Panel) -> None:
    told = dict(zip(stops(panel.tour()), panel.tour(), strict=True))
    start, sharp = told["start"].splitlines(), told["temperature = 0.1"].splitlines()
    assert start == [f"start: {panel.digest}", *(f"  {line}" for line in panel.digest.details.splitlines())]
    now = panel.set(temperature=0.1)
    assert sharp == [f"temperature = 0.1: {now}", f"  {now.details.splitlines()[0]}", "  ="]


def test_a_step_slider_plays_and_steps() -> None:
    panel = explore(lambda step: Note(f"step {step}"), step=Scrub([0, 1, 2], value=1))
    assert panel.tour() == [
        "start: step 1\n  step 1", "step = 0: step 0\n  step 0", "step = 2: step 2\n  step 2",
        "[◀ Back]: step 0\n  step 0", "[Next ▶|]: step 2\n  step 2", "[▶ Play]: step 2\n  step 2",
        "paused: step 2\n  step 2\n  (0 pictures)", "[▶ Play] at the end: step 2\n  step 2\n  (3 pictures)",
    ]  # fmt: skip
    assert screen(panel).clock == {} and panel.values == {"step": 1}
    panel.close()


def test_play_starts_and_goes_on() -> None:
    panel = explore(lambda step: Note(f"step {step}"), step=Scrub(range(9)))
    assert panel.tour()[-3:] == [
        "[▶ Play]: step 2\n  step 2\n  (2 pictures)", "paused: step 2\n  step 2\n  (0 pictures)",
        "[▶ Play] at the end: step 2\n  step 2\n  (4 pictures)",
    ]  # fmt: skip
    panel.close()


def test_what_a_control_refuses_is_told_on_the_screen() -> None:
    panel = explore(lambda text: Note(" ".join(text)), text=Sentence("two words"))
    assert panel.tour()[-1].splitlines() == [
        "text =  : two words", "  =", "  error: text is empty: type at least one word",
        "  error: The picture above is from an earlier state.",
        "  (an earlier picture)", "  (0 pictures)",
    ]  # fmt: skip
    assert screen(panel).error == "" and not screen(panel).stale
    panel.close()


def test_what_the_function_prints_is_told() -> None:
    panel = explore(lambda x: print(f"x is {x}") or Note("same"), x=Slider(0, 2, value=1))
    assert panel.tour()[1] == "x = 0: same\n  =\n  printed: x is 0"
    panel.close()


def test_a_panel_without_controls_has_a_start() -> None:
    panel = explore(lambda: Note("still"))
    assert panel.tour() == ["start: still\n  still"]
    panel.close()


def test_a_function_that_fails_at_an_end_fails_the_tour() -> None:
    panel = explore(lambda x: Note(str(1 / (4 - x))), x=(0, 4))
    with pytest.raises(ZeroDivisionError):
        panel.tour()
    assert panel.values == {"x": 2} and screen(panel).error == ""
    panel.close()


def test_a_function_that_is_not_pure_is_refused() -> None:
    count = itertools.count()
    panel = explore(lambda x: Note(f"call {next(count)}"), x=(0, 4))
    with pytest.raises(RuntimeError, match="pure function"):
        panel.tour()
    panel.close()


def test_an_error_that_reset_leaves_on_the_screen_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = explore(lambda text: Note(" ".join(text)), text=Sentence("two words"))
    monkeypatch.setattr(Screen, "paint", lambda self, *_, **__: None)
    with pytest.raises(RuntimeError, match="Reset does not bring"):
        panel.tour()
    panel.close()


def test_a_reset_that_paints_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_by_one(self: Board, raws: Mapping[str, Any]) -> bool:
        for name, raw in raws.items():
            self.controls[name].value = raw
        return False

    monkeypatch.setattr(Board, "move", one_by_one)
    with pytest.raises(RuntimeError, match="in one picture"):
        told_by(lambda x, on, text: Note(f"{x} {on} {text}"))


def test_a_sentence_is_toured_from_one_word_to_as_many_as_there_is_room_for() -> None:
    assert Sentence("a b c", limit=5).ends() == ["a", "c b a c b"]
    assert Sentence("ab c", limit=6, split=None).ends() == ["ab", "c ab c"]


# ---------------------------------------------------------------- in the saved output


def test_it_is_shown_where_it_is_asked_for_alone(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ASKED, raising=False)
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"] == panel.digest.details and metadata["attnlab"] == {"panel": "attend"}
    monkeypatch.setenv(ASKED, "1")
    toured, metadata = panel._repr_mimebundle_()
    assert toured["text/plain"] == "\n".join(panel.tour()) and toured["image/png"] == data["image/png"]
    assert metadata["attnlab"] == {"panel": "attend", "tour": 11}
    assert metadata["image/png"] == {"alt": panel.digest}


def test_an_error_on_the_screen_is_what_is_shown(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ASKED, "1")
    panel.function = lambda **_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        panel.set(causal=True)
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"] == screen(panel).error and "tour" not in metadata["attnlab"]


# ---------------------------------------------------------------- faults that it is there to find


def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Board, "_on_control", lambda self, change: None)


def held(monkeypatch: pytest.MonkeyPatch) -> None:
    move = Board.move
    monkeypatch.setattr(Board, "move", lambda self, raws: (move(self, raws), setattr(self, "_held", True))[0])


def unwired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SwitchRow, "_gather", lambda self, change: None)


def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Surface, "tell", lambda self, error: None)


def skipping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Control, "refused", lambda self: [])
    monkeypatch.setattr(Sentence, "refused", lambda self: [])


def told_by(everything: Callable[..., Any]) -> list[str]:
    panel = explore(
        everything,
        x=Slider(0, 2, value=1),
        on=Switches(["a", "b"]),
        text=Sentence("two words"),
        presets={"top": "x=2;on=10"},
    )
    try:
        return panel.tour()
    finally:
        panel.close()


@pytest.mark.parametrize("fault", [deaf, held, unwired, silent, skipping], ids=lambda fault: fault.__name__)
def test_a_fault_changes_what_is_told(fault: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def everything(x: int, on: tuple[bool, ...], text: list[str]) -> Note:
        return Note(f"{x} {on} {text}")

    right = told_by(everything)
    fault(monkeypatch)
    assert told_by(everything) != right
