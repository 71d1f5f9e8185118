"""Answers go out at once: no answer waits for the client to acknowledge its headers."""

import socket

import httpx

from clipbot_playground.botapi.server import BotApiServer


async def test_connections_send_small_pieces_at_once(server: BotApiServer) -> None:
    async with httpx.AsyncClient() as client:
        await client.get(f"{server.url}/bot{server.token}/getMe")
        (transport,) = server._loopback_server._connections.values()
        connection = transport.get_extra_info("socket")
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
