"""python -m tests.mutants: break the library in one line, run the notebooks, and see whether nbval notices.

The notebook that is at home in it comes first, then all of them. Prints a table; takes about half an hour.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutants.panels import MUTANTS
from tests.refresh import NOTEBOOKS
from tests.test_faults import Fault, broken_copy

PYTEST = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]


def found_by(fault: Fault) -> str:
    """Which run of notebooks fails; "" if none does."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(broken_copy(fault, Path(folder)))}

        def fails(*arguments: str) -> bool:
            ran = subprocess.run(
                [*PYTEST, *arguments],
                cwd=NOTEBOOKS.parent,
                env=environment,
                stdout=subprocess.DEVNULL,
                check=False,
            )
            return ran.returncode == 1

        if fails(f"notebooks/{fault.notebook}.ipynb"):
            return fault.notebook
        return "another notebook" if fails("-n", "2", "notebooks") else ""


def main() -> None:
    found = 0
    for fault in MUTANTS:
        where = found_by(fault)
        found += bool(where)
        print(f"{'found' if where else 'MISSED':7} {fault.what} ({fault.module}) {where}", flush=True)
    print(f"nbval alone finds {found} of {len(MUTANTS)}: {100 * found / len(MUTANTS):.0f} %")


if __name__ == "__main__":
    main()
