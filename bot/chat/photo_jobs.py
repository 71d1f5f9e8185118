"""From a question about photos to a job in the queue: admission, record, publishing."""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from bot.i18n import speak
from bot.platform.models import MAX_FILE_BYTES, ClassifyRequest, numbers_of
from bot.platform.ports import ChatPlatform, FileTooBig, TargetGone
from bot.queues.job_publisher import JobPublisher, PicturesTooLarge
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.errors import QueueFull, UserError
from inference.protocol.messages import Job

log = logging.getLogger(__name__)


class JobRefused(UserError):
    """A question that is not queued; the text is a sentence in the person's language."""


class Busy(JobRefused):
    """Refused for now: too many questions wait, of this person or of all people."""


class _TakenBack(Exception):
    """The person has taken the question back while its pictures were fetched."""


async def _always() -> bool:
    return True


@dataclass
class Admission:
    """What the questions of one album share: if one is admitted, all are.

    Attributes:
        is_granted: one of them was admitted, so the person's limit does not hold for the others.
        is_refused: the person was told that there is no room.
        is_wanted: returns whether the person has not taken the album back. `/cancel` does not wait
            for an album that is being asked about, and finds only questions that are recorded.
    """

    is_granted: bool = False
    is_refused: bool = False
    is_wanted: Callable[[], Awaitable[bool]] = _always


class PhotoJobs:
    """Asks the workers about photos.

    Args:
        max_per_user: how many questions of one person can wait at once.
        asked: called when a question is queued.
    """

    def __init__(
        self,
        publisher: JobPublisher,
        store: Store,
        platform: ChatPlatform,
        metrics: Metrics,
        *,
        max_per_user: int,
        asked: Callable[[], None] = lambda: None,
    ) -> None:
        self._publisher = publisher
        self._store = store
        self._platform = platform
        self._metrics = metrics
        self._max_per_user = max_per_user
        self._asked = asked

    async def submit(self, request: ClassifyRequest, admission: Admission | None = None) -> None:
        """Queue a question. The same question again changes nothing.

        Args:
            admission: of the album that the question is a part of.

        Raises:
            JobRefused: too big, or the file is gone; `Busy` if too many questions wait.
            RetryLater: the platform is away for now.
            QueueUnavailable: the queue is away for now.
        """
        ref = request.ref
        latest = await self._store.latest_job(ref.chat_id, ref.message_id)
        if latest and latest.revision > request.revision:
            return  # its edit came first
        admission = admission or Admission()
        known = latest if latest and latest.id == request.id else None
        if known and known.delivered:
            return
        if known is None and latest and request.says_the_same_as(latest.fingerprint):
            return  # an edit that changes neither pictures nor labels
        try:
            await self._admit(request, admission, again=known is not None)
            await self._publish(request, admission)
        except _TakenBack:
            await self._store.forget_job(request.id)
            return
        except JobRefused:
            self._metrics.refusals.inc()
            if known:  # recorded by an attempt that did not get as far as the queue
                await self._store.forget_job(request.id)
            raise
        self._asked()
        if request.revision:
            await self._store.supersede(ref, request.revision)

    async def submit_again(self, request: ClassifyRequest, *, renamed: bool) -> None:
        """Queue a question that was recorded, and that the queue lost.

        Args:
            renamed: under another id, because this queue may drop the old id as a duplicate.

        Raises:
            JobRefused: too big, or the file is gone.
            RetryLater: the platform is away for now.
            QueueFull, QueueUnavailable: the queue does not take it for now.
        """
        job = self._job(request)
        if renamed:
            job = msgspec.structs.replace(job, id=f"{job.id}.{int(time.time())}")
        await self._fetch_and_queue(request, job)
        await self._store.mark_queued(request.id, self._publisher.stream_made)

    async def withdraw(self, request_id: str) -> None:
        """Take a question out of the queue, because its person took it back."""
        await self._publisher.withdraw(request_id)

    async def _admit(self, request: ClassifyRequest, admission: Admission, *, again: bool) -> None:
        sentences = speak(request.language)
        if any((media.size or 0) > MAX_FILE_BYTES for media in request.media):
            raise JobRefused(sentences.file_too_big(MAX_FILE_BYTES / 2**20))
        try:
            self._publisher.check_room(sum(media.size or 0 for media in request.media))
        except PicturesTooLarge as error:
            raise _too_large(request, error.room) from None
        is_free = again or admission.is_granted
        if not is_free and await self._store.jobs_in_flight(request.user_id) >= self._max_per_user:
            raise Busy(sentences.too_many_in_flight(self._max_per_user))
        admission.is_granted = True

    async def _publish(self, request: ClassifyRequest, admission: Admission) -> None:
        recorded = False

        async def record() -> None:
            nonlocal recorded
            # Before it is queued: an answer to a question without a record is thrown away.
            await self._store.record_job(request, self._publisher.stream_made)
            recorded = True
            # Now and not earlier: from here on, `/cancel` finds the question itself.
            if not await admission.is_wanted():
                raise _TakenBack

        try:
            await self._fetch_and_queue(request, self._job(request), record=record)
        except QueueFull:
            await self._store.forget_job(request.id)
            raise Busy(speak(request.language).queue_full()) from None
        except JobRefused:
            if recorded:
                await self._store.forget_job(request.id)
            raise

    async def _fetch_and_queue(
        self,
        request: ClassifyRequest,
        job: Job,
        record: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        sentences = speak(request.language)

        async def show_working() -> None:
            if request.private:
                await self._platform.show_working(request.ref)

        try:
            await self._publisher.publish(job, request.media, meanwhile=show_working, record=record)
        except FileTooBig:
            raise JobRefused(sentences.file_too_big(MAX_FILE_BYTES / 2**20)) from None
        except TargetGone:
            raise JobRefused(sentences.file_gone()) from None
        except PicturesTooLarge as error:
            if error.room is None:
                log.exception("Job %s can't be stored.", job.id)
            raise _too_large(request, error.room) from None

    def _job(self, request: ClassifyRequest) -> Job:
        return msgspec.structs.replace(
            self._publisher.job(request.id, request.id.encode()),
            labels=list(request.labels),
            template=request.template,
            locale=request.language,
            words=speak(request.language).chart_words(),
            numbers=numbers_of(request.media),
        )


def _too_large(request: ClassifyRequest, room: int | None) -> JobRefused:
    sentences = speak(request.language)
    megabytes = None if room is None else room / 2**20
    if len(request.media) > 1:
        return JobRefused(sentences.album_too_big(megabytes))
    return JobRefused(sentences.file_too_big_here(megabytes))
