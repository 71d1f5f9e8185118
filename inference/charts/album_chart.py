"""Draws the chart of several photos: a table with a row for each label, a column for each photo."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image

from inference.charts.canvas import (
    ACCENT,
    EDGE,
    GREY,
    INK,
    LEFT,
    PADDING,
    PANEL,
    QUIET,
    RIGHT,
    Canvas,
)
from inference.charts.frame import (
    ChartData,
    draw_footnotes,
    draw_heading,
    draw_missing_photo,
    draw_rule,
    fill_photo,
)
from inference.charts.text_layout import TextStyle, clean, width, wrap

MAX_LABELS = 8
# With more photos side by side, the percentages would be too small for a phone.
_MAX_COLUMNS = 5
_LABEL = TextStyle(32, colour=INK)
_GREY_LABEL = TextStyle(32, colour=QUIET)
_Box = tuple[float, float, float, float]
_LEADING = 37
_MEASURED_CHARACTERS = 50  # of a label; more do not fit in its column
# With this many columns, percentages have no decimals, so that they can be larger.
_WHOLE_PERCENTS_FROM = 4
_VALUE_SIZE = 34  # pixels per em of a percentage with a decimal
_WHOLE_VALUE_SIZE = 40  # without decimals: 15 points, if a phone shows the chart 390 points wide
_GUTTER = 8
_Rgb = tuple[int, int, int]
_SECTION_GAP = 36
_COLD, _WARM = (243, 246, 250), (173, 200, 248)  # colour of a cell at 0 and at 1
_GREY_COLD, _GREY_WARM = (245, 245, 246), (222, 223, 226)  # of something else


def _sections(count: int) -> list[range]:
    """Divide photos into sections of equal size; the last one can be smaller.

    The photos of a section stand side by side, with their table below.
    """
    sections = -(-count // _MAX_COLUMNS)
    columns = -(-count // sections)
    edges = [*range(0, count, columns), count]
    return [range(start, end) for start, end in pairwise(edges)]


def _heat_colour(share: float, cold: _Rgb = _COLD, warm: _Rgb = _WARM) -> str:
    mixed = (round(c + (w - c) * share) for c, w in zip(cold, warm, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _rows(data: ChartData, section: range) -> list[tuple[float, ...]]:
    """Return the scores of a section's readable photos."""
    return [row for photo in section if (row := data.rows[photo]) is not None]


def _shown_labels(data: ChartData, section: range) -> list[int]:
    """Return the labels with the highest scores, in the order in which they were typed.

    A section has fewer photos than MAX_LABELS, so the winner of each photo is among them.
    """
    rows, count = _rows(data, section), len(data.labels)
    best = sorted(range(count), key=lambda label: -max((row[label] for row in rows), default=0.0))
    return sorted(best[:MAX_LABELS])


def _draw_badge(canvas: Canvas, x: float, y: float, number: int) -> None:
    canvas.rectangle(x, y, 42, 42, PANEL)
    canvas.text(x + 21, y + 31, str(number), TextStyle(27, bold=True, colour=INK), "center")


def _draw_cell(canvas: Canvas, box: _Box, text: str, colour: str, style: TextStyle) -> None:
    x, y, w, h = box
    canvas.rectangle(x, y, w, h, colour, 12)
    canvas.text(x + w / 2, y + h / 2 + style.size * 0.36, text, style, "center")


def _draw_photo(
    canvas: Canvas,
    photo: Image.Image | None,
    number: int,
    unreadable: str,
    box: tuple[int, int, int, int],
) -> None:
    x, y, w, h = box
    if photo is None:
        draw_missing_photo(canvas, box, unreadable)
    else:
        canvas.photo(x, y, fill_photo(photo, w, h))
    _draw_badge(canvas, x + 8, y + 8, number)


@dataclass(frozen=True)
class _TableLayout:
    """Positions and sizes in the table.

    Attributes:
        label_width: of the column with labels, in pixels.
        step: from one photo's column to the next, in pixels.
        value_size: of percentages, in pixels per em.
        format_percent: writes a score as a percentage.
        label_lines: lines that a label can have.
    """

    label_width: int
    step: int
    value_size: float
    format_percent: Callable[[float], str]
    label_lines: int

    @classmethod
    def of(cls, sections: Sequence[range], data: ChartData) -> "_TableLayout":
        columns = max(map(len, sections))
        shown = {label for section in sections for label in _shown_labels(data, section)}
        texts = [data.labels[label] for label in shown]
        if data.has_something_else(range(len(data.rows))):
            texts.append(data.words.something_else)
        widest_label = max(width(clean(text)[:_MEASURED_CHARACTERS], _LABEL) for text in texts)
        label_width = max(
            120, min({2: 360, 3: 310, 4: 270}.get(columns, 240), math.ceil(widest_label))
        )
        step = (RIGHT - LEFT - label_width - 20 + _GUTTER) // columns
        if columns >= _WHOLE_PERCENTS_FROM:
            format_percent, largest = data.whole_percent, _WHOLE_VALUE_SIZE
        else:
            format_percent, largest = data.percent, _VALUE_SIZE
        best = [max(row) for row in data.rows if row is not None]
        best += [one.share for one in data.something_else if one]
        style = TextStyle(largest, bold=True)
        widest = max(width(format_percent(share), style) for share in [0.5, *best])
        value_size = min(largest, int(largest * (step - _GUTTER - 10) / widest))
        # A second section repeats the labels, and chats show a very tall chart smaller.
        label_lines = 3 if len(sections) == 1 else 2
        return cls(label_width, step, value_size, format_percent, label_lines)

    def left(self, column: int) -> int:
        return LEFT + self.label_width + 20 + column * self.step

    @property
    def cell_width(self) -> int:
        return self.step - _GUTTER


