"""What all charts have in common: data, heading, footnotes, photos and tiles for missing ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from inference.charts.canvas import BORDER, EMPTY, INK, LEFT, QUIET, RIGHT, Canvas
from inference.charts.text_layout import TextStyle, clean, width, wrap
from inference.protocol.messages import ChartWords

HEADING = TextStyle(40, bold=True, colour=INK)
FOOTNOTE = TextStyle(27, colour=QUIET)
TILE = TextStyle(27, colour=INK)


@dataclass(frozen=True)
class SomethingElse:
    """How well something else fits a photo, which nobody typed.

    Attributes:
        share: 0..1.
        wins: none of the labels fits.
        is_shown: a reader should see it, see `shows_something_else`.
    """

    share: float
    wins: bool
    is_shown: bool


@dataclass(frozen=True)
class ChartData:
    """The scores that a chart shows, and the words around them.

    Attributes:
        labels: 1..500 texts as typed.
        rows: for each photo one score in 0..1 for each label; None for an unreadable photo.
        words: everything else that the chart says.
        sigmoid_scores: scores are sigmoids and need not add up to 1.
        demo: the bundled demo model answered.
        something_else: for each photo how well something else fits; None if that is not known.
        splits_all: a single label and something else share the 100 %; they are one table.
    """

    labels: tuple[str, ...]
    rows: tuple[tuple[float, ...] | None, ...]
    words: ChartWords
    sigmoid_scores: bool
    demo: bool
    something_else: tuple[SomethingElse | None, ...]
    splits_all: bool = False

    def has_something_else(self, photos: Iterable[int]) -> bool:
        """Return whether something else is shown for these photos: one of them needs it."""
        return any(one.is_shown for photo in photos if (one := self.something_else[photo]))

    def none_fits(self, photo: int) -> bool:
        """Return whether none of the labels fits a photo."""
        one = self.something_else[photo]
        return one is not None and one.wins

    @property
    def shows_apart(self) -> bool:
        """Return whether something else is shown that is not part of the labels' 100 %."""
        return not self.splits_all and self.has_something_else(range(len(self.rows)))

    def percent(self, share: float) -> str:
        """Return a score in 0..1 as people write it, e.g. "93.1 %"."""
        return f"{share * 100:.1f} %".replace(".", self.words.decimal_point)

    def whole_percent(self, share: float) -> str:
        """Return a score in 0..1 for places with little room, e.g. "93 %"."""
        return f"{share * 100:.0f} %"

    def and_more(self, hidden: Sequence[Sequence[float]]) -> str:
        """Return the line for the labels that are not shown, e.g. "and 3 more: 2.1 %".

        Args:
            hidden: for each photo the scores of these labels, in the same order.
        """
        if self.sigmoid_scores:  # their sum has no meaning, so the largest is shown
            share = "≤ " + self.percent(max(map(max, hidden)))
        elif len(hidden) > 1:
            share = "≤ " + self.percent(min(1.0, max(map(sum, hidden))))
        else:
            share = self.percent(min(1.0, sum(hidden[0])))
        # str.format would raise if a translation contains another brace.
        line = self.words.and_more.replace("{count}", str(len(hidden[0])))
        return line.replace("{share}", share)


def draw_heading(
    canvas: Canvas, text: str, left: float, right: float, top: float, *, centred: bool = False
) -> float:
    """Draw the title in at most two lines; return where the next part can start.

    Args:
        centred: `top` is the middle of the title, not its upper end.
    """
    lines = wrap(text, HEADING, right - left, 2)
    if centred:
        top -= len(lines) * 25
    for line in lines:
        canvas.text(left, top + 36, line, HEADING)
        top += 50
    return top + 22 if lines else top


def draw_notes(canvas: Canvas, notes: Sequence[str], top: float) -> float:
    """Draw lines below what ends at `top`; return where they end."""
    lines = [line for note in notes for line in wrap(note, FOOTNOTE, RIGHT - LEFT, 2)]
    for index, line in enumerate(lines):
        canvas.text(LEFT, top + 46 + index * 38, line, FOOTNOTE)
    return top + 54 + (len(lines) - 1) * 38 if lines else top


def draw_rule(canvas: Canvas, left: float, top: float) -> None:
    """Draw the thin line above something else, whose share is not part of the labels' 100 %."""
    canvas.rectangle(left, top, RIGHT - left, 2, BORDER)


def draw_footnotes(canvas: Canvas, data: ChartData, more: str, top: float) -> float:
    """Draw the lines below a chart; return where they end."""
    notes = (
        more,
        f"{data.words.something_else}: {data.words.apart}" if data.shows_apart else "",
        data.words.independent if data.sigmoid_scores else "",
        data.words.demo if data.demo else "",
    )
    return draw_notes(canvas, notes, top)


def draw_missing_photo(canvas: Canvas, box: tuple[int, int, int, int], text: str) -> None:
    """Draw a grey tile at (x, y, width, height) with a text that says why there is no photo."""
    x, y, w, h = box
    canvas.rectangle(x, y, w, h, EMPTY, 18)
    words = [width(word, TILE) for word in clean(text).split()]
    style = replace(TILE, size=int(TILE.size * min(1.0, (w - 12) / max(words, default=1))))
    lines = wrap(text, style, w - 12, 3)
    # An album's photo number is in the upper left corner, so the text is below the middle.
    first = y + h * 0.62 - (len(lines) - 1) * style.size * 0.6 + style.size * 0.36
    for index, line in enumerate(lines):
        canvas.text(x + w / 2, first + index * style.size * 1.2, line, style, "center")


def _centre_crop(size: tuple[int, int], narrowest: float, widest: float) -> tuple[float, ...]:
    """Return the box of the largest centre of a picture with width ÷ height within the bounds."""
    w, h = size
    crop_w, crop_h = min(w, h * widest), min(h, w / narrowest)
    left, top = (w - crop_w) / 2, (h - crop_h) / 2
    return (left, top, left + crop_w, top + crop_h)


def _resize(photo: Image.Image, size: tuple[int, int], box: tuple[float, ...]) -> Image.Image:
    rgb = photo if photo.mode == "RGB" else photo.convert("RGB")
    # `reducing_gap`: Pillow first shrinks by a whole number, which is fast, and uses LANCZOS only
    # for the rest. LANCZOS alone takes twice as long, and no difference is visible on a chart.
    return rgb.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=1.1)  # type: ignore[arg-type]


def fit_photo(photo: Image.Image, width: int, height: int, widest: float = 4.0) -> Image.Image:
    """Return the photo resized to fit the box; only very long ones are cropped."""
    box = _centre_crop(photo.size, 1 / 3, widest)
    w, h = box[2] - box[0], box[3] - box[1]
    scale = min(width / w, height / h)
    return _resize(photo, (max(1, round(w * scale)), max(1, round(h * scale))), box)


def fill_photo(photo: Image.Image, width: int, height: int) -> Image.Image:
    """Return the centre of the photo, cropped and resized to fill the box."""
    ratio = width / height
    return _resize(photo, (width, height), _centre_crop(photo.size, ratio, ratio))
