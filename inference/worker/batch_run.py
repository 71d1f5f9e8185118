"""The trip of one pulled batch: decode → model → chart → publish the result → acknowledge the job.

Whatever happens on the way, each of its jobs is answered or handed back in the end.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from inference.model.loading import unless
from inference.protocol.broker.client import Delivery
from inference.protocol.errors import DeviceLost, Problem
from inference.protocol.messages import ImageOutcome, Result, Timings
from inference.worker.batcher import JobOutcome, ReadJob
from inference.worker.job_lease import JobLease
from inference.worker.job_reader import SUSPECT_ATTEMPT, JobReader
from inference.worker.pipeline import Pipeline

log = logging.getLogger(__name__)


class BatchRun:
    """One pulled batch.

    Args:
        stop: once set, what is not in the model yet is handed back.
        alone: waits until this is the only trip under way.
        before: the trip that has the model until its `model_free`.

    Attributes:
        next_wanted: set when the next batch should be read, which may be before the model is free.
        model_free: set when the model can take the next batch.
    """

    def __init__(
        self,
        deliveries: Sequence[Delivery],
        intake: JobReader,
        stages: Pipeline,
        stop: asyncio.Event,
        *,
        alone: Callable[[], Awaitable[None]],
        before: "BatchRun | None" = None,
    ) -> None:
        self.next_wanted = asyncio.Event()
        self.model_free = asyncio.Event()
        self._turn = before.model_free if before else None
        self._deliveries = deliveries
        self._intake = intake
        self._stages = stages
        self._stop = stop
        self._alone = alone
        self._flights: list[JobLease] = []
        self._behind: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Goes all the way.

        Raises:
            DeviceLost: the jobs that are not answered have been handed back.
        """
        try:
            await self._stages_in_order()
        except DeviceLost:
            raise  # another worker may have the jobs at once
        except Exception:
            for flight in self._flights:
                await flight.nak(flight.rest)
            raise
        finally:
            for flight in self._flights:
                await flight.nak()

    async def _stages_in_order(self) -> None:
        try:
            await self._model_stages()
            if self._turn:  # where no job came as far as the model
                await unless(self._stop, self._turn.wait())
        except DeviceLost:
            self._stop.set()  # before the next trip takes the model for free
            raise
        except asyncio.CancelledError:
            for task in self._behind:
                task.cancel()
            raise
        finally:
            self.next_wanted.set()
            self.model_free.set()
            await asyncio.gather(*self._behind, return_exceptions=True)

    async def _model_stages(self) -> None:
        await asyncio.gather(*(self._take(each) for each in self._deliveries))
        suspects = [flight for flight in self._flights if flight.attempt >= SUSPECT_ATTEMPT]
        calm = [flight for flight in self._flights if flight not in suspects]
        # A suspect takes no batch down that was read ahead: then none is.
        await self._classify(calm, ahead=not suspects)
        # Shuffled: if one of them kills this process, it shall not always be before the same ones.
        for suspect in random.sample(suspects, len(suspects)):
            await asyncio.gather(*self._behind)
            await self._alone()
            await self._classify([suspect])

    async def _take(self, delivery: Delivery) -> None:
        if flight := await self._intake.take(delivery):
            self._flights.append(flight)

    async def _classify(self, flights: Sequence[JobLease], *, ahead: bool = False) -> None:
        """Up to and including the model; the rest goes on in the background.

        Args:
            ahead: the next batch may be read before this one leaves the model.
        """
        if not flights or self._stop.is_set():
            return
        jobs = await self._stages.decode([flight.job for flight in flights])
        if self._turn:
            await unless(self._stop, self._turn.wait())
        if self._stop.is_set():
            return
        pictures = sum(len(read.images) for read in jobs)
        if ahead and (pause := self._stages.foresight.pause(pictures)) is not None:
            asyncio.get_running_loop().call_later(pause, self.next_wanted.set)
        outcomes, seconds = await self._stages.classify(jobs)
        # What the model took is larger than the pictures: ViT-B/32's 0.6 MB each.
        jobs = [replace(read, prepared=()) for read in jobs]
        timings = Timings(model=seconds, batch_size=pictures)
        self._behind += [
            asyncio.create_task(self._finish(flight, read, outcome, timings))
            for flight, read, outcome in zip(flights, jobs, outcomes, strict=True)
        ]

    async def _finish(
        self, flight: JobLease, read: ReadJob, outcome: JobOutcome, timings: Timings
    ) -> None:
        try:
            if outcome is None:
                await flight.nak(flight.rest)
            elif isinstance(outcome, Problem):
                await flight.fail(outcome, "failed")
            else:
                await flight.answer(
                    await self._result(flight, read, outcome, timings),
                    "answered" if read.images else "unreadable",
                )
        except Exception:
            log.exception("Job %s: its answer could not be finished.", flight.job.id)
            await flight.nak(flight.rest)

    async def _result(
        self, flight: JobLease, read: ReadJob, outcomes: list[ImageOutcome], timings: Timings
    ) -> Result:
        chart, seconds = await self._stages.draw(read, outcomes)
        classifier = self._stages.classifier
        return Result(
            job_id=flight.job.id,
            reply=flight.job.reply,
            labels=flight.job.labels,
            images=outcomes,
            chart=chart,
            model=classifier.name,
            sigmoid_scores=classifier.sigmoid_scores,
            timings=Timings(
                queued=flight.queued_seconds,
                decode=read.decode_seconds,
                model=timings.model,
                chart=seconds,
                batch_size=timings.batch_size,
            ),
        )
