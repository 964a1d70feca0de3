"""Each option: on the command line, in a settings file, with a bad value; and what loads with the plugin."""

import subprocess
import sys
from pathlib import Path

import pytest

from attnlab.nbval.notebook import read, text_of
from attnlab.nbval.settings import OPTIONS, SETTINGS
from tests.nbval_plugin.making import SHOW, cell, made, picture, shown

pytest_plugins = ["pytester"]
PLUGIN = ("-p", "attnlab.nbval")
REFRESH = "nbval_refresh_command"


def settings(pytester: pytest.Pytester, *options: str) -> dict:
    found = pytester.parseconfigure(*PLUGIN, *options).stash[SETTINGS]
    return {**vars(found), "pictures": found.pictures.relative_to(pytester.path).as_posix()}


DEFAULTS = {
    "block_difference": 6,
    "output_timeout": 60,
    "pictures": ".nbval-pictures",
    "threads": 1,
    "hash_seed": 0,
    "refresh_command": "python -m attnlab.nbval {file}",
}
OTHERS = {
    "block_difference": "4.5",
    "output_timeout": "0.5",
    "pictures": "seen/here",
    "threads": "2",
    "hash_seed": "42",
    "refresh_command": "make notebooks",
}
READ = {**OTHERS, "block_difference": 4.5, "output_timeout": 0.5, "threads": 2, "hash_seed": 42}


def test_the_defaults(pytester: pytest.Pytester) -> None:
    assert settings(pytester) == DEFAULTS


def test_the_command_line(pytester: pytest.Pytester) -> None:
    flags = [f"--nbval-{name.replace('_', '-')}={value}" for name, value in OTHERS.items()]
    assert settings(pytester, *flags) == READ


def test_a_settings_file_and_the_command_line_before_it(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\n" + "\n".join(f"nbval_{name} = {value}" for name, value in OTHERS.items()))
    assert settings(pytester) == READ
    assert settings(pytester, "--nbval-threads=3") == {**READ, "threads": 3}


BAD = [
    ("--nbval-threads=two", "--nbval-threads must be a whole number from 1 to 4096, got 'two'"),
    ("--nbval-threads=0", "--nbval-threads must be a whole number from 1 to 4096, got '0'"),
    ("--nbval-threads=1.5", "--nbval-threads must be a whole number from 1 to 4096, got '1.5'"),
    ("--nbval-hash-seed=-1", "--nbval-hash-seed must be a whole number from 0 to 4294967295, got '-1'"),
    ("--nbval-hash-seed=random", "--nbval-hash-seed must be a whole number from 0 to 4294967295"),
    ("--nbval-block-difference=256", "--nbval-block-difference must be a number from 0 to 255, got '256'"),
    ("--nbval-block-difference=nan", "--nbval-block-difference must be a number from 0 to 255, got 'nan'"),
    ("--nbval-output-timeout=0", "--nbval-output-timeout must be a number from 0.1, got '0'"),
    ("--nbval-output-timeout=inf", "--nbval-output-timeout must be a number from 0.1, got 'inf'"),
    ("--nbval-pictures=", "--nbval-pictures must not be empty"),
    ("--nbval-refresh-command= ", "--nbval-refresh-command must not be empty"),
]


@pytest.mark.parametrize(("option", "said"), BAD, ids=[option for option, _ in BAD])
def test_a_bad_value_is_a_usage_error(option: str, said: str, pytester: pytest.Pytester) -> None:
    with pytest.raises(pytest.UsageError) as error:
        pytester.parseconfigure(*PLUGIN, option)
    assert str(error.value).startswith(said)


def test_a_bad_value_in_a_settings_file_too(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nnbval_threads = many")
    with pytest.raises(pytest.UsageError, match=r"^nbval_threads must be a whole number from 1 to"):
        pytester.parseconfigure(*PLUGIN)


def test_every_option_has_a_case_and_a_help_text(pytester: pytest.Pytester) -> None:
    names = [option.name for option in OPTIONS]
    assert names == [f"nbval_{name}" for name in DEFAULTS]
    printed = pytester.runpytest_inprocess(*PLUGIN, "--help").stdout.str()
    for name in names:
        assert f"  --{name.replace('_', '-')}=" in printed and f"\n  {name} (string):" in printed


def lines(pytester: pytest.Pytester, *options: str) -> str:
    ran = pytester.runpytest_inprocess(*PLUGIN, "--nbval", "--nbval-current-env", "--color=no", *options)
    return ran.stdout.str()


@pytest.mark.slow
def test_the_options_reach_the_kernel(pytester: pytest.Pytester) -> None:
    source = "import os; print(os.environ['PYTHONHASHSEED'], os.environ['OPENBLAS_NUM_THREADS'])"
    made(pytester.path / "a.ipynb", cell(source, 1, "42 2\n"))
    assert "1 passed" in lines(pytester, "--nbval-hash-seed=42", "--nbval-threads=2")


@pytest.mark.slow
def test_the_options_reach_the_comparison(pytester: pytest.Pytester) -> None:
    made(pytester.path / "a.ipynb", cell(SHOW, 9), shown("show(100)", 2, picture(104)))
    options = ["--nbval-block-difference=3", "--nbval-pictures=seen", "--nbval-refresh-command=make"]
    printed = lines(pytester, *options)
    assert "execution count is 9, but should be 1: run make\n" in printed
    assert "differs by 4.0 of 255, all over (limit 3)" in printed
    assert {path.name for path in (pytester.path / "seen").iterdir()} == {
        "a-cell1-picture1-saved.png",
        "a-cell1-picture1-new.png",
    }
    assert "1 failed, 1 passed" in lines(pytester) and not list((pytester.path / ".nbval-pictures").glob("*"))


LATE = """
import time
kernel = get_ipython().kernel
publish = kernel._publish_status
def late(status, *args, **kwargs):
    time.sleep(2 if status == "idle" else 0)
    publish(status, *args, **kwargs)
kernel._publish_status = late
"""


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "outcome"), [(1, "1 failed"), (60, "1 passed")])
def test_an_output_is_waited_for_as_long_as_said(
    seconds: int, outcome: str, pytester: pytest.Pytester
) -> None:
    made(pytester.path / "a.ipynb", cell(LATE, 1))
    printed = lines(pytester, f"--nbval-output-timeout={seconds}")
    assert outcome in printed
    assert ("Timeout of 1 seconds exceeded waiting for output" in printed) == (seconds == 1)


