"""What happens under the bonnet: the queue's depth, the workers, where a job's time went.

An onlooker: it takes copies of the results and asks the queue for figures, and changes neither.
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
from clipbot_playground.page.download import Download, DownloadProgress
from clipbot_playground.page.model_choice import ModelChoice
from inference.protocol.broker.client import JOBS_SUBJECTS, Queue
from inference.protocol.messages import UnknownVersion, WorkerState, WorkerStatus, decode_result

log = logging.getLogger(__name__)

# Seconds between two looks, unless something is overheard before.
_LOOK_EVERY: Final = 0.5
# Seconds until the hub is asked again how large the model is.
_ASK_EVERY: Final = 10.0
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


class SystemPanel:
    """Figures as of now; rings the bell when one changes.

    Attributes:
        depth: jobs stored in the queue, those in a worker's hands included.
        jobs: jobs that were queued since the start.
        works: the latest finished jobs, oldest first.
        finished: how many jobs were finished since the start.
        progress: of the model's download.
        children: the programs whose endings the page tells of.
        revision: another number whenever anything here has changed.
    """

    def __init__(
        self, notifier: Notifier, model: ModelChoice, download: Download | None = None
    ) -> None:
        self.depth = 0
        self.jobs = 0
        self.works: deque[Work] = deque(maxlen=_KEPT)
        self.workers: list[WorkerStatus] = []
        self.progress = DownloadProgress()
        self.revision = 0
        self.children: list[Child] = []
        self.ended: list[Ended] = []
        self._notifier = notifier
        self._model = model
        self._download = download
        self._numbers = itertools.count(1)
        self._look = asyncio.Event()
        self._faults: set[str] = set()  # that were logged

    @property
    def finished(self) -> int:
        return self.works[-1].number if self.works else 0

    @property
    def state(self) -> str:
        """Of the worker: "starting", "loading", "ready" or "failed"."""
        return str(self._foremost.state) if self._foremost else "starting"

    @property
    def _foremost(self) -> WorkerStatus | None:
        """The worker that the page tells of: one that answers, else one that may soon.

        Of one that was started again, the status of the process before it stays for a while.
        """
        for state in (WorkerState.READY, WorkerState.LOADING, WorkerState.FAILED):
            for worker in self.workers:
                if worker.state is state:
                    return worker
        return None

    def to_json(self) -> dict[str, Any]:
        return {
            "depth": self.depth,
            "jobs": self.jobs,
            "finished": self.finished,
            "works": [asdict(work) for work in self.works],
            "model": self._model.to_json(),
            "state": self.state,
            "device": self._foremost.device if self._foremost else "",
            "reason": self._foremost.reason if self._foremost else "",
            "download": self.progress.to_json(),
            "ended": [asdict(ended) for ended in self.ended],
        }

    async def watch(self, queue: Queue, results: str) -> None:
        """Looks until it is cancelled.

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
        # nats-py, and asyncio before Python 3.12, may swallow a cancellation that comes together
        # with an answer: then it is still counted.
        while not _is_cancelled():
            with self._going_on("the queue"), contextlib.suppress(NatsError, TimeoutError, OSError):
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
            with self._going_on("the download"):
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
    def _going_on(self, what: str) -> Iterator[None]:
        """A fault of ours is logged, once; the panel must not stand still for good."""
        try:
            yield
        except Exception as error:
            if (fault := f"{what}: {error!r}") not in self._faults:
                self._faults.add(fault)
                log.exception("The page's panel could not look at %s; it goes on.", what)

    async def _hear_job(self, data: bytes) -> None:
        if not data:
            return  # the bot tried whether jobs are stored
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
        self._notifier.notify()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
