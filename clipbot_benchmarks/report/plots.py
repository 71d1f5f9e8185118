"""Figures as plots, each once for light and once for dark pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from clipbot_benchmarks.report.figures import Bench, Run, Spread
from clipbot_benchmarks.report.names import (
    CHART,
    DECODE_FETCHED,
    IMAGES,
    JPEG,
    NOTEBOOK,
    PIPELINE,
    RAW,
)
from clipbot_benchmarks.report.theme import DARK, LIGHT, Theme, save, settings, sheet
from clipbot_benchmarks.report.wording import runtime

_ROW = 0.34  # inches for a bar with the space around it
_HEAD = 0.75  # inches above and below the bars

_GPU_BARS = {
    "pipeline": "Hugging Face pipeline",
    "jpeg": "our engine, JPEG",
    "engine": "our engine, images",
    "raw": "raw forward pass",
}

Draw = Callable[[Bench, Theme], Figure | None]


@dataclass(frozen=True)
class _Bar:
    label: str
    value: float
    low: float
    high: float
    colour: str
    bold: bool = False


def draw_all(bench: Bench, folder: Path) -> list[str]:
    """Writes what there are figures for; returns names, of `NAME-light.svg` and `NAME-dark.svg`."""
    return [name for name in PLOTS if draw(bench, folder, name)]


def draw(bench: Bench, folder: Path, name: str) -> bool:
    """Writes one plot in both themes; False where there are no figures for it."""
    for theme in (LIGHT, DARK):
        with settings(theme):
            figure = PLOTS[name](bench, theme)
            if figure is None:
                return False
            save(figure, folder / f"{name}-{theme.name}.svg")
    return True


def speed(bench: Bench, theme: Theme) -> Figure | None:
    """Photos per second: rivals, the road, our engine, and the limit."""
    rows: list[tuple[str, Spread | None, str, bool]] = []

    def add(label: str, run: Run | None, colour: str, *, bold: bool = False) -> None:
        rows.append((label, run.seconds if run else None, colour, bold))

    add("notebook's loop, chart included", bench.run("rival", NOTEBOOK, 1), theme.rival)
    add("Hugging Face pipeline", bench.run("rival", PIPELINE, 1), theme.rival)
    add("Hugging Face pipeline, batch 16", bench.run("rival", PIPELINE, 16), theme.rival)
    if road := bench.whole.road:
        label = f"whole road, {road.people} people at once"
        rows.append((label, road.per_photo, theme.ours, True))
    add("engine, JPEG, new labels, batch 16", bench.run("engine", JPEG, 16, "new"), theme.ours)
    for batch in (1, 4, 16):
        run = bench.run("engine", JPEG, batch, "known")
        add(f"engine, JPEG, known labels, batch {batch}", run, theme.ours, bold=batch == 16)
    run = bench.run("engine", IMAGES, 16, "known")
    add("engine, decoded images, batch 16", run, theme.ours)
    add("its raw forward pass, batch 16", bench.run("limit", RAW, 16), theme.limit)
    bars = [
        _Bar(label, 1 / spread.median, 1 / spread.high, 1 / spread.low, colour, bold)
        for label, spread, colour, bold in rows
        if spread
    ]
    if not bars:
        return None
    figure, (axes,) = sheet(_HEAD + _ROW * len(bars))
    _bars(axes, bars, theme)
    axes.set_title("Photos per second")
    return figure


def towers(bench: Bench, theme: Theme) -> Figure | None:
    """Milliseconds of the image tower, by runtime and batch."""
    runs = [run for run in bench.parts.runs if run.kind in {"tower", "limit"} and run.seconds]
    if not runs:
        return None
    names = list(dict.fromkeys((run.kind, run.name) for run in runs))
    batches = sorted({run.batch for run in runs})
    ours_is = f"our engine: {runtime(bench.parts.model)}"
    figure, panels = sheet(_HEAD + _ROW * len(names), len(batches))
    most = max(run.seconds.median for run in runs if run.seconds)
    for panel, batch in zip(panels, batches, strict=True):
        bars = []
        for kind, name in names:
            run = bench.run(kind, name, batch)
            spread = run.seconds if run else None
            ours = kind == "limit"
            bars.append(
                _Bar(
                    ours_is if ours else name,
                    1_000 * spread.median if spread else 0.0,
                    1_000 * spread.low if spread else 0.0,
                    1_000 * spread.high if spread else 0.0,
                    theme.ours if ours else theme.rival,
                    ours,
                )
            )
        _bars(panel, bars, theme, most=1_000 * most)
        panel.set_title(f"batch {batch}")
        if panel is not panels[0]:
            panel.set_yticklabels([])
    figure.supxlabel("ms for each photo", fontsize=9, color=theme.quiet)
    return figure


def time(bench: Bench, theme: Theme) -> Figure | None:
    """Where the time of a photo goes: alone, in a crowd, and at best."""
    road = bench.whole.road
    forward, forward_16 = bench.run("limit", RAW, 1), bench.run("limit", RAW, 16)
    chart, decode = bench.run("part", CHART, 1), bench.run("part", DECODE_FETCHED, 1)
    if not (road and forward and forward_16 and chart and decode):
        return None
    assert forward.seconds
    assert chart.seconds
    one, two, three, four, five = theme.series
    rest = max(0.0, road.alone.median - forward.seconds.median - chart.seconds.median)
    alone = [
        ("forward pass", forward.seconds.median, one),
        ("chart", chart.seconds.median, two),
        ("all else", rest, five),
    ]
    processes = {"worker": one, "bot": four, "nats-server": three, "stand-in": five}
    crowd = [
        (name, road.core_seconds[name], colour)
        for name, colour in processes.items()
        if name in road.core_seconds
    ]
    ideal = [
        ("forward pass", forward_16.core_seconds, one),
        ("chart", chart.core_seconds, two),
        ("decode", decode.core_seconds, three),
    ]
    rows = [
        ("one person alone:\nms until the chart", alone),
        (f"{road.people} people at once:\ncore-ms by process", crowd),
        ("at best: core-ms of\nwhat must be done", ideal),
    ]
    rows = [row for row in rows if row[1]]
    figure, (axes,) = sheet(_HEAD + 0.95 * len(rows))
    longest = max(sum(seconds for _, seconds, _ in row) for _, row in rows)
    for place, (_, row) in enumerate(rows):
        _stack(axes, place, row, theme, longest)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.set_xlim(0, 1_000 * longest * 1.08)
    axes.set_title("Where the time of a photo goes, ms")
    return figure


def growth(bench: Bench, theme: Theme) -> Figure | None:
    """The cost of a photo over the queue's length, stored users, and labels."""
    panels: list[tuple[str, list[tuple[str, list[tuple[int, Spread]], str]]]] = []
    ours = theme.ours
    for title, points in (
        ("Photos that wait", bench.whole.queue),
        ("Stored users", bench.whole.users),
    ):
        if points:
            line = [(point.size, point.seconds) for point in points]
            panels.append((title, [("whole road", line, ours)]))
    if labels := bench.parts.label_growth:
        panels.append(
            (
                "Labels for a photo",
                [
                    ("known", [(one.labels, one.known) for one in labels], theme.series[0]),
                    ("new", [(one.labels, one.new) for one in labels], theme.series[3]),
                    ("chart", [(one.labels, one.chart) for one in labels], theme.series[1]),
                ],
            )
        )
    if not panels:
        return None
    figure, all_axes = sheet(2.9, len(panels))
    for axes, (title, lines) in zip(all_axes, panels, strict=True):
        _lines(axes, lines, theme)
        axes.set_title(title)
    all_axes[0].set_ylabel("ms for each photo")
    return figure


