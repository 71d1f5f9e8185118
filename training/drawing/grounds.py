"""The grounds under drawings: plain colours, gradients, textures, clutter and scenery.

A pool of them is drawn once. Batches take grounds from it, cropped and mirrored at random.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from training.drawing.colours import COLOURS, sample_colour

SIDE: Final = 96  # pixels
UNNAMED: Final = -1  # the ground has more than one colour, or none with a name

Bytes = npt.NDArray[np.uint8]


def plain(rng: np.random.Generator) -> tuple[Bytes, int]:
    """Draw a ground of one colour, [SIDE, SIDE, 3], and return it with its index in COLOURS."""
    index = int(rng.integers(len(COLOURS)))
    colour = sample_colour(COLOURS[index], rng)
    return np.full((SIDE, SIDE, 3), colour, np.uint8), index


def _colour(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    base = rng.uniform(0, 255, size=3)
    grey = base.mean()
    return np.asarray(grey + (base - grey) * rng.uniform(0.2, 1.0))


def _noise(rng: np.random.Generator, octaves: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return smooth noise in 0..1, [SIDE, SIDE]; each octave is a number of cells per side."""
    total = np.zeros((SIDE, SIDE))
    for weight, cells in enumerate(octaves):
        cell = Image.fromarray(rng.uniform(0, 255, size=(cells, cells)).astype(np.uint8))
        total += (
            np.asarray(cell.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) / 255 / (weight + 1)
        )
    low, high = total.min(), total.max()
    return np.asarray((total - low) / (high - low + 1e-6))


def gradient(rng: np.random.Generator) -> Bytes:
    """Draw a gradient from one colour to another, along a line or from a point."""
    y, x = np.mgrid[0 : 1 : SIDE * 1j, 0 : 1 : SIDE * 1j]
    angle = rng.uniform(0, 6.3)
    ramp = (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)) / 1.4 + 0.5
    if rng.random() < 0.3:
        ramp = np.hypot(x - rng.uniform(), y - rng.uniform()) / 1.4
    return _blend(_colour(rng), _colour(rng), np.clip(ramp, 0, 1))


def _blend(
    one: npt.NDArray[np.float64], two: npt.NDArray[np.float64], ramp: npt.NDArray[np.float64]
) -> Bytes:
    mixed = one + (two - one) * ramp[..., None]
    return np.clip(mixed, 0, 255).astype(np.uint8)


def clouds(rng: np.random.Generator) -> Bytes:
    """Draw two colours mixed by noise, like sky, water, cloth or walls."""
    octaves = ((3, 7, 15), (2, 4), (8, 20, 48), (24, 48), (4, 12, 30, 90))[int(rng.integers(5))]
    one = _colour(rng)
    two = np.asarray(one + rng.normal(0, rng.uniform(20, 70), size=3))
    return _blend(one, two, _noise(rng, octaves))


