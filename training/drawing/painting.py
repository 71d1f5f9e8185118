"""Pictures put together from drawings and grounds, on the device that is to look at them.

What is chosen and said is worked out in Python, in any process; what is computed for every pixel is
done here, so that a GPU does it where there is one.
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
    """What a batch of pictures is made of; artwork first, then drawn scenes."""

    drawings: Tensor  # uint8, premultiplied RGBA, [B, CANVAS, CANVAS, 4]
    grounds: Tensor  # uint8, RGB, [B, IMAGE_SIDE, IMAGE_SIDE, 3]
    sizes: Tensor  # float [B, 2]: width and height that the picture fills of IMAGE_SIDE
    mixes: Tensor  # float [artwork, 3, 3]: its colours in other shades
    stickers: Tensor  # bool [artwork]: has a white rim
    speeding: Tensor  # bool [artwork]: has a trail
    blurred: Tensor  # bool [B]: far out of focus
    smallest: float  # scale of artwork, of the shorter side
    seed: int  # of all that is left to chance

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        moved: dict[str, Any] = {
            name: value.to(device)
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        }
        return replace(self, **moved)


@dataclass(frozen=True)
class Painted:
    """Pictures as a model looks at them."""

    pixels: Tensor  # normalised, float [B, 3, IMAGE_SIDE, IMAGE_SIDE]
    content: Tensor  # float [B, patches]: how much a patch is worth keeping


def paint(arranged: Arrangement) -> Painted:
    """Place the drawings on their grounds and let happen to them what happens to photos.

    The same arrangement gives the same pictures, but for another kind of device.
    """
    generator = torch.Generator(arranged.drawings.device).manual_seed(arranged.seed)
    drawings = _floats(arranged.drawings)
    count = len(arranged.mixes)
    sizes = arranged.sizes
    art = augment.repainted(drawings[:count], arranged.mixes)
    art = augment.sticker_edges(art, arranged.stickers)
    _, largest = augment.ARTWORK.scale
    freely = replace(augment.ARTWORK, scale=(arranged.smallest, largest))
    art = augment.place(art, sizes[:count], freely, generator)
    art = augment.speeding(art, arranged.speeding, generator)
    scenes = augment.place(drawings[count:], sizes[count:], augment.SCENE, generator)
    placed = torch.cat([art, scenes])
    pixels = augment.compose(placed, _floats(arranged.grounds), sizes, generator, arranged.blurred)
    return Painted(pixels, _content(placed, count, sizes))


def _floats(levels: Tensor) -> Tensor:
    """uint8 [B, S, S, channels] to float 0..1 [B, channels, S, S]."""
    return (levels.permute(0, 3, 1, 2).float() / 255).contiguous()


def _content(placed: Tensor, art: int, sizes: Tensor) -> Tensor:
    """How much each patch is worth keeping, -1..1: [B, patches].

    All that holds a part of a drawn scene, or its phrase might be wrong about what is left; of
    artwork, rather the drawing than the ground; and least of all the padding.
    """
    cells = functional.max_pool2d(placed[:, 3:], PATCH_SIDE).flatten(1) > 0.2
    worth = torch.ones(len(placed), device=placed.device)
    worth[:art] = 0.5
    edges = torch.arange(0, IMAGE_SIDE, PATCH_SIDE, device=placed.device)
    outside = (edges[None, None] >= sizes[:, 0, None, None]) | (
        edges[None, :, None] >= sizes[:, 1, None, None]
    )
    return cells * worth[:, None] - 0.5 * outside.flatten(1).float()
