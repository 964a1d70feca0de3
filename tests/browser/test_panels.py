"""One panel in a real browser, every way to use it."""

import ast
import hashlib
from typing import Any

import nbformat
import pytest

from tests.browser.conftest import Server
from tests.browser.lab import Lab, LivePanel
from tests.browser.test_lab import opened

PANEL = """
import time
import numpy as np
from attnlab import *
from attnlab.attention import softmax
tokens = ["The", "<b>cat</b>", "猫😀", "slept"]
scores = np.arange(16.0).reshape(4, 4) % 5
@explore(query=Choice(tokens, value="slept"), temperature=Slider(0.5, 5.0, value=1.0), step=Scrub(range(6)),
         presets={"sharp": "temperature=0.5;query=The"})
def look(query, temperature, step):
    if temperature == 5.0:
        raise ValueError("<i>too hot</i>")
    i = tokens.index(query)
    weights = softmax(scores + step, temperature=temperature)
    return Heatmap(weights, tokens, tokens, "weights", select="query", selected=i), Note(f"step {step}")
"""


@pytest.fixture
def look(lab: Lab, lab_server: Server) -> LivePanel:
    return opened(lab, lab_server, PANEL).panel("look")


def cell_at(lab: Lab, live: LivePanel, row: int, col: int) -> tuple[float, float]:
    """The middle of a cell of the heatmap, as fractions of the picture."""
    shown = lab.frame("look")
    x, y, width, height = shown["hits"][0]["box"]
    return (x + (col + 0.5) * width / 4) / shown["size"][0], (y + (row + 0.5) * height / 4) / shown["size"][1]


def test_the_pointer_tells_query_key_and_value_without_the_kernel(
    lab: Lab, look: LivePanel, lab_server: Server
) -> None:
    place = cell_at(lab, look, 3, 1)
    lab.start_code(WAIT)
    look.hover(*place)
    lab.page.wait_for_function("!document.querySelector('.attnlab-tip').hidden")
    assert look.tip() == "query slept → key <b>cat</b>: 0.242"
    look.hover(0.999, 0.001)
    assert look.tip() == ""
    assert lab.page.evaluate("window.attnlabRunning"), "the kernel was busy all the time"
    (lab_server.folder / "go").touch()
    lab.wait_for_code()
    (lab_server.folder / "go").unlink()


WAIT = """
from pathlib import Path
deadline = time.monotonic() + 60
while not Path("go").exists():
    assert time.monotonic() < deadline, "nobody said go"
    time.sleep(0.05)
"""


def test_a_click_on_a_row_and_the_arrow_keys_set_the_control(lab: Lab, look: LivePanel) -> None:
    with look.new_frame():
        look.click_picture(*cell_at(lab, look, 1, 2))
    assert look.value("query") == "<b>cat</b>" and "row <b>cat</b> selected" in look.account()
    with look.new_frame():
        look.press_picture("ArrowDown")
    assert look.value("query") == "猫😀"
    with look.new_frame():
        look.press_picture("ArrowUp", "ArrowUp")
    assert look.value("query") == "The"
    assert lab.page.locator(".attnlab-caption b").count() == 0, "text is text"


def test_presets_reset_and_errors(lab: Lab, look: LivePanel) -> None:
    start = look.caption()
    with look.new_frame():
        look.button("sharp").click()
    assert look.value("temperature") == "0.50" and look.value("query") == "The"
    good = look.pixels()
    look.press("temperature", "End")
    look.root.locator(".attnlab-error").wait_for()
    assert "ValueError: <i>too hot</i>" in look.error() and "line 11" in look.error()
    assert (look.pixels() == good).all(), "the last good picture stays"
    with look.new_frame():
        look.press("temperature", "ArrowLeft")
    assert look.error() == ""
    with look.new_frame():
        look.button("Reset").click()
    assert look.caption() == start and lab.errors == []


