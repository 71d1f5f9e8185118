"""Messages that fail by our own fault: tried a few times, then kept for a person to look at."""

import contextlib
import logging
from collections.abc import AsyncIterator

from bot.queues import AWAY
from bot.runtime.retry import Retries
from inference.protocol.broker.client import Delivery, Queue
from inference.protocol.errors import QueueFull, QueueUnavailable

log = logging.getLogger(__name__)


class DeadLetters:
    """The dead letters of one kind of message.

    Args:
        kind: names their subject, e.g. `updates`.
        attempts: how often a message can fail.
    """

    def __init__(self, queue: Queue, kind: str, attempts: int) -> None:
        self._queue = queue
        self._kind = kind
        self._retries = Retries(AWAY, attempts)

    @contextlib.asynccontextmanager
    async def catching(self, delivery: Delivery) -> AsyncIterator[None]:
        """Settle the delivery if the block raises; the block settles it otherwise."""
        try:
            yield
        except Exception as error:
            pause = self._retries.after(
                error, f"One of the {self._kind}", delivery.sequence, attempt=delivery.attempt
            )
            if pause is not None:
                await delivery.nak(delay=pause)
                return
            await self.keep(delivery)
            await delivery.ack()
        self._retries.forget(delivery.sequence)

    async def keep(self, delivery: Delivery) -> None:
        """Keep a message where a person can look at it; the caller acknowledges it."""
        try:
            await self._queue.dead_letter(self._kind, delivery)
        except (QueueUnavailable, QueueFull) as error:
            if not self._queue.connected:
                raise  # then it can't be acknowledged either
            # It is too large, or the stream is full. It would be delivered again and again.
            log.error("One of the %s is dropped: it can't be kept (%s).", self._kind, error)  # noqa: TRY400

    async def refuse(self, data: bytes, message_id: str) -> None:
        """Keep data that came to us and was never stored as a message.

        Raises:
            QueueUnavailable: the queue is away.
        """
        try:
            await self._queue.publish(f"clipbot.dead.{self._kind}", data, message_id)
        except (QueueUnavailable, QueueFull) as error:
            if not self._queue.connected:
                raise
            log.error("One of the %s is dropped: it can't be kept (%s).", self._kind, error)  # noqa: TRY400
