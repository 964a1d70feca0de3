"""A notebook run inside a test, as `pytest notebook` runs it."""

from pathlib import Path

import pytest
from nbval.plugin import NbCellError

from attnlab.nbval.cells import StrictFile


def first_failure(session: pytest.Session, path: Path) -> NbCellError | None:
    """Run a notebook up to the first cell that fails; None if all pass."""
    notebook = StrictFile.from_parent(session, path=path)
    cells = list(notebook.collect())
    notebook.setup()
    try:
        for cell in cells:
            cell.runtest()
    except NbCellError as failure:
        return failure
    finally:
        notebook.teardown()
    return None
