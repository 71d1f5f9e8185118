"""Draws the chart of one photo: a bar for each label, the most probable one first."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from inference.charts.canvas import (
    ACCENT,
    BAR,
    EDGE,
    GREY,
    GREY_FAINT,
    INK,
    LEFT,
    PADDING,
    QUIET,
    RIGHT,
    TRACK,
    Canvas,
)
from inference.charts.frame import (
    ChartData,
    draw_footnotes,
    draw_heading,
    draw_missing_photo,
    draw_notes,
    draw_rule,
    fit_photo,
)
from inference.charts.text_layout import TextStyle, width, wrap

MAX_BARS = 15
# Up to this many labels, bars are tall and stand beside the photo. More would be higher than the
# photo and leave empty space below it.
_MAX_TALL_BARS = 7
_PANORAMA = 1.9  # a photo with at least this width ÷ height is drawn above the bars
_PHOTO_WIDTH = 320  # beside the bars
_PHOTO_HEIGHT = 190  # above many bars
_TALL_LINES, _SMALL_LINES = 24, 36  # lines of all labels together: few labels, many labels
_MAX_LABEL_LINES = 5
_BAR_RADIUS = 5
_MIN_BAR = 2  # pixels: the shortest bar that is visible on a phone


@dataclass(frozen=True)
class _Look:
    """How a row is drawn: the colours of its label, its percentage and its bar."""

    bold: bool
    label: str
    percent: str
    bar: str

    def label_style(self, size: float) -> TextStyle:
        return TextStyle(size, self.bold, self.label)

    def percent_style(self, size: float) -> TextStyle:
        return TextStyle(size, self.bold, self.percent)


_WINNER = _Look(True, INK, ACCENT, ACCENT)
_OTHER = _Look(False, INK, INK, BAR)
# The best label, if none of them fits: it wins, but nothing is blue.
_BEST_OF_NONE = _Look(True, INK, INK, BAR)
_ELSE_WINS = _Look(True, INK, INK, GREY)
_ELSE = _Look(False, QUIET, QUIET, GREY_FAINT)


@dataclass(frozen=True)
class _BarRow:
    """A row of the chart.

    Attributes:
        is_apart: a thin line above it says that its share is not part of the others' 100 %.
    """

    lines: list[str]
    share: float
    percent: str
    look: _Look
    is_apart: bool = False


def _draw_bar(
    canvas: Canvas, row: _BarRow, x: float, y: float, length: float, thickness: float
) -> None:
    # With half circles as ends, all bars that are shorter than thick would look the same.
    canvas.rectangle(x, y, length, thickness, TRACK, _BAR_RADIUS)
    if row.share >= 0.0005:  # a smaller share is printed as 0.0 % and has no bar
        filled = _MIN_BAR + (length - _MIN_BAR) * row.share
        canvas.rectangle(x, y, filled, thickness, row.look.bar, _BAR_RADIUS)


def _ranking(shares: Sequence[float]) -> list[int]:
    """Return the indices of the labels, highest share first; equal ones in the order typed."""
    return sorted(range(len(shares)), key=lambda label: -shares[label])


def _rows(
    data: ChartData, size: float, limit: float, max_lines: int = _TALL_LINES
) -> list[_BarRow]:
    """Return the rows that fit in the chart.

    Args:
        limit: width of a label in pixels.
        max_lines: of all labels together. Fewer labels can have more lines each, so that long ones
            are shown completely.
    """
    (shares,), (something_else,) = data.rows, data.something_else
    if shares is None:
        return []
    lines = max(2, min(_MAX_LABEL_LINES, max_lines // min(len(shares), MAX_BARS)))

    def row(label: str, share: float, look: _Look, *, is_apart: bool = False) -> _BarRow:
        wrapped = wrap(label, look.label_style(size), limit, lines)
        return _BarRow(wrapped, share, data.percent(share), look, is_apart)

    best = _WINNER
    if something_else and something_else.wins:
        best = _OTHER if data.splits_all else _BEST_OF_NONE
    rows = [
        row(data.labels[label], shares[label], _OTHER if rank else best)
        for rank, label in enumerate(_ranking(shares)[:MAX_BARS])
    ]
    if something_else and something_else.is_shown:
        look = _ELSE_WINS if something_else.wins else _ELSE
        words, is_apart = data.words.something_else, not data.splits_all
        rows.append(row(words, something_else.share, look, is_apart=is_apart))
    return rows


def _and_more(data: ChartData) -> str:
    """Return the line for the labels without a bar; "" if all have one."""
    (shares,) = data.rows
    if shares is None or len(shares) <= MAX_BARS:
        return ""
    return data.and_more([[shares[label] for label in _ranking(shares)[MAX_BARS:]]])


_SIZE, _LEADING, _THICK, _GAP = 34, 44, 16, 30
_RULE_GAP = 30  # below the line above something else; above it are the usual gaps


def _draw_stacked(canvas: Canvas, rows: list[_BarRow], left: float, top: float) -> float:
    """Draw each label above its bar, which leaves room for long labels; return the bottom."""
    for row in rows:
        if row.is_apart:
            draw_rule(canvas, left, top)
            top += _RULE_GAP
        for index, line in enumerate(row.lines):
            canvas.text(left, top + 33 + index * _LEADING, line, row.look.label_style(_SIZE))
        height = max(1, len(row.lines)) * _LEADING
        style = row.look.percent_style(_SIZE)
        canvas.text(RIGHT, top + height - 11, row.percent, style, "right")
        _draw_bar(canvas, row, left, top + height + 6, RIGHT - left, _THICK)
        top += height + 6 + _THICK + _GAP
    return top - _GAP


def _stacked_height(rows: list[_BarRow]) -> int:
    text = sum(max(1, len(row.lines)) * _LEADING for row in rows)
    rules = sum(row.is_apart for row in rows) * _RULE_GAP
    return text + rules + len(rows) * (6 + _THICK + _GAP) - _GAP


_SMALL, _SMALL_LEADING, _SMALL_THICK, _SMALL_GAP = 31, 38, 20, 18
_SMALL_LABEL_WIDTH = 440


def _draw_columns(canvas: Canvas, data: ChartData, top: float) -> float:
    """Draw label, bar and percentage side by side, so that many rows fit; return the bottom."""
    rows = _rows(data, _SMALL, _SMALL_LABEL_WIDTH, _SMALL_LINES)
    longest = max(
        (width(line, row.look.label_style(_SMALL)) for row in rows for line in row.lines),
        default=0,
    )
    start = LEFT + max(140, longest) + 24
    end = RIGHT - 136
    for row in rows:
        if row.is_apart:
            top = draw_notes(canvas, [_and_more(data)], top - _SMALL_GAP) + _SMALL_GAP
            draw_rule(canvas, LEFT, top)
            top += _SMALL_GAP + 2
        style = row.look.label_style(_SMALL)
        for index, line in enumerate(row.lines):
            canvas.text(LEFT, top + 29 + index * _SMALL_LEADING, line, style)
        height = max(1, len(row.lines)) * _SMALL_LEADING
        middle = top + height / 2
        _draw_bar(canvas, row, start, middle - _SMALL_THICK / 2, end - start, _SMALL_THICK)
        canvas.text(RIGHT, middle + 10, row.percent, row.look.percent_style(_SMALL), "right")
        top += height + _SMALL_GAP
    return top - _SMALL_GAP


def _percent_width() -> float:
    return width("100.0 %", _WINNER.percent_style(_SIZE)) + 24


def _draw_beside_photo(
    canvas: Canvas, photo: Image.Image | None, data: ChartData, top: float
) -> float:
    """Draw a few bars to the right of the photo; return the bottom."""
    start = round(draw_heading(canvas, data.words.title, LEFT, RIGHT, top))
    left = LEFT + _PHOTO_WIDTH + 36
    rows = _rows(data, _SIZE, RIGHT - left - _percent_width())
    if photo is None:
        tile = (LEFT, start, _PHOTO_WIDTH, _PHOTO_WIDTH)
        draw_missing_photo(canvas, tile, data.words.unreadable)
        photo_height = _PHOTO_WIDTH
    else:
        small = fit_photo(photo, _PHOTO_WIDTH, min(560, max(400, _stacked_height(rows))))
        canvas.photo(LEFT, start, small)
        photo_height = small.height
        if small.width < _PHOTO_WIDTH:  # a tall photo leaves the labels more room
            left = LEFT + small.width + 36
            rows = _rows(data, _SIZE, RIGHT - left - _percent_width())
    height = _stacked_height(rows)
    _draw_stacked(canvas, rows, left, start + max(0, (photo_height - height) / 2))
    return start + max(photo_height, height)


def _draw_below_panorama(canvas: Canvas, photo: Image.Image, data: ChartData, top: float) -> float:
    """Draw the bars below a wide photo; return the bottom."""
    start = round(draw_heading(canvas, data.words.title, LEFT, RIGHT, top))
    wide = fit_photo(photo, RIGHT - LEFT, 330, widest=3.5)
    canvas.photo(LEFT, start, wide)
    start += wide.height + 34
    if len(data.labels) > _MAX_TALL_BARS:
        return _draw_columns(canvas, data, start)
    rows = _rows(data, _SIZE, RIGHT - LEFT - _percent_width())
    return _draw_stacked(canvas, rows, LEFT, start)


def _draw_many(canvas: Canvas, photo: Image.Image | None, data: ChartData, top: int) -> float:
    """Draw photo and title side by side and many bars below; return the bottom."""
    if photo is None:
        w = h = _PHOTO_HEIGHT
        draw_missing_photo(canvas, (LEFT, top, w, h), data.words.unreadable)
    else:
        small = fit_photo(photo, 340, _PHOTO_HEIGHT)
        canvas.photo(LEFT, top, small)
        w, h = small.size
    left = LEFT + w + 34
    draw_heading(canvas, data.words.title, left, RIGHT, top + h / 2, centred=True)
    return _draw_columns(canvas, data, top + h + 36)


def draw_bars(photo: Image.Image | None, data: ChartData) -> Image.Image:
    """Draw the chart of one photo; return it in RGB."""
    canvas = Canvas()
    top = EDGE + PADDING
    if photo is not None and photo.width > _PANORAMA * photo.height:
        bottom = _draw_below_panorama(canvas, photo, data, top)
    elif len(data.labels) > _MAX_TALL_BARS:
        bottom = _draw_many(canvas, photo, data, top)
    else:
        bottom = _draw_beside_photo(canvas, photo, data, top)
    # Above something else, the labels without a bar are already named.
    more = "" if data.shows_apart else _and_more(data)
    return canvas.render(draw_footnotes(canvas, data, more, bottom))
