"""The laws of a panel, one by one; panels driven without a browser."""

import base64
import gc
import io
import itertools
import json
import subprocess
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

from attnlab import (
    Bars,
    Choice,
    Heatmap,
    Links,
    Note,
    Scrub,
    Sentence,
    Slider,
    Switches,
    causal_mask,
    explore,
    present,
    softmax,
)
from attnlab.panels.controls.switches import SwitchRow
from attnlab.panels.panel import Panel
from attnlab.panels.player import FRAMES
from attnlab.panels.screen import Digest, Screen
from tests.panels.hands import family, moves, press, says, screen

TOKENS = ["The", "cat", "slept"]
SCORES = np.array([[1.0, 0.2, 0.1], [0.3, 2.0, 0.4], [0.5, 1.5, 0.6]])


def attend(temperature: float, causal: bool, query: str) -> tuple[Heatmap, Bars]:
    scores = np.where(causal_mask(3), SCORES, -np.inf) if causal else SCORES
    weights = softmax(scores, temperature=temperature)
    row = TOKENS.index(query)
    picture = Heatmap(weights, TOKENS, TOKENS, "weights", select="query", selected=row)
    return picture, Bars(weights[row], TOKENS, f"where {query} looks")


def make(**more: Any) -> Panel:
    return explore(
        attend,
        temperature=Slider(0.1, 5.0, value=1.0),
        causal=False,
        query=Choice(TOKENS, value="cat"),
        **more,
    )


@pytest.fixture
def panel() -> Iterator[Panel]:
    panel = make(presets={"sharp": "temperature=0.1", "flat and causal": "temperature=5;causal=1"})
    yield panel
    panel.close()


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every frame that reaches a screen."""
    frames: list[dict[str, Any]] = []
    paint = Screen.paint

    def record(self: Screen, *args: Any) -> None:
        paint(self, *args)
        frames.append({name: self.frame[name] for name in ("number", "caption", "account")})

    monkeypatch.setattr(Screen, "paint", record)
    return frames


def digest_of(**values: Any) -> Digest:
    """The words a fresh panel gives for these values."""
    panel = make()
    try:
        return panel.set(**values)
    finally:
        panel.close()


def account_of(temperature: float, query: str) -> str:
    return "\n".join(view.describe() for view in attend(float(temperature), False, query))


# ---------------------------------------------------------------- the face


def test_the_panel_is_still_the_plain_function(panel: Panel) -> None:
    heatmap, _ = panel(2.0, causal=True, query="cat")
    assert np.allclose(heatmap.values[0], [1, 0, 0])


def test_the_decorator_shows_the_panel_and_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    @explore(height=(0, 10))
    def show(height: int) -> Bars:
        return Bars([height], ["a"], limit=10)

    assert isinstance(show, Panel)
    assert "show(height=5)" in capsys.readouterr().out
    show.close()


@pytest.mark.parametrize(
    ("given", "kind", "argument"),
    [
        (True, widgets.Checkbox, True),
        ((0, 10), widgets.SelectionSlider, 5),
        ((0, 10, 2), widgets.SelectionSlider, 4),
        ((0.0, 1.0), widgets.SelectionSlider, 0.5),
        (["a", "b"], widgets.Dropdown, "a"),
        ({"one": 1.5, "two": 2.5}, widgets.Dropdown, 1.5),
        ("a few words", widgets.Text, ["a", "few", "words"]),
        (Scrub([0, 10, 100], value=10), widgets.SelectionSlider, 10),
        (Switches(["a", "b"]), SwitchRow, (True, True)),
        (Switches(["a", "b"], value=[False, np.True_]), SwitchRow, (False, True)),
    ],
)
def test_plain_values_become_the_controls_people_expect(given: Any, kind: type, argument: Any) -> None:
    got = []

    def show(x: Any) -> Note:
        got.append(x)
        return Note(str(x))

    panel = explore(show, x=given)
    assert type(panel.controls["x"]) is kind
    assert got == [argument] and type(got[0]) is type(argument)
    panel.close()


def test_a_default_of_the_function_is_where_the_control_begins() -> None:
    def show(x: float = 3.0, fixed: str = "kept") -> Note:
        return Note(f"{x} {fixed}")

    panel = explore(show, x=(0.0, 4.0))
    assert panel.digest == "3.0 kept" and list(panel.controls) == ["x"]
    panel.close()


def test_values_and_states_speak_of_what_people_see(panel: Panel) -> None:
    panel.set(temperature=0.2, causal=True, query="slept")
    assert panel.values == {"temperature": 0.2, "causal": True, "query": "slept"}
    assert panel.state == "temperature=0.2;causal=1;query=slept"


# ---------------------------------------------------------------- law 1: one paint per move


def test_a_move_is_one_paint_and_several_controls_are_one_move(panel: Panel, painted: list) -> None:
    panel.set(temperature=2.0, causal=True, query="The")
    assert len(painted) == 1
    moves(panel, "temperature", 3.0)
    press(panel, "flat and causal")
    assert len(painted) == 3
    panel.set(causal=True)
    assert len(painted) == 3, "nothing moved, nothing is painted"


@pytest.mark.slow
def test_nothing_global_is_touched() -> None:
    code = """
