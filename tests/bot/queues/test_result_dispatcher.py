"""Results: each goes to the handler that asked, once; none comes back without end."""

import asyncio
from collections.abc import Hashable

import pytest

from bot.platform.ports import RetryLater
from bot.queues.result_dispatcher import ResultDispatcher
from bot.runtime.keyed_lock import KeyedLock
from inference.protocol.broker.client import DEAD, Queue
from inference.protocol.messages import Reply, Result, encode
from tests.bot.scripted import ScriptedDelivery
from tests.waiting import until


class ScriptedHandler:
    """Wants results whose data begins with its letter; raises what is put into `faults`.

    Attributes:
        is_open: results are handled only while this is set.
    """

    def __init__(self, letter: bytes) -> None:
        self._letter = letter
        self.faults: list[Exception] = []
        self.taken: list[str] = []
        self.given_up: list[str] = []
        self.is_open = asyncio.Event()
        self.is_open.set()

    def wants(self, result: Result) -> bool:
        return result.reply.data.startswith(self._letter)

    def lane(self, result: Result) -> Hashable | None:
        return result.reply.data[1:].decode() or None

    async def take(self, result: Result) -> None:
        await self.is_open.wait()
        if self.faults:
            raise self.faults.pop(0)
        self.taken.append(result.job_id)

    async def give_up(self, result: Result) -> None:
        self.given_up.append(result.job_id)


@pytest.fixture
def games() -> ScriptedHandler:
    return ScriptedHandler(b"g")


@pytest.fixture
def photos() -> ScriptedHandler:
    return ScriptedHandler(b"p")


@pytest.fixture
def dispatcher(queue: Queue, games: ScriptedHandler, photos: ScriptedHandler) -> ResultDispatcher:
    return ResultDispatcher(queue, [games, photos], KeyedLock())


def came(job_id: str, data: bytes = b"p7", attempt: int = 1, version: int = 1) -> ScriptedDelivery:
    result = Result(job_id=job_id, reply=Reply("x", data), labels=[], version=version)
    return ScriptedDelivery(encode(result), attempt)


async def dead(queue: Queue) -> list[bytes]:
    consumer = await queue.pull_consumer(DEAD, "person", "clipbot.dead.results")
    return [found.data for found in await consumer.pull(9, 0.2)]


async def test_each_result_goes_to_the_handler_that_asked(
    dispatcher: ResultDispatcher, games: ScriptedHandler, photos: ScriptedHandler
) -> None:
    deliveries = [came("1"), came("2", b"g"), came("3", b"somebody else's")]
    for delivery in deliveries:
        await dispatcher.deal_with(delivery)
    assert (photos.taken, games.taken) == (["1"], ["2"])
    assert [delivery.acknowledged for delivery in deliveries] == [1, 1, 1]


async def test_what_is_away_brings_a_result_again_for_as_long_as_it_takes(
    dispatcher: ResultDispatcher, photos: ScriptedHandler
) -> None:
    photos.faults = [RetryLater("flood", 12.0), *[RetryLater("away")] * 9]
    for attempt, pause in enumerate((12, 2, 4, 8, 16, 32, 60, 60, 60, 60), 1):
        delivery = came("1", attempt=attempt)
        await dispatcher.deal_with(delivery)
        assert (delivery.naks, delivery.acknowledged) == ([pause], 0)
    await dispatcher.deal_with(came("1", attempt=11))
    assert (photos.taken, photos.given_up) == (["1"], [])


@pytest.mark.parametrize("data", [b"p7", b"p"])
async def test_our_own_fault_is_tried_a_few_times_and_then_kept(
    dispatcher: ResultDispatcher, photos: ScriptedHandler, queue: Queue, data: bytes
) -> None:
    photos.faults = [OverflowError("Python int too large to convert to SQLite INTEGER")] * 4
    delivery = came("1", data)
    for _ in range(4):
        assert delivery.acknowledged == 0
        await dispatcher.deal_with(delivery)
    assert (delivery.naks, delivery.acknowledged) == ([1.0, 2.0, 4.0], 1)
    assert (photos.taken, photos.given_up) == ([], ["1"])
    assert await dead(queue) == [delivery.data]


async def test_results_of_a_lane_are_taken_one_after_another(
    dispatcher: ResultDispatcher, photos: ScriptedHandler
) -> None:
    photos.is_open.clear()
    order = ["1", "2", "3"]
    waiting = [asyncio.create_task(dispatcher.deal_with(came(job_id))) for job_id in order]
    await asyncio.sleep(0)
    photos.is_open.set()
    await asyncio.gather(*waiting)
    assert photos.taken == order


async def test_a_lane_with_many_results_leaves_room_for_the_others(
    dispatcher: ResultDispatcher, games: ScriptedHandler, photos: ScriptedHandler
) -> None:
    photos.is_open.clear()
    many = [came(str(number)) for number in range(21)]
    waiting = [asyncio.create_task(dispatcher.deal_with(delivery)) for delivery in many]
    await until(lambda: many[-1].naks, [5.0])
    await dispatcher.deal_with(came("game", b"g"))
    assert games.taken == ["game"]
    photos.is_open.set()
    await asyncio.gather(*waiting)
    assert len(photos.taken) == 20
    await dispatcher.deal_with(many[-1])
    assert photos.taken[-1] == "20"


@pytest.mark.parametrize(("attempt", "is_kept"), [(1, False), (2_879, False), (2_880, True)])
async def test_a_result_of_another_version_waits_for_a_day_and_is_then_kept(
    dispatcher: ResultDispatcher, queue: Queue, attempt: int, is_kept: bool
) -> None:
    delivery = came("1", attempt=attempt, version=99)
    await dispatcher.deal_with(delivery)
    expected = ([], 1, [delivery.data]) if is_kept else ([30.0], 0, [])
    assert (delivery.naks, delivery.acknowledged, await dead(queue)) == expected


async def test_what_is_not_a_result_is_kept(dispatcher: ResultDispatcher, queue: Queue) -> None:
    delivery = ScriptedDelivery(b"rubbish")
    await dispatcher.deal_with(delivery)
    assert delivery.acknowledged == 1
    assert await dead(queue) == [b"rubbish"]
