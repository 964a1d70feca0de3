"""Loads our stricter nbval for every part of the suite, also for a single notebook on the command line."""

from typing import Any

import pytest

pytest_plugins = ["tests.nbval_strict"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n 2`: the cells of a notebook, and the tests of a file, run in one process, in their order.

    Only the notebooks in the browser, half of the time, are handed out one by one.
    """
    from xdist.scheduler import LoadFileScheduling

    class InOrder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            alone = nodeid.startswith("tests/browser/test_notebooks.py")
            return nodeid if alone else super()._split_scope(nodeid)

    config.option.loadscopereorder = False  # as collected: the browser comes first
    return InOrder(config, log)
