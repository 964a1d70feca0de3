"""Colours that everybody can read, fonts that are there, and nothing global touched."""

import io
import subprocess
import sys

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.colors import to_rgb
from PIL import Image

from attnlab.views import Heatmap, fonts, palette
from attnlab.views.stage import Stage
from tests.views.samples import KINDS, Viewer, composed, view


def luminance(colours: np.ndarray) -> np.ndarray:
    """Relative luminance as WCAG defines it; colours 0..1, [..., 3]."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    lights = np.stack(np.broadcast_arrays(luminance(one), luminance(other)))
    return (lights.max(axis=0) + 0.05) / (lights.min(axis=0) + 0.05)


def test_the_measure_of_contrast_is_right() -> None:
    assert contrast(np.zeros(3), np.ones(3)) == pytest.approx(21)
    assert contrast(np.array(to_rgb("#767676")), np.ones(3)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("signed", [False, True])
def test_numbers_can_be_read_on_all_colours_of_a_map(signed: bool, theme: palette.Theme) -> None:
    with palette.drawn_in(theme):
        colours = np.vstack([palette.lut(signed), theme.masked])
    assert len(colours) == 257
    assert contrast(colours[:, :3] / 255, palette.ink(colours)[:, :3]).min() >= 4.5


def test_a_map_of_signs_is_as_the_ground_at_0() -> None:
    for theme in (palette.LIGHT, palette.DARK):
        with palette.drawn_in(theme):
            middle = palette.lut(True)[128, :3] / 255
        assert np.abs(middle - to_rgb(theme.ground)).max() < 0.06


def test_the_colours_of_the_numbers_are_the_ones_drawn() -> None:
    """Black or white in the picture itself, on cells from one end of the scale to the other."""
    viewer, values = Viewer(ratio=2), np.linspace(0, 1, 12)[None]
    picture = composed(viewer.show(Heatmap(values, signed=False)))
    x, y, width, height = viewer.show(Heatmap(values, signed=False)).maps[0]["place"]
    for c, colour in enumerate(palette.cells(values, False, 1.0)[0]):
        cell = picture[y + 8 : y + height - 8, x + c * width // 12 + 6 : x + (c + 1) * width // 12 - 6]
        cell = cell.reshape(-1, 3) / 255
        assert contrast(cell, colour[:3] / 255).max() > 4.2, "the middle of the strokes"


BOTH = pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])


def worst(one: str | tuple[str, ...], other: str | tuple[str, ...]) -> float:
    """The smallest contrast between two colours, or of any two of two lists."""
    ones, others = (
        np.array([to_rgb(c) for c in ((colours,) if isinstance(colours, str) else colours)])
        for colours in (one, other)
    )
    return float(contrast(ones[:, None], others).min())


@BOTH
def test_text_can_be_read(theme: palette.Theme) -> None:
    boxes = (*theme.fills, *filter(None, theme.patterns), *theme.blocks.values(), theme.piece, theme.marked)
    assert worst(theme.ink, (theme.ground, theme.band, *boxes)) >= 4.5
    assert worst(theme.soft, theme.ground) >= 7 and worst(theme.soft, theme.band) >= 4.5
    assert worst(theme.words, theme.ground) >= 4.5


@BOTH
def test_lines_and_marks_can_be_seen(theme: palette.Theme) -> None:
    boxes = (theme.ground, theme.band, *theme.fills, *theme.blocks.values())
    assert worst(theme.lines, theme.ground) >= 3
    assert worst(theme.outline, boxes) >= 3
    assert worst((theme.frame, theme.soft), (theme.ground, theme.band)) >= 3
    assert worst(theme.soft, (theme.piece, theme.marked)) >= 3, "edges of pieces"
    hidden, attended = (np.array(colour[:3]) / 255 for colour in theme.mask)
    assert contrast(hidden, attended) >= 3


@BOTH
def test_no_line_is_told_by_colour_alone(theme: palette.Theme) -> None:
    kinds = list(zip(theme.lines, theme.words, palette.MARKERS, map(str, palette.STYLES), strict=True))
    assert all(len({kind[i] for kind in kinds}) == len(kinds) for i in range(4))


# Linear RGB as eyes without long, middle or short cones see it: Viénot, Brettel and Mollon 1999, and for the
# last Brettel, Viénot and Mollon 1997 by one half-plane.
EYES = {
    "all": np.eye(3),
    "no long": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "no middle": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
    "no short": np.array([[1, 0.14461, -0.14461], [0, 0.85924, 0.14076], [0, 0.85924, 0.14076]]),
}


def lab(colours: tuple[str, ...], eyes: np.ndarray) -> np.ndarray:
    """CIELAB of colours as eyes see them."""
    rgb = np.array([to_rgb(colour) for colour in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ eyes.T, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    share = linear @ to_xyz.T / [0.9505, 1, 1.089]
    x, y, z = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@BOTH
@pytest.mark.parametrize("eyes", EYES)
def test_lines_differ_for_all_eyes(theme: palette.Theme, eyes: str) -> None:
    for colours in (theme.lines, theme.words):
        places = lab(colours, EYES[eyes])
        apart = np.linalg.norm(places[:, None] - places, axis=2)[np.triu_indices(5, 1)]
        assert apart.min() >= 15, f"{apart.min():.1f}: 2 is just seen, 15 is plain"


@BOTH
def test_no_two_fills_share_an_entry_of_a_frame(theme: palette.Theme) -> None:
    """`png.encode` tells colours apart by three bits a channel."""
    codes = {tuple(int(255 * part) >> 5 for part in to_rgb(fill)) for fill in theme.fills}
    assert len(codes) == len(theme.fills)


def test_a_dark_picture_is_dark_and_says_the_same() -> None:
    for kind in KINDS:
        one = view(kind, 0)
        light, dark = Stage(), Stage(theme=palette.DARK)
        scenes = [stage.show([one]) for stage in (light, dark)]
        assert scenes[0].size == scenes[1].size and scenes[0].hits == scenes[1].hits
        grounds = [np.median(pixels(stage.png())[:, :2]) for stage in (light, dark)]
        assert grounds == [255, 0x11], kind


def test_another_theme_draws_all_anew() -> None:
    moved, fresh, one = Stage(), Stage(theme=palette.DARK), Heatmap(np.eye(3), title="map")
    moved.show([one])
    moved.turn_to(fresh.page)
    assert moved.show([one]) == fresh.show([one])


def test_cells_take_the_colours_of_the_scale() -> None:
    values = np.array([[0, 0.5, 1, 2, -np.inf]])
    viridis, diverging = palette.lut(False), palette.lut(True)
    assert np.array_equal(
        palette.cells(values, False, 1)[0], [*viridis[[0, 128, 255, 255]], palette.LIGHT.masked]
    )
    signed = palette.cells(np.array([[-3, 0, 3, -9]]), True, 3)[0]
    assert np.array_equal(signed, diverging[[0, 128, 255, 0]])
    assert diverging[128, :3].min() > 240, "nothing is white"


def test_a_number_stands_in_the_middle_whatever_its_signs() -> None:
    for text in ("0.12", "−1.11", "7", "−∞", "1.0e−5"):
        low, high = fonts.ends_of(fonts.outline(text))
        assert low[0] == pytest.approx(-high[0])
    assert fonts.ends_of(fonts.outline("11"))[1, 1] == pytest.approx(
        fonts.ends_of(fonts.outline("88"))[1, 1], abs=0.3
    )


def test_fonts_come_from_one_place() -> None:
    assert "DejaVu Sans" in fonts.font().get_family()
    assert fonts.font(9, "bold").get_size() == 9 and fonts.font().get_size() == fonts.SIZE
    assert fonts.measure("mm") > 1.9 * fonts.measure("m") > 0 == fonts.measure("")


@pytest.mark.parametrize("kind", KINDS)
def test_a_view_as_the_last_line_of_a_cell_is_its_picture_and_its_sentence(kind: str) -> None:
    one = view(kind, 0)
    shown = DisplayFormatter().format(one)[0]
    assert shown["text/plain"] == one.describe()
    stage = Stage()
    stage.show([one])
    assert np.array_equal(pixels(shown["image/png"]), pixels(stage.png()))
    assert pixels(shown["image/png"]).std() > 1


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float)


GLOBAL = """
import sys
import matplotlib
def settings():  # not through rcParams[...], which imports pyplot to find out the backend
    return {name: dict.__getitem__(matplotlib.rcParams, name) for name in dict.keys(matplotlib.rcParams)}
