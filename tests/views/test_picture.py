"""A picture in patches: pixels under their fog, numbers that can be read on any, words awake to all."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnlab.attention import softmax
from attnlab.views import Picture, fonts, palette
from attnlab.views.picture import CLEAR, FOG
from attnlab.views.stage import Stage
from tests.views.samples import Viewer, artists, decoded, figure, pixels, slot_of
from tests.views.test_hits import found, seen
from tests.views.test_in_place import assert_fresh, drawn_by
from tests.views.test_layout import covered, drawn
from tests.views.test_palette import contrast

STEPS = np.arange(24.0).reshape(4, 6) / 23
WEIGHTS = [0.5, 0.25, 0.125, 0.125, 0, 0]
NAN, MASKED = np.nan, -np.inf


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (
            Picture([[0, 1], [0, 0]], "a dot"),
            "a dot, 2 by 2 pixels, mean 0.250 (black 0, white 1); the centre of the light at row 0.00, column"
            " 1.00; means from top to bottom 0.500 0.000, from left to right 0.000 0.500.",
        ),
        (
            Picture(np.kron([[0, 16, 8], [4, 4, 4]], np.ones((2, 2))), side=2, weights=WEIGHTS, selected=5),
            "picture, 4 by 6 pixels, mean 6.00 (black 0, white 16); the centre of the light at row 1.17,"
            " column 2.94; 6 patches of 2 by 2 (2 by 3), mean of each 0.00 16.00 8.00 4.00 4.00 4.00; weights"
            " that sum to 1.00, largest 0.50 at patch 0, entropy 1.75 bits: 0 0.50, 1 0.25, 2 0.13, 3 0.13,"
            " 4 0.00, 5 0.00; patch 5 selected.",
        ),
        (
            Picture(np.full((2, 2, 3), [255, 0, 51], np.uint8), side=2, weights=[MASKED]),
            "picture, 2 by 2 pixels, mean 102.0 (black 0, white 255), red 255.0, green 0.0, blue 51.0; the"
            " centre of the light at row 0.50, column 0.50; 1 patch of 2 by 2 (1 by 1), mean of each 102.0;"
            " every patch masked.",
        ),
        (
            Picture(np.zeros((2, 2)), side=1, weights=[1, 2, MASKED, 0]),
            "picture, 2 by 2 pixels, mean 0.000 (black 0, white 1); all black; 4 patches of 1 by 1 (2 by 2),"
            " mean of each 0.000 0.000 0.000 0.000; weights that sum to 3.00, largest 2.00 at patch 1;"
            " 1 masked: 0 1.00, 1 2.00, 2 0.00, 3 0.00.",
        ),
    ],
)  # fmt: skip
def test_the_sentence_is_exact(shown: Picture, sentence: str) -> None:
    assert shown.describe() == sentence
    assert replace(shown).describe() == sentence, "again, from what the view keeps"


@pytest.mark.parametrize("more", [{}, {"side": 2}], ids=["plain", "patches"])
def test_another_pixel_gives_another_sentence(more: dict[str, Any]) -> None:
    shown = Picture(STEPS * 0.9, **more)
    for i in range(24):
        values = shown.values.copy()
        values.flat[i] += 0.1
        assert replace(shown, values=values).describe() != shown.describe()
    assert replace(shown, values=shown.values[::-1]).describe() != shown.describe()


def test_another_weight_gives_another_sentence() -> None:
    for count, side in ((6, 2), (24, 1)):
        weights = softmax(np.random.default_rng(0).normal(size=count) * 2)
        shown = Picture(STEPS, side=side, weights=weights)
        for i in np.argsort(-weights)[:6]:
            assert (
                replace(shown, weights=weights + 0.02 * (np.arange(count) == i)).describe()
                != shown.describe()
            )
        hidden = np.where(np.arange(count) == 1, MASKED, weights)
        assert replace(shown, weights=hidden).describe() != shown.describe()


@pytest.mark.parametrize("change", [{"title": "t"}, {"side": 2}, {"limit": 2}, {"selected": 1, "side": 1}])
def test_what_is_shown_otherwise_is_said_otherwise(change: dict[str, Any]) -> None:
    assert replace(Picture(STEPS), **change).describe() != Picture(STEPS).describe()


@settings(max_examples=20)
@given(st.integers(0, 2**16), st.sampled_from([None, 1, 2]), st.booleans())
def test_float_noise_never_changes_the_sentence(seed: int, side: int | None, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 9, (4, 4)) / 8
    weights = rng.integers(1, 9, 16 if side == 1 else 4) / 8 if side and weighted else None
    noise = rng.choice([-1e-13, 0, 1e-13], (4, 4))
    noisy = None if weights is None else weights + rng.choice([-1e-13, 0, 1e-13], len(weights))
    one, other = (
        Picture(values, side=side, weights=weights),
        Picture(values + noise, side=side, weights=noisy),
    )
    assert one.describe() == other.describe()


def test_many_patches_are_summed_up() -> None:
    shown = Picture(np.eye(16), side=1, weights=softmax(np.arange(256) / 20))
    assert len(shown.describe()) < 400
    assert "256 patches of 1 by 1 (16 by 16), the brightest 0 1.000, 17 1.000" in shown.describe()


# ---------------------------------------------------------------- what is drawn


def cells(shown: Picture) -> np.ndarray:
    """The colours of the pixels, without what lies on them."""
    stage = Stage()
    return np.frombuffer(stage.show([shown]).maps[0]["rgba"], np.uint8).reshape(*shown.values.shape[:2], 4)


def test_black_and_white_are_the_ends() -> None:
    assert cells(Picture([[0, 0.5, 1]]))[0, :, 0].tolist() == [0, 128, 255]
    assert cells(Picture([[0, 8, 16]]))[0, :, 1].tolist() == [0, 128, 255], "the largest is white"
    assert cells(Picture([[0, 8, 16]], limit=32))[0, :, 2].tolist() == [0, 64, 128]
    assert cells(Picture(np.array([[0, 128]], np.uint8)))[0, :, 0].tolist() == [0, 128], "bytes end at 255"
    assert cells(Picture([[[1, 0, 0.2]]]))[0, 0].tolist() == [255, 0, 51, 255]
    assert cells(Picture([[2.0]], limit=1))[0, 0, 0] == 255


def test_the_fog_lies_over_patches_with_little_weight() -> None:
    shown = Picture(np.tile([0.0, 1.0], (2, 4)), side=2, weights=[0.4, 0.2, 0, MASKED])
    seen = cells(shown)[0, :, :3].astype(float)
    assert seen[:2].tolist() == [[0] * 3, [255] * 3], "the largest weight: clear"
    assert seen[4] == pytest.approx(FOG * (1 - CLEAR), abs=1)
    assert np.ptp(seen[4:6, 0]) == pytest.approx(255 * CLEAR, abs=1), "still to be made out"
    assert seen[2] == pytest.approx(FOG * (1 - CLEAR) / 2, abs=1), "half the weight, half the fog"
    assert (seen[6:] == palette.LIGHT.masked[0]).all()
    even = Picture(np.tile([0.0, 1.0], (2, 4)), side=2, weights=[0.25] * 4)
    assert np.array_equal(cells(even), cells(replace(even, weights=None)))


@pytest.mark.parametrize(
    ("shape", "side", "size"),
    [((8, 8), 2, 280), ((28, 28), 7, 280), ((32, 24), 8, 288), ((3, 20), 1, 280), ((100, 64), 4, 300),
     ((300, 300), 100, 300), ((1, 1), 1, 280)],
)  # fmt: skip
def test_pixels_are_enlarged_by_a_whole_number(shape: tuple[int, int], side: int, size: int) -> None:
    box = Picture(np.zeros(shape), side=side).box(fonts.measure)
    assert max(box.width, box.height) == size
    assert box.width % shape[1] == 0 == box.height % shape[0]


def side_of(shown: Picture) -> float:
    """Pixels on the screen of the side of a patch."""
    return shown.box(fonts.measure).width / shown.grid[1]


def numbers(shown: Picture, **size: float) -> list[tuple[Any, int]]:
    """Boxes of the outlines of all numbers, from the corner of the axes, and the patch of each."""
    stage = Stage(**size)
    stage.show([shown])
    [ax], unit = figure(stage).axes, fonts.DPI / 72
    found = []
    for artist in artists(ax):
        for i, path in enumerate(artist.get_paths() if hasattr(artist, "get_offsets") else ()):
            if len(artist.get_offsets()) == len(artist.get_paths()) > 0 and len(path.vertices) > 5:
                low, high = fonts.ends_of(path) * [unit, -unit] + artist.get_offsets()[i]
                found.append(((low[0], high[1], high[0], low[1]), i))
    return found


@pytest.mark.parametrize(
    ("shape", "side"), [((8, 8), 2), ((8, 8), 1), ((28, 28), 4), ((4, 40), 4), ((12, 12), 12)]
)
def test_numbers_stay_in_their_patches_and_off_each_other(shape: tuple[int, int], side: int) -> None:
    count = shape[0] * shape[1] // side**2
    shown = Picture(np.zeros(shape), side=side, weights=np.full(count, 1 / count))
    patch, cols = side_of(shown), shape[1] // side
    boxes = [(box, i) for box, i in numbers(shown)]
    for (x0, y0, x1, y1), i in boxes:
        left, top = i % cols * patch, i // cols * patch
        assert left < x0 and x1 < left + patch and top < y0 and y1 < top + patch
    corners, weights = boxes[:count], boxes[2 * count : 3 * count]
    for (one, _), (other, _) in zip(corners, weights, strict=bool(weights)):
        assert one[3] < other[1] or one[2] < other[0], "the weight stands below the number of the patch"


def test_numbers_that_have_no_room_are_left_out() -> None:
    assert numbers(Picture(np.zeros((28, 28)), side=2)) == []
    small = Picture(np.zeros((28, 28)), side=4, weights=np.full(49, 1 / 49))
    assert len(numbers(small)) == 4 * 49, "numbers and weights, each with its edge"
    assert len(numbers(replace(small, weights=None))) == 2 * 49


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_numbers_can_be_read_on_any_pixel(value: float) -> None:
    """Around the strokes of a number, which are black, lies a white edge."""
    on_grey, picture = (_number_on(grey) for grey in (0.5, value))
    text = (on_grey < 40).all(axis=2)
    assert text.sum() > 50 and (picture[text] < 60).all()
    assert _near((picture > 225).all(axis=2), 5)[text].all(), "white is near"
    assert contrast(np.zeros(3), np.full(3, 225 / 255)) >= 4.5


def _number_on(grey: float) -> np.ndarray:
    """The middle of a patch of that grey, with the number of its weight."""
    stage = Stage(ratio=2)
    stage.show([Picture(np.full((4, 4), grey), side=4, weights=[0.88])])
    return pixels(stage)[240:340, 200:380].astype(float)


def _near(mask: np.ndarray, reach: int) -> np.ndarray:
    """Where the mask is true at most so many pixels away."""
    wide = np.pad(mask, reach)
    shifts = range(2 * reach + 1)
    return np.any(
        [wide[y : y + mask.shape[0], x : x + mask.shape[1]] for y in shifts for x in shifts], axis=0
    )


@pytest.mark.parametrize("size", [{}, {"scale": 1.4}, {"ratio": 2}])
def test_the_chosen_patch_is_outlined(size: dict[str, float]) -> None:
    plain, chosen = Stage(**size), Stage(**size)
    shown = Picture(STEPS, side=2)
    plain.show([shown]), chosen.show([replace(shown, selected=4)])
    ys, xs = np.nonzero((pixels(plain) != pixels(chosen)).any(axis=2))
    scale, slot, patch = next(iter(size.values()), 1), slot_of(plain), side_of(shown)
    edges = np.array([xs.min(), ys.min(), xs.max(), ys.max()]) / scale - [slot.x, slot.y, slot.x, slot.y]
    assert edges == pytest.approx([patch, patch, 2 * patch, 2 * patch], abs=4)


def test_no_text_is_cut_or_covered() -> None:
    assert list(covered(drawn(Picture(STEPS, "a title " * 9, side=2, selected=0), Picture(STEPS, "b")))) == []


# ---------------------------------------------------------------- moving


def test_other_pixels_weights_and_patches_chosen_move_in_place() -> None:
    viewer, shown = Viewer(), Picture(STEPS, side=2, weights=WEIGHTS)
    viewer.show(shown)
    before, sent = drawn_by(viewer), viewer.background
    for change in ({"values": STEPS[::-1]}, {"weights": [*WEIGHTS[::-1]]}, {"selected": 3}, {"limit": 2}):
        assert assert_fresh(viewer, replace(shown, **change)).background is sent
        assert drawn_by(viewer) == before


def test_every_part_can_change() -> None:
    viewer, pictures = Viewer(), set()
    changes = ({}, {"side": 2}, {"side": 1}, {"side": 2, "weights": WEIGHTS}, {"values": STEPS[:2]},
               {"values": np.dstack([STEPS, 1 - STEPS, STEPS])}, {"limit": 3})  # fmt: skip
    for change in changes:
        assert_fresh(viewer, replace(Picture(STEPS), **change))
        pictures.add(pixels(viewer.stage).tobytes())
    assert len(pictures) == len(changes)


def test_a_saved_picture_is_small() -> None:
    stage = Stage()
    stage.show([Picture(np.random.default_rng(0).uniform(size=(32, 32, 3)), "noise", side=8)])
    assert len(stage.png()) < 60_000 and decoded(stage.png()).shape[0] > 280


# ---------------------------------------------------------------- pointer


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_pointer_finds_the_patch_that_is_drawn(ratio: int) -> None:
    values = np.kron(np.arange(6).reshape(2, 3) / 5, np.ones((4, 4)))
    hits, picture, _ = seen(Picture(values, side=4, select="patch"), ratio=ratio)
    for i, hit in enumerate(hits):
        x, y, width, height = hit["box"]
        for u, v in ((0.4, 0.6), (0.9, 0.9), (0.9, 0.1)):
            assert found(hits, x + u * width, y + v * height) == (hit, 0, 0)
            gray = picture[int((y + v * height) * ratio), int((x + u * width) * ratio)]
            assert gray == pytest.approx(np.full(3, i * 51), abs=1)
        assert (hit["first"], hit["select"], hit["values"]) == (i, "patch", [[f"mean {i / 5:.3f}"]])
    json.dumps(hits)


def test_the_pointer_says_weights_and_pixels() -> None:
    hits, _, _ = seen(Picture(STEPS, side=2, weights=[*WEIGHTS[:5], MASKED]))
    assert (
        hits[1]["values"] == [["weight 0.250, mean 0.239"]] and hits[5]["values"][0][0][:11] == "weight -inf"
    )
    (hit,), _, slot = seen(Picture(STEPS))
    assert hit["values"][2][3] == f"{15 / 23:.3f}" and hit["axes"] == ("row", "column")
    assert found([hit], slot.x + slot.box.width * 0.6, slot.y + slot.box.height * 0.6) == (hit, 2, 3)
    assert seen(Picture([[[1, 0, 0.5]]]))[0][0]["values"] == [["1.000 0.000 0.500"]]
    assert seen(Picture(np.zeros((60, 60))))[0] == []


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": [[0, NAN]]}, r"Picture values holds nan at \(0, 1\): look for"),
        ({"values": [1, 2]}, r"Picture values must be a non-empty array of 2 .*, got shape \(2,\)"),
        ({"values": np.zeros((2, 2, 4))}, r"in colour must have shape \[h, w, 3\], got \(2, 2, 4\)"),
        ({"values": [[-0.5, 1]]}, r"Picture values hold -0.5, but black is 0: shift them to start at 0"),
        ({"values": np.zeros((2, 401))}, r"\(2, 401\), but there is room for 400 .* values\[::2, ::2\]"),
        ({"side": 4}, r"side must divide the 4 by 6 pixels: one of 1, 2; got 4"),
        ({"side": 0}, r"side must divide the 4 by 6 pixels: one of 1, 2; got 0"),
        ({"side": "2"}, r"side must divide the 4 by 6 pixels: one of 1, 2; got '2'"),
        ({"weights": [1]}, r"weights is about patches: pass their side as well, such as side=4"),
        ({"selected": 1}, r"selected is about patches: pass their side"),
        ({"select": "patch"}, r"select is about patches: pass their side"),
        ({"side": 2, "weights": [1, 0]}, "2 numbers, but there are 6 patches: pass one for each"),
        ({"side": 2, "weights": [[1]]}, r"Picture weights must be a non-empty array of 1 dimension"),
        ({"side": 2, "weights": [NAN] * 6}, r"Picture weights holds nan at \(0,\): look for"),
        ({"side": 2, "weights": [-1, *WEIGHTS[1:]]}, r"Picture weights hold -1: a weight is 0 or more"),
        ({"side": 2, "selected": 6}, r"selected must be from 0 to 5, got 6"),
        ({"limit": 0}, r"limit must be a positive number, got 0"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_words(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Picture(**{"values": STEPS} | arguments)
