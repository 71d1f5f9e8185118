"""One batch on its way: decode → model → chart → store the result → acknowledge the job."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from inference.protocol.errors import DeviceLost, Problem
from inference.protocol.messages import ImageOutcome, Result, Timings
from inference.worker.batcher import JobOutcome, ReadJob
from inference.worker.job_lease import JobLease
from inference.worker.pipeline import Pipeline

log = logging.getLogger(__name__)


class BatchRun:
    """The stages of one batch.

    The caller runs `read`, `classify` and `finish` in this order and calls `nak` at the end,
    whatever happened: then each job is acknowledged or given back.

    Attributes:
        turn: the caller sets it when the model is free for this batch.
        pictures: how many pictures the model is given; 0 before `read`.
    """

    def __init__(self, leases: Sequence[JobLease], pipeline: Pipeline) -> None:
        self.turn = asyncio.Event()
        self._leases = leases
        self._pipeline = pipeline
        self._read: list[ReadJob] = []
        self._outcomes: list[JobOutcome] = []
        self._model_seconds = 0.0
        self.pictures = 0

    @property
    def files(self) -> int:
        """How many pictures the jobs brought, including those that can't be decoded."""
        return sum(len(lease.job.images) for lease in self._leases)

    async def read(self) -> None:
        """Decode all pictures and prepare them for the model."""
        self._read = await self._pipeline.decode([lease.job for lease in self._leases])
        self.pictures = sum(len(job.images) for job in self._read)

    async def classify(self) -> None:
        """Run the model.

        Raises:
            DeviceLost: no job has an outcome, and this process can't give it one.
        """
        self._outcomes, self._model_seconds = await self._pipeline.classify(self._read)
        # What the model takes is larger than the pictures: 0.6 MB for each with ViT-B/32.
        self._read = [replace(job, prepared=()) for job in self._read]

    async def finish(self) -> None:
        """Draw the charts, store the results and acknowledge the jobs, all at the same time."""
        jobs, self._read = self._read, []  # each is freed when it is finished
        await asyncio.gather(
            *(
                self._finish(lease, jobs.pop(0), outcome)
                for lease, outcome in zip(self._leases, self._outcomes, strict=True)
            )
        )

    async def nak(self, error: BaseException | None = None) -> None:
        """Give back the jobs that are not settled.

        After a stop or a lost device another worker can take them at once. After any other error
        they rest first, because the next attempt may fail in the same way.
        """
        rests = isinstance(error, Exception) and not isinstance(error, DeviceLost)
        for lease in self._leases:
            await lease.nak(lease.rest if rests else 0.0)

    async def _finish(self, lease: JobLease, job: ReadJob, outcome: JobOutcome) -> None:
        try:
            if outcome is None:  # no memory even for one picture
                await lease.nak(lease.rest)
            elif isinstance(outcome, Problem):
                await lease.fail(outcome, "failed")
            else:
                await lease.answer(
                    await self._result(lease, job, outcome),
                    "answered" if job.images else "unreadable",
                )
        except Exception:
            log.exception("Job %s: its answer could not be finished.", lease.job.id)
            await lease.nak(lease.rest)

    async def _result(self, lease: JobLease, job: ReadJob, outcomes: list[ImageOutcome]) -> Result:
        chart, seconds = await self._pipeline.draw(job, outcomes)
        classifier = self._pipeline.classifier
        return Result(
            job_id=lease.job.id,
            reply=lease.job.reply,
            labels=lease.job.labels,
            images=outcomes,
            chart=chart,
            model=classifier.name,
            sigmoid_scores=classifier.sigmoid_scores,
            timings=Timings(
                queued=lease.queued_seconds,
                decode=job.decode_seconds,
                model=self._model_seconds,
                chart=seconds,
                batch_size=self.pictures,
            ),
        )
