"""Several photos: one table, labels down and numbered photos across, the winners in colour."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image

from inference.charts.canvas import ACCENT, CARD, EDGE, INK, LEFT, PADDING, QUIET, RIGHT, Canvas
from inference.charts.frame import Scores, filled, footnotes, heading, missing_photo
from inference.charts.text_layout import Style, clean, width, wrap

MAX_LABELS = 8
# More photos in one band would make the figures too small for a phone.
_MAX_ACROSS = 5
_LABEL = Style(32, colour=INK)
_LEADING = 37
_ENOUGH = 50  # characters that are measured of a label; no more fit anyway
# From so many photos across on, figures are whole percents: they can be so much larger.
_WHOLE_FROM = 4
_FIGURE = 34  # pixels per em, with a decimal
_WHOLE_FIGURE = 40  # and without: 15 on a phone that shows the chart 390 wide
_GUTTER = 8
_BETWEEN = 36  # from one band to the next
_COLD, _WARM = (243, 246, 250), (173, 200, 248)  # a cell's colour at 0 and at 1


def _bands(count: int) -> list[range]:
    """Photos in bands of equal size, the last one perhaps shorter."""
    bands = -(-count // _MAX_ACROSS)
    across = -(-count // bands)
    edges = [*range(0, count, across), count]
    return [range(start, end) for start, end in pairwise(edges)]


def _heat(share: float) -> str:
    mixed = (round(c + (w - c) * share) for c, w in zip(_COLD, _WARM, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _rows(scores: Scores, band: range) -> list[tuple[float, ...]]:
    """The scores of a band's photos, of those that could be read."""
    return [row for place in band if (row := scores.rows[place]) is not None]


def _shown(scores: Scores, band: range) -> list[int]:
    """The labels to show, in the order they were typed: those that some photo is likeliest to be.

    A band has fewer photos than there are labels to show, so every winner is among them.
    """
    rows, count = _rows(scores, band), len(scores.labels)
    best = sorted(range(count), key=lambda label: -max((row[label] for row in rows), default=0.0))
    return sorted(best[:MAX_LABELS])


def _badge(canvas: Canvas, x: float, y: float, number: int) -> None:
    canvas.bar(x, y, 42, 42, CARD)
    canvas.text(x + 21, y + 31, str(number), Style(27, bold=True, colour=INK), "center")


def _cell(
    canvas: Canvas, box: tuple[float, float, float, float], text: str, colour: str, style: Style
) -> None:
    x, y, w, h = box
    canvas.bar(x, y, w, h, colour, 12)
    canvas.text(x + w / 2, y + h / 2 + style.size * 0.36, text, style, "center")


def _column_head(
    canvas: Canvas,
    photo: Image.Image | None,
    number: int,
    unreadable: str,
    box: tuple[int, int, int, int],
) -> None:
    x, y, w, h = box
    if photo is None:
        missing_photo(canvas, box, unreadable)
    else:
        canvas.photo(x, y, filled(photo, w, h))
    _badge(canvas, x + 8, y + 8, number)


@dataclass(frozen=True)
class _Grid:
    """Where columns stand and how large the figures in their cells are, in pixels."""

    label_width: int
    step: int
    figure: float
    say: Callable[[float], str]
    lines: int

    @classmethod
    def of(cls, bands: Sequence[range], scores: Scores) -> "_Grid":
        across = max(map(len, bands))
        shown = {label for band in bands for label in _shown(scores, band)}
        widest_label = max(width(clean(scores.labels[i])[:_ENOUGH], _LABEL) for i in shown)
        label_width = max(
            120, min({2: 360, 3: 310, 4: 270}.get(across, 240), math.ceil(widest_label))
        )
        step = (RIGHT - LEFT - label_width - 20 + _GUTTER) // across
        whole = across >= _WHOLE_FROM
        say, largest = (scores.whole_percent, _WHOLE_FIGURE) if whole else (scores.percent, _FIGURE)
        best = [max(row) for row in scores.rows if row is not None]
        widest = max(width(say(share), Style(largest, bold=True)) for share in [0.5, *best])
        figure = min(largest, int(largest * (step - _GUTTER - 10) / widest))
        # A second band repeats the labels: a chart that gets too tall is shown smaller.
        return cls(label_width, step, figure, say, 3 if len(bands) == 1 else 2)

    def left(self, column: int) -> int:
        return LEFT + self.label_width + 20 + column * self.step

    @property
    def cell_width(self) -> int:
        return self.step - _GUTTER


def _label_row(
    canvas: Canvas, grid: _Grid, scores: Scores, band: range, label: int, top: int
) -> int:
    """One label's name and its cells; returns the height."""
    lines = wrap(scores.labels[label], _LABEL, grid.label_width, grid.lines)
    height = max(60, len(lines) * _LEADING + 10)
    baseline = top + height / 2 + 11 - (len(lines) - 1) * _LEADING / 2
    for index, line in enumerate(lines):
        canvas.text(LEFT, baseline + index * _LEADING, line, _LABEL)
    for column, place in enumerate(band):
        cell = (grid.left(column), top, grid.cell_width, height)
        row = scores.rows[place]
        if row is None:
            _cell(canvas, cell, "–", _heat(0), Style(grid.figure, colour=QUIET))
        elif label == row.index(max(row)):
            won = Style(grid.figure, bold=True, colour=CARD)
            _cell(canvas, cell, grid.say(row[label]), ACCENT, won)
        else:
            text = grid.say(row[label])
            style = Style(grid.figure, colour=QUIET if text == grid.say(0) else INK)
            _cell(canvas, cell, text, _heat(row[label]), style)
    return height


def draw_album(
    album: Sequence[Image.Image | None], scores: Scores, numbers: Sequence[int]
) -> Image.Image:
    """The chart of 2..10 photos with these numbers, RGB."""
    canvas = Canvas()
    top = round(heading(canvas, scores.words.title, LEFT, RIGHT, EDGE + PADDING))
    bands = _bands(len(album))
    grid = _Grid.of(bands, scores)
    # Narrow ones stand upright: more is seen of a photo, and numbers cover less of it.
    thumb_height = min(max(grid.cell_width, 150), 210)
    hidden: list[list[float]] = []
    for band in bands:
        for column, place in enumerate(band):
            box = (grid.left(column), top, grid.cell_width, thumb_height)
            _column_head(canvas, album[place], numbers[place], scores.words.unreadable, box)
        top += thumb_height + 14
        rows = _rows(scores, band)
        shown = _shown(scores, band)
        for label in shown:
            top += _label_row(canvas, grid, scores, band, label, top) + _GUTTER
        top += _BETWEEN
        hidden += [[share for label, share in enumerate(row) if label not in shown] for row in rows]
    more = scores.and_more(hidden) if hidden and hidden[0] else ""
    return canvas.paint(footnotes(canvas, scores, more, top - _GUTTER - _BETWEEN))
