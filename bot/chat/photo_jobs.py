"""From a question to a job in the queue: admission, download, publishing."""

import asyncio
import logging
import time
from dataclasses import dataclass

import msgspec

from bot.i18n import speak
from bot.platform.models import MAX_FILE_BYTES, ClassifyRequest, Media, numbers_of
from bot.platform.ports import ChatPlatform, FileTooBig, TargetGone
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.broker.client import Queue, jobs_subject, results_subject
from inference.protocol.errors import MessageTooLarge, QueueFull, UserError
from inference.protocol.messages import Job, Reply, encode

log = logging.getLogger(__name__)

# Questions whose pictures are in memory at once: each may hold one message of the queue, 64 MB.
_AT_ONCE = 12
# What a job's message holds besides its pictures: labels, words, ids.
_ENVELOPE_BYTES = 256 * 2**10


def payload_warning(queue: Queue) -> str | None:
    """A sentence for the host where NATS takes no picture file of the size that Telegram gives."""
    if queue.max_message >= MAX_FILE_BYTES + _ENVELOPE_BYTES:
        return None
    return (
        f"NATS takes messages of up to {queue.max_payload / 2**20:.0f} MB (its max_payload), so "
        "larger picture files are refused; set max_payload: 64MB in nats-server's configuration."
    )


class JobRefused(UserError):
    """A question that is not queued; the text is a sentence in the asker's language."""


class Busy(JobRefused):
    """Refused for now: too many questions wait, of this person or of all people."""


@dataclass
class Admission:
    """What the questions of one album share: room for one is room for all.

    Attributes:
        is_granted: one of them was admitted, so the person's limit does not hold for the others.
        is_refused: the person was told that there is no room.
    """

    is_granted: bool = False
    is_refused: bool = False


