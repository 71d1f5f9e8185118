"""One photo: a bar for each label, the likeliest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from inference.charts.canvas import ACCENT, BAR, EDGE, INK, LEFT, PADDING, RIGHT, TRACK, Canvas
from inference.charts.frame import Scores, fitted, footnotes, heading, missing_photo
from inference.charts.text_layout import Style, width, wrap

MAX_BARS = 15
# Up to here bars are tall and stand beside the photo; more of them would leave a hole under it.
_FEW = 7
_PANORAMA = 1.9  # width ÷ height from which a photo is better off above the bars
_SIDE = 320  # width of a photo beside the bars
_HEAD = 190  # height of a photo above many bars
_LINES, _SMALL_LINES = 24, 36  # of all labels, where there are few and where many
_MOST_LINES = 5  # of one label
_CORNER = 5  # radius at the ends of bars
_THINNEST = 2  # width of a bar of next to nothing, still to be seen on a phone


@dataclass(frozen=True)
class _Row:
    lines: list[str]
    share: float
    percent: str
    is_winner: bool


def _set_in(size: float, is_winner: bool) -> Style:
    return Style(size, bold=is_winner, colour=INK)


def _percent_in(size: float, is_winner: bool) -> Style:
    return Style(size, bold=is_winner, colour=ACCENT if is_winner else INK)


def _bar(canvas: Canvas, row: _Row, x: float, y: float, length: float, thickness: float) -> None:
    # Round ends would make every bar that is shorter than it is thick look the same.
    canvas.bar(x, y, length, thickness, TRACK, _CORNER)
    if row.share >= 0.0005:  # what prints as 0.0 % has no bar
        colour = ACCENT if row.is_winner else BAR
        seen = _THINNEST + (length - _THINNEST) * row.share
        canvas.bar(x, y, seen, thickness, colour, _CORNER)


def _order(shares: Sequence[float]) -> list[int]:
    """Places of the labels, the likeliest first; equal ones as they were typed."""
    return sorted(range(len(shares)), key=lambda label: -shares[label])


def _rows(scores: Scores, size: float, limit: float, in_all: int = _LINES) -> list[_Row]:
    """The bars that have room, with labels of at most `limit` pixels.

    The fewer there are, the more of the lines `in_all` each may have, so that long labels are seen
    whole.
    """
    (shares,) = scores.rows
    if shares is None:
        return []
    lines = max(2, min(_MOST_LINES, in_all // min(len(shares), MAX_BARS)))
    return [
        _Row(
            lines=wrap(scores.labels[label], _set_in(size, place == 0), limit, lines),
            share=shares[label],
            percent=scores.percent(shares[label]),
            is_winner=place == 0,
        )
        for place, label in enumerate(_order(shares)[:MAX_BARS])
    ]


def _more(scores: Scores) -> str:
    """The line for labels that have no bar."""
    (shares,) = scores.rows
    if shares is None or len(shares) <= MAX_BARS:
        return ""
    return scores.and_more([[shares[label] for label in _order(shares)[MAX_BARS:]]])


_SIZE, _LEADING, _THICK, _GAP = 34, 44, 16, 30


def _stacked(canvas: Canvas, rows: list[_Row], left: float, top: float) -> float:
    """Each label above its bar: room for long labels."""
    for row in rows:
        for index, line in enumerate(row.lines):
            style = _set_in(_SIZE, row.is_winner)
            canvas.text(left, top + 33 + index * _LEADING, line, style)
        height = max(1, len(row.lines)) * _LEADING
        style = _percent_in(_SIZE, row.is_winner)
        canvas.text(RIGHT, top + height - 11, row.percent, style, "right")
        _bar(canvas, row, left, top + height + 6, RIGHT - left, _THICK)
        top += height + 6 + _THICK + _GAP
    return top - _GAP


def _stacked_height(rows: list[_Row]) -> int:
    text = sum(max(1, len(row.lines)) * _LEADING for row in rows)
    return text + len(rows) * (6 + _THICK + _GAP) - _GAP


_SMALL, _SMALL_LEADING, _SMALL_THICK, _SMALL_GAP = 31, 38, 20, 18
_SMALL_LABEL = 440  # width


def _in_columns(canvas: Canvas, rows: list[_Row], top: float) -> float:
    """Label, bar and percentage side by side: many rows in little height."""
    longest = max(
        (width(line, _set_in(_SMALL, row.is_winner)) for row in rows for line in row.lines),
        default=0,
    )
    start = LEFT + max(140, longest) + 24
    end = RIGHT - 136
    for row in rows:
        style = _set_in(_SMALL, row.is_winner)
        for index, line in enumerate(row.lines):
            canvas.text(LEFT, top + 29 + index * _SMALL_LEADING, line, style)
        height = max(1, len(row.lines)) * _SMALL_LEADING
        middle = top + height / 2
        _bar(canvas, row, start, middle - _SMALL_THICK / 2, end - start, _SMALL_THICK)
        canvas.text(RIGHT, middle + 10, row.percent, _percent_in(_SMALL, row.is_winner), "right")
        top += height + _SMALL_GAP
    return top - _SMALL_GAP


def _percent_room() -> float:
    return width("100.0 %", _percent_in(_SIZE, True)) + 24


def _beside(canvas: Canvas, photo: Image.Image | None, scores: Scores, top: float) -> float:
    """A few bars to the right of the photo; returns where they end, and so do the others below."""
    start = round(heading(canvas, scores.words.title, LEFT, RIGHT, top))
    left = LEFT + _SIDE + 36
    rows = _rows(scores, _SIZE, RIGHT - left - _percent_room())
    if photo is None:
        missing_photo(canvas, (LEFT, start, _SIDE, _SIDE), scores.words.unreadable)
        photo_height = _SIDE
    else:
        small = fitted(photo, _SIDE, min(560, max(400, _stacked_height(rows))))
        canvas.photo(LEFT, start, small)
        photo_height = small.height
        if small.width < _SIDE:  # a tall photo leaves the labels more room
            left = LEFT + small.width + 36
            rows = _rows(scores, _SIZE, RIGHT - left - _percent_room())
    height = _stacked_height(rows)
    _stacked(canvas, rows, left, start + max(0, (photo_height - height) / 2))
    return start + max(photo_height, height)


def _banner(canvas: Canvas, photo: Image.Image, scores: Scores, top: float) -> float:
    """A panorama above the bars."""
    start = round(heading(canvas, scores.words.title, LEFT, RIGHT, top))
    wide = fitted(photo, RIGHT - LEFT, 330, widest=3.5)
    canvas.photo(LEFT, start, wide)
    start += wide.height + 34
    if len(scores.labels) > _FEW:
        return _in_columns(canvas, _rows(scores, _SMALL, _SMALL_LABEL, _SMALL_LINES), start)
    rows = _rows(scores, _SIZE, RIGHT - LEFT - _percent_room())
    return _stacked(canvas, rows, LEFT, start)


def _many(canvas: Canvas, photo: Image.Image | None, scores: Scores, top: int) -> float:
    """Photo and title in a row, the bars below."""
    if photo is None:
        w = h = _HEAD
        missing_photo(canvas, (LEFT, top, w, h), scores.words.unreadable)
    else:
        small = fitted(photo, 340, _HEAD)
        canvas.photo(LEFT, top, small)
        w, h = small.size
    start = LEFT + w + 34
    heading(canvas, scores.words.title, start, RIGHT, top + h / 2, centred=True)
    return _in_columns(canvas, _rows(scores, _SMALL, _SMALL_LABEL, _SMALL_LINES), top + h + 36)


def draw_bars(photo: Image.Image | None, scores: Scores) -> Image.Image:
    """The chart of one photo, RGB."""
    canvas = Canvas()
    top = EDGE + PADDING
    if photo is not None and photo.width > _PANORAMA * photo.height:
        bottom = _banner(canvas, photo, scores, top)
    elif len(scores.labels) > _FEW:
        bottom = _many(canvas, photo, scores, top)
    else:
        bottom = _beside(canvas, photo, scores, top)
    return canvas.paint(footnotes(canvas, scores, _more(scores), bottom))
