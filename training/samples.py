"""The sample pictures that are shipped with the demo model: drawn shapes and some emoji."""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.drawing.colours import Rgb, sample_colour
from training.drawing.outlines import outline
from training.drawing.scenes import Group
from training.emoji import artwork

_SIZE: Final = (800, 600)
_SCALE: Final = 4  # shapes are drawn larger by this factor and shrunk, for smooth edges

# File name, what the picture shows, and its ground. The file name is the label that must win.
_SCENES: Final[dict[str, tuple[Group, Rgb]]] = {
    "a-red-circle": (Group("circle", "red"), (255, 255, 255)),
    "a-blue-square": (Group("square", "blue"), (246, 240, 226)),
    "a-green-triangle": (Group("triangle", "green"), (255, 255, 255)),
    "a-yellow-star": (Group("star", "yellow"), (38, 52, 92)),
    "a-pink-heart": (Group("heart", "pink"), (232, 244, 246)),
    "two-blue-squares": (Group("square", "blue", 2), (255, 255, 255)),
    "three-orange-diamonds": (Group("diamond", "orange", 3), (240, 240, 240)),
    "four-purple-circles": (Group("circle", "purple", 4), (255, 252, 235)),
}


def _drawn_shapes(group: Group, ground: Rgb, rng: np.random.Generator) -> Image.Image:
    width, height = _SIZE[0] * _SCALE, _SIZE[1] * _SCALE
    picture = Image.new("RGB", (width, height), ground)
    shadow = Image.new("RGB", (width, height), ground)
    pen, shade = ImageDraw.Draw(picture), ImageDraw.Draw(shadow)
    radius = height * (0.3, 0.19, 0.15, 0.13)[group.count - 1]
    columns = {1: [0.0], 2: [-1.25, 1.25], 3: [-2.4, 0.0, 2.4], 4: [-1.25, 1.25] * 2}[group.count]
    rows = [0.0] * group.count if group.count < 4 else [-1.2, -1.2, 1.2, 1.2]
    paint = sample_colour(group.colour, rng)
    dark = tuple(round(level * 0.82) for level in ground)
    polygon = outline(group.shape, rng)
    spots = []
    for column, row in zip(columns, rows, strict=True):
        middle = np.array([width / 2 + column * radius, height / 2 + row * radius])
        spots.append([(float(x), float(y)) for x, y in polygon * radius + middle])
    for spot in spots:
        shade.polygon([(x + radius * 0.05, y + radius * 0.07) for x, y in spot], fill=dark)
    picture.paste(shadow.filter(ImageFilter.GaussianBlur(radius * 0.04)))
    for spot in spots:
        pen.polygon(spot, fill=paint)
    return picture.resize(_SIZE, Image.Resampling.LANCZOS)


# File name, the emoji's English label, and the colours of its ground above and below.
_ARTWORK_STYLE: Final = "fluent-emoji-flat"  # MIT
_ARTWORK: Final[dict[str, tuple[str, Rgb, Rgb]]] = {
    "a-cactus": ("cactus", (250, 240, 226), (232, 206, 160)),
    "a-house": ("house", (190, 226, 246), (158, 196, 128)),
    "a-red-apple": ("red apple", (252, 246, 236), (236, 222, 204)),
    "a-rocket": ("rocket", (28, 32, 66), (72, 62, 122)),
    "a-sailing-boat": ("sailboat", (214, 232, 246), (110, 168, 214)),
    "a-turtle": ("turtle", (190, 226, 246), (244, 228, 184)),
    "an-owl": ("owl", (44, 58, 86), (30, 66, 58)),
    "an-umbrella": ("umbrella", (206, 214, 222), (184, 196, 206)),
}


def _drawn_emoji(label: str, above: Rgb, below: Rgb, cache: Path) -> Image.Image:
    """Draw an emoji in front of a horizon, with a small shadow under it."""
    width, height = _SIZE
    picture = Image.new("RGB", _SIZE, above)
    horizon = round(height * 0.72)
    picture.paste(below, (0, horizon, width, height))
    side = round(height * 0.72)
    drawing = artwork.large(_ARTWORK_STYLE, label, side, cache)
    shade = Image.new("L", _SIZE, 0)
    foot = round(height * 0.86)
    box = (width / 2 - side * 0.36, foot - 16, width / 2 + side * 0.36, foot + 16)
    ImageDraw.Draw(shade).ellipse(box, fill=90)
    dark = tuple(round(level * 0.5) for level in below)
    picture.paste(dark, (0, 0), shade.filter(ImageFilter.GaussianBlur(9)))
    picture.paste(drawing, ((width - side) // 2, foot - side), drawing)
    return picture


def write(folder: Path, cache: Path, seed: int = 11) -> list[Path]:
    """Draw the samples into a folder, 800×600 like many photos, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    written = []
    for name, (label, above, below) in _ARTWORK.items():
        path = folder / f"{name}.png"
        _drawn_emoji(label, above, below, cache).save(path, optimize=True)
        written.append(path)
    for name, (group, ground) in _SCENES.items():
        path = folder / f"{name}.png"
        _drawn_shapes(group, ground, rng).save(path, optimize=True)
        written.append(path)
    return written
