"""Each target's figure is what its line says."""

import msgspec
import pytest

from clipbot_benchmarks.report.figures import (
    AnswerComparison,
    Bench,
    GrowthPoint,
    ProcessMemory,
    Spread,
)
from clipbot_benchmarks.report.targets import TargetCheck, check_targets, ideal_per_photo, in_unit
from tests.benchmarks.report.stored import empty, stored


def target(bench: Bench, words: str) -> TargetCheck:
    """Return the target whose line contains these words."""
    (found,) = [one for one in check_targets(bench) if words in one.line]
    return found


def test_how_many_times_faster_than_the_pipeline() -> None:
    bench = stored()
    one_by_one = bench.seconds("rival", "pipeline", 1)
    engine = bench.seconds("engine", "JPEG bytes", 16, "known")
    assert one_by_one
    assert engine
    found = target(bench, "pipeline called once per photo")
    assert found.figure == pytest.approx(one_by_one / engine)
    assert found.met is True


def test_less_is_better_where_time_is_compared() -> None:
    found = target(stored(), "image tower at batch 1")
    assert found.figure == pytest.approx(0.0262 / 0.1)
    assert not found.at_least
    assert found.met is True
    assert found.shown_target == "≤ 0.45×"


def test_the_ideal_shares_core_seconds_among_cores() -> None:
    bench = stored()
    core_seconds = [
        run.core_seconds
        for run in bench.model_side.measurements
        if (run.kind, run.batch) == ("limit", 16)
        or run.name in {"chart", "decode what the bot fetches"}
    ]
    assert len(core_seconds) == 3
    assert ideal_per_photo(bench) == pytest.approx(
        sum(core_seconds) / bench.model_side.machine.cores
    )
    end_to_end = bench.bot_side.end_to_end
    assert end_to_end
    found = target(bench, "the ideal of its parts")
    assert found.figure == pytest.approx(sum(core_seconds) / 2 / end_to_end.per_photo.median)
    assert found.met is False


def test_a_gpu_has_no_core_seconds() -> None:
    bench = stored()
    model = msgspec.structs.replace(bench.model_side.model, device="cuda:0")
    parts = msgspec.structs.replace(bench.model_side, model=model)
    assert ideal_per_photo(msgspec.structs.replace(bench, model_side=parts)) is None


def test_one_person_alone_waits_for_more_than_the_model_and_the_chart() -> None:
    bench = stored()
    end_to_end = bench.bot_side.end_to_end
    assert end_to_end
    found = target(bench, "one person alone")
    assert found.figure == pytest.approx(1_000 * (end_to_end.alone.median - 0.0262 - 0.0283))


@pytest.mark.parametrize(
    ("costs", "change"), [((0.05, 0.06), 20.0), ((0.05, 0.04), -20.0), ((0.05, 0.9, 0.05), 0.0)]
)
def test_growth_compares_the_largest_with_the_smallest(
    costs: tuple[float, ...], change: float
) -> None:
    points = [
        GrowthPoint(10**place, Spread.of([1.0]), Spread.of([cost]), Spread.of([0.01]))
        for place, cost in enumerate(costs, 1)
    ]
    bench = stored()
    whole = msgspec.structs.replace(bench.bot_side, queue=points)
    found = target(msgspec.structs.replace(bench, bot_side=whole), "waiting photos")
    assert found.figure == pytest.approx(change)
    assert found.met is (change <= 10)
    assert "of the bot alone +0.0 % (within the spread)" in found.note


@pytest.mark.parametrize(
    ("last", "said"), [([0.06, 0.07], "outside the spread"), ([0.04, 0.09], "within the spread")]
)
def test_a_change_is_compared_with_the_spread(last: list[float], said: str) -> None:
    points = [
        GrowthPoint(size, Spread.of([1.0]), Spread.of(costs))
        for size, costs in ((10, [0.04, 0.05]), (100, last))
    ]
    bench = stored()
    whole = msgspec.structs.replace(bench.bot_side, users=points)
    assert (
        f"({said})" in target(msgspec.structs.replace(bench, bot_side=whole), "stored people").note
    )


def test_memory_is_that_after_all_rounds() -> None:
    bench = stored()
    whole = msgspec.structs.replace(
        bench.bot_side, processes=[ProcessMemory("bot", 90_000_000, 111_000_000)]
    )
    bench = msgspec.structs.replace(bench, bot_side=whole)
    assert target(bench, "memory of the bot").shown == "111 MB"
    assert target(bench, "memory of the bot").met is False
    assert target(bench, "memory of the worker").met is None


def test_the_targets_of_answers_are_those_of_the_bundled_model() -> None:
    bench = stored()
    answers = [
        AnswerComparison("random", pictures=10, same_winner=0, difference=0.9, batched=0.9),
        AnswerComparison("demo", pictures=10, same_winner=9, difference=0.021, batched=0.0),
    ]
    parts = msgspec.structs.replace(bench.model_side, answers=answers)
    bench = msgspec.structs.replace(bench, model_side=parts)
    assert target(bench, "another winner").shown == "10.0 %"
    assert target(bench, "another winner").met is False
    assert target(bench, "from float32").met is False
    assert target(bench, "one by one").met is True


def test_without_measurements_no_target_is_met_or_missed() -> None:
    assert {one.met for one in check_targets(empty())} == {None}
    assert {one.shown for one in check_targets(empty())} == {"not measured"}


def test_every_target_is_listed_whatever_was_measured() -> None:
    assert len(check_targets(stored())) == len(check_targets(empty())) == 17


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (5.204, "times", "5.20×"),
        (23.456, "times", "23.5×"),
        (34.6, "ms", "35 ms"),
        (3.21, "percent", "3.2 %"),
        (0.0087, "Δp", "0.0087"),
        (3.4e-7, "Δp", "3e-07"),
        (0.0, "Δp", "0"),
    ],
)
def test_figures_with_their_units(value: float, unit: str, shown: str) -> None:
    assert in_unit(value, unit) == shown  # type: ignore[arg-type]
