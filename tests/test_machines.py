"""Part II prints the same digits with one thread and with two, and with every instruction set there is.

Opt-in, because it runs the notebooks again and again: `pytest -m machines`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("notebooks/[01][0-9]_*.ipynb"))[8:11]
SETS = {"default": "SSE41", "avx2": "AVX2", "avx512": "AVX512_CORE"}  # what PyTorch and oneDNN call it
HERE = torch.backends.cpu.get_cpu_capability().lower()
FORCED = list(SETS)[: list(SETS).index(HERE) + 1] if HERE in SETS else ["default"]


@pytest.mark.machines
@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("capability", FORCED)
def test_the_same_digits(capability: str, threads: str) -> None:
    forced = {
        "ATEN_CPU_CAPABILITY": capability,
        "ONEDNN_MAX_CPU_ISA": SETS[capability],
        "ATTNLAB_KERNEL_THREADS": threads,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *NOTEBOOKS]
    ran = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **forced}, capture_output=True, encoding="utf-8"
    )
    assert ran.returncode == 0, ran.stdout[-3000:]


def test_the_settings_arrive_in_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.refresh import kernel_environment

    assert kernel_environment()["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("ATTNLAB_KERNEL_THREADS", "2")
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    found = kernel_environment()
    code = "import torch; print(torch.get_num_threads(), torch.backends.cpu.get_cpu_capability())"
    ran = subprocess.run([sys.executable, "-c", code], env=found, capture_output=True, encoding="utf-8")
    assert ran.stdout.split() == ["2", "DEFAULT"]


def test_it_is_about_the_notebooks_of_part_two() -> None:
    assert [Path(name).name[:2] for name in NOTEBOOKS] == ["08", "09", "10"]
