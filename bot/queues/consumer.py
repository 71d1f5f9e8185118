"""Takes deliveries from a stream and hands each to a handler, many at once, within bounds."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from inference.protocol import tasks
from inference.protocol.broker.client import Delivery, PullConsumer

log = logging.getLogger(__name__)

# A queue that was restarted forgot who waited: until we ask again, nothing comes.
_PULL_WAIT = 5.0


class Consumer:
    """Runs until `drain`.

    Args:
        handle: deals with one delivery, acknowledgement included; should not raise.
        limit: how many deliveries are in hand at most.
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
        self._in_hand: set[asyncio.Task[None]] = set()
        self._pulling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to pull, in the background."""
        self._pulling = asyncio.create_task(self._pull())

    async def _pull(self) -> None:
        while True:
            if len(self._in_hand) >= self._limit:
                await asyncio.wait(self._in_hand, return_when=asyncio.FIRST_COMPLETED)
                continue
            room = self._limit - len(self._in_hand)
            try:
                deliveries = await self._pull_consumer.pull(room, _PULL_WAIT)
            except Exception:  # a bug there must not silence the bot
                log.exception("Pulling failed; it goes on.")
                await asyncio.sleep(1.0)
                continue
            for delivery in deliveries:
                task = asyncio.create_task(self._deal_with(delivery))
                self._in_hand.add(task)
                task.add_done_callback(self._in_hand.discard)

    async def _deal_with(self, delivery: Delivery) -> None:
        try:
            async with delivery.in_progress():
                await self._handle(delivery)
        except asyncio.CancelledError:
            await delivery.nak()
            raise
        except Exception:
            log.exception("A delivery could not be dealt with; it comes back.")
            await delivery.nak(delay=5.0)

    async def drain(self, patience: float) -> None:
        """Stops pulling, gives what is in hand `patience` seconds, and hands back the rest."""
        if self._pulling:
            await tasks.end(self._pulling)
        # First, or what is handed back would come straight to the pull that we no longer look at.
        await self._pull_consumer.close()
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=patience)
        rest = list(self._in_hand)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
