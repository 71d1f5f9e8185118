"""Questions that the queue lost are asked again, so that nobody waits for ever.

A queue whose files are gone is made anew, and knows nothing of what was in it. The database does:
each question's row says into which queue it was put, and all that a job needs.
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
from bot.storage import DATABASE_AWAY, MEMORY_HOURS, Store, Unanswered
from inference.protocol.broker.client import JOBS, RESULTS, Queue, StreamState
from inference.protocol.errors import QueueFull, QueueUnavailable

log = logging.getLogger(__name__)

_LOOK_EVERY = 10.0
_ATTEMPTS = 3
# A question is recorded this long before it is in the queue, at most; in seconds.
_UNDER_WAY = 10.0


@dataclass(frozen=True)
class _Mark:
    """How far the streams had come at some time.

    Attributes:
        at: by the host's clock, as the times of records are.
        steady: the same by the clock that nobody sets.
        jobs: the newest job of that time.
        results: the newest result of the time at which all these jobs were done.
    """

    at: float
    steady: float
    jobs: int
    results: int | None = None


class LostJobs:
    """Looks for questions that are recorded as open and that no stream holds any more.

    Args:
        lanes: the deliverer's, so that no sentence of ours overtakes an answer.
        on_new_queue: tells others that what they asked is lost as well.
    """

    def __init__(
        self,
        queue: Queue,
        store: Store,
        photo_jobs: PhotoJobs,
        platform: ChatPlatform,
        lanes: KeyedLock,
        on_new_queue: Callable[[], Awaitable[None]],
    ) -> None:
        self._queue = queue
        self._store = store
        self._photo_jobs = photo_jobs
        self._answers = ReplyService(store, platform)
        self._lanes = lanes
        self._on_new_queue = on_new_queue
        # Each look is an attempt.
        self._retries = Retries(AWAY, _ATTEMPTS, first=_LOOK_EVERY, longest=_LOOK_EVERY)
        self._made = ""  # the jobs stream that all open questions are in, as far as we know
        self._told = ""  # the one that the others know of
        self._results_made = ""
        self._mark: _Mark | None = None

    async def watch(self) -> NoReturn:
        """Looks again and again, until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_EVERY)

    async def look(self) -> None:
        """Asks again what is lost; what can't be asked just now is left for the next look."""
        try:
            jobs, results = await self._queue.state(JOBS), await self._queue.state(RESULTS)
            if self._told and jobs.made != self._told:
                log.warning("The queue was made anew: what was in it is asked again.")
                await self._on_new_queue()
            self._told = jobs.made
            if jobs.made != self._made or results.made != self._results_made:
                self._mark = None
            self._results_made = results.made
            if jobs.made != self._made and await self._ask_again(
                await self._store.unanswered_of_other_queues(jobs.made)
            ):
                self._made = jobs.made
            if before := self._gone_before(jobs, results):
                lost = await self._store.unanswered_since(before)
                await self._ask_again(lost, anew=True)
        except (QueueUnavailable, *DATABASE_AWAY) as error:
            log.warning("Lost questions can't be looked for just now: %s", error)

    def _gone_before(self, jobs: StreamState, results: StreamState) -> float | None:
        """Returns a time before which no open question is in a stream any more.

        Each job that was stored at the mark is done, and so is each result that was stored then:
        whoever still waits would wait for ever. A purge leaves such questions, and so does a file
        that was cut off.
        """
        mark = self._mark
        if mark is None:
            self._mark = _Mark(time.time(), steady(), jobs.last)
        elif abs(time.time() - mark.at - (steady() - mark.steady)) > JUMP:
            self._mark = None  # the host's clock was set: our time is not that of the records
        elif mark.results is None:
            if jobs.first > mark.jobs:
                self._mark = replace(mark, results=results.last)
        elif results.first > mark.results:
            self._mark = None
            return mark.at - _UNDER_WAY
        return None

    async def _ask_again(self, lost: list[Unanswered], *, anew: bool = False) -> bool:
        """False where some have to wait.

        Args:
            anew: the queue may still remember their ids, and would not take them.
        """
        if lost:
            log.warning("%d questions are in no queue; they are asked again.", len(lost))
        settled = True
        for question in lost:
            try:
                await self._ask_one_again(question, anew=anew)
            except Exception as error:
                what = f"Asking {question.id} again"
                if self._retries.after(error, what, question.id) is None:
                    await self._give_up(question)
                    continue
                settled = False
                if isinstance(error, QueueFull | QueueUnavailable):
                    break  # neither can the others
            else:
                self._retries.forget(question.id)
        return settled

    async def _ask_one_again(self, question: Unanswered, *, anew: bool) -> None:
        latest = await self._store.latest_job(*_message(question.request.ref))
        if latest is None:
            return
        if latest.id != question.id:
            await self._store.mark_delivered(question.id)  # its edit is what is answered
            return
        if latest.delivered:
            return
        sentences = speak(question.request.language)
        if not question.request.labels:  # recorded by an older clipbot
            known = time.time() - question.created_at < MEMORY_HOURS * 3_600
            await self._end(question, sentences.picture_lost() if known else "")
            return
        try:
            await self._photo_jobs.submit_again(question.request, renamed=anew)
        except JobRefused as refusal:
            await self._end(question, str(refusal))

    async def _give_up(self, question: Unanswered) -> None:
        try:
            await self._end(question, speak(question.request.language).apology())
        except Exception:
            log.exception("The apology for %s failed as well.", question.id)

    async def _end(self, question: Unanswered, sentence: str) -> None:
        """Tells whoever asked, unless they were answered meanwhile; they are no longer busy."""
        ref = question.request.ref
        async with self._lanes.turn(ref.chat_id):
            record = await self._store.job(question.id)
            if record is None or record.delivered:
                return
            try:
                if sentence:
                    await self._answers.text(ref, sentence)
            except TargetGone as error:
                log.info("Nobody is there to be told about %s: %s", question.id, error)
            await self._store.mark_delivered(question.id)


def _message(ref: MessageRef) -> tuple[int, int]:
    return ref.chat_id, ref.message_id
