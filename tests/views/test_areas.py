"""A picture to scale: areas are the numbers, every one is named, nothing jumps, and all moves in place."""

import json
import math
import warnings
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.transforms import Bbox

from attnlab.views import Areas, amount, fonts
from attnlab.views.amounts import KINDS, MOST, exact, percent
from attnlab.views.areas import HATCHES
from attnlab.views.palette import LIGHT
from attnlab.views.stage import Stage
from attnlab.views.tiles import HIGH, WIDE, Area, Label
from tests.views.samples import Viewer, artists, blocks, composed, figure, pixels, slot_of, words
from tests.views.test_blocks import written
from tests.views.test_hits import found, seen
from tests.views.test_in_place import assert_fresh, drawn_by
from tests.views.test_input import TEXTS, shown_quietly
from tests.views.test_layout import drawn, texts
from tests.views.test_palette import contrast

LAYER = {"attention": 2_362_368, "feed-forward": 4_722_432, "norms": 3_072}
SMALL = {
    "tokens": 38_597_376,
    "positions": 786_432,
    **{f"layer {i}": LAYER for i in range(1, 13)},
    "norm": 1_536,
}
FLAT = {"tokens": 38_597_376, "positions": 786_432, "attention": 28_348_416, "feed-forward": 56_669_184}


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (124_439_808, "parameters", "124 M"), (1.557e9, "parameters", "1.56 B"),
        (175e9, "parameters", "175 B"), (1.8e12, "parameters", "1.80 T"),
        (768, "parameters", "768"), (0, "parameters", "0"),
        (1000, "parameters", "1.00 k"), (999, "parameters", "999"), (999.6, "parameters", "1.00 k"),
        (999_499, "parameters", "999 k"), (999_500, "parameters", "1.00 M"), (9_995, "parameters", "10.0 k"),
        (99_950, "parameters", "100 k"), (0.5, "parameters", "0.50"), (2.5e15, "parameters", "2.5e15"),
        (14e9, "bytes", "14.0 GB"), (12, "bytes", "12 B"), (2**20, "bytes", "1.05 MB"),
        (312e12, "FLOPs", "312 TFLOPs"), (3.14e23, "FLOPs", "314 ZFLOPs"), (5e3, "FLOPs", "5.00 kFLOPs"),
        (3e27, "FLOPs", "3.0e27 FLOPs"), (2e6, "tokens", "2.00 M"),
    ],
)  # fmt: skip
def test_an_amount_has_three_digits_and_a_size(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text
    for noise in (-1e-13, 1e-13):
        assert amount(value * (1 + noise), unit) == text


@given(st.floats(1, 1e14), st.floats(1, 1e14))
def test_amounts_keep_their_order_and_are_near(one: float, other: float) -> None:
    def back(value: float) -> float:
        number, *size = amount(value).split()
        return float(number) * 1000 ** " kMBT".index(size[0] if size else " ")

    assert back(one) == pytest.approx(one, rel=0.0051)
    assert (back(one) < back(other)) <= (one < other)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.31, "31.0 %"), (1, "100.0 %"), (0, "0.0 %"), (0.0031, "0.31 %"), (0.00005, "0.01 %"),
     (1e-9, "<0.01 %"), (0.00995, "1.0 %"), (0.0099, "0.99 %")],
)  # fmt: skip
def test_percent(share: float, text: str) -> None:
    assert percent(share) == percent(share * (1 + 1e-13)) == percent(share * (1 - 1e-13)) == text


