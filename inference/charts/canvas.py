"""What charts are drawn on: texts, rounded rectangles and pictures at positions in pixels.

Everything is a matplotlib artist, without axes: laying out axes would take longer than drawing the
whole chart. Photos and emoji are resized before, so that matplotlib only copies their pixels.
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
from inference.charts.text_layout import DPI, TextStyle, emoji_height, font_properties, runs, width

WIDTH = 1_000  # pixels: sharp on a phone, which shows the chart about 390 points wide
EDGE = 14  # pixels around the white panel, so that its edge is soft in a dark chat
PADDING = 42  # between the panel's border and what is on it
LEFT, RIGHT = EDGE + PADDING, WIDTH - EDGE - PADDING

# Contrast on PANEL (WCAG 2.2, 1.4.3 asks for 4.5): INK 16.4, QUIET 6.1, ACCENT 5.7.
PAGE, PANEL, BORDER = "#e8ecf1", "#ffffff", "#d9e0e8"
INK, QUIET = "#16202c", "#576373"
TRACK, BAR, ACCENT = "#edf0f4", "#a9b7c8", "#1f5fd6"
EMPTY = "#d4dae2"  # in place of a photo
# Of "something else", which nobody typed: grey, without the blue of all other bars. White on
# GREY: 4.8. The faint one is for a share that does not win.
GREY, GREY_FAINT = "#6f7378", "#b9bbbe"

_drawing = threading.Lock()


def _is_error(record: logging.LogRecord) -> bool:
    """Return whether a log record is an error. Warnings about fonts without bold are not wanted."""
    return record.levelno >= logging.ERROR


@contextmanager
def chart_settings() -> Iterator[None]:
    """Set matplotlib's settings for a chart, whatever a user's matplotlibrc says.

    The settings belong to the whole process, so only one chart is drawn at a time.
    """
    log = logging.getLogger("matplotlib.font_manager")
    # Without hinting, letters keep their shapes at this size, and laying them out takes a third of
    # the time.
    with _drawing, mpl.rc_context({"text.hinting": "none", "text.usetex": False}):
        log.addFilter(_is_error)
        try:
            yield
        finally:
            log.removeFilter(_is_error)


@lru_cache(maxsize=16)
def _corner(radius: int) -> Image.Image:
    """Return the mask [radius, radius] of a rounded top left corner with a smooth edge."""
    big = Image.new("L", (radius * 4, radius * 4), 0)
    ImageDraw.Draw(big).ellipse((0, 0, radius * 8, radius * 8), fill=255)
    return big.resize((radius, radius), Image.Resampling.BOX)


def rounded_mask(size: tuple[int, int], radius: int) -> Image.Image:
    """Return the mask of a rounded rectangle that is at least 2 × radius wide and high."""
    mask = Image.new("L", size, 255)
    corner = _corner(radius)
    flip, mirror = Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.FLIP_LEFT_RIGHT
    across, down = size[0] - radius, size[1] - radius
    mask.paste(corner, (0, 0))
    mask.paste(corner.transpose(mirror), (across, 0))
    mask.paste(corner.transpose(flip), (0, down))
    mask.paste(corner.transpose(Image.Transpose.ROTATE_180), (across, down))
    return mask


class _ImageArtist(Artist):
    """Copies RGBA pixels as they are; matplotlib's own image artists would resample them."""

    def __init__(self, picture: Image.Image, x: int, y: int) -> None:
        super().__init__()
        self._pixels = np.asarray(picture)[::-1]  # matplotlib's first row is at the bottom
        self._corner = (x, -y - picture.height)

    def draw(self, renderer: RendererBase) -> None:
        """Copy the pixels."""
        x, y = self.get_transform().transform(self._corner)
        context = renderer.new_gc()
        renderer.draw_image(context, round(x), round(y), self._pixels)
        context.restore()


