"""A server extension that tells whether the kernel websockets of this server send at once (TCP_NODELAY)."""

import gc
import socket
from typing import Any

from tornado.web import RequestHandler


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

    class Witness(RequestHandler):
        def get(self) -> None:
            opened = [
                each.ws_connection.stream.socket
                for each in gc.get_objects()
                if isinstance(each, KernelWebsocketHandler) and each.ws_connection
            ]
            flags = [bool(each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)) for each in opened]
            self.write({"at_once": flags})

    server.web_app.add_handlers(".*", [("/witness", Witness)])
