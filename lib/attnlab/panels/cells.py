"""Which cell made a panel: when it is run again, the panels it made before close, and nothing leaks."""

import weakref
from typing import Protocol

from IPython import get_ipython


class Closable(Protocol):
    def close(self) -> None: ...


_made: dict[str, tuple[str, "weakref.WeakSet[Closable]"]] = {}  # cell -> the run, and what it has made


def register(made: Closable) -> None:
    """`made` belongs to the running cell; what an earlier run of that cell made is closed."""
    cell, run = _running()
    if not cell:
        return
    before = _made.get(cell)
    if before is None or before[0] != run:
        _made[cell] = run, weakref.WeakSet()
        for each in list(before[1]) if before else ():
            each.close()
    _made[cell][1].add(made)


def _running() -> tuple[str, str]:
    """The id of the cell that runs, as JupyterLab and VS Code tell it, and that of its run; or two blanks."""
    kernel = getattr(get_ipython(), "kernel", None)
    request = kernel.get_parent() if kernel else {}
    return str(request.get("metadata", {}).get("cellId", "")), request.get("header", {}).get("msg_id", "")
