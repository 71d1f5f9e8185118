"""Long polling against a Telegram that fails in every way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from bot.queues.update_inbox import Update
from bot.telegram import polling
from bot.telegram.polling import Poller, Unauthorized
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from inference.protocol import tasks
from inference.protocol.errors import QueueUnavailable
from tests.bot.answering import MOVED, Writer, answering
from tests.waiting import until


@pytest.fixture
async def server() -> AsyncIterator[BotApiServer]:
    async with BotApiServer() as server:
        yield server
    assert server.violations == []


@pytest.fixture
def alice(server: BotApiServer) -> SimulatedUser:
    return server.person("Alice")


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "backoff", lambda attempt: 0.01)


class Box:
    """Stores updates, unless a test lets it fail."""

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


async def test_stored_updates_are_confirmed(server: BotApiServer, alice: SimulatedUser) -> None:
    box = Box()
    for text in ("one", "two", "three"):
        await alice.sends(text)
    async with polled(server, box):
        await until(box.texts, ["one", "two", "three"])
        await server.until(lambda: not server.world.updates.pending)


async def test_an_update_that_can_not_be_stored_comes_again(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    box = Box()
    box.faults = [QueueUnavailable("no answer"), QueueUnavailable("no answer")]
    for text in ("one", "two"):
        await alice.sends(text)
    async with polled(server, box):
        await until(box.texts, ["one", "two"])


async def test_a_stop_while_an_update_is_being_stored(
    server: BotApiServer, alice: SimulatedUser
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


async def test_a_stop_confirms_stored_updates(server: BotApiServer, alice: SimulatedUser) -> None:
    box = Box()
    await alice.sends("one")
    async with polled(server, box):
        await until(box.texts, ["one"])
    assert not server.world.updates.pending


async def test_errors_of_telegram_lose_no_update(
    server: BotApiServer, alice: SimulatedUser, caplog: pytest.LogCaptureFixture
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
async def test_a_token_that_is_no_longer_valid_ends_the_polling(
    server: BotApiServer, status: int
) -> None:
    server.faults.next("getUpdates", status=status)
    async with polled(server, Box()) as task:
        await asyncio.wait([task], timeout=10)
        with pytest.raises(Unauthorized, match="TELEGRAM_BOT_TOKEN is not accepted"):
            await task


async def test_redirects_are_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    """A redirected request has no offset, and so confirms nothing."""
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


@contextlib.asynccontextmanager
async def poller_of(answers: list[bytes], offsets: list[str], box: Box) -> AsyncIterator[None]:
    """Poll a server that gives these answers, one after the other, and then disconnects."""

    async def answer(head: bytes, writer: Writer) -> None:
        if answers:
            body = answers.pop(0)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    async with answering(answer) as url:
        poller = Poller("123:secret", url, box.keep)
        ask = poller._ask

        async def asking(**form: int | str) -> object:
            offsets.append(f"{poller._offset} limit {form['limit']}")
            return await ask(**form)

        poller._ask = asking  # type: ignore[method-assign]
        task = asyncio.create_task(poller.run())
        yield
        assert not task.done()
        await tasks.end(task)
        await poller.close()


def result(*updates: bytes) -> bytes:
    return b'{"ok": true, "result": [' + b", ".join(updates) + b"]}"


async def test_an_unreadable_update_is_skipped_and_the_others_are_stored() -> None:
    deep = b'{"update_id": 6, "message": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    good = [b'{"update_id": 5}', b'{"update_id": 7}']
    answers = [result(good[0], deep), result(good[0]), result(deep), result(deep), result(good[1])]
    offsets: list[str] = []
    box = Box()
    async with poller_of(answers, offsets, box):
        await until(lambda: box.kept, [{"update_id": 5}, {"update_id": 7}])
    assert offsets[:5] == ["0 limit 100", "0 limit 1", "6 limit 100", "6 limit 1", "7 limit 100"]


@pytest.mark.parametrize(
    "odd",
    [
        b'{"ok": true, "result": null}',
        b'{"ok": true, "result": 5}',
        b'{"ok": false, "parameters": {"retry_after": "x"}}',
        b'{"ok": false, "parameters": [1]}',
        b'{"ok": false, "parameters": {"retry_after": NaN}}',
        b"[" * 100_000,
        b"[1]",
        result(b"5", b"null", b'{"no": 1}', b'{"update_id": "x"}', b'{"update_id": 1e999}'),
        result(b'{"update_id": 99999999999999999999999}'),
    ],
    ids=lambda odd: odd[:50].decode(),
)
async def test_an_odd_answer_does_not_end_the_polling(odd: bytes) -> None:
    box = Box()
    async with poller_of([odd, result(b'{"update_id": 5}')], [], box):
        await until(lambda: {"update_id": 5} in box.kept, True)
