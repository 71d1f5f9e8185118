"""Which picture each caption fits: FITS, WRONG, or UNSURE where people would not agree.

A caption has a meaning and a scene has attributes. `fits` compares them, so that a batch knows for
every pair of picture and caption whether it is right. The loss leaves UNSURE pairs out.

Meanings are bit sets. For each attribute, `yes` holds the values that the caption names, and
`maybe` those that some people would also accept. A scene has one bit for each attribute, or all
bits if nobody would name a value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from training.drawing.colours import COLOURS
from training.drawing.scenes import FILLS, PLACES, RELATIONS, SHAPES, SIZES, Group, Scene

FITS, UNSURE, WRONG = 1, 0, -1
ANY: Final = -1  # all bits
HOOP: Final = len(SHAPES)  # an outlined circle, which is a circle and which some call a ring
INVERSE: Final = {"left": "right", "right": "left", "above": "below", "below": "above"}

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Attribute(IntEnum):
    """An attribute of a group; its value is the index in bit sets."""

    COLOUR = 0
    SHAPE = 1
    COUNT = 2
    FILL = 3
    SIZE = 4
    PLACE = 5


@dataclass(frozen=True)
class Constraint:
    """What a noun phrase demands of a group: two bit sets for each attribute."""

    yes: tuple[int, ...] = (ANY,) * len(Attribute)
    maybe: tuple[int, ...] = (ANY,) * len(Attribute)

    def requiring(self, attribute: int, yes: int, maybe: int | None = None) -> "Constraint":
        """Return the constraint with another demand on one attribute; `maybe` defaults to `yes`."""
        maybe = yes if maybe is None else maybe
        return Constraint(
            tuple(yes if at == attribute else old for at, old in enumerate(self.yes)),
            tuple(maybe if at == attribute else old for at, old in enumerate(self.maybe)),
        )


@dataclass(frozen=True)
class TrainingCaption:
    """A text about a picture and what it means."""

    text: str
    kind: str = "shape"  # shape, colour, empty, neutral or art
    # Captions of drawn scenes:
    first: Constraint = field(default_factory=Constraint)
    second: Constraint | None = None
    relation: int = ANY  # bits of RELATIONS
    ground: int = ANY  # bits of COLOURS
    # Captions of artwork:
    meaning: int = -1  # row of `Meanings`; -1 for captions of drawn scenes
    effect: int = ANY  # bits of augment.EFFECTS: the pictures that it is true of
    effect_maybe: int = 0  # bits of augment.EFFECTS: those that it may be true of
    colour: int = ANY  # bits of COLOURS


def group_bits(group: Group) -> tuple[int, ...]:
    """Return one bit for each attribute, or ANY if nobody would name its value."""
    shape = SHAPES.index(group.shape)
    if group.shape == "circle" and group.fill == "outline":
        shape = HOOP
    return (
        1 << COLOURS.index(group.colour),
        1 << shape,
        1 << group.count,
        1 << FILLS.index(group.fill),
        1 << SIZES.index(group.size) if group.size else ANY,
        1 << PLACES.index(group.place) if group.place else ANY,
    )


@dataclass(frozen=True)
class SceneBits:
    """The attributes of a batch of scenes, as bit sets."""

    first: Ints  # [B, 6]
    second: Ints  # [B, 6]
    relation: Ints  # [B]
    ground: Ints  # [B]
    groups: Ints  # [B], 0..2; -1 if the picture is not a drawn scene

    @classmethod
    def of(cls, scenes: list[Scene | None], grounds: list[str | None]) -> "SceneBits":
        """Return the attributes of these scenes on these grounds.

        Args:
            scenes: None for pictures that are not drawn scenes.
            grounds: names of COLOURS; None if a ground's colour has no name.
        """
        nothing = (0,) * len(Attribute)
        groups = [scene.groups if scene else () for scene in scenes]
        return cls(
            np.array([group_bits(g[0]) if g else nothing for g in groups], np.int64),
            np.array([group_bits(g[1]) if len(g) > 1 else nothing for g in groups], np.int64),
            np.array(
                [
                    1 << RELATIONS.index(scene.relation) if scene and scene.relation else 0
                    for scene in scenes
                ],
                np.int64,
            ),
            np.array(
                [1 << COLOURS.index(ground) if ground else ANY for ground in grounds],
                np.int64,
            ),
            np.array([-1 if scene is None else len(scene.groups) for scene in scenes], np.int64),
        )

    def subset(self, chosen: npt.NDArray[np.int64]) -> "SceneBits":
        """Return some of the scenes, in this order."""
        return SceneBits(*(bits[chosen] for bits in vars(self).values()))


def fits(scenes: SceneBits, captions: list[TrainingCaption]) -> npt.NDArray[np.int8]:
    """Return FITS, UNSURE or WRONG for each pair, int8 [scenes, captions].

    Captions of artwork (`meaning` >= 0) and pictures of artwork stay UNSURE here:
    `ArtCaptions.judge` fills them in.
    """
    result = np.full((len(scenes.groups), len(captions)), UNSURE, np.int8)
    drawn = np.flatnonzero(scenes.groups >= 0)
    of_scenes = np.flatnonzero([caption.meaning < 0 for caption in captions])
    if len(drawn) and len(of_scenes):
        chosen = [captions[at] for at in of_scenes.tolist()]
        result[np.ix_(drawn, of_scenes)] = _fits_drawn(scenes.subset(drawn), chosen)
    return result


def _fits_drawn(scenes: SceneBits, captions: list[TrainingCaption]) -> npt.NDArray[np.int8]:
    """Do what `fits` does, for drawn scenes and for captions that are not about artwork."""
    plain = Constraint()
    first_yes = np.array([c.first.yes for c in captions], np.int64)
    first_maybe = np.array([c.first.maybe for c in captions], np.int64)
    second_yes = np.array([(c.second or plain).yes for c in captions], np.int64)
    second_maybe = np.array([(c.second or plain).maybe for c in captions], np.int64)
    paired = np.array([c.second is not None for c in captions])
    relation = np.array([c.relation for c in captions], np.int64)
    ground = np.array([c.ground for c in captions], np.int64)
    kind = np.array([c.kind for c in captions])

    def within(bits: Ints, yes: Ints) -> Bools:
        inside = (bits[:, None] & ~yes[None]) == 0
        return np.asarray(inside.reshape(len(bits), len(yes), -1).all(axis=2))

    def touches(bits: Ints, maybe: Ints) -> Bools:
        common = (bits[:, None] & maybe[None]) != 0
        return np.asarray(common.reshape(len(bits), len(maybe), -1).all(axis=2))

    has_1, has_2 = (scenes.groups >= 1)[:, None], (scenes.groups >= 2)[:, None]
    inverse = _inverse_relations(scenes.relation)
    alone_yes = (has_1 & within(scenes.first, first_yes)) | (
        has_2 & within(scenes.second, first_yes)
    )
    alone_maybe = (has_1 & touches(scenes.first, first_maybe)) | (
        has_2 & touches(scenes.second, first_maybe)
    )

    def both(test: Callable[[Ints, Ints], Bools], one: Ints, two: Ints) -> Bools:
        straight = test(scenes.first, one) & test(scenes.second, two)
        straight &= touches(scenes.relation, relation)
        crossed = test(scenes.second, one) & test(scenes.first, two)
        crossed &= touches(inverse, relation)
        result: Bools = has_2 & (straight | crossed)
        return result

    yes = np.where(paired, both(within, first_yes, second_yes), alone_yes)
    maybe = np.where(paired, both(touches, first_maybe, second_maybe), alone_maybe)

    empty = (scenes.groups == 0)[:, None]
    says_empty, says_neutral = kind == "empty", kind == "neutral"
    yes = np.where(says_empty | (says_neutral & empty), empty, yes)
    maybe = np.where(says_empty | (says_neutral & empty), empty, maybe)
    # A colour without a noun may be that of the ground.
    is_colour = kind == "colour"
    colour_bits = first_yes[:, Attribute.COLOUR]
    maybe = maybe | (is_colour & touches(scenes.ground, colour_bits))
    yes = yes & within(scenes.ground, ground)
    maybe = maybe & touches(scenes.ground, ground)

    result = np.where(yes, FITS, np.where(maybe, UNSURE, WRONG)).astype(np.int8)
    result[:, says_neutral] = np.where(empty, FITS, UNSURE)
    return result


def _inverse_relations(bits: Ints) -> Ints:
    result = np.zeros_like(bits)
    for name, other in INVERSE.items():
        held = (bits & (1 << RELATIONS.index(name))) != 0
        result[held] |= 1 << RELATIONS.index(other)
    return result
