"""One owner for the screen: what reaches a panel reaches a view of a training and a filmstrip too."""

from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets as widgets
import numpy as np
import pytest

from attnlab import Heatmap, Live, Note, Slider, explore, present
from tests.panels.hands import family, moves, screen


def show(x: int) -> Heatmap:
    return Heatmap(np.eye(3) * x / 10, title="a map")


class Run:
    steps = (0, 1)
    ended = "finished"


def live() -> Live:
    made = Live(lambda run: show(5))
    made.begin(1)
    made.end(Run())
    return made


KINDS: dict[str, Callable[[], Any]] = {
    "panel": lambda: explore(show, x=(0, 10)),
    "live": live,
    "filmstrip": lambda: explore(show, x=(0, 10)).filmstrip(x=[1, 5, 9]),
    "filmstrip that is smaller": lambda: explore(show, x=(0, 10)).filmstrip(x=[1, 3, 5, 7]),
}


@pytest.fixture(params=KINDS)
def shown(request: pytest.FixtureRequest) -> Iterator[Any]:
    yield KINDS[request.param]()
    present(1)


def size(shown: Any) -> tuple[float, float]:
    return screen(shown).frame["size"]


def test_present_reaches_what_is_shown_and_what_comes_later(shown: Any) -> None:
    before, scale = size(shown), screen(shown).frame["scale"]
    present(2)
    assert screen(shown).frame["scale"] == 2 * scale and size(shown)[1] > 1.5 * before[1]
    assert screen(shown).scale == 2
    later = explore(show, x=(0, 10))
    assert screen(later).scale == 2
    present(1)
    assert size(shown) == before and screen(shown).scale == screen(later).scale == 1


def test_the_ratio_of_the_browser_reaches_all_and_has_bounds(shown: Any) -> None:
    width = screen(shown).frame["pixels"][0]
    for ratio, times in ((2.0, 2), (100.0, 4), (1e-9, 0.5), (1.0, 1)):
        screen(shown).set_state({"ratio": ratio})
        assert screen(shown).frame["pixels"][0] == pytest.approx(times * width, abs=4)
        assert size(shown)[0] == pytest.approx(width, abs=4), "as large as before"


def test_it_is_a_widget_for_any_layout(shown: Any) -> None:
    tab = widgets.Tab([shown.widget, widgets.HBox([shown.widget])])
    assert screen(shown) in set(family(tab))
    assert shown._repr_mimebundle_()  # and it still shows itself


def test_a_view_of_a_training_without_a_picture_can_be_enlarged() -> None:
    waiting = Live(show)
    present(2)
    present(1)
    assert waiting.digest == ""


@pytest.mark.parametrize("scale", ["1.4", None, True, [1], 2j])
def test_present_asks_for_a_number(scale: Any) -> None:
    with pytest.raises(TypeError, match=r"scale must be a number from 0\.5 to 3, got"):
        present(scale)


@pytest.mark.parametrize("scale", [0, -1, 0.49, 3.01, float("nan"), float("inf")])
def test_present_has_bounds(scale: float) -> None:
    with pytest.raises(ValueError, match=r"scale must be from 0\.5 to 3, got"):
        present(scale)


@pytest.mark.parametrize("ratio", [0, -1, 5, float("nan"), "2", None, True])
def test_a_picture_has_a_ratio_within_bounds(ratio: Any) -> None:
    panel = explore(show, x=(0, 10))
    with pytest.raises(ValueError, match=r"ratio must be a number from 0\.5 to 4, got"):
        panel.png(ratio)
    assert panel.png(0.5) and panel.png(np.float64(2))
    panel.close()


# ---------------------------------------------------------------- names and arguments


def test_any_name_of_a_function_is_one_that_a_page_can_use() -> None:
    for name in ("my panel", "a\tb", "<lambda>", "x.y", "größe", "图", "  ", "a/b", "", '"quoted"'):

        def function(x: int) -> Note:
            return Note(f"{x}")

        function.__name__ = name
        panel = explore(function, x=(0, 3))
        classes = panel.widget._dom_classes
        assert all(each and not any(c.isspace() for c in each) for each in classes)
        assert not set(screen(panel).name) & set('/\\"<> ')
        moves(panel, "x", 2)
        assert panel.digest == "2"
        panel.close()


def test_a_filmstrip_asks_for_a_list() -> None:
    panel = explore(show, x=(0, 10))
    for given in (3, "3", None, 2.5):
        with pytest.raises(TypeError, match=r"filmstrip takes a list of values for x, got"):
            panel.filmstrip(x=given)
    for given in (range(2), np.array([1, 2]), (1, 2), iter([1])):
        assert panel.filmstrip(x=given).digest
    panel.close()


def only(x: int, /) -> Note:
    return Note(f"{x}")


def several(*x: int) -> Note:
    return Note(f"{x}")


def named(**x: int) -> Note:
    return Note(f"{x}")


@pytest.mark.parametrize("function", [only, several, named])
def test_arguments_that_cannot_be_passed_by_name(function: Callable) -> None:
    with pytest.raises(ValueError, match=r"control 'x' cannot be passed to .* by name; remove"):
        explore(function, x=(0, 3))


@pytest.mark.parametrize("presets", [["temperature=1"], "temperature=1", Slider(0, 1), 3])
def test_presets_are_a_dict(presets: Any) -> None:
    with pytest.raises(TypeError, match=r"presets must be a dict such as .* cannot be called presets"):
        explore(show, x=(0, 10), presets=presets)


def test_a_preset_is_a_text() -> None:
    with pytest.raises(TypeError, match="a state is a string such as"):
        explore(show, x=(0, 10), presets={"five": 5})
