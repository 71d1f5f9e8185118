"""The one way to ask the workers: fetch pictures, check their size, queue a job."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from bot.platform.models import MAX_FILE_BYTES, Media
from bot.platform.ports import ChatPlatform
from bot.runtime.metrics import Metrics
from inference.protocol.broker.client import JOBS, Queue, jobs_subject, results_subject
from inference.protocol.errors import MessageTooLarge
from inference.protocol.messages import Job, Reply, encode

# The latest jobs that can be withdrawn. After a restart none can, and their results are dropped.
_WITHDRAWABLE = 1_000
# What a job's message holds besides its pictures: labels, words, ids.
_ENVELOPE_BYTES = 256 * 2**10


def payload_warning(queue: Queue) -> str | None:
    """Return a sentence for the operator if NATS takes no files as large as Telegram's."""
    if queue.max_message >= MAX_FILE_BYTES + _ENVELOPE_BYTES:
        return None
    return (
        f"NATS takes messages of up to {queue.max_payload / 2**20:.0f} MB (its max_payload), so "
        "larger picture files are refused; set max_payload: 64MB in nats-server's configuration."
    )


class PicturesTooLarge(Exception):
    """The pictures of a job do not fit into one message of the queue.

    Attributes:
        room: bytes that all pictures of a job can have together; None if the queue refused the
            message because of a limit of its own, which is not known.
    """

    def __init__(self, room: int | None) -> None:
        super().__init__("the pictures of a job do not fit into one message of the queue")
        self.room = room


class JobPublisher:
    """Puts jobs into the queue. Photos and games have one each: neither waits for the other.

    Args:
        bot_id: the bot to which the results go.
        model: whose workers are asked; empty: any.
        at_once: for how many jobs the pictures are in memory at once; each job has at most
            `Queue.max_message` bytes.
    """

    def __init__(
        self,
        queue: Queue,
        platform: ChatPlatform,
        metrics: Metrics,
        *,
        bot_id: int,
        model: str = "",
        at_once: int = 12,
    ) -> None:
        self._queue = queue
        self._platform = platform
        self._metrics = metrics
        self._bot_id = bot_id
        self._model = model
        self._at_once = asyncio.Semaphore(at_once)
        self._stored: dict[str, tuple[str, int]] = {}  # job → stream and number in it

    @property
    def stream_made(self) -> str:
        """When the stream was made that takes the jobs: its identity."""
        return self._queue.jobs_made

    def job(self, name: str, reply: bytes) -> Job:
        """Return a job without pictures and labels.

        Args:
            name: the same for the same question, which is then queued once; unique to this bot.
            reply: comes back with the result.
        """
        return Job(
            id=f"{self._bot_id}.{name}",
            images=[],
            labels=[],
            reply=Reply(results_subject(self._bot_id), reply),
            model=self._model,
        )

    def check_room(self, size: int) -> None:
        """Raise `PicturesTooLarge` if pictures of `size` bytes do not fit into one job."""
        room = max(self._queue.max_message - _ENVELOPE_BYTES, 0)
        if size > room:
            raise PicturesTooLarge(room)

    async def publish(
        self,
        job: Job,
        media: Sequence[Media],
        *,
        meanwhile: Callable[[], Awaitable[None]] | None = None,
        record: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Fetch pictures and queue a job with them. The same job again changes nothing.

        Args:
            job: see `job`.
            meanwhile: done while the pictures are fetched; cancelled once they are here.
            record: awaited when the pictures are here, before the job is queued.

        Raises:
            FileTooBig, TargetGone: a picture can't be had.
            PicturesTooLarge: they can't be queued.
            RetryLater, QueueFull, QueueUnavailable: not for now.
        """
        async with self._at_once:
            images = await self._fetch_all(media, meanwhile)
            self.check_room(sum(map(len, images)))
            packed = encode(msgspec.structs.replace(job, images=images))
            if record:
                await record()
            try:
                number = await self._queue.publish(jobs_subject(self._model), packed, job.id)
            except MessageTooLarge as error:  # a limit of the stream's own, or very long labels
                raise PicturesTooLarge(None) from error
        self._metrics.jobs.inc()
        self._stored[job.id] = self.stream_made, number
        if len(self._stored) > _WITHDRAWABLE:
            del self._stored[next(iter(self._stored))]

    async def withdraw(self, name: str) -> None:
        """Take a job out of the queue, if it is still there and this process put it there.

        Args:
            name: as of `job`.
        """
        made, number = self._stored.pop(f"{self._bot_id}.{name}", ("", 0))
        if number and made == self.stream_made:  # a new stream numbers other jobs so
            await self._queue.withdraw(JOBS, number)

    async def _fetch_all(
        self, media: Sequence[Media], meanwhile: Callable[[], Awaitable[None]] | None
    ) -> list[bytes]:
        try:
            async with asyncio.TaskGroup() as tasks:
                fetching = [tasks.create_task(self._platform.fetch(one)) for one in media]
                beside = tasks.create_task(_run(meanwhile)) if meanwhile else None
                await asyncio.wait(fetching)
                if beside:
                    beside.cancel()
        except ExceptionGroup as group:
            raise _first(group) from None  # two broken downloads are one refusal
        return [task.result() for task in fetching]


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    await work()


def _first(group: ExceptionGroup[Exception]) -> Exception:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
