"""What the plots are drawn with: bars, stacked bars and lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from clipbot_benchmarks.report.figures import Spread
from clipbot_benchmarks.report.theme import Theme


@dataclass(frozen=True)
class Bar:
    """A bar with its label; `low` and `high` are the ends of its whisker."""

    label: str
    value: float
    low: float
    high: float
    colour: str
    bold: bool = False


def draw_bars(axes: Axes, bars: Sequence[Bar], theme: Theme, *, most: float | None = None) -> None:
    """Draw bars from top to bottom, each with its figure and a whisker from lowest to highest."""
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


def draw_stack(
    axes: Axes, place: int, row: Sequence[tuple[str, float, str]], theme: Theme, longest: float
) -> None:
    """Draw a bar of segments, with their names and figures below it."""
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


def draw_lines(
    axes: Axes, lines: Sequence[tuple[str, list[tuple[int, Spread]], str]], theme: Theme
) -> None:
    """Draw lines over sizes. The axis of sizes is logarithmic if they span a factor of 100."""
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
    """Write each line's name beside its last point, without covering the name of another line."""
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
    """Return the sizes whose numbers do not overlap on a linear axis; the largest is kept."""
    kept: list[int] = []
    for size in reversed(sizes):
        if not kept or kept[-1] - size > 0.1 * (sizes[-1] - sizes[0]):
            kept.append(size)
    return kept


def _digits(value: float) -> str:
    """Return a number with three digits or its whole part: 3.21, 45.6, 789, 1,234."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
