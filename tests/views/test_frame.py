"""The layers of a frame, as the browser puts them together, are the picture; and the picture can be saved."""

import io
import re
import xml.etree.ElementTree as ElementTree
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from attnlab.views import Bars, Heatmap, Note
from attnlab.views.png import encode
from attnlab.views.stage import Page, Stage
from tests.views.samples import Viewer, blocks, composed, decoded, pixels, slot_of, view

TOLERANCE = 6.5  # of 255, in the means of blocks of 8 x 8 pixels: the palette rounds the edges of letters


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("kind", ["heads", "curves"])
def test_the_layers_make_the_picture(kind: str, ratio: int) -> None:
    viewer = Viewer(ratio=ratio)
    viewer.show(view(kind, 0))
    frame = viewer.show(view(kind, 1, selected=1, title="moved"))
    picture = pixels(viewer.stage)
    assert frame.pixels == picture.shape[1::-1]
    assert np.abs(blocks(composed(frame)) - blocks(picture)).max() < TOLERANCE


def test_the_layers_of_several_views_do_not_cover_each_other() -> None:
    viewer = Viewer()
    frame = viewer.show(*(view(kind, 0) for kind in ("heatmap", "bars", "heads", "dot", "curves")))
    assert np.abs(blocks(composed(frame)) - blocks(pixels(viewer.stage))).max() < TOLERANCE


def test_without_the_moving_layers_the_picture_is_another() -> None:
    """The comparison above can fail: each layer matters."""
    viewer = Viewer()
    frame, picture = viewer.show(view("heatmap", 0, selected=1)), blocks(pixels(viewer.stage))
    empty = encode(np.zeros((9, 9, 4), np.uint8))[0]
    for broken in (replace(frame, maps=[]), replace(frame, overlay=empty), replace(frame, place=(9, 9))):
        assert np.abs(blocks(composed(broken)) - picture).max() > 3 * TOLERANCE


@pytest.mark.parametrize("scale", [1.4, 1.75])
def test_cells_lie_under_their_numbers_at_any_scale(scale: float) -> None:
    stage = Stage(scale=scale)
    frame, slot = stage.show([view("heatmap", 0)]), slot_of(stage)
    x, y, width, height = frame.maps[0]["place"]
    edges = slot.x, slot.y, slot.x + slot.box.width, slot.y + slot.box.height
    assert (x, y, x + width, y + height) == pytest.approx(np.multiply(edges, scale), abs=0.75)


def test_the_picture_with_a_palette_looks_the_same() -> None:
    stage = Stage()
    stage.show([view("heatmap", 0), view("scores", 0)])
    assert np.abs(blocks(decoded(stage.png())) - blocks(pixels(stage))).max() < TOLERANCE
    assert len(stage.png()) < 0.6 * len(stage.png(colours=None))


# ---------------------------------------------------------------- the overlay


def opened(png: bytes) -> np.ndarray:
    return decoded(png, "RGBA").astype(int)


def drawing(*colours: tuple[int, int, int, int], size: tuple[int, int] = (40, 60)) -> np.ndarray:
    """A transparent picture with a square of 4 x 4 pixels in each colour from (8, 12) on."""
    rgba = np.zeros((*size, 4), np.uint8)
    for i, colour in enumerate(colours):
        rgba[8:12, 12 + 4 * i : 16 + 4 * i] = colour
    return rgba


def test_a_few_colours_are_kept_as_they_are() -> None:
    rgba = drawing(
        (0, 114, 178, 255), (0, 0, 0, 255), (255, 255, 255, 255), (0, 114, 178, 51), (213, 94, 0, 8)
    )
    png, corner = encode(rgba)
    assert corner == (12, 8)
    assert Image.open(io.BytesIO(png)).mode == "P"
    assert np.array_equal(opened(png), rgba[8:12, 12:32])


def test_like_colours_share_an_entry_that_is_their_mean() -> None:
    png, _ = encode(drawing((0, 0, 0, 255), (30, 30, 30, 255)))
    assert np.array_equal(opened(png)[0, 0], [15, 15, 15, 255])


def test_many_colours_fall_back_to_no_palette() -> None:
    steps = np.arange(0, 256, 32, dtype=np.uint8)
    rgba = np.stack([*np.meshgrid(steps, steps, steps), np.full((8, 8, 8), 255, np.uint8)], axis=-1)
    rgba = rgba.reshape(32, 16, 4)
    png, corner = encode(rgba)
    assert Image.open(io.BytesIO(png)).mode == "RGBA" and corner == (0, 0)
    assert np.array_equal(opened(png), rgba)


def test_255_colours_still_have_a_palette() -> None:
    rgba = np.zeros((1, 255, 4), np.uint8)
    rgba[0, :, 0], rgba[0, :, 1] = np.arange(255) % 8 * 32, np.arange(255) // 8 % 8 * 32
    rgba[0, :, 2], rgba[0, :, 3] = np.arange(255) // 64 * 32, 255
    png, _ = encode(rgba)
    assert Image.open(io.BytesIO(png)).mode == "P"
    assert np.array_equal(opened(png), rgba)


