"""Long polling against a Telegram that has a bad day."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from bot.inbox import Update
from bot.playground.people import Person
from bot.playground.server import BotApiServer
from bot.telegram import polling
from bot.telegram.polling import Poller, Unauthorized
from inference import tasks
from inference.errors import QueueUnavailable
from tests.bot.answering import MOVED, Writer, answering
from tests.inference.asker import until


@pytest.fixture
async def server() -> AsyncIterator[BotApiServer]:
    async with BotApiServer() as server:
        yield server
    assert server.violations == []


@pytest.fixture
def alice(server: BotApiServer) -> Person:
    return server.person("Alice")


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "backoff", lambda attempt: 0.01)


class Box:
    """Keeps updates, unless it is told to fail."""

    def __init__(self) -> None:
        self.kept: list[Update] = []
        self.faults: list[Exception] = []

    async def keep(self, update: Update) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.kept.append(update)

    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.kept]


@contextlib.asynccontextmanager
async def polled(server: BotApiServer, box: Box) -> AsyncIterator["asyncio.Task[None]"]:
    poller = Poller(server.token, server.url, box.keep)
    task = asyncio.create_task(poller.run())
    yield task
    await tasks.end(task)
    await poller.close()


async def test_what_is_kept_is_confirmed(server: BotApiServer, alice: Person) -> None:
    box = Box()
    for text in ("one", "two", "three"):
        await alice.sends(text)
    async with polled(server, box):
        await until(box.texts, ["one", "two", "three"])
        await server.until(lambda: not server.world.updates.pending)


async def test_what_cannot_be_kept_comes_again(server: BotApiServer, alice: Person) -> None:
    box = Box()
    box.faults = [QueueUnavailable("no answer"), QueueUnavailable("no answer")]
    for text in ("one", "two"):
        await alice.sends(text)
    async with polled(server, box):
        await until(box.texts, ["one", "two"])


async def test_a_stop_in_the_moment_in_which_an_update_is_stored(
    server: BotApiServer, alice: Person
) -> None:
    storing = asyncio.Event()
    stored = asyncio.get_running_loop().create_future()

    async def keep(_: Update) -> None:
        storing.set()
        await asyncio.wait_for(stored, 10.0)  # as nats-py waits for the server's word

    poller = Poller(server.token, server.url, keep)
    polling_on = asyncio.create_task(poller.run())
    await alice.sends("one")
    await storing.wait()
    stored.set_result(None)
    async with asyncio.timeout(10.0):
        await tasks.end(polling_on)
    await poller.close()


async def test_a_stop_confirms_what_is_kept(server: BotApiServer, alice: Person) -> None:
    box = Box()
    await alice.sends("one")
    async with polled(server, box):
        await until(box.texts, ["one"])
    assert not server.world.updates.pending


async def test_a_bad_day_loses_nothing(
    server: BotApiServer, alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    box = Box()
    for status in (429, 500, 502, 409):
        server.faults.next("getUpdates", status=status, retry_after=0 if status == 429 else None)
    server.faults.next("getUpdates", drop="before")
    server.faults.next("getUpdates", drop="after")
    await alice.sends("one")
    async with polled(server, box):
        await until(box.texts, ["one"])
    assert "Telegram can't be reached" in caplog.text
    assert "Run only one bot per token" in caplog.text
    assert server.token not in caplog.text


@pytest.mark.parametrize("status", [401, 404])
async def test_a_token_that_is_no_longer_valid_ends_it(server: BotApiServer, status: int) -> None:
    server.faults.next("getUpdates", status=status)
    async with polled(server, Box()) as task:
        await asyncio.wait([task], timeout=10)
        with pytest.raises(Unauthorized, match="TELEGRAM_BOT_TOKEN is not accepted"):
            await task


async def test_telegram_sends_us_elsewhere(caplog: pytest.LogCaptureFixture) -> None:
    """What is followed becomes a request without an offset, which confirms nothing."""
    heads = []

    async def elsewhere(head: bytes, writer: Writer) -> None:
        heads.append(head.split(b" ")[0])
        writer.write(MOVED)

    async with answering(elsewhere) as url:
        poller = Poller("123:secret", url, Box().keep)
        task = asyncio.create_task(poller.run())
        await until(lambda: len(heads) > 2, True)
        await tasks.end(task)
        await poller.close()
    assert set(heads) == {b"POST"}
    assert "can't be reached" in caplog.text