def test_whole_numbers_are_told_in_full() -> None:
    assert exact(124_439_808, "parameters") == "124,439,808 parameters (124 M)"
    assert exact(14e9, "bytes") == "14,000,000,000 bytes (14.0 GB)"
    assert exact(768, "parameters") == "768 parameters" and exact(12, "bytes") == "12 B"
    assert exact(1234.5, "parameters") == "1.23 k parameters" and exact(2.5e12, "FLOPs").startswith("2,500,0")


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (Areas({"a": 1}), "areas, 1 parameters: a 1 (100.0 %)."),
        (Areas({"a": 2, "b": 2}), "areas, 4 parameters: a 2 (50.0 %); b 2 (50.0 %)."),
        (
            Areas(SMALL, "GPT-2 small", limit=175e9, whole="GPT-3"),
            "GPT-2 small, 124,439,808 parameters (124 M): 0.07 % of the total area (GPT-3, 175 B): tokens"
            " 38.6 M (31.0 %); positions 786 k (0.63 %); layer 1 to layer 12, each 7.09 M (5.7 %): attention"
            " 2.36 M (1.9 %), feed-forward 4.72 M (3.8 %), norms 3.07 k (<0.01 %); norm 1.54 k (<0.01 %).",
        ),
        (
            Areas([("weights", 1e9), ("cache", 0), ("rest", 3e9)], unit="bytes", reference={"one card": 8e9}),
            "areas, 4,000,000,000 bytes (4.00 GB): 50.0 % of the total area (8.00 GB): weights 1.00 GB"
            " (25.0 %); cache 0 (not drawn); rest 3.00 GB (75.0 %); outline of one card 8.00 GB.",
        ),
        (
            Areas([("x", {"p": 1, "q": 1}), ("y", [("q", 2), ("p", 0)])], "cells", "tokens"),
            "cells, 4 tokens: x 2 (50.0 %): p 1 (25.0 %), q 1 (25.0 %); y 2 (50.0 %): q 2 (50.0 %), p 0 (not"
            " drawn).",
        ),
    ],
)  # fmt: skip
def test_the_sentence_is_exact(shown: Areas, sentence: str) -> None:
    assert shown.describe() == sentence
    assert replace(shown).describe() == sentence, "again, from what the view keeps"


OTHERS: list[dict[str, Any]] = [
    {"title": "t"}, {"unit": "bytes"}, {"limit": 9}, {"limit": 9, "whole": "all"}, {"reference": {"r": 5}},
    {"reference": {"r": 1}}, {"reference": {"s": 1}}, {"values": {"a": 1, "b": 2}},
    {"values": {"b": 2, "a": 3}}, {"values": {"a": {"x": 3}, "b": 2}}, {"values": {"c": 3, "b": 2}},
    {"values": {"a": {"x": 2, "y": 1}, "b": 2}}, {"values": {"a": {"x": 1, "y": 2}, "b": 2}},
    {"values": {"a": 3, "b": 2, "c": 0}},
]  # fmt: skip


def test_what_is_shown_otherwise_is_said_and_seen_otherwise() -> None:
    viewer, start, sentences, pictures = Viewer(), Areas({"a": 3, "b": 2}), set(), set()
    for other in ({}, *OTHERS):
        shown = replace(start, **other)
        assert_fresh(viewer, shown)
        sentences.add(shown.describe())
        pictures.add(pixels(viewer.stage).tobytes())
    assert len(sentences) == len(pictures) == len(OTHERS) + 1


@given(st.lists(st.integers(0, 3_000_000), min_size=2, max_size=6).filter(any), st.integers(0, 2**16))
def test_float_noise_never_changes_the_sentence(values: list[int], seed: int) -> None:
    exact = np.array(values) / 1000 + 0.0005  # no whole numbers: these are told in full
    noisy = exact * (1 + 1e-13 * np.random.default_rng(seed).choice([-1, 0, 1], len(values)))

    def said(sizes: np.ndarray) -> str:
        flat = {str(i): float(size) for i, size in enumerate(sizes)}
        return (
            Areas(flat, limit=1e9).describe() + Areas({"a": flat} if len(flat) <= KINDS else flat).describe()
        )

    assert said(noisy) == said(exact)


# ---------------------------------------------------------------- to scale


