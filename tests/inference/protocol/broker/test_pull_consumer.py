"""Pulling: how many messages, and how many bytes, one pull brings."""

from inference.protocol.broker.client import (
    JOBS,
    JOBS_SUBJECT,
    Delivery,
    PullConsumer,
    Queue,
)
from inference.protocol.broker.pull_consumer import PULL_BYTES, REQUEST_BYTES

MB = 2**20


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
