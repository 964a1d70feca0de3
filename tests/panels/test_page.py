"""What the page tells a panel: its room, its theme, a number that was typed, a picture that is wanted."""

import io
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attnlab import Choice, Curves, Heatmap, Live, Note, Panel, Scrub, Slider, Toggle, explore
from attnlab.panels.screen import Screen
from attnlab.views import palette
from tests.panels.hands import moves, says, screen


def show(x: float, steps: int, kind: str) -> tuple[Any, ...]:
    cells = Heatmap(np.eye(8) * x, title="map")
    curve = Curves({"loss": [3.0, 2.0, 1.0]}, "loss", at=min(2, steps))
    return cells, curve, Note(f"{kind}: x is {x:g}, step {steps}")


@pytest.fixture
def panel() -> Iterator[Panel]:
    made = explore(
        show, x=Slider(0.0, 1.0, 0.5, 0.05), steps=Scrub([0, 10, 100, 1000]), kind=Choice(["a", "b"])
    )
    yield made
    made.close()


@pytest.fixture
def sent(panel: Panel) -> list[tuple[dict[str, Any], Any]]:
    """What Python says to the page besides frames."""
    found: list[tuple[dict[str, Any], Any]] = []
    screen(panel).send = lambda content, buffers=None: found.append((content, buffers))
    return found


def ground(shown: Any) -> int:
    """The colour of the picture's edge."""
    picture = Image.open(io.BytesIO(screen(shown).background["png"])).convert("RGB")
    return int(np.median(np.asarray(picture)[:, :2]))


# ---------------------------------------------------------------- room and theme


