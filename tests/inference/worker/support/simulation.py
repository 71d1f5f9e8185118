"""A worker without I/O around the scheduler: pipeline of given length, and a clock that jumps."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from inference.worker.scheduler import (
    MAX_BATCHES,
    Begin,
    EnterModel,
    Pull,
    ScheduledBatch,
    Scheduler,
)

SIZE = 4


@dataclass(frozen=True, order=True)
class FakeJob:
    number: int
    attempt: int = 1


@dataclass
class Simulation:
    """Runs jobs through the scheduler and asserts its rules on the way.

    Attributes:
        arrivals: when each job is stored, with its attempt.
        read, model, finish: seconds that a stage takes for one picture.
        fails: numbers of the jobs whose batches end with an error in the model.
        batches: the jobs of each batch, in the order in which the batches got the model.
        left_at: when the last batch left the model.
        settled: the jobs whose batches have ended.
    """

    arrivals: list[tuple[float, FakeJob]]
    read: float
    model: float
    finish: float
    fails: frozenset[int] = frozenset()
    now: float = 0.0
    left_at: float = 0.0
    scheduler: Scheduler[FakeJob] = field(default_factory=lambda: Scheduler[FakeJob](SIZE))
    under_way: list[ScheduledBatch[FakeJob]] = field(default_factory=list)
    in_model: list[ScheduledBatch[FakeJob]] = field(default_factory=list)
    settled: list[FakeJob] = field(default_factory=list)
    batches: list[list[FakeJob]] = field(default_factory=list)
    _left: list[FakeJob] = field(default_factory=list)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    def at(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), event))

    def run(self) -> None:
        for _ in range(10_000):
            step = self.scheduler.next_step(self.now)
            if isinstance(step, Begin):
                self._begin(step.batch)
            elif isinstance(step, EnterModel):
                self._enter(step.batch)
            elif isinstance(step, Pull):
                if not self.arrivals and not self._events:
                    return
                self._pull(step)
            else:
                self._wait(step.seconds)
        raise AssertionError("it never ends")

    def _wait(self, seconds: float | None) -> None:
        until = None if seconds is None else self.now + seconds
        if self._events and (until is None or self._events[0][0] <= until):
            self.now, _, event = heapq.heappop(self._events)
            event()
        else:
            assert until is not None, "the scheduler waits for something that never comes"
            self.now = max(until, self.now + 1e-9)

    def _pull(self, step: Pull) -> None:
        if step.linger and not (self.arrivals and self.arrivals[0][0] <= self.now):
            # The first job ends the wait; events of other pipeline happen meanwhile.
            end = self.now + step.linger
            if self.arrivals:
                end = min(end, self.arrivals[0][0])
            while self._events and self._events[0][0] <= end:
                self.now, _, event = heapq.heappop(self._events)
                event()
            self.now = max(self.now, end)
        found: list[FakeJob] = []
        while self.arrivals and self.arrivals[0][0] <= self.now and len(found) < step.limit:
            found.append(self.arrivals.pop(0)[1])
        self.scheduler.has_pulled(found)

    def _begin(self, batch: ScheduledBatch[FakeJob]) -> None:
        if batch.alone:
            assert not self.under_way, "a suspect runs alone"
            assert len(batch.jobs) == 1
        assert not any(other.alone for other in self.under_way if other not in self._finishing())
        self.scheduler.has_begun(batch, self.now)
        self.under_way.append(batch)
        assert len(self.under_way) <= MAX_BATCHES
        assert len(batch.jobs) <= SIZE

        def ready() -> None:
            self.scheduler.has_read(batch, self.now, pictures=len(batch.jobs))

        self.at(self.read * len(batch.jobs), ready)

    def _finishing(self) -> list[ScheduledBatch[FakeJob]]:
        return [batch for batch in self.under_way if set(batch.jobs) <= set(self._left)]

    def _enter(self, batch: ScheduledBatch[FakeJob]) -> None:
        assert not self.in_model, "one batch is in the model at a time"
        self.in_model.append(batch)
        self.batches.append(list(batch.jobs))
        self.scheduler.has_entered(batch, self.now, pictures=len(batch.jobs))

        def leave() -> None:
            self.in_model.remove(batch)
            self._left.extend(batch.jobs)
            self.left_at = self.now
            if any(job.number in self.fails for job in batch.jobs):
                end()
                return
            self.scheduler.has_left(batch, self.now)
            self.at(self.finish * len(batch.jobs), end)

        def end() -> None:
            self.under_way.remove(batch)
            self.settled += batch.jobs
            self.scheduler.has_ended(batch)

        self.at(self.model * len(batch.jobs), leave)
