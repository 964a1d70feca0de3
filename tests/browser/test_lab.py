"""Every notebook in a real JupyterLab: it opens, runs, and nothing complains."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_notebook

from tests.browser.conftest import Server, browser_path
from tests.browser.lab import Lab
from tests.refresh import NOTEBOOKS, text_of


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_runs_without_complaint(lab: Lab, path: Path) -> None:
    """No error in a cell or in the console, nothing for axe to find in our outputs, room for sliders."""
    lab.open(path.name)
    lab.run_all()
    assert lab.failed_cells() == []
    assert lab.errors == []
    counts = [cell["execution_count"] for cell in lab.notebook()["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
    shown = [cell for cell in lab.notebook()["cells"] if "panel" in cell["metadata"].get("tags", [])]
    assert len(lab.panels()) == len(shown)
    for panel in lab.panels():
        assert panel.error() == ""
        assert panel.sentence() != ""
        assert panel.pixels()[..., :3].std() > 1  # something is drawn
    report = Axe().run(lab.page, context={"include": [[".jp-OutputArea-output"]]})
    assert [f"{v['id']}: {n['html'][:200]}" for v in report.response["violations"] for n in v["nodes"]] == []
    assert_usable_at_200_percent(lab)


def assert_usable_at_200_percent(lab: Lab) -> None:
    """With half the CSS pixels, sliders keep a track of 120 pixels and pictures stay in their column."""
    lab.page.set_viewport_size({"width": 640, "height": 450})
    lab.page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
    lab.page.wait_for_timeout(500)
    for panel in lab.panels():
        panel.root.scroll_into_view_if_needed()
        column, picture = panel.root.bounding_box(), panel.canvas.bounding_box()
        assert column and picture and picture["width"] <= column["width"] + 1
        for track in panel.root.locator(".noUi-base").all():
            assert track.bounding_box()["width"] >= 120


# The page object itself: complaints of a notebook must be heard


def opened(lab: Lab, server: Server, *sources: str) -> Lab:
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    (server.folder / "made.ipynb").write_text(text_of(notebook), encoding="utf-8")
    lab.open("made.ipynb")
    lab.run_all()
    return lab


def test_complaints_are_heard(lab: Lab, lab_server: Server) -> None:
    script = "from IPython.display import Javascript\nJavascript('console.error(\"lost\")')"
    picture = 'from IPython.display import HTML\nHTML(\'<img alt="" src="https://example.org/it.png">\')'
    opened(lab, lab_server, script, picture, "import warnings\nwarnings.warn('old')", "1 / 0")
    failed = "\n".join(lab.failed_cells())
    assert "ZeroDivisionError" in failed and "UserWarning: old" in failed
    said = "\n".join(lab.errors)
    assert "lost" in said and "asked for https://example.org/it.png" in said


def test_a_panel_moves_by_mouse_and_by_keyboard(lab: Lab, lab_server: Server) -> None:
    source = """from attnlab import explore, Bars, Slider, Switches, Toggle, Choice, Sentence
heads = Switches(["head 1", "<b>2</b>"], label="which heads")
@explore(x=Slider(0, 10, value=5), up=False, unit=["", "m"], words=Sentence("one two"), heads=heads)
def look(x, up, unit, words, heads):
    if x == 7: raise ValueError("seven")
    return Bars([x, 10 * up, len(words), sum(heads)], ["x", "up", "words", "heads"], unit=unit)"""
    panel = opened(lab, lab_server, source).panel("look")
    first, before = panel.sentence(), panel.pixels()
    with panel.new_frame():
        panel.move("x", to=1)
    assert panel.value("x") == "10"
    assert panel.sentence() != first and (panel.pixels() != before).any()
    with panel.new_frame():
        panel.press("x", "Home", "ArrowRight")
    assert panel.value("x") == "1"
    with panel.new_frame():
        panel.click("up")
    assert panel.value("up") == "true"
    with panel.new_frame():
        panel.choose("unit", "m")
    with panel.new_frame():
        panel.write("words", "one two three")
    assert panel.value("words") == "one two three" and panel.value("unit") == "m"
    assert panel.root.get_by_role("group", name="which heads").get_by_label("<b>2</b>").is_checked()
    with panel.new_frame():
        panel.click("heads")
    assert panel.value("heads") == "01" and "heads 1" in panel.sentence()
    with panel.new_frame():
        panel.press("heads", "Tab", "Space")
    assert panel.value("heads") == "00" and "heads 0" in panel.sentence()
    with panel.new_frame():
        panel.tap("x", at=0.5)
    assert panel.error() == ""
    assert lab.errors == []


def test_without_a_browser_tests_are_skipped_unless_one_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("ATTNLAB_REQUIRE_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Chromium"):
        browser_path()
    monkeypatch.setenv("ATTNLAB_REQUIRE_BROWSER", "1")
    with pytest.raises(pytest.fail.Exception, match="no Chromium"):
        browser_path()