import sys, matplotlib
before = matplotlib.rcParams.copy()
from tests.panels.test_panel import make
panel = make(); panel.set(temperature=2.0); panel.png(2)
panel.filmstrip(temperature=[1.0, 2.0]); panel.close()
assert "matplotlib.pyplot" not in sys.modules and "torch" not in sys.modules
assert matplotlib.rcParams.copy() == before
"""
    script = code.replace("from tests.panels.test_panel import make", MAKE)
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


MAKE = """
import numpy as np
from attnlab import *
def show(temperature): return Heatmap(softmax(np.eye(3), temperature=temperature))
make = lambda: explore(show, temperature=Slider(0.1, 5.0))
"""


def test_the_background_is_sent_once(panel: Panel) -> None:
    panel.set(temperature=2.0)
    ground = screen(panel).background
    panel.set(temperature=3.0)
    panel.set(causal=True)
    assert screen(panel).background is ground


def test_no_output_widget(panel: Panel) -> None:
    assert not any(isinstance(widget, widgets.Output) for widget in family(panel.widget))


# ---------------------------------------------------------------- law 2: other threads


@pytest.mark.slow
def test_a_thousand_moves_from_another_thread_while_a_cell_runs(panel: Panel, painted: list) -> None:
    """Browser messages on one thread, cells on another: every frame whole, in order, the last one true."""
    stops = list(np.round(np.linspace(0.1, 5.0, 50), 2))
    faults: list[BaseException] = []

    def drag() -> None:
        try:
            for stop in itertools.islice(itertools.cycle(stops), 1000):
                moves(panel, "temperature", float(stop))
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=drag)
    thread.start()
    answers = []
    while thread.is_alive():
        query = TOKENS[len(answers) % 3]
        answers.append((query, panel.set(query=query)))
        time.sleep(0.02)  # what else a cell does
    thread.join()
    assert faults == [] and screen(panel).error == ""
    assert [frame["number"] for frame in painted] == sorted({frame["number"] for frame in painted})
    assert len(painted) > 1000 and len(answers) > 10
    assert all(f"where {query} looks" in answer.details for query, answer in answers)
    possible = {account_of(t, q) for t in (1.0, *stops) for q in TOKENS}
    assert {frame["account"] for frame in painted} <= possible
    assert panel.digest.details == digest_of(**panel.values).details


def test_a_slow_move_on_another_thread_never_paints_over_a_newer_one(painted: list) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def show(x: int) -> Note:
        if x == 1:
            inside.set()
            assert go_on.wait(60)
        return Note(f"x is {x}")

    panel = explore(show, x=(0, 10))
    slow = threading.Thread(target=moves, args=(panel, "x", 1))
    slow.start()
    assert inside.wait(60)
    newer = threading.Thread(target=moves, args=(panel, "x", 2))
    newer.start()
    go_on.set()
    slow.join()
    newer.join()
    assert [frame["caption"] for frame in painted][-2:] == ["x is 1", "x is 2"]
    assert panel.digest == "x is 2"
    panel.close()


# ---------------------------------------------------------------- law 3: exceptions of the learner


def in_a_cell(source: str, name: str) -> Callable:
    """A function as it would come from a cell: with a file name of its own and its source at hand."""
    import linecache

    filename = f"<cell {name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    module = types.ModuleType("cell")
    exec(compile(source, filename, "exec"), vars(module))
    return vars(module)[name]


FRAGILE = """
from attnlab import Note
def fragile(x):
    y = 1 / (x - 3)
    return Note(f"y is {y:.2f}")