before = settings()
sys.path.insert(0, {root!r})
from tests.views.samples import KINDS, view
from attnlab.views.stage import Stage
stage, made = Stage(), []
for kind in KINDS:
    stage.show([view(kind, 0, selected=1)])
    stage.show([view(kind, 1), view(kind, 2)])
stage.save({path!r}, "svg")
stage.png()
assert "matplotlib.pyplot" not in sys.modules and "pylab" not in sys.modules
assert "torch" not in sys.modules and "IPython" not in sys.modules
assert settings() == before
print("clean")
"""


@pytest.mark.slow
def test_nothing_global_is_touched(tmp_path, request: pytest.FixtureRequest) -> None:
    places = {"{root!r}": str(request.config.rootpath), "{path!r}": str(tmp_path / "x.svg")}
    code = GLOBAL
    for name, path in places.items():
        code = code.replace(name, repr(path))
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert run.stdout == "clean\n", run.stderr


def test_two_stages_do_not_disturb_each_other() -> None:
    one, other, views = Stage(), Stage(ratio=2), [Heatmap(np.eye(3)), Heatmap(np.eye(2), selected=0)]
    first = one.show(views[:1])
    other.show(views[1:])
    again = one.show(views[:1])
    assert again.overlay == first.overlay and again.background is None
