"""Pulls deliveries from a stream and handles many at once, up to a limit."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from inference.protocol import tasks
from inference.protocol.broker.client import Delivery, PullConsumer

log = logging.getLogger(__name__)

# Seconds. A server that was restarted has forgotten our pull: nothing comes until the next one.
_PULL_WAIT = 5.0


class Consumer:
    """Handles the deliveries of one consumer of a stream, until `drain`.

    Args:
        handle: handles one delivery and settles it; should not raise.
        limit: how many deliveries are handled at once, at most.
    """

    def __init__(
        self,
        pull_consumer: PullConsumer,
        handle: Callable[[Delivery], Awaitable[None]],
        *,
        limit: int,
    ) -> None:
        self._pull_consumer = pull_consumer
        self._handle = handle
        self._limit = limit
        self._handling: set[asyncio.Task[None]] = set()
        self._pulling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to pull, in the background."""
        self._pulling = asyncio.create_task(self._pull())

    async def _pull(self) -> None:
        while True:
            if len(self._handling) >= self._limit:
                await asyncio.wait(self._handling, return_when=asyncio.FIRST_COMPLETED)
                continue
            room = self._limit - len(self._handling)
            try:
                deliveries = await self._pull_consumer.pull(room, _PULL_WAIT)
            except Exception:  # after a bug there, the bot must go on
                log.exception("Pulling from the queue failed; trying again in 1 s.")
                await asyncio.sleep(1.0)
                continue
            for delivery in deliveries:
                task = asyncio.create_task(self._deal_with(delivery))
                self._handling.add(task)
                task.add_done_callback(self._handling.discard)

    async def _deal_with(self, delivery: Delivery) -> None:
        try:
            async with delivery.in_progress():
                await self._handle(delivery)
        except asyncio.CancelledError:
            await delivery.nak()
            raise
        except Exception:
            log.exception("A delivery could not be handled; it comes again in 5 s.")
            await delivery.nak(delay=5.0)

    async def drain(self, patience: float) -> None:
        """Stop pulling; wait `patience` seconds for what is being handled, and nak the rest."""
        if self._pulling:
            await tasks.end(self._pulling)
        # Before the naks: otherwise our own last pull would get their messages again.
        await self._pull_consumer.close()
        if self._handling:
            await asyncio.wait(self._handling, timeout=patience)
        rest = list(self._handling)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
