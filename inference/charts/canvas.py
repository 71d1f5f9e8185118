"""A card to draw charts on: pixels from the top left, texts, rounded bars and pictures.

Everything is a matplotlib artist, without axes: those cost more to lay out than the whole chart to
draw. Photos and emoji come in their final size, so that matplotlib only copies them.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Literal

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.transforms import Affine2D, IdentityTransform
from PIL import Image, ImageDraw

from inference.charts import fonts
from inference.charts.text_layout import DPI, Style, emoji_height, properties, runs, width

WIDTH = 1_000  # pixels: sharp on a phone, where it is shown about 390 points wide
EDGE = 14  # between the picture's border and the card, so that the card is soft in a dark chat
PADDING = 42  # between the card's border and what is on it
LEFT, RIGHT = EDGE + PADDING, WIDTH - EDGE - PADDING

# Contrast on CARD (WCAG 2.2, 1.4.3 asks for 4.5): INK 16.4, QUIET 6.1, ACCENT 5.7.
PAGE, CARD, BORDER = "#e8ecf1", "#ffffff", "#d9e0e8"
INK, QUIET = "#16202c", "#576373"
TRACK, BAR, ACCENT = "#edf0f4", "#a9b7c8", "#1f5fd6"
EMPTY = "#d4dae2"  # where a photo would be

_drawing = threading.Lock()


def _is_error(record: logging.LogRecord) -> bool:
    """Leaves out that some font has no bold face, which `fonts` knows and accepts."""
    return record.levelno >= logging.ERROR


@contextmanager
def own_settings() -> Iterator[None]:
    """matplotlib's settings as charts need them, whatever a user's matplotlibrc says.

    The settings are the whole process's, so one chart is drawn at a time.
    """
    log = logging.getLogger("matplotlib.font_manager")
    # Unhinted letters are truer at this size, and shaping takes a third of the time.
    with _drawing, mpl.rc_context({"text.hinting": "none", "text.usetex": False}):
        log.addFilter(_is_error)
        try:
            yield
        finally:
            log.removeFilter(_is_error)


@lru_cache(maxsize=16)
def _corner(radius: int) -> Image.Image:
    """Mask [radius, radius] of a rounded top left corner, smooth at its edge."""
    big = Image.new("L", (radius * 4, radius * 4), 0)
    ImageDraw.Draw(big).ellipse((0, 0, radius * 8, radius * 8), fill=255)
    return big.resize((radius, radius), Image.Resampling.BOX)


def rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """Mask of a rectangle, at least 2 × radius wide and high, with rounded corners."""
    mask = Image.new("L", size, 255)
    corner = _corner(radius)
    flip, mirror = Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.FLIP_LEFT_RIGHT
    across, down = size[0] - radius, size[1] - radius
    mask.paste(corner, (0, 0))
    mask.paste(corner.transpose(mirror), (across, 0))
    mask.paste(corner.transpose(flip), (0, down))
    mask.paste(corner.transpose(Image.Transpose.ROTATE_180), (across, down))
    return mask


class _Picture(Artist):
    """RGBA pixels, copied as they are; matplotlib's own image artists would sample them anew."""

    def __init__(self, picture: Image.Image, x: int, y: int) -> None:
        super().__init__()
        self._pixels = np.asarray(picture)[::-1]  # matplotlib's rows go up
        self._corner = (x, -y - picture.height)

    def draw(self, renderer: RendererBase) -> None:
        """Copies the pixels."""
        x, y = self.get_transform().transform(self._corner)
        context = renderer.new_gc()
        renderer.draw_image(context, round(x), round(y), self._pixels)
        context.restore()


