"""pytest plugin: nbval, made stricter. `pytest -p attnlab.nbval --nbval`; see README.md beside this file.

Only hooks live here, and they import the rest when there are notebooks to run.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from .settings import SETTINGS, add_options, read_settings


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Ours, and nbval's before them, also where plugins do not load by themselves."""
    pluginmanager.import_plugin("nbval", consider_entry_points=True)
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SETTINGS] = read_settings(config)


def _runs_notebooks(config: pytest.Config) -> bool:
    return any(config.getoption(name, False) for name in ("nbval", "nbval_lax"))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(parent: pytest.Collector) -> Generator[None, Any, Any]:
    found = yield
    if not _runs_notebooks(parent.config):
        return found
    from .cells import strict

    return [strict(collector) for collector in found]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Warnings may be errors in a project's tests, but not in notebooks: nbval and kernels warn too."""
    if not _runs_notebooks(config):
        return
    from .cells import StrictCell

    for item in items:
        if isinstance(item, StrictCell):
            item.add_marker(pytest.mark.filterwarnings("default"))
