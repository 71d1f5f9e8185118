"""Workers at work in the test's own process."""

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


class Gate:
    """A model whose calls take until somebody opens the gate."""

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


class Hired:
    """A worker at work in this process."""

    def __init__(self, worker: Worker, stop: asyncio.Event, metrics: WorkerMetrics) -> None:
        self.worker = worker
        self.stop = stop
        self.metrics = metrics
        self.task = asyncio.create_task(worker.run())

    async def leaves(self, within: float = 9.0) -> None:
        """Is told to stop, and does so in good time."""
        self.stop.set()
        await asyncio.wait_for(self.task, within)

    def counted(self, outcome: str) -> float:
        found = self.metrics.registry.get_sample_value("clipbot_jobs_total", {"outcome": outcome})
        return found or 0.0


Hire = Callable[..., Awaitable[Hired]]


@contextlib.asynccontextmanager
async def hiring(nats_url: str) -> AsyncIterator[Hire]:
    """Something that starts workers, all of which leave at the end."""
    async with contextlib.AsyncExitStack() as at_the_end:

        async def hire(
            load: Callable[[], Classifier] = ScriptedClassifier, **settings: Any
        ) -> Hired:
            queue = await connect(nats_url, name="worker")
            at_the_end.push_async_callback(queue.close)
            stop, metrics = asyncio.Event(), WorkerMetrics()
            chosen = WorkerSettings(
                _env_file=None,  # type: ignore[call-arg]
                **{"nats_url": nats_url, "clip_model": "scripted", **settings},
            )
            worker = Worker(queue, load, chosen, stop, metrics=metrics, ack_wait=ACK_WAIT)
            hired = Hired(worker, stop, metrics)
            at_the_end.push_async_callback(_dismiss, hired)
            return hired

        yield hire


async def _dismiss(hired: Hired) -> None:
    hired.stop.set()
    with contextlib.suppress(DeviceLost, Hung):
        await hired.task
