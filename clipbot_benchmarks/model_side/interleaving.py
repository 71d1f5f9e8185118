"""Rounds in which every case runs once, so that a slow minute of the machine slows all of them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from clipbot_benchmarks.report.figures import Measurement, Spread

# Threads of a runtime keep spinning for some milliseconds after their work. The pause lets them
# stop, so that the next case has all cores.
_PAUSE = 0.02  # seconds


@dataclass(frozen=True)
class BenchmarkCase:
    """Work that is measured, on `photos` photos each time it is called.

    Attributes:
        about: its measurement, still without seconds.
        work: called with the number of the round; 0 is the warm-up.
    """

    about: Measurement
    photos: int
    work: Callable[[int], object]


@dataclass
class InterleavedRounds:
    """Rounds in which each case runs once; every other round in the opposite order.

    Attributes:
        rounds: number of rounds so far.
    """

    cases: Sequence[BenchmarkCase]
    rounds: int = field(default=0, init=False)
    _seconds: dict[Measurement, list[float]] = field(default_factory=dict)
    _core_seconds: dict[Measurement, list[float]] = field(default_factory=dict)

    def warm_up(self) -> None:
        """Run each case once without measuring it."""
        for case in self.cases:
            case.work(0)

    def round(self) -> None:
        """Run and measure each case once."""
        self.rounds += 1
        is_reversed = self.rounds % 2 == 0
        for case in reversed(self.cases) if is_reversed else self.cases:
            time.sleep(_PAUSE)
            began, worked = time.perf_counter(), time.process_time()
            case.work(self.rounds)
            took = time.perf_counter() - began
            core_seconds = time.process_time() - worked
            about, photos = case.about, case.photos
            self._seconds.setdefault(about, []).append(took / photos)
            self._core_seconds.setdefault(about, []).append(core_seconds / photos)

    def results(self) -> list[Measurement]:
        """Return the measurements in the order of the cases."""
        return [
            msgspec.structs.replace(
                about,
                seconds=Spread.of(seconds),
                core_seconds=Spread.of(self._core_seconds[about]).median,
            )
            for about, seconds in self._in_order()
        ]

    def _in_order(self) -> list[tuple[Measurement, list[float]]]:
        return [
            (one.about, self._seconds[one.about])
            for one in self.cases
            if one.about in self._seconds
        ]
