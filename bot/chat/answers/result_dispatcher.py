"""Results from the workers: each is told to the person who asked, once, then acknowledged."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Protocol

import msgspec

from bot.chat.answers.captions import caption, in_words
from bot.chat.answers.replies import ReplyService
from bot.i18n import speak
from bot.platform.models import ClassifyRequest
from bot.platform.ports import ChatPlatform, TargetGone
from bot.queues import AWAY
from bot.queues.dead_letters import DeadLetters
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.metrics import Metrics
from bot.runtime.retry import Retries
from bot.storage import JobRecord, Store, retry_until_stored
from inference.protocol.broker.client import Delivery, Queue
from inference.protocol.errors import Fault, Problem
from inference.protocol.messages import Result, UnknownVersion, decode_result

log = logging.getLogger(__name__)

_ATTEMPTS = 4
# Seconds between two attempts to read a result of another version; attempts for a day.
_VERSION_PAUSE, _VERSION_ATTEMPTS = 30.0, 2_880
# Answers that are being sent at once, without those that wait for their chat's lock.
_AT_WORK = 48
# Telegram takes 20 messages a minute for a group (Bots FAQ): more answers wait in the queue.
_CHAT_IN_HAND = 20
_CHAT_PAUSE = 5.0  # seconds


class ResultHandler(Protocol):
    """Another part of the bot that asks workers, and takes what they answer."""

    def wants(self, result: Result) -> bool:
        """Return whether a result answers this part."""

    async def take(self, result: Result) -> None:
        """Store it. A raised error of `bot.queues.AWAY` brings the result again later."""


class ResultDispatcher:
    """Delivers results, and hands those of other parts to them.

    Args:
        chat_locks: one for each chat; shared with all that answers questions.
        handlers: the other parts, which get their results first.
    """

    def __init__(
        self,
        queue: Queue,
        store: Store,
        platform: ChatPlatform,
        chat_locks: KeyedLock,
        metrics: Metrics,
        handlers: Sequence[ResultHandler] = (),
    ) -> None:
        self._store = store
        self._replies = ReplyService(store, platform)
        self._chat_locks = chat_locks
        self._metrics = metrics
        self._handlers = handlers
        self._retries = Retries(AWAY, _ATTEMPTS)
        self._dead_letters = DeadLetters(queue, "results", _ATTEMPTS)
        self._at_work = asyncio.Semaphore(_AT_WORK)

    async def deal_with(self, delivery: Delivery) -> None:
        """Deliver one result and acknowledge it. No result is tried without end."""
        async with self._dead_letters.catching(delivery):
            await self._deal_with(delivery)

    async def _deal_with(self, delivery: Delivery) -> None:
        try:
            result = decode_result(delivery.data)
        except UnknownVersion as error:
            log.error("A result can't be read: %s. Update bot and workers together.", error)  # noqa: TRY400
            if delivery.attempt < _VERSION_ATTEMPTS:
                await delivery.nak(delay=_VERSION_PAUSE)
                return
            await self._dead_letters.keep(delivery)
            await delivery.ack()
            return
        except msgspec.DecodeError:
            log.exception("A result can't be read; it is set aside.")
            await self._dead_letters.keep(delivery)
            await delivery.ack()
            return
        if handler := next((one for one in self._handlers if one.wants(result)), None):
            await handler.take(result)
            await delivery.ack()
            return
        try:
            job_id = result.reply.data.decode()
            _, chat_id, message_id = ClassifyRequest.message_of(job_id)
        except ValueError:
            log.warning("A result came for a question that this bot did not ask.")
            await delivery.ack()
            return
        if self._chat_locks.waiting(chat_id) >= _CHAT_IN_HAND:
            await delivery.nak(delay=_CHAT_PAUSE)
            return
        async with self._chat_locks.turn(chat_id), self._at_work:
            # Read with the lock held: while it waited, the question may have been edited.
            latest = await self._store.latest_job(chat_id, message_id)
            if latest is None:
                log.info("A result came for a question that is no longer stored.")
            elif latest.id != job_id:
                await self._store.mark_delivered(job_id)  # the result of its edit will answer
            elif not latest.delivered and not await self._deliver(delivery, result, latest):
                return
        await delivery.ack()

    async def _deliver(self, delivery: Delivery, result: Result, record: JobRecord) -> bool:
        """Return True when the result is done, False when it comes again later."""
        try:
            if await self._tell(result, record):
                self._retries.forget(record.id)
                return True
        except TargetGone as error:
            log.info("Nobody can be told about %s: %s", record.id, error)
        except Exception as error:
            pause = self._retries.after(
                error, f"The answer to {record.id}", record.id, attempt=delivery.attempt
            )
            if pause is not None:
                await delivery.nak(delay=pause)
                return False
            await self._dead_letters.keep(delivery)
            await self._apologise(record)
        self._retries.forget(record.id)
        # This is the delivery record: after a crash from here on, nothing is told twice.
        await retry_until_stored(lambda: self._store.mark_delivered(record.id))
        return True

    async def _apologise(self, record: JobRecord) -> None:
        try:
            await self._replies.text(record.ref, speak(record.language).apology())
        except Exception:
            log.exception("The apology for %s failed as well.", record.id)

    async def _tell(self, result: Result, record: JobRecord) -> bool:
        """Tell the result; return whether that stored the delivery record, as a chart does."""
        recorded = False
        sentences = speak(record.language)
        if problem := _whole_problem(result):
            if problem.fault is not Fault.USER:
                log.warning("Job %s failed: %s (%s)", record.id, problem.code, problem.fault)
            await self._replies.text(record.ref, sentences.problem(problem))
        elif result.chart:
            await self._replies.chart(
                record.ref,
                result.chart,
                caption(result, sentences, record.media),
                words=in_words(result, sentences, record.media),
                job_id=record.id,
            )
            recorded = True
        else:  # drawing failed; the numbers still answer the question
            await self._replies.text(record.ref, in_words(result, sentences, record.media))
        self._metrics.answers.inc()
        self._metrics.answer_seconds.observe(max(0.0, time.time() - record.created_at))
        return recorded


def _whole_problem(result: Result) -> Problem | None:
    """Return why there is no answer at all: the job failed, or every one of its pictures did."""
    if result.problem:
        return result.problem
    problems = [outcome.problem for outcome in result.images if outcome.problem]
    return problems[0] if len(problems) == len(result.images) else None