def gpu(bench: Bench, theme: Theme) -> Figure | None:
    """Images per second on a GPU."""
    runs = bench.parts.gpu
    if not runs:
        return None
    colours = {
        "pipeline": theme.rival,
        "jpeg": theme.ours,
        "engine": theme.ours,
        "raw": theme.limit,
    }
    shapes = list(dict.fromkeys(run.shape for run in runs))
    order = sorted(
        {(run.what, run.batch) for run in runs},
        key=lambda pair: (list(colours).index(pair[0]), pair),
    )
    figure, panels = sheet(_HEAD + _ROW * len(order), len(shapes))
    for panel, shape in zip(panels, shapes, strict=True):
        found = {(run.what, run.batch): run.per_second for run in runs if run.shape == shape}
        bars = []
        for what, batch in order:
            spread = found.get((what, batch), Spread(0, 0, 0, 0))
            label = f"{_GPU_BARS[what]}, batch {batch}"
            bars.append(_Bar(label, spread.median, spread.low, spread.high, colours[what]))
        _bars(panel, bars, theme)
        panel.set_title(f"{shape}, float16: images per second")
        if panel is not panels[0]:
            panel.set_yticklabels([])
    return figure


PLOTS: dict[str, Draw] = {
    "speed": speed,
    "towers": towers,
    "time": time,
    "growth": growth,
    "gpu": gpu,
}


