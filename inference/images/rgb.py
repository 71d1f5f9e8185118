"""Converts pictures of any Pillow mode to RGB."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import BmpImagePlugin, Image

# A large picture is converted in strips of about this many pixels, so that no large copy is made.
_STRIP_PIXELS = 2**22


def strips(image: Image.Image, rows: int) -> Iterator[tuple[int, Image.Image]]:
    """Yield strips of `rows` rows from top to bottom, each with the number of its first row."""
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


@dataclass(frozen=True)
class RgbConversion:
    """How the values of a picture become RGB, found by looking at all of its pixels.

    Attributes:
        value_range: which values are black and white, if the picture has more than 8 bits; else
            None.
        is_opaque: transparency is ignored.
    """

    value_range: tuple[float, float] | None
    is_opaque: bool

    @classmethod
    def of(cls, image: Image.Image) -> "RgbConversion":
        if image.mode.startswith("I;16"):
            return cls((0.0, 65535.0), is_opaque=True)
        if image.mode in {"I", "F"}:
            return cls(_value_range(image), is_opaque=True)
        # Many programs write BMP files with four channels and leave zeros in the fourth.
        unused = (
            isinstance(image, BmpImagePlugin.BmpImageFile)
            and image.mode == "RGBA"
            and image.getchannel("A").getextrema() == (0, 0)
        )
        return cls(None, unused or not image.has_transparency_data)

    def to_rgb(self, image: Image.Image) -> Image.Image:
        """Convert the picture, or a strip of it, to RGB; transparency becomes white."""
        if self.value_range is not None:
            return Image.fromarray(_to_8_bits(image, *self.value_range)).convert("RGB")
        if self.is_opaque:
            return image.convert("RGB")
        rgba = image.convert("RGBA")
        white = Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white


def _value_range(image: Image.Image) -> tuple[float, float]:
    """Return which values are black and white in a picture of 32-bit integers or floats.

    The files do not say which. So this takes the smallest usual range that contains all values (1.0
    for floats, 8 bits, 16 bits); if there is none, the range of the picture's own values.
    """
    lows, highs = [], []
    for _, strip in strips(image, max(1, _STRIP_PIXELS // image.width)):
        values = np.asarray(strip).astype(np.float32)
        finite = values[np.isfinite(values)]
        if finite.size:
            lows.append(float(finite.min()))
            highs.append(float(finite.max()))
    low, high = (min(lows), max(highs)) if lows else (0.0, 1.0)
    usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    white = next((limit for limit in usual if high <= limit), None)
    return (0.0, white) if low >= 0 and white is not None else (low, high)


def _to_8_bits(image: Image.Image, low: float, high: float) -> npt.NDArray[np.uint8]:
    """Scale values from low..high to 0..255; Pillow's own conversion would clip them.

    Returns:
        uint8 [height, width].
    """
    values = np.asarray(image).astype(np.float32)
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    scaled = (values - low) * (255.0 / max(high - low, 1e-30))
    grey: npt.NDArray[np.uint8] = np.rint(scaled.clip(0, 255)).astype(np.uint8)
    return grey


def reduced(image: Image.Image, factor: int) -> Image.Image:
    """Return the picture in RGB, both sides divided by `factor` and rounded up."""
    conversion = RgbConversion.of(image)
    rows = factor * max(1, _STRIP_PIXELS // (image.width * factor))
    if rows >= image.height:
        rgb = conversion.to_rgb(image)
        return rgb.reduce(factor) if factor > 1 else rgb
    width, height = (-(-side // factor) for side in image.size)
    whole = Image.new("RGB", (width, height))
    for top, strip in strips(image, rows):
        rgb = conversion.to_rgb(strip)
        whole.paste(rgb.reduce(factor) if factor > 1 else rgb, (0, top // factor))
    return whole
