"""Notebooks that train print the same digits with one thread and two, and with every instruction set.

Opt-in, because it runs the notebooks again and again: `pytest -m machines`.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from attnlab.nbval.kernel import kernel_environment

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("notebooks/[01][0-9]_*.ipynb"))[8:14]
SETS = {"default": "SSE41", "avx2": "AVX2", "avx512": "AVX512_CORE"}  # what PyTorch and oneDNN call it
HERE = torch.backends.cpu.get_cpu_capability().lower()
FORCED = list(SETS)[: list(SETS).index(HERE) + 1] if HERE in SETS else ["default"]


# One thread and what PyTorch chooses by itself is what the suite runs anyway.
ALONE = [(FORCED[-1], "2")]  # two threads take two cores: beside another run they would wait for each other
CASES = [*((name, "1") for name in FORCED[:-1]), *ALONE]


def run_notebooks(capability: str, threads: str) -> subprocess.CompletedProcess[str]:
    forced = {
        "ATEN_CPU_CAPABILITY": capability,
        "ONEDNN_MAX_CPU_ISA": SETS[capability],
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-cell-timeout=900"]
    command += [f"--nbval-threads={threads}", *NOTEBOOKS]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **forced}, capture_output=True, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def runs() -> dict[tuple[str, str], subprocess.CompletedProcess[str]]:
    """Every case: those with one thread two at a time."""
    single = [case for case in CASES if case not in ALONE]
    with ThreadPoolExecutor(2) as pool:
        ran = dict(zip(single, pool.map(lambda case: run_notebooks(*case), single), strict=True))
    return ran | {case: run_notebooks(*case) for case in ALONE}


@pytest.mark.machines
@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_same_digits(case: tuple[str, str], runs: dict) -> None:
    ran = runs[case]
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert re.search(r"\d{2,} passed", ran.stdout) and "failed" not in ran.stdout


@pytest.mark.slow
def test_the_settings_arrive_in_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kernel_environment()["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    found = kernel_environment(threads=2)
    code = "import torch; print(torch.get_num_threads(), torch.backends.cpu.get_cpu_capability())"
    ran = subprocess.run([sys.executable, "-c", code], env=found, capture_output=True, encoding="utf-8")
    assert ran.stdout.split() == ["2", "DEFAULT"]


def test_it_is_about_the_notebooks_that_train() -> None:
    assert [Path(name).name[:2] for name in NOTEBOOKS] == ["08", "09", "10", "11", "12", "13"]


def test_the_tests_have_one_thread() -> None:
    """Set before PyTorch was imported; a test that needs more asks for them and puts one back."""
    assert torch.get_num_threads() == 1 and os.environ["OPENBLAS_NUM_THREADS"] == "1"