def moving(stage: Stage, kind: type) -> list[Any]:
    """What moves in the picture, of that kind."""
    [ax] = figure(stage).axes
    return [artist for artist in artists(ax) if isinstance(artist, kind)]


def labels_of(every: list[Label]) -> list[Label]:
    """Those on the rectangles and beside the picture: all but the sum above and those of kinds below."""
    return [each for each in every if not (each.y > HIGH or (each.y < 0 and each.x < WIDE))]


def led(stage: Stage) -> list[tuple[float, Label]]:
    """The heights in the picture that lines lead to, and the text at the end of each."""
    [leaders], labels, found = moving(stage, LineCollection), labels_of(words(stage)), []
    for (start, place), *_, (end, y) in leaders.get_segments():
        assert start == WIDE
        [label] = (each for each in labels if (each.x - 3, each.y) == pytest.approx((end, y)))
        found.append((place, label))
    return found


def size_of(area: Area) -> float:
    return area.width * area.height


VALUES = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=12),
    st.integers(0, 10**12) | st.dictionaries(st.sampled_from("xyz"), st.integers(0, 10**9), min_size=1),
    min_size=1, max_size=30,
).filter(lambda d: any(sum(v.values()) if isinstance(v, dict) else v for v in d.values()))  # fmt: skip


@given(VALUES, st.none() | st.floats(1, 1e6))
def test_areas_are_the_numbers_and_cover_the_rectangle(values: dict[str, Any], more: float | None) -> None:
    total = sum(sum(v.values()) if isinstance(v, dict) else v for v in values.values())
    shown = Areas(values, limit=more and total * more)
    whole = WIDE * HIGH / (more or 1)
    for area in shown.areas:
        assert size_of(area) == pytest.approx(whole * area.value / total, rel=1e-9)
        assert area.x >= -1e-9 and area.y >= -1e-9
        assert area.x + area.width <= WIDE + 1e-6 and area.y + area.height <= HIGH + 1e-6
    side = math.sqrt(1 / (more or 1))
    assert sum(map(size_of, shown.areas)) == pytest.approx(WIDE * side * HIGH * side)
    tops = [area.y for area in shown.areas]
    assert tops == sorted(tops), "in the order that was given"
    for one, other in pairwise(shown.areas):
        beside = one.band == other.band and other.x == pytest.approx(one.x + one.width)
        assert beside or other.y >= one.y + one.height - 1e-6, "no two overlap"


@pytest.mark.parametrize("limit", [None, 20.0])
@pytest.mark.parametrize("ratio", [1, 2])
def test_what_is_drawn_is_to_scale(limit: float | None, ratio: int) -> None:
    values = {"a": 1, "b": 3, "c": {"x": 2, "y": 4}}
    viewer = Viewer(ratio=ratio)
    picture = composed(viewer.show(Areas(values, limit=limit))) / 255
    slot = slot_of(viewer.stage)
    picture = picture[int(slot.y * ratio) : int((slot.y + HIGH) * ratio), int(slot.x * ratio) :]
    picture = picture[:, : int(WIDE * ratio)]
    whole = (limit or 10) / (WIDE * HIGH * ratio**2)
    for value, fill in ((4, LIGHT.fills[-1]), (2, LIGHT.fills[0])):  # bands without cells; x
        like = np.abs(picture - to_rgb(fill)).max(axis=2) < 0.02
        assert like.sum() * whole == pytest.approx(value, rel=0.12), "the texts and edges lie on it"
        assert like.sum() * whole < value
    rows = np.flatnonzero((np.abs(picture - to_rgb(LIGHT.fills[0])).max(axis=2) < 0.02).any(axis=1))
    side = math.sqrt(10 / (limit or 10))
    assert (rows.max() - rows.min()) / ratio == pytest.approx(0.6 * HIGH * side, abs=6)


