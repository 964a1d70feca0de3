"""A training that is watched: what is painted when, what Stop leaves, what a fault in the function does."""

from typing import Any

import numpy as np
import pytest

from attnlab import Curves, Heatmap, Live, Note, tasks
from attnlab.models import Transformer
from attnlab.training import Run, fit, resume, sweep
from tests.panels.hands import button, press, screen

STOP = "■ Stop"
TASK = tasks.reverse(length=6, train=64, validation=16)


def model(**choices: Any) -> Transformer:
    return Transformer.for_task(TASK, **({"d_model": 8, "d_ff": 0} | choices))


def look(run: Run) -> tuple[Heatmap, Note]:
    return Heatmap(run.last.attention[0, 0]), Note(f"frame {len(run)}, step {run.steps[-1]}")


def test_the_last_frame_is_on_the_screen_and_the_run_is_as_without_a_watch() -> None:
    live = Live(look)
    run = fit(model(), TASK, steps=30, frames=10, watch=live)
    assert live.digest.endswith("frame 11, step 30") and live.progress == "finished after 30 steps"
    assert live.digest.details == "\n".join(view.describe() for view in look(run))
    assert (run.weights == fit(model(), TASK, steps=30, frames=10).weights).all()


def test_it_paints_while_the_training_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attnlab.panels.live.PAUSE", 0)
    monkeypatch.setattr("attnlab.panels.live.SHARE", 0)
    steps, said, live = [], [], Live()

    def note(run: Run) -> Note:
        steps.append(int(run.steps[-1]))
        said.append(live.progress)
        assert run.ended in ("in training", "finished")
        return Note("it runs")

    live = Live(note)
    fit(model(), TASK, steps=20, frames=5, watch=live)
    assert steps == [0, 4, 8, 12, 16, 20]
    assert said[0] == "step 0 of 20" and said[2].startswith("step 8 of 20, about 1 s left")


def test_pictures_wait_when_painting_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attnlab.panels.live.PAUSE", 3600)
    steps = []
    fit(model(), TASK, steps=20, frames=20, watch=Live(lambda run: steps.append(run.steps[-1]) or look(run)))
    assert steps == [0, 20]


@pytest.mark.parametrize("at", [0, 7])
def test_stop_keeps_what_is_learnt_and_can_be_continued(at: int) -> None:
    class Impatient(Live):
        def step(self, step: int) -> None:
            super().step(step)
            button(self, STOP).disabled or (step == at and press(self, STOP))

        def begin(self, steps: int) -> None:
            super().begin(steps)
            if at == 0:
                press(self, STOP)

    live = Impatient(look)
    run = fit(model(), TASK, steps=20, watch=live)
    assert run.ended == live.progress == f"stopped at step {at}" and run.steps[-1] == at
    assert live.digest.endswith(f"step {at}") and button(live, STOP).disabled
    whole = fit(model(), TASK, steps=20)
    assert (resume(run).weights == whole.weights).all()


def test_a_second_training_begins_afresh() -> None:
    live = Live(look)
    live.begin(10)
    press(live, STOP)
    run = fit(model(), TASK, steps=5, watch=live)
    assert run.ended == "finished"


def test_a_fault_in_the_function_is_shown_and_loses_nothing() -> None:
    def broken(run: Run) -> Any:
        return Note("fine") if len(run) == 1 else 1 / 0

    live = Live(broken)
    run = fit(model(), TASK, steps=10, watch=live)
    assert run.ended == "finished" and len(run) == 11
    assert "ZeroDivisionError: division by zero" in screen(live).error and "1 / 0" in screen(live).error
    with pytest.raises(ZeroDivisionError):
        _ = live.digest


def test_what_is_no_view_is_a_fault_too() -> None:
    live = Live(lambda run: run)
    fit(model(), TASK, steps=2, watch=live)
    with pytest.raises(TypeError, match="returned a Run: return views"):
        _ = live.digest


def test_without_a_function_there_is_the_progress_alone() -> None:
    live = Live()
    fit(model(), TASK, steps=5, watch=live)
    assert live.progress == "finished after 5 steps" and live.digest == ""


def test_a_function_is_asked_for() -> None:
    with pytest.raises(TypeError, match="Live needs a function of the run so far"):
        Live(Note("a view"))


def test_several_trainings_one_by_one_are_one_progress(capsys: pytest.CaptureFixture[str]) -> None:
    live = Live(look)
    steps = []
    live.step = steps.append
    sweep(lambda n_layers: model(n_layers=n_layers), TASK, 4, n_layers=[1, 2], say=lambda _: None, watch=live)
    assert steps == [1, 2, 3, 4, 5, 6, 7, 8] and live.progress == "finished after 8 steps"
    assert capsys.readouterr().out.count("live view") == 1  # shown once


def test_the_saved_output_is_the_same_every_time() -> None:
    one, other = (Live(look)._repr_mimebundle_()[0] for _ in range(2))
    assert one["text/plain"] == other["text/plain"] and "0x" not in one["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in one


def test_a_curve_that_grows_moves_in_place() -> None:
    views = [
        Curves({"loss": np.arange(n) + 1.0}, x=np.arange(n), xlim=(0, 100), ylim=(0, 100)) for n in (2, 50)
    ]
    assert views[0].key() == views[1].key()
    assert Curves({"loss": [1.0, 2.0]}).key() != Curves({"loss": [1.0, 2.0]}, xlim=(0, 9)).key()
    with pytest.raises(ValueError, match="xlim must be"):
        Curves({"loss": [1.0, 2.0]}, xlim=(3, 1))
