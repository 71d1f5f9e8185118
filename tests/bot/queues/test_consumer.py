"""The consumer: many deliveries at once, up to a limit; a drain naks those that are not done."""

import asyncio

import pytest

from bot.queues.consumer import Consumer
from inference.protocol.broker.client import ACK_WAIT, UPDATES, Delivery, Queue, updates_subject
from tests.waiting import until

SUBJECT = updates_subject(42)


class GatedHandler:
    """Acknowledges deliveries once the gate is open."""

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
def handler() -> GatedHandler:
    return GatedHandler()


async def _consumer(queue: Queue, handler: GatedHandler, limit: int) -> Consumer:
    pull_consumer = await queue.pull_consumer(UPDATES, "test", SUBJECT)
    return Consumer(pull_consumer, handler.deal_with, limit=limit)


async def _fill(queue: Queue, count: int) -> None:
    for number in range(count):
        await queue.publish(SUBJECT, b"%d" % number, f"{number}")


async def test_no_more_are_handled_at_once_than_fit(queue: Queue, handler: GatedHandler) -> None:
    await _fill(queue, 5)
    consumer = await _consumer(queue, handler, limit=2)
    consumer.start()
    await until(lambda: len(handler.begun), 2)
    handler.gate.set()
    await until(lambda: sorted(handler.done), [b"0", b"1", b"2", b"3", b"4"])
    await consumer.drain(1.0)


async def test_a_drain_waits_for_what_is_being_handled(queue: Queue, handler: GatedHandler) -> None:
    await _fill(queue, 1)
    consumer = await _consumer(queue, handler, limit=2)
    consumer.start()
    await until(lambda: len(handler.begun), 1)
    draining = asyncio.create_task(consumer.drain(10.0))
    handler.gate.set()
    await draining
    assert handler.done == [b"0"]


async def test_a_drain_naks_what_takes_too_long(queue: Queue, handler: GatedHandler) -> None:
    await _fill(queue, 1)
    consumer = await _consumer(queue, handler, limit=2)
    consumer.start()
    await until(lambda: len(handler.begun), 1)
    await consumer.drain(0.05)
    assert handler.done == []
    pull_consumer = await queue.pull_consumer(UPDATES, "test", SUBJECT)
    # at once, not after ACK_WAIT
    (again,) = await asyncio.wait_for(pull_consumer.pull(1, 3.0), ACK_WAIT / 2)
    assert again.attempt == 2


async def test_a_delivery_whose_handler_raises_comes_again(
    queue: Queue, handler: GatedHandler, caplog: pytest.LogCaptureFixture
) -> None:
    """It comes again after 5 s."""
    await _fill(queue, 1)
    handler.faults = [ValueError("a bug")]
    handler.gate.set()
    consumer = await _consumer(queue, handler, limit=2)
    consumer.start()
    await until(lambda: handler.done, [b"0"])
    await consumer.drain(1.0)
    assert "it comes again in 5 s" in caplog.text
