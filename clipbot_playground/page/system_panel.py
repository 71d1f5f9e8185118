"""The figures of the system panel: the queue's depth, the workers, where a job's time went.

It reads copies of jobs and results and asks the queue for figures. It changes nothing.
"""

import asyncio
import contextlib
import itertools
import logging
import math
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec
from nats.errors import Error as NatsError

from bot.services.child_process import Child, Ended
from clipbot_playground.botapi.delivery.notifier import Notifier
from clipbot_playground.page.download import Download, DownloadedBytes
from clipbot_playground.page.model_choice import ModelChoice
from inference.protocol.broker.client import JOBS_SUBJECTS, Queue
from inference.protocol.messages import UnknownVersion, WorkerState, WorkerStatus, decode_result

log = logging.getLogger(__name__)

# Seconds between two looks at the queue, unless a job or result comes before.
_LOOK_EVERY: Final = 0.5
# Seconds between two questions to the hub about the model's size.
_ASK_EVERY: Final = 10.0
_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Work:
    """A job that a worker has finished. Durations are in seconds.

    Attributes:
        at: Unix time of its end.
        batch_size: number of pictures in the batch of this job.
        queued: from the job's creation until a worker took it.
        model: of the whole batch.
        problem: the code of the error, "" if there was none.
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


class SystemPanel:
    """The current figures. The notifier is notified when one of them changes.

    Attributes:
        depth: number of jobs in the queue, including those that workers are processing.
        jobs: number of jobs that were queued since the start.
        works: the latest finished jobs, oldest first.
        workers: the workers' latest status messages.
        model: the model that answers.
        progress: of the model's download.
        children: the programs whose crashes the page shows.
        ended: the latest crash of each of these programs.
        revision: increases with every change.
    """

    def __init__(
        self, notifier: Notifier, model: ModelChoice, download: Download | None = None
    ) -> None:
        self.depth = 0
        self.jobs = 0
        self.works: deque[Work] = deque(maxlen=_KEPT)
        self.workers: list[WorkerStatus] = []
        self.progress = DownloadedBytes()
        self.revision = 0
        self.children: list[Child] = []
        self.ended: list[Ended] = []
        self._notifier = notifier
        self.model = model
        self._download = download
        self._numbers = itertools.count(1)
        self._look = asyncio.Event()
        self._logged_errors: set[str] = set()

    @property
    def finished(self) -> int:
        """Number of jobs that were finished since the start."""
        return self.works[-1].number if self.works else 0

    @property
    def state(self) -> str:
        """The worker's state: "starting", "loading", "ready" or "failed"."""
        return str(self._best_worker.state) if self._best_worker else "starting"

    @property
    def _best_worker(self) -> WorkerStatus | None:
        """The worker that the page shows: a ready one, else a loading one, else a failed one.

        After a restart, the status of the former process stays in the list for a while. Workers of
        other models are not shown: one of the next model can be loading.
        """
        for state in (WorkerState.READY, WorkerState.LOADING, WorkerState.FAILED):
            for worker in self.workers:
                if worker.state is state and worker.model == self.model.name:
                    return worker
        return None

    def change_model(self, model: ModelChoice) -> None:
        """Show that another model answers from now on."""
        self.model = model
        self._changed()

    def to_json(self) -> dict[str, Any]:
        """Return the figures for the page."""
        return {
            "depth": self.depth,
            "jobs": self.jobs,
            "finished": self.finished,
            "works": [asdict(work) for work in self.works],
            "model": self.model.to_json(),
            "state": self.state,
            "device": self._best_worker.device if self._best_worker else "",
            "reason": self._best_worker.reason if self._best_worker else "",
            "download": self.progress.to_json(),
            "ended": [asdict(ended) for ended in self.ended],
        }

    async def watch(self, queue: Queue, results: str) -> None:
        """Keep the figures up to date until cancelled.

        Args:
            results: the subject of the bot's results.
        """
        for subject in JOBS_SUBJECTS:
            await queue.subscribe(subject, self._hear_job)
        await queue.subscribe(results, self._hear_result)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_queue(queue))
            tasks.create_task(self._watch_children())
            if self._download is not None:
                tasks.create_task(self._watch_download(self._download))

    async def _watch_queue(self, queue: Queue) -> None:
        # nats-py, and asyncio before Python 3.12, can swallow a cancellation that comes together
        # with an answer. The task still counts it.
        while not _is_cancelled():
            with (
                self._logging_errors("the queue"),
                contextlib.suppress(NatsError, TimeoutError, OSError),
            ):
                found = await queue.jobs_waiting(), await queue.workers()
                if found != (self.depth, self.workers):
                    self.depth, self.workers = found
                    self._changed()
            self._look.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._look.wait()

    async def _watch_download(self, download: Download) -> None:
        asked = -math.inf
        while self.state != WorkerState.READY:
            with self._logging_errors("the download"):
                if not download.is_measured and time.monotonic() - asked >= _ASK_EVERY:
                    asked = time.monotonic()
                    await download.measure()
                progress = await asyncio.to_thread(download.look)
                if progress != self.progress:
                    self.progress = progress
                    self._changed()
            await asyncio.sleep(_LOOK_EVERY)

    async def _watch_children(self) -> None:
        while True:
            ended = [child.ended for child in self.children if child.ended is not None]
            if ended != self.ended:
                self.ended = ended
                self._changed()
            await asyncio.sleep(_LOOK_EVERY)

    @contextlib.contextmanager
    def _logging_errors(self, what: str) -> Iterator[None]:
        """Log an unexpected error once and go on, so that the panel is still updated afterwards."""
        try:
            yield
        except Exception as error:
            if (error_text := f"{what}: {error!r}") not in self._logged_errors:
                self._logged_errors.add(error_text)
                log.exception("The system panel could not look at %s; it tries again.", what)

    async def _hear_job(self, data: bytes) -> None:
        if not data:
            return  # an empty message: the bot checks whether the queue stores jobs
        self.jobs += 1
        self._look.set()
        self._changed()

    async def _hear_result(self, data: bytes) -> None:
        try:
            result = decode_result(data)
        except (UnknownVersion, msgspec.DecodeError):
            return
        timings = result.timings
        self.works.append(
            Work(
                next(self._numbers),
                time.time(),
                len(result.images),
                len(result.labels),
                timings.batch_size,
                timings.queued,
                timings.decode,
                timings.model,
                timings.chart,
                str(result.problem.code) if result.problem else "",
            )
        )
        self._look.set()
        self._changed()

    def _changed(self) -> None:
        self.revision += 1
        self._notifier.notify()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