def pattern(rng: np.random.Generator) -> Bytes:
    """Draw stripes, checks, bricks, planks or grids, with some noise."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    angle = rng.choice([0.0, np.pi / 2, np.pi / 4, rng.uniform(0, 3.2)])
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    period = rng.uniform(5, 30)
    kind = int(rng.integers(5))
    if kind == 0:
        ramp = (np.sin(u / period * 6.28) > rng.uniform(-0.6, 0.6)).astype(float)
    elif kind == 1:
        ramp = ((np.floor(u / period) + np.floor(v / period)) % 2).astype(float)
    elif kind == 2:
        row = np.floor(v / period)
        ramp = ((v % period < 1.5) | ((u + row % 2 * period) % (2 * period) < 1.5)).astype(float)
    elif kind == 3:
        ramp = ((u % period < 1.2) | (v % period < 1.2)).astype(float)
    else:
        ramp = 0.5 + 0.5 * np.sin(u / period * 6.28)
    one = _colour(rng)
    two = np.clip(one + rng.normal(0, rng.uniform(15, 70), size=3), 0, 255)
    mixed = _blend(one, two, ramp).astype(float)
    mixed += (_noise(rng, (6, 30))[..., None] - 0.5) * rng.uniform(0, 50)
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


def clutter(rng: np.random.Generator) -> Bytes:
    """Draw overlapping soft blobs and strokes, like a desk, a shelf or a crowd out of focus."""
    image = Image.fromarray(clouds(rng))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(6, 40))):
        x, y = rng.uniform(-10, SIDE + 10, size=2)
        w, h = rng.uniform(2, 34, size=2)
        colour = tuple(int(level) for level in _colour(rng))
        shape = int(rng.integers(4))
        if shape == 0:
            pen.ellipse((x - w, y - h, x + w, y + h), fill=colour)
        elif shape == 1:
            pen.rectangle((x - w, y - h, x + w, y + h), fill=colour)
        elif shape == 2:
            pen.line((x, y, *rng.uniform(0, SIDE, size=2)), fill=colour, width=int(w / 3) + 1)
        else:
            corners = [(x + dx, y + dy) for dx, dy in rng.normal(0, 16, size=(5, 2))]
            pen.polygon(corners, fill=colour)
    # Blurred, because the grounds of most photos are out of focus.
    blur = rng.uniform(1.5, 6)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(blur)))


def scenery(rng: np.random.Generator) -> Bytes:
    """Draw a horizon: sky over land, sea, a floor or a table."""
    horizon = int(rng.uniform(0.3, 0.8) * SIDE)
    above, below = gradient(rng), clouds(rng)
    if rng.random() < 0.5:
        above = _blend(
            np.array([110.0, 170, 235]), np.array([225.0, 240, 255]), _noise(rng, (3, 6))
        )
        ground = np.array([[80.0, 150, 60], [225, 205, 150], [60, 110, 190], [130, 100, 70]])
        base = ground[int(rng.integers(4))]
        below = _blend(base, base * rng.uniform(0.6, 0.9), _noise(rng, (5, 20, 60)))
    picture = np.concatenate([above[:horizon], below[horizon:]])
    if rng.random() < 0.6:
        picture = np.asarray(
            Image.fromarray(picture).filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 3)))
        )
    return picture


def static(rng: np.random.Generator) -> Bytes:
    """Draw fine or coarse grain, grey or coloured, like sand, carpet, asphalt or sensor noise."""
    cells = int(rng.choice([24, 32, 48, 96]))
    channels = 3 if rng.random() < 0.4 else 1
    grain = rng.normal(0, rng.uniform(10, 55), size=(cells, cells, channels))
    grain = grain.repeat(SIDE // cells, axis=0).repeat(SIDE // cells, axis=1)
    return np.asarray(np.clip(_colour(rng) + grain, 0, 255), np.uint8)


def marble(rng: np.random.Generator) -> Bytes:
    """Draw veins along a wave that noise has bent, like marble, wood grain or water."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    angle = rng.uniform(0, 6.3)
    along = np.cos(angle) * x + np.sin(angle) * y
    bent = along * rng.uniform(2, 14) + _noise(rng, (3, 7, 15)) * rng.uniform(0.5, 4)
    ramp = np.abs(np.sin(bent * 3.14)) ** rng.uniform(0.3, 2)
    return _blend(_colour(rng), _colour(rng), ramp)


def patches(rng: np.random.Generator) -> Bytes:
    """Draw two to four flat colours with ragged borders, like camouflage, maps or animal skins."""
    height = _noise(rng, ((3, 7), (5, 11, 24), (8, 20))[int(rng.integers(3))])
    levels = np.sort(rng.uniform(0.25, 0.75, size=int(rng.integers(1, 4))))
    colours = np.array([_colour(rng) for _ in range(len(levels) + 1)])
    return np.asarray(colours[np.digitize(height, levels)], np.uint8)


def strewn(rng: np.random.Generator) -> Bytes:
    """Draw many small sharp things of a few colours, like leaves, confetti, gravel or petals."""
    image = Image.fromarray(clouds(rng) if rng.random() < 0.6 else gradient(rng))
    pen = ImageDraw.Draw(image)
    colours = [tuple(int(level) for level in _colour(rng)) for _ in range(int(rng.integers(1, 6)))]
    size, many = rng.uniform(1.5, 11), int(rng.integers(30, 160))
    corners = int(rng.integers(3, 9))
    thin = rng.uniform(0.2, 1.0)
    for _ in range(many):
        x, y = rng.uniform(0, SIDE, size=2)
        turn = rng.uniform(0, 6.3)
        angles = np.linspace(0, 6.283, corners, endpoint=False)
        across, along = np.cos(angles) * size, np.sin(angles) * size * thin
        cos, sin = np.cos(turn), np.sin(turn)
        points = [
            (float(x + a * cos - b * sin), float(y + a * sin + b * cos))
            for a, b in zip(across, along, strict=True)
        ]
        pen.polygon(points, fill=colours[int(rng.integers(len(colours)))])
    return np.asarray(image)


