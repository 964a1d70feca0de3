"""The sentence of a picture: exact, blind to float noise, awake to every change that matters."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from attnlab.attention import softmax
from attnlab.views import Bars, Curves, DotProduct, Formula, Heads, Heatmap, Links, Note, Points, View
from attnlab.views.inputs import distinct
from attnlab.views.rounding import compact, largest, number, plain
from tests.views.samples import KINDS, SENTENCE, view, weights

ABC = ["a", "b", "c"]
W = [[0.8, 0.1, 0.1], [0.2, 0.3, 0.5], [0, 0, 1]]
MASKED = -np.inf

SENTENCES: list[tuple[View, str]] = [
    (
        Heatmap(W, ABC, ABC, "weights", selected=1),
        "weights, 3 by 3 (query by key): largest 1.00 at c → c, off the diagonal 0.50 at b → c; "
        "every row sums to 1.00; largest in each row (and its entropy in bits): a → a (0.92), b → c"
        " (1.49), c → c (0.00); row b selected.",
    ),
    (
        Heatmap([[1.5, MASKED], [-0.25, 0.5]], ["x", "y"], ["u", "v"], "scores", axes=("from", "to")),
        "scores, 2 by 2 (from by to): largest 1.50 at x → u, off the diagonal -0.25 at y → u, "
        "smallest -0.25 at y → u; 1 of 4 cells masked; row sums 1.50, 0.25.",
    ),
    (
        Heatmap([[0, 0.4], [0.1, 0.2]]),
        "map, 2 by 2 (query by key): largest 0.40 at 0 → 1; row sums 0.40, 0.30.",
    ),
    (
        Heatmap([[0.5, 0.5], [0.5, 0.5]], ["the", "the"], ["the", "end"], selected=1),
        "map, 2 by 2 (query by key): largest 0.50 at the (1) → the, off the diagonal 0.50 at the "
        "(1) → end; every row sums to 1.00; largest in each row (and its entropy in bits): the (1) "
        "→ the (1.00), the (2) → the (1.00); row the (2) selected.",
    ),
    (
        Heatmap([[0.5, 0.1], [0.2, 0.4]], signed=False, limit=2),
        "map, 2 by 2 (query by key): largest 0.50 at 0 → 0, off the diagonal 0.20 at 1 → 0; every "
        "row sums to 0.60; largest in each row: 0 → 0, 1 → 1.",
    ),
    (
        Heatmap(np.full((2, 2), MASKED)),
        "map, 2 by 2 (query by key): every cell masked.",
    ),
    (
        Heatmap([[2e-4, 1e-4]], limit=5e-4),
        "map, 1 by 2 (query by key): largest 0.00020 at 0 → 0; "
        "every row sums to 0.00030; largest in each row: 0 → 0.",
    ),
    (
        Heads(
            [[[0.75, 0.25], [0.5, 0.5]], [[0, 1], [1, 0]]], ["a", "b"], ["a", "b"], "two heads", selected=0
        ),
        "two heads, 2 heads, 2 by 2: head 1 largest 0.75 at a → a, every row sums to 1.00; largest "
        "in each row (and its entropy in bits): a → a (0.81), b → a (1.00); head 2 largest 1.00 at "
        "a → b, every row sums to 1.00; largest in each row (and its entropy in bits): a → b "
        "(0.00), b → a (0.00); row a selected.",
    ),
    (
        Links(W, ABC, ABC, "links"),
        "links, 3 by 3, strongest keys for each query: a → a 0.80, b 0.10, c 0.10; b → c 0.50, b "
        "0.30, a 0.20; c → c 1.00, a 0.00, b 0.00.",
    ),
    (
        Links([[0.4, 0.3, 0.2, 0.1]], ["q"], selected=0),
        "links, 1 by 4, strongest keys for each query: q → 0 0.40, 1 0.30, 2 0.20, the rest 0.10.",
    ),
    (
        Heatmap([[1, 0], [0.5, 0.5]], mask=[[True, False], [True, True]]),
        "map, 2 by 2 (query by key): largest 1.00 at 0 → 0, off the diagonal 0.50 at 1 → 0; 1 of 4 cells "
        "masked; every row sums to 1.00; largest in each row (and its entropy in bits): 0 → 0 (0.00), 1 → 0 "
        "(1.00).",
    ),
    (
        Heads([[[1, 0]], [[0.5, 0.5]]], names=["a", "b"], heads=[True, False], mask=[[True, False]]),
        "heads, 2 heads, 1 by 2: a largest 1.00 at 0 → 0; 1 of 2 cells masked, every row sums to 1.00; "
        "largest in each row (and its entropy in bits): 0 → 0 (0.00); b (off) largest 0.50 at 0 → 0; 1 of 2 "
        "cells masked, every row sums to 1.00; largest in each row (and its entropy in bits): 0 → 0 (1.00).",
    ),
    (
        Links([W, np.eye(3), W], ABC, ABC, "two of three", selected=1, heads=[True, False, True]),
        "two of three, 3 heads, 3 by 3, strongest keys for each query: head 1: b → c 0.50, b 0.30, a 0.20; "
        "head 2: not shown; head 3: b → c 0.50, b 0.30, a 0.20.",
    ),
    (
        Links([[[0.5, 0.5]]], names=["left"]),
        "links, 1 head, 1 by 2, strongest keys for each query: left: 0 → 0 0.50, 1 0.50.",
    ),
    (
        DotProduct([1, 2], [[3, -1], [0, 0.5]], ["x", "y"], "opened", query="y", scale=0.5, selected=1),
        "opened, q y against 2 keys, score → weight: x 0.50 → 0.50, y 0.50 → 0.50; largest at x; "
        "opened at y: 0.00 + 1.00.",
    ),
    (
        DotProduct(
            [1, 2],
            [[3, -1], [0, 0.5], [1, 0]],
            ["x", "y", "x"],
            query="y",
            scale=0.5,
            selected=1,
            mask=[True, True, False],
            values=[[1, 0], [0.5, -3], [9, 9]],
            value_columns=["up", "down"],
        ),
        "one query opened, q y against 3 keys, score (sum × 0.500) → weight: x (1) 0.50 → 0.50, y 0.50 → "
        "0.50, x (3) 0.50 masked → 0.00; largest at x (1); output up 0.75, down -1.50; opened at y: 0.00 + "
        "1.00, value up 0.50, down -3.00.",
    ),
    (
        DotProduct([1], [[3], [5]], values=np.arange(18).reshape(2, 9)),
        "one query opened, q against 2 keys, score → weight: 0 3.00 → 0.12, 1 5.00 → 0.88; largest at 1; "
        "output 7.93, 8.93, 9.93, 10.93, 11.93, 12.93, 13.93, 14.93, ….",
    ),
    (
        DotProduct([1.0], [[3]], softmax=False),
        "one query opened, q against 1 key, score: 0 3.00; largest at 0.",
    ),
    (
        Bars({"a": 0.5, "b": 0.125}, title="shares"),
        "shares: a 0.500, b 0.125.",
    ),
    (
        Bars([1e-3, 0.2], ["p", "q"], "norms", log=True, guide=0.01, unit=" m"),
        "norms, log scale: p 1.0e-3 m, q 0.200 m; guide line at 0.010.",
    ),
    (
        Bars([-2, 1500]),
        "bars: 0 -2, 1 1500.",
    ),
    (
        Curves({"loss": [2, 1, 0.5, 0.75], "other": [0, 0, 0, 0]}, "training", at=1.5, xlabel="step"),
        "training: at step 1.5: loss 0.750, other 0.000; loss from 2.00 to 0.750, smallest 0.500 at"
        " 2, largest 2.00, mean 1.06; other from 0.000 to 0.000, smallest 0.000 at 0, largest "
        "0.000, mean 0.000.",
    ),
    (
        Curves({"a": [1, 1e-11, 1e-12]}, log=True, x=[10, 20, 30]),
        "curves: a from 1.00 to 1.0e-12, smallest 1.0e-12 at 30, largest 1.00, mean 0.333.",
    ),
    (
        Curves({"a": [4, 2]}, xlog=True, x=[1, 10000], at=100),  # half of the way on a log scale
        "curves: at x 100: a 3.00; a from 4.00 to 2.00, smallest 2.00 at 10000, largest 4.00, mean 3.00.",
    ),
    (
        Points(
            [[1, 2], [-1, 0.5]], ["p", "q"], "plane", mark=[0.9, 1.8], mark_label="mix", weights=[0.75, 0.25]
        ),
        "plane: p (1.00, 2.00), q (-1.00, 0.50); mix (0.90, 1.80), nearest to p; weights p 0.75, q 0.25.",
    ),
    (
        Formula("a+b", "a plus b is 3", "sum"),
        "sum: a plus b is 3.",
    ),
    (
        Note("It is."),
        "It is.",
    ),
    (
        Note("It is.", "title"),
        "title: It is.",
    ),
]


@pytest.mark.parametrize(
    ("shown", "sentence"), SENTENCES, ids=lambda v: type(v).__name__ if isinstance(v, View) else ""
)
def test_the_sentence_is_exact(shown: View, sentence: str) -> None:
    assert shown.describe() == sentence
    assert replace(shown).describe() == sentence, "again, from what the view keeps"


# ---------------------------------------------------------------- float noise

SIX = st.integers(-3_000_000, 3_000_000).map(lambda i: i / 1e6)  # on rounding edges too: 0.125, 0.005, 0.5


def tables(low: int = 0) -> st.SearchStrategy[np.ndarray]:
    shape = arrays.array_shapes(min_dims=2, max_dims=2, max_side=5)
    return shape.flatmap(lambda s: arrays.arrays(float, s, elements=SIX.filter(lambda v: v >= low)))


NOISY: dict[str, Callable[[np.ndarray], View]] = {
    "heatmap": lambda a: Heatmap(a),
    "weights": lambda a: Heatmap(softmax(a)),
    "masked": lambda a: Heatmap(np.where(np.tri(*a.shape), a, MASKED)),
    "heads": lambda a: Heads(np.stack([softmax(a), softmax(-a)])),
    "links": lambda a: Links(softmax(a)),
    "head links": lambda a: Links([softmax(a), softmax(-a)]),
    "dot": lambda a: DotProduct(a[0], a, scale=0.5, selected=0),
    "path": lambda a: DotProduct(a[0], a, mask=np.arange(len(a)) < 2, values=a / 3, selected=0),
    "bars": lambda a: Bars(a.ravel()),
    "bars of shares": lambda a: Bars(softmax(a[0])),
    "curves": lambda a: Curves({str(i): row for i, row in enumerate(a)}, at=0.5),
    "points": lambda a: Points(np.resize(a, (3, 2)), mark=a.ravel()[:1].repeat(2)),
}


@pytest.mark.parametrize("kind", NOISY)
@settings(max_examples=20)
@given(data=st.data())
def test_float_noise_never_changes_the_sentence(kind: str, data: Any) -> None:
    values = data.draw(tables())
    noise = data.draw(arrays.arrays(float, values.shape, elements=st.sampled_from([-1e-13, 0.0, 1e-13])))
    noise *= np.abs(values).max() or 1
    assert NOISY[kind](values + noise).describe() == NOISY[kind](values).describe()


@settings(max_examples=20)
@given(
    arrays.arrays(float, 5, elements=st.integers(-90, 90).map(lambda i: 10 ** (i / 10))),
    st.integers(0, 2**16),
)
def test_float_noise_on_a_log_scale(values: np.ndarray, seed: int) -> None:
    noisy = values * (1 + 1e-13 * np.random.default_rng(seed).choice([-1, 0, 1], 5))
    assert Bars(noisy, log=True).describe() == Bars(values, log=True).describe()
    assert Curves({"a": noisy}, log=True).describe() == Curves({"a": values}, log=True).describe()


def test_noise_about_nothing_is_nothing() -> None:
    """cos 90° is 6e-17."""
    angles = np.deg2rad([0, 90, 180])
    assert "6.1e-17" not in Curves({"cos": np.cos(angles)}, at=1).describe()
    assert Curves({"cos": np.cos(angles)}).describe() == Curves({"cos": [1, 0, -1]}).describe()
    assert Bars(np.cos(angles)).describe() == "bars: 0 1.000, 1 0.000, 2 -1.000."


@pytest.mark.parametrize("kind", KINDS)
def test_no_sentence_holds_a_negative_zero(kind: str) -> None:
    for seed in range(5):
        assert "-0.00," not in view(kind, seed).describe() + ","
    tiny = np.full((3, 2), -1e-4)
    for shown in (Heatmap(tiny, limit=1), DotProduct([1, 1], tiny), Bars([-1e-4, 1]), Points(tiny, limit=1)):
        assert "-0.0" not in shown.describe()


@pytest.mark.parametrize("kind", KINDS)
def test_the_sentence_depends_on_the_data_alone(kind: str) -> None:
    assert view(kind, 3, selected=1).describe() == view(kind, 3, selected=1).describe()


# ---------------------------------------------------------------- what must be seen


def shifted(values: np.ndarray, place: tuple[int, ...], by: float = 0.02) -> np.ndarray:
    moved = values.copy()
    moved[place] += by
    return moved


MAPS: dict[str, Callable[..., View]] = {
    "weights": lambda w, **more: Heatmap(w, SENTENCE[:4], SENTENCE[:4], **more),
    "scores": lambda w, **more: Heatmap(np.log(w + 0.1), SENTENCE[:4], SENTENCE[:4], **more),
    "heads": lambda w, **more: Heads(np.stack([w[::-1], w]), SENTENCE[:4], SENTENCE[:4], **more),
    "links": lambda w, **more: Links(w, SENTENCE[:4], SENTENCE[:4], **more),
    "head links": lambda w, **more: Links(np.stack([w[::-1], w]), SENTENCE[:4], SENTENCE[:4], **more),
}


@pytest.mark.parametrize("kind", MAPS)
def test_another_weight_gives_another_sentence(kind: str) -> None:
    for seed in range(6):
        values = weights(np.random.default_rng(seed), 4, 4) * 0.9
        sentences = {MAPS[kind](shifted(values, (i, j))).describe() for i in range(4) for j in range(4)}
        assert MAPS[kind](values).describe() not in sentences


def test_weight_that_goes_from_one_key_to_another_is_seen() -> None:
    for seed in range(20):
        values = weights(np.random.default_rng(seed), 6, 6)
        other = shifted(shifted(values, (2, 1)), (2, 4), -0.02)
        seen = values[2, 1], values[2, 4]
        if other.min() > 0 and abs(np.log2(seen[0] / seen[1])) > 1:
            assert Heatmap(values).describe() != Heatmap(other).describe()


@pytest.mark.parametrize("kind", MAPS)
def test_other_rows_give_another_sentence(kind: str) -> None:
    hard = np.eye(4)[[1, 0, 3, 2]]  # every row as certain as the other
    for values in (weights(np.random.default_rng(0), 4, 4), hard):
        for order in ([1, 0, 2, 3], [0, 1, 3, 2], [3, 2, 1, 0]):
            assert MAPS[kind](values).describe() != MAPS[kind](values[order]).describe()


@pytest.mark.parametrize("kind", MAPS)
def test_another_selected_row_gives_another_sentence(kind: str) -> None:
    values = weights(np.random.default_rng(0), 4, 4)
    assert len({MAPS[kind](values, selected=i).describe() for i in (None, 0, 1, 2, 3)}) == 5


def test_selected_rows_of_the_same_token_are_told_apart() -> None:
    tokens = ["the", "cat", "the", "end"]
    for shown in (
        Heatmap(np.eye(4), tokens),
        Heads(np.eye(4)[None], tokens),
        Links(np.full((4, 4), 0.25), tokens),
    ):
        assert replace(shown, selected=0).describe() != replace(shown, selected=2).describe()
    dot = DotProduct([1.0, 2.0], np.ones((4, 2)), tokens, selected=0)
    assert dot.describe() != replace(dot, selected=2).describe()


def test_another_mask_gives_another_sentence() -> None:
    values = np.random.default_rng(0).normal(size=(5, 5))
    masks = [np.tri(5), np.tri(5).T, np.tri(5, k=1), np.ones((5, 5)), np.ones((5, 5)) * (np.arange(5) < 4)]
    assert len({Heatmap(np.where(mask, values, MASKED)).describe() for mask in masks}) == 5
    assert len({Heatmap(softmax(np.where(mask, values, MASKED))).describe() for mask in masks}) == 5
    assert len({Links(softmax(np.where(mask, values, MASKED))).describe() for mask in masks}) == 5


CHANGES: list[tuple[View, dict[str, Any]]] = [
    (Heatmap(np.eye(2)), {"title": "t"}),
    (Heatmap(np.eye(2)), {"rows": ["a", "b"]}),
    (Heatmap(np.eye(2)), {"cols": ["a", "b"]}),
    (Heatmap(np.eye(2)), {"axes": ("a", "b")}),
    (Links([np.eye(2)] * 2), {"heads": [True, False]}),
    (Links([np.eye(2)] * 2), {"names": ["a", "b"]}),
    (Heatmap(np.eye(2)), {"mask": np.eye(2) == 1}),
    (Heads([np.eye(2)] * 2), {"mask": np.eye(2) == 1}),
    (Heads([np.eye(2)] * 2), {"heads": [True, False]}),
    (Heads([np.eye(2)] * 2), {"names": ["a", "b"]}),
    (DotProduct([1, 2], [[3, 4]]), {"query": "it"}),
    (DotProduct([1, 2], [[3, 4]]), {"scale": 0.5}),
    (DotProduct([1, 2], [[3, 4]]), {"selected": 0}),
    (DotProduct([1, 2], [[3, 4]]), {"softmax": False}),
    (DotProduct([1, 2], [[3, 4]]), {"q": [1.02, 2]}),
    (DotProduct([1], [[3], [3.5]], mask=[True, True]), {"mask": [False, True]}),
    (DotProduct([1], [[3], [3.5]], mask=[False, True]), {"keys": [[3.02], [3.5]]}),
    (DotProduct([1], [[3], [3.5]]), {"values": [[1], [2]]}),
    (DotProduct([1], [[3], [3.5]], values=[[1], [2]]), {"values": [[1.1], [2]]}),
    (DotProduct([1], [[3], [3.5]], values=[[1], [2]]), {"value_columns": ["a"]}),
    (DotProduct([1], [[3], [3.5]], values=[[1], [2]]), {"scale": 0.9}),
    (Bars([0.5, 1]), {"values": [0.52, 1]}),
    (Bars([0.5, 1]), {"labels": ["a", "b"]}),
    (Bars([0.5, 1]), {"guide": 0.5}),
    (Bars([0.5, 1]), {"log": True}),
    (Bars([0.5, 1]), {"unit": "%"}),
    (Curves({"a": [1, 2, 3]}, at=1), {"at": 2}),
    (Curves({"a": [1, 2, 3]}, at=1), {"at": None}),
    (Curves({"a": [1, 2, 3]}, at=1), {"series": {"a": [1, 2.02, 3]}}),
    (Curves({"a": [1, 2, 3]}, at=1), {"series": {"b": [1, 2, 3]}}),
    (Points([[0, 1], [1, 0]]), {"points": [[0, 1], [1.02, 0]]}),
    (Points([[0, 1], [1, 0]]), {"mark": [0.5, 0.5]}),
    (Points([[0, 1], [1, 0]], mark=[0.5, 0.5]), {"mark": [0.52, 0.5]}),
    (Points([[0, 1], [1, 0]], mark=[0.5, 0.5]), {"weights": [0.5, 0.5]}),
    (Points([[0, 1], [1, 0]], mark=[0.5, 0.5], weights=[0.5, 0.5]), {"weights": [0.52, 0.48]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "change"), CHANGES, ids=lambda v: next(iter(v)) if isinstance(v, dict) else ""
)
def test_what_is_shown_otherwise_is_said_otherwise(shown: View, change: dict[str, Any]) -> None:
    assert shown.describe() != replace(shown, **change).describe()


# ---------------------------------------------------------------- numbers and words


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.125, 2, "0.13"), (0.125 - 1e-13, 2, "0.13"), (-0.125 + 1e-13, 2, "-0.13"), (0.005, 2, "0.01"),
        (0.3, 2, "0.30"), (0.1 + 0.2, 2, "0.30"), (-0.001, 2, "0.00"), (-0.0, 3, "0.000"), (2.5, 0, "3"),
        (-1e-12, 6, "0.000000"), (1234.5, 0, "1235"), (-np.inf, 2, "-inf"), (-12.345, 1, "-12.3"),
    ],
)  # fmt: skip
def test_number(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.000"), (0.05, "0.050"), (0.01, "0.010"), (0.01 - 1e-13, "0.010"), (0.0099, "9.9e-3"),
        (1, "1.00"), (1 - 1e-13, "1.00"), (12.3, "12.30"), (1000 - 1e-10, "1.0e3"), (1000, "1.0e3"),
        (999.5, "999.50"), (-4.15e-5, "-4.2e-5"),
        (-4.15e-5 * (1 - 1e-13), "-4.2e-5"), (1e-300, "1.0e-300"), (-np.inf, "-inf"),
    ],
)  # fmt: skip
def test_compact(value: float, text: str) -> None:
    assert compact(value) == text


def test_compact_takes_noise_for_zero_where_it_is_told_to() -> None:
    assert compact(6e-17, 1e-9) == compact(-6e-17, 1e-9) == "0.000"
    assert compact(6e-17) == "6.0e-17"


@pytest.mark.parametrize(
    ("value", "text"), [(49.0, "49"), (0.1 + 0.2, "0.3"), (1e-6, "1e-6"), (-2.5, "-2.5"), (3e7, "3e7")]
)
def test_plain(value: float, text: str) -> None:
    assert plain(value) == text


def test_the_largest_of_equals_is_the_first() -> None:
    noise = np.array([[0, 3e-13, -2e-13], [1e-13, 0, 4e-13]])
    assert largest(np.full((2, 3), 0.25) + noise) == (0, 0)
    assert largest(np.array([[0.1, 0.25], [0.25, 0.2]])) == (0, 1)
    assert largest(np.array([1e-12, 3e-12, 2e-12]), scale=1e-12) == (1,)
    assert largest(np.array([MASKED, MASKED])) == (0,)


def test_equal_labels_are_told_apart_by_their_place() -> None:
    assert distinct(["the", "cat", "the"]) == ("the (1)", "cat", "the (3)")
    assert distinct(["a", "b"]) == ("a", "b")


def test_a_floor_keeps_the_scale_and_takes_zeros() -> None:
    views = [Bars({"a": a, "b": 0.5}, log=True, floor=1e-4, limit=1) for a in (0.0, 1e-9, 1e-4, 1.0)]
    assert {view.ends for view in views} == {(1e-4, 1.0)} and len({view.key() for view in views}) == 1
    assert "a 1.0e-9" in views[1].describe()
