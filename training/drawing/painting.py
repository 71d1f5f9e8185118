"""Painting: the pixels of a batch, computed on the device that the model is on.

Any process can choose the drawings, grounds and effects. Work on every pixel is done here, so that
a GPU does it if there is one.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional

from training.drawing import augment
from training.model.architecture import IMAGE_SIDE, PATCH_SIDE


@dataclass(frozen=True)
class Arrangement:
    """What a batch of pictures is made of: artwork first, then drawn scenes."""

    drawings: Tensor  # uint8, premultiplied RGBA, [B, CANVAS, CANVAS, 4]
    grounds: Tensor  # uint8, RGB, [B, IMAGE_SIDE, IMAGE_SIDE, 3]
    sizes: Tensor  # float [B, 2]: width and height of the picture in pixels; the rest is padding
    mixes: Tensor  # float [artwork, 3, 3]: how its colours change, see augment.shades
    stickers: Tensor  # bool [artwork]: has a white rim
    speeding: Tensor  # bool [artwork]: has a trail
    blurred: Tensor  # bool [B]: far out of focus
    smallest: float  # lowest scale of artwork, as a part of the picture's shorter side
    seed: int  # of all random numbers that painting draws

    def to(self, device: torch.device) -> Self:
        """Return the same arrangement with its tensors on a device."""
        moved: dict[str, Any] = {
            name: value.to(device)
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        }
        return replace(self, **moved)


@dataclass(frozen=True)
class Painted:
    """Pictures in the form that the model takes."""

    pixels: Tensor  # normalised, float [B, 3, IMAGE_SIDE, IMAGE_SIDE]
    patch_priority: Tensor  # float [B, patches]: see `image_features`


def paint(arranged: Arrangement) -> Painted:
    """Place the drawings on their grounds and degrade the pictures as photos are.

    The same arrangement gives the same pictures on the same kind of device.
    """
    generator = torch.Generator(arranged.drawings.device).manual_seed(arranged.seed)
    drawings = _floats(arranged.drawings)
    count = len(arranged.mixes)
    sizes = arranged.sizes
    art = augment.repainted(drawings[:count], arranged.mixes)
    art = augment.sticker_edges(art, arranged.stickers)
    _, largest = augment.ARTWORK.scale
    placement = replace(augment.ARTWORK, scale=(arranged.smallest, largest))
    art = augment.place(art, sizes[:count], placement, generator)
    art = augment.speeding(art, arranged.speeding, generator)
    scenes = augment.place(drawings[count:], sizes[count:], augment.SCENE, generator)
    placed = torch.cat([art, scenes])
    pixels = augment.compose(placed, _floats(arranged.grounds), sizes, generator, arranged.blurred)
    return Painted(pixels, _patch_priority(placed, count, sizes))


def _floats(levels: Tensor) -> Tensor:
    """Convert uint8 [B, S, S, channels] to float 0..1 [B, channels, S, S]."""
    return (levels.permute(0, 3, 1, 2).float() / 255).contiguous()


def _patch_priority(placed: Tensor, art: int, sizes: Tensor) -> Tensor:
    """Return how important it is to keep each patch, -0.5..1: [B, patches].

    Patches with a part of a drawn scene come first, because without one of its shapes a caption
    would be wrong. Patches with a part of artwork follow, then grounds, then padding.
    """
    cells = functional.max_pool2d(placed[:, 3:], PATCH_SIDE).flatten(1) > 0.2
    priority = torch.ones(len(placed), device=placed.device)
    priority[:art] = 0.5
    edges = torch.arange(0, IMAGE_SIDE, PATCH_SIDE, device=placed.device)
    outside = (edges[None, None] >= sizes[:, 0, None, None]) | (
        edges[None, :, None] >= sizes[:, 1, None, None]
    )
    return cells * priority[:, None] - 0.5 * outside.flatten(1).float()
