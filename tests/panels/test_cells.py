"""A cell that is run again closes the panels that it made before: in a real kernel."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.slow  # a kernel for itself

Run = Callable[..., Any]

SETUP = """
import gc
import ipywidgets
from attnlab import Live, Note, Panel, Slider, explore
from attnlab.views.stage import Stage
kept = []
def counts():
    gc.collect()
    panels = [each for each in gc.get_objects() if isinstance(each, (Panel, Stage))]
    return len(ipywidgets.widget._instances), len(panels)
"""
PANEL = """
@explore(x=Slider(0, 5), presets={"two": "x=2"})
def show(x):
    return Note(f"x is {x}")
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel()
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def run(kernel: BlockingKernelClient) -> Run:
    """Runs code as a front end does that names the cell; returns the value of its last line."""

    def execute(code: str, cell: str | None = None) -> Any:
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": True}  # fmt: skip
        message = kernel.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        kernel.shell_channel.send(message)
        value = None
        while True:
            answer = kernel.get_iopub_msg(timeout=60)
            if answer["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            kind, said = answer["msg_type"], answer["content"]
            assert kind != "error", said["evalue"]
            if kind == "execute_result":
                value = ast.literal_eval(said["data"]["text/plain"])
            elif kind == "status" and said["execution_state"] == "idle":
                return value

    execute(SETUP)
    return execute


def test_a_cell_that_is_run_forty_times_leaves_the_widgets_of_one_panel(run: Run) -> None:
    run(PANEL, "a")
    once = run("counts()")
    for _ in range(39):
        run(PANEL, "a")
    assert run("counts()") == once


def test_two_panels_of_one_cell_live_side_by_side_and_go_together(run: Run) -> None:
    both = f"{PANEL}\nother = explore(lambda x: Note(str(x)), x=(0, 3))"
    run(both, "two")
    assert run("str(other.set(x=2)), str(show.set(x=3))") == ("2", "x is 3")
    widgets, surfaces = run("counts()")
    run(both, "two")
    assert run("counts()") == (widgets, surfaces)
    run("other = None; counts()", "two")  # it makes no panel now, but what it made before stays in use
    assert run("str(show.set(x=1))") == "x is 1"


def test_the_panels_of_other_cells_stay(run: Run) -> None:
    run("kept.append(explore(lambda x: Note(str(x)), x=(0, 3)))", "keeper")
    run(PANEL, "b")
    run(PANEL, "b")
    assert run("str(kept[-1].set(x=3))") == "3"


def test_the_earlier_panel_is_closed_and_says_so(run: Run) -> None:
    run(f"{PANEL}\nkept.append(show)", "c")
    run(f"{PANEL}\nkept.append(show)", "c")
    run("first, second = kept[-2:]")
    assert run("str(second.set(x=4))") == "x is 4"
    assert run(
        "try:\n    first.set(x=4)\nexcept RuntimeError as error:\n    said = str(error)\nsaid"
    ) == "panel show is closed: run its cell again to get a new one"  # fmt: skip


def test_views_of_trainings_and_filmstrips_are_closed_too(run: Run) -> None:
    code = "live = Live(Note); strip = explore(lambda x: Note(str(x)), x=(0, 3)).filmstrip(x=[1, 2])"
    run(code, "d")
    once = run("counts()")
    for _ in range(5):
        run(code, "d")
    assert run("counts()") == once


def test_where_the_front_end_names_no_cell_nothing_is_closed(run: Run) -> None:
    run(f"{PANEL}\nfirst = show")
    run(PANEL)
    assert run("str(first.set(x=4))") == "x is 4"


@pytest.mark.parametrize(
    "code",
    [
        "try: explore(lambda x: 1 / 0, x=Slider(0, 3))\nexcept ZeroDivisionError: pass",
        "try: explore(lambda x: 5, x=Slider(0, 3))\nexcept TypeError: pass",
        "try: explore(lambda x: Note('a'), presets={'a': 'x=99'}, x=Slider(0, 3))\nexcept ValueError: pass",
        "Live()",
    ],
)
def test_what_cannot_be_shown_leaves_nothing_behind(run: Run, code: str) -> None:
    run(f"{code}\nNone", "failing")
    once = run("counts()")
    for _ in range(5):
        run(f"{code}\nNone", "failing")
    assert run("counts()") == once
