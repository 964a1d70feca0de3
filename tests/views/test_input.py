"""Bad input is refused in words: which argument, what is wrong, what to do. Any text is taken as it is."""

import json
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text

from attnlab.views import (
    Bars,
    Curves,
    DotProduct,
    Formula,
    Heads,
    Heatmap,
    Links,
    Note,
    Points,
    View,
    captions,
    fonts,
)
from attnlab.views.stage import Scene, Stage
from tests.views.samples import KINDS, figure, slot_of, view

NAN, INF = np.nan, np.inf
ONE = [[0.5]]

REFUSED: list[tuple[Callable[[], View], str]] = [
    # not finite: which argument, where, where to look
    (lambda: Heatmap([[0, NAN]]), r"Heatmap values holds nan at \(0, 1\): look for a division by 0"),
    (lambda: Heatmap([[0], [INF]]), r"Heatmap values holds inf at \(1, 0\): look for a division by 0 or an"),
    (lambda: Heads([[[NAN]]]), r"Heads values holds nan at \(0, 0, 0\): look for"),
    (lambda: Links([[NAN]]), r"Links weights holds nan at \(0, 0\): look for"),
    (lambda: Links([[-INF]]), r"Links weights holds -inf at \(0, 0\): look for a mask or a logarithm of 0"),
    (lambda: DotProduct([NAN], ONE), r"DotProduct q holds nan at \(0,\): look for"),
    (lambda: DotProduct([1], [[INF]]), r"DotProduct keys holds inf at \(0, 0\): look for"),
    (lambda: DotProduct([1], ONE, scale=NAN), r"scale must be a finite number, got nan"),
    (lambda: Bars([1, NAN]), r"Bars values holds nan at \(1,\): look for"),
    (lambda: Bars([1, -INF]), r"Bars values holds -inf at \(1,\): look for a mask"),
    (lambda: Bars([1], guide=NAN), r"guide must be a number, got nan"),
    (lambda: Curves({"loss": [1, NAN]}), r"series 'loss' holds nan at \(1,\): look for"),
    (lambda: Curves({"loss": [1, 2]}, x=[0, INF]), r"x holds inf at \(1,\): look for"),
    (lambda: Curves({"loss": [1, 2]}, at=NAN), r"at must be a number, got nan"),
    (lambda: Curves({"loss": [1]}, band={"loss": ([NAN], [1])}), r"band 'loss' holds nan at \(0,\): look"),
    (lambda: Points([[0, NAN]]), r"Points points holds nan at \(0, 1\): look for"),
    (lambda: Points([[0, -INF]]), r"Points points holds -inf at \(0, 1\): look for a mask"),
    (lambda: Points([[0, 1]], mark=[NAN, 0]), r"mark holds nan at \(0,\): look for"),
    # shapes: both are named
    (lambda: Heatmap([1, 2]), r"Heatmap values must be a non-empty array of 2 .*, got shape \(2,\)"),
    (lambda: Heatmap([[]]), r"Heatmap values must be a non-empty array of 2 .*shape \(1, 0\)"),
    (lambda: Heatmap([[1], [2, 3]]), r"Heatmap values must be numbers in 2 dimension\(s\)"),
    (lambda: Heatmap([["a"]]), r"Heatmap values must be numbers in 2 dimension\(s\)"),
    (lambda: Heads(ONE), r"Heads values must be a non-empty array of 3 dimension\(s\), got shape \(1, 1\)"),
    (lambda: Links([0.5]), r"Links weights must be a non-empty array of 2 or 3 dim.*, got shape \(1,\)"),
    (lambda: Links([[[-0.5]]]), r"Links weights hold -0.5: a line needs 0 or more; pass weights, not scores"),
    (lambda: Links(np.ones((6, 1, 1))), "Links can show at most 5 heads, got 6: pass some of them"),
    (lambda: Links(ONE, heads=[True]), r"heads has 1 switches, but weights of shape \(1, 1\) has 0"),
    (lambda: Links([ONE], heads=[True, False]), r"heads has 2 switches, but the first axis of weights has 1"),
    (lambda: Links([ONE], heads=[1]), r"heads must be True or False for each of 1, got \[1\]"),
    (lambda: Links([ONE], heads="1"), r"heads must be True or False for each of 1, got '1'"),
    (lambda: Links([ONE], names=["a", "b"]), r"names has 2 labels, but the first axis of weights has 1"),
    (lambda: DotProduct([1, 2], [[1, 2, 3]]), r"q has shape \(2,\), keys \(1, 3\): the last axes must be"),
    (lambda: DotProduct([1], ONE, values=[[1], [2]]), r"values has shape \(2, 1\), keys \(1, 1\): the first"),
    (lambda: DotProduct([1], ONE, values=[1]), r"DotProduct values must be a non-empty array of 2 dimension"),
    (lambda: DotProduct([1], ONE, values=[[NAN]]), r"DotProduct values holds nan at \(0, 0\): look for"),
    (lambda: DotProduct([1], ONE, values=ONE, softmax=False), r"values are mixed by the weights of"),
    (lambda: DotProduct([1], ONE, values=ONE, value_columns=["a", "b"]), r"value_columns has 2 labels, but"),
    (lambda: DotProduct([1], ONE, value_columns=["a"]), r"value_columns has 1 labels, but values has 0"),
    (lambda: DotProduct([1], ONE, mask=[True, False]), r"mask has shape \(2,\), which does not fit the keys"),
    (lambda: DotProduct([1], ONE, mask=[1]), r"mask must be boolean \(True = may attend\), got int64"),
    (lambda: DotProduct([1], ONE, mask=[False]), r"the mask leaves the query nothing to attend to: let"),
    (lambda: DotProduct([1], ONE, query="it", mask=[False]), r"the mask leaves the query 'it' nothing to"),
    (lambda: DotProduct(ONE, ONE), r"DotProduct q must be a non-empty array of 1 dimension"),
    (lambda: DotProduct([1], [1]), r"DotProduct keys must be a non-empty array of 2 dimension"),
    (lambda: Bars(ONE), r"Bars values must be a non-empty array of 1 dimension\(s\), got shape \(1, 1\)"),
    (lambda: Bars({}), r"Bars values must be a non-empty array"),
    (lambda: Curves({"a": [1, 2]}, x=[1]), r"series 'a' has 2 points, but x has 1: the two must match"),
    (lambda: Curves({"a": [1, 2], "b": [1]}), r"series 'b' has 1 points, but x has 2"),
    (lambda: Curves({"a": [1]}, band={"a": ([1], [1, 2])}), r"band 'a' has 2 points, but x has 1"),
    (lambda: Curves({"a": [1]}, band={"a": [[1]]}), r"band 'a' must be a pair \(low, high\), got \[\[1\]\]"),
    (lambda: Curves({"a": [1]}, band={"b": ([1], [1])}), r"band names \['b'\], but the series are \['a'\]"),
    (lambda: Curves({}), r"Curves takes a dict of 1 to 5 named series, got {}"),
    (lambda: Curves([1, 2]), r"Curves takes a dict of 1 to 5 named series, got \[1, 2\]"),
    (lambda: Curves({i: [1] for i in range(6)}), r"Curves takes a dict of 1 to 5 named series"),
    (lambda: Points([[1, 2, 3]]), r"Points points must have shape \(n, 2\), got \(1, 3\): choose two"),
    (lambda: Points([[1, 2]], mark=[1, 2, 3]), r"mark must have shape \(2,\), got \(3,\)"),
    (lambda: Points([[1, 2]], mark=[1, 2], weights=[1, 2]), r"one weight per point: got 2 for 1"),
    (lambda: Points([[1, 2]], weights=[1]), r"weights need a mark"),
    # labels: as many as there are places, and not one text
    (lambda: Heatmap(ONE, rows=["a", "b"]), r"rows has 2 labels, but the first axis of values has 1"),
    (lambda: Heatmap(ONE, cols=[]), r"cols has 0 labels, but the second axis of values has 1"),
    (lambda: Heads([ONE], cols=["a", "b"]), r"cols has 2 labels, but the third axis of values has 1"),
    (lambda: Links(ONE, rows=["a", "b"]), r"rows has 2 labels, but the first axis of weights has 1"),
    (lambda: DotProduct([1], ONE, ["a", "b"]), r"tokens has 2 labels, but the first axis of keys has 1"),
    (lambda: DotProduct([1], ONE, columns=["a", "b"]), r"columns has 2 labels, but q has 1"),
    (lambda: Bars([1], ["a", "b"]), r"labels has 2 labels, but values has 1"),
    (lambda: Points([[1, 2]], ["a", "b"]), r"labels has 2 labels, but the first axis of points has 1"),
    (lambda: Heatmap(ONE, rows="cat"), r"rows must be a list of labels, got one string 'cat': split"),
    (lambda: DotProduct([1], ONE, "a"), r"tokens must be a list of labels, got one string 'a': split"),
    (lambda: Bars([1], "a"), r"labels must be a list of labels, got one string 'a': split it first"),
    # a row that is not there
    (lambda: Heatmap(ONE, selected=1), r"selected must be from 0 to 0, got 1"),
    (lambda: Heatmap(ONE, selected=-1), r"selected must be from 0 to 0, got -1"),
    (lambda: Heads([ONE], selected=3), r"selected must be from 0 to 0, got 3"),
    (lambda: Links(ONE, selected=1), r"selected must be from 0 to 0, got 1"),
    (lambda: DotProduct([1], ONE, selected=1), r"selected must be from 0 to 0, got 1"),
    (lambda: Heatmap(ONE, selected="cat"), r"selected must be a whole number, got 'cat'; pass one from"),
    (lambda: Heatmap(ONE, selected=0.5), r"selected must be a whole number, got 0.5; pass one from 0 to 0"),
    # scales
    (lambda: Heatmap(ONE, limit=0), r"limit must be a positive number, got 0: leave it out"),
    (lambda: Heatmap(ONE, limit=-1), r"limit must be a positive number, got -1: leave it out"),
    (lambda: Heatmap(ONE, limit=INF), r"limit must be a positive number, got inf: leave it out"),
    (lambda: Heads([ONE], heads=[True, True]), r"heads has 2 switches, but the first axis of values has 1"),
    (lambda: Heads([ONE], heads=[0]), r"heads must be True or False for each of 1, got \[0\]"),
    (lambda: Heads([ONE], names="a"), r"names must be a list of labels, got one string 'a': split it first"),
    (lambda: Heads([ONE], mask=[[True, False]]), r"mask has shape \(1, 2\), which does not fit the values"),
    (lambda: Heatmap(ONE, mask=[[1]]), r"mask must be boolean \(True = may attend\), got int64: write"),
    (lambda: Heatmap(ONE, mask=[[True], [False]]), r"mask has shape \(2, 1\), which does not fit the values"),
    (lambda: Heads([ONE], limit=0), r"limit must be a positive number, got 0"),
    (lambda: Bars([1], limit=0), r"limit must be a positive number, got 0"),
    (lambda: Bars([1], limit=NAN), r"limit must be a positive number, got nan"),
    (lambda: Points([[1, 2]], limit=-2), r"limit must be a positive number, got -2"),
    (lambda: Heatmap([[-1]], signed=False), r"values hold -1, but .* starts at 0.*: pass signed=True"),
    (lambda: Links([[-0.5]]), r"Links weights hold -0.5: a line needs 0 or more; pass weights, not scores"),
    (lambda: Bars([1, 0], log=True), r"Bars values holds 0, but a log scale starts above 0: pass log=False"),
    (lambda: Bars([1], floor=0.1), r"floor starts a log scale .*: pass log=True"),
    (lambda: Bars([-1], log=True, floor=0.1), r"floor starts a log scale of values that are 0 or more"),
    (lambda: Bars([1], log=True, floor=0), r"floor must be a positive number, got 0"),
    (lambda: Bars([1], log=True, guide=0), r"guide holds 0, but a log scale starts above 0"),
    (lambda: Curves({"a": [1, -1]}, log=True), r"series 'a' holds -1, but a log scale starts above 0"),
    (lambda: Curves({"a": [1]}, log=True, ylim=(0, 1)), r"ylim holds 0, but a log scale starts above 0"),
    (lambda: Curves({"a": [1, 2]}, xlog=True), r"x holds 0, but a log scale starts above 0"),
    (lambda: Curves({"a": [1]}, x=[1], xlog=True, at=0), r"at holds 0, but a log scale starts above 0"),
    (lambda: Curves({"a": [1]}, x=[1], xlog=True, xlim=(0, 1)), r"xlim holds 0, but a log scale"),
    (lambda: Curves({"a": [1]}, ylim=(1, 1)), r"ylim must be \(low, high\) with low < high, got \(1, 1\)"),
    (lambda: Curves({"a": [1]}, ylim=(1, 2, 3)), r"ylim must be \(low, high\)"),
    # formulas
    (lambda: Formula(r"\frac{1", ""), r"Formula latex '\\\\frac\{1' cannot be read"),
    (lambda: Formula(r"\nosuch", ""), r"Formula latex '\\\\nosuch' cannot be read"),
    (lambda: Formula("$a$", ""), r"Formula latex '\$a\$' cannot be read: it has a dollar sign"),
    (lambda: Formula(" ", ""), r"Formula latex ' ' cannot be read: it is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_bad_input_is_refused_in_words(make: Callable[[], View], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_views_keep_their_data_to_themselves() -> None:
    """A learner changes an array in place: the view still shows what it was given."""
    values = np.eye(2)
    heatmap = Heatmap(values)
    values[0, 0] = 7
    assert heatmap.values[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        heatmap.values[0, 0] = 7
    with pytest.raises(AttributeError):
        heatmap.title = "other"


def test_arrays_of_other_kinds_are_taken() -> None:
    assert Heatmap(((True, False),)).values.tolist() == [[1.0, 0.0]]
    assert Bars({1: 2}).labels == ("1",)
    assert Heatmap(np.eye(2, dtype=np.float32), selected=np.int64(1)).selected == 1
    assert Curves({"a": range(3)}, x=range(3)).x.tolist() == [0, 1, 2]


ARRAYS: dict[str, Callable[[Any], View]] = {  # every field for an array of two dimensions, or of one
    "Heatmap values": Heatmap,
    "Heads values": lambda given: Heads([given, given]),
    "Links weights": Links,
    "Links of heads": lambda given: Links([given]),
    "DotProduct q": lambda given: DotProduct(given[0], ONE),
    "DotProduct keys": lambda given: DotProduct([1, 2], given),
    "DotProduct values": lambda given: DotProduct([1, 2], np.eye(2), values=given),
    "Bars values": lambda given: Bars(given[0]),
    "Bars of a dict": lambda given: Bars({"a": given[0][0], "b": given[0][1]}),
    "Curves series": lambda given: Curves({"a": given[0]}),
    "Curves x": lambda given: Curves({"a": [1, 2]}, x=given[0]),
    "Curves band": lambda given: Curves({"a": [1, 2]}, band={"a": given}),
    "Curves ylim": lambda given: Curves({"a": [1, 2]}, ylim=given[0]),
    "Points points": Points,
    "Points mark": lambda given: Points([[1, 2]], mark=given[0]),
}
MASKED = ("Heatmap values", "Heads values")  # where a cell may be masked


@pytest.mark.parametrize("field", ARRAYS)
def test_a_cell_that_a_masked_array_hides_is_masked_or_refused(field: str) -> None:
    hiding = np.ma.masked_array([[0.9, 0.1], [0.2, 0.8]], mask=[[1, 0], [0, 0]])
    given = [[*hiding[0]], [*hiding[1]]] if field == "Bars of a dict" else hiding
    if field in MASKED:
        shown = ARRAYS[field](given)
        assert (
            np.isneginf(shown.values[..., 0, 0]).all()
            and np.isfinite(shown.values).sum() == shown.values.size * 3 / 4
        )
        assert "largest 0.80 at 1 → 1" in shown.describe() and "1 of 4 cells masked" in shown.describe()
        return
    with pytest.raises(ValueError, match=r"holds -inf at .*: look for a mask"):
        ARRAYS[field](given)


def test_a_masked_array_that_hides_nothing_is_an_array() -> None:
    assert Bars(np.ma.masked_array([1, 2], mask=False)).values.tolist() == [1, 2]
    assert Heatmap(np.ma.masked_array([[1, 0]], mask=[[0, 1]])).values.tolist() == [[1, -INF]]
    with pytest.raises(ValueError, match=r"mask is a masked array .*: pass mask.filled\(False\)"):
        Heatmap(ONE, mask=np.ma.masked_array([[True]], mask=[[True]]))


@pytest.mark.parametrize("field", ARRAYS)
def test_a_tensor_that_numpy_cannot_read_is_refused_with_what_to_call(field: str) -> None:
    torch = pytest.importorskip("torch")
    tensors = {
        ".detach().cpu().double()": torch.ones(2, 2, requires_grad=True),
        "for a torch tensor pass tensor.detach().cpu().double()": torch.ones(2, 2, dtype=torch.bfloat16),
        "the device meta holds no numbers": torch.ones(2, 2, device="meta"),
    }
    for message, tensor in tensors.items():
        with pytest.raises(ValueError, match=f"must be numbers in .*dimension.*{re.escape(message)}"):
            ARRAYS[field](tensor)
    with pytest.raises(
        ValueError, match=r"Heatmap values .*pass tensor.detach\(\).cpu\(\).to_dense\(\).double"
    ):
        Heatmap(torch.ones(2, 2).to_sparse())


@pytest.mark.parametrize("given", [None, "ab", {}, max, [[1j]], [["a"]], [[1], [2, 3]], 3, [], True], ids=str)
@pytest.mark.parametrize("field", ["Heatmap values", "Links weights", "Points points"])
def test_what_is_no_array_is_refused_in_words(field: str, given: object) -> None:
    with pytest.raises(ValueError, match=rf"{field} (must be|holds nan)"):
        ARRAYS[field](given)


LABELLED: dict[str, Callable[[Any], View]] = {
    "rows": lambda given: Heatmap(ONE, rows=given),
    "cols": lambda given: Heads([ONE], cols=given),
    "names": lambda given: Links([ONE], names=given),
    "tokens": lambda given: DotProduct([1], ONE, tokens=given),
    "columns": lambda given: DotProduct([1], ONE, columns=given),
    "labels": lambda given: Bars([1], given),
}


@pytest.mark.parametrize("given", [3, 0.5, True, max], ids=str)
@pytest.mark.parametrize("field", LABELLED)
def test_what_is_no_list_of_labels_is_refused_in_words(field: str, given: object) -> None:
    with pytest.raises(TypeError, match=f"{field} must be a list of labels, got "):
        LABELLED[field](given)


def test_labels_of_any_kind_are_taken() -> None:
    for labels in ([None], [3], np.array(["a"]), (c for c in "a"), {"a": 1}, ["\ud800"]):
        assert Heatmap(ONE, rows=labels).rows in (("",), ("3",), ("a",), ("□",))


@pytest.mark.parametrize("kind", ["heatmap", "heads", "links", "head_links", "dot", "path", "bars", "curves"])
def test_no_title_is_an_empty_title(kind: str) -> None:
    untitled = view(kind, title="")
    assert replace(untitled, title=None).describe() == untitled.describe()
    assert Stage().show([replace(untitled, title=None)]) == Stage().show([untitled])
    assert replace(untitled, title=3).title == "3"


def test_no_name_of_an_axis_is_an_empty_name() -> None:
    assert Heatmap(ONE, axes=None) == Heatmap(ONE, axes=("", ""))
    with pytest.raises(ValueError, match="axes must be two names"):
        Heatmap(ONE, axes=("one",))


# ---------------------------------------------------------------- equality


@pytest.mark.parametrize("kind", KINDS)
def test_views_are_equal_when_they_show_the_same(kind: str) -> None:
    one, same, other = view(kind, 0), view(kind, 0), view(kind, 1)
    assert one == same and (one != same) is False and hash(one) == hash(same)
    assert one != other and one != replace(one, title="other") and one != "a view" and one is not None
    assert len({one, same, other}) == 2 and other in [one, other]


def test_views_of_other_shapes_or_types_are_not_equal() -> None:
    assert Heatmap(ONE) != Heatmap([[0.5, 0.5]]) and Heatmap(ONE) != Links(ONE)
    assert Curves({"a": [1]}) != Curves({"b": [1]}) and Heatmap(ONE, mask=[[True]]) != Heatmap(ONE)


# ---------------------------------------------------------------- any text

TEXTS = {
    "html": "<b onclick='x'>&amp;</b>",
    "emoji": "🐈",
    "joined": "👩‍👩‍👧",
    "flag": "🏳️‍🌈",
    "arabic": "مرحبا",
    "hebrew": "שלום",
    "mixed directions": "\u202bcat مرحبا\u202c",
    "chinese": "猫喝牛奶",
    "maths": "$x^2$",
    "broken maths": r"$\frac$",
    "one dollar": "5$",
    "latex": r"\frac{1}{2}",
    "lines": "one\ntwo\r\nthree\ttabbed",
    "control": "a\x00b\x07c\x1b[31m",
    "surrogate": "a\ud800b",
    "accents": "e\u0301 ñ ü",
    "empty": "",
    "space": " ",
    "hidden": "_private",
    "percent": "100%d %s {0}",
    "long": "extraordinary" * 20,
    "quotes": "\"'`",
}


def sendable(text: str) -> str:
    """Half a character cannot be sent: a box stands for it."""
    return text.replace("\ud800", "□")


def shown_quietly(views: list[View], caplog: pytest.LogCaptureFixture) -> Scene:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = Stage().show(views)
    assert not caplog.records, "matplotlib logs glyphs that it does not have"
    return frame


@pytest.mark.parametrize(
    "kind", ["heatmap", "plain_map", "heads", "links", "dot", "bars", "points", "arrows"]
)
def test_any_text_can_be_a_label(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    made = view(kind, labels=list(TEXTS.values()))
    frame = shown_quietly([made], caplog)
    for text in map(sendable, TEXTS.values()):
        assert text in made.describe()
        assert any(text in hit["rows"] for hit in frame.hits), "the pointer finds it unchanged"
    json.dumps([made.caption(), made.describe(), frame.hits], ensure_ascii=False).encode()


@pytest.mark.parametrize(("place", "text"), list(enumerate(TEXTS.values())), ids=list(TEXTS))
def test_any_text_can_be_a_title_or_a_name(place: int, text: str, caplog: pytest.LogCaptureFixture) -> None:
    others = [
        Heatmap(ONE, title=text, axes=(text, text)),
        Points([[1, 2]], title=text, axes=(text, text), mark=[1, 1], mark_label=text),
        Bars([1], title=text, unit=text),
        DotProduct([1, 2], [[1, 2]], title=text, query=text, columns=[text, text]),
    ]
    band = {text: ([1, 2], [2, 3])}
    curves = Curves({text: [1, 2]}, text, xlabel=text, ylabel=text, band=band, at=1)
    views = [curves, others[place % 4], Note(text, text)]
    shown_quietly(views, caplog)
    said = sendable(text)
    assert said in sendable(Formula("a", text).describe())
    assert all(said in sendable(view.describe()) for view in views)
    assert captions.caption(views[:2]).encode() and captions.caption(views).encode()
    assert said in curves.describe()


@settings(max_examples=100)
@given(st.text())
def test_what_is_drawn_of_a_text_is_one_line(text: str) -> None:
    drawn = fonts.drawable(text)
    assert drawn.isprintable() and len(drawn) <= len(text)
    assert len(fonts.shown(text)) <= 16
    assert fonts.measure(fonts.fitted(text, 100)) <= 100


def test_what_is_drawn_of_some_texts() -> None:
    assert fonts.drawable("one\ntwo\tthree") == "one two three"
    assert fonts.drawable("1\u00a0000") == "1 000", "a space that does not break is a space"
    assert fonts.drawable("a\x00b\u200d\ufe0f") == "ab"
    assert fonts.drawable("cat 🐈") in ("cat □", "cat 🐈")
    assert fonts.shown("extraordinarily so") == "extraordinarily…"
    assert fonts.shown("extraordinary!") == "extraordinary!"
    assert fonts.fitted("a title", 1000) == "a title"
    assert fonts.fitted("W" * 100, 60).endswith("W…")


def test_a_dollar_sign_is_drawn_as_a_dollar_sign() -> None:
    def widths(text: str) -> float:
        stage = Stage()
        stage.show([Bars([1], [text], text)])
        texts = [t for t in figure(stage).findobj(Text) if t.get_text() == text]
        assert len(texts) == 2 and not any(t.get_parse_math() for t in texts)
        return slot_of(stage).box.left

    assert widths("$x$") > widths("x")


@pytest.mark.parametrize("kind", KINDS)
def test_a_view_is_the_same_whether_its_numbers_are_lists_or_arrays(kind: str) -> None:
    assert view(kind).key() == view(kind).key()
