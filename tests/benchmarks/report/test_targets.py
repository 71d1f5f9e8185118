"""Each line of the table is the ratio that it says it is."""

import msgspec
import pytest

from clipbot_benchmarks.report.figures import Answers, Bench, GrowthPoint, Process, Spread
from clipbot_benchmarks.report.targets import Verdict, ideal_per_photo, in_unit, judge
from tests.benchmarks.report.stored import empty, stored


def verdict(bench: Bench, words: str) -> Verdict:
    """The one line that holds these words."""
    (found,) = [one for one in judge(bench) if words in one.line]
    return found


def test_how_many_times_faster_than_the_pipeline() -> None:
    bench = stored()
    one_by_one = bench.seconds("rival", "pipeline", 1)
    ours = bench.seconds("engine", "JPEG bytes", 16, "known")
    assert one_by_one
    assert ours
    found = verdict(bench, "pipeline called once per photo")
    assert found.figure == pytest.approx(one_by_one / ours)
    assert found.met is True


def test_less_is_better_where_time_is_compared() -> None:
    found = verdict(stored(), "image tower at batch 1")
    assert found.figure == pytest.approx(0.0262 / 0.1)
    assert not found.at_least
    assert found.met is True
    assert found.shown_target == "≤ 0.45×"


def test_the_ideal_shares_core_seconds_among_cores() -> None:
    bench = stored()
    core_seconds = [
        run.core_seconds
        for run in bench.parts.runs
        if (run.kind, run.batch) == ("limit", 16)
        or run.name in {"chart", "decode what the bot fetches"}
    ]
    assert len(core_seconds) == 3
    assert ideal_per_photo(bench) == pytest.approx(sum(core_seconds) / bench.parts.machine.cores)
    road = bench.whole.road
    assert road
    found = verdict(bench, "the ideal of its parts")
    assert found.figure == pytest.approx(sum(core_seconds) / 2 / road.per_photo.median)
    assert found.met is False


def test_a_gpu_has_no_core_seconds() -> None:
    bench = stored()
    model = msgspec.structs.replace(bench.parts.model, device="cuda:0")
    parts = msgspec.structs.replace(bench.parts, model=model)
    assert ideal_per_photo(msgspec.structs.replace(bench, parts=parts)) is None


def test_who_is_alone_waits_for_more_than_the_model_and_the_chart() -> None:
    bench = stored()
    road = bench.whole.road
    assert road
    found = verdict(bench, "one person alone")
    assert found.figure == pytest.approx(1_000 * (road.alone.median - 0.0262 - 0.0283))


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
    whole = msgspec.structs.replace(bench.whole, queue=points)
    found = verdict(msgspec.structs.replace(bench, whole=whole), "waiting photos")
    assert found.figure == pytest.approx(change)
    assert found.met is (change <= 10)
    assert "of the bot alone +0.0 % (within the spread)" in found.note


@pytest.mark.parametrize(
    ("last", "said"), [([0.06, 0.07], "outside the spread"), ([0.04, 0.09], "within the spread")]
)
def test_a_change_is_told_beside_the_spread(last: list[float], said: str) -> None:
    points = [
        GrowthPoint(size, Spread.of([1.0]), Spread.of(costs))
        for size, costs in ((10, [0.04, 0.05]), (100, last))
    ]
    bench = stored()
    whole = msgspec.structs.replace(bench.whole, users=points)
    assert f"({said})" in verdict(msgspec.structs.replace(bench, whole=whole), "users").note


def test_memory_is_that_after_all_rounds() -> None:
    bench = stored()
    whole = msgspec.structs.replace(
        bench.whole, processes=[Process("bot", 90_000_000, 111_000_000)]
    )
    bench = msgspec.structs.replace(bench, whole=whole)
    assert verdict(bench, "memory of the bot").shown == "111 MB"
    assert verdict(bench, "memory of the bot").met is False
    assert verdict(bench, "memory of the worker").met is None


def test_answers_are_judged_by_the_bundled_model() -> None:
    bench = stored()
    answers = [
        Answers("random", pictures=10, same_winner=0, difference=0.9, batched=0.9),
        Answers("demo", pictures=10, same_winner=9, difference=0.021, batched=0.0),
    ]
    parts = msgspec.structs.replace(bench.parts, answers=answers)
    bench = msgspec.structs.replace(bench, parts=parts)
    assert verdict(bench, "another winner").shown == "10.0 %"
    assert verdict(bench, "another winner").met is False
    assert verdict(bench, "to float32").met is False
    assert verdict(bench, "one by one").met is True


def test_nothing_measured_is_nothing_judged() -> None:
    assert {one.met for one in judge(empty())} == {None}
    assert {one.shown for one in judge(empty())} == {"not measured"}


def test_every_line_is_there_whatever_was_measured() -> None:
    assert len(judge(stored())) == len(judge(empty())) == 17


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
