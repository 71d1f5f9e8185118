"""PTB's requests by aiohttp, against a server that does as the test says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from telegram.error import NetworkError, TimedOut

from bot.telegram.http import AiohttpRequest
from tests.ports import reserved_port

TOKEN = "123:secret"
ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"ok":true}'

Writer = asyncio.StreamWriter
Answering = Callable[[bytes, Writer], Awaitable[None]]


@contextlib.asynccontextmanager
async def served(answer: Answering) -> AsyncIterator[str]:
    """A server's address; `answer` gets each request's head."""

    async def talk(reader: asyncio.StreamReader, writer: Writer) -> None:
        with (
            contextlib.suppress(asyncio.IncompleteReadError, ConnectionError),
            contextlib.closing(writer),
        ):
            while not writer.is_closing():
                await answer(await reader.readuntil(b"\r\n\r\n"), writer)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def well(_head: bytes, writer: Writer) -> None:
    writer.write(ANSWER)


@pytest.fixture
async def request_() -> AsyncIterator[AiohttpRequest]:
    async with AiohttpRequest(1) as request:
        yield request


async def test_status_and_body_come_through(request_: AiohttpRequest) -> None:
    async with served(well) as url:
        assert await request_.do_request(f"{url}/bot{TOKEN}/getMe", "POST") == (200, ANSWER[-11:])


async def test_nobody_listens(request_: AiohttpRequest) -> None:
    with reserved_port() as port, pytest.raises(NetworkError) as caught:
        await request_.do_request(f"http://127.0.0.1:{port}/bot{TOKEN}/getMe", "POST")
    assert not isinstance(caught.value, TimedOut)
    assert TOKEN not in str(caught.value)


async def test_no_answer_in_time(request_: AiohttpRequest) -> None:
    async def never(_head: bytes, _writer: Writer) -> None:
        await asyncio.Event().wait()

    async with served(never) as url:
        with pytest.raises(TimedOut):
            await request_.do_request(url, "POST", read_timeout=0.05)


async def test_the_connection_breaks_in_the_middle_of_an_answer(request_: AiohttpRequest) -> None:
    async def half(_head: bytes, writer: Writer) -> None:
        writer.write(ANSWER[:-5])
        writer.close()

    async with served(half) as url:
        with pytest.raises(NetworkError):
            await request_.do_request(url, "POST")


async def test_nobody_is_followed_elsewhere(request_: AiohttpRequest) -> None:
    """A call that was meant for Telegram holds the token."""

    async def elsewhere(_head: bytes, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: /else\r\ncontent-length: 0\r\n\r\n")

    async with served(elsewhere) as url:
        assert (await request_.do_request(url, "GET"))[0] == 302


async def test_a_call_that_is_given_up_takes_no_connection_with_it(
    request_: AiohttpRequest,
) -> None:
    """There is only one here."""
    slow, arrived = asyncio.Event(), asyncio.Event()

    async def first_never(_head: bytes, writer: Writer) -> None:
        if slow.is_set():
            writer.write(ANSWER)
            return
        slow.set()
        arrived.set()
        await asyncio.Event().wait()

    async with served(first_never) as url:
        stuck = asyncio.create_task(request_.do_request(url, "POST"))
        await arrived.wait()
        behind = asyncio.create_task(request_.do_request(url, "POST"))
        await asyncio.sleep(0)
        stuck.cancel()
        assert (await asyncio.wait_for(behind, 5))[0] == 200
        assert (await request_.do_request(url, "POST"))[0] == 200


async def test_proxies_as_the_environment_has_them(
    request_: AiohttpRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = []

    async def proxy(head: bytes, writer: Writer) -> None:
        heads.append(head)
        writer.write(ANSWER)

    async with served(proxy) as url:
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert (await request_.do_request("http://telegram.test/getMe", "POST"))[0] == 200
        assert heads[0].startswith(b"POST http://telegram.test/getMe ")
        assert (await request_.do_request(f"{url}/getMe", "POST"))[0] == 200
        assert heads[1].startswith(b"POST /getMe ")


async def test_it_must_be_made_ready_first() -> None:
    with pytest.raises(RuntimeError, match="initialize"):
        await AiohttpRequest(1).do_request("http://127.0.0.1", "POST")
