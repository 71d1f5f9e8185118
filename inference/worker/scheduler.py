"""Which batch runs next: the one place in a worker that decides it.

A batch is in one phase at a time and only moves to the right:

    held ──▶ reading ──▶ ready ──▶ in the model ──▶ finishing ──▶ gone

    held          its jobs are pulled, but it can't begin yet, because a job runs alone
    reading       its pictures are decoded and prepared for the model
    ready         it waits for the model
    in the model  its pictures are classified
    finishing     its charts are drawn, its results are stored, its jobs are acknowledged

The rules:

1.  One batch is in the model at a time. Batches get it in the order in which they were pulled.
2.  At most one batch is reading or ready. At most `MAX_BATCHES` have begun and are not gone.
3.  While a batch is in the model, the next one is pulled late, so that more jobs join it, but early
    enough that it is ready when the model is free. `PrefetchTimer` predicts that moment. The pull
    takes only jobs that already wait: another worker may be idle, and waiting would take its jobs.
4.  While the model is free, a pull waits up to `LINGER` seconds for the first job.
5.  A job that came back `SUSPECT_ATTEMPT` times may have killed the workers that had it. It runs
    alone: it begins when all other batches are gone, and none begins before it leaves the model.

Nothing here does I/O or reads a clock. `BatchLoop` calls `next_step`, does that step, and calls the
`has_…` methods when something has happened.
"""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

# One in the model, one that is read for it, and one whose charts are drawn and results stored.
MAX_BATCHES = 3
# A stop is noticed after a pull at the latest.
LINGER = 1.0  # seconds
SUSPECT_ATTEMPT = 3


class Attempted(Protocol):
    """A job that knows how often it was delivered: 1 at the first delivery."""

    @property
    def attempt(self) -> int: ...


JobT = TypeVar("JobT", bound=Attempted)


class BatchPhase(Enum):
    """The phase of a batch; see the module."""

    HELD = "held"
    READING = "reading"
    READY = "ready"
    IN_MODEL = "in the model"
    FINISHING = "finishing"


@dataclass(eq=False)
class ScheduledBatch(Generic[JobT]):
    """A batch: jobs that run together.

    Attributes:
        alone: True for a job that runs alone: see rule 5.
        since: when it entered its phase, in seconds of the caller's clock.
    """

    jobs: Sequence[JobT]
    alone: bool = False
    phase: BatchPhase = BatchPhase.HELD
    since: float = 0.0


@dataclass(frozen=True)
class Begin(Generic[JobT]):
    """Read the pictures of this batch."""

    batch: ScheduledBatch[JobT]


@dataclass(frozen=True)
class EnterModel(Generic[JobT]):
    """Give the model to this batch."""

    batch: ScheduledBatch[JobT]


@dataclass(frozen=True)
class Pull:
    """Pull up to `limit` jobs; wait `linger` seconds for the first, or 0 for what waits already."""

    limit: int
    linger: float


@dataclass(frozen=True)
class Wait:
    """Wait until something happens, and no longer than `seconds` if that is not None."""

    seconds: float | None = None


@dataclass
class PrefetchTimer:
    """A prediction of when to pull the next batch, made from what the last one took per picture."""

    _read: float | None = None  # seconds per picture
    _model: float | None = None  # seconds per picture

    def has_read(self, pictures: int, seconds: float) -> None:
        """Note that decoding and preparing `pictures` took `seconds`."""
        if pictures:
            self._read = seconds / pictures

    def has_classified(self, pictures: int, seconds: float) -> None:
        """Note that the model took `seconds` for `pictures`."""
        if pictures:
            self._model = seconds / pictures

    def pause(self, in_model: int, size: int) -> float | None:
        """Return the seconds from the start of the model's call to the pull of the next batch.

        Args:
            in_model: pictures in the model.
            size: pictures of a full batch, which the next one may be.

        Returns:
            None until both stages have been measured.
        """
        if self._read is None or self._model is None:
            return None
        return max(0.0, self._model * in_model - self._read * size)


