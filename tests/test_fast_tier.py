"""`pytest -m fast`: every test is in it by default; browser, notebooks and what says it is slow are not."""

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, spread, waits


def test_a_test_is_fast_by_itself(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("fast")


@pytest.mark.slow
def test_a_slow_one_is_not(request: pytest.FixtureRequest) -> None:
    assert not request.node.get_closest_marker("fast")


@pytest.mark.parametrize("case", range(20))
def test_of_many_cases_some_are(case: int, request: pytest.FixtureRequest) -> None:
    chosen = spread(list(range(20)))
    assert chosen == [0, 2, 5, 8, 10, 13, 16, 19]
    assert bool(request.node.get_closest_marker("fast")) == (case in chosen)


@pytest.mark.parametrize("count", [0, 1, 8, 9, 400])
def test_the_chosen_are_different_and_reach_both_ends(count: int) -> None:
    chosen = spread(list(range(count)))
    assert len(set(chosen)) == len(chosen) == min(count, 8)
    assert chosen[:1] == [0][:count] and chosen[-1:] == [count - 1][:count]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tests/browser/test_lab.py", True),
        ("notebooks/01_text_to_vectors.ipynb", True),
        ("notebooks/00_start_here.ipynb", False),
        ("tests/panels/test_panel.py", False),
        ("tests/views/test_in_place.py", False),
    ],
)
def test_what_waits_for_the_whole_run(name: str, expected: bool) -> None:
    assert waits(ROOT / name) is expected


COLLECT = """
import sys
import pytest
pytest.main(["-m", "fast", "--collect-only", "-q", "-p", "no:cacheprovider"])
print("browser imported:", "playwright" in sys.modules)
"""


@pytest.mark.slow
def test_what_waits_is_not_even_collected() -> None:
    ran = subprocess.run([sys.executable, "-c", COLLECT], cwd=ROOT, capture_output=True, encoding="utf-8")
    files = {line.split("::")[0] for line in ran.stdout.splitlines() if "::" in line}
    assert {"tests/panels/test_panel.py", "tests/views/test_frame.py"} < files, ran.stdout + ran.stderr
    assert [name for name in files if waits(Path(ROOT, name))] == []
    assert "notebooks/00_start_here.ipynb" in files and "tests/test_faults.py" not in files
    assert ran.stdout.endswith("browser imported: False\n")