@pytest.mark.slow
def test_a_notebook_that_compares_nothing_needs_no_counts(pytester: pytest.Pytester) -> None:
    made(pytester.path / "a.ipynb", cell("print(1)", None), cell("# NBVAL_CHECK_OUTPUT\nprint(2)", None))
    printed = pytester.runpytest_inprocess(*PLUGIN, "--nbval-lax", "--nbval-current-env").stdout.str()
    assert "1 failed, 1 passed" in printed and "execution count is missing, but should be 2" in printed


@pytest.mark.slow
@pytest.mark.parametrize("way", ["addopts", "pytest_plugins", "no autoload"])
def test_the_plugin_can_be_asked_for_in_three_ways(
    way: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(pytester.path / "a.ipynb", cell("1", 7))
    options = [*PLUGIN] if way == "no autoload" else []
    if way == "no autoload":
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    elif way == "addopts":
        pytester.makeini("[pytest]\naddopts = -p attnlab.nbval --strict-config\nfilterwarnings = error")
    else:
        pytester.makeini("[pytest]\nnbval_threads = 2\naddopts = --strict-config\nfilterwarnings = error")
        pytester.makeconftest("pytest_plugins = ['attnlab.nbval']")
    ran = pytester.runpytest_subprocess(*options, "--nbval", "--nbval-current-env")
    assert "execution count is 7, but should be 1" in ran.stdout.str(), ran.stderr.str()


@pytest.mark.parametrize(
    ("module", "costly"),
    [
        ("attnlab.nbval", ["torch", "matplotlib", "numpy", "nbclient", "IPython"]),
        ("attnlab.nbval.cells", ["torch", "matplotlib", "nbclient"]),
        ("attnlab.nbval.__main__", ["torch", "matplotlib", "numpy"]),
    ],
)
def test_loading_it_is_cheap(module: str, costly: list[str]) -> None:
    code = f"import {module}, sys; print([name for name in {costly} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "[]\n"


def test_without_notebooks_it_changes_nothing(pytester: pytest.Pytester) -> None:
    made(Path(pytester.path) / "a.ipynb", cell("1", 7))
    pytester.makepyfile("def test_one(): pass")
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=1)


def test_a_kernel_that_is_not_there_is_said_in_a_line(pytester: pytest.Pytester) -> None:
    path = made(pytester.path / "a.ipynb", cell("1", 1))
    notebook = read(path)
    notebook.metadata["kernelspec"] = {"name": "geo", "display_name": "Geo", "language": "python"}
    path.write_text(text_of(notebook), encoding="utf-8")
    printed = pytester.runpytest_inprocess(*PLUGIN, "--nbval").stdout.str()
    said = "No such kernel named geo: install it, or use this Python with --nbval-current-env"
    assert f"\n{said}\n" in printed and len(printed.splitlines()) < 15
