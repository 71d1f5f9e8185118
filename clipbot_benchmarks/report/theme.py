"""How plots look: the same colours by meaning, once for light pages and once for dark ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

WIDTH = 9.0  # inches; browsers show 864 pixels, the width of a page's column


@dataclass(frozen=True)
class Theme:
    """Colours by meaning. Text has a contrast of at least 4.5 to 1 (WCAG 2.2, level AA).

    Attributes:
        engine: clipbot's own figures.
        baseline: those of other ways to get the same answer.
        limit: what nothing can be faster than.
        series: for lines and segments without such a meaning, in this order.
    """

    name: str
    paper: str
    ink: str
    quiet: str
    grid: str
    engine: str
    baseline: str
    limit: str
    series: tuple[str, ...]


LIGHT = Theme(
    name="light",
    paper="#ffffff",
    ink="#1f2328",
    quiet="#59636e",
    grid="#d8dee4",
    engine="#1f6feb",
    baseline="#8c959f",
    limit="#9ec5fe",
    series=("#1f6feb", "#bf6a02", "#1a7f5a", "#8250df", "#8c959f"),
)
DARK = Theme(
    name="dark",
    paper="#0d1117",
    ink="#e6edf3",
    quiet="#9198a1",
    grid="#2a313c",
    engine="#4493f8",
    baseline="#6e7681",
    limit="#26528f",
    series=("#4493f8", "#e3a13a", "#3fb68b", "#b392f0", "#6e7681"),
)


@contextmanager
def settings(theme: Theme) -> Iterator[None]:
    """Apply matplotlib's settings for this theme within a `with` block."""
    chosen: dict[RcKeyType, Any] = {
        "axes.axisbelow": True,
        "axes.edgecolor": theme.grid,
        "axes.facecolor": theme.paper,
        "axes.grid": True,
        "axes.grid.axis": "x",
        "axes.labelcolor": theme.quiet,
        "axes.labelsize": 9,
        "axes.spines.left": False,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.spines.bottom": False,
        "axes.titlecolor": theme.ink,
        "axes.titlelocation": "left",
        "axes.titlepad": 10,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "figure.facecolor": theme.paper,
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "grid.color": theme.grid,
        "grid.linewidth": 0.8,
        "svg.hashsalt": "clipbot",  # with a fixed salt the same figures give the same file
        "text.color": theme.ink,
        "xtick.color": theme.grid,
        "xtick.labelcolor": theme.quiet,
        "xtick.major.size": 0,
        "ytick.color": theme.grid,
        "ytick.labelcolor": theme.ink,
        "ytick.major.size": 0,
    }
    with mpl.rc_context():
        mpl.rcdefaults()  # ignores the user's matplotlibrc
        mpl.rcParams.update(chosen)
        yield


def sheet(height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Return an empty plot of `height` inches with `columns` panels side by side."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)  # type: ignore[union-attr, call-arg]
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def save(figure: Figure, path: Path) -> None:
    """Write a plot as SVG, with letters as shapes so that they look the same on every machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
