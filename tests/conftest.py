"""Settings of the unit tests, and what the tests of notebooks share."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.refresh import NOTEBOOKS


def pytest_configure(config: pytest.Config) -> None:
    """The same examples in every run: what fails for one person fails for everybody; with `-m fast`, few."""
    examples = 5 if config.option.markexpr == "fast" else 100
    settings.register_profile(
        "attnlab", derandomize=True, deadline=None, database=None, max_examples=examples
    )
    settings.load_profile("attnlab")


@pytest.fixture(scope="session")
def verdicts_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder where a run of a notebook leaves its verdicts; the processes of `-n 2` share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "verdicts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def beside_the_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notebooks' folder is the current one, as in their kernels."""
    monkeypatch.chdir(NOTEBOOKS)