def test_play_runs_to_the_end_and_pauses(lab: Lab, look: LivePanel) -> None:
    look.button("▶ Play").click()
    lab.page.wait_for_function("document.querySelector('.attnlab-caption').textContent.endsWith('step 5')")
    look.button("▶ Play").wait_for()
    assert look.value("step") == "5"
    look.button("▶ Play").click()
    look.button("❚❚ Pause").click()
    look.settle()
    assert int(look.value("step")) < 5


BUSY = """
deadline, moves = time.monotonic() + 60, 0
while look.values["temperature"] < 2.0 and time.monotonic() < deadline:
    look.set(query=tokens[moves % 4])
    moves += 1
    time.sleep(0.02)
assert look.values["temperature"] == 2.0, (look.values, moves)
"""


def test_a_slider_moves_its_picture_while_a_cell_runs(lab: Lab, look: LivePanel) -> None:
    """The cell moves the query, a hand the temperature; the cell ends when the hand has arrived."""
    lab.start_code(BUSY)
    numbers = [look.sequence()]
    for _ in range(20):
        look.press("temperature", "ArrowRight")
        numbers.append(look.sequence())
    assert numbers == sorted(numbers)
    lab.wait_for_code()  # fails when the slider did not arrive while the cell ran
    look.settle()
    assert look.sequence() >= numbers[0] + 20
    assert look.value("temperature") == "2.00"
    assert look.account() == ast.literal_eval(lab.value_of("look.digest.details"))
    assert look.error() == "" and lab.errors == []


def test_code_and_browser_agree_after_a_burst_of_moves(lab: Lab, look: LivePanel) -> None:
    """A FloatSlider would send old values back and undo the last move."""
    lab.run_code("for t in np.linspace(0.5, 4.5, 81).round(2): look.set(temperature=float(t))")
    look.settle()
    assert lab.value_of("look.state") == "'query=slept;temperature=4.5;step=0'"
    assert look.value("temperature") == "4.50"
    assert look.account() == ast.literal_eval(lab.value_of("look.digest.details"))


def test_hidpi_pictures_are_sharp(lab_server: Server, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, device_scale_factor=2)
    lab = Lab(context.new_page(), lab_server.address, "browser-tests")
    live = opened(lab, lab_server, PANEL).panel("look")
    lab.page.wait_for_function("document.querySelector('canvas.attnlab-canvas').width > 700")
    box = live.canvas.bounding_box()
    assert live.pixels().shape[1] == pytest.approx(2 * box["width"], abs=2)
    lab.shut_down()
    context.close()


def test_present_enlarges_and_goes_back(lab: Lab, look: LivePanel) -> None:
    width = look.canvas.bounding_box()["width"]
    with look.new_frame():
        lab.run_code("present(1.5)")
    assert look.canvas.bounding_box()["width"] > 1.2 * width
    code = "getComputedStyle(document.querySelector('.jp-Notebook .cm-content')).fontSize"
    assert float(lab.page.evaluate(code).removesuffix("px")) >= 18
    with look.new_frame():
        lab.run_code("present(1)")
    assert look.canvas.bounding_box()["width"] == pytest.approx(width, abs=2)


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_save_picture_downloads_the_still_picture_through_a_link_in_the_page(
    lab: Lab, look: LivePanel
) -> None:
    """At twice the pixels, light on a dark page; some front ends only find a link that is in the page."""
    lab.page.evaluate(WATCH_LINKS)
    with lab.page.expect_download() as download:
        look.button("Save picture").click()
    assert download.value.suggested_filename == "look.png"
    saved = download.value.path().read_bytes()
    assert f"'{digest_of(saved)}'" == lab.value_of("__import__('hashlib').sha256(look.png(2.0)).hexdigest()")
    assert lab.page.evaluate("window.attnlabLinks") == [True], "it was in the page when it was clicked"
    assert lab.page.locator("body > a[download]").count() == 0, "and is gone"