@pytest.mark.parametrize("ratio", [1, 2])
def test_no_outline_runs_through_a_text(ratio: int) -> None:
    """Around every text in a rectangle the picture is the same with an outline and without."""
    plain = Areas({"weights": 32.1e9, "KV cache": 8e9}, unit="bytes", limit=80e9)
    lined = replace(plain, reference={"laptop": 16e9, "card": 24e9, "other": 12e9})
    one, other = (composed(Viewer(ratio=ratio).show(each)).astype(int) for each in (plain, lined))
    x, y = (int(start * ratio) for start in (4, 22 + 4 + 2))  # of the picture's corner, roughly
    assert (one != other).any(), "outlines are drawn"
    labels = [each for each in labels_of(words(drawn(lined))) if each.x < WIDE]
    assert len(labels) == 2
    for label in labels:
        (left, up), _, (right, down), _ = (np.array(point) * ratio for point in label.pad)
        rim = 4 * ratio
        inner = np.s_[y + int(up) + rim : y + int(down) - rim, x + int(left) + rim : x + int(right) - rim]
        assert one[inner].std() > 5, "the text is inside"
        assert abs(one - other)[inner].max() < 40, "a line is darker by 200"


def test_a_reference_is_an_outline_on_the_same_scale() -> None:
    shown = Areas({"a": 30}, reference={"whole": 120, "less": 7.5})
    stage = drawn(shown)
    [dashed] = (each for each in moving(stage, PolyCollection) if each.get_linestyle()[0][1])
    boxes = [path.get_extents() for path in dashed.get_paths()]
    assert [box.width * box.height / (WIDE * HIGH) for box in boxes] == pytest.approx([1, 1 / 16])
    assert all((box.x1, box.y1) == pytest.approx((WIDE, HIGH)) for box in boxes)
    assert sum(map(size_of, shown.areas)) == pytest.approx(WIDE * HIGH / 4)
    tops = {label.text.split()[0]: place for place, label in led(stage)}
    assert tops == pytest.approx({"whole": 0, "less": HIGH * 0.75}), "its name stands at its upper edge"


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=12), st.integers(0, 11))
def test_nothing_jumps_when_a_number_grows(values: list[int], which: int) -> None:
    """One more per cent of a number moves every edge by less than one per cent of the picture."""
    named = {str(i): value for i, value in enumerate(values)}
    grown = named | {str(which % len(values)): int(values[which % len(values)] * 1.01) + 1}
    for one, other in zip(Areas(named).areas, Areas(grown).areas, strict=True):
        share = 0.011 + 2 / sum(values)
        assert one.band == other.band
        assert max(abs(one.y - other.y), abs(one.y + one.height - other.y - other.height)) <= share * HIGH


# ---------------------------------------------------------------- labels

ODD = {
    "flat": Areas(FLAT, "GPT-2 small"),
    "cells": Areas(SMALL, "GPT-2 small"),
    "tiny": Areas(SMALL, "GPT-2 small", limit=175e9, whole="GPT-3"),
    "million": Areas({"one": 1, "a million": 10**6, "two": 2}, unit="tokens"),
    "wide": Areas({"x": {"p": 1, "q": 10**6}, "y": {"q": 1, "p": 10**6}}),
    "long": Areas({"W" * 90: 5, "i" * 200: 1, "b": {"W" * 60: 2, "c": 1}}, "t" * 90),
    "many": Areas({f"band {i}": i + 1 for i in range(MOST)}, "many"),
    "many layers": Areas({f"layer {i}": LAYER for i in range(96)}, "many layers"),
    "zeros": Areas({"a": 0, "b": 0, "c": 1, "d": 0, "e": {"x": 0, "y": 0}}),
    "outlines": Areas(FLAT, reference={"small": 1e6, "same": 124e6, "large": 1.5e9}),
    "huge": Areas({"a": 3e27, "b": 1e27}, unit="FLOPs", limit=1e31, whole="W" * 80),
    "kinds": Areas({f"b{i}": {f"kind number {k}": k + i + 1 for k in range(KINDS)} for i in range(5)}),
    "thin": Areas({str(i): 1 for i in range(20)}),
}


