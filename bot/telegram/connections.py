"""Connections to Telegram that are taken and given back without a look at all the others.

httpcore's own pool asks each of its connections, several times a request, whether the other side
has closed it: under load that was a third of the bot's time. Here each connection is a pool of one,
and the one that was used last is used next.
"""

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

# Of connections that nobody uses, so many stay open for the next burst.
_KEPT = 16


class Connections(httpx.AsyncBaseTransport):
    """At most `limit` connections; who wants one more waits. For httpx clients without a proxy."""

    def __init__(self, limit: int) -> None:
        self._room = asyncio.Semaphore(limit)
        self._idle: list[httpx.AsyncHTTPTransport] = []
        self._trusted = httpx.create_ssl_context()  # reading the certificates takes a while

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises: what httpx's own transport raises."""
        await self._room.acquire()
        connection = self._idle.pop() if self._idle else self._new()
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            await self._give_back(connection)  # closed by now, and opened again when used again
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Stream(response.stream, lambda: self._give_back(connection))
        return response

    def _new(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(
            verify=self._trusted,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        )

    async def _give_back(self, connection: httpx.AsyncHTTPTransport) -> None:
        self._room.release()
        self._idle.append(connection)
        if len(self._idle) > _KEPT:
            await self._idle.pop(0).aclose()

    async def aclose(self) -> None:
        """Closes those that are idle."""
        while self._idle:
            await self._idle.pop().aclose()


class _Stream(httpx.AsyncByteStream):
    """An answer's body; once it is closed, its connection is free."""

    def __init__(self, body: httpx.AsyncByteStream, free: Callable[[], Awaitable[None]]) -> None:
        self._body, self._free = body, free

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            yield chunk

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            await self._free()


def mounts(limit: int) -> dict[str, httpx.AsyncBaseTransport]:
    """For httpx's parameter of that name; empty where the environment names a proxy."""
    proxies = urllib.request.getproxies().keys() - {"no"}
    return {} if proxies else {"all://": Connections(limit)}
