"""The benchmark's targets, and whether a run meets them.

Most are ratios of two figures of the same run, so that they hold on slow and busy machines too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from clipbot_benchmarks.report.figures import (
    CHART,
    DECODE_FETCHED,
    IMAGES,
    JPEG,
    NOTEBOOK,
    PIPELINE,
    RAW,
    TORCH_FLOAT32,
    Bench,
    Spread,
)
from inference.protocol.settings import DEMO_MODEL

Unit = Literal["times", "ms", "MB", "kB", "percent", "Δp"]

# A batch sums in another order than a single picture, so the last digits of scores differ.
BATCHED_TOLERANCE = 1e-3


@dataclass(frozen=True)
class TargetCheck:
    """A figure and its target.

    Attributes:
        line: what is compared with what.
        at_least: whether more is better.
        figure: None if it was not measured.
        note: how the figure is made.
    """

    line: str
    unit: Unit
    target: float
    at_least: bool
    figure: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the figure meets the target; None if it was not measured."""
        if self.figure is None:
            return None
        return self.figure >= self.target if self.at_least else self.figure <= self.target

    @property
    def shown(self) -> str:
        """The figure with its unit."""
        return "not measured" if self.figure is None else in_unit(self.figure, self.unit)

    @property
    def shown_target(self) -> str:
        """The target with its unit, such as `≤ 35 ms`."""
        return ("≥ " if self.at_least else "≤ ") + in_unit(self.target, self.unit)


def in_unit(value: float, unit: Unit) -> str:
    """Return a value with its unit, such as `5.20×` or `35 ms`."""
    match unit:
        case "times":
            return f"{value:.2f}×" if value < 10 else f"{value:.1f}×"
        case "percent":
            return f"{value:.1f} %"
        case "Δp":
            return "0" if value == 0 else f"{value:.4f}" if value >= 1e-4 else f"{value:.0e}"
        case _:
            return f"{value:.0f} {unit}"


def check_targets(bench: Bench) -> list[TargetCheck]:
    """Return all targets in order, including those without a figure."""
    return [
        *_engine(bench),
        *_end_to_end(bench),
        *_growth(bench),
        *_memory(bench),
        *_answers(bench),
    ]


def ideal_per_photo(bench: Bench) -> float | None:
    """Return the shortest possible time for each photo, in seconds.

    All cores would always be busy, with nothing but the forward pass at batch 16, decoding what the
    bot fetches, and the chart. None if one of them was not measured, or a GPU runs the model.
    """
    parts = [
        bench.measurement("limit", RAW, 16),
        bench.measurement("part", DECODE_FETCHED, 1),
        bench.measurement("part", CHART, 1),
    ]
    if bench.model_side.model.device != "cpu" or any(part is None for part in parts):
        return None
    return sum(part.core_seconds for part in parts if part) / bench.model_side.machine.cores


def _engine(bench: Bench) -> Iterator[TargetCheck]:
    jpeg = bench.seconds("engine", JPEG, 16, "known")
    one_by_one = bench.seconds("rival", PIPELINE, 1)
    yield TargetCheck(
        "engine from JPEG bytes, known labels ÷ pipeline called once per photo",
        "times",
        5.0,
        at_least=True,
        figure=_ratio(one_by_one, jpeg),
        note="photos/s, engine at batch 16",
    )
    yield TargetCheck(
        "engine from JPEG bytes, known labels ÷ pipeline at batch 16",
        "times",
        2.6,
        at_least=True,
        figure=_ratio(bench.seconds("rival", PIPELINE, 16), jpeg),
        note="photos/s, both at batch 16",
    )
    yield TargetCheck(
        "engine from decoded images, known labels ÷ its raw forward pass",
        "times",
        0.92,
        at_least=True,
        figure=_ratio(
            bench.seconds("limit", RAW, 16), bench.seconds("engine", IMAGES, 16, "known")
        ),
        note="photos/s, same runtime, dtype and batch 16",
    )
    yield TargetCheck(
        "image tower at batch 1 ÷ torch float32",
        "times",
        0.45,
        at_least=False,
        figure=_ratio(bench.seconds("limit", RAW, 1), bench.seconds("tower", TORCH_FLOAT32, 1)),
        note="time, on a CPU",
    )
    yield TargetCheck(
        "engine from JPEG bytes, six new labels for each photo ÷ pipeline",
        "times",
        2.0,
        at_least=True,
        figure=_ratio(one_by_one, bench.seconds("engine", JPEG, 16, "new")),
        note="photos/s; the pipeline caches no labels, so its figure is that with known labels, "
        "which have as many tokens",
    )
    chart = bench.seconds("part", CHART, 1)
    size = bench.model_side.chart_size
    yield TargetCheck(
        "chart of six labels with its photo, median",
        "ms",
        35.0,
        at_least=False,
        figure=None if chart is None else 1_000 * chart,
        note="one thread, JPEG encoding included",
    )
    yield TargetCheck(
        "chart's file",
        "kB",
        60.0,
        at_least=False,
        figure=None if size is None else size.median / 1_000,
        note="median",
    )