def scribbles(rng: np.random.Generator) -> Bytes:
    """Draw thin curved lines, like grass, hair, wires or a child's drawing."""
    image = Image.fromarray(gradient(rng))
    pen = ImageDraw.Draw(image)
    straight = rng.uniform(0.05, 1.2)
    for _ in range(int(rng.integers(8, 60))):
        start, heading = rng.uniform(0, SIDE, size=2), rng.uniform(0, 6.3)
        headings = heading + np.cumsum(rng.normal(0, straight, size=12))
        steps = np.stack([np.cos(headings), np.sin(headings)], 1) * rng.uniform(2, 9)
        walk = [tuple(point) for point in start + np.cumsum(steps, axis=0)]
        pen.line(walk, fill=tuple(int(v) for v in _colour(rng)), width=int(rng.integers(1, 4)))
    return np.asarray(image)


def rooms(rng: np.random.Generator) -> Bytes:
    """Draw boxes in boxes with shadows, like furniture, shelves, windows or a row of houses."""
    picture = _blend(_colour(rng), _colour(rng), _noise(rng, (2, 4))).astype(float)
    for _ in range(int(rng.integers(4, 18))):
        x, y = (int(at) for at in rng.integers(0, SIDE - 8, size=2))
        w, h = (int(at) for at in rng.integers(8, 60, size=2))
        shade = np.linspace(rng.uniform(0.6, 1), 1, min(h, SIDE - y))[:, None, None]
        picture[y : y + h, x : x + w] = _colour(rng) * shade
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 2.5))))


def _varied(picture: Bytes, rng: np.random.Generator) -> Bytes:
    """Return a variation of a ground: other colours, enlarged, mirrored in the middle, turned."""
    if rng.random() < 0.5:
        picture = picture[..., rng.permutation(3)]
    if rng.random() < 0.2:
        picture = 255 - picture
    if rng.random() < 0.4:  # more saturated, like printed cloth and toys
        grey = picture.mean(axis=2, keepdims=True)
        vivid = grey + (picture - grey) * rng.uniform(1.2, 3)
        middle = vivid.mean()
        picture = np.clip(middle + (vivid - middle) * rng.uniform(0.8, 2), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        side = int(rng.integers(24, SIDE))
        x, y = (int(at) for at in rng.integers(SIDE - side + 1, size=2))
        part = Image.fromarray(picture[y : y + side, x : x + side])
        picture = np.asarray(part.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    if rng.random() < 0.15:
        half = picture[:, : SIDE // 2]
        picture = np.concatenate([half, half[:, ::-1]], axis=1)
    return np.ascontiguousarray(np.rot90(picture, int(rng.integers(4))))


def layered(one: Bytes, two: Bytes, rng: np.random.Generator) -> Bytes:
    """Lay one ground over another: half transparent, up to an edge, or in patches."""
    if rng.random() < 0.4:
        ramp = np.full((SIDE, SIDE), rng.uniform(0.3, 0.7))
    else:
        height = _noise(rng, ((2,), (3, 7), (6, 15))[int(rng.integers(3))])
        ramp = np.clip((height - rng.uniform(0.35, 0.65)) * rng.choice([3.0, 200.0]) + 0.5, 0, 1)
    return np.asarray(one + (two.astype(float) - one) * ramp[..., None], np.uint8)


def pool(count: int, seed: int) -> tuple[Bytes, npt.NDArray[np.int64]]:
    """Draw `count` grounds. A quarter of them are plain.

    Returns:
        uint8 [count, SIDE, SIDE, 3], and each ground's index in COLOURS or UNNAMED, [count].
    """
    rng = np.random.default_rng(seed)
    pictures = np.empty((count, SIDE, SIDE, 3), np.uint8)
    names = np.full(count, UNNAMED, np.int64)
    kinds = (
        gradient, clouds, pattern, clutter, scenery, clutter, static, marble, patches, strewn,
        strewn, scribbles, rooms,
    )  # fmt: skip
    for index in range(count):
        if index % 4 == 0:
            pictures[index], names[index] = plain(rng)
        else:
            one, two = (kinds[int(at)](rng) for at in rng.integers(len(kinds), size=2))
            if rng.random() < 0.6:
                one = _varied(one, rng)
            if rng.random() < 0.25:
                one = layered(one, _varied(two, rng), rng)
            pictures[index] = one
    return pictures, names
