"""What a delivery is: a job to be done, or something to be set aside."""

import logging
import re

import msgspec

from inference.protocol.broker.client import Delivery, Queue
from inference.protocol.errors import Problem, ProblemCode
from inference.protocol.messages import UnknownVersion, decode_job
from inference.worker.job_lease import JobLease, dead_letter
from inference.worker.metrics import Metrics

log = logging.getLogger(__name__)

# A job that came back this often may have killed the workers that had it: it gets a batch of its
# own, so that it takes no other down with it.
SUSPECT_ATTEMPT = 3
# Delivered more often than this it is answered with an apology. Handing back counts as delivery
# too, hence the wide margin.
MAX_ATTEMPTS = 8
# Until somebody with the right version runs a worker, or the bot's host notices the log.
VERSION_REST = 60.0  # seconds
# A day of them: who has the right version has had time to start it.
_VERSION_ATTEMPTS = 1_440
# What NATS publishes to: words without blanks and wildcards. What begins with $ is the server's
# own: no stream stores it, and JetStream would take a result for an order.
_SUBJECT = re.compile(r"(?!\$)[^\s.*>\x00-\x1f]+(\.[^\s.*>\x00-\x1f]+)*")
# Bytes; nats-server ends the connection of who sends it a line of more than 4,096 (its
# max_control_line), of which the subject is the longest part.
_LONGEST_SUBJECT = 1_024


class JobReader:
    """Turns deliveries into flights; what is no job for this worker is settled on the spot."""

    def __init__(self, queue: Queue, metrics: Metrics) -> None:
        self._queue = queue
        self._metrics = metrics
        self._complaints: set[str] = set()

    async def take(self, delivery: Delivery) -> JobLease | None:
        """The job in flight; None where there is nothing left to do with this delivery."""
        try:
            job = decode_job(delivery.data)
        except UnknownVersion as error:
            if str(error) not in self._complaints:  # once for each version
                self._complaints.add(str(error))
                log.warning("A job is left for another worker: %s.", error)
            self._metrics.jobs.labels("unknown_version").inc()
            if delivery.attempt < _VERSION_ATTEMPTS:
                await delivery.nak(VERSION_REST)
            else:
                await self._refuse(delivery, "a job of another version that nobody took for a day")
            return None
        except msgspec.DecodeError as error:
            await self._refuse(delivery, f"no job ({error})")
            return None
        subject = job.reply.subject
        if len(subject.encode()) > _LONGEST_SUBJECT or not _SUBJECT.fullmatch(subject):
            await self._refuse(delivery, f"a job with no asker ({subject[:100]!r})")
            return None
        flight = await JobLease(job, delivery, self._queue, self._metrics).begin()
        if flight.attempt > MAX_ATTEMPTS:
            log.error("Job %s is poison: %d attempts have failed.", job.id, flight.attempt - 1)
            await flight.fail(Problem(ProblemCode.INTERNAL), "poison")
            return None
        return flight

    async def _refuse(self, delivery: Delivery, what: str) -> None:
        log.warning("A message on the jobs stream is %s; it is set aside.", what)
        await dead_letter(self._queue, delivery)
        await delivery.ack()
        self._metrics.jobs.labels("undecodable").inc()
