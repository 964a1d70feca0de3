"""A training watched in a real JupyterLab: the picture moves while the cell runs, and Stop works then."""

from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_notebook

from attnlab.nbval.notebook import text_of
from tests.browser.conftest import Server
from tests.browser.lab import Lab

TRAINING = """
from attnlab import Curves, Heatmap, Live, tasks
from attnlab.models import Transformer
from attnlab.training import fit
task = tasks.reverse()
model = Transformer.for_task(task, d_model=16, d_ff=0)
fixed = {"xlim": (0, 20_000), "ylim": (0, 4)}
live = Live(lambda run: (Heatmap(run.last.attention[0, 0]), Curves(run.loss, x=run.steps, **fixed)))
run = fit(model, task, steps=1_000_000, frames=100_000, learning_rate=1e-4, watch=live)
"""
AFTER = "print(run.ended, len(run.steps), run.steps[-1] == len(run.losses) - 1)"


def test_the_picture_moves_and_stop_works_while_the_cell_runs(lab: Lab, lab_server: Server) -> None:
    cells = [new_code_cell(TRAINING), new_code_cell(AFTER)]
    (lab_server.folder / "made.ipynb").write_text(text_of(new_notebook(cells=cells)), encoding="utf-8")
    lab.open("made.ipynb")
    lab.start_all()
    live = lab.training()
    live.screen.wait_for(timeout=60_000)
    first = live.wait_for_a_frame()
    assert live.wait_for_a_frame(after=first + 5) > first  # the picture moves while the cell runs
    words = live.root.locator(".attnlab-progress").inner_text()
    assert "of 1000000, about" in words and words.endswith(" left")
    live.button("■ Stop").click()
    lab.page.wait_for_function(
        "jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
    )
    live.settle()
    said = "".join(lab.notebook()["cells"][1]["outputs"][0]["text"])
    assert said.startswith("stopped at step ") and said.endswith("True\n")
    assert live.root.locator(".attnlab-progress").inner_text() == " ".join(said.split()[:4])
    assert live.button("■ Stop").is_disabled()
    assert live.caption().startswith("strongest ") and live.account().startswith("map, 10 by 10")
    assert lab.value_of("live.digest") == live.caption()
    report = Axe().run(lab.page, context={"include": [[".jp-OutputArea-output"]]})
    assert [v["id"] for v in report.response["violations"]] == []
    assert lab.errors == []