WATCH_LINKS = """() => {
    window.attnlabLinks = [];
    const click = HTMLAnchorElement.prototype.click;
    HTMLAnchorElement.prototype.click = function () {
        window.attnlabLinks.push(document.body.contains(this));
        click.call(this);
    };
}"""


def test_a_typed_number_moves_the_slider_to_its_nearest_place(lab: Lab, look: LivePanel) -> None:
    handle = look.control("temperature").locator(".noUi-handle")
    for typed, shown in (("2.31", "2.30"), ("0,7", "0.70"), ("99", "5.00"), ("-3", "0.50")):
        before = look.sequence()
        look.type_number("temperature", typed)
        lab.page.wait_for_function(
            "([each, text]) => each.getAttribute('aria-valuetext') === text",
            arg=[handle.element_handle(), shown],
        )
        assert look.value("temperature") == shown
        if shown != "5.00":  # there the function has no picture
            assert look.moved_on(before)
            assert float(lab.value_of("look.values['temperature']")) == float(shown)
    for typed in ("hot", ""):
        look.type_number("temperature", typed)
        lab.page.wait_for_timeout(300)
        assert look.value("temperature") == "0.50", "what is no number moves nothing"
    look.control("temperature").locator(".widget-readout").click()
    for key in ("d", "d", "a", "Escape"):
        lab.page.keyboard.press(key)
    assert look.value("temperature") == "0.50" and len(lab.notebook()["cells"]) == 1
    assert lab.errors == []


def test_the_picture_follows_the_theme(lab: Lab, look: LivePanel) -> None:
    light = look.pixels()
    assert (light[2, 2, :3] == 255).all()
    for theme, ground in (("JupyterLab Dark", 0x11), ("JupyterLab Light", 255)):
        before = look.sequence()
        lab.page.evaluate(
            "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})", theme
        )
        look.wait_for_new_frame(before)
        assert (look.pixels()[2, 2, :3] == ground).all()
        dark = "attnlab-dark" in (look.root.get_attribute("class") or "")
        assert dark == (ground < 128)
    assert (look.pixels() == light).all()
    assert lab.errors == []


STRIP = """
import numpy as np
from attnlab import *
explore(lambda x: Heatmap(np.eye(4) * x / 9, title="a map"), x=(0, 9)).filmstrip(x=[1, 5, 9])
"""


def test_small_multiples_follow_the_theme_and_keep_their_keys(lab: Lab, lab_server: Server) -> None:
    opened(lab, lab_server, STRIP)
    strip = LivePanel(lab.page, lab.page.locator(".jp-OutputArea-output:has(.attnlab-screen)"))
    strip.settle()
    before = strip.sequence()
    lab.page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    strip.wait_for_new_frame(before)
    assert (strip.pixels()[2, 2, :3] == 0x11).all()
    for each in (strip.button("Save picture"), strip.root.locator("summary")):
        each.focus()
        for key in ("d", "d", "a"):
            lab.page.keyboard.press(key)
    assert len(lab.notebook()["cells"]) == 1, "no key reaches the notebook"
    assert lab.errors == []


def test_no_key_on_a_button_reaches_the_notebook(lab: Lab, look: LivePanel) -> None:
    for button in look.root.get_by_role("button").all():
        button.focus()
        for key in ("d", "d", "a"):
            lab.page.keyboard.press(key)
        assert len(lab.notebook()["cells"]) == 1, button.inner_text()
    assert lab.errors == []


def test_the_picture_takes_the_room_that_it_has(lab: Lab, look: LivePanel) -> None:
    lab.resize(1366, 650)
    look.settle()
    assert look.height() <= lab.pane()
    whole, words = look.canvas.bounding_box(), look.caption()
    lab.resize(1366, 480)
    look.settle()
    assert look.canvas.bounding_box()["height"] < whole["height"] and look.caption() == words
    lab.resize(1366, 650)
    look.settle()
    assert look.canvas.bounding_box() == whole, "as before"
    assert lab.errors == []


