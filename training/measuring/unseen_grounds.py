"""Grounds that training never shows: for measuring only."""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Picture = Image.Image


def _bright(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(level) for level in rng.integers(30, 256, size=3))
    return red, green, blue


def mosaic(side: int, rng: np.random.Generator) -> Picture:
    """Draw cells around random points, each in its own colour."""
    points = rng.uniform(0, side, size=(int(rng.integers(12, 60)), 2))
    y, x = np.mgrid[0:side, 0:side]
    distance = (x[..., None] - points[:, 0]) ** 2 + (y[..., None] - points[:, 1]) ** 2
    colours = np.array([_bright(rng) for _ in points], np.uint8)
    return Image.fromarray(colours[distance.argmin(axis=2)])


def page(side: int, rng: np.random.Generator) -> Picture:
    """Draw lines like print on paper."""
    paper = tuple(int(level) for level in rng.integers(215, 256, size=3))
    picture = Image.new("RGB", (side, side), paper)
    pen = ImageDraw.Draw(picture)
    for y in range(4, side, 9):
        x = 6.0
        while x < side - 12:
            length = rng.uniform(4, 26)
            pen.line((x, y, min(x + length, side - 6), y), fill=(70, 70, 80), width=3)
            x += length + 5
    return picture


def lights(side: int, rng: np.random.Generator) -> Picture:
    """Draw blurred discs of light in the dark, like street lamps out of focus."""
    picture = Image.new("RGB", (side, side), tuple(int(v) for v in rng.integers(0, 50, size=3)))
    for _ in range(int(rng.integers(10, 35))):
        x, y = rng.uniform(0, side, size=2)
        radius = rng.uniform(0.02, 0.1) * side
        layer = Image.new("L", (side, side), 0)
        box = (x - radius, y - radius, x + radius, y + radius)
        ImageDraw.Draw(layer).ellipse(box, fill=int(rng.integers(60, 170)))
        picture.paste(_bright(rng), (0, 0), layer.filter(ImageFilter.GaussianBlur(1)))
    return picture


def plaid(side: int, rng: np.random.Generator) -> Picture:
    """Draw cloth of crossing bands."""
    bands = [
        np.repeat(rng.uniform(0.25, 1, size=(side // 6 + 1, 3)), 6, axis=0)[:side] for _ in range(2)
    ]
    return Image.fromarray((np.sqrt(bands[0][:, None] * bands[1][None]) * 255).astype(np.uint8))


def ripples(side: int, rng: np.random.Generator) -> Picture:
    """Draw waves around three points, as in a pond."""
    y, x = np.mgrid[0:side, 0:side]
    height = sum(
        np.sin(np.hypot(x - cx, y - cy) / rng.uniform(3, 9))
        for cx, cy in rng.uniform(0, side, size=(3, 2))
    )
    low, high = np.array(_bright(rng)) * 0.5, np.array(_bright(rng))
    mixed = low + (high - low) * ((np.asarray(height) + 3) / 6)[..., None]
    return Image.fromarray(mixed.astype(np.uint8))


GROUNDS: Final = (mosaic, page, lights, plaid, ripples)


def on_busy_ground(rgba: npt.NDArray[np.uint8], rng: np.random.Generator) -> Picture:
    """Place a premultiplied drawing on one of GROUNDS, in a picture of 240×180 or 240×240."""
    side = 240
    picture = GROUNDS[int(rng.integers(len(GROUNDS)))](side, rng)
    height = int(rng.choice([180, 240]))
    size = int(rng.uniform(0.55, 0.9) * height)
    drawing = Image.fromarray(rgba, "RGBa").convert("RGBA").resize((size, size))
    picture = picture.crop((0, 0, side, height))
    x, y = rng.integers(side - size + 1), rng.integers(height - size + 1)
    picture.paste(drawing, (int(x), int(y)), drawing)
    return picture
