"""The drawn world: scenes of coloured shapes, as transparent pictures with exact descriptions.

A scene says what is in it; `draw` makes the picture. The ground is laid under it later
(`training.drawing.grounds`), so that one drawing is seen on many grounds.
"""

import colorsys
import math
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from training.words import lexicon

CANVAS: Final = 96  # pixels, a side of a drawing
_SUPERSAMPLE: Final = 3

SHAPES: Final = tuple(lexicon.SHAPES)
COLOURS: Final = tuple(lexicon.COLOURS)
FILLS: Final = tuple(lexicon.FILLS)
SIZES: Final = tuple(lexicon.SIZES)
PLACES: Final = tuple(lexicon.PLACES)
RELATIONS: Final = tuple(lexicon.RELATIONS)
MAX_COUNT: Final = 4

# Hue in degrees, saturation and value in 0..1: the ranges that people give these names to, with
# gaps between neighbours where people would not agree.
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

Rgb = tuple[int, int, int]
Points = npt.NDArray[np.float64]  # [n, 2], x to the right and y down, within -1..1


def sample_colour(name: str, rng: np.random.Generator) -> Rgb:
    """A colour that people call `name`, 0..255 per channel."""
    (hue_lo, hue_hi), saturation, value = _HSV[name]
    if name == "pink" and rng.random() < 0.25:  # hot pink
        hue_lo, hue_hi, saturation = 322, 335, (0.7, 0.85)
    red, green, blue = colorsys.hsv_to_rgb(
        (rng.uniform(hue_lo, hue_hi) % 360) / 360, rng.uniform(*saturation), rng.uniform(*value)
    )
    return round(red * 255), round(green * 255), round(blue * 255)


def named_colours(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """What people call these colours.

    Args:
        pixels: RGB, 0..255, [n, 3].

    Returns:
        Indices of COLOURS, -1 between two names, [n].
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


@dataclass(frozen=True)
class Group:
    """1..4 alike shapes."""

    shape: str
    colour: str
    count: int = 1
    fill: str = "solid"
    size: str | None = None  # one of SIZES, or None where nobody would name it
    place: str | None = None  # one of PLACES, or None where nobody would name it


@dataclass(frozen=True)
class Scene:
    """What one drawing shows: nothing, one group, or two groups in a relation."""

    groups: tuple[Group, ...] = ()
    relation: str | None = None  # of RELATIONS, where there are two groups: first to second


@dataclass
class Drawing:
    """A scene's picture."""

    scene: Scene
    rgba: npt.NDArray[np.uint8]  # [CANVAS, CANVAS, 4], colours premultiplied by alpha
    paints: list[Rgb] = field(default_factory=list)  # to choose a ground that they stand out from


def _regular(corners: int, turn: float = 0.0) -> Points:
    angles = np.arange(corners) * (2 * math.pi / corners) - math.pi / 2 + turn
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _arc(start: float, end: float, radius: float = 1.0, steps: int = 48) -> Points:
    angles = np.linspace(start, end, steps)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)


