"""A job that this worker holds, from the pull until it is settled.

What is stored when, and what a crash repeats:

    1. the result is stored in the results stream, under the job's id
    2. the job is acknowledged: NATS removes it from the jobs stream

A worker that is killed before 1 did nothing: after `ACK_WAIT` seconds the job goes to another
worker. Between 1 and 2 the same happens, and the second result has the same id: NATS stores it
only once within `DUPLICATE_WINDOW`, and the bot's delivery record keeps an answer from being sent
twice. A job that fails by our fault is stored as a dead letter before 1.
"""

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
from inference.worker.monitoring import WorkerMetrics

log = logging.getLogger(__name__)

# NATS restarts within a second or two, so the finished result is kept and stored then. The longest
# pause is for a queue that stores nothing for long, as with a full disk. The job is not given back
# then: each attempt counts, and too many end with an apology.
PUBLISH_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds
LONGEST_PAUSE = 8.0  # seconds
# Subjects of the results stream.
_RESULTS_SUBJECT = re.compile(re.escape(results_subject(0).removesuffix("0")) + r"[^.]+")
# The longest time between two attempts of a job.
LONGEST_REST = 60.0  # seconds


async def dead_letter(queue: Queue, delivery: Delivery) -> None:
    """Keep a message that failed by our fault for a person; log it if it can't be stored."""
    try:
        await queue.dead_letter("jobs", delivery)
    except (QueueUnavailable, QueueFull) as error:
        log.warning("A job that failed could not be stored as a dead letter: %s", error)


def _for_0_1(result: Result) -> Result:
    """Return the result without the problem codes that a bot of version 0.1 can't read."""

    def known(problem: Problem | None) -> Problem | None:
        new = problem is not None and problem.code is ProblemCode.TOO_LARGE_FOR_HOST
        return Problem(ProblemCode.INTERNAL) if new else problem

    images = [
        msgspec.structs.replace(outcome, problem=known(outcome.problem))
        for outcome in result.images
    ]
    return msgspec.structs.replace(result, images=images, problem=known(result.problem))


class JobLease:
    """A job and the delivery that brought it.

    NATS is told "in progress" until the job is settled. It is settled once: by `answer` or by
    `nak`, whichever comes first.

    Attributes:
        attempt: 1 at the first delivery, 2 at the first redelivery, …
        queued_seconds: from the request to the pull.
    """

    def __init__(self, job: Job, delivery: Delivery, queue: Queue, metrics: WorkerMetrics) -> None:
        self.job = job
        self.attempt = delivery.attempt
        self.queued_seconds = max(0.0, time.time() - job.created_at)  # clocks differ
        self.settled = False
        self._delivery = delivery
        self._queue = queue
        self._metrics = metrics
        self._in_progress = contextlib.AsyncExitStack()

    async def begin(self) -> Self:
        """Tell NATS from now on that the job is in progress."""
        await self._in_progress.enter_async_context(self._delivery.in_progress())
        self._metrics.queued.observe(self.queued_seconds)
        return self

    async def fail(self, problem: Problem, outcome: str) -> None:
        """Store the job as a dead letter and answer with the problem."""
        await dead_letter(self._queue, self._delivery)
        await self.answer(
            Result(
                job_id=self.job.id, reply=self.job.reply, labels=self.job.labels, problem=problem
            ),
            outcome,
        )

    async def answer(self, result: Result, outcome: str) -> None:
        """Store the result, then acknowledge the job.

        The job is given back if the server has lost the results stream, which the bot creates
        again. It becomes a dead letter if its result can never be stored: each further attempt
        would fail in the same way and stop all other batches, because a suspect runs alone.

        Args:
            outcome: a label of `WorkerMetrics.jobs`.
        """
        if not self.job.model:
            result = _for_0_1(result)
        data = encode(result)
        if len(data) > self._queue.max_message and result.chart:
            log.warning(
                "Job %s: its result of %d bytes is larger than NATS takes (%d); "
                "it is sent without its chart.",
                *(self.job.id, len(data), self._queue.max_message),
            )
            data = encode(msgspec.structs.replace(result, chart=b""))
        error = await self._publish(data)
        if isinstance(error, NoStream) and _RESULTS_SUBJECT.fullmatch(self.job.reply.subject):
            await self.nak(self.rest)
            return
        if error:
            log.error("Job %.100s becomes a dead letter: its result can't be stored.", self.job.id)
            await dead_letter(self._queue, self._delivery)
            outcome = "unheard"
        self.settled = True
        await self._delivery.ack()
        await self._in_progress.aclose()
        self._metrics.jobs.labels(outcome).inc()

    async def _publish(self, data: bytes) -> NoStream | MessageTooLarge | None:
        """Store the result, however long it takes; return the error if it can never be stored."""
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
        """Seconds until the next attempt; doubles with each attempt."""
        return min(LONGEST_REST, 2.0**self.attempt)

    async def nak(self, delay: float = 0.0) -> None:
        """Give the job back: it is delivered again after `delay` seconds.

        Does nothing if the job is settled.
        """
        if self.settled:
            return
        self.settled = True
        await self._in_progress.aclose()
        await self._delivery.nak(delay)
        self._metrics.jobs.labels("handed_back").inc()
