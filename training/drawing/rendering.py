"""The pictures of scenes: transparent drawings that show exactly what the scene says.

A ground is laid under a drawing later, so that one drawing is seen on many grounds.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from training.drawing.colours import Rgb, sample_colour
from training.drawing.outlines import Points, outline, rotated, wobbled
from training.drawing.scenes import Group, Scene

CANVAS: Final = 96  # pixels, a side of a drawing
_SUPERSAMPLE: Final = 3

# The radius of a lone shape, as a part of the picture's side.
RADII: Final = {"small": (0.07, 0.13), "medium": (0.17, 0.3), "large": (0.37, 0.48)}
# The same for one of several shapes in a picture, by the number of shapes in its group.
_CROWDED: Final = {1: (0.13, 0.25), 2: (0.1, 0.23), 3: (0.09, 0.17), 4: (0.08, 0.15)}


@dataclass
class Drawing:
    """The picture of a scene."""

    scene: Scene
    rgba: npt.NDArray[np.uint8]  # [CANVAS, CANVAS, 4], colours premultiplied by alpha
    # The colours in use; the ground must differ from them.
    paints: list[Rgb] = field(default_factory=list)


def draw(scene: Scene, rng: np.random.Generator) -> Drawing:
    """Draw a scene. Colours, proportions, line widths and tilts vary as far as its words allow."""
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
            unit = rotated(wobbled(polygon, rng) if wobble else polygon, tilt_here)
            placed = (unit * radius * 0.96 + np.array([x, y])) * side
            _paint(picture, group, placed, radius * side, paint, edge, rng)
    rgba = np.asarray(picture.convert("RGBa").reduce(_SUPERSAMPLE))
    return Drawing(scene, rgba, paints)


def _edge_colour(group: Group, rng: np.random.Generator) -> Rgb | None:
    """Return the colour of a shape's edge: some filled shapes have one, and all white ones."""
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


def _texture(
    fill: str, side: int, paint: Rgb, radius: float, rng: np.random.Generator
) -> Image.Image:
    """Return what a shape is filled with, `side` pixels square."""
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
    """Return the centres of each group's shapes in 0..1 of the canvas. Shapes never overlap."""
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
