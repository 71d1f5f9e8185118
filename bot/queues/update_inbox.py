"""Updates: stored before the platform may forget them, then handled, in order in each lane."""

import asyncio
import hashlib
import itertools
import json
import logging
from collections.abc import Hashable
from typing import Any, Protocol

from bot.platform.ports import TargetGone
from bot.queues import AWAY
from bot.queues.dead_letters import DeadLetters
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.metrics import Metrics
from bot.runtime.retry import Retries
from bot.runtime.untrusted_json import Unusable, made_safe, read
from bot.storage import Store, retry_until_stored
from inference.protocol.broker.client import Delivery, Queue, updates_subject

log = logging.getLogger(__name__)

Update = dict[str, Any]

# How often a handler can fail by our own fault. A platform that is away is tried without end.
_ATTEMPTS = 3
# Handlers at work at once. Those that wait for their lane don't count: one busy chat must not keep
# the others waiting.
_AT_WORK = 64
# Updates of one lane that are held at once: people forward up to 100 messages at a time. More would
# take the room of other lanes; they wait in the queue, where they lose their order.
_LANE_IN_HAND = 100
_LANE_PAUSE = 5.0  # seconds until the others come again
# The longest pause, in seconds, for which the rest of a lane waits for an update that failed. A
# longer one would keep the person waiting, and hold many updates in memory.
_WAITED_FOR = 10.0
# How much of an update that was refused is kept for a person to look at.
_REFUSED_BYTES = 64 * 2**10


class UpdateHandler(Protocol):
    """Knows what the updates of one platform mean.

    An update is what the adapter gives to `UpdateInbox.keep`: JSON, with the number `update_id`. An
    update that comes again has the same number, and no other update of this bot has it.
    """

    def lane(self, update: Update) -> Hashable:
        """Return a key: updates with the same key are handled in order."""

    async def handle(self, update: Update) -> None:
        """Do what the update asks for. Raises `RetryLater` or `TargetGone`."""

    async def apologise(self, update: Update) -> None:
        """Say that something went wrong on our side. Never raises."""


class UpdateInbox:
    """Keeps updates in the queue until their handler is done.

    Args:
        handler: the adapter of the platform that sends the updates.
    """

    def __init__(
        self, queue: Queue, store: Store, handler: UpdateHandler, bot_id: int, metrics: Metrics
    ) -> None:
        self._queue = queue
        self._store = store
        self._handler = handler
        self._bot_id = bot_id
        self._metrics = metrics
        self._lanes = KeyedLock()
        self._retries = Retries(AWAY, _ATTEMPTS)
        self._dead_letters = DeadLetters(queue, "updates", _ATTEMPTS)
        self._at_work = asyncio.Semaphore(_AT_WORK)

    async def keep(self, update: Update) -> None:
        """Store an update; once this returns, the platform may forget it.

        One that can never be stored becomes a dead letter: it would be refused each time it comes.

        Raises:
            QueueFull, QueueUnavailable: it is not stored: do not confirm it.
        """
        try:
            data = _packed(update, self._queue.max_message)
            message_id = f"{self._bot_id}.{_number_of(update)}"
        except Unusable as error:
            await self._refuse(update, error)
            return
        await self._queue.publish(updates_subject(self._bot_id), data, message_id)
        self._metrics.updates.inc()

    async def _refuse(self, update: Update, error: Unusable) -> None:
        log.error("An update is refused: %s.", error)
        try:
            data = json.dumps(update).encode()[:_REFUSED_BYTES]
        except (RecursionError, ValueError):
            data = b""
        digest = hashlib.sha256(data).hexdigest()[:32]
        await self._dead_letters.refuse(data, f"{self._bot_id}.refused.{digest}")

    async def deal_with(self, delivery: Delivery) -> None:
        """Handle a stored update and settle its delivery, so that it can't come back without end.

        If the handler fails, the person who sent the update is told. If the update can't even be
        read, it is not known who sent it.
        """
        async with self._dead_letters.catching(delivery):
            await self._deal_with(delivery)

    async def _deal_with(self, delivery: Delivery) -> None:
        try:
            # Read here for its lane, and again when its turn comes: many updates wait, and parsed
            # they take ten times the memory.
            update = _update_in(delivery)
        except Unusable as error:
            log.error("A stored update can't be used and becomes a dead letter: %s.", error)  # noqa: TRY400
            await self._dead_letters.keep(delivery)
            await delivery.ack()
            return
        lane = self._handler.lane(update)
        del update
        if self._lanes.waiting(lane) >= _LANE_IN_HAND:
            await delivery.nak(delay=_LANE_PAUSE)
            return
        async with self._lanes.turn(lane):
            for attempt in itertools.count(delivery.attempt):
                async with self._at_work:
                    pause = await self._handle(delivery, attempt)
                if pause is None:
                    await delivery.ack()
                    return
                if pause > _WAITED_FOR:
                    await delivery.nak(delay=pause)
                    return
                # In its lane: the next message may refer to this one.
                await asyncio.sleep(pause)

    async def _handle(self, delivery: Delivery, attempt: int) -> float | None:
        """Return None when the update is done, else the seconds until the next attempt."""
        update = _update_in(delivery)
        number = _number_of(update)
        try:
            if await self._store.is_handled(str(number)):
                return None
            await self._handler.handle(update)
        except TargetGone as error:
            log.info("Update %s can't be answered: %s", number, error)
        except Exception as error:
            pause = self._retries.after(error, f"Update {number}", number, attempt=attempt)
            if pause is not None:
                return pause
            await self._dead_letters.keep(delivery)
            await self._handler.apologise(update)
        self._retries.forget(number)
        await retry_until_stored(lambda: self._store.mark_handled(str(number)))
        return None


def _packed(update: Update, room: int) -> bytes:
    """Return an update as it is stored; raise `Unusable` if that can't be done."""
    data = json.dumps(made_safe(update)).encode()
    if len(data) > room:
        raise Unusable(f"it has {len(data)} bytes, more than NATS takes (max_payload)")
    return data


def _update_in(delivery: Delivery) -> Update:
    """Return a stored update. Older versions of clipbot stored updates without a check.

    Raises:
        Unusable: it is not an update.
    """
    update: Update = read(delivery.data)
    _number_of(update)
    return update


def _number_of(update: Update) -> int:
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise Unusable("it has no update_id")
    return number
