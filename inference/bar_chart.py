"""One photo: a bar for each label, the likeliest first."""

from dataclasses import dataclass

from PIL import Image

from inference import photos
from inference.canvas import ACCENT, BAR, EDGE, INK, LEFT, PADDING, RIGHT, TRACK, Canvas
from inference.card import Scores, footnotes, heading, missing_photo
from inference.lettering import Style, width, wrap

MAX_BARS = 15
# Up to here the bars stand beside the photo; more of them would leave a hole under it.
_MAX_BESIDE = 7
_PANORAMA = 1.9  # width ÷ height from which a photo is better off above the bars
_SIDE = 310  # width of a photo beside the bars


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
    canvas.bar(x, y, length, thickness, TRACK)
    if row.share >= 0.0005:  # what prints as 0.0 % has no bar
        colour = ACCENT if row.is_winner else BAR
        canvas.bar(x, y, max(thickness, length * row.share), thickness, colour)


def _rows(scores: Scores, size: float, limit: float) -> tuple[list[_Row], str]:
    """The rows to draw, and the line for those that have no room."""
    (shares,) = scores.rows
    if shares is None:
        return [], ""
    order = sorted(range(len(shares)), key=lambda label: -shares[label])  # stable: ties as typed
    rows = [
        _Row(
            lines=wrap(scores.labels[label], _set_in(size, place == 0), limit, 2),
            share=shares[label],
            percent=scores.percent(shares[label]),
            is_winner=place == 0,
        )
        for place, label in enumerate(order[:MAX_BARS])
    ]
    hidden = [shares[label] for label in order[MAX_BARS:]]
    return rows, scores.and_more([hidden]) if hidden else ""


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


def draw_bars(photo: Image.Image | None, scores: Scores) -> Image.Image:
    """The chart of one photo, RGB."""
    canvas = Canvas()
    top = EDGE + PADDING
    percent_room = width("100.0 %", _percent_in(_SIZE, True)) + 24
    count = min(len(scores.labels), MAX_BARS)
    if photo is not None and photo.width > _PANORAMA * photo.height:
        top = round(heading(canvas, scores.words.title, LEFT, RIGHT, top))
        banner = photos.fitted(photo, RIGHT - LEFT, 330, widest=3.5)
        canvas.photo(LEFT, top, banner)
        top += banner.height + 34
        beside = False
    elif count > _MAX_BESIDE:
        right = LEFT
        if photo is None:
            missing_photo(canvas, (LEFT, top, 220, 220), scores.words.unreadable, 27)
            w, h = 220, 220
        else:
            small = photos.fitted(photo, 340, 220)
            canvas.photo(LEFT, top, small)
            w, h = small.size
        right = LEFT + w + 34
        heading(canvas, scores.words.title, right, RIGHT, top + 4)
        top += h + 36
        beside = False
    else:
        top = round(heading(canvas, scores.words.title, LEFT, RIGHT, top))
        beside = True
    if not beside and count > _MAX_BESIDE:
        rows, more = _rows(scores, _SMALL, 420)
        bottom = _in_columns(canvas, rows, top)
    elif not beside:
        rows, more = _rows(scores, _SIZE, RIGHT - LEFT - percent_room)
        bottom = _stacked(canvas, rows, LEFT, top)
    else:
        left = LEFT + _SIDE + 36
        rows, more = _rows(scores, _SIZE, RIGHT - left - percent_room)
        height = _stacked_height(rows)
        if photo is None:
            missing_photo(canvas, (LEFT, top, _SIDE, _SIDE), scores.words.unreadable, 27)
            side_height = _SIDE
        else:
            side = photos.fitted(photo, _SIDE, min(560, max(400, height)))
            canvas.photo(LEFT + (_SIDE - side.width) // 2, top, side)
            side_height = side.height
        _stacked(canvas, rows, left, top + max(0, (side_height - height) / 2))
        bottom = top + max(side_height, height)
    return canvas.paint(footnotes(canvas, scores, more, bottom))