class TextArtist(Artist):
    """Draws text on a baseline; matplotlib's own artist would lay it out twice."""

    def __init__(self, x: float, baseline: float, text: str, style: TextStyle) -> None:
        super().__init__()
        text, families = fonts.drawable(text)
        self.text, self.style = text, style
        self._font = font_properties(families, style)
        self._colour, self._corner = to_rgba(style.colour), (x, -baseline)

    def draw(self, renderer: RendererBase) -> None:
        """Draw the text; it is never read as markup."""
        x, y = self.get_transform().transform(self._corner)
        context = renderer.new_gc()
        context.set_foreground(self._colour, isRGBA=True)
        top = renderer.get_canvas_width_height()[1] - y  # Agg counts from the top
        renderer.draw_text(context, x, top, self.text, self._font, 0.0, ismath=False)
        context.restore()


class Canvas:
    """Collects what a chart shows, then draws it once its height is known.

    All positions are in pixels from the top left corner, x to the right and y down.
    """

    def __init__(self) -> None:
        self._figure = Figure(dpi=DPI, facecolor=PAGE, edgecolor="none")
        self._artists: list[Artist] = []

    def rectangle(
        self, x: float, y: float, w: float, h: float, colour: str, radius: float | None = None
    ) -> None:
        """Add a filled rectangle; without a radius its shorter sides are half circles."""
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
        style: TextStyle,
        align: Literal["left", "center", "right"] = "left",
    ) -> None:
        """Add one line of cleaned text (see `text_layout.wrap`); it is never read as markup."""
        x -= {"left": 0.0, "center": 0.5, "right": 1.0}[align] * width(line, style)
        for run in runs(line, style):
            if run.is_picture:
                self._emoji(x, baseline, run.text, style)
            else:
                self._add(TextArtist(x, baseline, run.text, style))
            x += run.width

    def _emoji(self, x: float, baseline: float, sequence: str, style: TextStyle) -> None:
        picture = fonts.emoji(sequence, emoji_height(style.size))
        if picture is not None:
            self._image(round(x + style.size * 0.05), round(baseline - style.size * 0.94), picture)

    def photo(self, x: int, y: int, photo: Image.Image, radius: int = 18) -> None:
        """Add an RGB picture with round corners and a thin border, visible around white ones."""
        w, h = photo.size
        self.rectangle(x - 1, y - 1, w + 2, h + 2, BORDER, radius + 1)
        cut = photo.copy()
        cut.putalpha(rounded_mask(photo.size, radius))
        self._image(x, y, cut)

    def _image(self, x: int, y: int, picture: Image.Image) -> None:
        self._add(_ImageArtist(picture, x, y))

    def _add(self, artist: Artist) -> None:
        artist.set_zorder(len(self._artists))  # later ones cover earlier ones
        self._artists.append(artist)

    def render(self, bottom: float) -> Image.Image:
        """Return the chart as an RGB picture whose content ends at `bottom`."""
        height = round(bottom) + PADDING + EDGE
        self._figure.set_size_inches(WIDTH / DPI, height / DPI)
        agg = FigureCanvasAgg(self._figure)
        panel = FancyBboxPatch(
            (EDGE, EDGE),
            WIDTH - 2 * EDGE,
            height - 2 * EDGE,
            boxstyle="round,pad=0,rounding_size=30",
            facecolor=PANEL,
            edgecolor=BORDER,
            linewidth=1.5,
            transform=IdentityTransform(),
            zorder=-1,
        )
        self._figure.add_artist(panel)
        upright = Affine2D().translate(0, height)  # matplotlib's y points up
        for artist in self._artists:
            artist.set_transform(upright)
            self._figure.add_artist(artist)
        agg.draw()  # type: ignore[no-untyped-call]
        size = (WIDTH, height)
        pixels = bytes(agg.buffer_rgba())  # type: ignore[no-untyped-call]
        return Image.frombuffer("RGBA", size, pixels).convert("RGB")
