"""A server that answers each request as a test says."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable

from inference.protocol import tasks

Writer = asyncio.StreamWriter
OK = b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"ok":true}'
MOVED = b"HTTP/1.1 302 Found\r\nlocation: /else\r\ncontent-length: 0\r\n\r\n"


@contextlib.asynccontextmanager
async def answering(answer: Callable[[bytes, Writer], Awaitable[None]]) -> AsyncIterator[str]:
    """Run the server and give its address.

    Args:
        answer: gets the head of each request.
    """

    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task
        talks.add(task)
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                if length := re.search(rb"content-length: (\d+)", head, re.IGNORECASE):
                    await reader.readexactly(int(length[1]))
                await answer(head, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await tasks.end(*talks)


async def well(_head: bytes, writer: Writer) -> None:
    """Answer that all is well."""
    writer.write(OK)


async def never(_head: bytes, _writer: Writer) -> None:
    """Never answer."""
    await asyncio.Event().wait()
