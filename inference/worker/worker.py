"""The worker: loads its model, pulls the jobs that wait, and leaves nothing half done.

The next batch is pulled just before the model is free, so that under load batches grow by
themselves, and only if its jobs wait already: another worker may be idle. What comes after the
model goes on in the background. No more than `MAX_BATCHES` are in hand.
"""

import asyncio
import contextlib
import logging
import signal
import time
import uuid
from collections.abc import AsyncIterator, Callable

import msgspec

from inference.model.classifier import Classifier
from inference.model.loading import Loader, unless
from inference.protocol import malloc, tasks
from inference.protocol.broker.client import (
    ACK_WAIT,
    STATUS_INTERVAL,
    Delivery,
    Queue,
    connect,
    jobs_subject,
)
from inference.protocol.errors import DeviceLost, Hung, SettingError
from inference.protocol.messages import WorkerState, WorkerStatus
from inference.protocol.settings import WorkerSettings
from inference.worker import web as worker_web
from inference.worker.batch_run import BatchRun
from inference.worker.job_consumers import JobConsumers
from inference.worker.job_reader import JobReader
from inference.worker.metrics import Metrics
from inference.worker.monitoring import WorkerHealth
from inference.worker.pipeline import Pipeline

log = logging.getLogger(__name__)

# One in the model, and two that are read for it, or whose charts are drawn and results published.
MAX_BATCHES = 3
# A pull lingers this long for the first job, which bounds how late a stop is noticed.
LINGER = 1.0  # seconds
# Between looks at which models bots ask for.
COMPARE_EVERY = 15.0  # seconds
# A thread that was found stuck, and still is after this, hangs for good.
HANG_PATIENCE = 60.0  # seconds
# Between looks at a queue that is away.
RECONNECT_PAUSE = 0.2  # seconds
# For what is in the model and behind it; container engines kill 10 s after SIGTERM.
DRAIN_SECONDS = 6.0