class JobPublisher:
    """Turns questions into jobs.

    Attributes:
        bot_id: the bot whose jobs these are.

    Args:
        model: whose workers are asked; empty: any.
    """

    def __init__(
        self,
        queue: Queue,
        store: Store,
        platform: ChatPlatform,
        metrics: Metrics,
        *,
        bot_id: int,
        max_per_user: int,
        model: str = "",
    ) -> None:
        self._queue = queue
        self._store = store
        self._platform = platform
        self._metrics = metrics
        self.bot_id = bot_id
        self._max_per_user = max_per_user
        self._model = model
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def submit(self, ask: ClassifyRequest, admission: Admission | None = None) -> None:
        """Queues a question. The same question again changes nothing.

        Args:
            admission: of the album that the question is a part of.

        Raises:
            Refused: too big, or the file is gone; `Busy` where it is too many.
            TryAgain: the platform is away for now.
            QueueUnavailable: the queue is.
        """
        latest = await self._store.latest_job(ask.place.chat_id, ask.place.message_id)
        if latest and latest.revision > ask.revision:
            return  # its edit was faster
        known = latest if latest and latest.id == ask.id else None
        if known and known.delivered:
            return
        if known is None and latest and ask.says_the_same_as(latest.fingerprint):
            return  # an edit that changes neither pictures nor phrases
        try:
            await self._admit(ask, admission or Admission(), again=known is not None)
            async with self._at_once:
                await self._publish(ask, await self._fetch_all(ask))
        except JobRefused:
            self._metrics.refusals.inc()
            if known:  # recorded by an attempt that did not get as far as the queue
                await self._store.forget_job(ask.id)
            raise
        if ask.revision:
            await self._store.supersede(ask.place, ask.revision)

    async def ask_again(self, ask: ClassifyRequest, *, anew: bool) -> None:
        """Queues a question that was recorded, and that the queue lost.

        Args:
            anew: under another id, since this queue may remember the one that it lost.

        Raises:
            Refused: too big, or the file is gone.
            TryAgain: the platform is away for now.
            QueueFull, QueueUnavailable: the queue does not take it for now.
        """
        async with self._at_once:
            images = await self._fetch_all(ask)
            job = self._job(ask, images)
            if anew:
                job = msgspec.structs.replace(job, id=f"{job.id}.{int(time.time())}")
            try:
                await self._queue.publish(jobs_subject(self._model), encode(job), job.id)
            except MessageTooLarge:
                raise self._too_big(ask, sum(map(len, images))) from None
        await self._store.mark_queued(ask.id, self._queue.jobs_made)

    async def _admit(self, ask: ClassifyRequest, admission: Admission, *, again: bool) -> None:
        sentences = speak(ask.language)
        if any((media.size or 0) > MAX_FILE_BYTES for media in ask.media):
            raise JobRefused(sentences.file_too_big(MAX_FILE_BYTES / 2**20))
        self._check_room(ask, sum(media.size or 0 for media in ask.media))
        is_free = again or admission.is_granted
        if not is_free and await self._store.jobs_in_flight(ask.user_id) >= self._max_per_user:
            raise Busy(sentences.too_many_in_flight(self._max_per_user))
        admission.is_granted = True

    def _check_room(self, ask: ClassifyRequest, size: int) -> None:
        """Refuses pictures of more bytes than one job, which is one message, can hold."""
        if size > (room := self._queue.max_message - _ENVELOPE_BYTES):
            raise self._too_big(ask, room)

    def _too_big(self, ask: ClassifyRequest, room: int) -> JobRefused:
        sentences = speak(ask.language)
        megabytes = max(room, 0) / 2**20
        if len(ask.media) > 1:
            return JobRefused(sentences.album_too_big(megabytes))
        return JobRefused(sentences.file_too_big_here(megabytes))

    async def _fetch_all(self, ask: ClassifyRequest) -> list[bytes]:
        try:
            async with asyncio.TaskGroup() as tasks:
                fetching = [tasks.create_task(self._fetch(ask, media)) for media in ask.media]
                showing = tasks.create_task(self._show_working(ask))  # no fetching waits for it
                await asyncio.wait(fetching)
                showing.cancel()  # what it would show is about to be over
        except ExceptionGroup as group:
            raise _first(group) from None  # two broken downloads are one refusal
        return [task.result() for task in fetching]

    async def _show_working(self, ask: ClassifyRequest) -> None:
        if ask.private:
            await self._platform.show_working(ask.place)

    async def _fetch(self, ask: ClassifyRequest, media: Media) -> bytes:
        try:
            return await self._platform.fetch(media)
        except FileTooBig:
            raise JobRefused(speak(ask.language).file_too_big(MAX_FILE_BYTES / 2**20)) from None
        except TargetGone:
            raise JobRefused(speak(ask.language).file_gone()) from None

    def _job(self, ask: ClassifyRequest, images: list[bytes]) -> Job:
        """Raises `JobRefused` where the pictures are too big together."""
        sentences = speak(ask.language)
        self._check_room(ask, sum(map(len, images)))
        return Job(
            id=f"{self.bot_id}.{ask.id}",
            images=images,
            labels=list(ask.labels),
            template=ask.template,
            locale=ask.language,
            words=sentences.chart_words(),
            numbers=numbers_of(ask.media),
            reply=Reply(results_subject(self.bot_id), ask.id.encode()),
            model=self._model,
        )

    async def _publish(self, ask: ClassifyRequest, images: list[bytes]) -> None:
        job = self._job(ask, images)
        packed = encode(job)
        # Recorded first: a job without a record would be an answer that nobody asked for.
        await self._store.record_job(ask, self._queue.jobs_made)
        try:
            await self._queue.publish(jobs_subject(self._model), packed, job.id)
        except QueueFull:
            await self._store.forget_job(ask.id)
            raise Busy(speak(ask.language).queue_full()) from None
        except MessageTooLarge:  # a limit of the stream's own, or labels of many bytes
            await self._store.forget_job(ask.id)
            log.exception("Job %s can't be stored.", job.id)
            raise self._too_big(ask, sum(map(len, images))) from None
        self._metrics.jobs.inc()


def _first(group: ExceptionGroup[Exception]) -> Exception:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
