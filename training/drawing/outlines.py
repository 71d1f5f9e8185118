"""Outlines of the drawn shapes, as polygons whose proportions vary from drawing to drawing."""

import math

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]  # [n, 2], x to the right and y down, within -1..1


def _regular(corners: int, turn: float = 0.0) -> Points:
    angles = np.arange(corners) * (2 * math.pi / corners) - math.pi / 2 + turn
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _arc(start: float, end: float, radius: float = 1.0, steps: int = 48) -> Points:
    angles = np.linspace(start, end, steps)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)


def outline(shape: str, rng: np.random.Generator) -> Points:
    """Return the closed polygon of a shape, upright, within the unit circle or square.

    Proportions vary as far as the name stays right: no rectangle is nearly square, and no oval is
    nearly round. The polygon of a ring is its outer edge.

    Raises:
        ValueError: the shape is not one of `scenes.SHAPES`.
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
        return rotated(points, math.pi / 2 * int(rng.integers(4)))
    if shape == "crescent":
        bite = rng.uniform(0.35, 0.6)
        reach = math.acos(bite / 2 + (1 - 0.85**2) / (2 * bite))
        inner = math.atan2(math.sin(reach), math.cos(reach) - bite)
        outer_arc = _arc(reach, 2 * math.pi - reach)
        inner_arc = _arc(2 * math.pi - inner, inner, 0.85) + np.array([bite, 0.0])
        return np.concatenate([outer_arc, inner_arc]) * (1 if rng.random() < 0.6 else -1)
    if shape == "semicircle":
        points = _arc(math.pi, 2 * math.pi) + np.array([0.0, 0.45])
        return rotated(points, math.pi / 2 * int(rng.integers(4)) if rng.random() < 0.4 else 0.0)
    slant = rng.uniform(0.35, 0.6)
    if shape == "trapezoid":
        points = np.array([[-1 + slant, -0.6], [1 - slant, -0.6], [1, 0.6], [-1, 0.6]])
        return points * (1.0, -1.0 if rng.random() < 0.25 else 1.0)
    if shape == "parallelogram":
        points = np.array([[-1 + slant, -0.55], [1, -0.55], [1 - slant, 0.55], [-1, 0.55]])
        return points * (-1.0 if rng.random() < 0.4 else 1.0, 1.0)
    raise ValueError(f"There is no shape called {shape!r}")


def rotated(points: Points, angle: float) -> Points:
    """Return the polygon turned by an angle in radians."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]))


def wobbled(points: Points, rng: np.random.Generator) -> Points:
    """Return the polygon as a hand would draw it, with 64 corners."""
    closed = np.concatenate([points, points[:1]])
    steps = np.linspace(0, len(points), 64, endpoint=False)
    at = np.arange(len(closed))
    dense = np.stack([np.interp(steps, at, closed[:, axis]) for axis in (0, 1)], axis=1)
    phase = steps / len(points) * 2 * math.pi
    for wave in (3, 5, 8):
        amount = rng.normal(0, 0.028 / math.sqrt(wave), size=2)
        dense = dense + amount * np.sin(wave * phase + rng.uniform(0, 6.3))[:, None]
    return dense
