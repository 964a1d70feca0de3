"""The kernels that run notebooks: the same environment on every machine, whoever starts them."""

from __future__ import annotations

import atexit
import functools
import importlib.util
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager, RunningKernel, start_new_kernel

THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
TOUR = "ATTNLAB_TOUR"  # a panel that is displayed goes through all its stops
SHELL = ("MPLBACKEND", "COLUMNS", "LINES")  # what a shell knows of its window is not passed on
DATE = "315532800"  # in files that would hold the time, such as SVG: 1980, the first year of a zip
LOOK = 1.0  # seconds of waiting after which a kernel must show that it lives


@functools.cache
def settings_folder() -> str:
    """The folder where our kernels keep settings and caches, made once in a process and gone at its end.

    The user's may be missing or closed to us, and any complaint about that would become part of the outputs.
    So would matplotlib's message while it looks for fonts, which takes long if there are many: it looks once.
    """
    folder = tempfile.TemporaryDirectory(prefix="attnlab-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    if importlib.util.find_spec("matplotlib"):
        (Path(folder.name) / "matplotlibrc").write_text("svg.hashsalt: attnlab\n", encoding="utf-8")
        environment = {**os.environ, "MPLCONFIGDIR": folder.name}
        subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=environment, check=True)
    return folder.name


def kernel_environment(threads: int = 1, hash_seed: int = 0, tour: bool = True) -> dict[str, str]:
    """Ours, with fixed threads and hashes, figures inline, own settings; panels make their tour or do not."""
    limits = dict.fromkeys(THREAD_LIMITS, str(threads))
    own = dict.fromkeys(["MPLCONFIGDIR", "IPYTHONDIR"], settings_folder())
    environment = {**os.environ, **limits, **own, "PYTHONHASHSEED": str(hash_seed)}
    environment |= {"SOURCE_DATE_EPOCH": DATE, TOUR: "1"}
    for name in (*SHELL, *([] if tour else [TOUR])):
        environment.pop(name, None)
    return environment


class KernelDiedError(Exception):
    """A kernel ended while a cell ran."""


class ThisPython(AsyncKernelManager):
    """Starts the kernel with the Python that runs this process, whatever kernels are installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


class StrictKernel(RunningKernel):
    """nbval's kernel with a fixed environment and a history; it is stopped, not killed."""

    def __init__(
        self, kernel_name: str, cwd: str, startup_timeout: float, *, environment: dict[str, str]
    ) -> None:
        try:
            NbvalKernelspecManager().get_kernel_spec(kernel_name)
        except NoSuchKernel as error:
            said = f"{error}: install it, or use this Python with --nbval-current-env"
            raise pytest.fail.Exception(said, pytrace=False) from None
        ours = kernel_name == CURRENT_ENV_KERNEL_NAME or kernel_name.startswith("python")
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            self.km, self.kc = start_new_kernel(
                startup_timeout=startup_timeout,
                kernel_name=kernel_name,
                stderr=nowhere,
                cwd=cwd,
                env=environment,
                extra_arguments=["--HistoryManager.hist_file=:memory:"] if ours else [],
            )
        self._ensure_iopub_up()

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)

    def get_message(self, stream: str, timeout: float | None = None) -> Any:
        """The next message. Raises Empty when the time is over, and KernelDiedError."""
        end = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            left = max(0.0, end - time.monotonic())
            try:
                return super().get_message(stream, timeout=min(LOOK, left))
            except Empty:
                if not self.is_alive():
                    raise KernelDiedError from None
                if left <= LOOK:
                    raise

    def stop(self) -> None:
        self.km.shutdown_kernel(now=False)
        self.kc.stop_channels()
        del self.km
