"""A small web server in our event loop, for the webhook, and for metrics and health."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from inference.protocol.errors import SettingError


class _SignalFreeServer(uvicorn.Server):
    """A uvicorn that does not handle signals: the bot does."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """Serves one application on one address.

    Args:
        setting: the setting that the error names if the address can't be used.
    """

    def __init__(self, application: ASGIApp, host: str, port: int, *, setting: str) -> None:
        self._host = host
        self._port = port
        self._setting = setting
        self._server = _SignalFreeServer(
            uvicorn.Config(application, log_config=None, access_log=False, lifespan="off")
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; raise `SettingError` if the address is taken or is not one of this host."""
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listener = _listener(family, kind, protocol, address)
        except OSError as error:
            raise SettingError(
                f"{self._setting}: {self._host}:{self._port} can't be used ({error.strerror})."
            ) from error
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))

    async def stop(self) -> None:
        """Wait up to 2 s for open requests, and close."""
        self._server.should_exit = True
        if self._task:
            await asyncio.wait([self._task], timeout=2)
            self._server.force_exit = True
            await asyncio.wait([self._task], timeout=1)


def _listener(
    family: socket.AddressFamily, kind: socket.SocketKind, protocol: int, address: Any
) -> socket.socket:
    with contextlib.ExitStack() as on_failure:
        listener = on_failure.enter_context(socket.socket(family, kind, protocol))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        on_failure.pop_all()
    return listener
