"""Contestants take turns, so that a slow minute of the machine is slow for all of them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from clipbot_benchmarks.report.figures import Run, Spread

# Threads of one runtime spin on for some milliseconds after their work; the next contestant shall
# have the cores for itself.
_PAUSE = 0.02  # seconds


@dataclass(frozen=True)
class Contestant:
    """Somebody who deals with `photos` photos each time it is called.

    Attributes:
        about: the figures to be, without seconds.
        work: takes the number of the round, which no earlier call had.
    """

    about: Run
    photos: int
    work: Callable[[int], object]


@dataclass
class Turns:
    """Rounds in which each contestant has one turn; every other round in the opposite order.

    Attributes:
        rounds: so far.
    """

    contestants: Sequence[Contestant]
    rounds: int = field(default=0, init=False)
    _seconds: dict[Run, list[float]] = field(default_factory=dict)
    _core_seconds: dict[Run, list[float]] = field(default_factory=dict)

    def warm_up(self) -> None:
        """One turn each that does not count."""
        for contestant in self.contestants:
            contestant.work(0)

    def round(self) -> None:
        """One turn each."""
        self.rounds += 1
        turned = self.rounds % 2 == 0
        for contestant in reversed(self.contestants) if turned else self.contestants:
            time.sleep(_PAUSE)
            began, worked = time.perf_counter(), time.process_time()
            contestant.work(self.rounds)
            took = time.perf_counter() - began
            core_seconds = time.process_time() - worked
            about, photos = contestant.about, contestant.photos
            self._seconds.setdefault(about, []).append(took / photos)
            self._core_seconds.setdefault(about, []).append(core_seconds / photos)

    def results(self) -> list[Run]:
        """The figures of all, in the order in which they were given."""
        return [
            msgspec.structs.replace(
                about,
                seconds=Spread.of(seconds),
                core_seconds=Spread.of(self._core_seconds[about]).median,
            )
            for about, seconds in self._in_order()
        ]

    def _in_order(self) -> list[tuple[Run, list[float]]]:
        return [
            (one.about, self._seconds[one.about])
            for one in self.contestants
            if one.about in self._seconds
        ]
