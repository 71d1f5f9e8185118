"""What fails by our fault is tried a few times, then kept for a person: nothing comes for ever."""

import contextlib
import logging
from collections.abc import AsyncIterator

from bot.runtime.retry import Failures, backoff
from bot.storage import DATABASE_AWAY
from inference.protocol.broker.client import Delivery, Queue
from inference.protocol.errors import QueueFull, QueueUnavailable

log = logging.getLogger(__name__)


class DeadLetters:
    """The dead letters of one kind of message.

    Args:
        kind: names their subject, e.g. `updates`.
        tries: so often a message may fail.
    """

    def __init__(self, queue: Queue, kind: str, tries: int) -> None:
        self._queue = queue
        self._kind = kind
        self._tries = tries
        self._failures = Failures()

    @contextlib.asynccontextmanager
    async def catching(self, delivery: Delivery) -> AsyncIterator[None]:
        """Settle the delivery if the block raises; the block settles it otherwise."""
        try:
            yield
        except (QueueUnavailable, QueueFull, *DATABASE_AWAY) as error:
            pause = backoff(delivery.attempt)
            log.warning("One of the %s has to wait %.0f s: %s", self._kind, pause, error)
            await delivery.nak(delay=pause)
        except Exception:
            failures = self._failures.count(delivery.sequence)
            log.exception(
                "One of the %s failed (attempt %d of %d).", self._kind, failures, self._tries
            )
            if failures < self._tries:
                await delivery.nak(delay=backoff(failures))
                return
            await self.keep(delivery)
            await delivery.ack()
        self._failures.forget(delivery.sequence)

    async def keep(self, delivery: Delivery) -> None:
        """Keep a message where a person can look at it; the caller acknowledges it."""
        try:
            await self._queue.dead_letter(self._kind, delivery)
        except (QueueUnavailable, QueueFull) as error:
            if not self._queue.connected:
                raise  # then it can't be acknowledged either
            # A dead letter that is too large, or no room for it, shall not bring it back for ever.
            log.error("One of the %s is dropped: it can't be set aside (%s).", self._kind, error)  # noqa: TRY400

    async def refuse(self, data: bytes, message_id: str) -> None:
        """Keep something that was never stored.

        Raises:
            QueueUnavailable: the queue is away.
        """
        try:
            await self._queue.publish(f"clipbot.dead.{self._kind}", data, message_id)
        except (QueueUnavailable, QueueFull) as error:
            if not self._queue.connected:
                raise
            log.error("One of the %s is dropped: it can't be set aside (%s).", self._kind, error)  # noqa: TRY400