def test_nothing_moved_is_one_transparent_pixel() -> None:
    png, corner = encode(np.zeros((30, 40, 4), np.uint8))
    assert corner == (0, 0) and opened(png).shape == (1, 1, 4) and opened(png)[0, 0, 3] == 0


@pytest.mark.parametrize("alpha", [1, 7])
def test_a_touch_that_nobody_sees_is_no_colour(alpha: int) -> None:
    png, corner = encode(drawing((9, 9, 9, alpha)))
    assert corner == (0, 0) and not opened(png)[..., 3].any()


def test_an_overlay_as_large_as_the_picture() -> None:
    rgba = np.full((20, 30, 4), (0, 158, 115, 128), np.uint8)
    png, corner = encode(rgba)
    assert corner == (0, 0) and np.array_equal(opened(png), rgba)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_no_pixel_is_far_from_its_colour(seed: int, colours: int) -> None:
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (colours, 4)).astype(np.uint8)
    rgba = palette[rng.integers(colours, size=(17, 23))]
    png, (x, y) = encode(rgba)
    back = np.zeros((17, 23, 4), int)
    part = opened(png)
    back[y : y + part.shape[0], x : x + part.shape[1]] = part
    visible = rgba[..., 3] > 7
    assert np.abs(back - rgba)[visible].max(initial=0) < 32
    assert not back[~visible][:, 3].any()


def test_a_view_without_moving_artists_has_an_empty_overlay() -> None:
    values = np.eye(15)
    frame = Stage().show([Heatmap(values)])
    assert opened(frame.overlay).shape == (1, 1, 4) and frame.place == (0, 0)


# ---------------------------------------------------------------- files


def saved(stage: Stage, folder: Path, kind: str) -> bytes:
    path = folder / f"figure.{kind}"
    stage.save(path, kind)
    return path.read_bytes()


VIEWS = (
    Heatmap([[0.25, 0.75], [1, 0]], ["dog", "cat"], ["milk", "tea"], "weights & <more>", selected=1),
    Bars([0.5, 1], ["north", "south"], "shares"),
    Note("A note at the end."),
)


def test_svg_is_valid_and_names_what_it_shows(tmp_path: Path) -> None:
    stage = Stage()
    stage.show(VIEWS)
    svg = saved(stage, tmp_path, "svg").decode()
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    size = [float(re.match(r"[\d.]+", root.get(side))[0]) for side in ("width", "height")]
    assert size == pytest.approx([0.72 * side for side in stage.size])
    for text in (
        "dog",
        "cat",
        "milk",
        "tea",
        "north",
        "south",
        "weights &amp; &lt;more&gt;",
        "A note at the end.",
    ):
        assert f"<!-- {text} -->" in svg


def test_svg_holds_what_moves(tmp_path: Path) -> None:
    """Numbers, bars and the outline: without them the file would be the same for other values."""
    stage = Stage()
    stage.show([Heatmap([[0.25, 0.75], [1, 0]])])
    plain = saved(stage, tmp_path, "svg").decode()
    stage.show([Heatmap([[0.25, 0.75], [1, 0]], selected=1)])
    outlined = saved(stage, tmp_path, "svg").decode()
    assert outlined.count("<path") == plain.count("<path") + 2
    assert plain.count('id="Texts_1"') == 1
    numbers = plain.split('id="Texts_1"')[1].split("<g id=")[0]
    assert numbers.count("<path") == 4, "a number in each of the four cells"


def test_pdf_is_valid_and_holds_what_moves(tmp_path: Path) -> None:
    def drawn(values: list[float]) -> bytes:
        stage = Stage()
        stage.show([Bars(values, ["a", "b"], "bars", limit=1)])
        return streams(saved(stage, tmp_path, "pdf"))

    few, same, other = drawn([0.5, 1]), drawn([0.5, 1]), drawn([0.25, 1])
    assert few == same
    assert few != other


def streams(pdf: bytes) -> bytes:
    """The drawing commands of a pdf file."""
    assert pdf.startswith(b"%PDF-1.") and pdf.rstrip().endswith(b"%%EOF")
    parts = re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return b"".join(zlib.decompress(part) for part in parts if part[:1] == b"x")


def test_png_is_the_picture_at_twice_the_pixels(tmp_path: Path) -> None:
    stage, twice = Stage(), Stage(ratio=2)
    stage.show(VIEWS), twice.show(VIEWS)
    file, picture = decoded(saved(stage, tmp_path, "png")), pixels(twice)
    assert file.shape == picture.shape
    assert np.abs(blocks(file, 16) - blocks(picture, 16)).max() < TOLERANCE


def test_a_stage_goes_on_after_saving(tmp_path: Path) -> None:
    stage = Stage()
    stage.show(VIEWS)
    before = pixels(stage)
    for kind in ("svg", "pdf", "png"):
        saved(stage, tmp_path, kind)
    assert np.array_equal(pixels(stage), before)
    stage.turn_to(Page(1, 2))
    stage.show(VIEWS)  # a new background
    titled, expected = (replace(VIEWS[0], title="other"), *VIEWS[1:]), Stage(ratio=2)
    stage.show(titled), expected.show(titled)
    assert np.array_equal(pixels(stage), pixels(expected)), "the title before is gone"
