"""A worker's loop: it pulls jobs and runs them in batches, each step as the scheduler decides."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

from inference.model.loading import unless
from inference.protocol.broker.client import Queue
from inference.protocol.errors import DeviceLost
from inference.worker.batch_run import BatchRun
from inference.worker.job_consumers import JobConsumers
from inference.worker.job_lease import LONGEST_REST, JobLease
from inference.worker.job_reader import JobReader
from inference.worker.pipeline import Pipeline
from inference.worker.scheduler import Begin, EnterModel, Pull, ScheduledBatch, Scheduler, Wait

log = logging.getLogger(__name__)

# Time for the batches in the model and behind it to end after a stop. Container engines kill a
# process 10 s after SIGTERM.
DRAIN_SECONDS = 6.0
# How often a drain checks whether the queue is still connected.
_DRAIN_INTERVAL = 0.2  # seconds
# The limit of messages that are not jobs and are not settled yet; at the limit nothing is pulled.
_MAX_REJECTED = 64

Batch = ScheduledBatch[JobLease]


class BatchLoop:
    """The loop that serves jobs with one model until `stop` is set.

    Each job that is pulled is acknowledged or given back (nak) exactly once. A process that is
    killed does neither: its jobs come back to another worker after `ACK_WAIT` seconds. So does a
    message that is not a job, if the loop stops while the queue is away.
    """

    def __init__(
        self,
        queue: Queue,
        consumers: JobConsumers,
        reader: JobReader,
        pipeline: Pipeline,
        stop: asyncio.Event,
    ) -> None:
        self._queue = queue
        self._consumers = consumers
        self._reader = reader
        self._pipeline = pipeline
        self._stop = stop
        self._scheduler: Scheduler[JobLease] = Scheduler(pipeline.batcher.size)
        self._changed = asyncio.Event()
        self._runs: dict[Batch, BatchRun] = {}
        self._tasks: dict[Batch, asyncio.Task[None]] = {}
        self._rejected: set[asyncio.Task[None]] = set()
        self._lost: DeviceLost | None = None

    async def run(self) -> None:
        """Serve until `stop` is set, then finish what is in the model and give back the rest.

        Raises:
            DeviceLost: only a new process can use the GPU again.
        """
        try:
            while not self._stop.is_set():
                step = self._advance()
                if isinstance(step, Pull):
                    await self._pull(step)
                else:
                    await self._wait(step.seconds)
            await self._consumers.close()
        finally:
            await self._drain()
        if self._lost:
            raise self._lost

    def _advance(self) -> Pull | Wait:
        """Do all steps that take no time; return the first one that does."""
        while True:
            now = time.monotonic()
            step = self._scheduler.next_step(now)
            if isinstance(step, Begin):
                self._scheduler.has_begun(step.batch, now)
                run = self._runs[step.batch] = BatchRun(step.batch.jobs, self._pipeline)
                task = self._tasks[step.batch] = asyncio.create_task(self._run(step.batch, run))
                task.add_done_callback(partial(self._has_ended, step.batch))
            elif isinstance(step, EnterModel):
                run = self._runs[step.batch]
                self._scheduler.has_entered(step.batch, now, pictures=run.pictures)
                run.turn.set()
            else:
                return step

    def _notice(self) -> None:
        """Act on a change at once: the model would otherwise wait until the loop runs again."""
        if not self._stop.is_set():
            self._advance()
        self._changed.set()

    async def _wait(self, seconds: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            # Not wait_for, which may swallow a cancellation before Python 3.12: see `tasks.end`.
            async with asyncio.timeout(seconds):
                await unless(self._stop, self._changed.wait())
        self._changed.clear()

    async def _pull(self, step: Pull) -> None:
        deliveries = await self._consumers.pull(step.limit, step.linger)
        leases = []
        for delivery in deliveries:
            try:
                read = await self._reader.read(delivery)
            except Exception:  # our fault, but it must not end this worker and every one after it
                log.exception("A message can't be read; it is given back.")
                self._settle(delivery.nak(LONGEST_REST))
                continue
            if isinstance(read, JobLease):
                leases.append(read)
            else:
                self._settle(read.settle())
        if leases or not deliveries:
            self._scheduler.has_pulled(leases)
        while len(self._rejected) >= _MAX_REJECTED and not self._stop.is_set():
            await unless(
                self._stop, asyncio.wait(self._rejected, return_when=asyncio.FIRST_COMPLETED)
            )

    def _settle(self, settling: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(settling)
        self._rejected.add(task)
        task.add_done_callback(self._has_settled)

    def _has_settled(self, task: "asyncio.Task[None]") -> None:
        self._rejected.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A message that is not a job could not be settled.", exc_info=error)

    async def _run(self, batch: Batch, run: BatchRun) -> None:
        error: BaseException | None = None
        try:
            await run.read()
            self._scheduler.has_read(batch, time.monotonic(), pictures=run.files)
            self._notice()
            await run.turn.wait()
            await run.classify()
            self._scheduler.size = self._pipeline.batcher.size
            self._scheduler.has_left(batch, time.monotonic())
            self._notice()
            await run.finish()
        except DeviceLost as lost:
            error = self._lost = lost
            self._stop.set()  # before the next batch takes the model for free
        except Exception as failure:
            error = failure
            log.exception("A batch failed; its jobs are given back.")
        finally:
            await run.nak(error)

    def _has_ended(self, batch: Batch, task: "asyncio.Task[None]") -> None:
        # A callback, because a task that is cancelled before its first step runs no `finally`.
        self._scheduler.has_ended(batch)
        del self._runs[batch], self._tasks[batch]
        self._notice()

    async def _drain(self) -> None:
        """Give back what the model has not begun, and wait for the rest up to `DRAIN_SECONDS`.

        While the queue is away nothing can be stored, so there is nothing to wait for.
        """
        self._stop.set()  # also after an error: no other batch may begin
        for batch in self._scheduler.waiting_for_model():
            if task := self._tasks.get(batch):
                task.cancel()
            for lease in batch.jobs:
                await lease.nak()
        if self._tasks:
            log.info("Finishing %d batches.", len(self._tasks))
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._unsettled and self._queue.connected and time.monotonic() < deadline:
            await asyncio.wait(self._unsettled, timeout=_DRAIN_INTERVAL)
        if late := self._unsettled:
            for task in late:
                task.cancel()
            await asyncio.wait(late)

    @property
    def _unsettled(self) -> set["asyncio.Task[None]"]:
        return {*self._tasks.values(), *self._rejected}
