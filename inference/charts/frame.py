"""What every chart has: its scores, a heading, footnotes, a tile where a photo is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from inference.charts.canvas import EMPTY, INK, LEFT, QUIET, RIGHT, Canvas
from inference.charts.text_layout import Style, clean, width, wrap
from inference.protocol.messages import ChartWords

HEADING = Style(40, bold=True, colour=INK)
FOOTNOTE = Style(27, colour=QUIET)
TILE = Style(27, colour=INK)


@dataclass(frozen=True)
class Scores:
    """What a chart shows.

    Attributes:
        labels: 1..500 texts as typed.
        rows: for each photo one score in 0..1 for each label; None for one that is unreadable.
        sigmoid_scores: scores are sigmoids and need not add up to 1.
    """

    labels: tuple[str, ...]
    rows: tuple[tuple[float, ...] | None, ...]
    words: ChartWords
    sigmoid_scores: bool
    demo: bool

    def percent(self, share: float) -> str:
        """A share in 0..1 as people write it, e.g. "93.1 %"."""
        return f"{share * 100:.1f} %".replace(".", self.words.decimal_point)

    def whole_percent(self, share: float) -> str:
        """A share in 0..1 where there is little room, e.g. "93 %"."""
        return f"{share * 100:.0f} %"

    def and_more(self, hidden: Sequence[Sequence[float]]) -> str:
        """The line for labels that have no room.

        Args:
            hidden: for each photo the scores that are not shown, as many for each.
        """
        if self.sigmoid_scores:  # a sum would mean nothing, so the largest
            share = "≤ " + self.percent(max(map(max, hidden)))
        elif len(hidden) > 1:
            share = "≤ " + self.percent(min(1.0, max(map(sum, hidden))))
        else:
            share = self.percent(min(1.0, sum(hidden[0])))
        # not str.format: a translation with a stray brace must not stop a chart
        line = self.words.and_more.replace("{count}", str(len(hidden[0])))
        return line.replace("{share}", share)


def heading(
    canvas: Canvas, text: str, left: float, right: float, top: float, *, centred: bool = False
) -> float:
    """The title in at most two lines; returns where the next thing may start.

    Args:
        centred: `top` is where its middle is to be.
    """
    lines = wrap(text, HEADING, right - left, 2)
    if centred:
        top -= len(lines) * 25
    for line in lines:
        canvas.text(left, top + 36, line, HEADING)
        top += 50
    return top + 22 if lines else top


def footnotes(canvas: Canvas, scores: Scores, more: str, top: float) -> float:
    """What must be said below; returns where it ends."""
    notes = (
        more,
        scores.words.independent if scores.sigmoid_scores else "",
        scores.words.demo if scores.demo else "",
    )
    lines = [line for note in notes for line in wrap(note, FOOTNOTE, RIGHT - LEFT, 2)]
    for index, line in enumerate(lines):
        canvas.text(LEFT, top + 46 + index * 38, line, FOOTNOTE)
    return top + 54 + (len(lines) - 1) * 38 if lines else top


def missing_photo(canvas: Canvas, box: tuple[int, int, int, int], text: str) -> None:
    """A grey tile at (x, y, width, height) that says why there is no photo."""
    x, y, w, h = box
    canvas.bar(x, y, w, h, EMPTY, 18)
    words = [width(word, TILE) for word in clean(text).split()]
    style = replace(TILE, size=int(TILE.size * min(1.0, (w - 12) / max(words, default=1))))
    lines = wrap(text, style, w - 12, 3)
    # an album's number is in the upper left corner, so the text keeps below the middle
    first = y + h * 0.62 - (len(lines) - 1) * style.size * 0.6 + style.size * 0.36
    for index, line in enumerate(lines):
        canvas.text(x + w / 2, first + index * style.size * 1.2, line, style, "center")


def _cropped(size: tuple[int, int], narrowest: float, widest: float) -> tuple[float, ...]:
    """The middle of a picture, with width ÷ height within the bounds."""
    w, h = size
    crop_w, crop_h = min(w, h * widest), min(h, w / narrowest)
    left, top = (w - crop_w) / 2, (h - crop_h) / 2
    return (left, top, left + crop_w, top + crop_h)


def _resized(photo: Image.Image, size: tuple[int, int], box: tuple[float, ...]) -> Image.Image:
    rgb = photo if photo.mode == "RGB" else photo.convert("RGB")
    # Two steps: a cheap reduction by whole numbers first, as far as it goes, then the good filter.
    # On a chart nobody can tell this from the good filter alone, which takes twice as long.
    return rgb.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=1.1)  # type: ignore[arg-type]


def fitted(photo: Image.Image, width: int, height: int, widest: float = 4.0) -> Image.Image:
    """The photo as large as fits into the box; only slivers lose their ends."""
    box = _cropped(photo.size, 1 / 3, widest)
    w, h = box[2] - box[0], box[3] - box[1]
    scale = min(width / w, height / h)
    return _resized(photo, (max(1, round(w * scale)), max(1, round(h * scale))), box)


def filled(photo: Image.Image, width: int, height: int) -> Image.Image:
    """The middle of the photo, filling the box."""
    ratio = width / height
    return _resized(photo, (width, height), _cropped(photo.size, ratio, ratio))