def _bars(axes: Axes, bars: Sequence[_Bar], theme: Theme, *, most: float | None = None) -> None:
    """Bars from top to bottom, each with its figure, and a whisker from the worst to the best."""
    places = range(len(bars))
    axes.barh(places, [bar.value for bar in bars], height=0.62, color=[bar.colour for bar in bars])
    longest = most or max((bar.high for bar in bars), default=1.0) or 1.0
    for place, bar in zip(places, bars, strict=True):
        if bar.high > bar.low:
            axes.plot(
                [bar.low, min(bar.high, longest * 1.2)], [place, place], color=theme.ink, lw=1
            )
        text = _digits(bar.value) if bar.value else "–"
        axes.annotate(
            text,
            (min(max(bar.high, bar.value), longest * 1.2), place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontweight="bold" if bar.bold else "normal",
        )
    axes.set_yticks(places, [bar.label for bar in bars])
    for tick, bar in zip(axes.get_yticklabels(), bars, strict=True):
        tick.set_fontweight("bold" if bar.bold else "normal")
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0, longest * 1.2)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _stack(
    axes: Axes, place: int, row: Sequence[tuple[str, float, str]], theme: Theme, longest: float
) -> None:
    """One bar of segments; their names and figures stand below it, where there is room."""
    start = 0.0
    free_from = 0.0
    for name, seconds, colour in row:
        axes.barh(place - 0.1, 1_000 * seconds, left=1_000 * start, height=0.42, color=colour)
        text = f"{name} {1_000 * seconds:.0f}"
        at = max(start, free_from)
        axes.text(
            1_000 * at, place + 0.17, text, va="top", ha="left", color=theme.quiet, fontsize=8.5
        )
        free_from = at + longest * (0.0105 * len(text) + 0.012)
        start += seconds
    axes.annotate(
        f"{1_000 * start:.0f}",
        (1_000 * start, place - 0.1),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontweight="bold",
    )


def _lines(
    axes: Axes, lines: Sequence[tuple[str, list[tuple[int, Spread]], str]], theme: Theme
) -> None:
    """Lines over an axis of sizes, logarithmic where those are; the other axis begins at 0."""
    sizes = sorted({size for _, points, _ in lines for size, _ in points})
    logarithmic = sizes[-1] >= 100 * sizes[0]
    axes.set_xscale("log" if logarithmic else "linear")
    axes.grid(visible=False, axis="x")
    axes.grid(visible=True, axis="y")
    for _, points, colour in lines:
        across = [size for size, _ in points]
        medians = [1_000 * spread.median for _, spread in points]
        below = [1_000 * (spread.median - spread.low) for _, spread in points]
        above = [1_000 * (spread.high - spread.median) for _, spread in points]
        axes.errorbar(
            across, medians, [below, above], color=colour, marker="o", ms=5, lw=2, elinewidth=1
        )
    ticks = sizes if logarithmic else _apart(sizes)
    axes.set_xticks(ticks, [f"{size:,}" for size in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(axis="y", labelcolor=theme.quiet)
    axes.set_ylim(bottom=0, top=axes.get_ylim()[1] * 1.1)
    if len(lines) > 1:
        _name_at_their_ends(axes, lines)
    axes.margins(x=0.3 if len(lines) > 1 else 0.1)  # room for the names of lines
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _name_at_their_ends(
    axes: Axes, lines: Sequence[tuple[str, list[tuple[int, Spread]], str]]
) -> None:
    """Each line's name beside its last point, or above the name of the next lower line."""
    line_height = 0.09 * axes.get_ylim()[1]
    lowest = 0.0
    for name, points, colour in sorted(lines, key=lambda line: line[1][-1][1].median):
        size, spread = points[-1]
        height = max(1_000 * spread.median, lowest)
        lowest = height + line_height
        axes.annotate(
            name,
            (size, height),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontweight="bold",
        )


def _apart(sizes: Sequence[int]) -> list[int]:
    """Those whose names do not run into each other on a linear axis; the largest is kept."""
    kept: list[int] = []
    for size in reversed(sizes):
        if not kept or kept[-1] - size > 0.1 * (sizes[-1] - sizes[0]):
            kept.append(size)
    return kept


def _digits(value: float) -> str:
    """As many as mean something: 3.21, 45.6, 789, 1,234."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