class Scheduler(Generic[JobT]):
    """The batches of one worker, and the decision what to do next.

    Attributes:
        size: pictures of a full batch; the caller lowers it when memory runs out.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._held: deque[ScheduledBatch[JobT]] = deque()
        self._under_way: list[ScheduledBatch[JobT]] = []
        self._timer = PrefetchTimer()
        self._pictures_in_model = 0
        self._pull_at: float | None = None

    def next_step(self, now: float) -> Begin[JobT] | EnterModel[JobT] | Pull | Wait:
        """Return what to do now. The answer stays the same until a `has_…` method is called."""
        ahead = self._first(BatchPhase.READING, BatchPhase.READY)
        in_model = self._first(BatchPhase.IN_MODEL)
        if ahead and ahead.phase is BatchPhase.READY and not in_model:
            return EnterModel(ahead)
        if ahead or (in_model and in_model.alone):
            return Wait()
        if self._held:
            free = len(self._under_way) < (1 if self._held[0].alone else MAX_BATCHES)
            return Begin(self._held[0]) if free else Wait()
        if len(self._under_way) >= MAX_BATCHES:
            return Wait()
        if not in_model:
            return Pull(self.size, LINGER)
        if self._pull_at is None:
            return Wait()
        if now < self._pull_at:
            return Wait(self._pull_at - now)
        return Pull(self.size, 0.0)

    def has_pulled(self, jobs: Sequence[JobT]) -> None:
        """Take in the jobs that a pull brought, if any."""
        if not jobs:
            self._pull_at = None  # no second pull while this batch is in the model
        calm = [job for job in jobs if job.attempt < SUSPECT_ATTEMPT]
        suspects = [job for job in jobs if job.attempt >= SUSPECT_ATTEMPT]
        if calm:
            self._held.append(ScheduledBatch(calm))
        # Shuffled: if one of them kills the process, the others behind it get their turn next time.
        for suspect in random.sample(suspects, len(suspects)):
            self._held.append(ScheduledBatch([suspect], alone=True))

    def has_begun(self, batch: ScheduledBatch[JobT], now: float) -> None:
        """Note that the batch is being read."""
        self._held.remove(batch)
        self._under_way.append(batch)
        self._move(batch, BatchPhase.READING, now)

    def has_read(self, batch: ScheduledBatch[JobT], now: float, *, pictures: int) -> None:
        """Note that the batch is ready for the model.

        Args:
            pictures: how many files were read, including those that could not be decoded.
        """
        self._timer.has_read(pictures, now - batch.since)
        self._move(batch, BatchPhase.READY, now)

    def has_entered(self, batch: ScheduledBatch[JobT], now: float, *, pictures: int) -> None:
        """Note that the model works on the batch, of which `pictures` could be decoded."""
        self._move(batch, BatchPhase.IN_MODEL, now)
        self._pictures_in_model = pictures
        pause = self._timer.pause(pictures, self.size)
        self._pull_at = None if pause is None else now + pause

    def has_left(self, batch: ScheduledBatch[JobT], now: float) -> None:
        """Note that the model is free again."""
        self._timer.has_classified(self._pictures_in_model, now - batch.since)
        self._move(batch, BatchPhase.FINISHING, now)

    def has_ended(self, batch: ScheduledBatch[JobT]) -> None:
        """Forget the batch: each of its jobs is acknowledged or given back. From any phase."""
        self._under_way.remove(batch)

    def waiting_for_model(self) -> list[ScheduledBatch[JobT]]:
        """Return the batches that are held, reading or ready: a stop gives them back."""
        before = (BatchPhase.READING, BatchPhase.READY)
        return [*self._held, *(batch for batch in self._under_way if batch.phase in before)]

    def _first(self, *phases: BatchPhase) -> ScheduledBatch[JobT] | None:
        return next((batch for batch in self._under_way if batch.phase in phases), None)

    def _move(self, batch: ScheduledBatch[JobT], phase: BatchPhase, now: float) -> None:
        batch.phase, batch.since = phase, now
