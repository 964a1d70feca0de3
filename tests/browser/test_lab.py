"""The page object itself: complaints of a notebook are heard, and a panel moves by mouse and keyboard."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from attnlab.nbval.notebook import text_of
from tests.browser.conftest import Server, browser_path
from tests.browser.lab import Lab


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
    first, before = panel.caption(), panel.pixels()
    with panel.new_frame():
        panel.move("x", to=1)
    assert panel.value("x") == "10"
    assert panel.caption() != first and (panel.pixels() != before).any()
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
    assert panel.value("heads") == "01" and "heads 1" in panel.caption()
    with panel.new_frame():
        panel.press("heads", "Tab", "Space")
    assert panel.value("heads") == "00" and "heads 0" in panel.caption()
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
