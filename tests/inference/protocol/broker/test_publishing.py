"""Publishing large messages: which are stored, and how they are sent."""

import asyncio
from typing import Any

import pytest
from nats.js import JetStreamContext

from inference.protocol.broker.client import JOBS_SUBJECT, Queue
from inference.protocol.errors import MessageTooLarge, QueueFull

MB = 2**20


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
