"""Whether a worker is alive, and whether it can take jobs: for `/healthz` and `/readyz`.

Asked from a thread of its own, so that it is answered also where the event loop is stuck.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Seconds that the event loop may be late: it turns every second.
_BEAT, LATEST_BEAT = 1.0, 30.0
# What takes so many times longer than the last of its kind, and these seconds at least, is stuck.
# A batch may wait for cores that others use, and a first one for memory or for kernels to be built.
FACTOR, LEAST = 20.0, 60.0
FIRST = 300.0


@dataclass(frozen=True)
class _Work:
    stage: str
    pictures: int
    began: float


class WorkerHealth:
    """What a worker is at, and since when.

    Args:
        now: seconds of a clock that never goes back.

    Attributes:
        parts: gives a line for each part that keeps the worker from taking jobs.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.parts: Callable[[], list[str]] = lambda: ["worker: it is starting."]
        self._beat = self._now()
        self._under_way: dict[int, _Work] = {}
        self._usual: dict[str, float] = {}  # seconds for a picture, by stage
        self._numbers = itertools.count()

    async def beat(self) -> None:
        """Notes again and again that the event loop turns."""
        while True:
            self._beat = self._now()
            await asyncio.sleep(_BEAT)

    @contextlib.contextmanager
    def at_work(self, stage: str, pictures: int) -> Iterator[None]:
        """Notes that a thread is at work for as long as the block runs.

        Args:
            stage: "decoding", "the model" or "drawing".
        """
        number = next(self._numbers)
        work = self._under_way[number] = _Work(stage, max(1, pictures), self._now())
        try:
            yield
        finally:
            del self._under_way[number]
            seconds = (self._now() - work.began) / work.pictures
            # New labels take longer than known ones: one long batch is remembered for a while.
            self._usual[stage] = max(seconds, 0.9 * self._usual.get(stage, 0.0))

    def stuck(self) -> list[str]:
        """A line for each part that only a new process would bring back; empty while all turn."""
        now = self._now()
        lines = []
        if (late := now - self._beat) > LATEST_BEAT:
            lines.append(f"event loop: it has not turned for {late:.0f} s.")
        for work in tuple(self._under_way.values()):
            usual = self._usual.get(work.stage)
            expected = None if usual is None else usual * work.pictures
            limit = FIRST if expected is None else max(LEAST, FACTOR * expected)
            if (seconds := now - work.began) > limit:
                measured = "" if expected is None else f", where {expected:.1f} s are usual"
                lines.append(
                    f"{work.stage}: {work.pictures} pictures have taken {seconds:.0f} s so "
                    f"far{measured}."
                )
        return lines

    def problems(self) -> list[str]:
        """A line for each part that keeps the worker from taking jobs."""
        return [*self.stuck(), *self.parts()]
