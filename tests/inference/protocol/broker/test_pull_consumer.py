"""Large messages: which can be stored, and how many are on the way at the same time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from nats.js import JetStreamContext

from inference.protocol.broker.client import (
    JOBS,
    JOBS_SUBJECT,
    Delivery,
    PullConsumer,
    Queue,
    connect,
)
from inference.protocol.broker.pull_consumer import PULL_BYTES, REQUEST_BYTES
from inference.protocol.errors import MessageTooLarge, QueueFull
from tests.nats_server import NatsServer

MB = 2**20


@pytest.fixture
def roomy_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A server that allows messages of up to 64 MB, like the embedded one."""
    folder = tmp_path / "roomy"
    folder.mkdir()
    server = NatsServer(folder, max_payload=64 * MB)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def queue(roomy_server: NatsServer) -> AsyncIterator[Queue]:
    queue = await connect(roomy_server.url, name="test")
    await queue.prepare(30, owner=True)
    yield queue
    await queue.close()


async def pulls_all(pull_consumer: PullConsumer, count: int) -> list[list[Delivery]]:
    """Pull until `count` messages have come; return what each pull brought."""
    pulls: list[list[Delivery]] = []
    while sum(map(len, pulls)) < count:
        found = await pull_consumer.pull(16, 5.0)
        assert found, f"only {sum(map(len, pulls))} of {count} came"
        pulls.append(found)
    return pulls


async def test_many_large_messages_are_delivered_once_each(queue: Queue) -> None:
    for number in range(14):
        await queue.publish(JOBS_SUBJECT, bytes(12 * MB), f"file {number}")
    pulls = await pulls_all(await queue.pull_consumer(JOBS, "test", JOBS_SUBJECT), 14)
    # NATS did not close the connection: then messages on the way would have come again.
    assert {delivery.attempt for pull in pulls for delivery in pull} == {1}
    assert len({delivery.sequence for pull in pulls for delivery in pull}) == 14
    assert max(sum(len(delivery.data) for delivery in pull) for pull in pulls) <= PULL_BYTES


async def test_a_message_larger_than_a_request_is_pulled_alone(queue: Queue) -> None:
    for number, size in enumerate([1, REQUEST_BYTES + MB, 1, 31 * MB, 31 * MB, 31 * MB, 1]):
        await queue.publish(JOBS_SUBJECT, bytes(size), f"album {number}")
    pulls = await pulls_all(await queue.pull_consumer(JOBS, "test", JOBS_SUBJECT), 7)
    assert {delivery.attempt for pull in pulls for delivery in pull} == {1}
    assert len(pulls) <= 3


async def test_small_messages_are_pulled_together(queue: Queue) -> None:
    for number in range(20):
        await queue.publish(JOBS_SUBJECT, b"x", f"photo {number}")
    pull_consumer = await queue.pull_consumer(JOBS, "test", JOBS_SUBJECT)
    assert [len(await pull_consumer.pull(16, 0.0)) for _ in range(3)] == [16, 4, 0]


async def test_large_messages_are_sent_one_by_one_and_small_ones_meanwhile(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, on_the_way, together = JetStreamContext.publish, [0], []

    async def watched(context: JetStreamContext, subject: str, data: bytes, **options: Any) -> Any:
        on_the_way.append(len(data))
        together.append(sum(on_the_way))
        try:
            return await publish(context, subject, data, **options)
        finally:
            on_the_way.remove(len(data))

    monkeypatch.setattr(JetStreamContext, "publish", watched)
    sizes = [12 * MB] * 5 + [100] * 5
    await asyncio.gather(
        *(queue.publish(JOBS_SUBJECT, bytes(size), f"{n}") for n, size in enumerate(sizes))
    )
    assert await queue.jobs_waiting() == 10
    assert max(together) <= 12 * MB + 500  # otherwise they delay each other for more than 5 s
    assert together.index(100 + 12 * MB) < 5


async def test_the_largest_message_is_stored_and_a_larger_one_is_refused_as_too_large(
    queue: Queue,
) -> None:
    assert queue.max_message < queue.max_payload
    await queue.publish(JOBS_SUBJECT, bytes(queue.max_message), "x" * 200)
    with pytest.raises(MessageTooLarge, match=r"no message of 32\.0 MB"):
        await queue.publish(JOBS_SUBJECT, bytes(32 * MB), "larger")
    with pytest.raises(MessageTooLarge):
        await queue.publish(JOBS_SUBJECT, bytes(65 * MB), "larger than max_payload")
    for number in range(29):
        await queue.publish(JOBS_SUBJECT, b"x", f"photo {number}")
    with pytest.raises(QueueFull):
        await queue.publish(JOBS_SUBJECT, b"x", "one too many")