def test_on_a_tablet_a_tap_tells_of_a_cell_and_a_finger_that_moves_of_each(
    lab_server: Server, browser: Any
) -> None:
    context = browser.new_context(viewport={"width": 820, "height": 1100}, has_touch=True, is_mobile=False)
    lab = Lab(context.new_page(), lab_server.address, "browser-tests")
    live = opened(lab, lab_server, CROWDED.replace("120", "12")).panel("look")
    shown = lab.frame("look")
    x, y, width, height = shown["hits"][0]["box"]

    def place(row: int, col: int) -> tuple[float, float]:
        return live.point(
            (x + (col + 0.5) * width / 12) / shown["size"][0],
            (y + (row + 0.5) * height / 12) / shown["size"][1],
        )

    lab.page.touchscreen.tap(*place(3, 3))
    assert live.tip() == "query 3 → key 3: 1.000"
    lab.page.wait_for_timeout(300)
    assert live.tip() == "query 3 → key 3: 1.000", "it stays"
    lab.page.touchscreen.tap(*place(4, 2))
    assert live.tip() == "query 4 → key 2: 0.000"
    finger = context.new_cdp_session(lab.page)
    for kind, at in (("Start", (5, 5)), ("Move", (5, 6)), ("Move", (5, 8))):
        px, py = place(*at)
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": [{"x": px, "y": py}]})
    lab.page.wait_for_function(SAYS, arg="query 5 → key 8: 0.000")
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    box = live.caption_box()
    lab.page.touchscreen.tap(box["x"] + 5, box["y"] + 5)
    assert live.tip() == "", "a tap elsewhere takes it away"
    for each in live.root.locator(".noUi-handle, button, select").all():
        box = each.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 820, "everything is reached"
        assert box["height"] >= 24, "and hit by a finger"
    assert lab.errors == []
    lab.shut_down()
    context.close()


SAYS = "text => document.querySelector('.attnlab-tip').textContent === text"


def test_a_second_view_and_a_moved_cell_leave_no_error(lab: Lab, look: LivePanel) -> None:
    lab.page.evaluate("jupyterapp.commands.execute('notebook:create-output-view')")
    lab.page.wait_for_function("document.querySelectorAll('.attnlab-panel-look canvas').length === 2")
    with look.new_frame():
        look.press("temperature", "ArrowRight")
    lab.page.set_viewport_size({"width": 1200, "height": 600})  # each has another room: they do not argue
    lab.page.wait_for_timeout(1500)
    rest = look.sequence()
    lab.page.wait_for_timeout(1500)
    assert look.sequence() == rest
    lab.page.evaluate(CLOSE_OTHERS)
    lab.page.wait_for_function("document.querySelectorAll('.attnlab-panel-look canvas').length === 1")
    look = lab.panel("look")
    with look.new_frame():
        look.press("temperature", "ArrowRight")
    for command in ("notebook:insert-cell-below", "notebook:move-cell-up", "notebook:move-cell-down"):
        lab.page.evaluate("name => jupyterapp.commands.execute(name)", command)
        lab.page.wait_for_timeout(300)
    with lab.panel("look").new_frame():
        lab.panel("look").press("temperature", "ArrowRight")
    assert lab.errors == []


CLOSE_OTHERS = """() => {
    for (const widget of [...jupyterapp.shell.widgets("main")])
        if (widget.content?.node?.classList.contains("jp-LinkedOutputView")) widget.dispose();
}"""


def test_high_contrast_keeps_tracks_handles_and_arrows(lab: Lab, look: LivePanel) -> None:
    lab.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    style = "each => (({borderTopStyle, forcedColorAdjust, appearance}) =>"
    style += " [borderTopStyle, forcedColorAdjust, appearance])(getComputedStyle(each))"
    assert look.root.locator(".noUi-target").first.evaluate(style)[0] == "solid"
    assert look.root.locator(".noUi-handle").first.evaluate(style)[1] == "none"
    assert look.root.locator("select").first.evaluate(style)[2] == "auto"
    assert lab.errors == []


