"""The report on a terminal."""

from rich.console import Console
from rich.table import Table

from clipbot_benchmarks.report.figures import Bench, Measurement
from clipbot_benchmarks.report.targets import check_targets
from clipbot_benchmarks.report.wording import GPU_RUNS, about, conditions, ms, title

_MARKS = {True: "[green]met[/]", False: "[red]not met[/]", None: "[dim]–[/]"}


def show(bench: Bench, console: Console) -> None:
    """Print all figures, and which targets they meet."""
    console.print(f"\n[bold]{about(bench)}[/]")
    for line in conditions(bench):
        console.print(line)
    for table in (
        _measurements(bench),
        _end_to_end(bench),
        _growth(bench),
        _processes(bench),
        _gpu(bench),
    ):
        if table.row_count:
            console.print(table)
    for not_measured in [*bench.model_side.not_measured, *bench.bot_side.not_measured]:
        console.print(f"[dim]Not measured: {not_measured.what}, because {not_measured.reason}.[/]")
    console.print(_targets(bench))


def _table(name: str, *headings: str) -> Table:
    table = Table(title=name, title_justify="left")
    table.add_column(headings[0])
    for heading in headings[1:]:
        table.add_column(heading, justify="right")
    return table


def _measurements(bench: Bench) -> Table:
    table = _table("Model, ms for each photo", "", "batch", "median", "best", "worst", "photos/s")
    kind = ""
    for measurement in bench.model_side.measurements:
        if measurement.kind != kind and kind:
            table.add_section()
        kind = measurement.kind
        if measurement.seconds:
            table.add_row(*_cells(measurement))
    return table


def _cells(measurement: Measurement) -> list[str]:
    assert measurement.seconds
    median, low, high = (
        measurement.seconds.median,
        measurement.seconds.low,
        measurement.seconds.high,
    )
    return [
        title(measurement),
        str(measurement.batch),
        ms(median),
        ms(low),
        ms(high),
        f"{1 / median:.1f}",
    ]


def _end_to_end(bench: Bench) -> Table:
    table = _table("End to end", "", "median", "best", "worst")
    if end_to_end := bench.bot_side.end_to_end:
        at_once, alone = end_to_end.per_photo, end_to_end.alone
        people = f"{end_to_end.people} people at once"
        table.add_row(
            f"{people}, photos/s",
            *(f"{1 / s:.1f}" for s in (at_once.median, at_once.low, at_once.high)),
        )
        middle = end_to_end.latencies[len(end_to_end.latencies) // 2]
        table.add_row(
            f"{people}, ms until a chart, last round",
            ms(middle),
            ms(end_to_end.latencies[0]),
            ms(end_to_end.latencies[-1]),
        )
        table.add_row(
            "one person alone, ms until a chart", ms(alone.median), ms(alone.low), ms(alone.high)
        )
        for name, seconds in end_to_end.core_seconds.items():
            table.add_row(f"core-ms for each photo: {name}", ms(seconds))
    return table


def _growth(bench: Bench) -> Table:
    table = _table("Growth, ms for each photo", "", "size", "median", "best", "worst")
    for what, points in (
        ("waiting photos", bench.bot_side.queue),
        ("stored people", bench.bot_side.users),
    ):
        for point in points:
            spread = point.seconds
            table.add_row(
                what, f"{point.size:,}", ms(spread.median), ms(spread.low), ms(spread.high)
            )
    for labels in bench.model_side.label_growth:
        for what, spread in (
            ("known labels", labels.known),
            ("new labels", labels.new),
            ("chart of labels", labels.chart),
        ):
            table.add_row(
                what, f"{labels.labels:,}", ms(spread.median), ms(spread.low), ms(spread.high)
            )
    return table


def _processes(bench: Bench) -> Table:
    table = _table("Processes", "", "at rest", "after all rounds")
    for process in bench.bot_side.processes:
        table.add_row(
            f"{process.name}, MB resident",
            f"{process.at_rest / 1e6:.0f}",
            f"{process.after_work / 1e6:.0f}",
        )
    for start in bench.bot_side.starts:
        table.add_row(f"seconds until {start.ready}", f"{start.seconds.median:.1f}", "")
    return table


def _gpu(bench: Bench) -> Table:
    table = _table("GPU, float16, images/s", "", "batch", "median", "worst", "best")
    for measurement in bench.model_side.gpu:
        rate = measurement.per_second
        table.add_row(
            f"{measurement.shape}, {GPU_RUNS[measurement.what]}",
            str(measurement.batch),
            *(f"{value:.0f}" for value in (rate.median, rate.low, rate.high)),
        )
    for part in bench.model_side.gpu_parts:
        table.add_row(
            f"{part.shape}, ms for each image: {part.part}",
            str(part.batch),
            f"{1_000 * part.seconds.median:.2f}",
        )
    return table


def _targets(bench: Bench) -> Table:
    table = _table("Targets", "", "figure", "target", "")
    for check in check_targets(bench):
        table.add_row(check.line, check.shown, check.shown_target, _MARKS[check.met])
    return table
