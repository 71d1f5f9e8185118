"""A job in flight: in this worker's hands until it is answered or handed back."""

import asyncio
import contextlib
import itertools
import logging
import re
import time
from typing import Self

import msgspec

from inference.protocol.broker.client import Delivery, Queue, results_subject
from inference.protocol.errors import (
    MessageTooLarge,
    NoStream,
    Problem,
    ProblemCode,
    QueueFull,
    QueueUnavailable,
)
from inference.protocol.messages import Job, Result, encode
from inference.worker.metrics import Metrics

log = logging.getLogger(__name__)

# NATS restarts in a second or two: worth waiting for before the work is done all over again. The
# last pause is for a queue that stores nothing for long, as with a full disk: each attempt of a job
# counts, and too many would have it answered with an apology.
PUBLISH_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds
LONGEST_PAUSE = 8.0  # seconds
# Where the results stream listens.
_HEARD = re.compile(re.escape(results_subject(0).removesuffix("0")) + r"[^.]+")
# How long a job rests at most that could not be answered this time.
LONGEST_REST = 60.0  # seconds


async def dead_letter(queue: Queue, delivery: Delivery) -> None:
    """Keeps what failed by our fault; where even that fails, the log has to do."""
    try:
        await queue.dead_letter("jobs", delivery)
    except (QueueUnavailable, QueueFull) as error:
        log.warning("A job that failed could not be set aside: %s", error)


def _for_0_1(result: Result) -> Result:
    """Return the result without the problem codes that a bot of 0.1 can't read."""

    def known(problem: Problem | None) -> Problem | None:
        new = problem is not None and problem.code is ProblemCode.TOO_LARGE_FOR_HOST
        return Problem(ProblemCode.INTERNAL) if new else problem

    images = [
        msgspec.structs.replace(outcome, problem=known(outcome.problem))
        for outcome in result.images
    ]
    return msgspec.structs.replace(result, images=images, problem=known(result.problem))


class JobLease:
    """A job and the delivery that brought it; the queue hears "still working" until it is settled.

    It is settled once: by `answer` or by `nak`, whichever comes first.

    Attributes:
        attempt: 1 at the first delivery, 2 at the first redelivery, …
        queued_seconds: from asking to now.
    """

    def __init__(self, job: Job, delivery: Delivery, queue: Queue, metrics: Metrics) -> None:
        self.job = job
        self.attempt = delivery.attempt
        self.queued_seconds = max(0.0, time.time() - job.created_at)  # clocks of machines differ
        self.settled = False
        self._delivery = delivery
        self._queue = queue
        self._metrics = metrics
        self._kept = contextlib.AsyncExitStack()

    async def begin(self) -> Self:
        """From now on the queue is told that the job is being worked on."""
        await self._kept.enter_async_context(self._delivery.kept())
        self._metrics.queued.observe(self.queued_seconds)
        return self

    async def fail(self, problem: Problem, outcome: str) -> None:
        """Answers with what is wrong with the job, and keeps the job for a person to look at."""
        await dead_letter(self._queue, self._delivery)
        await self.answer(
            Result(
                job_id=self.job.id, reply=self.job.reply, labels=self.job.labels, problem=problem
            ),
            outcome,
        )

    async def answer(self, result: Result, outcome: str) -> None:
        """Stores the result, then acknowledges the job; hands it back where that can't be done.

        A job whose result can never be stored is set aside: each further attempt would end like
        this one, and have the model to itself.

        Args:
            outcome: as `Metrics.jobs` counts it.
        """
        if not self.job.model:
            result = _for_0_1(result)
        data = encode(result)
        if len(data) > self._queue.max_message and result.chart:
            log.warning(
                "Job %s: a result of %d bytes is more than NATS takes (%d); "
                "it goes without its chart.",
                *(self.job.id, len(data), self._queue.max_message),
            )
            data = encode(msgspec.structs.replace(result, chart=b""))
        error = await self._publish(data)
        if isinstance(error, NoStream) and _HEARD.fullmatch(self.job.reply.subject):
            await self.nak(self.rest)  # the queue lost that stream; it will be made again
            return
        if error:
            log.error("Job %.100s is set aside: its result is never stored.", self.job.id)
            await dead_letter(self._queue, self._delivery)
            outcome = "unheard"
        self.settled = True
        await self._delivery.ack()
        await self._kept.aclose()
        self._metrics.jobs.labels(outcome).inc()

    async def _publish(self, data: bytes) -> NoStream | MessageTooLarge | None:
        """Stores a result, however long NATS takes to do so; returns why where it never would."""
        for pause in itertools.chain(PUBLISH_PAUSES, itertools.repeat(None)):
            try:
                await self._queue.publish(self.job.reply.subject, data, self.job.id)
            except (QueueUnavailable, QueueFull) as error:
                if pause is None and isinstance(error, (NoStream, MessageTooLarge)):
                    return error
                log.warning("Job %.100s: its result is not stored: %s", self.job.id, error)
                await asyncio.sleep(LONGEST_PAUSE if pause is None else pause)
            else:
                return None
        raise AssertionError

    @property
    def rest(self) -> float:
        """Seconds to rest before the next attempt; doubles with each."""
        return min(LONGEST_REST, 2.0**self.attempt)

    async def nak(self, delay: float = 0.0) -> None:
        """Somebody gets the job again after `delay` seconds; nothing happens if it is settled."""
        if self.settled:
            return
        self.settled = True
        await self._kept.aclose()
        await self._delivery.nak(delay)
        self._metrics.jobs.labels("handed_back").inc()