LINES = """
import numpy as np
from attnlab import *
tokens = ["The", "cat", "slept", "well"]
shares = softmax(np.arange(32.0).reshape(2, 4, 4) * 7 % 5)
@explore(query=Choice(tokens, value="cat"), shift=Slider(0, 3, value=0), heads=Switches(["head 1", "head 2"]))
def look(query, shift, heads):
    more = {"select": "query", "selected": tokens.index(query)}
    return Links(np.roll(shares, shift, axis=2), tokens, tokens, "lines", heads=heads, **more)
"""


@pytest.fixture
def lines(lab: Lab, lab_server: Server) -> LivePanel:
    return opened(lab, lab_server, LINES).panel("look")


def token_at(lab: Lab, side: int, row: int) -> tuple[float, float]:
    """The middle of a token, as fractions of the picture; side 0 holds the queries, 1 the keys."""
    shown = lab.frame("look")
    x, y, width, height = shown["hits"][side]["box"]
    return (x + width / 2) / shown["size"][0], (y + (row + 0.5) * height / 4) / shown["size"][1]


def test_pointing_at_a_token_shows_its_lines_alone(lab: Lab, lines: LivePanel) -> None:
    whole, caption, state = lines.pixels(), lines.caption(), lab.value_of("look.state")
    lab.page.evaluate(WATCH_CAPTION)
    seen = []
    for side, row in ((0, 0), (0, 3), (1, 2)):
        with lines.new_frame():
            lines.hover(*token_at(lab, side, row))
        seen.append(lines.pixels())
        name = f"{('query', 'key')[side]} {('The', 'well', 'slept')[len(seen) - 1]}:"
        tip = lines.root.locator(".attnlab-tip").bounding_box()
        assert tip["y"] > lines.point(*token_at(lab, 0, 3))[1], "below the lines, which it would cover"
        assert lines.tip().startswith(f"{name}\nhead 1: ") and "\nhead 2: " in lines.tip()
    assert len({picture.tobytes() for picture in [whole, *seen]}) == 4
    with lines.new_frame():
        lines.hover(0.5, 0.999)
    assert (lines.pixels() == whole).all() and lines.tip() == ""
    with lines.new_frame():
        lines.hover(*token_at(lab, 0, 3))
    with lines.new_frame():
        lab.page.mouse.move(5, 5)
    assert (lines.pixels() == whole).all()
    assert lines.caption() == caption and lab.page.evaluate("window.attnlabSaid") == 0
    assert lab.value_of("look.state") == state and lab.errors == []


WATCH_CAPTION = """() => {
    const watched = { childList: true, characterData: true, subtree: true };
    const count = (changes) => { window.attnlabSaid += changes.length };
    window.attnlabSaid = 0;
    new MutationObserver(count).observe(document.querySelector(".attnlab-caption"), watched);
}"""


def test_a_move_while_pointing_keeps_the_lines_alone(lab: Lab, lines: LivePanel) -> None:
    with lines.new_frame():
        lines.hover(*token_at(lab, 0, 3))
    with lines.new_frame():
        lab.run_code("look.set(shift=2)")
    pointed = lines.pixels()
    with lines.new_frame():
        lab.page.mouse.move(5, 5)
    whole = lines.pixels()
    assert (pointed != whole).any() and lines.value("shift") == "2"
    with lines.new_frame():
        lines.hover(*token_at(lab, 0, 3))
    assert (lines.pixels() == pointed).all() and lab.errors == []


def test_the_pointer_asks_for_one_picture_at_a_time(lab: Lab, lines: LivePanel) -> None:
    """It races over the tokens while the kernel paints the first: then only the newest is asked for."""
    lab.run_code(SLOW)
    before, places = lines.sequence(), [token_at(lab, 0, row) for row in range(4)]
    for turn in range(12):
        lines.hover(*places[turn % 4])
    lines.settle(quiet=2)
    assert lab.value_of("asked") == "[[0, 'query', 0], [0, 'query', 3]]"
    assert lines.sequence() == before + 2 and lab.errors == []