def outline(shape: str, rng: np.random.Generator) -> Points:
    """The closed polygon of a shape, upright, within the unit circle or square.

    Proportions vary as far as the name still holds: no rectangle is nearly square, no oval
    nearly round. A ring's polygon is its outer edge.
    """
    if shape in {"circle", "ring"}:
        return _arc(0, 2 * math.pi, steps=64)
    if shape == "square":
        return _regular(4, math.pi / 4)
    if shape == "triangle":
        height = rng.uniform(0.85, 1.2)
        return np.asarray(_regular(3) * np.array([1.0, height]) + np.array([0.0, 0.2]))
    if shape in {"rectangle", "oval"}:
        aspect = rng.uniform(0.4, 0.65)
        points = (
            np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
            if shape == "rectangle"
            else _arc(0, 2 * math.pi, steps=64)
        )
        upright = rng.random() < 0.35
        return points * ((aspect, 1.0) if upright else (1.0, aspect))
    if shape == "diamond":
        return _regular(4) * (rng.uniform(0.6, 0.85), 1.0)
    if shape == "star":
        spikes = 5 if rng.random() < 0.85 else int(rng.integers(4, 8))
        points = _regular(2 * spikes)
        points[1::2] *= rng.uniform(0.36, 0.52)
        return points
    if shape == "heart":
        t = np.linspace(0, 2 * math.pi, 64)
        x = 16 * np.sin(t) ** 3
        y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
        return np.stack([x / 17, -(y + 2.5) / 17], axis=1)
    if shape in {"pentagon", "hexagon", "octagon"}:
        corners = {"pentagon": 5, "hexagon": 6, "octagon": 8}[shape]
        turn = math.pi / corners if shape == "octagon" or rng.random() < 0.4 else 0.0
        return _regular(corners, 0.0 if shape == "pentagon" else turn)
    if shape == "cross":
        w = rng.uniform(0.2, 0.36)
        quarter = np.array([[-w, -1], [w, -1], [w, -w]])
        turns = [
            np.array([[0, 1], [-1, 0]]),
            np.array([[-1, 0], [0, -1]]),
            np.array([[0, -1], [1, 0]]),
        ]
        return np.concatenate([quarter, *(quarter @ turn for turn in turns)])
    if shape == "arrow":
        w, neck = rng.uniform(0.15, 0.32), rng.uniform(-0.05, 0.3)
        points = np.array(
            [[-1, -w], [neck, -w], [neck, -0.7], [1, 0], [neck, 0.7], [neck, w], [-1, w]]
        )
        return _rotated(points, math.pi / 2 * int(rng.integers(4)))
    if shape == "crescent":
        bite = rng.uniform(0.35, 0.6)
        reach = math.acos(bite / 2 + (1 - 0.85**2) / (2 * bite))
        inner = math.atan2(math.sin(reach), math.cos(reach) - bite)
        outer_arc = _arc(reach, 2 * math.pi - reach)
        inner_arc = _arc(2 * math.pi - inner, inner, 0.85) + np.array([bite, 0.0])
        return np.concatenate([outer_arc, inner_arc]) * (1 if rng.random() < 0.6 else -1)
    if shape == "semicircle":
        points = _arc(math.pi, 2 * math.pi) + np.array([0.0, 0.45])
        return _rotated(points, math.pi / 2 * int(rng.integers(4)) if rng.random() < 0.4 else 0.0)
    slant = rng.uniform(0.35, 0.6)
    if shape == "trapezoid":
        points = np.array([[-1 + slant, -0.6], [1 - slant, -0.6], [1, 0.6], [-1, 0.6]])
        return points * (1.0, -1.0 if rng.random() < 0.25 else 1.0)
    if shape == "parallelogram":
        points = np.array([[-1 + slant, -0.55], [1, -0.55], [1 - slant, 0.55], [-1, 0.55]])
        return points * (-1.0 if rng.random() < 0.4 else 1.0, 1.0)
    raise ValueError(shape)


def _rotated(points: Points, angle: float) -> Points:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]))


def _wobbled(points: Points, rng: np.random.Generator) -> Points:
    """The polygon as a hand draws it."""
    closed = np.concatenate([points, points[:1]])
    steps = np.linspace(0, len(points), 64, endpoint=False)
    at = np.arange(len(closed))
    dense = np.stack([np.interp(steps, at, closed[:, axis]) for axis in (0, 1)], axis=1)
    phase = steps / len(points) * 2 * math.pi
    for wave in (3, 5, 8):
        amount = rng.normal(0, 0.028 / math.sqrt(wave), size=2)
        dense = dense + amount * np.sin(wave * phase + rng.uniform(0, 6.3))[:, None]
    return dense


def _texture(
    fill: str, side: int, paint: Rgb, radius: float, rng: np.random.Generator
) -> Image.Image:
    """What a shape is filled with, `side` pixels square."""
    other = (255, 255, 255) if min(paint) < 200 else (150, 150, 150)
    if fill == "gradient":
        ramp = np.linspace(1.0, rng.uniform(0.62, 0.75), side)[:, None, None] * np.array(paint)
        return Image.fromarray(np.broadcast_to(ramp, (side, side, 3)).astype(np.uint8))
    image = Image.new("RGB", (side, side), paint)
    if fill in {"striped", "dotted"}:
        pen = ImageDraw.Draw(image)
        period = max(radius * rng.uniform(0.35, 0.55), 12)
        if fill == "striped":
            slope = rng.choice([0.0, 1.0, -1.0])
            vertical = rng.random() < 0.5
            for at in np.arange(-side, 2 * side, period):
                line = (
                    [(at, 0), (at + slope * side, side)]
                    if vertical
                    else [(0, at), (side, at + slope * side)]
                )
                pen.line(line, fill=other, width=max(2, round(period * 0.38)))
        else:
            dot = period * 0.27
            for row, y in enumerate(np.arange(0, side, period)):
                for x in np.arange((row % 2) * period / 2, side, period):
                    pen.ellipse((x - dot, y - dot, x + dot, y + dot), fill=other)
    return image