def _end_to_end(bench: Bench) -> Iterator[TargetCheck]:
    end_to_end = bench.bot_side.end_to_end
    per_photo = None if end_to_end is None else end_to_end.per_photo.median
    yield TargetCheck(
        "end to end, 20 people at once ÷ the notebook's loop",
        "times",
        4.0,
        at_least=True,
        figure=_ratio(bench.seconds("rival", NOTEBOOK, 1), per_photo),
        note="photos/s",
    )
    stand_in = None if end_to_end is None else end_to_end.core_seconds.get("stand-in")
    yield TargetCheck(
        "end to end, 20 people at once ÷ the ideal of its parts",
        "times",
        0.75,
        at_least=True,
        figure=_ratio(ideal_per_photo(bench), per_photo),
        note="photos/s; ideal: forward pass at batch 16, decoding and chart on all cores"
        + (
            ""
            if stand_in is None
            else f". The stand-in for Telegram also takes {1_000 * stand_in:.0f} core-ms for each "
            "photo"
        ),
    )
    needed = [bench.seconds("limit", RAW, 1), bench.seconds("part", CHART, 1)]
    alone = None
    if end_to_end is not None and None not in needed:
        alone = 1_000 * (end_to_end.alone.median - sum(each or 0.0 for each in needed))
    yield TargetCheck(
        "one person alone: latency − (forward pass at batch 1 + chart)",
        "ms",
        40.0,
        at_least=False,
        figure=alone,
        note="median",
    )


def _growth(bench: Bench) -> Iterator[TargetCheck]:
    for what, points in (
        ("waiting photos", bench.bot_side.queue),
        ("stored people", bench.bot_side.users),
    ):
        sizes = f"{points[0].size:,} → {points[-1].size:,} " if points else ""
        of_all = _change([point.core_seconds for point in points])
        of_bot = _change([point.bot_seconds for point in points])
        yield TargetCheck(
            f"cost of a photo, {sizes}{what}: change",
            "percent",
            10.0,
            at_least=False,
            figure=None if of_all is None else of_all.percent,
            note="core-seconds of bot, worker and queue"
            + (f" ({of_all.against_spread})" if of_all else "")
            + (
                f"; of the bot alone {of_bot.percent:+.1f} % ({of_bot.against_spread})"
                if of_bot
                else ""
            ),
        )


def _memory(bench: Bench) -> Iterator[TargetCheck]:
    sizes = {process.name: process.after_work for process in bench.bot_side.processes}
    for name, target in (("bot", 110.0), ("worker", 1_000.0)):
        size = sizes.get(name)
        yield TargetCheck(
            f"resident memory of the {name}",
            "MB",
            target,
            at_least=False,
            figure=None if not size else size / 1e6,
            note="after all rounds",
        )


def _answers(bench: Bench) -> Iterator[TargetCheck]:
    """Compare the bundled model's answers, which mean something whatever model was measured."""
    found = next((one for one in bench.model_side.answers if one.model == DEMO_MODEL), None)
    yield TargetCheck(
        "answers: pictures with another winner than in float32",
        "percent",
        0.0,
        at_least=False,
        figure=None if found is None else 100 * (1 - found.same_winner / found.pictures),
        note="bundled model, its sample pictures",
    )
    yield TargetCheck(
        "answers: largest |Δp| from float32",
        "Δp",
        0.02,
        at_least=False,
        figure=None if found is None else found.difference,
        note="transformers' own, bundled model",
    )
    yield TargetCheck(
        "answers: largest |Δp| between a batch and one by one",
        "Δp",
        BATCHED_TOLERANCE,
        at_least=False,
        figure=None if found is None else found.batched,
        note="bundled model",
    )


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


@dataclass(frozen=True)
class _Change:
    """The change of a cost from the smallest size to the largest.

    Attributes:
        percent: change of the median; negative if the largest size costs less.
        within_spread: whether samples of both sizes overlap, so that there may be no change.
    """

    percent: float
    within_spread: bool

    @property
    def against_spread(self) -> str:
        return "within the spread" if self.within_spread else "outside the spread"


def _change(costs: Sequence[Spread | None]) -> _Change | None:
    if len(costs) < 2 or not (first := costs[0]) or not (last := costs[-1]) or not first.median:
        return None
    return _Change(
        percent=100 * (last.median / first.median - 1),
        within_spread=first.low <= last.high and last.low <= first.high,
    )