SLOW = """
import time
from attnlab.views.stage import Stage
asked, show = [], Stage.show
def slow(stage, views):
    asked.append(stage.pointer)
    time.sleep(1.5)
    return show(stage, views)
Stage.show = slow
"""


def test_a_saved_picture_has_all_lines_and_the_keyboard_chooses(lab: Lab, lines: LivePanel) -> None:
    with lines.new_frame():
        lines.hover(*token_at(lab, 0, 3))
    with lab.page.expect_download() as download:
        lines.button("Save picture").press("Enter")
    saved = download.value.path().read_bytes()
    assert f"'{digest_of(saved)}'" == lab.value_of("__import__('hashlib').sha256(look.png(2.0)).hexdigest()")
    lab.page.mouse.move(5, 5)
    with lines.new_frame():
        lines.press_picture("ArrowDown")
    assert lines.value("query") == "slept" and "slept → " in lines.caption()
    with lines.new_frame():
        lines.press("heads", "Space", which=1)
    assert lines.value("heads") == "10" and "head 2: not shown" in lines.account()
    assert lab.errors == []


def test_a_saved_notebook_opens_with_its_pictures(lab: Lab, look: LivePanel, lab_server: Server) -> None:
    lab.save()
    lab.page.wait_for_timeout(500)
    saved = nbformat.read(lab_server.folder / "made.ipynb", 4)
    assert "widgets" not in saved.metadata
    data = saved.cells[0].outputs[0]["data"]
    assert set(data) == {"text/plain", "image/png"}
    lab.shut_down()
    lab.page.goto(f"{lab.address}/lab/tree/made.ipynb?token={lab.token}&reset")
    lab.page.wait_for_selector(".jp-OutputArea-output img")
    assert "Error displaying widget" not in lab.page.inner_text(".jp-Notebook")


def test_an_older_frame_is_never_painted_after_a_newer_one(lab: Lab, look: LivePanel) -> None:
    lab.run_code("old = dict(look.widget.children[-1].frame)")
    with look.new_frame():
        lab.run_code("look.set(query='The')")
    newer, picture, account = look.sequence(), look.pixels(), look.account()
    lab.run_code("look.widget.children[-1].frame = old")
    lab.page.wait_for_timeout(500)
    assert look.sequence() == newer and look.account() == account
    assert (look.pixels() == picture).all()
    with look.new_frame():
        lab.run_code("look.widget.children[-1].frame = {**old, 'number': 1000}")
    assert look.account() != account


def test_the_account_is_folded_and_the_keyboard_opens_it(lab: Lab, look: LivePanel) -> None:
    """What is said aloud is the caption: the fold says nothing by itself."""
    account, summary = look.root.locator(".attnlab-account"), look.root.locator("summary")
    assert not account.is_visible() and look.caption() == "step 0" and look.caption_lines() == 1
    summary.focus()
    lab.page.keyboard.press("Enter")
    account.wait_for()
    assert account.inner_text() == ast.literal_eval(lab.value_of("look.digest.details"))
    with look.new_frame():
        look.press("step", "End")
    assert account.is_visible() and account.inner_text().endswith("step 5")
    spoken = look.root.locator("[aria-live]")
    assert spoken.count() == 1 and spoken.inner_text() == look.caption() == "step 5"
    summary.focus()
    for key in ("d", "d", "a", "Space"):
        lab.page.keyboard.press(key)
    assert not account.is_visible() and len(lab.notebook()["cells"]) == 1, "no key reaches the notebook"
    assert lab.errors == []


CLUMSY = """
import numpy as np
from attnlab import *
@explore(x=Slider(0, 10, value=1))
def look(x):
    print("x is", x)
    if x == 4:
        raise ValueError("no picture for 4")
    return Bars([x], ["x"], limit=10)
"""


