"""What is known of the workers: which models they hold, and whether any can answer."""

import asyncio
import logging

from nats.errors import Error as NatsError

from bot.metrics import Metrics
from inference.contract import WorkerState, WorkerStatus
from inference.queue import STATUS_INTERVAL, Queue
from inference.settings import DEMO_MODEL

log = logging.getLogger(__name__)

# CLIP's own input, and what is assumed until a worker tells otherwise.
_DEFAULT_IMAGE_SIZE = 224
# Looks without any worker before it is worth a word: a starting one is silent while it imports.
_SILENCE = 6


class Fleet:
    """Looks at the workers every few seconds."""

    def __init__(self, queue: Queue, metrics: Metrics, configured_model: str) -> None:
        self._queue = queue
        self._metrics = metrics
        self._configured_model = configured_model
        self._workers: list[WorkerStatus] = []

    @property
    def workers(self) -> list[WorkerStatus]:
        """The workers that spoke lately."""
        return self._workers

    @property
    def image_size(self) -> int:
        """Shorter side, in pixels, of the smallest picture that no worker would have to enlarge."""
        return max((w.image_size for w in self._ready), default=_DEFAULT_IMAGE_SIZE)

    @property
    def is_demo(self) -> bool:
        """True when answers come from the bundled demo model."""
        models = {w.model for w in self._workers} or {self._configured_model}
        return DEMO_MODEL in models

    @property
    def lacks_model(self) -> bool:
        """True when no worker can answer, and one says why its model is not there yet."""
        return not self._ready and any(worker.reason for worker in self._workers)

    @property
    def _ready(self) -> list[WorkerStatus]:
        return [w for w in self._workers if w.state is WorkerState.READY]

    async def watch(self) -> None:
        """Looks again and again, and logs once when nobody is there to answer."""
        silent = 0
        while True:
            try:
                self._workers = await self._queue.workers()
                self._metrics.jobs_waiting.set(await self._queue.jobs_waiting())
            except (NatsError, TimeoutError, OSError):
                await asyncio.sleep(STATUS_INTERVAL)
                continue
            self._metrics.workers.set(len(self._ready))
            silent = 0 if self._workers else silent + 1
            if silent == _SILENCE:
                log.warning("No worker speaks; photos wait until one does.")
            await asyncio.sleep(STATUS_INTERVAL)
