"""Colours: what people call them, and how to sample one with a given name."""

import colorsys
from typing import Final

import numpy as np
import numpy.typing as npt

Rgb = tuple[int, int, int]  # 0..255 per channel

# Hue in degrees, saturation and value in 0..1: the ranges that people give these names to. Between
# two neighbours is a gap, where people would not agree on one name.
_HSV: Final[dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]]] = {
    "red": ((-9, 7), (0.75, 1.0), (0.68, 1.0)),
    "orange": ((22, 37), (0.8, 1.0), (0.9, 1.0)),
    "yellow": ((49, 61), (0.65, 1.0), (0.9, 1.0)),
    "green": ((92, 148), (0.5, 1.0), (0.38, 0.9)),
    "cyan": ((172, 188), (0.5, 1.0), (0.65, 1.0)),
    "blue": ((205, 242), (0.6, 1.0), (0.5, 1.0)),
    "purple": ((266, 290), (0.45, 1.0), (0.42, 0.85)),
    "pink": ((312, 345), (0.22, 0.7), (0.92, 1.0)),
    "brown": ((16, 32), (0.5, 0.9), (0.3, 0.55)),
    "black": ((0, 360), (0.0, 0.2), (0.0, 0.12)),
    "white": ((0, 360), (0.0, 0.03), (0.95, 1.0)),
    "grey": ((0, 360), (0.0, 0.06), (0.38, 0.7)),
}

COLOURS: Final = tuple(_HSV)


def sample_colour(name: str, rng: np.random.Generator) -> Rgb:
    """Return a random colour that people call `name`."""
    (hue_lo, hue_hi), saturation, value = _HSV[name]
    if name == "pink" and rng.random() < 0.25:  # hot pink
        hue_lo, hue_hi, saturation = 322, 335, (0.7, 0.85)
    red, green, blue = colorsys.hsv_to_rgb(
        (rng.uniform(hue_lo, hue_hi) % 360) / 360, rng.uniform(*saturation), rng.uniform(*value)
    )
    return round(red * 255), round(green * 255), round(blue * 255)


def named_colours(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return what people call these colours.

    Args:
        pixels: RGB, 0..255, [n, 3].

    Returns:
        Indices of COLOURS, [n]; -1 if the colour lies between two names.
    """
    channels = pixels.astype(np.float64) / 255
    value = channels.max(axis=1)
    chroma = value - channels.min(axis=1)
    safe = np.maximum(chroma, 1e-9)
    red, green, blue = channels.T
    hue = np.where(
        value == red,
        (green - blue) / safe % 6,
        np.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    hue *= 60
    saturation = chroma / np.maximum(value, 1e-9)
    result = np.full(len(pixels), -1, np.int64)
    for index, name in enumerate(COLOURS):
        (hue_lo, hue_hi), (sat_lo, sat_hi), (val_lo, val_hi) = _HSV[name]
        turned = (hue - hue_lo) % 360
        inside = (turned <= hue_hi - hue_lo) & (saturation >= sat_lo) & (saturation <= sat_hi)
        result[inside & (value >= val_lo) & (value <= val_hi)] = index
    return result
