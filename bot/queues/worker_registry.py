"""Which workers there are, which models they hold, and whether any can answer."""

import asyncio
import logging

from nats.errors import Error as NatsError

from bot.runtime.metrics import Metrics
from inference.protocol.broker.client import STATUS_INTERVAL, Queue, jobs_subject
from inference.protocol.messages import WorkerState, WorkerStatus
from inference.protocol.settings import DEMO_MODEL

log = logging.getLogger(__name__)

# Pixels: the input of most CLIP models, assumed until a worker tells its own.
_DEFAULT_IMAGE_SIZE = 224
# Checks without any worker before that is logged: a worker that starts is silent while it imports.
_SILENCE = 6


class WorkerRegistry:
    """Reads the status of all workers every few seconds.

    Attributes:
        model: CLIP_MODEL, which this bot asks for.
        workers: those whose status is not older than `STATUS_TTL`.
    """

    def __init__(self, queue: Queue, metrics: Metrics, configured_model: str) -> None:
        self._queue = queue
        self._metrics = metrics
        self.model = configured_model
        self.workers: list[WorkerStatus] = []

    @property
    def is_answering(self) -> bool:
        """True while a worker that takes this bot's jobs has its model."""
        return bool(self._ready)

    @property
    def problem(self) -> str | None:
        """A sentence about why no worker can answer; None while one can."""
        if self._ready:
            return None
        if reasons := sorted({w.reason for w in self.takers if w.reason}):
            return reasons[0]
        if self.takers:
            return f"the model {self.model} is being loaded."
        if self.workers:
            return self.missing
        return "there is none; start one: clipbot worker."

    @property
    def missing(self) -> str | None:
        """A sentence while there are workers, but none that takes this bot's jobs; else None."""
        if self.takers or not self.workers:
            return None
        if any(w.model == self.model for w in self.workers):
            return f"those with {self.model} run an older clipbot; update them."
        others = ", ".join(sorted({w.model for w in self.workers}))
        return f"none has {self.model}, only {others}; set one CLIP_MODEL for bot and workers."

    def is_ours(self, worker: WorkerStatus) -> bool:
        """Return whether a worker takes this bot's jobs."""
        return worker.takes == jobs_subject(self.model)

    @property
    def image_size(self) -> int:
        """Shorter side, in pixels, of the smallest picture that no worker would have to enlarge."""
        return max((w.image_size for w in self._ready), default=_DEFAULT_IMAGE_SIZE)

    @property
    def is_demo(self) -> bool:
        """True if answers come from the bundled demo model."""
        return self.model == DEMO_MODEL

    @property
    def lacks_model(self) -> bool:
        """True while no worker can answer and one of them says why its model is not ready."""
        return not self._ready and any(worker.reason for worker in self.takers)

    @property
    def _ready(self) -> list[WorkerStatus]:
        return [w for w in self.takers if w.state is WorkerState.READY]

    @property
    def takers(self) -> list[WorkerStatus]:
        """The workers that take this bot's jobs."""
        return [w for w in self.workers if self.is_ours(w)]

    async def watch(self) -> None:
        """Read the workers' status without end; log once when no worker can answer jobs."""
        silent, told = 0, None
        while True:
            try:
                self.workers = await self._queue.workers()
                self._metrics.jobs_waiting.set(await self._queue.jobs_waiting())
            except (NatsError, TimeoutError, OSError):
                await asyncio.sleep(STATUS_INTERVAL)
                continue
            self._metrics.workers.set(len(self._ready))
            silent = 0 if self.workers else silent + 1
            if silent == _SILENCE:
                log.warning("There is no worker; photos wait until one starts.")
            if (missing := self.missing) != told and missing:
                log.warning("Photos wait for a worker: %s", missing)
            told = missing
            await asyncio.sleep(STATUS_INTERVAL)