def _centres(
    groups: tuple[Group, ...], radii: list[float], relation: str | None, rng: np.random.Generator
) -> list[list[tuple[float, float]]]:
    """Where the shapes stand, in 0..1 of the canvas; alike ones never overlap."""
    if len(groups) == 2:
        gap = rng.uniform(0.02, 0.12)
        spread = (radii[0] + radii[1] + gap) / 2
        across, along = rng.uniform(-0.12, 0.12), rng.uniform(-0.08, 0.08)
        sign = -1 if relation in {"left", "above"} else 1
        first = (0.5 + sign * spread + along, 0.5 + across)
        second = (0.5 - sign * spread + along, 0.5 - across)
        if relation in {"above", "below"}:
            first, second = first[::-1], second[::-1]
        return [[first], [second]]
    (group,), (radius,) = groups, radii
    if group.count == 1:
        margin = min(radius + 0.02, 0.5)
        x, y = rng.uniform(margin, 1 - margin, size=2)
        middle = 0.5 + rng.uniform(-0.06, 0.06, size=2)
        edge = rng.uniform(margin, margin + 0.06, size=2)
        match group.place:
            case "centre":
                x, y = middle
            case "left":
                x, y = edge[0], middle[1]
            case "right":
                x, y = 1 - edge[0], middle[1]
            case "top":
                x, y = middle[0], edge[1]
            case "bottom":
                x, y = middle[0], 1 - edge[1]
        return [[(float(x), float(y))]]
    if rng.random() < 0.5:  # in a row, a column or a ring
        step = 2.15 * radius + rng.uniform(0.02, 0.06)
        offsets = (np.arange(group.count) - (group.count - 1) / 2) * step
        if group.count == 4 and rng.random() < 0.5:
            half = step / 2
            grid = [(-half, -half), (half, -half), (-half, half), (half, half)]
        else:
            grid = [(float(at), float(rng.uniform(-0.03, 0.03))) for at in offsets]
            if rng.random() < 0.35:
                grid = [(y, x) for x, y in grid]
        if max(abs(value) for point in grid for value in point) + radius <= 0.5:
            return [[(0.5 + x, 0.5 + y) for x, y in grid]]
    while True:
        points = rng.uniform(radius + 0.01, 0.99 - radius, size=(group.count, 2))
        apart = np.linalg.norm(points[:, None] - points[None], axis=2) + 10 * np.eye(group.count)
        if apart.min() > 2.2 * radius + 0.02:
            return [[(float(x), float(y)) for x, y in points]]


# A shape's radius as a part of the picture's side.
RADII: Final = {"small": (0.07, 0.13), "medium": (0.17, 0.3), "large": (0.37, 0.48)}
# Where several share the picture.
_CROWDED: Final = {1: (0.13, 0.25), 2: (0.1, 0.23), 3: (0.09, 0.17), 4: (0.08, 0.15)}


