"""Controls take what they give, whatever the values are."""

from typing import Any

import numpy as np
import pytest
import torch

from attnlab import Choice, Note, Scrub, Sentence, Slider, Switches, Toggle, explore
from attnlab.panels.controls import Control
from attnlab.panels.panel import Panel
from tests.panels.hands import moves

OPTIONS: dict[str, Any] = {
    "tuples": [(1, 2), (3, 4), (3, 4, 5), ()],
    "nested": {"a": ((1,), (2, 3)), "b": ((1,), (2, 4)), "c": [[1], [2, 3]]},
    "lists": {"a": [1, 2], "b": [1, 3], "c": (1, 2)},
    "0 and False": [0, False],
    "True and 1": [True, 1],
    "1 and its text": [1, "1.0", 2, "2.0"],
    "nothing": [None, 0, ""],
    "arrays": {"a": np.arange(3), "b": np.arange(4), "c": np.arange(3) + 1, "d": np.zeros((2, 2))},
    "tensors": {"a": torch.arange(3), "b": torch.arange(4), "c": torch.tensor(1.5)},
    "functions": {"sum": sum, "max": max},
    "dicts": {"one": {"lr": 1}, "two": {"lr": 2}, "three": {}},
    "labels that are other labels' values": {"a": "b", "b": "c", "c": "a"},
    "numbers of two kinds": [1.5, 2, np.float64(2.5), np.int64(7)],
    "types": {"int": int, "float": float},
    "dicts of arrays": [{"a": np.arange(2)}, {"a": np.arange(3)}],
    "labels with blanks": [" a", "a ", "a"],
    "half a character": ["\ud800", "a\udfff"],
}


def told(x: Any) -> Note:
    return Note(repr(x))


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_every_option_can_be_set_by_its_value_and_comes_back(options: Any) -> None:
    panel = explore(told, x=Choice(options))
    for i, value in enumerate(panel.specs["x"].values):
        panel.set(x=value)
        assert panel.controls["x"].value == i and panel.values["x"] is value
        panel.set(**panel.values)
        assert panel.controls["x"].value == i
        assert panel.set_state(panel.state) == panel.digest
    panel.close()


@pytest.mark.parametrize(
    ("options", "value", "index"),
    [
        ([(1, 2), (3, 4)], (3, 4), 1),
        ([0, False], False, 1),
        ([False, 0], 0, 1),
        ([1, 2], 2.0, 1),
        (["a", "b"], np.str_("b"), 1),
        ({"a": [1, 2], "b": [3, 4]}, np.array([3, 4]), 1),
        ({"one": 1.5, "two": 2.5}, "two", 1),
        ([1, 2, 3], "3", 2),
    ],
)
def test_an_equal_value_or_a_label_will_do(options: Any, value: Any, index: int) -> None:
    assert Choice(options).raw(value, "x") == index
    assert Choice(options, value=value).start("x") == index


@pytest.mark.parametrize(
    ("options", "value"),
    [([(1, 2), (3, 4)], (1, 4)), ([(1, 2)], [1, 2]), ([0, 1], True), ([True, False], 1), (["a"], None),
     ({"a": np.arange(3)}, np.arange(4)), ([1, 2], "3")],
)  # fmt: skip
def test_what_is_no_option_is_refused(options: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r"x must be one of .*; got"):
        Choice(options).raw(value, "x")


# ---------------------------------------------------------------- tours of texts


@pytest.mark.parametrize(
    "sentence",
    [
        Sentence("a-b", limit=3, split=None),
        Sentence("aaaaaaaaaa", limit=10, split=None),
        Sentence("it's", limit=4, split=None),
        Sentence("###", split=None),
        Sentence("abc", 3, split=list),
        Sentence("a b c", 3, split=str.split),
        Sentence("one two", 2),
        Sentence("don't stop.", 4),
        Sentence("a,b", 3, split=lambda text: text.split(",")),
        Sentence("one two", 2, optional=True),
    ],
)
def test_a_tour_of_any_text_stays_within_its_room(sentence: Sentence) -> None:
    panel = explore(lambda text: Note(repr(text)), text=sentence)
    before = panel.state
    panel.tour()
    assert panel.state == before
    panel.close()


def test_a_text_of_ones_own_may_be_empty_and_nobody_types_into_it_on_a_tour() -> None:
    own = Sentence("", 20, "your own text", split=None, optional=True)
    panel = explore(lambda own: Note(f"read: {own or 'a stored text'}"), own=own)
    assert panel.tour() == ["start: read: a stored text\n  read: a stored text"]
    assert panel.set(own="a cat") == "read: a cat" and panel.set(own=" ") == "read: a stored text"
    panel.reset()
    assert panel.values == {"own": ""} and panel.set() == "read: a stored text"
    with pytest.raises(ValueError, match="own has 21 characters, but the limit is 20: shorten it"):
        panel.set(own="a" * 21)
    with pytest.raises(ValueError, match="own is empty: type at least one word"):
        explore(lambda own: Note(own), own=Sentence("", 20, split=None))
    panel.close()


