"""One thread for the whole suite; what is fast, and what `-n 2` hands out together."""

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from attnlab.nbval.kernel import THREAD_LIMITS

# Before NumPy and PyTorch are imported, and for the processes that we start: two processes with two threads
# each would wait for each other on two cores, and a training of a second takes ten.
for limit in THREAD_LIMITS:
    os.environ.setdefault(limit, "1")

ROOT = Path(__file__).parent
# Handed out one by one: half of the time is theirs, and the last one to end would keep a process waiting.
ALONE = ("tests/browser/test_notebooks.py", "tests/test_faults.py")


def waits(path: Path) -> bool:
    """Whether a file waits for the whole run: the tests in the browser, and all notebooks but the first."""
    return ROOT / "tests" / "browser" in (path, *path.parents) or (
        path.suffix == ".ipynb" and not path.name.startswith("00_")
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m fast`, what waits is not even read."""
    return True if config.option.markexpr == "fast" and waits(collection_path) else None


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is fast unless it says `@pytest.mark.slow`, trains on other machines, or its file waits.

    Of a test with many parameters some are, spread over all of them.
    """
    cases = defaultdict(list)
    for item in items:
        slow = any(map(item.get_closest_marker, ("slow", "machines")))
        if not slow and not waits(item.path):
            cases[item.nodeid.split("[")[0]].append(item)
    for same in cases.values():
        for item in spread(same):
            item.add_marker(pytest.mark.fast)


def spread(found: list[Any], most: int = 8) -> list[Any]:
    """At most so many of them, from the first to the last at equal distances."""
    if len(found) <= most:
        return found
    return [found[place * (len(found) - 1) // (most - 1)] for place in range(most)]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n 2`: the cells of a notebook, and the tests of a file, run in one process, in their order."""
    from xdist.scheduler import LoadFileScheduling

    class InOrder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(ALONE) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False  # as collected: the browser comes first
    return InOrder(config, log)
