"""The report in a terminal."""

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inference.evaluate.dataset import counted
from inference.evaluate.figures import ClassFigures, Figures, has_mistakes
from inference.evaluate.report import EvaluationReport, ModelRun, percent

_MAX_CLASSES = 40  # rows of a table; all classes are in --json and --page
_MAX_UNREADABLE = 20
_NONE = (
    "none found: “none of these” is said when the right label is left out; "
    "none false: when it is there."
)
_BAR = 20  # characters of a bar that stands for 100 %


def show(report: EvaluationReport) -> None:
    """Print the report on standard output, and what could not be read on standard error."""
    console = Console()
    unreadable = list(report.unreadable.items())
    for path, reason in unreadable[:_MAX_UNREADABLE]:
        click.echo(f"{path}: {reason}", err=True)
    if (more := len(unreadable) - _MAX_UNREADABLE) > 0:
        click.echo(f"and {more:,} more that can't be read; --json lists them all.", err=True)
    for note in report.notes:
        click.echo(note, err=True)
    read = max(run.figures.pictures for run in report.runs)
    console.print(
        Text(f"{counted(read, 'picture')} with {len(report.labels):,} labels on {report.machine}")
    )
    console.print(_comparison(report))
    if any(run.figures.none_of_these for run in report.runs):
        console.print(Text(_NONE))
    best = report.best
    if len(report.runs) > 1:
        console.print(Text(f"\nBest: {best.model} with template {best.template}", "bold"))
    console.print(_classes(best.figures))
    console.print(_reliability(best))
    if best.sigmoid_scores:
        console.print(Text("Scores are sigmoids, each for itself: they are no shares of 100 %."))
    if best.is_demo:
        console.print(Text("The demo model knows drawings and shapes, not photographs."))


def _comparison(report: EvaluationReport) -> Table:
    """Return a row for each run; columns in which no run has a figure are left out."""
    best, columns = report.best, [_figures(run) for run in report.runs]
    names = [name for name in columns[0] if any(figures[name] != "–" for figures in columns)]
    table = Table(box=box.SIMPLE, padding=0, pad_edge=False)
    table.add_column("model", overflow="fold", min_width=6)
    table.add_column("template", overflow="fold", min_width=8)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for run, figures in zip(report.runs, columns, strict=True):
        cells = [run.model, run.template, *(figures[name] for name in names)]
        style = "bold" if run is best and len(report.runs) > 1 else ""
        table.add_row(*(Text(cell, style) for cell in cells))
    return table


def _figures(run: ModelRun) -> dict[str, str]:
    figures, none = run.figures, run.figures.none_of_these
    low, high = figures.interval
    return {
        "right": percent(figures.accuracy),
        "95 %\nrange": f"{low * 100:.0f}–{high * 100:.0f} %",
        "best 5": percent(figures.top_5),
        "calib.\nerror": percent(figures.calibration_error),
        "none\nfound": percent(none.recall if none else None),
        "none\nfalse": percent(none.false_alarms if none else None),
        "ms": "–" if run.milliseconds is None else f"{run.milliseconds:.1f}",
    }


def _classes(figures: Figures) -> Table:
    """Return the labels with mistakes, the worst first."""
    wrong = [one for one in figures.classes if has_mistakes(one)]
    shown = sorted(wrong, key=_worst_first)[:_MAX_CLASSES]
    hidden = len(figures.classes) - len(shown)
    kind = "found more often" if len(shown) < len(wrong) else "without a mistake"
    table = Table(caption=f"and {counted(hidden, 'label')} {kind}" if hidden else None)
    table.add_column("label", overflow="fold")
    for name in ("pictures", "found", "right\nanswers"):
        table.add_column(name, justify="right")
    table.add_column("most often taken for", overflow="fold")
    for one in shown:
        taken = ", ".join(f"{label} ({number})" for label, number in one.taken_for[:3])
        table.add_row(
            Text(one.label),
            f"{one.pictures:,}",
            percent(one.recall),
            percent(one.precision),
            Text(taken),
        )
    return table


def _worst_first(one: ClassFigures) -> float:
    return 2.0 if one.recall is None else one.recall


def _reliability(run: ModelRun) -> Table:
    """Return the reliability diagram: for each level of confidence, how much was right."""
    table = Table()
    table.add_column("probability", justify="right")
    table.add_column("pictures", justify="right")
    table.add_column("mean", justify="right")
    table.add_column("right", justify="right")
    table.add_column("")
    for one in run.figures.bins:
        if not one.pictures:
            continue
        bar = "█" * round(one.accuracy * _BAR)
        mark = min(_BAR - 1, round(one.confidence * _BAR))
        drawn = bar.ljust(_BAR)
        drawn = f"{drawn[:mark]}│{drawn[mark + 1 :]}"  # the line is where the bar should end
        table.add_row(
            f"{one.low * 100:.0f}–{one.high * 100:.0f} %",
            f"{one.pictures:,}",
            percent(one.confidence),
            percent(one.accuracy),
            drawn,
        )
    return table
