"""The plots of the page, each once for light and once for dark pages."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from clipbot_benchmarks.report.drawing import Bar, draw_bars, draw_lines, draw_stack
from clipbot_benchmarks.report.figures import (
    CHART,
    DECODE_FETCHED,
    IMAGES,
    JPEG,
    NOTEBOOK,
    PIPELINE,
    RAW,
    Bench,
    Measurement,
    Spread,
)
from clipbot_benchmarks.report.theme import DARK, LIGHT, Theme, save, settings, sheet
from clipbot_benchmarks.report.wording import runtime

_ROW = 0.34  # inches for a bar with the space around it
_HEAD = 0.75  # inches above and below the bars

_GPU_BARS = {
    "pipeline": "Hugging Face pipeline",
    "jpeg": "clipbot's engine, JPEG",
    "engine": "clipbot's engine, images",
    "raw": "raw forward pass",
}

Draw = Callable[[Bench, Theme], Figure | None]


def draw_all(bench: Bench, folder: Path) -> list[str]:
    """Write the plots that there are figures for, and return their names.

    The files are `NAME-light.svg` and `NAME-dark.svg`.
    """
    return [name for name in PLOTS if draw(bench, folder, name)]


def draw(bench: Bench, folder: Path, name: str) -> bool:
    """Write one plot in both themes; return False if there are no figures for it."""
    for theme in (LIGHT, DARK):
        with settings(theme):
            figure = PLOTS[name](bench, theme)
            if figure is None:
                return False
            save(figure, folder / f"{name}-{theme.name}.svg")
    return True


def speed(bench: Bench, theme: Theme) -> Figure | None:
    """Plot photos per second: baselines, end to end, the engine, and its limit."""
    rows: list[tuple[str, Spread | None, str, bool]] = []

    def add(
        label: str, measurement: Measurement | None, colour: str, *, bold: bool = False
    ) -> None:
        rows.append((label, measurement.seconds if measurement else None, colour, bold))

    add("notebook's loop, chart included", bench.measurement("rival", NOTEBOOK, 1), theme.baseline)
    add("Hugging Face pipeline", bench.measurement("rival", PIPELINE, 1), theme.baseline)
    add("Hugging Face pipeline, batch 16", bench.measurement("rival", PIPELINE, 16), theme.baseline)
    if end_to_end := bench.bot_side.end_to_end:
        label = f"end to end, {end_to_end.people} people at once"
        rows.append((label, end_to_end.per_photo, theme.engine, True))
    add(
        "engine, JPEG, new labels, batch 16",
        bench.measurement("engine", JPEG, 16, "new"),
        theme.engine,
    )
    for batch in (1, 4, 16):
        measurement = bench.measurement("engine", JPEG, batch, "known")
        add(
            f"engine, JPEG, known labels, batch {batch}",
            measurement,
            theme.engine,
            bold=batch == 16,
        )
    measurement = bench.measurement("engine", IMAGES, 16, "known")
    add("engine, decoded images, batch 16", measurement, theme.engine)
    add("its raw forward pass, batch 16", bench.measurement("limit", RAW, 16), theme.limit)
    bars = [
        Bar(label, 1 / spread.median, 1 / spread.high, 1 / spread.low, colour, bold)
        for label, spread, colour, bold in rows
        if spread
    ]
    if not bars:
        return None
    figure, (axes,) = sheet(_HEAD + _ROW * len(bars))
    draw_bars(axes, bars, theme)
    axes.set_title("Photos per second")
    return figure


def towers(bench: Bench, theme: Theme) -> Figure | None:
    """Plot milliseconds of the image tower, by runtime and batch."""
    measurements = [
        measurement
        for measurement in bench.model_side.measurements
        if measurement.kind in {"tower", "limit"} and measurement.seconds
    ]
    if not measurements:
        return None
    names = list(
        dict.fromkeys((measurement.kind, measurement.name) for measurement in measurements)
    )
    batches = sorted({measurement.batch for measurement in measurements})
    engine_label = f"clipbot's engine: {runtime(bench.model_side.model)}"
    figure, panels = sheet(_HEAD + _ROW * len(names), len(batches))
    most = max(measurement.seconds.median for measurement in measurements if measurement.seconds)
    for panel, batch in zip(panels, batches, strict=True):
        bars = []
        for kind, name in names:
            measurement = bench.measurement(kind, name, batch)
            spread = measurement.seconds if measurement else None
            is_engine = kind == "limit"
            bars.append(
                Bar(
                    engine_label if is_engine else name,
                    1_000 * spread.median if spread else 0.0,
                    1_000 * spread.low if spread else 0.0,
                    1_000 * spread.high if spread else 0.0,
                    theme.engine if is_engine else theme.baseline,
                    is_engine,
                )
            )
        draw_bars(panel, bars, theme, most=1_000 * most)
        panel.set_title(f"batch {batch}")
        if panel is not panels[0]:
            panel.set_yticklabels([])
    figure.supxlabel("ms for each photo", fontsize=9, color=theme.quiet)
    return figure


def time(bench: Bench, theme: Theme) -> Figure | None:
    """Plot where the time of a photo goes: alone, among many, and at best."""
    end_to_end = bench.bot_side.end_to_end
    forward, forward_16 = bench.measurement("limit", RAW, 1), bench.measurement("limit", RAW, 16)
    chart, decode = (
        bench.measurement("part", CHART, 1),
        bench.measurement("part", DECODE_FETCHED, 1),
    )
    if not (end_to_end and forward and forward_16 and chart and decode):
        return None
    assert forward.seconds
    assert chart.seconds
    one, two, three, four, five = theme.series
    rest = max(0.0, end_to_end.alone.median - forward.seconds.median - chart.seconds.median)
    alone = [
        ("forward pass", forward.seconds.median, one),
        ("chart", chart.seconds.median, two),
        ("everything else", rest, five),
    ]
    processes = {"worker": one, "bot": four, "nats-server": three, "stand-in": five}
    at_once = [
        (name, end_to_end.core_seconds[name], colour)
        for name, colour in processes.items()
        if name in end_to_end.core_seconds
    ]
    ideal = [
        ("forward pass", forward_16.core_seconds, one),
        ("chart", chart.core_seconds, two),
        ("decode", decode.core_seconds, three),
    ]
    rows = [
        ("one person alone:\nms until the chart", alone),
        (f"{end_to_end.people} people at once:\ncore-ms by process", at_once),
        ("at best: core-ms of\nwhat is necessary", ideal),
    ]
    rows = [row for row in rows if row[1]]
    figure, (axes,) = sheet(_HEAD + 0.95 * len(rows))
    longest = max(sum(seconds for _, seconds, _ in row) for _, row in rows)
    for place, (_, row) in enumerate(rows):
        draw_stack(axes, place, row, theme, longest)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.set_xlim(0, 1_000 * longest * 1.08)
    axes.set_title("Where the time of a photo goes, ms")
    return figure


def growth(bench: Bench, theme: Theme) -> Figure | None:
    """Plot the cost of a photo over the queue's length, stored people, and labels."""
    panels: list[tuple[str, list[tuple[str, list[tuple[int, Spread]], str]]]] = []
    for title, points in (
        ("Waiting photos", bench.bot_side.queue),
        ("Stored people", bench.bot_side.users),
    ):
        if points:
            line = [(point.size, point.seconds) for point in points]
            panels.append((title, [("end to end", line, theme.engine)]))
    if labels := bench.model_side.label_growth:
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
        draw_lines(axes, lines, theme)
        axes.set_title(title)
    all_axes[0].set_ylabel("ms for each photo")
    return figure


def gpu(bench: Bench, theme: Theme) -> Figure | None:
    """Plot images per second on a GPU."""
    measurements = bench.model_side.gpu
    if not measurements:
        return None
    colours = {
        "pipeline": theme.baseline,
        "jpeg": theme.engine,
        "engine": theme.engine,
        "raw": theme.limit,
    }
    shapes = list(dict.fromkeys(measurement.shape for measurement in measurements))
    order = sorted(
        {(measurement.what, measurement.batch) for measurement in measurements},
        key=lambda pair: (list(colours).index(pair[0]), pair),
    )
    figure, panels = sheet(_HEAD + _ROW * len(order), len(shapes))
    for panel, shape in zip(panels, shapes, strict=True):
        found = {
            (measurement.what, measurement.batch): measurement.per_second
            for measurement in measurements
            if measurement.shape == shape
        }
        bars = []
        for what, batch in order:
            spread = found.get((what, batch), Spread(0, 0, 0, 0))
            label = f"{_GPU_BARS[what]}, batch {batch}"
            bars.append(Bar(label, spread.median, spread.low, spread.high, colours[what]))
        draw_bars(panel, bars, theme)
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
