"""Updates: kept before they are confirmed, handled once, in order, and never lost silently."""

import asyncio
import json
from collections.abc import Hashable

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.inbox import Inbox, Update
from bot.metrics import Metrics
from bot.platform import Gone, TryAgain
from bot.store import Store
from inference import tasks
from inference.errors import QueueUnavailable
from inference.queue import DEAD, UPDATES, Queue, updates_subject
from tests.bot.scripted import ScriptedDelivery, failing
from tests.inference.asker import until


class ScriptedFront:
    """`bot.inbox.Front`; an update is `{"update_id": …, "lane": …}`."""

    def __init__(self) -> None:
        self.handled: list[int] = []
        self.faults: list[Exception] = []
        self.apologies = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def lane(self, update: Update) -> Hashable:
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
def front() -> ScriptedFront:
    return ScriptedFront()


@pytest.fixture
def inbox(queue: Queue, store: Store, front: ScriptedFront, metrics: Metrics) -> Inbox:
    return Inbox(queue, store, front, 42, metrics)


def delivered(number: int, attempt: int = 1, lane: int = 0) -> ScriptedDelivery:
    return ScriptedDelivery(json.dumps({"update_id": number, "lane": lane}).encode(), attempt)


async def test_an_update_is_kept_once(inbox: Inbox, queue: Queue) -> None:
    for _ in range(2):
        await inbox.keep({"update_id": 5, "text": "ñ"})
    puller = await queue.puller(UPDATES, "test", updates_subject(42))
    (kept,) = await puller.pull(9, 1.0)
    assert json.loads(kept.data) == {"update_id": 5, "text": "ñ"}


async def test_handled_twice_is_handled_once(inbox: Inbox, front: ScriptedFront) -> None:
    first, second = delivered(1), delivered(1, attempt=2)
    await inbox.deal_with(first)
    await inbox.deal_with(second)
    assert front.handled == [1]
    assert (first.acknowledged, second.acknowledged) == (1, 1)


@pytest.mark.parametrize(
    ("fault", "attempt", "delay"),
    [
        (TryAgain("away"), 5, 16.0),
        (TryAgain("away"), 50, 60.0),
        (TryAgain("flood", 17.0), 1, 17.0),
        (QueueUnavailable("no answer"), 6, 32.0),
        (OperationalError("select", None, Exception("locked")), 9, 60.0),
        (PoolTimeout("all connections wait"), 9, 60.0),
    ],
)
async def test_what_is_away_for_long_comes_back_however_often(
    inbox: Inbox, front: ScriptedFront, fault: Exception, attempt: int, delay: float
) -> None:
    front.faults = [fault]
    delivery = delivered(1, attempt)
    await inbox.deal_with(delivery)
    assert (delivery.handed_back, delivery.acknowledged) == ([delay], 0)
    again = delivered(1, attempt + 1)
    await inbox.deal_with(again)
    assert (front.handled, again.acknowledged) == ([1], 1)
    assert front.apologies == 0


async def test_what_is_away_for_a_moment_is_waited_for_by_its_lane_alone(
    inbox: Inbox, front: ScriptedFront
) -> None:
    front.faults = [TryAgain("flood", 9.0)]
    first, second = delivered(1, lane=7), delivered(2, lane=7)
    waiting = [asyncio.create_task(inbox.deal_with(one)) for one in (first, second)]
    await until(lambda: len(front.faults), 0)
    await inbox.deal_with(delivered(3, lane=8))
    assert front.handled == [3]
    await tasks.end(*waiting)

    front.faults = [TryAgain("flood", 0.01), TryAgain("flood", 0.01)]
    await asyncio.gather(inbox.deal_with(first), inbox.deal_with(second))
    assert front.handled == [3, 1, 2]
    assert (first.handed_back, first.acknowledged) == ([], 1)


async def test_what_was_handled_is_noted_until_the_database_takes_it(
    inbox: Inbox, front: ScriptedFront, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.backoff._LONGEST", 0.01)
    faults = failing(monkeypatch, store, "mark_handled", 3)
    delivery = delivered(1)
    await inbox.deal_with(delivery)
    assert (front.handled, delivery.acknowledged, faults) == ([1], 1, [])
    assert await store.is_handled(1)


async def test_our_own_fault_is_tried_three_times_then_set_aside_with_an_apology(
    inbox: Inbox,
    front: ScriptedFront,
    queue: Queue,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.backoff._LONGEST", 0.01)
    front.faults = [ValueError("a bug")] * 3
    delivery = delivered(1)
    await inbox.deal_with(delivery)
    assert (delivery.handed_back, delivery.acknowledged) == ([], 1)
    assert front.apologies == 1
    assert await store.is_handled(1)
    (kept,) = await (await queue.puller(DEAD, "person", "clipbot.dead.updates")).pull(9, 1.0)
    assert json.loads(kept.data)["update_id"] == 1


async def test_who_is_gone_is_not_asked_again(inbox: Inbox, front: ScriptedFront) -> None:
    front.faults = [Gone("bot was blocked by the user")]
    delivery = delivered(1)
    await inbox.deal_with(delivery)
    assert (delivery.acknowledged, front.apologies) == (1, 0)


async def test_one_persons_updates_are_handled_in_order_others_meanwhile(
    inbox: Inbox, front: ScriptedFront
) -> None:
    front.gate.clear()
    handling = [
        asyncio.create_task(inbox.deal_with(delivered(number, lane=lane)))
        for number, lane in ((1, 7), (2, 7), (3, 8))
    ]
    await asyncio.sleep(0)
    front.gate.set()
    await asyncio.gather(*handling)
    assert sorted(front.handled) == [1, 2, 3]
    assert front.handled.index(1) < front.handled.index(2)


async def test_one_persons_flood_leaves_room_for_others(inbox: Inbox, front: ScriptedFront) -> None:
    front.gate.clear()
    flood = [delivered(number, lane=7) for number in range(101)]
    handling = [asyncio.create_task(inbox.deal_with(delivery)) for delivery in flood]
    await asyncio.sleep(0)
    assert flood[-1].handed_back == [5.0]
    front.gate.set()
    await asyncio.gather(*handling)
    assert front.handled == list(range(100))
