"""The web server; if an address can't be used, one sentence says why."""

import socket

import pytest
from starlette.applications import Starlette

from bot.ops.web import WebServer
from inference.protocol.errors import SettingError


async def test_a_taken_port_is_refused() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        server = WebServer(Starlette(), "127.0.0.1", port, setting="METRICS_PORT")
        with pytest.raises(SettingError, match=f"^METRICS_PORT: 127.0.0.1:{port} can't be used"):
            await server.start()
        await server.stop()


async def test_a_wrong_host_is_refused() -> None:
    server = WebServer(Starlette(), "no.such.host.invalid", 80, setting="WEBHOOK_LISTEN")
    with pytest.raises(SettingError, match="WEBHOOK_LISTEN"):
        await server.start()


async def test_it_starts_and_stops() -> None:
    server = WebServer(Starlette(), "127.0.0.1", 0, setting="METRICS_PORT")
    await server.start()
    await server.stop()