"""


def test_an_exception_is_shown_with_the_learners_line_and_the_next_move_recovers() -> None:
    panel = explore(in_a_cell(FRAGILE, "fragile"), x=(0, 10))
    good = screen(panel).frame
    moves(panel, "x", 3)
    error = screen(panel).error
    assert error.startswith("ZeroDivisionError: ")
    assert "line 4" in error and "y = 1 / (x - 3)" in error and len(error.splitlines()) == 3
    assert screen(panel).frame is good, "the last good picture stays"
    moves(panel, "x", 4)
    assert screen(panel).error == "" and panel.digest == "y is 1.00"
    panel.close()


def test_in_code_the_exception_is_raised_and_shown() -> None:
    panel = explore(in_a_cell(FRAGILE, "fragile"), x=(0, 10))
    with pytest.raises(ZeroDivisionError) as caught:
        panel.set(x=3)
    assert "<cell fragile>" in {frame.filename for frame in traceback.extract_tb(caught.tb)}
    assert "y = 1" in screen(panel).error and panel.values == {"x": 3}
    assert panel.set(x=4) == "y is 1.00" and screen(panel).error == ""
    panel.close()


def test_a_picture_that_cannot_be_drawn_leaves_the_last_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel = explore(lambda x: Note(f"x is {x}"), x=(0, 10))
    with monkeypatch.context() as broken:
        broken.setattr(Note, "update", lambda self, drawn: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            panel.set(x=1)
    assert screen(panel).digest == "x is 5"
    assert panel.set(x=2) == "x is 2"
    panel.close()


def test_a_function_that_fails_at_once_fails_the_cell() -> None:
    with pytest.raises(ZeroDivisionError):
        explore(in_a_cell(FRAGILE, "fragile"), x=Slider(0, 10, value=3))


# ---------------------------------------------------------------- law 4: the digest


def test_the_digest_is_what_the_callback_put_on_the_screen(panel: Panel) -> None:
    """A control that nobody listens to leaves the digest as it was: that is what makes a notebook fail."""
    before = panel.digest
    panel.controls["temperature"].unobserve_all()
    assert panel.set(temperature=4.0) == before
    assert panel._repr_mimebundle_()[0]["text/plain"] == before.details


def test_the_digest_is_shown_bare() -> None:
    panel = explore(lambda x: Note("one\nsentence"), x=(0, 1))
    assert repr(panel.digest) == panel.digest == screen(panel).frame["caption"] == "one sentence"
    assert panel.digest.details == screen(panel).frame["account"] == "one\nsentence"
    panel.close()


# ---------------------------------------------------------------- law 5: labels and the projector


def test_every_control_has_a_visible_label(panel: Panel) -> None:
    assert {c.description for c in panel.controls.values()} == {"temperature", "causal", "query"}
    other = explore(lambda d_k: Note(str(d_k)), d_k=Slider(1, 4, label="size of a key"))
    assert other.controls["d_k"].description == "size of a key"
    other.close()


def test_present_enlarges_old_and_new_panels_and_goes_back(panel: Panel) -> None:
    width = screen(panel).frame["size"][0]
    present(1.4)
    try:
        new = make()
        assert screen(panel).frame["size"] == screen(new).frame["size"]
        assert width < screen(new).frame["size"][0] <= 1.4 * width + 1
        assert screen(panel).scale == screen(new).scale == 1.4
        assert screen(panel).frame["background"] == screen(panel).background["id"]
        new.close()
    finally:
        present(1)
    assert screen(panel).frame["size"][0] == width
    with pytest.raises(ValueError, match=r"scale must be from 0\.5 to 3"):
        present(10)


def test_the_step_slider_plays_pauses_and_stops_at_its_end() -> None:
    panel = explore(lambda step: Note(f"step {step}"), step=Scrub([0, 1, 2]))
    press(panel, "▶ Play")
    clock = screen(panel).clock
    assert clock["control"] == "step" and clock["at"] == 0
    says(panel, tick="step", **{"from": 0})
    says(panel, tick="step", **{"from": 0})  # a second page asks as well
    assert panel.values == {"step": 1} and screen(panel).clock["at"] == 1
    press(panel, "❚❚ Pause")
    says(panel, tick="step", **{"from": 1})
    assert panel.values == {"step": 1} and screen(panel).clock == {}
    press(panel, "▶ Play")
    says(panel, tick="step", **{"from": 1})
    assert panel.values == {"step": 2} and screen(panel).clock == {}, "it stops at the end"
    press(panel, "▶ Play")
    assert panel.values == {"step": 0} and screen(panel).clock["at"] == 0, "and begins again"
    press(panel, "Next ▶|")
    assert panel.values == {"step": 1} and screen(panel).clock == {}, "a step by hand pauses"
    press(panel, "◀ Back")
    press(panel, "◀ Back")
    assert panel.values == {"step": 0}
    panel.close()


def test_a_long_scrub_plays_in_a_bearable_time() -> None:
    panel = explore(lambda step: Note(f"step {step}"), step=Scrub(range(10 * FRAMES + 1)))
    press(panel, "▶ Play")
    says(panel, tick="step", **{"from": 0})
    assert panel.values == {"step": 10}
    panel.close()


def test_playing_stops_when_the_function_fails() -> None:
    panel = explore(lambda x: Note(str(1 / (x - 1))), x=Scrub([0, 1, 2]))
    press(panel, "▶ Play")
    says(panel, tick="x", **{"from": 0})
    assert screen(panel).clock == {} and "ZeroDivisionError" in screen(panel).error
    panel.close()


# ---------------------------------------------------------------- clicks and arrow keys


def test_a_click_and_the_arrow_keys_choose_a_row(panel: Panel) -> None:
    says(panel, select="query", row=2)
    assert panel.values["query"] == "slept" and "where slept looks" in panel.digest.details
    says(panel, select="query", by=-1)
    assert panel.values["query"] == "cat"
    for _ in range(5):
        says(panel, select="query", by=-1)
    assert panel.values["query"] == "The", "the first row is the end"


@pytest.mark.parametrize("control", [(0, 9), Scrub(range(10)), Choice(range(10))])
def test_a_row_is_a_whole_number_for_sliders_and_scrubs(control: Any) -> None:
    panel = explore(lambda row: Heatmap(np.eye(10) * row / 10, select="row"), row=control)
    says(panel, select="row", row=7)
    assert panel.values == {"row": 7}
    says(panel, select="row", by=1)
    assert panel.values == {"row": 8}
    panel.close()


def test_a_view_that_selects_a_control_that_does_not_fit_says_so() -> None:
    panel = explore(lambda x: Heatmap(np.eye(3) * x, select="x"), x=(0.0, 1.0))
    says(panel, select="x", row=1)
    assert "'x' cannot be set by choosing a row" in screen(panel).error
    panel.close()
    with pytest.raises(ValueError, match="select names the control 'query', but the panel has x"):
        explore(lambda x: Heatmap(np.eye(3) * x, select="query"), x=(0.0, 1.0))


# ---------------------------------------------------------------- the pointer brings lines forward


def lines(shift: int) -> tuple[Bars, Links]:
    if shift == 3:
        raise ValueError("not 3")
    shares = np.roll(np.eye(3), shift, axis=1) * 0.6 + 0.4 / 3
    return Bars([shift], limit=3), Links(shares, TOKENS, TOKENS, "lines")


@pytest.fixture
def linked() -> Iterator[Panel]:
    panel = explore(lines, shift=Slider(0, 3, value=0))
    panel.answers = []
    screen(panel).send = panel.answers.append
    yield panel
    panel.close()


def seen_of(panel: Panel) -> dict[str, Any]:
    return {k: v for k, v in screen(panel).frame.items() if k not in ("number", "moved", "pointer", "sheet")}


def test_pointing_repaints_the_lines_and_changes_no_word(linked: Panel) -> None:
    before, png, state = seen_of(linked), linked.png(), linked.state
    says(linked, point=[1, "query", 2], id="a")
    frame = screen(linked).frame
    assert frame["pointer"] == [1, "query", 2] and frame["moved"] is False
    assert [key for key, value in seen_of(linked).items() if value != before[key]] in (
        ["overlay"], ["overlay", "place"],
    )  # fmt: skip
    assert linked.state == state and linked.png() == png, "a saved picture is the whole one"
    assert linked._repr_mimebundle_()[0]["image/png"] == base64.b64encode(png).decode()
    says(linked, point=None, id="b")
    assert seen_of(linked) == before and screen(linked).frame["pointer"] is None
    assert linked.answers == [{"heard": "a"}, {"heard": "b"}]


def test_a_move_while_pointing_keeps_the_lines_alone(linked: Panel) -> None:
    says(linked, point=[1, "key", 0], id="a")
    linked.set(shift=1)
    pointed = seen_of(linked)
    assert screen(linked).frame["pointer"] == [1, "key", 0] and screen(linked).frame["moved"] is True
    says(linked, point=None, id="b")
    whole = seen_of(linked)
    assert pointed["overlay"] != whole["overlay"] and pointed["account"] == whole["account"]
    fresh = explore(lines, shift=Slider(0, 3, value=1))
    assert {**seen_of(fresh), "background": 1} == {**whole, "background": 1} and fresh.png() == linked.png()
    fresh.close()


def test_pointing_does_not_take_an_error_away(linked: Panel) -> None:
    moves(linked, "shift", 3)
    error = screen(linked).error
    says(linked, point=[1, "query", 0], id="a")
    assert screen(linked).error == error != "" and screen(linked).frame["pointer"]
    moves(linked, "shift", 1)
    assert screen(linked).error == ""


def test_a_place_that_is_not_there_is_answered_all_the_same(linked: Panel) -> None:
    before = seen_of(linked)
    for point in ([5, "query", 0], [0, "query", 0], [1, "query", 9], [1, "key", -1]):
        says(linked, point=point, id="x")
        assert seen_of(linked) == before and screen(linked).error == ""
    assert len(linked.answers) == 4


def test_present_and_ratio_keep_the_lines_alone(linked: Panel) -> None:
    says(linked, point=[1, "query", 2], id="a")
    screen(linked).ratio = 2.0
    pointed = seen_of(linked)["overlay"]
    says(linked, point=None, id="b")
    assert pointed != seen_of(linked)["overlay"]


# ---------------------------------------------------------------- several switches are one control


@pytest.fixture
def switched(painted: list[dict[str, Any]]) -> Iterator[Panel]:
    def show(heads: tuple[bool, ...]) -> Note:
        return Note(" ".join(map(str, heads)))

    panel = explore(show, heads=Switches(["head 1", "head 2", "head 3"]), presets={"first": "heads=100"})
    painted.clear()
    yield panel
    panel.close()


def boxes(panel: Panel, name: str = "heads") -> list[widgets.Checkbox]:
    return [child for child in panel.controls[name].children if isinstance(child, widgets.Checkbox)]


def test_a_switch_is_one_move_by_hand_and_by_code(switched: Panel, painted: list) -> None:
    boxes(switched)[1].set_state({"value": False})
    assert switched.digest == "True False True" and switched.values == {"heads": (True, False, True)}
    assert switched.set(heads=[False, False, np.True_]) == "False False True"
    press(switched, "first")
    assert [box.value for box in boxes(switched)] == [True, False, False] and switched.state == "heads=100"
    press(switched, "Reset")
    assert [frame["caption"] for frame in painted] == [
        "True False True", "False False True", "True False False", "True True True",
    ]  # fmt: skip


def test_switches_have_labels_a_tour_and_names_for_small_multiples(switched: Panel) -> None:
    assert [box.description for box in boxes(switched)] == ["head 1", "head 2", "head 3"]
    assert switched.controls["heads"].children[0].value == switched.controls["heads"].description == "heads"
    heads = [told.split(":")[0] for told in switched.tour()]
    assert heads == ["start", "heads = 000", "heads = 100", "heads = 010", "heads = 001", "[first]"]
    strip = switched.filmstrip(heads=[(True, False, True), (False,) * 3])
    assert strip.digest == "heads = head 1, head 3: True False True · heads = none: False False False"


def test_a_tour_of_many_switches_is_short() -> None:
    ends = Switches(range(9)).ends()
    assert [Switches(range(9)).text(raw) for raw in ends] == ["0" * 9, "1" + "0" * 8, "0" * 8 + "1", "1" * 9]
    assert Switches(["one"]).ends() == [(False,), (True,)]


def test_a_row_of_a_picture_is_no_switch() -> None:
    panel = explore(lambda x: Heatmap(np.eye(2) * x[0], select="x"), x=Switches(["a", "b"]))
    says(panel, select="x", row=1)
    assert "Switches control 'x' cannot be set by choosing a row" in screen(panel).error
    panel.close()


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("101", TypeError, "heads must be True or False for each of 3, got '101'"),
        ([1, 0, 1], TypeError, "heads must be True or False for each of 3, got"),
        (True, TypeError, "heads must be True or False for each of 3, got True"),
        ([True], ValueError, r"heads has 3 switches \(head 1, head 2, head 3\), got 1 values"),
    ],
)
def test_switches_refuse_what_they_cannot_take(
    switched: Panel, value: Any, error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        switched.set(heads=value)
    for state in ("heads=10", "heads=102", "heads="):
        with pytest.raises(ValueError, match="must be 3 digits, 0 or 1"):
            switched.set_state(state)
    assert switched.state == "heads=111"


# ---------------------------------------------------------------- law 6: states and presets


def test_a_state_restores_the_panel(panel: Panel) -> None:
    told = panel.set(temperature=0.3, causal=True, query="slept").details
    state = panel.state
    panel.reset()
    assert panel.digest.details != told
    assert panel.set_state(state).details == told and panel.state == state
    panel.set_state("temperature=2")
    assert panel.values == {"temperature": 2.0, "causal": False, "query": "cat"}, "others go to their start"


@pytest.mark.parametrize("value", ["a;b=c", "100 %", "", "ünï", "<b>", "new\nline", "猫", "a+b%20"])
def test_any_text_survives_a_state(value: str) -> None:
    options = {value: 1, "other": 2}
    panel = explore(lambda x, y: Note(f"{x} {y}"), x=Choice(options), y=(0.0, 1.0))
    panel.set(x=2)
    other = explore(lambda x, y: Note(f"{x} {y}"), x=Choice(options), y=(0.0, 1.0))
    panel.set(x=1, y=0.12)
    other.set(x=2)
    assert other.set_state(panel.state) == panel.digest == "1 0.12"
    panel.close()
    other.close()


def test_presets_are_buttons_and_reset_goes_back(panel: Panel) -> None:
    start = panel.digest.details
    panel.set(query="The")
    press(panel, "flat and causal")
    assert panel.values == {"temperature": 5.0, "causal": True, "query": "cat"}
    press(panel, "Reset")
    assert panel.digest.details == start


# ---------------------------------------------------------------- law 7: pictures for paper


def test_save_writes_what_is_on_the_screen(panel: Panel, tmp_path: Any) -> None:
    panel.set(query="slept")
    png = Image.open(panel.save(tmp_path / "figure.png"))
    assert png.size == tuple(2 * v for v in screen(panel).frame["pixels"])
    assert panel.save(tmp_path / "figure.svg").read_text(encoding="utf-8").count("<path") > 20
    assert panel.save(str(tmp_path / "figure.pdf")).read_bytes().startswith(b"%PDF")
    shown = Image.open(io.BytesIO(panel.png()))
    saved, seen = (
        np.asarray(picture.convert("L").resize((32, 12), Image.Resampling.BOX), float)
        for picture in (png, shown)
    )
    assert np.abs(saved - seen).max() < 20, "a missing title makes 60"
    before = panel.digest
    assert panel.set(query="cat") != before and screen(panel).error == "", "and the panel still moves"


def test_save_refuses_other_formats_and_names_them(panel: Panel, tmp_path: Any) -> None:
    with pytest.raises(ValueError, match=r"\.png, \.svg or \.pdf, got 'figure\.gif'"):
        panel.save(tmp_path / "figure.gif")


def test_a_filmstrip_shows_every_value_and_moves_nothing(panel: Panel) -> None:
    before = panel.state
    strip = panel.filmstrip(temperature=[0.1, 1, 5])
    for value in (0.1, 1, 5):
        whole = digest_of(temperature=value).details
        assert f"temperature = {value}: {whole[:60]}" in strip.digest.details
    assert panel.state == before
    data, metadata = strip._repr_mimebundle_()
    assert data["text/plain"] == strip.digest.details and metadata["attnlab"]
    with pytest.raises(TypeError, match="one control"):
        panel.filmstrip(temperature=[1], query=["cat"])
    with pytest.raises(ValueError, match="temperature must be from"):
        panel.filmstrip(temperature=[99])
    with pytest.raises(ValueError, match="at least one value"):
        panel.filmstrip(temperature=[])


# ---------------------------------------------------------------- law 8: a panel costs little


def test_the_saved_output_is_one_small_png_and_a_sentence(panel: Panel) -> None:
    data, metadata = panel._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    png = base64.b64decode(data["image/png"])
    assert Image.open(io.BytesIO(png)).format == "PNG" and len(png) < 60_000
    assert data["text/plain"] == panel.digest.details
    assert metadata == {"attnlab": {"panel": "attend"}, "image/png": {"alt": panel.digest}}
    json.dumps(data)


@pytest.mark.slow
def test_ten_thousand_moves_leave_nothing_behind() -> None:
    panel = explore(lambda x: Note(f"x is {x % 7}"), x=(0, 100))

    def objects_after(moves: int) -> int:
        for i in range(moves):
            panel.set(x=i % 101)
        gc.collect()
        return len(gc.get_objects())

    early = objects_after(500)
    assert objects_after(9_500) - early < 200
    panel.close()


def test_a_sentence_is_split_as_asked_or_handed_over_as_it_was_typed() -> None:
    given: dict[str, Any] = {}

    def show(text: Any, letters: Any) -> Note:
        given.update(text=text, letters=letters)
        return Note("seen")

    panel = explore(
        show, text=Sentence("Two  words.", 12, split=None), letters=Sentence("abc", 4, split=list)
    )
    assert given == {"text": "Two  words.", "letters": ["a", "b", "c"]}
    for values, message in [
        ({"text": "thirteen char"}, "text has 13 characters, but the limit is 12: shorten it"),
        ({"letters": "abcde"}, "letters has 5 tokens, but the limit is 4"),
        ({"text": "  "}, "text is empty: type at least one word"),
    ]:
        with pytest.raises(ValueError, match=message):
            panel.set(**values)
    assert panel.set_state("text=a%3B b;letters=xy") == "seen" and given["text"] == "a; b"
    panel.close()


def test_new_sentences_redraw_without_leaving_anything_behind() -> None:
    panel = explore(lambda text: Heatmap(np.eye(len(text)), text, text), text=Sentence("a b"))

    def objects_after(moves: int) -> int:
        for i in range(moves):
            panel.set(text=" ".join("abcdef"[: 2 + i % 5]))
        gc.collect()
        return len(gc.get_objects())

    early = objects_after(20)
    assert objects_after(60) - early < 200, "an axes left behind has 300"
    panel.close()


def test_close_takes_everything_away_and_says_so() -> None:
    gc.collect()
    before = set(widgets.widget._instances)
    panel = make(presets={"sharp": "temperature=0.1"})
    assert set(widgets.widget._instances) > before
    panel.close()
    assert set(widgets.widget._instances) == before
    for use in (panel.reset, panel.tour, lambda: panel.set(temperature=1), lambda: panel.set_state("")):
        with pytest.raises(RuntimeError, match="panel attend is closed: run its cell again"):
            use()
    assert panel(1.0, False, "cat"), "the function still works"


# ---------------------------------------------------------------- bad input: named, nothing lost


def show(x: Any) -> Note:
    return Note(f"x is {x}")


@pytest.mark.parametrize(
    ("controls", "error", "message"),
    [
        ({"x": Slider(0, 10, value=11)}, ValueError, "default of control 'x' .* from 0 to 10, got 11"),
        ({"x": Choice(["a"], value="b")}, ValueError, "default of control 'x' .* one of a; got 'b'"),
        ({"x": Switches(["a", "b"], [True])}, ValueError, r"default of .* 2 switches \(a, b\), got 1 values"),
        ({"x": Scrub([1, 2], value=1.5)}, ValueError, "default of control 'x' .* one of 1, 2; nearest"),
        ({"x": Sentence("")}, ValueError, "default of control 'x' .* x is empty: type at least one word"),
        ({}, ValueError, "argument 'x' of show has no control and no default: pass x=Slider"),
        ({"x": (0, 1), "y": True}, ValueError, r"control 'y' is not an argument of show\(x\)"),
        ({"x": 3}, TypeError, "control 'x' is 3: pass Slider, Choice"),
        ({"x": (0, 1, 2, 3)}, TypeError, "control 'x' is"),
    ],
)
def test_controls_that_do_not_fit_the_function(controls: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        explore(show, **controls)


@pytest.mark.parametrize(
    ("make_it", "message"),
    [
        (lambda: Slider(5, 1), "low must be below high, got low=5, high=1"),
        (lambda: Slider(0, float("nan")), "high must be finite"),
        (lambda: Slider(0, 1, step=0), "step must be positive"),
        (lambda: Choice([]), "needs a list or a dict of options"),
        (lambda: Choice("abc"), "needs a list or a dict of options"),
        (lambda: Choice(["a", "a"]), "same label twice"),
        (lambda: Switches([]), "Switches needs a list of labels"),
        (lambda: Switches("abc"), "Switches needs a list of labels, got 'abc'"),
        (lambda: Switches([1, "1"]), "Switches has the same label twice: 1, 1"),
        (lambda: Scrub([]), "finite numbers"),
        (lambda: Scrub([1, 3, 2]), "must rise or fall"),
        (lambda: Scrub(["a"]), "finite numbers"),
        (lambda: Sentence("a", limit=0), "limit must be at least 1"),
    ],
)
def test_controls_that_cannot_be(make_it: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_it()


def test_a_number_is_asked_for() -> None:
    with pytest.raises(TypeError, match="Slider low must be a number, got 'a'"):
        Slider("a", 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"temprature": 1}, ValueError, "unknown control 'temprature': .* did you mean 'temperature'"),
        ({"temperature": 9}, ValueError, r"temperature must be from 0\.1 to 5\.0, got 9"),
        ({"temperature": float("nan")}, ValueError, "temperature must be from"),
        ({"temperature": "hot"}, TypeError, "temperature must be a number from"),
        ({"causal": 1}, TypeError, "causal must be True or False, got 1"),
        ({"query": "dog"}, ValueError, "query must be one of The, cat, slept; got 'dog'"),
        ({"temperature": 2.0, "query": "dog"}, ValueError, "query must be one of"),
    ],
)
def test_set_refuses_and_moves_nothing(panel: Panel, values: dict, error: type, message: str) -> None:
    before, digest = panel.state, panel.digest
    with pytest.raises(error, match=message):
        panel.set(**values)
    assert panel.state == before and panel.digest == digest


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("garbled", "cannot read 'garbled' in the state"),
        ("temperature=1;temperature=2", "cannot read 'temperature=2'"),
        ("temperature=hot", "temperature='hot' is not a number"),
        ("temperature=inf", "temperature must be from"),
        ("causal=yes", "causal='yes' must be 0 or 1"),
        ("learning_rate=0.1", "unknown control 'learning_rate': this panel has temperature, causal, query"),
        ("query=dog", "query='dog' is not one of The, cat, slept"),
    ],
)
def test_a_state_that_is_garbled_or_of_another_panel(panel: Panel, state: str, message: str) -> None:
    panel.set(temperature=2.0)
    before = panel.state
    with pytest.raises(ValueError, match=message):
        panel.set_state(state)
    assert panel.state == before
    with pytest.raises(TypeError, match="a state is a string"):
        panel.set_state(None)  # type: ignore[arg-type]


def test_a_preset_must_be_a_state_of_the_panel() -> None:
    with pytest.raises(ValueError, match="unknown control 'heat'"):
        make(presets={"hot": "heat=3"})


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "show_it returned nothing: end it with `return"),
        (np.eye(2), "show_it returned a ndarray: return views"),
        ((), "returned an empty tuple"),
        ((Note("a"), "b"), "show_it returned a str"),
    ],
)
def test_what_the_function_must_return(returned: Any, message: str) -> None:
    def show_it(x: int) -> Any:
        return returned if x else Note("fine")

    panel = explore(show_it, x=Slider(0, 1, value=0))
    with pytest.raises(TypeError, match=message):
        panel.set(x=1)
    moves(panel, "x", 0)
    moves(panel, "x", 1)
    assert message.split("`")[0] in screen(panel).error and screen(panel).digest == "fine"
    panel.close()


def test_a_view_of_another_type_on_the_next_move_is_drawn_afresh() -> None:
    views = [
        Note("words"),
        Bars([1.0, 2.0]),
        Heatmap(np.eye(3)),
        (Heatmap(np.eye(2)), Note("two")),
        Note("words"),
    ]
    panel = explore(lambda x: views[x], x=Slider(0, 4, value=0))
    first = panel.png()
    for x in (1, 2, 3, 2, 1, 4):
        panel.set(x=x)
        fresh = explore(lambda x: views[x], x=Slider(0, 4, value=x))
        assert panel.digest.details == fresh.digest.details and panel.png() == fresh.png()
        fresh.close()
    assert panel.png() == first
    panel.close()


def test_a_sentence_that_is_empty_or_too_long_is_refused_and_kept_in_the_box() -> None:
    panel = explore(lambda text: Note(" | ".join(text)), text=Sentence("two words", limit=4))
    for typed, message in (
        ("   ", "text is empty"),
        ("one two three four five", "5 tokens, but the limit is 4"),
    ):
        moves(panel, "text", typed)
        assert message in screen(panel).error and screen(panel).digest == "two | words"
        assert panel.controls["text"].value == typed, "what was typed stays"
        with pytest.raises(ValueError, match=message):
            panel.set(text=typed)
    moves(panel, "text", "better now")
    assert screen(panel).error == "" and panel.digest == "better | now"
    panel.close()


STRANGE = [
    "<script>alert(1)</script>", "<b>bold</b> &amp; <img src=x onerror=alert(1)>", "😀 👩‍👩‍👧 ok",
    "שלום עולם", "مرحبا بالعالم", "我 喜欢 猫", r"$x^2$ \frac{1}", "${{7*7}}", "a\tb\u200bc\u0000",
    "e\u0301 ﷽",
]  # fmt: skip


@pytest.mark.parametrize("typed", STRANGE)
def test_any_text_is_shown_as_text(typed: str) -> None:
    def picture(text: list[str]) -> tuple:
        return (
            Heatmap(np.eye(len(text)), text, text, " ".join(text)),
            Bars(np.ones(len(text)), text),
            Note(typed),
        )

    panel = explore(picture, text=Sentence("a b", limit=40))
    panel.set(text=typed)
    assert screen(panel).error == ""
    assert typed in panel.digest.details
    labels = screen(panel).frame["hits"][0]["rows"]
    assert all(label in typed for label in labels), "the pointer shows the token itself"
    panel.png()
    panel.close()
