"""Workers that run in the test's own process."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from PIL import Image

from inference.model.classifier import Classifier, ScriptedClassifier
from inference.protocol.broker.client import connect
from inference.protocol.errors import DeviceLost, Hung
from inference.protocol.settings import WorkerSettings
from inference.worker.monitoring import WorkerMetrics
from inference.worker.worker import Worker
from tests.waiting import until

ACK_WAIT = 2.0  # seconds


class GatedModel:
    """A model whose calls wait until the test opens it."""

    def __init__(self) -> None:
        self.classifier = ScriptedClassifier(on_call=self._look)
        self._entered = threading.Event()
        self._opened = threading.Event()

    def _look(self, images: Sequence[Image.Image]) -> None:
        self._entered.set()
        self._opened.wait(20)

    async def is_entered(self) -> None:
        await until(self._entered.is_set, True)

    def open(self) -> None:
        self._opened.set()


class RunningWorker:
    """A worker that runs in this process."""

    def __init__(self, worker: Worker, stop: asyncio.Event, metrics: WorkerMetrics) -> None:
        self.worker = worker
        self.stop = stop
        self.metrics = metrics
        self.task = asyncio.create_task(worker.run())

    async def stops(self, within: float = 9.0) -> None:
        """Stop the worker and wait until it has ended."""
        self.stop.set()
        await asyncio.wait_for(self.task, within)

    def counted(self, outcome: str) -> float:
        found = self.metrics.registry.get_sample_value("clipbot_jobs_total", {"outcome": outcome})
        return found or 0.0


StartWorker = Callable[..., Awaitable[RunningWorker]]


@contextlib.asynccontextmanager
async def worker_starter(nats_url: str) -> AsyncIterator[StartWorker]:
    """Return a function that starts workers; stop all of them at the end."""
    async with contextlib.AsyncExitStack() as at_the_end:

        async def start_worker(
            load: Callable[[], Classifier] = ScriptedClassifier, **settings: Any
        ) -> RunningWorker:
            queue = await connect(nats_url, name="worker")
            at_the_end.push_async_callback(queue.close)
            stop, metrics = asyncio.Event(), WorkerMetrics()
            chosen = WorkerSettings(
                _env_file=None,  # type: ignore[call-arg]
                **{"nats_url": nats_url, "clip_model": "scripted", **settings},
            )
            worker = Worker(queue, load, chosen, stop, metrics=metrics, ack_wait=ACK_WAIT)
            running = RunningWorker(worker, stop, metrics)
            at_the_end.push_async_callback(_stop, running)
            return running

        yield start_worker


async def _stop(running: RunningWorker) -> None:
    running.stop.set()
    with contextlib.suppress(DeviceLost, Hung):
        await running.task
