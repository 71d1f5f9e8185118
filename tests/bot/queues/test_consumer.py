"""The consumer: many at once, within bounds; a drain hands back what is not done."""

import asyncio

import pytest

from bot.queues.consumer import Consumer
from inference.protocol.broker.client import ACK_WAIT, UPDATES, Delivery, Queue, updates_subject
from tests.waiting import until

SUBJECT = updates_subject(42)


class Hands:
    """Deals with deliveries once the gate is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.begun: list[bytes] = []
        self.done: list[bytes] = []
        self.faults: list[Exception] = []

    async def deal_with(self, delivery: Delivery) -> None:
        self.begun.append(delivery.data)
        if self.faults:
            raise self.faults.pop()
        await self.gate.wait()
        await delivery.ack()
        self.done.append(delivery.data)


@pytest.fixture
def hands() -> Hands:
    return Hands()


async def _consumer(queue: Queue, hands: Hands, limit: int) -> Consumer:
    pull_consumer = await queue.pull_consumer(UPDATES, "test", SUBJECT)
    return Consumer(pull_consumer, hands.deal_with, limit=limit)


async def _fill(queue: Queue, count: int) -> None:
    for number in range(count):
        await queue.publish(SUBJECT, b"%d" % number, f"{number}")


async def test_no_more_in_hand_than_the_limit(queue: Queue, hands: Hands) -> None:
    await _fill(queue, 5)
    consumer = await _consumer(queue, hands, limit=2)
    consumer.start()
    await until(lambda: len(hands.begun), 2)
    hands.gate.set()
    await until(lambda: sorted(hands.done), [b"0", b"1", b"2", b"3", b"4"])
    await consumer.drain(1.0)


async def test_a_drain_waits_for_what_is_in_hand(queue: Queue, hands: Hands) -> None:
    await _fill(queue, 1)
    consumer = await _consumer(queue, hands, limit=2)
    consumer.start()
    await until(lambda: len(hands.begun), 1)
    draining = asyncio.create_task(consumer.drain(10.0))
    hands.gate.set()
    await draining
    assert hands.done == [b"0"]


async def test_a_drain_hands_back_what_takes_too_long(queue: Queue, hands: Hands) -> None:
    await _fill(queue, 1)
    consumer = await _consumer(queue, hands, limit=2)
    consumer.start()
    await until(lambda: len(hands.begun), 1)
    await consumer.drain(0.05)
    assert hands.done == []
    pull_consumer = await queue.pull_consumer(UPDATES, "test", SUBJECT)
    # at once, not after ACK_WAIT
    (again,) = await asyncio.wait_for(pull_consumer.pull(1, 3.0), ACK_WAIT / 2)
    assert again.attempt == 2


async def test_a_handler_that_breaks_its_promise_loses_nothing(
    queue: Queue, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """It comes back after a pause of 5 s."""
    await _fill(queue, 1)
    hands.faults = [ValueError("a bug")]
    hands.gate.set()
    consumer = await _consumer(queue, hands, limit=2)
    consumer.start()
    await until(lambda: hands.done, [b"0"])
    await consumer.drain(1.0)
    assert "it comes back" in caplog.text