def _draw_label_row(
    canvas: Canvas, layout: _TableLayout, data: ChartData, section: range, label: int, top: int
) -> int:
    """Draw a label and its cells; return the height of the row."""
    height = _draw_label(canvas, layout, data.labels[label], _LABEL, top)
    for column, photo in enumerate(section):
        cell = (layout.left(column), top, layout.cell_width, height)
        row = data.rows[photo]
        if row is None:
            _draw_unknown(canvas, layout, cell)
            continue
        text = layout.format_percent(row[label])
        is_best = label == row.index(max(row))
        if is_best and not data.none_fits(photo):
            style = TextStyle(layout.value_size, bold=True, colour=PANEL)
            _draw_cell(canvas, cell, text, ACCENT, style)
        else:
            colour = QUIET if text == layout.format_percent(0) else INK
            style = TextStyle(layout.value_size, is_best and not data.splits_all, colour)
            _draw_cell(canvas, cell, text, _heat_colour(row[label]), style)
    return height


def _draw_label(
    canvas: Canvas, layout: _TableLayout, label: str, style: TextStyle, top: int
) -> int:
    """Draw a label; return the height of its row."""
    lines = wrap(label, style, layout.label_width, layout.label_lines)
    height = max(60, len(lines) * _LEADING + 10)
    baseline = top + height / 2 + 11 - (len(lines) - 1) * _LEADING / 2
    for index, line in enumerate(lines):
        canvas.text(LEFT, baseline + index * _LEADING, line, style)
    return height


def _draw_unknown(canvas: Canvas, layout: _TableLayout, cell: _Box) -> None:
    _draw_cell(canvas, cell, "–", _heat_colour(0), TextStyle(layout.value_size, False, QUIET))


def _draw_else_row(
    canvas: Canvas, layout: _TableLayout, data: ChartData, section: range, top: int
) -> int:
    """Draw the row of something else; return its height. Where it wins, its cell is dark."""
    height = _draw_label(canvas, layout, data.words.something_else, _GREY_LABEL, top)
    for column, photo in enumerate(section):
        cell = (layout.left(column), top, layout.cell_width, height)
        something_else = data.something_else[photo]
        if something_else is None:
            _draw_unknown(canvas, layout, cell)
            continue
        text = layout.format_percent(something_else.share)
        if something_else.wins:
            style = TextStyle(layout.value_size, bold=True, colour=PANEL)
            _draw_cell(canvas, cell, text, GREY, style)
        else:
            style = TextStyle(layout.value_size, colour=QUIET)
            grey = _heat_colour(something_else.share, _GREY_COLD, _GREY_WARM)
            _draw_cell(canvas, cell, text, grey, style)
    return height


def draw_album(
    photos: Sequence[Image.Image | None], data: ChartData, numbers: Sequence[int]
) -> Image.Image:
    """Draw the chart of 2..10 photos with these numbers; return it in RGB."""
    canvas = Canvas()
    top = round(draw_heading(canvas, data.words.title, LEFT, RIGHT, EDGE + PADDING))
    sections = _sections(len(photos))
    layout = _TableLayout.of(sections, data)
    # Narrow photos are upright: more of each is visible, and numbers cover less of it.
    photo_height = min(max(layout.cell_width, 150), 210)
    hidden: list[list[float]] = []
    for section in sections:
        for column, photo in enumerate(section):
            box = (layout.left(column), top, layout.cell_width, photo_height)
            _draw_photo(canvas, photos[photo], numbers[photo], data.words.unreadable, box)
        top += photo_height + 14
        rows = _rows(data, section)
        shown = _shown_labels(data, section)
        for label in shown:
            top += _draw_label_row(canvas, layout, data, section, label, top) + _GUTTER
        if data.has_something_else(section):
            if not data.splits_all:
                draw_rule(canvas, LEFT, top + _GUTTER)
                top += _GUTTER + 2 + 2 * _GUTTER
            top += _draw_else_row(canvas, layout, data, section, top) + _GUTTER
        top += _SECTION_GAP
        hidden += [[share for label, share in enumerate(row) if label not in shown] for row in rows]
    more = data.and_more(hidden) if hidden and hidden[0] else ""
    return canvas.render(draw_footnotes(canvas, data, more, top - _GUTTER - _SECTION_GAP))