@pytest.mark.parametrize("name", ODD)
def test_no_text_leaves_the_picture_or_touches_another(name: str) -> None:
    stage = drawn(ODD[name])
    width, height = figure(stage).bbox.size
    marks = [mark for mark, _ in written(stage)]
    assert all(m.x0 >= 0 and m.y0 >= 0 and m.x1 <= width and m.y1 <= height for m in marks)
    for one, other in combinations(marks, 2):
        assert not one.padded(-0.5).overlaps(other)
    assert stage.size[0] <= 760 and stage.size[1] <= 520


@pytest.mark.parametrize("name", ODD)
def test_a_text_in_the_picture_stays_in_its_rectangle(name: str) -> None:
    view, stage = ODD[name], drawn(ODD[name])
    slot, height = slot_of(stage), figure(stage).bbox.height
    sides = [(slot.x + a.x, height - slot.y - a.y, a.width, a.height) for a in view.areas]
    frames = [Bbox([[x, y - high], [x + wide, y]]) for x, y, wide, high in sides]
    top, foot, end = height - slot.y, height - slot.y - HIGH, slot.x + WIDE
    inner = [m for m, _ in written(stage) if m.y1 < top and m.y0 > foot and m.x0 < end]
    for mark in inner:
        assert any(
            f.x0 <= mark.x0 and mark.x1 <= f.x1 and f.y0 <= mark.y0 and mark.y1 <= f.y1 for f in frames
        )
    assert len(inner) > 0 or name in ("tiny", "many", "many layers", "thin", "huge")


@pytest.mark.parametrize("name", sorted({*ODD} - {"many", "many layers", "long"}))
def test_every_band_is_named_with_its_number(name: str) -> None:
    view = ODD[name]
    labels = [label.text for label in labels_of(words(drawn(view)))]
    for band, values in view.values.items():
        value = sum(values.values()) if isinstance(values, dict) else values
        whole = [text for text in labels if text.startswith(f"{band}  {amount(value, view.unit)}")]
        assert whole or any(text == band for text in labels), band
    assert all(any(text.startswith(f"{name}  ") for text in labels) for name in view.reference)


def test_names_that_have_no_room_are_counted() -> None:
    for name, every in (("many", 12), ("many layers", 6)):
        labels = [label.text for label in labels_of(words(drawn(ODD[name])))]
        assert f"one name in {every} is shown" in labels
    assert not any("is shown" in label.text for label in labels_of(words(drawn(ODD["thin"]))))


def test_labels_beside_the_picture_lead_to_their_places() -> None:
    stage = drawn(ODD["tiny"])
    places, beside = zip(*led(stage), strict=True)
    assert [*beside] == [label for label in labels_of(words(stage)) if label.x > WIDE]
    assert [*places] == sorted(places)
    heights = [label.y for label in beside]
    assert all(lower - upper >= 15.9 for upper, lower in pairwise(heights))
    assert heights[0] >= 8 and heights[-1] <= HIGH - 7
    middles = {area.band: area.y + area.height / 2 for area in ODD["tiny"].areas}
    assert [*places] == pytest.approx([middles[label.text.split("  ")[0]] for label in beside])


def test_of_cells_that_are_alike_the_first_is_labelled() -> None:
    labels = [label.text for label in labels_of(words(drawn(ODD["cells"])))]
    assert sum(text.startswith("attention") for text in labels) == 1
    other = dict(SMALL) | {"layer 7": LAYER | {"attention": 2_362_369}}
    labels = [label.text for label in labels_of(words(drawn(Areas(other))))]
    assert sum(text.startswith("attention") for text in labels) == 3, "a layer that differs, and the next"


def test_the_sum_of_every_kind_stands_below() -> None:
    stage = drawn(ODD["cells"])
    assert {"attention", "feed-forward", "norms"} <= {t.get_text() for t in texts(stage)}
    sums = [each.text for each in words(stage) if each.y > HIGH]
    assert sums == ["28.3 M · 22.8 %", "56.7 M · 45.5 %", "36.9 k · 0.03 %"]


