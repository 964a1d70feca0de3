"""The server extension: messages sent at once, and saved notebooks without dead widget views.

A real server runs in a process of its own, with the configuration that installing the package put in place.
"""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from attnlab.server import WIDGET_VIEW, drop_dead_views, send_at_once

# Starts a server, opens a kernel's websocket, saves a notebook; prints TCP_NODELAY of the server's end of the
# socket, and the types of data that the saved output holds.
SESSION = """
import asyncio, gc, json, socket, sys
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

async def session(app):
    base, auth = f"127.0.0.1:{app.port}", "token=secret"
    async def call(method, path, body=None):
        request = HTTPRequest(f"http://{base}{path}?{auth}", method, body=body and json.dumps(body))
        return json.loads((await AsyncHTTPClient().fetch(request)).body)

    kernel = (await call("POST", "/api/kernels", {"name": "python3"}))["id"]
    websocket = await websocket_connect(f"ws://{base}/api/kernels/{kernel}/channels?{auth}")
    handlers = [each for each in gc.get_objects() if isinstance(each, KernelWebsocketHandler)]
    at_once = [bool(each.ws_connection.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
               for each in handlers]
    websocket.close()
    model = json.loads(sys.argv[2])
    await call("PUT", "/api/contents/saved.ipynb", model)
    saved = await call("GET", "/api/contents/saved.ipynb")
    print(json.dumps([at_once, sorted(saved["content"]["cells"][0]["outputs"][0]["data"])]))
    await app._cleanup()

app = ServerApp(token="secret", port=0, open_browser=False, allow_root=True, root_dir=sys.argv[1])
app.initialize(json.loads(sys.argv[3]), find_extensions=True)
app.io_loop.run_sync(lambda: session(app))
"""


def panel_model() -> dict:
    data = {"text/plain": "a map", "image/png": "aGVsbG8=", WIDGET_VIEW: {"model_id": "1"}}
    output = {"output_type": "display_data", "metadata": {"attnlab": {"panel": "f"}}, "data": data}
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": "",
        "outputs": [output],
        "execution_count": 1,
    }
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return {"type": "notebook", "format": "json", "content": content}


def server_session(folder: Path, *options: str) -> tuple[list[bool], list[str]]:
    command = [sys.executable, "-c", SESSION, str(folder), json.dumps(panel_model()), json.dumps(options)]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "config")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    at_once, kept = json.loads(done.stdout.splitlines()[-1])
    return at_once, kept


@pytest.mark.slow
def test_an_installed_package_makes_the_server_quick_and_saves_clean(tmp_path: Path) -> None:
    assert server_session(tmp_path) == ([True], ["image/png", "text/plain"])


@pytest.mark.slow
def test_without_the_extension_small_messages_wait_and_views_are_saved(tmp_path: Path) -> None:
    off = "--ServerApp.jpserver_extensions={'attnlab.server': False}"
    assert server_session(tmp_path, off) == ([False], [WIDGET_VIEW, "image/png", "text/plain"])


@pytest.mark.parametrize("broken", ["metadata", "image/png"])
def test_other_peoples_widgets_are_left_alone(broken: str) -> None:
    model = panel_model()
    output = model["content"]["cells"][0]["outputs"][0]
    output["data"].pop(broken, None)
    if broken == "metadata":
        output["metadata"] = {}
    before = copy.deepcopy(model)
    drop_dead_views(model=model, path="any.ipynb", contents_manager=None)
    assert model == before


@pytest.mark.parametrize(
    "model", [{"type": "file", "content": "text"}, {"type": "notebook", "content": None}, {}]
)
def test_what_is_no_notebook_is_left_alone(model: dict) -> None:
    before = copy.deepcopy(model)
    drop_dead_views(model=model)
    assert model == before


def test_wrapping_twice_is_wrapping_once() -> None:
    class Handler:
        async def open(self) -> None: ...

    send_at_once(Handler)
    once = Handler.open
    send_at_once(Handler)
    assert Handler.open is once
