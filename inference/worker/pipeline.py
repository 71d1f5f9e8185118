"""The stages of a batch, each on its own threads: decode and prepare → model → chart.

Threads are enough, because Pillow, OpenVINO and torch release Python's lock (GIL) while they
compute; processes would have to copy pictures of megabytes. Decoding uses up to 8 cores. The model
and the charts have one thread each: one GPU computes one batch at a time, and matplotlib draws one
chart at a time. All three stages can work at the same time, on three batches.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from PIL.Image import Image

from inference import cores
from inference.images import fingerprints
from inference.images.decoding import decode
from inference.images.memory_budget import MemoryBudget
from inference.model.classifier import Classifier, Prepared
from inference.protocol import malloc
from inference.protocol.errors import ImageRefused, Problem, TooLargeForHost
from inference.protocol.messages import Fingerprint, ImageOutcome, Job
from inference.protocol.settings import WorkerSettings
from inference.worker.batcher import Batcher, JobOutcome, ReadJob
from inference.worker.monitoring import WorkerHealth, WorkerMetrics

log = logging.getLogger(__name__)

# Pictures that are decoded at the same time may together take as much memory as one RGB picture of
# MAX_MEGAPIXELS. Pillow stores RGB in 4 bytes per pixel.
_BYTES_PER_PIXEL = 4

# How long everyday things are encoded before the model thread looks for pictures.
_BANK_STEP = 0.1  # seconds


@dataclass(frozen=True)
class _Read:
    """One picture, decoded and prepared, or refused."""

    picture: Image | Problem
    prepared: Prepared = None
    fingerprint: Fingerprint | None = None
    seconds: float = 0.0


class Pipeline:
    """The decoding, the model and the charts of one worker."""

    def __init__(
        self,
        classifier: Classifier,
        settings: WorkerSettings,
        metrics: WorkerMetrics | None = None,
        health: WorkerHealth | None = None,
    ) -> None:
        self.classifier = classifier
        self.batcher = Batcher(settings.max_batch)
        self._max_megapixels = settings.max_megapixels
        self._budget = MemoryBudget(int(settings.max_megapixels * 1e6 * _BYTES_PER_PIXEL))
        self._metrics = metrics or WorkerMetrics()
        self._health = health or WorkerHealth()
        self._decoders = ThreadPoolExecutor(min(8, cores.available()), "decode")
        self._model_thread = ThreadPoolExecutor(1, "model")
        self._chart_thread = ThreadPoolExecutor(1, "chart")

    async def encode_bank(self) -> None:
        """Encode the everyday things that pictures are compared with, while no picture waits.

        A batch waits for at most one step. Until the end, outcomes have no fit.
        """
        loop = asyncio.get_running_loop()
        try:
            while not await loop.run_in_executor(
                self._model_thread, self.classifier.encode_bank, _BANK_STEP
            ):
                pass
        except Exception:
            log.exception(
                "Everyday things can't be encoded: answers don't tell whether labels fit."
            )

    async def decode(self, jobs: Sequence[Job]) -> list[ReadJob]:
        """Decode and prepare all pictures of all jobs; a picture that can't be read fails alone."""
        loop = asyncio.get_running_loop()
        read = await asyncio.gather(
            *(
                loop.run_in_executor(self._decoders, self._read, data, job)
                for job in jobs
                for data in job.images
            )
        )
        pictures = iter(read)
        found = []
        for job in jobs:
            own = [next(pictures) for _ in job.images]
            seconds = sum(each.seconds for each in own)
            self._metrics.decode.observe(seconds)
            found.append(
                ReadJob(
                    job,
                    tuple(each.picture for each in own),
                    tuple(each.prepared for each in own),
                    seconds,
                    tuple(each.fingerprint for each in own),
                )
            )
        return found

    def _read(self, data: bytes, job: Job) -> "_Read":
        started = time.monotonic()
        try:
            with self._health.at_work("decoding", 1):
                picture, fingerprint = self._decoded(data, job)
        except (ImageRefused, TooLargeForHost) as refusal:
            log.debug("Job %s: %s", job.id, refusal)
            return _Read(refusal.problem, seconds=time.monotonic() - started)
        prepared = self._prepared(picture)
        return _Read(picture, prepared, fingerprint, time.monotonic() - started)

    def _decoded(self, data: bytes, job: Job) -> tuple[Image, Fingerprint | None]:
        """Return a picture, and its fingerprint if the job wants one.

        Raises:
            ImageRefused: the picture can't be used.
            TooLargeForHost: there is no memory for it, even while no other large one is decoded.
        """
        try:
            return self._decode(data, job)
        except (TooLargeForHost, MemoryError):
            log.warning("Job %s: no memory for one of its pictures; trying it alone.", job.id)
        # Outside of `except`: inside, the traceback keeps the memory of the failed call.
        malloc.trim()
        with self._budget.all_reserved():
            try:
                return self._decode(data, job, alone=True)
            except (TooLargeForHost, MemoryError) as error:
                problem = error if isinstance(error, TooLargeForHost) else TooLargeForHost()
                log.error(  # noqa: TRY400 - the traceback says nothing
                    "Job %s: this machine has not enough memory for a picture of %.1f megapixels "
                    "(a file of %d bytes), even alone; lower MAX_MEGAPIXELS or add memory.",
                    *(job.id, problem.problem.got, len(data)),
                )
                raise problem from error

    def _decode(
        self, data: bytes, job: Job, *, alone: bool = False
    ) -> tuple[Image, Fingerprint | None]:
        picture = decode(
            data,
            max_megapixels=self._max_megapixels,
            target_side=self.classifier.image_size,
            budget=None if alone else self._budget,
        )
        return picture, fingerprints.fingerprint(picture) if job.fingerprint else None

    def _prepared(self, picture: Image) -> Prepared:
        # Errors are left to the model's call, where the job fails alone.
        with contextlib.suppress(Exception):
            return self.classifier.prepare(picture)
        return None

    async def classify(self, jobs: Sequence[ReadJob]) -> tuple[list[JobOutcome], float]:
        """Return one outcome for each job, and the seconds that the model took for all.

        Raises:
            DeviceLost: see `Batcher.answer`.
        """
        pictures = sum(len(read.images) for read in jobs)
        started = time.monotonic()
        outcomes = await asyncio.get_running_loop().run_in_executor(
            self._model_thread, self._answered, jobs, pictures
        )
        seconds = time.monotonic() - started
        if pictures:
            self._metrics.batch_size.observe(pictures)
            self._metrics.model.observe(seconds)
        log.debug("Batch of %d jobs, %d pictures: %.3f s.", len(jobs), pictures, seconds)
        return outcomes, seconds

    def _answered(self, jobs: Sequence[ReadJob], pictures: int) -> list[JobOutcome]:
        with self._health.at_work("the model", pictures):
            return self.batcher.answer(self.classifier, jobs)

    async def draw(self, read: ReadJob, outcomes: Sequence[ImageOutcome]) -> tuple[bytes, float]:
        """Return the chart as a JPEG file, and the seconds that drawing took.

        The chart is empty if no picture has probabilities, if the job wants no chart, or if drawing
        failed. Such a failure is only logged: the probabilities are sent without the chart.
        """
        if not read.job.draw or not any(outcome.probabilities for outcome in outcomes):
            return b"", 0.0
        try:
            chart, seconds = await asyncio.get_running_loop().run_in_executor(
                self._chart_thread, self._drawn, read, outcomes
            )
        except Exception:
            log.exception("Job %s: its chart can't be drawn.", read.job.id)
            return b"", 0.0
        self._metrics.chart.observe(seconds)
        return chart, seconds

    def _drawn(self, read: ReadJob, outcomes: Sequence[ImageOutcome]) -> tuple[bytes, float]:
        try:
            with self._health.at_work("drawing", len(read.images)):
                return self._draw(read, outcomes)
        except MemoryError:
            log.warning("Job %s: no memory for its chart; trying again.", read.job.id)
        malloc.trim()
        with self._budget.all_reserved():
            return self._draw(read, outcomes)

    def _draw(self, read: ReadJob, outcomes: Sequence[ImageOutcome]) -> tuple[bytes, float]:
        # Imported here: matplotlib takes seconds to import, and a worker starts without it.
        from inference.charts import chart

        started = time.monotonic()
        same_as = next((outcome.same_as for outcome in outcomes if outcome.same_as), None)
        captions = read.job.captions or read.job.labels
        # Of merged labels only the first was compared.
        shown = [i for i in range(len(captions)) if same_as is None or same_as[i] == i]
        picture = chart.draw(
            [None if isinstance(picture, Problem) else picture for picture in read.pictures],
            [captions[i] for i in shown],
            [
                [outcome.probabilities[i] for i in shown] if outcome.probabilities else None
                for outcome in outcomes
            ],
            read.job.words,
            sigmoid_scores=self.classifier.sigmoid_scores,
            demo=self.classifier.is_demo,
            numbers=read.job.numbers,
            fits=[outcome.fit for outcome in outcomes],
            none_fits=[outcome.none_fits for outcome in outcomes],
        )
        return chart.to_jpeg(picture), time.monotonic() - started

    def close(self) -> None:
        """Let the threads end; drop what is queued for them."""
        for pool in (self._decoders, self._model_thread, self._chart_thread):
            pool.shutdown(wait=False, cancel_futures=True)
