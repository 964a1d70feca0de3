"""A JupyterLab server on a copy of the notebooks, a browser, and pages in it.

Everything ends with the last browser test: Playwright keeps an event loop in this thread, and nbval,
which runs later, must not meet it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Playwright, Route, sync_playwright

from attnlab.nbval.kernel import kernel_environment
from tests.browser.lab import Lab
from tests.refresh import NOTEBOOKS

TOKEN = "browser-tests"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    # All cells in the page, also those out of sight.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
}


class Server(NamedTuple):
    address: str
    folder: Path  # the copy of the notebooks: a test may add its own


def browser_path() -> str:
    """The browser to use. Without one the test is skipped, or fails if ATTNLAB_REQUIRE_BROWSER is set."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None and os.environ.get("ATTNLAB_REQUIRE_BROWSER"):
        pytest.fail("no Chromium found, and ATTNLAB_REQUIRE_BROWSER is set")
    if found is None:
        pytest.skip("no Chromium found: install chromium or Google Chrome to run the browser tests")
    return found


def lab_environment(home: Path) -> dict[str, str]:
    """Nothing of the user's own settings, kernels or workspaces. Panels make no tour here."""
    for name, settings in SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    folders = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
    }
    return {**kernel_environment(tour=False), **{name: str(folder) for name, folder in folders.items()}}


def lab_command(folder: Path, port: int) -> list[str]:
    options = {
        "ServerApp.root_dir": folder,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": TOKEN,
        "LabApp.expose_app_in_browser": True,
        "LabApp.collaborative": False,
        "LabApp.news_url": "",
        "LabApp.extension_manager": "readonly",
    }
    return [sys.executable, "-m", "jupyter", "lab", *(f"--{name}={value}" for name, value in options.items())]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_answers(address: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{address}/api/status?token={TOKEN}", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server. Now and then one has done its work, and waits for an idle thread of anyio for ever."""
    process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="package")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab server of this environment on a copy of the notebooks."""
    home = tmp_path_factory.mktemp("lab")
    folder, log, port = home / "notebooks", home / "log.txt", free_port()
    folder.mkdir()
    for notebook in NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(notebook, folder)
    server = Server(f"http://127.0.0.1:{port}", folder)
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            lab_command(folder, port), stdout=out, stderr=out, env=lab_environment(home), cwd=home
        )
    try:
        wait_until_it_answers(server.address, process, log)
        yield server
    finally:
        stop(process)


@pytest.fixture(scope="package")
def playwright_session() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    path = browser_path()
    playwright = request.getfixturevalue("playwright_session")
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def lab(browser: Browser, lab_server: Server) -> Iterator[Lab]:
    """A fresh page of JupyterLab. What it asks of any other machine is refused, and is an error."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    lab = Lab(context.new_page(), lab_server.address, TOKEN)

    def refuse(route: Route) -> None:
        lab.errors.append(f"asked for {route.request.url}")
        route.abort()

    context.route(re.compile(r"^(https?|wss?)://(?!127\.0\.0\.1)"), refuse)
    yield lab
    lab.shut_down()
    context.close()