class Line(Artist):
    """A line of text at a baseline; matplotlib's own artist would lay every line out twice."""

    def __init__(self, x: float, baseline: float, text: str, style: Style) -> None:
        super().__init__()
        text, families = fonts.drawable(text)
        self.text, self.style = text, style
        self._font = properties(families, style)
        self._colour, self._corner = to_rgba(style.colour), (x, -baseline)

    def draw(self, renderer: RendererBase) -> None:
        """Draws the letters; never reads them as markup."""
        x, y = self.get_transform().transform(self._corner)
        context = renderer.new_gc()
        context.set_foreground(self._colour, isRGBA=True)
        top = renderer.get_canvas_width_height()[1] - y  # Agg counts rows from the top
        renderer.draw_text(context, x, top, self.text, self._font, 0.0, ismath=False)
        context.restore()


class Canvas:
    """Collects what a card shows, then paints it once its height is known.

    All positions are in pixels, x to the right and y down from the picture's top left corner.
    """

    def __init__(self) -> None:
        self._figure = Figure(dpi=DPI, facecolor=PAGE, edgecolor="none")
        self._artists: list[Artist] = []

    def bar(
        self, x: float, y: float, w: float, h: float, colour: str, radius: float | None = None
    ) -> None:
        """A filled rectangle, its ends round unless a radius says otherwise."""
        round_by = min(w, h) / 2 if radius is None else min(radius, w / 2, h / 2)
        patch = FancyBboxPatch(
            (x, -y - h),
            w,
            h,
            boxstyle=f"round,pad=0,rounding_size={round_by:.2f}",
            facecolor=colour,
            edgecolor="none",
            linewidth=0,
        )
        self._add(patch)

    def text(
        self,
        x: float,
        baseline: float,
        line: str,
        style: Style,
        align: Literal["left", "center", "right"] = "left",
    ) -> None:
        """One line, cleaned before (see `lettering.wrap`); never read as markup."""
        x -= {"left": 0.0, "center": 0.5, "right": 1.0}[align] * width(line, style)
        for run in runs(line, style):
            if run.is_picture:
                self._emoji(x, baseline, run.text, style)
            else:
                self._add(Line(x, baseline, run.text, style))
            x += run.width

    def _emoji(self, x: float, baseline: float, sequence: str, style: Style) -> None:
        picture = fonts.emoji(sequence, emoji_height(style.size))
        if picture is not None:
            self._image(round(x + style.size * 0.05), round(baseline - style.size * 0.94), picture)

    def photo(self, x: int, y: int, photo: Image.Image, radius: int = 18) -> None:
        """An RGB picture with round corners and a hairline around, lest a white one melts away."""
        w, h = photo.size
        self.bar(x - 1, y - 1, w + 2, h + 2, BORDER, radius + 1)
        framed = photo.copy()
        framed.putalpha(rounded(photo.size, radius))
        self._image(x, y, framed)

    def _image(self, x: int, y: int, picture: Image.Image) -> None:
        self._add(_Picture(picture, x, y))

    def _add(self, artist: Artist) -> None:
        artist.set_zorder(len(self._artists))  # what comes later lies on top
        self._artists.append(artist)

    def paint(self, bottom: float) -> Image.Image:
        """The card as an RGB picture, its content ending at `bottom`."""
        height = round(bottom) + PADDING + EDGE
        self._figure.set_size_inches(WIDTH / DPI, height / DPI)
        canvas = FigureCanvasAgg(self._figure)
        card = FancyBboxPatch(
            (EDGE, EDGE),
            WIDTH - 2 * EDGE,
            height - 2 * EDGE,
            boxstyle="round,pad=0,rounding_size=30",
            facecolor=CARD,
            edgecolor=BORDER,
            linewidth=1.5,
            transform=IdentityTransform(),
            zorder=-1,
        )
        self._figure.add_artist(card)
        upright = Affine2D().translate(0, height)  # matplotlib's y goes up from the bottom
        for artist in self._artists:
            artist.set_transform(upright)
            self._figure.add_artist(artist)
        canvas.draw()  # type: ignore[no-untyped-call]
        size = (WIDTH, height)
        pixels = bytes(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        return Image.frombuffer("RGBA", size, pixels).convert("RGB")
