"""Run notebooks in fresh kernels and save them in the canonical form, for `pytest -p attnlab.nbval`.

python -m attnlab.nbval notebooks/*.ipynb
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from .kernel import kernel_environment
from .notebook import refresh
from .words import plain


def _arguments(given: Sequence[str] | None, notebooks: Sequence[Path]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m attnlab.nbval",
        description="Run notebooks from top to bottom in fresh kernels, and save their new outputs.",
        epilog="If a cell fails, its error is printed and the file stays as it was.",
    )
    says = "notebooks to run and save" + (" (without: all of the project)" if notebooks else "")
    number = "*" if notebooks else "+"
    parser.add_argument(
        "notebooks", nargs=number, type=_file, default=notebooks, metavar="NOTEBOOK", help=says
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="as --nbval-threads (1)")
    parser.add_argument("--hash-seed", type=int, default=0, metavar="N", help="as --nbval-hash-seed (0)")
    says = "how long a cell may run (300)"
    parser.add_argument("--cell-timeout", type=float, default=300, metavar="SECONDS", help=says)
    return parser.parse_args(given)


def _file(name: str) -> Path:
    if not Path(name).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {name}")
    return Path(name)


def main(given: Sequence[str] | None = None, notebooks: Sequence[Path] = ()) -> int:
    """The command. `notebooks`: those that it takes if none is given. Returns the exit status."""
    arguments = _arguments(given, notebooks)
    environment = kernel_environment(arguments.threads, arguments.hash_seed)
    status = 0
    for path in arguments.notebooks:
        start = time.perf_counter()
        try:
            refresh(path.resolve(), arguments.cell_timeout, environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError, ValueError) as error:
            print(f"{path.name}: not written\n{plain(str(error))}", file=sys.stderr)
            status = 1
            continue
        seconds = time.perf_counter() - start
        print(f"{path.name:40} {seconds:5.1f} s {path.stat().st_size / 1000:6.0f} kB", flush=True)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
