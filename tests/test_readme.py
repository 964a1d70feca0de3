"""The README: its test command is the one that .ci/run runs, and its rooms are those of the library."""

import re
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


def test_the_readme_names_every_module_and_no_other() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    library = text[text.index("## The library, file by file") : text.index("## Teaching with it")]
    there = {
        path.name for path in (ROOT / "lib").rglob("*.*") if path.suffix in (".py", ".pyi", ".js", ".css")
    }
    named = set(re.findall(r"`(\w+\.(?:pyi?|js|css))`", library))
    inside_controls = {path.name for path in (ROOT / "lib/attnlab/panels/controls").glob("*.py")}
    one_a_notebook = {path.name for path in (ROOT / "lib/attnlab/checks").glob("*.py")}
    assert named <= there
    assert there - named - inside_controls - one_a_notebook == set()