@pytest.mark.parametrize("high", [8, 12.5, 14, 16, 18, 30])
def test_a_band_has_a_text_as_high_as_it_has_room_for(high: float) -> None:
    stage = drawn(Areas({"a": high, "b": HIGH - high}))
    [label] = (each for each in labels_of(words(stage)) if each.text[0] == "a")
    size = fonts.SIZE if high > 17 or high < 14 else fonts.SMALL
    assert (label.size, label.x < WIDE) == (size, high >= 14)
    assert (label in [each for _, each in led(stage)]) == (high < 14)


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_labels_of_any_numbers_stay_in_their_rectangles(values: dict[str, Any]) -> None:
    view = Areas(values)
    every = words(drawn(view))
    labels = labels_of(every)
    assert len(labels) == len(every) - 1 - len(view.kinds)
    for label in labels:
        if label.x < WIDE:
            width = 1.02 * fonts.measure(label.text, label.size)
            around = [
                a for a in view.areas if a.x <= label.x <= a.x + a.width and a.y <= label.y <= a.y + a.height
            ]
            assert any(label.x + width <= a.x + a.width + 1 and a.height >= label.size for a in around)


# ---------------------------------------------------------------- moving


def test_numbers_limits_and_outlines_move_in_place() -> None:
    viewer = Viewer()
    viewer.show(Areas(SMALL, "before", reference={"r": 1e9}))
    viewer.show(Areas(SMALL, reference={"r": 1e9}))
    before, sent = drawn_by(viewer), viewer.background
    wider = {n: {c: 4 * v for c, v in b.items()} if isinstance(b, dict) else 2 * b for n, b in SMALL.items()}
    for change in (
        {"values": wider},
        {"limit": 175e9, "whole": "GPT-3"},
        {"reference": {"r": 2e6}},
        {
            "values": {
                n: {c: i for i, c in enumerate(b)} if isinstance(b, dict) else 0 for n, b in SMALL.items()
            }
        },
    ):
        frame = assert_fresh(viewer, replace(Areas(SMALL, reference={"r": 1e9}), **change))
        assert frame.background is sent and drawn_by(viewer) == before, change


@pytest.mark.parametrize("other", [{"values": {"a": 1, "c": 2}}, {"unit": "bytes"}, {"reference": {"r": 9}}])
def test_other_names_are_drawn_anew(other: dict[str, Any]) -> None:
    viewer, start = Viewer(), Areas({"a": 1, "b": 2})
    sent = viewer.show(start).background
    assert assert_fresh(viewer, replace(start, **other)).background is not sent


@pytest.mark.parametrize(("scale", "ratio"), [(1.4, 1), (1, 2), (1.4, 2)])
def test_areas_keep_their_places_at_any_scale(scale: float, ratio: float) -> None:
    viewer = Viewer(scale=scale, ratio=ratio)
    view = ODD["kinds"]
    picture = composed(viewer.show(view)) / 255
    slot, size = slot_of(viewer.stage), scale * ratio
    for area in view.areas[:: KINDS + 1]:
        y, x = int((slot.y + area.y + area.height - 4) * size), int((slot.x + area.x + 3) * size)
        expected = np.array(to_rgb(LIGHT.fills[view.kinds.index(area.name)]))
        patch = picture[y - 2 : y + 3, x - 1 : x + 4].reshape(-1, 3)
        assert np.abs(patch - expected).max(axis=1).min() < 0.02, area


