"""What happens under the bonnet: the queue's depth, the workers, where a job's time went.

An onlooker: it takes copies of the results and asks the queue for figures, and changes neither.
"""

import asyncio
import contextlib
import itertools
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec
from nats.errors import Error as NatsError

from bot.playground.bell import Bell
from bot.playground.front.model_choice import ModelChoice, downloaded_bytes
from inference.contract import UnknownVersion, WorkerState, WorkerStatus, decode_result
from inference.queue import JOBS_SUBJECT, Queue

# Seconds between two looks, unless something is overheard before.
_LOOK_EVERY: Final = 0.5
_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Work:
    """One job that a worker finished. Times in seconds, `at` since 1970.

    Attributes:
        batch_size: pictures in the batch that this job's pictures went through the model with.
        queued: from the question to the worker's hand.
        model: of the whole batch.
    """

    number: int
    at: float
    pictures: int
    labels: int
    batch_size: int
    queued: float
    decode: float
    model: float
    chart: float
    problem: str


class Bonnet:
    """Figures as of now; rings the bell when one changes.

    Attributes:
        depth: jobs stored in the queue, those in a worker's hands included.
        jobs: jobs that were queued since the start.
        works: the latest finished jobs, oldest first.
        finished: how many jobs were finished since the start.
        revision: another number whenever anything here has changed.
    """

    def __init__(self, bell: Bell, model: ModelChoice) -> None:
        self.depth = 0
        self.jobs = 0
        self.works: deque[Work] = deque(maxlen=_KEPT)
        self.workers: list[WorkerStatus] = []
        self.downloaded = 0
        self.revision = 0
        self._bell = bell
        self._model = model
        self._numbers = itertools.count(1)
        self._look = asyncio.Event()

    @property
    def finished(self) -> int:
        return self.works[-1].number if self.works else 0

    @property
    def state(self) -> str:
        """Of the worker: "starting", "loading", "ready" or "failed"."""
        states = {worker.state for worker in self.workers}
        for state in (WorkerState.READY, WorkerState.LOADING, WorkerState.FAILED):
            if state in states:
                return str(state)
        return "starting"

    def to_json(self) -> dict[str, Any]:
        return {
            "depth": self.depth,
            "jobs": self.jobs,
            "finished": self.finished,
            "works": [asdict(work) for work in self.works],
            "model": self._model.to_json(),
            "state": self.state,
            "device": next((w.device for w in self.workers if w.device), ""),
            "reason": next((w.reason for w in self.workers if w.reason), ""),
            "downloaded": self.downloaded,
        }

    async def watch(self, queue: Queue, results: str) -> None:
        """Looks until it is cancelled.

        Args:
            results: the subject of the bot's results.
        """
        await queue.overhear(JOBS_SUBJECT, self._hear_job)
        await queue.overhear(results, self._hear_result)
        while True:
            with contextlib.suppress(NatsError, TimeoutError, OSError):
                await self._read(queue)
            self._look.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), _LOOK_EVERY)

    async def _read(self, queue: Queue) -> None:
        found = await queue.jobs_waiting(), await queue.workers()
        loading = any(worker.state is WorkerState.LOADING for worker in found[1])
        downloaded = 0
        if loading and not self._model.to_json()["demo"]:
            downloaded = await asyncio.to_thread(downloaded_bytes, self._model.name)
        if (*found, downloaded) != (self.depth, self.workers, self.downloaded):
            self.depth, self.workers = found
            self.downloaded = downloaded
            self._changed()

    async def _hear_job(self, _data: bytes) -> None:
        self.jobs += 1
        self._look.set()
        self._changed()

    async def _hear_result(self, data: bytes) -> None:
        try:
            result = decode_result(data)
        except (UnknownVersion, msgspec.DecodeError):
            return
        took = result.timings
        self.works.append(
            Work(
                next(self._numbers),
                time.time(),
                len(result.images),
                len(result.labels),
                took.batch_size,
                took.queued,
                took.decode,
                took.model,
                took.chart,
                str(result.problem.code) if result.problem else "",
            )
        )
        self._look.set()
        self._changed()

    def _changed(self) -> None:
        self.revision += 1
        self._bell.ring()