def test_room_and_theme_are_painted_once(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[int] = []
    paint = Screen.paint
    monkeypatch.setattr(Screen, "paint", lambda self, *args: (paint(self, *args), frames.append(1)))
    said = panel.digest
    screen(panel).set_state({"ratio": 2.0, "room": [1200.0, 400.0], "dark": True})
    assert len(frames) == 1
    frame = screen(panel).frame
    assert frame["size"][0] <= 1200 and frame["size"][1] <= 400
    assert frame["pixels"][0] == pytest.approx(2 * frame["size"][0], abs=2)
    assert ground(panel) == 0x11
    assert panel.digest == said and panel.digest.details == said.details, "words know no page"
    screen(panel).set_state({"ratio": 2.0, "room": [1200.0, 400.0], "dark": True})
    assert len(frames) == 1, "nothing new, nothing painted"
    screen(panel).set_state({"dark": False})
    assert len(frames) == 2 and ground(panel) == 255


def test_the_saved_picture_knows_no_page(panel: Panel) -> None:
    before = panel.png(), panel._repr_mimebundle_()[0]["text/plain"]
    screen(panel).set_state({"ratio": 2.0, "room": [500.0, 300.0], "dark": True})
    assert (panel.png(), panel._repr_mimebundle_()[0]["text/plain"]) == before


@pytest.mark.parametrize("room", [[0, 0], [-5, 10], [1, 1], [1e9, 1e9], [400, 0], [10, 5000]])
def test_any_room_gives_a_picture(panel: Panel, room: list[float]) -> None:
    screen(panel).set_state({"room": room})
    moves(panel, "x", 0.8)
    wide, high = screen(panel).frame["size"]
    assert 200 < wide < 5000 and 100 < high < 3000
    assert "0.8" in panel.digest


def test_a_new_frame_after_a_fault_is_drawn_for_the_page(panel: Panel) -> None:
    screen(panel).set_state({"room": [1200.0, 400.0], "dark": True})
    fails = Heatmap(np.eye(2))
    object.__setattr__(fails, "update", lambda drawn: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        panel._surface.show([fails])
    panel.set(x=0.6)
    assert panel._surface._stage.page == panel._surface._page
    assert panel._surface._page.theme is palette.DARK


def test_small_multiples_keep_the_layout_of_print() -> None:
    strip = explore(lambda x: Heatmap(np.eye(5) * x / 9), x=(0, 9)).filmstrip(x=[1, 5, 9])
    assert screen(strip).frame["scale"] < 1
    before = screen(strip).frame["size"]
    screen(strip).set_state({"room": [300.0, 100.0], "dark": True})
    assert screen(strip).frame["size"] == before and ground(strip) == 0x11


# ---------------------------------------------------------------- a number that is typed


@pytest.mark.parametrize(
    ("control", "typed", "value"),
    [("x", "0.31", 0.3), ("x", "0,72", 0.7), ("x", " 7 ", 1.0), ("x", "−3", 0.0), ("x", "1e-9", 0.0),
     ("steps", "60", 100), ("steps", "54", 10), ("steps", "1e3", 1000)],
)  # fmt: skip
def test_a_typed_number_moves_the_slider_to_its_nearest_place(
    panel: Panel, control: str, typed: str, value: float
) -> None:
    says(panel, control=control, typed=typed)
    assert panel.values[control] == pytest.approx(value)
    assert f"{value:g}" in panel.digest
    assert screen(panel).error == ""


@pytest.mark.parametrize("typed", ["", "half", "nan", "inf", "0.5.5", "1/2", "0x10", "<b>"])
def test_what_is_no_number_moves_nothing(panel: Panel, typed: str) -> None:
    before = panel.state
    says(panel, control="x", typed=typed)
    assert panel.state == before and screen(panel).error == ""


def test_only_sliders_take_numbers() -> None:
    panel = explore(lambda on, kind: Note(f"{on} {kind}"), on=Toggle(False), kind=Choice(["0", "1"]))
    before = panel.state
    for name in ("on", "kind", "nothing"):
        says(panel, control=name, typed="1")
    assert panel.state == before
    panel.close()


def test_a_fault_at_a_typed_number_is_told_in_the_panel() -> None:
    panel = explore(lambda x: Note(f"{1 / (x - 3):g}"), x=Slider(0, 5, 1))
    says(panel, control="x", typed="3")
    assert "ZeroDivisionError" in screen(panel).error and screen(panel).stale
    panel.close()


# ---------------------------------------------------------------- sliders over tiny and huge numbers


def test_tiny_sliders_have_places_in_their_range_and_labels_that_differ() -> None:
    for slider in (Slider(1e-13, 9e-13), Slider(-1e-15, 1e-15), Slider(1e-300, 2e-300)):
        places = slider.stops_at
        assert all(slider.low <= place <= slider.high for place in places)
        assert 50 < len(set(places)) == len(places) <= 201
        widget = slider.build("x", 0)
        assert len({label for label, _ in widget.options}) == len(places)
        assert [slider.raw(place, "x") for place in places] == list(range(len(places)))


def test_labels_have_digits_until_they_differ() -> None:
    scrub = Scrub([0.9, 0.99, 0.999, 0.9999999, 0.99999999999])
    labels = [label for label, _ in scrub.build("x", 0).options]
    assert len({*labels}) == 5 and "1" not in labels


def test_a_slider_that_is_too_long_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="too long for a float"):
        Slider(-1.7e308, 1.7e308)


# ---------------------------------------------------------------- pictures that are wanted, other front ends


def test_the_page_gets_the_still_picture_at_twice_the_pixels(panel: Panel, sent: list[Any]) -> None:
    screen(panel).set_state({"dark": True, "room": [500.0, 300.0]})
    says(panel, save="this one")
    ((content, buffers),) = sent
    assert content == {"saved": "this one", "name": "show.png"}
    saved = Image.open(io.BytesIO(buffers[0]))
    assert saved.size == Image.open(io.BytesIO(panel.png(2.0))).size
    assert np.median(np.asarray(saved.convert("RGB"))[:, :2]) == 255, "light, on a dark page too"


def test_what_is_on_the_screen_can_be_saved_after_a_fault(sent: list[Any], panel: Panel) -> None:
    with pytest.raises(ZeroDivisionError), panel._surface.asked(show):
        raise ZeroDivisionError
    says(panel, save="it")
    assert len(sent) == 1 and sent[0][1][0].startswith(b"\x89PNG")


def test_colab_finds_where_the_code_of_the_widget_is(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    mime = "application/vnd.jupyter.widget-view+json"
    assert mime not in panel._repr_mimebundle_()[1], "nothing elsewhere"
    output = SimpleNamespace(
        enable_custom_widget_manager=lambda: None,
        _widgets=SimpleNamespace(_installed_url="https://example.org/manager.js"),
    )
    monkeypatch.setitem(sys.modules, "google.colab.output", output)
    expected = {"colab": {"custom_widget_manager": {"url": "https://example.org/manager.js"}}}
    live = Live(lambda run: Note("x"))
    for shown in (panel, live, panel.filmstrip(x=[0, 1])):
        data, metadata = shown._repr_mimebundle_()
        assert metadata[mime] == expected and mime in data
    assert panel._repr_mimebundle_()[1]["image/png"]["alt"] == str(panel.digest)


# ---------------------------------------------------------------- a cursor without data


def test_where_there_are_no_data_a_curve_says_so() -> None:
    for at in (99, -1, 2.001):
        curve = Curves({"loss": [3, 2, 1]}, at=at)
        assert curve.caption() == f"no data at x {at:g}; at the end loss 1.00".replace("-", "−")
        assert f"at x {at:g}: no data;" in curve.describe()
    assert Curves({"loss": [3, 2, 1]}, at=2).caption() == "x 2: loss 1.00"
