"""What a run found, for a terminal."""

from rich.console import Console
from rich.table import Table

from clipbot_benchmarks.report.figures import Bench, Run
from clipbot_benchmarks.report.targets import judge
from clipbot_benchmarks.report.wording import GPU_RUNS, about, conditions, ms, title

_MARKS = {True: "[green]met[/]", False: "[red]not met[/]", None: "[dim]–[/]"}


def show(bench: Bench, console: Console) -> None:
    """Prints all figures, and what they are judged by."""
    console.print(f"\n[bold]{about(bench)}[/]")
    for line in conditions(bench):
        console.print(line)
    for table in (_runs(bench), _road(bench), _growth(bench), _processes(bench), _gpu(bench)):
        if table.row_count:
            console.print(table)
    for skipped in [*bench.parts.skipped, *bench.whole.skipped]:
        console.print(f"[dim]Not measured: {skipped.what}, since {skipped.why}.[/]")
    console.print(_judged(bench))


def _table(name: str, *headings: str) -> Table:
    table = Table(title=name, title_justify="left")
    table.add_column(headings[0])
    for heading in headings[1:]:
        table.add_column(heading, justify="right")
    return table


def _runs(bench: Bench) -> Table:
    table = _table(
        "Side by side, ms for each photo", "", "batch", "median", "best", "worst", "photos/s"
    )
    kind = ""
    for run in bench.parts.runs:
        if run.kind != kind and kind:
            table.add_section()
        kind = run.kind
        if run.seconds:
            table.add_row(*_cells(run))
    return table


def _cells(run: Run) -> list[str]:
    assert run.seconds
    median, low, high = run.seconds.median, run.seconds.low, run.seconds.high
    return [title(run), str(run.batch), ms(median), ms(low), ms(high), f"{1 / median:.1f}"]


def _road(bench: Bench) -> Table:
    table = _table("The whole road", "", "median", "best", "worst")
    if road := bench.whole.road:
        crowd, alone = road.per_photo, road.alone
        people = f"{road.people} people at once"
        table.add_row(
            f"{people}, photos/s", *(f"{1 / s:.1f}" for s in (crowd.median, crowd.low, crowd.high))
        )
        middle = road.latencies[len(road.latencies) // 2]
        table.add_row(
            f"{people}, ms until a chart, last round",
            ms(middle),
            ms(road.latencies[0]),
            ms(road.latencies[-1]),
        )
        table.add_row(
            "one alone, ms until a chart", ms(alone.median), ms(alone.low), ms(alone.high)
        )
        for name, seconds in road.core_seconds.items():
            table.add_row(f"core-ms for each photo: {name}", ms(seconds))
    return table


def _growth(bench: Bench) -> Table:
    table = _table("Growth, ms for each photo", "", "size", "median", "best", "worst")
    for what, points in (("photos wait", bench.whole.queue), ("users", bench.whole.users)):
        for point in points:
            spread = point.seconds
            table.add_row(
                what, f"{point.size:,}", ms(spread.median), ms(spread.low), ms(spread.high)
            )
    for labels in bench.parts.label_growth:
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
    for process in bench.whole.processes:
        table.add_row(
            f"{process.name}, MB resident",
            f"{process.at_rest / 1e6:.0f}",
            f"{process.after_work / 1e6:.0f}",
        )
    for start in bench.whole.starts:
        table.add_row(f"seconds until {start.ready}", f"{start.seconds.median:.1f}", "")
    return table


def _gpu(bench: Bench) -> Table:
    table = _table("GPU, float16, images/s", "", "batch", "median", "worst", "best")
    for run in bench.parts.gpu:
        rate = run.per_second
        table.add_row(
            f"{run.shape}, {GPU_RUNS[run.what]}",
            str(run.batch),
            *(f"{value:.0f}" for value in (rate.median, rate.low, rate.high)),
        )
    for part in bench.parts.gpu_parts:
        table.add_row(
            f"{part.shape}, ms for each image: {part.part}",
            str(part.batch),
            f"{1_000 * part.seconds.median:.2f}",
        )
    return table


def _judged(bench: Bench) -> Table:
    table = _table("How it is judged", "", "figure", "target", "")
    for verdict in judge(bench):
        table.add_row(verdict.line, verdict.shown, verdict.shown_target, _MARKS[verdict.met])
    return table
