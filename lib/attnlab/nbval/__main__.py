"""Run notebooks in fresh kernels and save them in the canonical form, for `pytest -p attnlab.nbval`.

python -m attnlab.nbval notebooks
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from .kernel import kernel_environment
from .notebook import refresh
from .settings import HASH_SEED, THREADS, number
from .words import plain

SECONDS = number(0.1, math.inf, whole=False)


def _arguments(given: Sequence[str] | None, notebooks: Sequence[Path]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m attnlab.nbval",
        description="Run notebooks from top to bottom in fresh kernels, and save their new outputs.",
        epilog="If a cell fails, its error is printed and the file stays as it was.",
    )
    says = "notebooks to run and save, or folders of them" + (
        " (without: all of the project)" if notebooks else ""
    )
    number = "*" if notebooks else "+"
    parser.add_argument(
        "notebooks", nargs=number, type=_notebooks, default=[list(notebooks)], metavar="NOTEBOOK", help=says
    )
    parser.add_argument("--threads", type=_as(THREADS), default=1, metavar="N", help="as --nbval-threads (1)")
    parser.add_argument(
        "--hash-seed", type=_as(HASH_SEED), default=0, metavar="N", help="as --nbval-hash-seed (0)"
    )
    says = "how long a cell may run (300)"
    parser.add_argument("--cell-timeout", type=_as(SECONDS), default=300, metavar="SECONDS", help=says)
    return parser.parse_args(given)


def _notebooks(name: str) -> list[Path]:
    """The file, or the notebooks in the folder and below."""
    path = Path(name)
    found = sorted(path.rglob("*.ipynb")) if path.is_dir() else [path] * path.is_file()
    if not found:
        raise argparse.ArgumentTypeError(f"there is no notebook {name}")
    return [each for each in found if ".ipynb_checkpoints" not in each.parts]


def _as(value: Callable[[str], float]) -> Callable[[str], float]:
    """Reads an option, as argparse wants it."""

    def read(text: str) -> float:
        try:
            return value(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def main(given: Sequence[str] | None = None, notebooks: Sequence[Path] = ()) -> int:
    """The command. `notebooks`: the ones to use if none is given. Returns the exit status."""
    arguments = _arguments(given, notebooks)
    environment = kernel_environment(arguments.threads, arguments.hash_seed)
    status = 0
    for path in itertools.chain(*arguments.notebooks):
        start = time.perf_counter()
        try:
            refresh(path.resolve(), arguments.cell_timeout, environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError, ValueError) as error:
            print(f"{path}: not written\n{plain(str(error))}", file=sys.stderr)
            status = 1
            continue
        except KeyboardInterrupt:
            print(f"{path}: not written, interrupted", file=sys.stderr)
            return 130
        seconds = time.perf_counter() - start
        print(f"{path!s:50} {seconds:5.1f} s {path.stat().st_size / 1000:6.0f} kB", flush=True)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
