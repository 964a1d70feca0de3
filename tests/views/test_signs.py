"""Texts that move as signs of a sheet: the same ink in the same place, and next to nothing to send."""

import io

import numpy as np
import pytest
from PIL import Image

from attnlab.views import Bars, Heatmap, Note, palette
from attnlab.views.fonts import Texts, outline, sign
from attnlab.views.signs import MOST, PHASES, Signs, of
from attnlab.views.stage import Stage
from tests.views.samples import KINDS, SENTENCE, Viewer, artists, blocks, composed, figure, placed, view


@pytest.mark.parametrize("ratio", [1, 1.25, 2])
@pytest.mark.parametrize("kind", ["heatmap", "dot", "bars", "areas", "layer", "pieces", "curves"])
def test_signs_are_where_matplotlib_would_draw_the_texts(kind: str, ratio: float) -> None:
    """To a quarter of a pixel across and half of one up or down."""
    stage, one = Stage(ratio=ratio), view(kind, 0)
    stage.show([one])
    signed = picture(stage)
    for ax in figure(stage).axes:
        for each in artists(ax):
            if isinstance(each, Texts):
                each.placed = False
    drawn = picture(stage)
    assert np.abs(signed - drawn).max() > 0, "another way was taken"
    assert np.abs(blocks(signed, 16) - blocks(drawn, 16)).max() < 255 * 0.05


def picture(stage: Stage) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(stage.png(None))).convert("RGB"), float)


@pytest.mark.parametrize("kind", KINDS)
def test_the_still_picture_is_made_of_the_same_placements(kind: str) -> None:
    """What the browser places is what nbval compares."""
    viewer = Viewer(ratio=2)
    frame = viewer.show(view(kind, 0))
    difference = np.abs(composed(frame) - picture(viewer.stage)).max(axis=2)
    mask = np.zeros(difference.shape, bool)
    for x, y, (width, height), _ in placed(frame):
        mask[max(0, y) : y + height, max(0, x) : x + width] = True
    assert (difference[mask] < 90).all(), "a sign elsewhere, or another one"


def test_a_move_sends_no_sheet_and_few_bytes() -> None:
    viewer, rng = Viewer(ratio=2), np.random.default_rng(0)
    frames = [viewer.stage.show([Heatmap(rng.uniform(0, 1, (12, 12)))]) for _ in range(40)]
    assert frames[0].sheet and not any(frame.sheet for frame in frames[20:])
    assert all(len(frame.signs) == 144 * 4 * 3 * 2 for frame in frames), (
        "four signs a number, six bytes a sign"
    )
    assert len(frames[-1].overlay) < 200


def test_a_sheet_that_grows_keeps_its_signs_in_their_order() -> None:
    stage = Stage()
    first = stage.show([Bars([0.11], ["a"])]).sheet
    second = stage.show([Bars([0.98], ["a"])]).sheet
    assert first and second
    before, after = (np.frombuffer(sheet["rects"], np.int16).reshape(-1, 4) for sheet in (first, second))
    assert len(after) > len(before) and (after[: len(before)] == before).all()
    pictures = [Image.open(io.BytesIO(sheet["png"])) for sheet in (first, second)]
    left, top, width, height = before[0].tolist()
    crops = [each.crop((left, top, left + width, top + height)).tobytes() for each in pictures]
    assert crops[0] == crops[1]


def test_another_resolution_has_another_sheet() -> None:
    stage, one = Stage(), Heatmap(np.eye(3))
    small = stage.show([one]).sheet
    stage.turn_to(Stage(ratio=2).page)
    large = stage.show([one]).sheet
    assert small and large
    heights = [np.frombuffer(sheet["rects"], np.int16).reshape(-1, 4)[0, 3] for sheet in (small, large)]
    assert 1.5 * heights[0] < heights[1] < 2.5 * heights[0]


def test_a_sheet_ends_somewhere() -> None:
    """A reader who types for hours in many scripts does not fill the memory."""
    signs = Signs(100)
    signs._drawn = [Image.new("RGBA", (1, 1))] * (MOST + 1)
    signs._corners = [(0, 0)] * (MOST + 1)
    stage = Stage()
    stage.show([Bars([0.5], ["a"])])
    texts = of([artist for ax in figure(stage).axes for artist in artists(ax)])
    assert len(signs.place(texts, 100)) == 5 and len(signs._drawn) < 10


def test_blanks_hidden_texts_and_numbers_beyond_all_scales_place_nothing() -> None:
    stage = Stage()
    stage.show([Bars([0.5], ["a"])])
    (texts,) = of([artist for ax in figure(stage).axes for artist in artists(ax)])
    signs = Signs(100)
    assert len(signs.place([texts], 100)) == 5
    for change in (
        lambda: texts.set_paths([outline("  ")]),
        lambda: (texts.set_paths([outline("1")]), texts.set_offsets([[1e300, 0]])),
        lambda: (texts.set_offsets([[1, 1]]), texts.set_visible(False)),
    ):
        change()
        assert signs.place([texts], 100).shape == (0, 3)
    assert signs.place([], 100).shape == (0, 3)


def test_a_sign_has_its_size_and_its_weight() -> None:
    wide = [np.ptp(sign(int(outline("8", size, weight).signs[0][0]))[0][:, 0]) for size, weight in
            ((10.5, "normal"), (21.0, "normal"), (10.5, "bold"))]  # fmt: skip
    assert wide[1] == pytest.approx(2 * wide[0]) and wide[2] > wide[0]


def test_the_same_sign_begins_at_so_many_places_within_a_pixel() -> None:
    stage = Stage()
    stage.show([Bars([0.5], ["a"])])
    (texts,) = of([artist for ax in figure(stage).axes for artist in artists(ax)])
    texts.set_paths([outline("1", side=0)] * 40)
    texts.set_offsets([[i * 7.03, 10] for i in range(40)])
    signs = Signs(100)
    found = signs.place([texts], 100)
    assert len(np.unique(found[:, 0])) == PHASES
    steps = np.diff(found[:, 1])
    assert set(steps.tolist()) <= {6, 7, 8}


def test_signs_have_the_colours_of_the_theme() -> None:
    for theme, ink in ((palette.LIGHT, 0), (palette.DARK, 0xEC)):
        frame = Viewer(theme=theme).show(Bars([0.5], SENTENCE[:1]), Note("words"))
        for _, _, _, pixels in placed(frame):
            rgba = np.frombuffer(pixels, np.uint8).reshape(-1, 4)
            assert (rgba[rgba[:, 3] > 200, :3] == ink).all()