# ---------------------------------------------------------------- every control


CONTROLS: list[Control] = [
    Slider(0, 9), Slider(0.0, 1.0), Slider(-2, 2, step=0.5), Scrub([1, 10, 100]), Scrub([3, 2, 1]),
    Choice(["a", "b", "c"]), Toggle(True), Switches(["abcde"]), Sentence("three plain words"),
]  # fmt: skip


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: type(control).__name__)
def test_what_the_panel_tells_can_be_set_again(control: Control) -> None:
    panel: Panel = explore(told, x=control)
    for raw in (*control.ends(), control.start("x")):
        panel.controls["x"].value = raw
        told_now, values, state = panel.digest, panel.values, panel.state
        panel.reset()
        assert panel.set(**values) == told_now and panel.state == state
        panel.reset()
        assert panel.set_state(state) == told_now and panel.values == values
    panel.close()


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: type(control).__name__)
def test_a_control_cannot_be_changed(control: Control) -> None:
    for name in ("value", "label"):
        with pytest.raises(AttributeError, match="cannot assign"):
            setattr(control, name, 1)


def test_a_slider_of_numbers_has_about_a_hundred_stops() -> None:
    """At a tie, such as a range of 4.5 (90 steps of 0.05), the larger step is taken."""
    for high, step in ((4.5, 0.05), (0.9, 0.01), (9.0, 0.1), (4.4, 0.01), (45.0, 0.5), (1.0, 0.01)):
        stops = Slider(0.0, high).stops_at
        assert stops[1] == pytest.approx(step) and stops[-1] == high


def test_a_hand_moves_the_panel_by_place() -> None:
    panel = explore(told, x=Choice(OPTIONS["tuples"]))
    moves(panel, "x", (3, 4))
    assert panel.digest == "(3, 4)"
    panel.close()


def test_an_argument_may_be_called_anything_but_presets() -> None:
    for name in ("self", "function", "name", "title", "x", "values", "controls"):
        space: dict[str, Any] = {"Note": Note}
        exec(f"def show({name}): return Note(str({name}))", space)
        panel = explore(space["show"], **{name: Slider(0, 5, value=1)})
        assert panel.set(**{name: 3}) == "3"
        assert panel.filmstrip(**{name: [1, 2]}).digest
        panel.close()


@pytest.mark.parametrize("text", ["hello ", " a", "a  b ", "\ud800", "%20"])
def test_a_text_survives_a_state_to_its_last_blank(text: str) -> None:
    panel = explore(lambda x: Note(ascii(x)), x=Sentence("a", limit=20, split=None))
    digest = panel.set(x=text)
    assert panel.set_state(panel.state) == digest
    panel.close()


@pytest.mark.parametrize(
    "split", [lambda t: np.array(t.split()), lambda t: (w for w in t.split()), str.split]
)
def test_a_split_gives_any_list_of_tokens(split: Any) -> None:
    panel = explore(lambda x: Note(" | ".join(x)), x=Sentence("a b", split=split))
    assert panel.set(x="c d e") == "c | d | e"
    panel.close()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Sentence("a", split="x"), TypeError, "Sentence split must be a function"),
        (lambda: Sentence("a", limit=None), TypeError, "Sentence limit must be a whole number"),
        (
            lambda: explore(told, x=Sentence("a", split=len)),
            TypeError,
            "must return a list of tokens, got 1",
        ),
        (lambda: Switches(None), ValueError, "Switches needs a list of labels, got None"),
        (lambda: Switches(5), ValueError, "Switches needs a list of labels, got 5"),
        (lambda: Choice(None), ValueError, "Choice needs a list or a dict of options, got None"),
        (lambda: Choice(5), ValueError, "Choice needs a list or a dict of options, got 5"),
        (lambda: Slider(None, 3), TypeError, "Slider low must be a number, got None"),
        (lambda: Slider(0, 10**400), ValueError, "Slider high must be finite"),
        (lambda: explore(max, x=(0, 3)), TypeError, "does not reveal its arguments"),
    ],
)
def test_likely_slips_are_told_in_words(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_a_generator_of_options_will_do() -> None:
    panel = explore(told, x=Choice(n * n for n in range(4)))
    assert panel.set(x=9) == "9"
    panel.close()
