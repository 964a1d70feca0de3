"""Nothing that the user set in matplotlib changes a picture, and what they set stands afterwards."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from cycler import cycler
from matplotlib import rc_context, rcParams, style

from attnlab import Slider, explore
from attnlab.views import View
from attnlab.views.stage import Page, Stage
from tests.views.samples import KINDS, pixels, view

pytestmark = pytest.mark.slow  # matplotlib draws many pictures anew

SOME = "heatmap", "log_bars", "curves", "log_curves", "points", "links", "formula", "sound"
HARSH: dict[str, Any] = {
    "agg.path.chunksize": 7,
    "axes.axisbelow": False,
    "axes.facecolor": "red",
    "axes.grid": True,
    "axes.linewidth": 5,
    "axes.prop_cycle": cycler(color=["red"]),
    "axes.unicode_minus": False,
    "axes.xmargin": 0.4,
    "figure.autolayout": True,
    "figure.constrained_layout.use": True,
    "figure.dpi": 50,
    "figure.edgecolor": "red",
    "figure.facecolor": "red",
    "figure.figsize": [1, 1],
    "font.family": ["monospace"],
    "font.size": 30,
    "font.weight": "bold",
    "image.interpolation": "bilinear",
    "image.origin": "lower",
    "legend.facecolor": "red",
    "legend.handlelength": 9,
    "lines.dash_capstyle": "round",
    "lines.dashed_pattern": [1, 9],
    "lines.linewidth": 9,
    "lines.markeredgewidth": 4,
    "lines.scale_dashes": False,
    "mathtext.fontset": "cm",
    "patch.antialiased": False,
    "patch.force_edgecolor": True,
    "patch.linewidth": 9,
    "path.effects": [],
    "path.simplify_threshold": 1.0,
    "path.sketch": (5, 20, 2),
    "path.snap": False,
    "pdf.compression": 0,
    "savefig.bbox": "tight",
    "savefig.dpi": 30,
    "savefig.facecolor": "red",
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "salt",
    "text.antialiased": False,
    "text.color": "red",
    "text.hinting": "none",
    "xtick.bottom": False,
    "xtick.color": "red",
    "xtick.major.size": 20,
    "ytick.direction": "in",
}


def every() -> list[View]:
    return [view(kind, selected=1) for kind in KINDS]


def drawn(views: list[View]) -> np.ndarray:
    stage = Stage()
    stage.show(views)
    return pixels(stage)


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    return drawn([view(kind) for kind in SOME])


@pytest.mark.parametrize("name", style.available)
def test_no_style_changes_a_picture(name: str, plain: np.ndarray) -> None:
    with style.context(name):
        before = dict.copy(rcParams)
        assert np.array_equal(drawn([view(kind) for kind in SOME]), plain)
        assert dict.copy(rcParams) == before


def test_no_setting_that_stood_from_the_start_changes_a_picture(tmp_path: Path) -> None:
    """In a process of its own: widths and outlines of texts are measured once, under these settings."""
    code = (
        f"import matplotlib; matplotlib.rcParams.update({{k: v for k, v in {harsh()!r}.items()}})\n"
        "import numpy as np\nfrom tests.views.test_settings import drawn, every\n"
        f"np.save({str(tmp_path / 'picture.npy')!r}, drawn(every()))"
    )
    path = os.pathsep.join(sys.path)
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})
    assert np.array_equal(np.load(tmp_path / "picture.npy"), drawn(every()))


def harsh() -> dict[str, Any]:
    return {name: value for name, value in HARSH.items() if name != "axes.prop_cycle"}


def test_no_setting_between_two_frames_changes_the_next() -> None:
    moved, expected = Stage(), Stage()
    for stage in (moved, expected):
        stage.show([view(kind, 0) for kind in SOME])
    with rc_context(HARSH):
        one = moved.show([view(kind, 1, selected=1, title="other") for kind in SOME])
        moved.turn_to(Page(1, 2))
        sharper = moved.show([view(kind, 1, selected=1, title="other") for kind in SOME])
        picture = moved.png()
    assert one == expected.show([view(kind, 1, selected=1, title="other") for kind in SOME])
    expected.turn_to(Page(1, 2))
    assert sharper == expected.show([view(kind, 1, selected=1, title="other") for kind in SOME])
    assert picture == expected.png()


def saved(kind: str, path: Path) -> bytes:
    stage = Stage()
    stage.show([view(name) for name in SOME])
    stage.save(path, kind)
    return path.read_bytes()


def lone(_: Path) -> object:
    return view("heatmap")._repr_mimebundle_()


def panel(path: Path) -> object:
    """A file and small multiples."""
    made = explore(lambda seed: view("curves", seed), seed=Slider(0, 2, step=1))
    made.save(path.with_suffix(".png"))
    strip = made.filmstrip(seed=[0, 1])._repr_mimebundle_()[0]
    return path.with_suffix(".png").read_bytes(), strip["image/png"]


@pytest.mark.parametrize("made", [partial(saved, "png"), lone, panel])
def test_no_setting_changes_what_is_kept(made: Callable[[Path], object], tmp_path: Path) -> None:
    plain = made(tmp_path / "plain")
    with rc_context(HARSH):
        assert made(tmp_path / "harsh") == plain


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_no_setting_changes_a_drawing(kind: str, tmp_path: Path) -> None:
    """Only its date and its random ids differ, so its length is the same."""
    plain = saved(kind, tmp_path / "plain")
    with rc_context(HARSH):
        assert abs(len(saved(kind, tmp_path / "harsh")) - len(plain)) < 40


def test_what_the_user_sets_stands_also_after_an_error() -> None:
    class Broken(View):
        def box(self, measure: Any) -> Any:
            raise ArithmeticError

    with rc_context(HARSH):
        before = dict.copy(rcParams)
        with pytest.raises(ArithmeticError):
            Stage().show([Broken()])
        assert all(dict.__getitem__(rcParams, name) is value for name, value in before.items())
        assert matplotlib.rcParams["font.size"] == 30
