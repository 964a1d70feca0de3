"""Notebooks made in a test, without any panel of ours, and pytest run on them in a process of its own."""

import base64
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

import attnlab

# A cell that defines `show`: pixels, or a colour for all of them, as a picture.
SHOW = """
import base64, io
import numpy as np
from PIL import Image
from IPython.display import display
def show(pixels, size=(100, 200), kind="png"):
    out = io.BytesIO()
    Image.fromarray(np.broadcast_to(pixels, (*size, 3)).astype(np.uint8)).save(out, kind)
    display({f"image/{kind}": base64.b64encode(out.getvalue()).decode(), "text/plain": "a picture"}, raw=True)
"""
LIBRARY = Path(attnlab.__file__).parents[1]


def picture(pixels: Any, size: tuple[int, int] = (100, 200), kind: str = "png") -> str:
    """What the cell SHOW puts into an output, in base64."""
    out = io.BytesIO()
    Image.fromarray(np.broadcast_to(pixels, (*size, 3)).astype(np.uint8)).save(out, kind)
    return base64.b64encode(out.getvalue()).decode()


def cell(source: str, count: int | None, text: str = "", **metadata: Any) -> NotebookNode:
    """A code cell that printed the text."""
    outputs = [new_output("stream", name="stdout", text=text)] if text else []
    return new_code_cell(source, execution_count=count, outputs=outputs, metadata=metadata)


def shown(source: str, count: int, *pictures: str, kind: str = "png") -> NotebookNode:
    """A code cell that showed the pictures."""
    data = [{f"image/{kind}": each, "text/plain": "a picture"} for each in pictures]
    outputs = [new_output("display_data", data=each) for each in data]
    return new_code_cell(source, execution_count=count, outputs=outputs)


def made(path: Path, *cells: NotebookNode) -> Path:
    """The notebook as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def run_pytest(folder: Path, *options: str, **variables: str) -> str:
    """What pytest prints for the notebooks of a folder, run from there in the given environment."""
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY), "COLUMNS": "200", **variables}
    environment.pop("PYTHONHASHSEED", None)
    command = [sys.executable, "-m", "pytest", "-v", "--color=no", "--nbval", "--nbval-current-env"]
    command += [f"--rootdir={folder}", *options, str(folder)]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", env=environment, cwd=folder, check=False
    )
    return done.stdout + done.stderr


def outcomes(printed: str) -> list[str]:
    """PASSED or FAILED for each cell."""
    return re.findall(r"(?m)::Cell \d+ (\w+) +\[ *\d+%\]$", printed)


def reports(printed: str) -> dict[int, str]:
    """What pytest printed about each cell that failed."""
    failures = re.split(r"(?m)^=+ (?:FAILURES|short test summary info) =+$", printed)[1]
    parts = re.split(r"(?m)^_+ .*::Cell (\d+) _+$", failures)
    return {int(number): text.strip("\n") for number, text in zip(parts[1::2], parts[2::2], strict=True)}