class Worker:
    """One model, one queue, any number of jobs.

    Args:
        load: blocks until the model is there; runs in a thread of its own.
        stop: once set, nothing more is pulled, what is in the model is finished, and the rest is
            handed back.
    """

    def __init__(
        self,
        queue: Queue,
        load: Callable[[], Classifier],
        settings: WorkerSettings,
        stop: asyncio.Event,
        *,
        metrics: Metrics | None = None,
        health: WorkerHealth | None = None,
        ack_wait: float = ACK_WAIT,
    ) -> None:
        self.id = uuid.uuid4().hex
        self._queue = queue
        self._settings = settings
        self._stop = stop
        self._metrics = metrics or Metrics()
        self.health = health or WorkerHealth()
        self.health.parts = self._missing
        self._ack_wait = ack_wait
        self._intake = JobReader(queue, self._metrics)
        self._status_changed = asyncio.Event()
        self._loader = Loader(load, on_change=self._status_changed.set)
        self._classifier: Classifier | None = None
        self._trips: set[asyncio.Task[None]] = set()
        self._lost: DeviceLost | Hung | None = None

    async def run(self) -> None:
        """Works until `stop` is set.

        Raises:
            QueueUnavailable: at the start only; later on a queue that went away is waited for.
            DeviceLost, Hung: the process has to be started again; its jobs have been handed back.
        """
        await self._queue.prepare(self._settings.max_queue, owner=False)
        pull_consumer = await JobConsumers.open(
            self._queue, self._settings.clip_model, self._ack_wait
        )
        async with self._telling_status():
            self._classifier = await self._loader.model(self._stop)
            if self._classifier is not None:
                self._metrics.ready.set(1)
                stages = Pipeline(self._classifier, self._settings, self._metrics, self.health)
                tidying = asyncio.create_task(malloc.trim_periodically())
                try:
                    await self._serve(stages, pull_consumer)
                finally:
                    await self._drain()
                    stages.close()
                    await tasks.end(tidying)
        if self._lost:
            raise self._lost

    async def _serve(self, stages: Pipeline, pull_consumer: JobConsumers) -> None:
        latest: BatchRun | None = None
        while not self._stop.is_set():
            if len(self._trips) >= MAX_BATCHES:
                await unless(
                    self._stop, asyncio.wait(self._trips, return_when=asyncio.FIRST_COMPLETED)
                )
                continue
            busy = latest is not None and not latest.model_free.is_set()
            deliveries = await pull_consumer.pull(stages.batcher.size, 0.0 if busy else LINGER)
            if deliveries:
                latest = self._depart(stages, deliveries, latest)
                await unless(self._stop, latest.next_wanted.wait())
            elif self._trips and latest:
                await unless(self._stop, latest.model_free.wait())
        await pull_consumer.close()

    def _depart(
        self, stages: Pipeline, deliveries: list[Delivery], before: BatchRun | None
    ) -> BatchRun:
        trip = BatchRun(
            deliveries, self._intake, stages, self._stop, alone=self._alone, before=before
        )
        task = asyncio.create_task(trip.run())
        self._trips.add(task)
        task.add_done_callback(self._arrived)
        return trip

    def _arrived(self, task: "asyncio.Task[None]") -> None:
        self._trips.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, DeviceLost):
            self._lost = error
            self._stop.set()
        elif error:
            log.error("A batch failed; its jobs have been handed back.", exc_info=error)

    async def _alone(self) -> None:
        """Waits until the calling trip is the only one under way."""
        if others := self._trips - {asyncio.current_task()}:
            await asyncio.wait(others)

    async def _drain(self) -> None:
        """Lets finish what is in the model; what takes longer than `DRAIN_SECONDS` goes back.

        While the queue is away nothing can be stored: then there is nothing to wait for.
        """
        if self._trips:
            log.info("Finishing %d batches.", len(self._trips))
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._trips and self._queue.connected and time.monotonic() < deadline:
            await asyncio.wait(self._trips, timeout=RECONNECT_PAUSE)
        if late := set(self._trips):
            for task in late:
                task.cancel()
            await asyncio.wait(late)

    @contextlib.asynccontextmanager
    async def _telling_status(self) -> AsyncIterator[None]:
        await self._queue.tell_status(self._status())
        beating = asyncio.create_task(self.health.beat())
        teller = asyncio.create_task(self._tell_status())
        comparing = asyncio.create_task(self._compare_models())
        watching = asyncio.create_task(self._end_where_hung())
        try:
            yield
        finally:
            await tasks.end(beating, teller, comparing, watching)
            if self._queue.connected:
                await self._queue.forget_worker(self.id)

    async def _tell_status(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                # not wait_for: before Python 3.12 it may swallow a cancellation
                async with asyncio.timeout(STATUS_INTERVAL):
                    await self._status_changed.wait()
            self._status_changed.clear()
            await self._queue.tell_status(self._status())

    async def _end_where_hung(self) -> None:
        """Ends this worker where a thread hangs: whoever keeps the process starts a new one."""
        since: float | None = None
        while True:
            await asyncio.sleep(STATUS_INTERVAL)
            stuck = self.health.stuck()
            if not stuck:
                since = None
                continue
            since = since or time.monotonic()
            if time.monotonic() - since >= HANG_PATIENCE and not self._lost:
                self._lost = Hung(f"This worker ends, since it is stuck: {stuck[0]}")
                self._stop.set()

    async def _compare_models(self) -> None:
        """Says so where no bot asks for this worker's model: it gets no jobs."""
        told: set[str] = set()
        ours = self._settings.clip_model
        while True:
            asked = await self._queue.models_asked()
            if ours in asked:
                told = set()
            elif asked and asked != told:
                told = asked
                log.warning(
                    "This worker takes no jobs: its model is %s, but the bot asks for %s. "
                    "Set CLIP_MODEL alike for bot and workers.",
                    *(ours, ", ".join(sorted(asked))),
                )
            await asyncio.sleep(COMPARE_EVERY)

    def _status(self) -> WorkerStatus:
        status = WorkerStatus(
            worker=self.id,
            model=self._settings.clip_model,
            state=self._loader.state,
            reason=self._loader.reason,
            takes=jobs_subject(self._settings.clip_model),
        )
        if self._classifier is None:
            return status
        if stuck := self.health.stuck():
            status = msgspec.structs.replace(
                status, state=WorkerState.FAILED, reason=f"It is stuck: {stuck[0]}"
            )
        return msgspec.structs.replace(
            status,
            device=str(self._classifier.device),
            image_size=self._classifier.image_size,
            sigmoid_scores=self._classifier.sigmoid_scores,
        )

    def _missing(self) -> list[str]:
        """A line for each part that keeps us from taking jobs. From any thread."""
        lines = []
        if not self._queue.connected:
            lines.append("queue: NATS is away.")
        elif unstored := self._queue.unstored:
            lines.append(f"queue: NATS stores nothing in {', '.join(sorted(unstored))}.")
        if self._classifier is None:
            lines.append(f"model: {self._loader.reason or 'it is being loaded.'}")
        return lines


async def serve(
    settings: WorkerSettings, load: Callable[[], Classifier], *, ack_wait: float = ACK_WAIT
) -> None:
    """A worker process from start to SIGTERM or SIGINT.

    Threads that nothing can interrupt may still run when it returns: a model that loads, or a
    batch that took longer than the time to drain.

    Raises:
        SettingError: NATS_URL is not set, or METRICS_PORT can't be opened.
        QueueUnavailable: nobody answers at NATS_URL.
        DeviceLost, Hung: see `Worker.run`.
    """
    if not settings.nats_url:
        raise SettingError("NATS_URL is not set, and that is where a worker pulls its jobs from.")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metrics, health = Metrics(), WorkerHealth()
    worker_web.serve(settings.metrics_port, metrics, health)
    queue = await unless(stop, connect(settings.nats_url, name="clipbot worker"))
    if queue is None:
        return
    try:
        await Worker(
            queue, load, settings, stop, metrics=metrics, health=health, ack_wait=ack_wait
        ).run()
    finally:
        await queue.close()
