"""Every case runs once in each round, and none is always the first."""

import time
from collections.abc import Callable

from clipbot_benchmarks.model_side.interleaving import BenchmarkCase, InterleavedRounds
from clipbot_benchmarks.report.figures import Measurement


def test_every_other_round_is_in_the_opposite_order() -> None:
    seen: list[tuple[str, int]] = []

    def case(name: str) -> BenchmarkCase:
        return BenchmarkCase(
            Measurement("part", name, 1), 2, lambda number: seen.append((name, number))
        )

    rounds = InterleavedRounds([case("a"), case("b")])
    rounds.warm_up()
    rounds.round()
    rounds.round()
    assert seen == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("b", 2), ("a", 2)]
    first, second = rounds.results()
    assert (first.name, second.name) == ("a", "b")
    assert first.seconds
    assert first.seconds.runs == 2
    assert first.seconds.low <= first.seconds.median <= first.seconds.high


def test_waiting_takes_no_processor_time() -> None:
    def case(name: str, work: Callable[[], object]) -> BenchmarkCase:
        return BenchmarkCase(Measurement("part", name, 1), 1, lambda _: work())

    def busy() -> None:
        began = time.process_time()
        while time.process_time() - began < 0.05:
            pass

    rounds = InterleavedRounds([case("waits", lambda: time.sleep(0.2)), case("works", busy)])
    rounds.round()
    waits, works = rounds.results()
    assert waits.seconds
    assert waits.seconds.median >= 0.2
    assert waits.core_seconds < 0.05 <= works.core_seconds