def draw(scene: Scene, rng: np.random.Generator) -> Drawing:
    """The picture of a scene: colours, proportions, line widths and tilts vary within its words."""
    side = CANVAS * _SUPERSAMPLE
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    paints: list[Rgb] = []
    radii = [
        float(rng.uniform(*(RADII[group.size] if group.size else _CROWDED[group.count])))
        for group in scene.groups
    ]
    if len(radii) == 2:
        radii = [min(radius, 0.22) for radius in radii]
    centres = _centres(scene.groups, radii, scene.relation, rng) if scene.groups else []
    wobble = rng.random() < 0.18
    for group, radius, points in zip(scene.groups, radii, centres, strict=True):
        paint = sample_colour(group.colour, rng)
        paints.append(paint)
        edge = _edge_colour(group, rng)
        if edge is not None:
            paints.append(edge)
        polygon = outline(group.shape, rng)
        tilt = rng.normal(0, 0.14)
        for x, y in points:
            tilt_here = float(np.clip(tilt + rng.normal(0, 0.04), -0.3, 0.3))
            unit = _rotated(_wobbled(polygon, rng) if wobble else polygon, tilt_here)
            placed = (unit * radius * 0.96 + np.array([x, y])) * side
            _paint(picture, group, placed, radius * side, paint, edge, rng)
    rgba = np.asarray(picture.convert("RGBa").reduce(_SUPERSAMPLE))
    return Drawing(scene, rgba, paints)


def _edge_colour(group: Group, rng: np.random.Generator) -> Rgb | None:
    """Filled shapes sometimes have a darker or black edge, white ones always have one."""
    if group.fill == "outline":
        return None
    if group.colour == "white":
        return sample_colour("black" if rng.random() < 0.6 else "grey", rng)
    if group.colour != "black" and rng.random() < 0.25:
        return sample_colour("black", rng)
    return None


def _paint(
    picture: Image.Image,
    group: Group,
    polygon: Points,
    radius: float,
    paint: Rgb,
    edge: Rgb | None,
    rng: np.random.Generator,
) -> None:
    side = picture.width
    corners = [(float(x), float(y)) for x, y in polygon]
    mask = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    closed = [*corners, corners[0], corners[1]]
    if group.shape == "ring":
        pen.polygon(corners, fill=255)
        centre = polygon.mean(axis=0)
        inner = (polygon - centre) * rng.uniform(0.45, 0.68) + centre
        pen.polygon([(float(x), float(y)) for x, y in inner], fill=0)
    elif group.fill == "outline":
        width = max(round(radius * rng.uniform(0.08, 0.2)), 2 * _SUPERSAMPLE)
        pen.line(closed, fill=255, width=width, joint="curve")
    else:
        pen.polygon(corners, fill=255)
    fill = "solid" if group.fill == "outline" else group.fill
    texture = _texture(fill, side, paint, radius, rng).convert("RGBA")
    picture.paste(texture, (0, 0), mask.point(lambda level: 255 if level > 127 else 0))
    if edge is not None:
        width = max(round(radius * rng.uniform(0.05, 0.12)), _SUPERSAMPLE + 1)
        line = Image.new("L", (side, side), 0)
        ImageDraw.Draw(line).line(closed, fill=255, width=width, joint="curve")
        picture.paste((*edge, 255), (0, 0), line)


def random_scene(rng: np.random.Generator) -> Scene:
    """One of the scenes that training shows: 30 % one shape, 52 % several, 18 % two kinds.

    Several, and outlines of several most of all, are the hardest to see in a small picture.
    """
    kind = rng.random()
    colours, shapes = rng.permutation(COLOURS), rng.permutation(SHAPES)
    if rng.random() < 0.5:  # what people try first, more often
        common = (
            "circle",
            "square",
            "triangle",
            "star",
            "heart",
            "rectangle",
            "diamond",
            "hexagon",
        )
        shapes = np.array([*rng.permutation(common)])
    several = 0.3 <= kind < 0.82
    odds = [0.5, 0.34, 0.04, 0.04, 0.08] if several else [0.6, 0.2, 0.05, 0.05, 0.1]
    fill = str(rng.choice(FILLS, p=odds))
    first = Group(str(shapes[0]), str(colours[0]), fill=fill)
    if kind < 0.3:
        size = str(rng.choice(SIZES, p=[0.22, 0.43, 0.35]))
        return Scene((replace(first, size=size, place=_random_place(size, rng)),))
    if several:
        return Scene((replace(first, count=int(rng.integers(2, MAX_COUNT + 1))),))
    second = Group(str(shapes[1]), str(colours[1] if rng.random() < 0.85 else colours[0]))
    relation = str(rng.choice(["left", "right", "above", "below"]))
    return Scene((first, second), relation)


def _random_place(size: str, rng: np.random.Generator) -> str | None:
    if size == "large":
        return "centre"
    return str(rng.choice(PLACES)) if rng.random() < 0.75 else None
