"""A worker from start to stop: it loads its model, tells its status and serves jobs."""

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
    Queue,
    connect,
    jobs_subject,
)
from inference.protocol.errors import Hung, SettingError
from inference.protocol.messages import WorkerState, WorkerStatus
from inference.protocol.settings import WorkerSettings
from inference.worker import monitoring
from inference.worker.batch_loop import BatchLoop
from inference.worker.job_consumers import JobConsumers
from inference.worker.job_reader import JobReader
from inference.worker.monitoring import WorkerHealth, WorkerMetrics
from inference.worker.pipeline import Pipeline

log = logging.getLogger(__name__)

# How often a worker asks bots for their model.
COMPARE_EVERY = 15.0  # seconds
# A thread that is still stuck this long after it was found stuck will never go on.
HANG_PATIENCE = 60.0  # seconds


class Worker:
    """A worker: one model that answers the jobs of one queue.

    Args:
        load: blocks until the model is loaded; runs in its own thread.
        stop: once it is set, the worker pulls nothing more, finishes what is in the model, and
            gives back the rest.
    """

    def __init__(
        self,
        queue: Queue,
        load: Callable[[], Classifier],
        settings: WorkerSettings,
        stop: asyncio.Event,
        *,
        metrics: WorkerMetrics | None = None,
        health: WorkerHealth | None = None,
        ack_wait: float = ACK_WAIT,
    ) -> None:
        self.id = uuid.uuid4().hex
        self._queue = queue
        self._settings = settings
        self._stop = stop
        self._metrics = metrics or WorkerMetrics()
        self.health = health or WorkerHealth()
        self.health.parts = self._not_ready
        self._ack_wait = ack_wait
        self._status_changed = asyncio.Event()
        self._loader = Loader(load, on_change=self._status_changed.set)
        self._classifier: Classifier | None = None
        self._hung: Hung | None = None

    async def run(self) -> None:
        """Work until `stop` is set.

        Raises:
            QueueUnavailable: at the start only; later the worker waits until the queue is back.
            DeviceLost, Hung: only a new process can go on; the jobs of this one are given back.
        """
        await self._queue.prepare(self._settings.max_queue, owner=False)
        consumers = await JobConsumers.open(self._queue, self._settings.clip_model, self._ack_wait)
        async with self._telling_status():
            self._classifier = await self._loader.model(self._stop)
            if self._classifier is not None:
                self._metrics.ready.set(1)
                await self._serve(self._classifier, consumers)
        if self._hung:
            raise self._hung

    async def _serve(self, classifier: Classifier, consumers: JobConsumers) -> None:
        pipeline = Pipeline(classifier, self._settings, self._metrics, self.health)
        trimming = asyncio.create_task(malloc.trim_periodically())
        encoding = asyncio.create_task(pipeline.encode_bank())
        reader = JobReader(self._queue, self._metrics)
        try:
            await BatchLoop(self._queue, consumers, reader, pipeline, self._stop).run()
        finally:
            pipeline.close()
            await tasks.end(trimming, encoding)

    @contextlib.asynccontextmanager
    async def _telling_status(self) -> AsyncIterator[None]:
        await self._queue.tell_status(self._status())
        background = [
            asyncio.create_task(work)
            for work in (
                self.health.beat(),
                self._tell_status(),
                self._compare_models(),
                self._stop_if_hung(),
            )
        ]
        try:
            yield
        finally:
            await tasks.end(*background)
            if self._queue.connected:
                await self._queue.forget_worker(self.id)

    async def _tell_status(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                # Not wait_for, which may swallow a cancellation before Python 3.12.
                async with asyncio.timeout(STATUS_INTERVAL):
                    await self._status_changed.wait()
            self._status_changed.clear()
            await self._queue.tell_status(self._status())

    async def _stop_if_hung(self) -> None:
        """Stop this worker if a thread hangs. Whatever started the process starts a new one."""
        since: float | None = None
        while True:
            await asyncio.sleep(STATUS_INTERVAL)
            stuck = self.health.stuck()
            if not stuck:
                since = None
                continue
            since = since or time.monotonic()
            if time.monotonic() - since >= HANG_PATIENCE and not self._hung:
                self._hung = Hung(f"This worker stops, because it is stuck: {stuck[0]}")
                self._stop.set()

    async def _compare_models(self) -> None:
        """Log a warning if no bot asks for this worker's model: then it gets no jobs."""
        warned_of: set[str] = set()
        ours = self._settings.clip_model
        while True:
            asked = await self._queue.models_asked()
            if ours in asked:
                warned_of = set()
            elif asked and asked != warned_of:
                warned_of = asked
                log.warning(
                    "This worker takes no jobs: its model is %s, but the bot asks for %s. "
                    "Set CLIP_MODEL to the same value for the bot and its workers.",
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

    def _not_ready(self) -> list[str]:
        """Return a line for each part that is not ready for jobs. Can be called by any thread."""
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
    """Run a worker process until SIGTERM or SIGINT.

    When this returns, threads that can't be interrupted may still run: one that loads a model, or
    one whose batch takes longer than the time to drain.

    Raises:
        SettingError: NATS_URL is not set, or METRICS_PORT can't be opened.
        QueueUnavailable: nothing answers at NATS_URL.
        DeviceLost, Hung: see `Worker.run`.
    """
    if not settings.nats_url:
        raise SettingError("NATS_URL is not set; the worker pulls its jobs from there.")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metrics, health = WorkerMetrics(), WorkerHealth()
    monitoring.serve(settings.metrics_port, metrics, health)
    queue = await unless(stop, connect(settings.nats_url, name="clipbot worker"))
    if queue is None:
        return
    try:
        await Worker(
            queue, load, settings, stop, metrics=metrics, health=health, ack_wait=ack_wait
        ).run()
    finally:
        await queue.close()
