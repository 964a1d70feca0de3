"""The README's test command is the one that .ci/run runs."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def commands(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip().endswith(".venv/bin/pytest -n 2")]


def test_the_readme_and_the_ci_run_the_same_tests() -> None:
    [command] = commands(ROOT / ".ci" / "run")
    assert command in commands(ROOT / "README.md")


def test_the_ci_ends_with_the_tests() -> None:
    last = (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().splitlines()[-1]
    assert [last] == commands(ROOT / ".ci" / "run")
