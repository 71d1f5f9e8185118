"""Everybody has a turn in each round, and nobody is always first."""

import time
from collections.abc import Callable

from clipbot_benchmarks.model_side.interleaving import Contestant, Turns
from clipbot_benchmarks.report.figures import Run


def test_every_other_round_goes_the_opposite_way() -> None:
    seen: list[tuple[str, int]] = []

    def contestant(name: str) -> Contestant:
        return Contestant(Run("part", name, 1), 2, lambda number: seen.append((name, number)))

    turns = Turns([contestant("a"), contestant("b")])
    turns.warm_up()
    turns.round()
    turns.round()
    assert seen == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("b", 2), ("a", 2)]
    first, second = turns.results()
    assert (first.name, second.name) == ("a", "b")
    assert first.seconds
    assert first.seconds.runs == 2
    assert first.seconds.low <= first.seconds.median <= first.seconds.high


def test_waiting_is_no_work() -> None:
    def contestant(name: str, work: Callable[[], object]) -> Contestant:
        return Contestant(Run("part", name, 1), 1, lambda _: work())

    def busy() -> None:
        began = time.process_time()
        while time.process_time() - began < 0.05:
            pass

    turns = Turns([contestant("waits", lambda: time.sleep(0.2)), contestant("works", busy)])
    turns.round()
    waits, works = turns.results()
    assert waits.seconds
    assert waits.seconds.median >= 0.2
    assert waits.core_seconds < 0.05 <= works.core_seconds
