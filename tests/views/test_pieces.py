"""A text in pieces: every piece is seen, in its place, whatever is in it; a merge only moves boxes."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from attnlab.views import Pieces, fonts
from attnlab.views.fonts import outline
from attnlab.views.palette import LIGHT
from attnlab.views.pieces import HIGH, LINES, MOST, WIDE, visible
from attnlab.views.stage import Stage
from tests.views.samples import Viewer, artists, composed, figure, pixels, slot_of
from tests.views.test_hits import found, seen
from tests.views.test_in_place import assert_fresh, drawn_by
from tests.views.test_input import TEXTS, shown_quietly

LOW = ["l", "o", "w", " ", "l", "o", "w", "e", "r"]
MERGED = ["lo", "w", " ", "lo", "w", "e", "r"]


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (Pieces(["cat"]), "pieces: 1 piece, 1 different: cat."),
        (
            Pieces(MERGED, [7, 2, 3, 7, 2, 4, 5], "after 1 merge", marked=["lo"], selected=6),
            "after 1 merge: 7 pieces, 5 different (with their ids): lo (7) | w (2) | · (3) | lo (7) | w (2)"
            " | e (4) | r (5); marked lo (2); piece 6 selected, r (5).",
        ),
        (
            Pieces([b"\xe2", b"\x98\x83", "a\tb\n", b"caf\xc3\xa9", ""], marked=[4, 0]),
            r"pieces: 5 pieces, 5 different: \xe2 | \x98\x83 | a⇥b⏎ | café | ∅; marked \xe2 (1), ∅ (1).",
        ),
        (
            Pieces(list("ab" * 30), selected=59),
            "pieces: 60 pieces, 2 different: " + " | ".join("ab" * 20)
            + " and 20 more; most often a 30, b 30; piece 59 selected, b.",
        ),
    ],
)  # fmt: skip
def test_the_sentence_is_exact(shown: Pieces, sentence: str) -> None:
    assert shown.describe() == sentence
    assert replace(shown).describe() == sentence, "again, from what the view keeps"


@pytest.mark.parametrize(
    "change",
    [
        {"pieces": [*LOW[:-1], "s"]}, {"ids": range(9)}, {"title": "t"}, {"marked": [0]}, {"marked": "l"},
        {"selected": 0}, {"pieces": LOW[::-1]},
    ],
)  # fmt: skip
def test_what_is_shown_otherwise_is_said_otherwise(change: dict[str, Any]) -> None:
    assert Pieces(LOW).describe() != replace(Pieces(LOW), **change).describe()


def test_marks_are_places_or_texts() -> None:
    assert Pieces(LOW, marked=["l"]).marked == Pieces(LOW, marked="l").marked == (0, 4)
    assert Pieces(LOW, marked=[4, np.int64(0), 4]).marked == (0, 4)
    assert Pieces(LOW, marked=8).marked == (8,)
    assert Pieces(LOW, marked=["lo"]).marked == (), "this text does not have the piece"


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        (" the", "·the"), ("\n\t", "⏎⇥"), (b"\xf0\x9f", r"\xf0\x9f"), (b"a\xff b", r"a\xff·b"), ("", "∅"),
        ("\udce2", r"\xe2"), ("\u200d", r"\u200d"), ("\u3000", r"\u3000"), ("\x00", r"\x00"), (b"ok", "ok"),
        ("\u0301", "◌\u0301"), ("e\u0301", "e\u0301"), ("\ud800", r"\ud800"), ("$x$", "$x$"), ("-", "-"),
    ],
)  # fmt: skip
def test_every_piece_can_be_seen(piece: str | bytes, text: str) -> None:
    assert visible(piece) == text


@settings(max_examples=200)
@given(st.text() | st.binary())
def test_any_piece_is_one_line_of_ink(piece: str | bytes) -> None:
    text = visible(piece)
    assert text.isprintable() and " " not in text
    assert len(outline(fonts.fitted(text, 400)).vertices)


def test_any_text_can_be_drawn(caplog: pytest.LogCaptureFixture) -> None:
    texts = list(TEXTS.values())
    frame = shown_quietly([Pieces(texts, texts, "any", marked=[""], select="piece")], caplog)
    assert len(frame.hits) == len(texts)
    json.dumps(frame.hits)


# ---------------------------------------------------------------- places


def laid(pieces: Pieces) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of the boxes."""
    boxes = [hit["box"] for hit in pieces.hits(pieces.box(fonts.measure))]
    return [(x, y, x + width, y + height) for x, y, width, height in boxes]


@pytest.mark.parametrize("ids", [False, True])
@pytest.mark.parametrize("length", [1, 4, 14, 300])
def test_boxes_stand_side_by_side_and_hold_their_texts(length: int, ids: bool) -> None:
    texts = [f"{i}".ljust(length, "W") for i in range(60)]
    shown = Pieces(texts, [10**i for i in range(60)] if ids else None)
    height = shown.box(fonts.measure).height
    for (_, _, right, low), (x, y, *_) in pairwise(laid(shown)):
        assert (y > low and x == 0) or x > right, "no two overlap"
    for i, (x, y, right, low) in enumerate(laid(shown)):
        assert 0 <= x < right <= WIDE and 0 <= y < low <= height
        assert fonts.measure(visible(texts[i])[:39]) <= right - x - 10


def test_a_long_text_is_cut_and_says_so() -> None:
    for pieces in (Pieces(["a"] * 500), Pieces(["W" * 40] * 150, range(150)), Pieces(["a"] * MOST)):
        boxes, stage = laid(pieces), Stage()
        stage.show([pieces])
        [rest] = (artist for artist in artists(figure(stage).axes[0]) if isinstance(artist, Text))
        hidden = len(pieces.pieces) - len(boxes)
        assert rest.get_text() == (f"… and {hidden} more" if hidden else "")
        assert len(boxes) <= MOST and len({y for _, y, *_ in boxes}) <= LINES - bool(hidden)
        assert f"{len(pieces.pieces)} pieces" in pieces.describe()
        if hidden:
            left, _, _, top = rest.get_window_extent().extents
            height = figure(stage).bbox.height
            assert height - top > boxes[-1][3] and left > 0, "the words stand below the boxes"


