"""Results: told to whoever asked, once, then acknowledged."""

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
# Seconds between two looks at a result of another version, and a day of them.
_VERSION_PAUSE, _VERSION_ATTEMPTS = 30.0, 2_880
# Answers being sent at once; those that wait for their chat's lane don't count.
_AT_WORK = 48
# A group may get 20 messages a minute: more than so many answers for one chat wait in the queue.
_CHAT_IN_HAND = 20
_CHAT_PAUSE = 5.0


class ResultHandler(Protocol):
    """Somebody else who asks workers, and takes what they answer."""

    def wants(self, result: Result) -> bool:
        """Whether a result is theirs."""

    async def take(self, result: Result) -> None:
        """Stores it. What it raises of the database's or the network's brings the result again."""


class ResultDispatcher:
    """Deals with results.

    Args:
        lanes: one for each chat; shared with whoever else answers questions.
        takers: those who get their results before all else.
    """

    def __init__(
        self,
        queue: Queue,
        store: Store,
        platform: ChatPlatform,
        lanes: KeyedLock,
        metrics: Metrics,
        takers: Sequence[ResultHandler] = (),
    ) -> None:
        self._store = store
        self._answers = ReplyService(store, platform)
        self._lanes = lanes
        self._metrics = metrics
        self._takers = takers
        self._retries = Retries(AWAY, _ATTEMPTS)
        self._dead_letters = DeadLetters(queue, "results", _ATTEMPTS)
        self._at_work = asyncio.Semaphore(_AT_WORK)

    async def deal_with(self, delivery: Delivery) -> None:
        """Delivers one result and acknowledges it. Whatever it is, it does not come for ever."""
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
        if taker := next((taker for taker in self._takers if taker.wants(result)), None):
            await taker.take(result)
            await delivery.ack()
            return
        try:
            job_id = result.reply.data.decode()
            _, chat_id, message_id = ClassifyRequest.message_of(job_id)
        except ValueError:
            log.warning("A result came for a question that this bot can't have asked.")
            await delivery.ack()
            return
        if self._lanes.waiting(chat_id) >= _CHAT_IN_HAND:
            await delivery.nak(delay=_CHAT_PAUSE)
            return
        async with self._lanes.turn(chat_id), self._at_work:
            # In its turn: others may have been told meanwhile, or the question been edited.
            latest = await self._store.latest_job(chat_id, message_id)
            if latest is None:
                log.info("A result came for a question that is long forgotten.")
            elif latest.id != job_id:
                await self._store.mark_delivered(job_id)  # the newer question's result will answer
            elif not latest.delivered and not await self._deliver(delivery, result, latest):
                return
        await delivery.ack()

    async def _deliver(self, delivery: Delivery, result: Result, record: JobRecord) -> bool:
        """True when the result is done with; False when it comes back later."""
        try:
            if await self._tell(result, record):
                self._retries.forget(record.id)
                return True
        except TargetGone as error:
            log.info("Nobody is there to be told about %s: %s", record.id, error)
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
        # From here on a crash repeats nothing: this is the delivery record.
        await retry_until_stored(lambda: self._store.mark_delivered(record.id))
        return True

    async def _apologise(self, record: JobRecord) -> None:
        try:
            await self._answers.text(record.ref, speak(record.language).apology())
        except Exception:
            log.exception("The apology for %s failed as well.", record.id)

    async def _tell(self, result: Result, record: JobRecord) -> bool:
        """True where telling has made the delivery record, as it does for charts."""
        recorded = False
        sentences = speak(record.language)
        if problem := _whole_problem(result):
            if problem.fault is not Fault.USER:
                log.warning("Job %s failed: %s (%s)", record.id, problem.code, problem.fault)
            await self._answers.text(record.ref, sentences.problem(problem))
        elif result.chart:
            await self._answers.chart(
                record.ref,
                result.chart,
                caption(result, sentences, record.media),
                words=in_words(result, sentences, record.media),
                job_id=record.id,
            )
            recorded = True
        else:  # drawing failed: the numbers are what matters
            await self._answers.text(record.ref, in_words(result, sentences, record.media))
        self._metrics.answers.inc()
        self._metrics.answer_seconds.observe(max(0.0, time.time() - record.created_at))
        return recorded


def _whole_problem(result: Result) -> Problem | None:
    """Why there is no answer at all: the job failed, or every one of its pictures did."""
    if result.problem:
        return result.problem
    problems = [outcome.problem for outcome in result.images if outcome.problem]
    return problems[0] if len(problems) == len(result.images) else None
