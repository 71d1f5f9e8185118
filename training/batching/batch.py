"""What a training step gets: pictures, captions, and which caption fits which picture.

Shapes: B pictures, T captions, L tokens of the longest caption.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.captions.art_captions import Appearance
from training.drawing.colours import COLOURS
from training.drawing.painting import Arrangement
from training.drawing.scenes import MAX_COUNT, SHAPES, Scene

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CaptionBatch:
    """Captions, tokenized and compared with pictures."""

    ids: Tensor  # [T, L], padded with the end token
    fits: Tensor  # int8 [B, T]: FITS, UNSURE or WRONG
    own: Tensor  # [B]: the index of each picture's own caption, -1 if it has none
    neutral: Tensor  # bool [T]
    concepts: Tensor  # [B], -1 if the picture is not artwork
    meanings: Tensor  # [T]: each caption's row of `Meanings`, -1 if it is not about artwork

    def to(self, device: torch.device) -> Self:
        """Return the same batch with its tensors on a device."""
        tensors = {name: getattr(self, name).to(device) for name in self.__dataclass_fields__}
        return type(self)(**tensors)


@dataclass(frozen=True)
class Batch(CaptionBatch):
    """Everything that a training step needs."""

    arrangement: Arrangement  # the pictures, not painted yet
    colours: Tensor  # float [B, COLOURS]: the target of the colour head, or zeros
    shapes: Tensor  # float [B, SHAPES]: the target of the shape head, or zeros
    counts: Tensor  # float [B, MAX_COUNT]: the target of the count head, or zeros


@dataclass(frozen=True)
class PictureContents:
    """What pictures show, in the terms of captions."""

    scenes: list[Scene | None]  # None: artwork
    grounds: list[str | None]  # names of COLOURS; None if the colour has no name
    concepts: npt.NDArray[np.int64]  # [B], -1: no artwork
    appearances: list[Appearance]  # [B]

    def subset(self, chosen: npt.NDArray[np.int64]) -> "PictureContents":
        """Return the contents of some of the pictures, in this order."""
        return PictureContents(
            [self.scenes[at] for at in chosen],
            [self.grounds[at] for at in chosen],
            self.concepts[chosen],
            [self.appearances[at] for at in chosen],
        )

    @classmethod
    def joined(cls, parts: Sequence["PictureContents"]) -> "PictureContents":
        """Return the contents of all parts, one after another."""
        return cls(
            [scene for part in parts for scene in part.scenes],
            [ground for part in parts for ground in part.grounds],
            np.concatenate([part.concepts for part in parts]),
            [appearance for part in parts for appearance in part.appearances],
        )


def head_targets(scenes: list[Scene | None]) -> tuple[Floats, Floats, Floats]:
    """Return the targets of the heads for colours, shapes and counts: see `Batch`.

    A scene with two groups has half of the weight on each. Artwork and empty scenes have zeros.
    """
    colours = np.zeros((len(scenes), len(COLOURS)), np.float32)
    shapes = np.zeros((len(scenes), len(SHAPES)), np.float32)
    counts = np.zeros((len(scenes), MAX_COUNT), np.float32)
    for at, scene in enumerate(scenes):
        if scene is None:
            continue
        for group in scene.groups:
            share = 1 / len(scene.groups)
            colours[at, COLOURS.index(group.colour)] += share
            shapes[at, SHAPES.index(group.shape)] += share
            if len(scene.groups) == 1:
                counts[at, group.count - 1] = 1
    return colours, shapes, counts
