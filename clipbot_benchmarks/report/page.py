"""docs/benchmarks.md, made from the files of one or more runs."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from clipbot_benchmarks.report import plots
from clipbot_benchmarks.report.figures import Bench, Run, Spread
from clipbot_benchmarks.report.targets import Verdict, judge
from clipbot_benchmarks.report.wording import GPU_RUNS, about, conditions, ms, title

# Beside the plots; whoever reads the figures writes there what explains them, and it stays.
NOTES = "notes.md"

_MARKS = {True: "✓ met", False: "✗ **not met**", None: "–"}

_ALT = {
    "speed": "Bars: photos per second of the notebook, the pipeline, our engine and its limit",
    "towers": "Bars: milliseconds of the image tower in each runtime at batch 1, 4 and 16",
    "time": "Stacked bars: where the milliseconds of one photo go",
    "growth": "Lines: milliseconds for each photo over waiting photos, stored users and labels",
    "gpu": "Bars: images per second on the GPU",
}


def write(bench: Bench, page: Path, others: Sequence[Bench] = ()) -> None:
    """Writes the page, and its plots into a folder of the page's name beside it.

    Args:
        others: runs on other machines, of which only the GPU's figures are shown.
    """
    # A page without a suffix can't share its name with the folder.
    folder = page.with_suffix("") if page.suffix else page.with_name(page.name + "-plots")
    drawn = {name: _picture(folder, name) for name in plots.draw_all(bench, folder)}
    blocks = list(_head(bench))
    blocks += _judged(bench, folder / NOTES)
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
    yield "<!-- Made by `clipbot bench`; what is written here by hand is lost the next time. -->"
    yield f"**{_capital(about(bench))}**, measured on {bench.date}."
    yield "\n".join(f"- {line}" for line in conditions(bench))


def _judged(bench: Bench, notes: Path) -> Iterator[str]:
    yield "## How it is judged"
    yield (
        "Ratios of one run, since machines are slow and busy in different ways, but for all "
        "contestants alike."
    )
    yield _table(
        ("", "figure", "target", ""),
        [
            (_line(verdict), f"**{verdict.shown}**", verdict.shown_target, _MARKS[verdict.met])
            for verdict in judge(bench)
        ],
    )
    if notes.is_file():
        yield notes.read_text(encoding="utf-8").strip()


def _line(verdict: Verdict) -> str:
    return f"{verdict.line}<br><sub>{verdict.note}</sub>" if verdict.note else verdict.line


def _speed(bench: Bench, drawn: dict[str, str]) -> Iterator[str]:
    runs = [run for run in bench.parts.runs if run.kind in {"rival", "engine"}]
    if not runs:
        return
    yield "## Photos per second"
    if "speed" in drawn:
        yield drawn["speed"]
    yield _runs(runs)


def _towers(bench: Bench, drawn: dict[str, str]) -> Iterator[str]:
    runs = [run for run in bench.parts.runs if run.kind in {"tower", "limit"}]
    if not runs:
        return
    yield "## The image tower in every runtime"
    yield (
        "The forward pass alone, from pixels to features: what nothing can be faster than. The "
        "cosine is the least between a runtime's features and those of torch in float32; 1 is "
        "the same."
    )
    if "towers" in drawn:
        yield drawn["towers"]
    cosines = {one.tower: one.cosine for one in bench.parts.fidelity}
    batches = sorted({run.batch for run in runs})
    names = dict.fromkeys((run.kind, run.name) for run in runs)
    rows = []
    for kind, name in names:
        found = [bench.run(kind, name, batch) for batch in batches]
        cells = [ms(run.seconds.median) if run and run.seconds else "–" for run in found]
        cosine = f"{cosines[name]:.5f}" if name in cosines else ""
        first = next(run for run in found if run)
        ours = kind == "limit"
        rows.append((f"**{title(first)}**" if ours else name, *cells, cosine))
    headings = [f"batch {batch}, ms" for batch in batches]
    yield _table(("", *headings, "cosine"), rows)


def _time(bench: Bench, drawn: dict[str, str]) -> Iterator[str]:
    road = bench.whole.road
    parts = [run for run in bench.parts.runs if run.kind == "part"]
    if not road and not parts:
        return
    yield "## Where the time goes"
    if "time" in drawn:
        yield drawn["time"]
    if road:
        of_all = road.latencies
        slow = of_all[int(0.9 * (len(of_all) - 1))]
        yield (
            f"{road.people} people who send {road.photos} photos at the same moment get "
            f"{1 / road.per_photo.median:.1f} charts per second: half of them are there after "
            f"{_seconds(of_all[len(of_all) // 2])}, nine in ten after {_seconds(slow)}, all after "
            f"{_seconds(of_all[-1])}, in the last round. Who is alone waits "
            f"{ms(road.alone.median)} ms ({ms(road.alone.low)} to {ms(road.alone.high)})."
        )
        if road.core_seconds:
            yield _table(
                ("core-ms for each photo", ""),
                [(name, ms(seconds)) for name, seconds in road.core_seconds.items()],
            )
    if parts:
        yield _runs(parts)


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
            ("photos that wait", bench.whole.queue),
            ("stored users", bench.whole.users),
        )
        for point in points
    ]
    if rows:
        yield _table(
            (
                "",
                "size",
                "whole road, ms for each photo",
                "core-ms of bot, worker and queue",
                "of these the bot's",
            ),
            rows,
        )
    if labels := bench.parts.label_growth:
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
    if not bench.whole.processes and not bench.whole.starts:
        return
    yield "## Memory and start"
    if bench.whole.processes:
        yield _table(
            ("process", "resident at rest, MB", "after all rounds, MB"),
            [
                (one.name, f"{one.at_rest / 1e6:.0f}", f"{one.after_work / 1e6:.0f}")
                for one in bench.whole.processes
            ],
        )
    if bench.whole.starts:
        yield _table(
            ("from the start of `clipbot run` until …", "seconds"),
            [(one.ready, f"{one.seconds.median:.1f}") for one in bench.whole.starts],
        )


def _gpu(bench: Bench, picture: str) -> Iterator[str]:
    yield f"## On a GPU: {bench.parts.machine.gpu}"
    yield (
        "Random weights in float16; Hugging Face's pipeline ran on the same GPU in the same dtype, "
        "in the same run."
    )
    yield "\n".join(f"- {line}" for line in conditions(bench))
    yield picture
    rates = {(run.shape, run.what, run.batch): run.per_second for run in bench.parts.gpu}
    batches = sorted({batch for _, _, batch in rates})
    rows = []
    for shape, what in dict.fromkeys((run.shape, run.what) for run in bench.parts.gpu):
        found = [rates.get((shape, what, batch)) for batch in batches]
        cells = [f"{rate.median:,.0f}" if rate else "–" for rate in found]
        rows.append((f"{shape}, {GPU_RUNS[what]}", *cells))
    yield _table(("images/s", *(f"batch {batch}" for batch in batches)), rows)
    yield "Where the time of an image goes, in ms, each stage by itself:"
    seconds = {(one.shape, one.batch, one.part): one.seconds for one in bench.parts.gpu_parts}
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
    elsewhere = {"gpu"} if any(other.parts.gpu for other in others) else set()
    every = [*bench.parts.skipped, *bench.whole.skipped]
    if skipped := [one for one in every if one.what not in elsewhere]:
        yield "## What was not measured"
        yield "\n".join(f"- {one.what}, since {one.why}" for one in skipped)


def _method(bench: Bench) -> Iterator[str]:
    yield "## How it is measured"
    yield (
        "`make bench` measures anew and makes this page; `clipbot bench --help` tells how to "
        "measure a part, or another model. All contestants get the same photos and labels and "
        "take turns, every other round in the opposite order, after one turn that does not count; "
        "figures are medians, whiskers the worst and the best. The whole road is `clipbot run` as "
        "it is installed: a bot, a worker and a queue, each a process of its own, at a Bot API "
        "server on loopback in another process, which plays Telegram and its people. What "
        "Telegram's machines do with photos is done beforehand or left out."
    )


def _runs(runs: Sequence[Run]) -> str:
    rows = []
    for run in runs:
        if run.seconds:
            median, low, high = run.seconds.median, run.seconds.low, run.seconds.high
            name = _capital(title(run))
            rows.append(
                (name, str(run.batch), f"{1 / median:.1f}", ms(median), f"{ms(low)}–{ms(high)}")
            )
    return _table(("", "batch", "photos/s", "ms for each photo", "from–to"), rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """GitHub's Markdown; all columns but the first stand to the right."""
    rules = ["---", *["--:"] * (len(headings) - 1)]
    lines = [[cell.replace("|", r"\|") for cell in cells] for cells in [headings, rules, *rows]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _ms(spread: Spread | None) -> str:
    return f"{ms(spread.median)} ({ms(spread.low)}–{ms(spread.high)})" if spread else "–"


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
