"""Reading deliveries from the jobs stream: jobs for this worker, and messages that are not."""

import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from inference.protocol.broker.client import Delivery, Queue
from inference.protocol.errors import Problem, ProblemCode
from inference.protocol.messages import UnknownVersion, decode_job
from inference.worker.job_lease import JobLease, dead_letter
from inference.worker.monitoring import WorkerMetrics

log = logging.getLogger(__name__)

# A job that was delivered more often gets an apology. A nak counts as a delivery as well, so this
# leaves room for workers that were stopped while they held the job.
MAX_ATTEMPTS = 8
# How long a job of another version rests until a worker of that version may be there.
VERSION_REST = 60.0  # seconds
# Deliveries of a job of another version: one day, with the rest above.
_VERSION_ATTEMPTS = 1_440
# Subjects that NATS publishes to: words without blanks and wildcards. Subjects that begin with $
# are the server's own: no stream stores them, and JetStream would read a result as a command.
_SUBJECT = re.compile(r"(?!\$)[^\s.*>\x00-\x1f]+(\.[^\s.*>\x00-\x1f]+)*")
# nats-server closes the connection of a client that sends a line of more than 4,096 bytes (its
# max_control_line). The subject is the longest part of that line.
_LONGEST_SUBJECT = 1_024  # bytes


@dataclass(frozen=True)
class Rejection:
    """A delivery that is not a job for this worker.

    Attributes:
        settle: acknowledges it or gives it back; may take seconds while the queue stores nothing.
    """

    settle: Callable[[], Coroutine[Any, Any, None]]


class JobReader:
    """A reader of deliveries, which logs each unknown version once."""

    def __init__(self, queue: Queue, metrics: WorkerMetrics) -> None:
        self._queue = queue
        self._metrics = metrics
        self._reported: set[str] = set()

    async def read(self, delivery: Delivery) -> JobLease | Rejection:
        """Return the job, which this worker holds from now on, or how to settle the delivery."""
        try:
            job = decode_job(delivery.data)
        except UnknownVersion as error:
            return self._of_other_version(delivery, str(error))
        except msgspec.DecodeError as error:
            return self._undecodable(delivery, f"is not a job ({error})")
        subject = job.reply.subject
        if len(subject.encode()) > _LONGEST_SUBJECT or not _SUBJECT.fullmatch(subject):
            return self._undecodable(delivery, f"has no usable reply subject ({subject[:100]!r})")
        lease = await JobLease(job, delivery, self._queue, self._metrics).begin()
        if lease.attempt > MAX_ATTEMPTS:
            return Rejection(partial(self._settle_poison, lease))
        return lease

    def _of_other_version(self, delivery: Delivery, reason: str) -> Rejection:
        if reason not in self._reported:  # once for each version
            self._reported.add(reason)
            log.warning("A job is left for another worker: %s.", reason)
        self._metrics.jobs.labels("unknown_version").inc()
        if delivery.attempt >= _VERSION_ATTEMPTS:
            return self._undecodable(
                delivery, "is a job of another version that no worker took for a day"
            )
        return Rejection(partial(delivery.nak, VERSION_REST))

    def _undecodable(self, delivery: Delivery, reason: str) -> Rejection:
        return Rejection(partial(self._settle_undecodable, delivery, reason))

    async def _settle_undecodable(self, delivery: Delivery, reason: str) -> None:
        log.warning("A message on the jobs stream %s; it becomes a dead letter.", reason)
        await dead_letter(self._queue, delivery)
        await delivery.ack()
        self._metrics.jobs.labels("undecodable").inc()

    async def _settle_poison(self, lease: JobLease) -> None:
        log.error("Job %s is poison: %d attempts have failed.", lease.job.id, lease.attempt - 1)
        try:
            await lease.fail(Problem(ProblemCode.INTERNAL), "poison")
        finally:
            await lease.nak()  # does nothing if the job is answered