def opacity(look: LivePanel) -> float:
    return float(look.canvas.evaluate("canvas => getComputedStyle(canvas).opacity"))


def test_a_picture_of_an_earlier_state_is_marked(lab: Lab, lab_server: Server) -> None:
    """Not even another zoom or a projector takes the mark away: only a picture of what the controls say."""
    look = opened(lab, lab_server, CLUMSY).panel("look")
    printed = look.root.locator(".attnlab-printed")
    for key in ("ArrowRight", "ArrowRight"):
        with look.new_frame():
            look.press("x", key)
    assert printed.inner_text().strip() == "x is 3" and opacity(look) == 1
    look.press("x", "ArrowRight")
    look.root.locator(".attnlab-error").wait_for()
    lab.page.wait_for_function("document.querySelector('.attnlab-printed').textContent.trim() === 'x is 4'")
    for scale in (1.4, 1.2):
        assert "no picture for 4" in look.error() and "an earlier state" in look.error()
        assert opacity(look) < 0.5 and look.alternative_text().startswith("An earlier picture: ")
        with look.new_frame():
            lab.run_code(f"import attnlab; attnlab.present({scale})")
    with look.new_frame():
        lab.run_code("attnlab.present(1)")
    with look.new_frame():
        look.press("x", "ArrowRight")
    assert look.error() == "" and opacity(look) == 1 and "x 5.00" in look.alternative_text()
    lab.run_code("look.set(x=6)")
    look.settle()
    assert not printed.is_visible() and lab.errors == []


CROWDED = """
import numpy as np
from attnlab import *
@explore(shift=Slider(0, 3, value=0))
def look(shift):
    return Heatmap(np.roll(np.eye(120), shift, axis=1), title="many tokens")
"""


def test_the_kernel_is_asked_for_the_text_of_a_cell_where_there_are_many(
    lab: Lab, lab_server: Server
) -> None:
    look = opened(lab, lab_server, CROWDED).panel("look")
    shown = lab.frame("look")
    assert shown["hits"][0]["values"] is None
    x, y, width, height = shown["hits"][0]["box"]

    def told(row: int, col: int, text: str) -> None:
        place = (
            (x + (col + 0.5) * width / 120) / shown["size"][0],
            (y + (row + 0.5) * height / 120) / shown["size"][1],
        )
        look.hover(*place)
        lab.page.wait_for_function(
            "text => document.querySelector('.attnlab-tip').textContent === text", arg=text
        )

    told(5, 5, "query 5 → key 5: 1.000")
    told(5, 90, "query 5 → key 90: 0.000")
    lab.run_code("look.set(shift=1)")
    look.settle()
    told(5, 5, "query 5 → key 5: 0.000")
    told(5, 6, "query 5 → key 6: 1.000")
    assert lab.errors == []


def test_panels_side_by_side_in_a_layout_of_widgets(lab: Lab, lab_server: Server) -> None:
    source = (
        CLUMSY.replace("@explore(x=Slider(0, 10, value=1))\n", "")
        + """
import ipywidgets
one = explore(look, x=Slider(0, 10, value=1))
tab = ipywidgets.Tab([one.widget, explore(lambda y: Note(f"y is {y}"), y=(0, 3)).widget])
tab"""
    )
    look = opened(lab, lab_server, source).panel("look")
    with look.new_frame():
        look.press("x", "ArrowRight")
    assert "x 2.00" in look.caption() and lab.errors == []


def test_a_cell_run_again_and_again_leaves_one_panel(lab: Lab, look: LivePanel) -> None:
    def widgets() -> int:
        return int(lab.value_of("len(__import__('ipywidgets').widget._instances)"))

    once = widgets()
    for _ in range(5):
        lab.run_all()
    assert widgets() == once and len(lab.panels()) == 1
    look = lab.panel("look")
    with look.new_frame():
        look.press("temperature", "ArrowLeft")
    assert lab.errors == []
