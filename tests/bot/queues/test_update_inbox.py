"""Updates are stored before they are confirmed, handled once and in order, and never lost."""

import asyncio
import json
from collections.abc import Hashable

import pytest
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.platform.ports import RetryLater, TargetGone
from bot.queues.update_inbox import Update, UpdateInbox
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol import tasks
from inference.protocol.broker.client import DEAD, UPDATES, Queue, updates_subject
from inference.protocol.errors import QueueUnavailable
from tests.bot.scripted import ScriptedDelivery, failing
from tests.waiting import until


class LaneHandler:
    """An `UpdateHandler`; an update is `{"update_id": …, "lane": …}`."""

    def __init__(self) -> None:
        self.handled: list[int] = []
        self.faults: list[Exception] = []
        self.apologies = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def lane(self, update: Update) -> Hashable:
        if update.get("lane") == "broken":
            raise AttributeError("a bug before the handler")
        lane: Hashable = update.get("lane")
        return lane

    async def handle(self, update: Update) -> None:
        await self.gate.wait()
        if self.faults:
            raise self.faults.pop(0)
        self.handled.append(update["update_id"])

    async def apologise(self, update: Update) -> None:
        self.apologies += 1


@pytest.fixture
def handler() -> LaneHandler:
    return LaneHandler()


@pytest.fixture
def inbox(queue: Queue, store: Store, handler: LaneHandler, metrics: Metrics) -> UpdateInbox:
    return UpdateInbox(queue, store, handler, 42, metrics)


def delivered(number: int, attempt: int = 1, lane: int = 0) -> ScriptedDelivery:
    return ScriptedDelivery(json.dumps({"update_id": number, "lane": lane}).encode(), attempt)


async def test_an_update_is_kept_once(inbox: UpdateInbox, queue: Queue) -> None:
    for _ in range(2):
        await inbox.keep({"update_id": 5, "text": "ñ"})
    pull_consumer = await queue.pull_consumer(UPDATES, "test", updates_subject(42))
    (kept,) = await pull_consumer.pull(9, 1.0)
    assert json.loads(kept.data) == {"update_id": 5, "text": "ñ"}


async def test_handled_twice_is_handled_once(inbox: UpdateInbox, handler: LaneHandler) -> None:
    first, second = delivered(1), delivered(1, attempt=2)
    await inbox.deal_with(first)
    await inbox.deal_with(second)
    assert handler.handled == [1]
    assert (first.acknowledged, second.acknowledged) == (1, 1)


@pytest.mark.parametrize(
    ("fault", "attempt", "delay"),
    [
        (RetryLater("away"), 5, 16.0),
        (RetryLater("away"), 50, 60.0),
        (RetryLater("flood", 17.0), 1, 17.0),
        (QueueUnavailable("no answer"), 6, 32.0),
        (OperationalError("select", None, Exception("locked")), 9, 60.0),
        (PoolTimeout("all connections wait"), 9, 60.0),
    ],
)
async def test_an_update_comes_again_while_something_is_away_for_long(
    inbox: UpdateInbox, handler: LaneHandler, fault: Exception, attempt: int, delay: float
) -> None:
    handler.faults = [fault]
    delivery = delivered(1, attempt)
    await inbox.deal_with(delivery)
    assert (delivery.naks, delivery.acknowledged) == ([delay], 0)
    again = delivered(1, attempt + 1)
    await inbox.deal_with(again)
    assert (handler.handled, again.acknowledged) == ([1], 1)
    assert handler.apologies == 0


async def test_for_a_short_outage_only_the_lane_of_the_update_waits(
    inbox: UpdateInbox, handler: LaneHandler
) -> None:
    handler.faults = [RetryLater("flood", 9.0)]
    first, second = delivered(1, lane=7), delivered(2, lane=7)
    waiting = [asyncio.create_task(inbox.deal_with(one)) for one in (first, second)]
    await until(lambda: len(handler.faults), 0)
    await inbox.deal_with(delivered(3, lane=8))
    assert handler.handled == [3]
    await tasks.end(*waiting)

    handler.faults = [RetryLater("flood", 0.01), RetryLater("flood", 0.01)]
    await asyncio.gather(inbox.deal_with(first), inbox.deal_with(second))
    assert handler.handled == [3, 1, 2]
    assert (first.naks, first.acknowledged) == ([], 1)


