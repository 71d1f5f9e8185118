"""The bot's end of the queue: sends jobs, receives results, and reads the workers' statuses."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from inference.protocol.broker.client import (
    DEAD,
    JOBS,
    JOBS_SUBJECT,
    RESULTS,
    Delivery,
    PullConsumer,
    Queue,
    jobs_consumer,
    results_subject,
)
from inference.protocol.messages import (
    Job,
    Reply,
    Result,
    WorkerStatus,
    decode_job,
    decode_result,
    encode,
)
from tests.waiting import until

LABELS = ("a red car", "a green tree", "a blue sea")


class JobSender:
    """Sends jobs and collects their results."""

    def __init__(self, queue: Queue, pull_consumer: PullConsumer) -> None:
        self.queue = queue
        self.results: list[Result] = []
        self._pull_consumer = pull_consumer
        self._numbers = itertools.count(1)

    @classmethod
    async def on(cls, queue: Queue) -> Self:
        return cls(queue, await _results_consumer(queue))

    async def sends(self, *images: bytes, labels: Sequence[str] = LABELS, **fields: Any) -> str:
        """Store a job; return its id."""
        job = Job(
            **{
                "id": f"job-{next(self._numbers)}",
                "images": list(images),
                "labels": list(labels),
                "reply": Reply(results_subject(1), b"chat 7"),
                **fields,
            }
        )
        await self.queue.publish(JOBS_SUBJECT, encode(job), job.id)
        return job.id

    async def receives(self, *jobs: str, within: float = 20.0) -> dict[str, Result]:
        """Wait until all these jobs have results; return the results by job."""
        deadline = time.monotonic() + within
        while missing := set(jobs) - {result.job_id for result in self.results}:
            assert time.monotonic() < deadline, f"no answer to {sorted(missing)}"
            await self.collects(0.1)
        return {result.job_id: result for result in self.results}

    async def collects(self, seconds: float) -> None:
        """Collect the results that come within these seconds."""
        for delivery in await self._pull_consumer.pull(100, seconds):
            self.results.append(decode_result(delivery.data))
            await delivery.ack()

    async def sees_worker(
        self, wanted: Callable[[WorkerStatus], bool], within: float = 10.0
    ) -> WorkerStatus:
        """Wait for a worker whose status is as wanted; return the status."""
        deadline = time.monotonic() + within
        while True:
            for status in await self.queue.workers():
                if wanted(status):
                    return status
            assert time.monotonic() < deadline, "no such worker"
            await asyncio.sleep(0.02)

    async def naks_jobs(self, *, times: int, ack_wait: float) -> None:
        """Pull every waiting job and give it back, like a worker that is stopped."""
        consumer = await self.queue.pull_consumer(
            JOBS, jobs_consumer(""), JOBS_SUBJECT, ack_wait=ack_wait
        )
        waiting = await self.queue.jobs_waiting()
        for _ in range(times):
            taken: list[Delivery] = []
            while len(taken) < waiting:
                taken += await consumer.pull(waiting - len(taken), 1.0)
            for delivery in taken:
                await delivery.nak()
        await consumer.close()

    async def finds_dead_letters(self) -> list[str]:
        """Return the ids of the jobs among the dead letters."""
        consumer = await self.queue.pull_consumer(DEAD, "person", "clipbot.dead.jobs")
        found = await consumer.pull(100, 0.2)
        return [decode_job(delivery.data).id for delivery in found]

    async def starts_again(self) -> None:
        """Prepare the queue, like a bot that starts."""
        await until(lambda: self.queue.connected, True)
        await self.queue.prepare(1_000, owner=True)
        self._pull_consumer = await _results_consumer(self.queue)

    async def jobs_held(self) -> int:
        """Return how many jobs workers hold: delivered, but not acknowledged or given back."""
        info = await self.queue._js.consumer_info(JOBS, jobs_consumer(""))
        return info.num_ack_pending or 0

    async def sees_empty_queue(self, within: float = 10.0) -> None:
        """Wait until every job is acknowledged."""
        await until(lambda: self.queue.jobs_waiting(), 0, within)


async def _results_consumer(queue: Queue) -> PullConsumer:
    return await queue.pull_consumer(RESULTS, "sender", results_subject(1))