# ---------------------------------------------------------------- pointer and eye


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_pointer_finds_the_area_that_is_drawn(ratio: int) -> None:
    view = Areas({"a": 4, "b": {"x": 3, "y": 1}, "c": 0, "d": 2})
    hits, picture, _ = seen(view, ratio=ratio)
    told = {hit["rows"][0]: hit for hit in hits}
    assert {*told} == {"a", "b, x", "b, y", "d"}, "what is 0 is nowhere"
    assert told["b, x"]["values"] == [["3 parameters, 30.0 % of 10"]]
    fills = {"a": LIGHT.fills[-1], "b, x": LIGHT.fills[0], "b, y": LIGHT.fills[1], "d": LIGHT.fills[-1]}
    for name, hit in told.items():
        x, y, width, height = hit["box"]
        assert found(hits, x + width / 2, y + height / 2)[0] is hit
        corner = picture[int((y + 4) * ratio), int((x + 3) * ratio) : int((x + 12) * ratio)] / 255
        assert np.abs(corner - to_rgb(fills[name])).max(axis=1).min() < 0.02
    json.dumps(hits)


@pytest.mark.parametrize("name", ["million", "tiny", "wide", "flat"])
def test_even_what_is_too_small_to_be_seen_can_be_pointed_at(name: str) -> None:
    view = ODD[name]
    hits = view.hits(view.box(fonts.measure))
    assert all(min(hit["box"][2:]) >= 4 for hit in hits)
    assert all(
        x >= 0 and y >= 0 and x + w <= WIDE and y + h <= HIGH for x, y, w, h in (h["box"] for h in hits)
    )
    if name in ("million", "flat"):
        middles = [(x + w / 2, y + h / 2) for x, y, w, h in (hit["box"] for hit in hits)]
        reached = {found(hits, *middle)[0]["rows"][0] for middle in middles}
        assert len(reached) >= len(hits) - 1


def test_texts_edges_and_patterns_can_be_seen() -> None:
    fills = np.array([to_rgb(fill) for fill in LIGHT.fills])
    assert contrast(np.zeros(3), fills).min() >= 4.5
    assert contrast(np.array(to_rgb(LIGHT.outline)), fills).min() >= 3
    lines = np.array([to_rgb(colour) for colour in LIGHT.patterns if colour])
    assert contrast(np.zeros(3), lines).min() >= 4.5, "black text on a line of a pattern"
    assert len(LIGHT.fills) == len(LIGHT.patterns) == len(HATCHES) == KINDS + 1


def test_kinds_are_told_apart_without_colour() -> None:
    """No two have the same pattern, and a frame's palette keeps the fills apart."""
    hatches = HATCHES[:KINDS]
    assert len({*hatches}) == KINDS
    codes = {tuple(int(255 * part) >> 5 for part in to_rgb(fill)) for fill in LIGHT.fills}
    assert len(codes) == len(LIGHT.fills)
    picture = composed(Viewer(ratio=2).show(ODD["kinds"])).mean(axis=2)
    view, ratio = ODD["kinds"], 2
    slot = slot_of(drawn(view))
    spreads = []
    for area in view.areas[-KINDS:]:
        y, x = int((slot.y + area.y) * ratio) + 8, int((slot.x + area.x) * ratio) + 6
        patch = picture[y : y + 20, x : x + int(area.width * ratio) - 12]
        spreads.append(round(float(patch.std()), 3))
    assert spreads[0] == 0 and min(spreads[1:]) > 0.5, "a pattern in all but the first"


def test_without_cells_every_band_has_an_edge() -> None:
    picture = composed(Viewer(ratio=2).show(Areas({"a": 1, "b": 1, "c": 1}))).mean(axis=2)
    slot = slot_of(drawn(Areas({"a": 1, "b": 1, "c": 1})))
    column = picture[:, int((slot.x + WIDE - 20) * 2)]
    dark = np.flatnonzero(np.diff((column < 140).astype(int)) == 1)
    assert len(dark) == 4


def test_the_layers_of_a_frame_make_the_picture() -> None:
    for view in ODD.values():
        viewer = Viewer()
        frame = viewer.show(view)
        assert np.abs(blocks(composed(frame)) - blocks(pixels(viewer.stage))).max() < 9


