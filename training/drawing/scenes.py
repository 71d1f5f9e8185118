"""Scenes of the drawn world: which shapes they hold, in the words that captions use for them."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from training.drawing.colours import COLOURS

SHAPES: Final = (
    "circle", "square", "triangle", "rectangle", "oval", "diamond", "star", "heart", "pentagon",
    "hexagon", "octagon", "cross", "arrow", "crescent", "ring", "semicircle", "trapezoid",
    "parallelogram",
)  # fmt: skip
FILLS: Final = ("solid", "outline", "striped", "dotted", "gradient")
SIZES: Final = ("small", "medium", "large")
PLACES: Final = ("centre", "left", "right", "top", "bottom")
RELATIONS: Final = ("and", "left", "right", "above", "below")
MAX_COUNT: Final = 4

# What people try first. Half of the scenes hold only these shapes.
_COMMON_SHAPES: Final = (
    "circle", "square", "triangle", "star", "heart", "rectangle", "diamond", "hexagon",
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """1..MAX_COUNT shapes of one kind, colour and fill."""

    shape: str
    colour: str
    count: int = 1
    fill: str = "solid"
    size: str | None = None  # one of SIZES, or None if nobody would name it
    place: str | None = None  # one of PLACES, or None if nobody would name it


@dataclass(frozen=True)
class Scene:
    """What one drawing shows: nothing, one group, or two groups in a relation."""

    groups: tuple[Group, ...] = ()
    relation: str | None = None  # one of RELATIONS: how the first group stands to the second


def random_scene(rng: np.random.Generator) -> Scene:
    """Return a random scene, as training shows them.

    30 % have one shape, 52 % several shapes of one kind, 18 % two kinds. Several shapes have
    the largest share, because they are the hardest to see in a small picture, above all outlines.
    """
    kind = rng.random()
    colours, shapes = rng.permutation(COLOURS), rng.permutation(SHAPES)
    if rng.random() < 0.5:
        shapes = np.array([*rng.permutation(_COMMON_SHAPES)])
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
