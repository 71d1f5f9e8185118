"""Asks the workers again if the queue lost a question, so that everybody gets an answer.

When NATS loses its files, it makes new streams without the jobs that were in the old ones. The
database still has them: the row of each question says which stream it was put into, and holds all
that a job needs.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from bot.chat.answers.replies import ReplyService
from bot.chat.photo_jobs import JobRefused, PhotoJobs
from bot.i18n import speak
from bot.platform.models import MessageRef
from bot.platform.ports import ChatPlatform, TargetGone
from bot.queues import AWAY
from bot.runtime.clock import JUMP, steady
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.retry import Retries
from bot.storage import DATABASE_AWAY, Store, Unanswered, is_remembered
from inference.protocol.broker.client import JOBS, RESULTS, Queue, StreamState
from inference.protocol.errors import QueueFull, QueueUnavailable

log = logging.getLogger(__name__)

_LOOK_EVERY = 10.0  # seconds
_ATTEMPTS = 3
# A question is stored at most this long before it is in the queue; in seconds.
_UNDER_WAY = 10.0


@dataclass(frozen=True)
class _Mark:
    """A moment, and the newest message of each stream at that moment.

    Attributes:
        at: the moment by the host's clock, which also gives the times of records.
        steady: the moment by a clock that can't be set.
        jobs: sequence number of the newest job at that moment.
        results: of the newest result once all these jobs were done; None before that.
    """

    at: float
    steady: float
    jobs: int
    results: int | None = None


class LostJobs:
    """Looks for questions that the database calls unanswered and that are in no stream.

    Args:
        chat_locks: shared with `ResultDispatcher`, so that no sentence overtakes an answer.
        on_new_queue: called when the streams are new, so that others ask their questions again.
    """

    def __init__(
        self,
        queue: Queue,
        store: Store,
        photo_jobs: PhotoJobs,
        platform: ChatPlatform,
        chat_locks: KeyedLock,
        on_new_queue: Callable[[], Awaitable[None]],
    ) -> None:
        self._queue = queue
        self._store = store
        self._photo_jobs = photo_jobs
        self._replies = ReplyService(store, platform)
        self._chat_locks = chat_locks
        self._on_new_queue = on_new_queue
        # Each look is an attempt.
        self._retries = Retries(AWAY, _ATTEMPTS, first=_LOOK_EVERY, longest=_LOOK_EVERY)
        # Streams, by the time at which each was made:
        self._asked_in = ""  # all unanswered questions are in this jobs stream, as far as we know
        self._announced = ""  # `on_new_queue` was called for this jobs stream
        self._results_made = ""
        self._mark: _Mark | None = None

    async def watch(self) -> NoReturn:
        """Look every few seconds, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_EVERY)

    async def look(self) -> None:
        """Ask lost questions again. Those that can't be asked now are left for the next look."""
        try:
            jobs, results = await self._queue.state(JOBS), await self._queue.state(RESULTS)
            if self._announced and jobs.made != self._announced:
                log.warning("The queue is a new one: the questions in the old one are asked again.")
                await self._on_new_queue()
            self._announced = jobs.made
            if jobs.made != self._asked_in or results.made != self._results_made:
                self._mark = None
            self._results_made = results.made
            if jobs.made != self._asked_in and await self._ask_again(
                await self._store.unanswered_of_other_queues(jobs.made)
            ):
                self._asked_in = jobs.made
            if before := self._lost_before(jobs, results):
                lost = await self._store.unanswered_since(before)
                await self._ask_again(lost, renamed=True)
        except (QueueUnavailable, *DATABASE_AWAY) as error:
            log.warning("Can't look for lost questions now: %s", error)

    def _lost_before(self, jobs: StreamState, results: StreamState) -> float | None:
        """Return a time: unanswered questions from before it are in no stream. None: not known.

        All jobs and results that were in the streams at the mark have been acknowledged, so nothing
        will answer the questions that are still open. A purged stream leaves such questions, and so
        does a truncated file.
        """
        mark = self._mark
        if mark is None:
            self._mark = _Mark(time.time(), steady(), jobs.last)
        elif abs(time.time() - mark.at - (steady() - mark.steady)) > JUMP:
            self._mark = None  # the host's clock was set, so the mark says nothing about records
        elif mark.results is None:
            if jobs.first > mark.jobs:
                self._mark = replace(mark, results=results.last)
        elif results.first > mark.results:
            self._mark = None
            return mark.at - _UNDER_WAY
        return None

    async def _ask_again(self, lost: list[Unanswered], *, renamed: bool = False) -> bool:
        """Ask questions again; return False when some of them must wait.

        Args:
            renamed: under new ids, since this queue may remember the old ones as duplicates.
        """
        if lost:
            log.warning("%d questions are in no queue; they are asked again.", len(lost))
        settled = True
        for question in lost:
            try:
                await self._ask_one_again(question, renamed=renamed)
            except Exception as error:
                what = f"Asking {question.id} again"
                if self._retries.after(error, what, question.id) is None:
                    await self._give_up(question)
                    continue
                settled = False
                if isinstance(error, QueueFull | QueueUnavailable):
                    break  # the others can't be asked either
            else:
                self._retries.forget(question.id)
        return settled

    async def _ask_one_again(self, question: Unanswered, *, renamed: bool) -> None:
        latest = await self._store.latest_job(*_message(question.request.ref))
        if latest is None:
            return
        if latest.id != question.id:
            await self._store.mark_delivered(question.id)  # its edit is answered instead
            return
        if latest.delivered:
            return
        sentences = speak(question.request.language)
        if not question.request.labels:  # release 0.1 did not store them
            is_known = is_remembered(question.created_at)
            await self._end(question, sentences.picture_lost() if is_known else "")
            return
        try:
            await self._photo_jobs.submit_again(question.request, renamed=renamed)
        except JobRefused as refusal:
            await self._end(question, str(refusal))

    async def _give_up(self, question: Unanswered) -> None:
        try:
            await self._end(question, speak(question.request.language).apology())
        except Exception:
            log.exception("The apology for %s failed as well.", question.id)

    async def _end(self, question: Unanswered, sentence: str) -> None:
        """Tell the person, unless they were answered meanwhile, and mark the question answered."""
        ref = question.request.ref
        async with self._chat_locks.turn(ref.chat_id):
            record = await self._store.job(question.id)
            if record is None or record.delivered:
                return
            try:
                if sentence:
                    await self._replies.text(ref, sentence)
            except TargetGone as error:
                log.info("%s can't be answered: %s", question.id, error)
            await self._store.mark_delivered(question.id)


def _message(ref: MessageRef) -> tuple[int, int]:
    return ref.chat_id, ref.message_id