@pytest.mark.parametrize("text", [*TEXTS.values(), "W" * 300])
def test_any_text_can_be_drawn(text: str, caplog: pytest.LogCaptureFixture) -> None:
    values = {text: {text: 1, "b": 2}, "c": 2}
    view = Areas(values, text, text, limit=9, whole=text, reference={text: 3})
    frame = shown_quietly([view], caplog)
    text = text.replace("\ud800", "□")  # half a character
    assert text in view.describe()
    assert any(f"{text}, {text}" in hit["rows"] for hit in frame.hits)
    json.dumps(frame.hits)


def test_extreme_numbers_are_drawn_quietly() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in ({"a": 1e-300, "b": 1e300}, {"a": 5e-324}, {"a": 1e308}, {"a": {"x": 1e-9, "y": 1e9}}):
            Stage().show([Areas(values), Areas(values, limit=1.7e308)])


# ---------------------------------------------------------------- bad input

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"values": {}}, "values is empty: there is no area to draw"),
    ({"values": []}, "values is empty"),
    ({"values": {"a": {}}}, "values of 'a' is empty"),
    ({"values": [1, 2]}, "values must be a dict name -> number, or a list of such pairs; got \\[1, 2\\]"),
    ({"values": 7}, "values must be a dict name -> number"),
    ({"values": "ab"}, "values must be a dict name -> number"),
    ({"values": {"a": [1, 2]}}, "values of 'a' must be a dict name -> number"),
    ({"values": {"a": -1}}, "'a' is -1: an area is a finite number, 0 or more"),
    ({"values": {"a": float("nan")}}, "'a' is nan: an area is a finite number"),
    ({"values": {"a": {"b": np.inf}}}, "'a', 'b' is inf: an area is a finite number"),
    ({"values": {"a": "7"}}, "'a' must be one number, got '7'"),
    ({"values": {"a": True}}, "'a' must be one number, got True"),
    ({"values": {"a": {"b": {"c": 1}}}}, "'a', 'b' must be one number, got \\{'c': 1\\}"),
    ({"values": {"a": 0, "b": {"c": 0}}}, "the values of Areas sum to 0: there is no area to draw"),
    ({"values": [("a", 1), ("a", 2)]}, "values has the same name twice: a, a"),
    (
        {"values": dict.fromkeys(range(201), 1)},
        "values has 201 names, but there is room for 200: combine some",
    ),
    (
        {"values": {"a": dict.fromkeys(range(7), 1)}},
        "7 different cells .*, but there are only 6 patterns",
    ),
    ({"limit": 2}, "the sum of the values is 3, more than limit=2: raise it or leave it out"),
    ({"limit": -1}, "limit must be a positive number, got -1"),
    ({"limit": 9, "reference": {"r": 10}}, "reference 'r' is 10, more than limit=9: raise it"),
    ({"reference": {"r": 0}}, "reference must be at most 3 sizes above 0"),
    ({"reference": dict.fromkeys(range(4), 1)}, "reference must be at most 3 sizes above 0"),
    ({"reference": {"r": -1}}, "reference 'r' is -1: an area is a finite number"),
    ({"reference": {"r": "x"}}, "reference 'r' must be one number, got 'x'"),
    ({"whole": "GPT-3"}, "whole='GPT-3' names the limit: pass limit as well"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_bad_input_is_refused_in_words(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Areas(**{"values": {"a": 1, "b": 2}} | arguments)


def test_a_limit_that_equals_the_sum_up_to_noise_is_taken() -> None:
    assert Areas({"a": 0.1, "b": 0.2}, limit=0.3).limit == 0.3
    assert Areas({"a": 0.1 + 0.2}, limit=0.3).areas[0].height == pytest.approx(HIGH)


def test_numbers_of_other_kinds_are_taken() -> None:
    assert Areas({"a": np.int64(2), "b": np.float32(2)}).total == 4 == Areas({"a": 10**0 + 3}).total
