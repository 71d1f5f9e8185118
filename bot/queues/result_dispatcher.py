"""Results of the workers: each goes to the one handler that asked, once, and is acknowledged."""

import asyncio
import logging
from collections.abc import Hashable, Sequence
from typing import Protocol

import msgspec

from bot.queues import AWAY
from bot.queues.dead_letters import DeadLetters
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.retry import Retries
from inference.protocol.broker.client import Delivery, Queue
from inference.protocol.messages import Result, UnknownVersion, decode_result

log = logging.getLogger(__name__)

# How often a result can fail by our own fault.
_ATTEMPTS = 4
# Seconds between two attempts to read a result of another version; attempts for a day.
_VERSION_PAUSE, _VERSION_ATTEMPTS = 30.0, 2_880
# Results being handled at once; those that wait for their turn don't count.
_AT_WORK = 48
# Results of one lane that are held at once, and the seconds after which the others come back.
# Telegram takes 20 messages a minute for a group (Bots FAQ): more answers wait in the queue.
_LANE_IN_HAND, _LANE_PAUSE = 20, 5.0


class ResultHandler(Protocol):
    """Asks the workers, and takes what they answer."""

    def wants(self, result: Result) -> bool:
        """Return whether the result answers a question of this handler."""

    def lane(self, result: Result) -> Hashable | None:
        """Return the key by which results are taken one after another; None: none waits."""

    async def take(self, result: Result) -> None:
        """Handle a result. The same result may come again, and must then change nothing.

        After an error of `AWAY`, it comes again for as long as that takes; after any other error, a
        few times.
        """

    async def give_up(self, result: Result) -> None:
        """End the wait for a result that failed too often. Raises only errors of the database."""


class ResultDispatcher:
    """Hands results to their handlers.

    Args:
        handlers: in this order they are asked whether they want a result.
        locks: the turns of `ResultHandler.lane`, shared with others that answer in the same lanes.
    """

    def __init__(self, queue: Queue, handlers: Sequence[ResultHandler], locks: KeyedLock) -> None:
        self._handlers = handlers
        self._locks = locks
        self._retries = Retries(AWAY, _ATTEMPTS)
        self._dead_letters = DeadLetters(queue, "results", _ATTEMPTS)
        self._at_work = asyncio.Semaphore(_AT_WORK)

    async def deal_with(self, delivery: Delivery) -> None:
        """Hand over one result and settle its delivery, so that it can't come back without end."""
        async with self._dead_letters.catching(delivery):
            result = await self._read(delivery)
            if result is None:
                return
            handler = next((one for one in self._handlers if one.wants(result)), None)
            if handler is None:
                log.warning("A result came for a question that this bot did not ask.")
                await delivery.ack()
                return
            lane = handler.lane(result)
            if lane is None:
                await self._hand_over(delivery, result, handler)
            elif self._locks.waiting(lane) >= _LANE_IN_HAND:
                await delivery.nak(delay=_LANE_PAUSE)
            else:
                async with self._locks.turn(lane), self._at_work:
                    await self._hand_over(delivery, result, handler)

    async def _read(self, delivery: Delivery) -> Result | None:
        """Return the result; settle a delivery that has none that can be read."""
        try:
            return decode_result(delivery.data)
        except UnknownVersion as error:
            log.error("A result can't be read: %s. Update bot and workers together.", error)  # noqa: TRY400
            if delivery.attempt < _VERSION_ATTEMPTS:
                await delivery.nak(delay=_VERSION_PAUSE)
                return None
        except msgspec.DecodeError:
            log.exception("A result can't be read; it is kept as a dead letter.")
        await self._dead_letters.keep(delivery)
        await delivery.ack()
        return None

    async def _hand_over(self, delivery: Delivery, result: Result, handler: ResultHandler) -> None:
        job_id = result.job_id
        try:
            await handler.take(result)
        except Exception as error:
            what = f"The result of job {job_id}"
            pause = self._retries.after(error, what, job_id, attempt=delivery.attempt)
            if pause is not None:
                await delivery.nak(delay=pause)
                return
            await self._dead_letters.keep(delivery)
            await handler.give_up(result)
        self._retries.forget(job_id)
        await delivery.ack()