async def test_marking_an_update_as_handled_waits_for_the_database(
    inbox: UpdateInbox, handler: LaneHandler, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.retry._LONGEST", 0.01)
    faults = failing(monkeypatch, store, "mark_handled", 3)
    delivery = delivered(1)
    await inbox.deal_with(delivery)
    assert (handler.handled, delivery.acknowledged, faults) == ([1], 1, [])
    assert await store.is_handled("1")


async def test_our_own_fault_is_tried_three_times_then_kept_with_an_apology(
    inbox: UpdateInbox,
    handler: LaneHandler,
    queue: Queue,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.runtime.retry._LONGEST", 0.01)
    handler.faults = [ValueError("a bug")] * 3
    delivery = delivered(1)
    await inbox.deal_with(delivery)
    assert (delivery.naks, delivery.acknowledged) == ([], 1)
    assert handler.apologies == 1
    assert await store.is_handled("1")
    (kept,) = await (await queue.pull_consumer(DEAD, "person", "clipbot.dead.updates")).pull(9, 1.0)
    assert json.loads(kept.data)["update_id"] == 1


async def set_aside(queue: Queue) -> list[bytes]:
    """Return the updates among the dead letters."""
    pull_consumer = await queue.pull_consumer(DEAD, "person", "clipbot.dead.updates")
    letters = await pull_consumer.pull(9, 1.0)
    for letter in letters:
        await letter.ack()
    await pull_consumer.close()
    return [letter.data for letter in letters]


@pytest.mark.parametrize(
    "update", [{"update_id": 1, "lane": "broken"}, {"update_id": 1, "lane": {"no": "lane"}}]
)
async def test_an_update_that_fails_before_its_handler_is_kept_after_its_attempts(
    inbox: UpdateInbox, handler: LaneHandler, queue: Queue, update: Update
) -> None:
    delivery = ScriptedDelivery(json.dumps(update).encode())
    for tries in range(3):
        assert (len(delivery.naks), delivery.acknowledged) == (tries, 0)
        await inbox.deal_with(delivery)
    assert (len(delivery.naks), delivery.acknowledged) == (2, 1)
    assert await set_aside(queue) == [delivery.data]
    await inbox.deal_with(delivered(2))
    assert handler.handled == [2]


@pytest.mark.parametrize(
    "data",
    [
        b"no JSON",
        b"[" * 100_000,
        b"[]",
        b'{"update_id": "x"}',
        b"{}",
        b'{"update_id": 18446744073709551616}',
        b'{"update_id": 1, "message": {"from": {"id": 18446744073709551616}}}',
        b'{"update_id": 1, "message": {"date": 1e999}}',
    ],
    ids=lambda data: data[:60].decode(),
)
async def test_an_unusable_update_of_an_older_clipbot_is_kept_as_a_dead_letter(
    inbox: UpdateInbox, handler: LaneHandler, queue: Queue, data: bytes
) -> None:
    delivery = ScriptedDelivery(data)
    await inbox.deal_with(delivery)
    assert (delivery.naks, delivery.acknowledged, handler.handled) == ([], 1, [])
    assert await set_aside(queue) == [data]


@pytest.mark.parametrize(
    "refusal",
    [
        DataError("select", None, Exception("value out of int64 range")),
        OverflowError("Python int too large to convert to SQLite INTEGER"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    ],
    ids=lambda refusal: type(refusal).__name__,
)
async def test_a_value_that_the_database_refuses_does_not_block_its_sender(
    inbox: UpdateInbox,
    handler: LaneHandler,
    queue: Queue,
    refusal: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.runtime.retry._LONGEST", 0.01)
    handler.faults = [refusal] * 3
    poison, photo = delivered(1), delivered(2)
    await asyncio.gather(inbox.deal_with(poison), inbox.deal_with(photo))
    assert (poison.acknowledged, photo.acknowledged, handler.handled) == (1, 1, [2])
    assert handler.apologies == 1
    assert await set_aside(queue) == [poison.data]


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 1, "message": {"from": {"id": 2**64}}},
        {"update_id": 1, "message": {"date": float("inf")}},
        {"update_id": True},
        {"update_id": 2**63},
        {"update_id": 1, "text": "ñ" * 2**21},
    ],
    ids=["user id", "infinity", "boolean", "update id", "size"],
)
async def test_an_update_that_cannot_be_stored_is_kept_as_a_dead_letter_at_once(
    inbox: UpdateInbox, queue: Queue, update: Update
) -> None:
    await inbox.keep(update)
    await inbox.keep({"update_id": 2})
    pull_consumer = await queue.pull_consumer(UPDATES, "test", updates_subject(42))
    assert [json.loads(one.data) for one in await pull_consumer.pull(9, 1.0)] == [{"update_id": 2}]
    assert len(await set_aside(queue)) == 1


async def test_a_dead_letter_that_cannot_be_written_blocks_nobody(
    inbox: UpdateInbox,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def refuse(*_: object) -> None:
        raise QueueUnavailable("NATS did not store a message: it is too large")

    monkeypatch.setattr(queue, "dead_letter", refuse)
    delivery = ScriptedDelivery(b"no JSON")
    await inbox.deal_with(delivery)
    assert delivery.acknowledged == 1
    assert "can't be kept" in caplog.text


async def test_an_update_whose_chat_is_gone_is_not_tried_again(
    inbox: UpdateInbox, handler: LaneHandler
) -> None:
    handler.faults = [TargetGone("bot was blocked by the user")]
    delivery = delivered(1)
    await inbox.deal_with(delivery)
    assert (delivery.acknowledged, handler.apologies) == (1, 0)


async def test_one_persons_updates_are_handled_in_order_and_those_of_others_meanwhile(
    inbox: UpdateInbox, handler: LaneHandler
) -> None:
    handler.gate.clear()
    handling = [
        asyncio.create_task(inbox.deal_with(delivered(number, lane=lane)))
        for number, lane in ((1, 7), (2, 7), (3, 8))
    ]
    await asyncio.sleep(0)
    handler.gate.set()
    await asyncio.gather(*handling)
    assert sorted(handler.handled) == [1, 2, 3]
    assert handler.handled.index(1) < handler.handled.index(2)


async def test_many_updates_of_one_person_leave_room_for_others(
    inbox: UpdateInbox, handler: LaneHandler
) -> None:
    handler.gate.clear()
    flood = [delivered(number, lane=7) for number in range(101)]
    handling = [asyncio.create_task(inbox.deal_with(delivery)) for delivery in flood]
    await asyncio.sleep(0)
    assert flood[-1].naks == [5.0]
    handler.gate.set()
    await asyncio.gather(*handling)
    assert handler.handled == list(range(100))
