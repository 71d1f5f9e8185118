"""The report as a page such as docs/benchmarks.md, made from the files of one or more runs."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from clipbot_benchmarks.report import plots
from clipbot_benchmarks.report.figures import Bench, Measurement, Spread
from clipbot_benchmarks.report.targets import TargetCheck, check_targets
from clipbot_benchmarks.report.wording import GPU_RUNS, about, conditions, ms, title

# A file beside the plots with explanations written by hand. They are copied into each new page.
NOTES = "notes.md"

_MARKS = {True: "✓ met", False: "✗ **not met**", None: "–"}

_ALT = {
    "speed": "Bars: photos per second of the notebook, the pipeline, the engine and its limit",
    "towers": "Bars: milliseconds of the image tower in each runtime at batch 1, 4 and 16",
    "time": "Stacked bars: where the milliseconds of one photo go",
    "growth": "Lines: milliseconds for each photo over waiting photos, stored users and labels",
    "gpu": "Bars: images per second on the GPU",
}


def write(bench: Bench, page: Path, others: Sequence[Bench] = ()) -> None:
    """Write the page, and its plots into the folder beside it that has the page's name.

    Args:
        others: runs on other machines, of which only the GPU's figures are shown.
    """
    # A page without a suffix can't share its name with the folder.
    folder = page.with_suffix("") if page.suffix else page.with_name(page.name + "-plots")
    drawn = {name: _picture(folder, name) for name in plots.draw_all(bench, folder)}
    blocks = list(_head(bench))
    blocks += _targets(bench, folder / NOTES)
    blocks += _speed(bench, drawn)
    blocks += _towers(bench, drawn)
    blocks += _time(bench, drawn)
    blocks += _growth(bench, drawn)
    blocks += _processes(bench)
    if "gpu" in drawn:
        blocks += _gpu(bench, drawn["gpu"])
    for number, other in enumerate(others, 1):
        gpu = folder / f"gpu-{number}"
        if plots.draw(other, gpu, "gpu"):
            blocks += _gpu(other, _picture(gpu, "gpu", folder.parent))
    blocks += _not_measured(bench, others)
    blocks += _method(bench)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def _picture(folder: Path, name: str, page_folder: Path | None = None) -> str:
    where = Path(os.path.relpath(folder, page_folder or folder.parent)).as_posix()
    return (
        f"<picture>\n"
        f'<source media="(prefers-color-scheme: dark)" srcset="{where}/{name}-dark.svg">\n'
        f'<img alt="{_ALT[name]}" src="{where}/{name}-light.svg" width="864">\n'
        f"</picture>"
    )


def _head(bench: Bench) -> Iterator[str]:
    yield "# How fast it is"
    yield "<!-- Made by `clipbot bench`, which overwrites changes made by hand. -->"
    yield f"**{_capital(about(bench))}**, measured on {bench.date}."
    yield "\n".join(f"- {line}" for line in conditions(bench))


def _targets(bench: Bench, notes: Path) -> Iterator[str]:
    yield "## Targets"
    yield (
        "Most targets are ratios of two figures of the same run: a slow or busy machine makes "
        "both of them slower."
    )
    yield _table(
        ("", "figure", "target", ""),
        [
            (_line(check), f"**{check.shown}**", check.shown_target, _MARKS[check.met])
            for check in check_targets(bench)
        ],
    )
    if notes.is_file():
        yield notes.read_text(encoding="utf-8").strip()


def _line(check: TargetCheck) -> str:
    return f"{check.line}<br><sub>{check.note}</sub>" if check.note else check.line


def _speed(bench: Bench, drawn: dict[str, str]) -> Iterator[str]:
    measurements = [
        measurement
        for measurement in bench.model_side.measurements
        if measurement.kind in {"rival", "engine"}
    ]
    if not measurements:
        return
    yield "## Photos per second"
    if "speed" in drawn:
        yield drawn["speed"]
    yield _measurements(measurements)


def _towers(bench: Bench, drawn: dict[str, str]) -> Iterator[str]:
    measurements = [
        measurement
        for measurement in bench.model_side.measurements
        if measurement.kind in {"tower", "limit"}
    ]
    if not measurements:
        return
    yield "## The image tower in every runtime"
    yield (
        "The forward pass alone, from pixels to features: the limit of each runtime. The cosine is "
        "the lowest one between a runtime's features and those of torch in float32; 1 means that "
        "they are the same."
    )
    if "towers" in drawn:
        yield drawn["towers"]
    cosines = {one.tower: one.cosine for one in bench.model_side.fidelity}
    batches = sorted({measurement.batch for measurement in measurements})
    names = dict.fromkeys((measurement.kind, measurement.name) for measurement in measurements)
    rows = []
    for kind, name in names:
        found = [bench.measurement(kind, name, batch) for batch in batches]
        cells = [
            ms(measurement.seconds.median) if measurement and measurement.seconds else "–"
            for measurement in found
        ]
        cosine = f"{cosines[name]:.5f}" if name in cosines else ""
        first = next(measurement for measurement in found if measurement)
        is_engine = kind == "limit"
        rows.append((f"**{title(first)}**" if is_engine else name, *cells, cosine))
    headings = [f"batch {batch}, ms" for batch in batches]
    yield _table(("", *headings, "cosine"), rows)


def _time(bench: Bench, drawn: dict[str, str]) -> Iterator[str]:
    end_to_end = bench.bot_side.end_to_end
    parts = [
        measurement for measurement in bench.model_side.measurements if measurement.kind == "part"
    ]
    if not end_to_end and not parts:
        return
    yield "## Where the time goes"
    if "time" in drawn:
        yield drawn["time"]
    if end_to_end:
        of_all = end_to_end.latencies
        slow = of_all[int(0.9 * (len(of_all) - 1))]
        yield (
            f"{end_to_end.people} people who send {end_to_end.photos} photos at the same moment "
            f"get {1 / end_to_end.per_photo.median:.1f} charts per second. In the last round half "
            f"of them came within {_seconds(of_all[len(of_all) // 2])}, nine of ten within "
            f"{_seconds(slow)}, all within {_seconds(of_all[-1])}. One person alone waits "
            f"{ms(end_to_end.alone.median)} ms ({ms(end_to_end.alone.low)} to "
            f"{ms(end_to_end.alone.high)} ms)."
        )
        if end_to_end.core_seconds:
            yield _table(
                ("core-ms for each photo", ""),
                [(name, ms(seconds)) for name, seconds in end_to_end.core_seconds.items()],
            )
    if parts:
        yield _measurements(parts)


def _growth(bench: Bench, drawn: dict[str, str]) -> Iterator[str]:
    if "growth" not in drawn:
        return
    yield "## What grows"
    yield drawn["growth"]
    rows = [
        (
            what,
            f"{point.size:,}",
            ms(point.seconds.median),
            _ms(point.core_seconds),
            _ms(point.bot_seconds),
        )
        for what, points in (
            ("waiting photos", bench.bot_side.queue),
            ("stored people", bench.bot_side.users),
        )
        for point in points
    ]
    if rows:
        yield _table(
            (
                "",
                "size",
                "end to end, ms for each photo",
                "core-ms of bot, worker and queue",
                "of these, the bot",
            ),
            rows,
        )
    if labels := bench.model_side.label_growth:
        yield _table(
            ("labels", "known (cache warm), ms", "new (cache cold), ms", "chart, ms"),
            [
                (
                    str(one.labels),
                    ms(one.known.median),
                    ms(one.new.median),
                    ms(one.chart.median),
                )
                for one in labels
            ],
        )


def _processes(bench: Bench) -> Iterator[str]:
    if not bench.bot_side.processes and not bench.bot_side.starts:
        return
    yield "## Memory and start"
    if bench.bot_side.processes:
        yield _table(
            ("process", "resident at rest, MB", "after all rounds, MB"),
            [
                (one.name, f"{one.at_rest / 1e6:.0f}", f"{one.after_work / 1e6:.0f}")
                for one in bench.bot_side.processes
            ],
        )
    if bench.bot_side.starts:
        yield _table(
            ("from the start of `clipbot run` until …", "seconds"),
            [(one.ready, f"{one.seconds.median:.1f}") for one in bench.bot_side.starts],
        )


def _gpu(bench: Bench, picture: str) -> Iterator[str]:
    yield f"## On a GPU: {bench.model_side.machine.gpu}"
    yield (
        "Random weights in float16. Hugging Face's pipeline ran on the same GPU, in the same dtype "
        "and in the same run."
    )
    yield "\n".join(f"- {line}" for line in conditions(bench))
    yield picture
    rates = {
        (measurement.shape, measurement.what, measurement.batch): measurement.per_second
        for measurement in bench.model_side.gpu
    }
    batches = sorted({batch for _, _, batch in rates})
    rows = []
    for shape, what in dict.fromkeys(
        (measurement.shape, measurement.what) for measurement in bench.model_side.gpu
    ):
        found = [rates.get((shape, what, batch)) for batch in batches]
        cells = [f"{rate.median:,.0f}" if rate else "–" for rate in found]
        rows.append((f"{shape}, {GPU_RUNS[what]}", *cells))
    yield _table(("images/s", *(f"batch {batch}" for batch in batches)), rows)
    yield "Where the time of an image goes, in ms, each stage measured alone:"
    seconds = {(one.shape, one.batch, one.part): one.seconds for one in bench.model_side.gpu_parts}
    parts = list(dict.fromkeys(part for _, _, part in seconds))
    yield _table(
        ("", *parts),
        [
            (
                f"{shape}, batch {batch}",
                *(f"{1_000 * seconds[shape, batch, part].median:.2f}" for part in parts),
            )
            for shape, batch in dict.fromkeys((shape, batch) for shape, batch, _ in seconds)
        ],
    )


def _not_measured(bench: Bench, others: Sequence[Bench]) -> Iterator[str]:
    elsewhere = {"gpu"} if any(other.model_side.gpu for other in others) else set()
    every = [*bench.model_side.not_measured, *bench.bot_side.not_measured]
    if not_measured := [one for one in every if one.what not in elsewhere]:
        yield "## What was not measured"
        yield "\n".join(f"- {one.what}, because {one.reason}" for one in not_measured)


def _method(bench: Bench) -> Iterator[str]:
    yield "## How it is measured"
    yield (
        "`make bench` measures and makes this page; `clipbot bench --help` says how to measure a "
        "part, or another model. All cases get the same photos and labels. They are interleaved: "
        "each round runs every case once, every other round in the opposite order, after a "
        "warm-up that does not count. Figures are medians; whiskers reach from the lowest to the "
        "highest. End to end means `clipbot run` as it is installed: a bot, a worker and a queue, "
        "each in a process of its own, connected to a Bot API server on loopback, which stands in "
        "for Telegram and its users in another process. Photos are scaled to Telegram's sizes "
        "before the measurement."
    )


def _measurements(measurements: Sequence[Measurement]) -> str:
    rows = []
    for measurement in measurements:
        if measurement.seconds:
            median, low, high = (
                measurement.seconds.median,
                measurement.seconds.low,
                measurement.seconds.high,
            )
            name = _capital(title(measurement))
            rows.append(
                (
                    name,
                    str(measurement.batch),
                    f"{1 / median:.1f}",
                    ms(median),
                    f"{ms(low)}–{ms(high)}",
                )
            )
    return _table(("", "batch", "photos/s", "ms for each photo", "from–to"), rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in GitHub's Markdown; all columns but the first are aligned to the right."""
    rules = ["---", *["--:"] * (len(headings) - 1)]
    lines = [[cell.replace("|", r"\|") for cell in cells] for cells in [headings, rules, *rows]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _ms(spread: Spread | None) -> str:
    return f"{ms(spread.median)} ({ms(spread.low)}–{ms(spread.high)})" if spread else "–"


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