def test_a_chosen_or_marked_piece_that_has_no_room_is_still_said() -> None:
    shown = Pieces(["a"] * 400 + ["z"], marked=["z"], selected=400)
    Stage().show([shown])
    assert shown.describe().endswith("marked z (1); piece 400 selected, z.")


@pytest.mark.parametrize(("scale", "ratio"), [(1.4, 1), (1, 2), (1.4, 2)])
def test_boxes_keep_their_places_at_any_scale(scale: float, ratio: float) -> None:
    stage, shown = Stage(scale, ratio), Pieces(LOW, range(9), "title", marked=[2])
    stage.show([shown])
    picture, slot, size = pixels(stage), slot_of(stage), scale * ratio
    for i, (x, y, right, low) in enumerate(laid(shown)):
        at = (
            int((slot.y + y + 4) * size),
            slice(int((slot.x + x + 3) * size), int((slot.x + right - 3) * size)),
        )
        expected = to_rgb(LIGHT.marked if i == 2 else (LIGHT.ground, LIGHT.piece)[i % 2])
        assert np.abs(picture[at] / 255 - expected).max() < 0.02, f"piece {i}"
        assert low - y == HIGH


# ---------------------------------------------------------------- moving


def test_a_merge_moves_what_is_drawn_and_paints_no_background() -> None:
    viewer = Viewer()
    viewer.show(Pieces(LOW, range(9), "before"))
    viewer.show(Pieces(LOW, range(9), "letters"))
    before, sent = drawn_by(viewer), viewer.background
    frame = assert_fresh(viewer, Pieces(MERGED, range(7), "lo", marked=["lo"], selected=3))
    assert drawn_by(viewer) == before and frame.background is sent


def test_room_is_kept_in_whole_lines() -> None:
    long, short = Pieces(["piece"] * 40, lines=4), Pieces(["piece"] * 2, lines=4)
    assert long.key() == short.key() and long.box(fonts.measure) == short.box(fonts.measure)
    assert Pieces(["piece"] * 2).key() != long.key()
    viewer = Viewer()
    viewer.show(long)
    assert_fresh(viewer, short)
    assert_fresh(viewer, Pieces(["piece"] * 300))


def test_every_part_can_change() -> None:
    viewer, seen_before, start = Viewer(), set(), Pieces(LOW)
    changes = ({}, {"ids": range(9)}, {"marked": [0]}, {"selected": 0}, {"pieces": MERGED}, {"lines": 2})
    for change in changes:
        assert_fresh(viewer, replace(start, **change))
        seen_before.add(pixels(viewer.stage).tobytes())
    assert len(seen_before) == len(changes), "every change can be seen"


# ---------------------------------------------------------------- pointer and eye


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_pointer_finds_the_piece_that_is_drawn(ratio: int) -> None:
    pieces = [c * 6 for c in "abcdefghijklmnopqrstuvwxyz"]
    hits, picture, slot = seen(Pieces(pieces, range(100, 126), marked=[20], select="step"), ratio=ratio)
    for i, hit in enumerate(hits):
        x, y, width, height = hit["box"]
        assert found(hits, x + width / 2, y + height / 2) == (hit, 0, 0)
        assert (hit["first"], hit["select"], hit["values"]) == (i, "step", [[f"{pieces[i]} ({100 + i})"]])
        corner = picture[int((y + 4) * ratio), int((x + 4) * ratio)]
        assert (np.abs(corner / 255 - to_rgb(LIGHT.marked)).max() < 0.03) == (i == 20)
    assert found(hits, slot.x + 2, slot.y + HIGH + 5) is None, "an id is no piece"


def test_neighbours_are_told_apart_without_colour() -> None:
    """Every box has an outline, and a marked one a thick one."""
    picture = composed(Viewer(ratio=2).show(Pieces(["aa", "bb", "cc"], marked=[1]))).mean(axis=2)
    row = picture[2 * (4 + 4 + 4)]  # above the letters
    dark = np.flatnonzero(np.diff((row < 150).astype(int)))
    assert len(dark) == 12, "two edges for each of the three boxes"
    thick = np.diff(dark)[::2]
    assert thick[2] > thick[0] and thick[3] > thick[1]


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pieces": "cat"}, "pieces must be a list of pieces, got one text 'cat': split it first"),
        ({"pieces": b"cat"}, "pieces must be a list of pieces, got one text b'cat'"),
        ({"pieces": []}, "pieces is empty: pass at least one"),
        ({"pieces": None}, "pieces must be a list of texts, got None"),
        ({"pieces": ["a", 7]}, "piece 1 is 7: a piece must be a string or bytes; pass numbers as ids"),
        ({"ids": [1]}, "ids has 1 labels, but the text has 9: the two must match"),
        ({"ids": "123456789"}, "ids must be a list of labels, got one string"),
        ({"marked": [9]}, "marked must be from 0 to 8, got 9"),
        ({"marked": [0.5]}, "marked must be a whole number, got 0.5; pass one from 0 to 8"),
        ({"selected": 9}, "selected must be from 0 to 8, got 9"),
        ({"lines": 0}, "lines must be from 1 to 12, got 0"),
        ({"lines": 2.5}, "lines must be a whole number, got 2.5"),
    ],
)
def test_bad_input_is_refused_in_words(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Pieces(**{"pieces": LOW} | arguments)
