"""HTTP on loopback: a uvicorn inside the running event loop, whose connections can be cut."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

# Bytes of request line and headers: a GET may carry a whole message in its query string.
_LONGEST_HEAD = 1 << 18
# Seconds that unfinished answers get when the server stops.
_GRACE = 3


class LoopbackServer:
    """A server for an ASGI application on 127.0.0.1.

    Args:
        port: 0 takes a free one.

    Attributes:
        url: root of the server, e.g. "http://127.0.0.1:40123"; "" before `start`.
    """

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self.url = ""
        self._app = app
        self._port = port
        self._connections: dict[tuple[str, int], asyncio.BaseTransport] = {}
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start to listen; afterwards `url` is set.

        Raises:
            OSError: the port is taken.
        """
        listener = _listener(self._port)
        config = uvicorn.Config(
            self._app,
            http=self._protocol(),
            ws="none",
            lifespan="off",
            log_config=None,  # the default would reconfigure the loggers of the whole process
            access_log=False,  # paths contain the token
            proxy_headers=False,
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve([listener]), name="bot api server")
        await self._server.ready.wait()
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening, after unfinished answers."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
            self._server = self._task = None

    async def cut(self, request: Request) -> None:
        """Close the connection of a request without answering it."""
        assert request.client is not None
        transport = self._connections.get((request.client.host, request.client.port))
        if isinstance(transport, asyncio.Transport):
            transport.abort()
        await disconnected(request)

    def _protocol(self) -> type[asyncio.Protocol]:
        connections = self._connections

        class Protocol(H11Protocol):
            """uvicorn's protocol, which registers its connection under the client's address."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client is not None:
                    connections[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    connections.pop(self.client, None)
                super().connection_lost(exc)

        return Protocol


def _listener(port: int) -> socket.socket:
    """Return a socket that listens on loopback; `port` 0 takes a free one."""
    # asyncio turns off Nagle's algorithm only for sockets whose protocol is named, which
    # `socket.create_server` does not do. With it each answer would wait 40 ms for the client's ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # As `create_server` does: on other systems than POSIX two servers could share the port.
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


async def disconnected(request: Request) -> None:
    """Wait until the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[Any]:
        # The program that runs the event loop handles signals.
        yield
