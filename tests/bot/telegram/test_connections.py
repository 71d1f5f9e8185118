"""Connections: kept, shared out, and never lost, whatever becomes of a request."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from bot.telegram import connections
from bot.telegram.connections import Connections
from tests.inference.asker import until


class Server:
    """Answers every request once `gate` is open, and counts connections."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.opened = 0
        self.asked = asyncio.Semaphore(0)
        self.writers: set[asyncio.StreamWriter] = set()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.writers.add(writer)
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.asked.release()
                await self.gate.wait()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    served = Server()
    listening = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    async with listening:
        yield served
        listening.close()
        for writer in served.writers:
            writer.close()


def client(limit: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(mounts={"all://": Connections(limit)}, timeout=20.0)


async def test_one_after_another_share_a_connection(server: Server) -> None:
    async with client(8) as asking:
        for _ in range(5):
            assert (await asking.get(server.url)).text == "ok"
    assert server.opened == 1


async def test_no_more_at_a_time_than_the_limit(server: Server) -> None:
    server.gate.clear()
    async with client(3) as asking, asyncio.TaskGroup() as tasks:
        answers = [tasks.create_task(asking.get(server.url)) for _ in range(10)]
        for _ in range(3):
            await server.asked.acquire()
        server.gate.set()
    assert [answer.result().text for answer in answers] == ["ok"] * 10
    assert server.opened == 3


async def test_after_a_burst_some_stay_open_for_the_next(server: Server) -> None:
    server.gate.clear()
    async with client(40) as asking:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(40):
                tasks.create_task(asking.get(server.url))
            for _ in range(40):
                await server.asked.acquire()
            server.gate.set()
        await until(lambda: len(server.writers) == connections._KEPT, True)
        await asking.get(server.url)
    assert server.opened == 40


async def test_a_connection_that_the_server_closed_is_opened_again(server: Server) -> None:
    async with client(1) as asking:
        await asking.get(server.url)
        for writer in list(server.writers):
            writer.close()
            await writer.wait_closed()
        assert (await asking.get(server.url)).text == "ok"
    assert server.opened == 2


async def test_requests_that_fail_or_are_given_up_leave_no_gap(server: Server) -> None:
    async with client(1) as asking:
        for _ in range(3):
            with pytest.raises(httpx.ConnectError):
                await asking.get("http://127.0.0.1:1/")
        server.gate.clear()
        given_up = asyncio.create_task(asking.get(server.url))
        await server.asked.acquire()
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        server.gate.set()
        assert (await asking.get(server.url)).text == "ok"


@pytest.mark.parametrize(
    ("name", "own"), [("NO_PROXY", True), ("HTTPS_PROXY", False), ("ALL_PROXY", False)]
)
def test_where_there_is_a_proxy_httpx_does_it_all(
    monkeypatch: pytest.MonkeyPatch, name: str, own: bool
) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert bool(connections.mounts(4)) is own
