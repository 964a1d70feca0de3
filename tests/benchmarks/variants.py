"""What the browser measures: six variants, each a notebook of one cell, and the servers that they run on."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from nbformat.v4 import new_code_cell, new_notebook

from attnlab.nbval.notebook import text_of
from tests.browser.conftest import TOKEN, free_port, lab_command, lab_environment, wait_until_it_answers

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Variant:
    """What is measured: a cell that shows it, and where its slider and its picture are in the page."""

    name: str
    source: str
    slider: str
    picture: str
    row: str | None  # Python in the kernel: where the number stands in the picture
    remedy: bool = True  # the server sends at once


IMPORT = "from tests.benchmarks import pictures\n"
OURS = IMPORT + "shown = pictures.panel()\nshown"
BARE = IMPORT + "pictures.bare()"
VARIANTS = [
    Variant("bare round trip", BARE, ".bench-bare", ".bench-shown", None),
    Variant("panel", OURS, ".attnlab-panel", ".attnlab-screen canvas", "pictures.panel_row(shown)"),
    Variant(
        "ipympl",
        IMPORT + "slider, shown = pictures.in_place()\ndisplay(slider, shown)",
        ".bench-ipympl",
        ".jupyter-matplotlib canvas",
        "pictures.ipympl_row(shown)",
    ),
    Variant(
        "interact",
        IMPORT + "pictures.interact({ratio})",
        ".widget-interact",
        ".widget-interact img",
        "pictures.inline_row()",
    ),
    Variant("bare round trip, no remedy", BARE, ".bench-bare", ".bench-shown", None, remedy=False),
    Variant(
        "panel, no remedy",
        OURS,
        ".attnlab-panel",
        ".attnlab-screen canvas",
        "pictures.panel_row(shown)",
        False,
    ),
]


def notebook_of(variant: Variant, ratio: float) -> str:
    return f"{variant.name.replace(' ', '-').replace(',', '')}-{ratio}.ipynb"


@contextmanager
def server(remedy: bool) -> Iterator[str]:
    """A JupyterLab with the notebooks of the variants, with or without our server extension."""
    with tempfile.TemporaryDirectory() as home_name:
        home, port = Path(home_name), free_port()
        for variant in VARIANTS:
            for ratio in (1, 2):
                cell = new_code_cell(variant.source.replace("{ratio}", str(ratio)))
                path = home / notebook_of(variant, ratio)
                path.write_text(text_of(new_notebook(cells=[cell])), encoding="utf-8")
        extensions = {"attnlab.server": remedy, "tests.benchmarks.witness": True}
        command = [*lab_command(home, port), f"--ServerApp.jpserver_extensions={extensions}"]
        environment = {**lab_environment(home), "PYTHONPATH": str(ROOT)}
        log, address = home / "log.txt", f"http://127.0.0.1:{port}"
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, env=environment, cwd=home)
        try:
            wait_until_it_answers(address, process, log)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def check_remedy(address: str, expected: bool) -> None:
    """The sockets themselves say whether the server sends at once."""
    with urlopen(f"{address}/witness?token={TOKEN}", timeout=10) as reply:
        flags = json.loads(reply.read())["at_once"]
    assert flags and set(flags) == {expected}, f"TCP_NODELAY is {flags}, expected {expected}"
