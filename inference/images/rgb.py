"""Any mode of Pillow → RGB."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import BmpImagePlugin, Image

_BAND = 2**22  # pixels that are looked at at a time, so that no copy of a large picture is large


def bands(image: Image.Image, rows: int) -> Iterator[tuple[int, Image.Image]]:
    """The picture from top to bottom, `rows` at a time, each with where it begins."""
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


@dataclass(frozen=True)
class Look:
    """What the values of a picture mean, found by looking at all of it.

    Attributes:
        range: what is black and what is white, where 8 bits are not all; else None.
        opaque: transparency is to be ignored.
    """

    range: tuple[float, float] | None
    opaque: bool

    @classmethod
    def at(cls, image: Image.Image) -> "Look":
        if image.mode.startswith("I;16"):
            return cls((0.0, 65535.0), opaque=True)
        if image.mode in {"I", "F"}:
            return cls(_range(image), opaque=True)
        # Many programs write BMP with four channels and leave zeros in the fourth.
        unused = (
            isinstance(image, BmpImagePlugin.BmpImageFile)
            and image.mode == "RGBA"
            and image.getchannel("A").getextrema() == (0, 0)
        )
        return cls(None, unused or not image.has_transparency_data)

    def to_rgb(self, image: Image.Image) -> Image.Image:
        """Any mode of Pillow → RGB; transparency becomes white, as on a page."""
        if self.range is not None:
            return Image.fromarray(_to_8_bits(image, *self.range)).convert("RGB")
        if self.opaque:
            return image.convert("RGB")
        rgba = image.convert("RGBA")
        white = Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white


def _range(image: Image.Image) -> tuple[float, float]:
    """What is black and what is white in a picture of 32-bit integers or floats.

    They don't say: the smallest usual range that holds all values is taken (1.0 for floats,
    8 bits, 16 bits), or else the picture's own range.
    """
    lows, highs = [], []
    for _, band in bands(image, max(1, _BAND // image.width)):
        values = np.asarray(band).astype(np.float32)
        finite = values[np.isfinite(values)]
        if finite.size:
            lows.append(float(finite.min()))
            highs.append(float(finite.max()))
    low, high = (min(lows), max(highs)) if lows else (0.0, 1.0)
    usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    white = next((limit for limit in usual if high <= limit), None)
    return (0.0, white) if low >= 0 and white is not None else (low, high)


def _to_8_bits(image: Image.Image, low: float, high: float) -> npt.NDArray[np.uint8]:
    """Scales, where Pillow's own conversion clips.

    Returns:
        uint8 [height, width].
    """
    values = np.asarray(image).astype(np.float32)
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    scaled = (values - low) * (255.0 / max(high - low, 1e-30))
    grey: npt.NDArray[np.uint8] = np.rint(scaled.clip(0, 255)).astype(np.uint8)
    return grey


def reduced(image: Image.Image, factor: int) -> Image.Image:
    """Return the picture in RGB, `factor` times smaller, rounded up; in bands of few rows."""
    look = Look.at(image)
    rows = factor * max(1, _BAND // (image.width * factor))
    if rows >= image.height:
        rgb = look.to_rgb(image)
        return rgb.reduce(factor) if factor > 1 else rgb
    width, height = (-(-side // factor) for side in image.size)
    whole = Image.new("RGB", (width, height))
    for top, band in bands(image, rows):
        rgb = look.to_rgb(band)
        whole.paste(rgb.reduce(factor) if factor > 1 else rgb, (0, top // factor))
    return whole
