"""Augmentation: place drawings on grounds, and change both as photos change before a bot gets them.

All functions work on whole batches of tensors, on the device of the tensors and of the random
generator. Only `content_sizes` and `shades` run on the CPU, where batches are put together.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from training.model.architecture import IMAGE_SIDE, MEAN, STD


@dataclass(frozen=True)
class Placement:
    """How far a drawing may be moved, turned and shrunk.

    Drawn scenes hardly move, so that words such as "small" and "on the left" stay true of them.
    """

    scale: tuple[float, float]  # lowest and highest, as parts of the picture's shorter side
    turn: float  # standard deviation, radians
    free: bool  # anywhere in the picture


# What can happen to a photo and has a name that people use.
EFFECTS: Final = ("sharp", "blurred", "speeding")

SCENE: Final = Placement((0.88, 1.06), 0.05, free=False)
ARTWORK: Final = Placement((0.4, 1.1), 0.12, free=True)


def content_sizes(count: int, generator: torch.Generator) -> Tensor:
    """Return the width and height of each picture in pixels, [count, 2]; the rest is padding.

    Half of the pictures are square. The others are 4:3, 3:2, 16:9 or of any ratio between 1:2 and
    1:1, upright or not.
    """
    ratios = torch.tensor([1.0, 1.0, 1.0, 1.0, 0.75, 0.75, 0.667, 0.5625])
    ratio = ratios[torch.randint(len(ratios), (count,), generator=generator)]
    anything = torch.rand(count, generator=generator) < 0.15
    ratio = torch.where(anything, torch.rand(count, generator=generator) * 0.5 + 0.5, ratio)
    short = (ratio * IMAGE_SIDE).round()
    full = torch.full_like(short, IMAGE_SIDE)
    upright = torch.rand(count, generator=generator) < 0.5
    return torch.stack(
        [torch.where(upright, short, full), torch.where(upright, full, short)], dim=1
    )


def place(
    drawings: Tensor, sizes: Tensor, placement: Placement, generator: torch.Generator
) -> Tensor:
    """Move, turn and shrink premultiplied drawings [B, 4, S, S] into [B, 4, SIDE, SIDE].

    Args:
        drawings: floats 0..1, colours premultiplied by alpha.
        sizes: the pictures' widths and heights, as `content_sizes` returns them.
        placement: the limits.
        generator: gives the random numbers.
    """
    count = len(drawings)
    if not count:
        return drawings.new_zeros(0, 4, IMAGE_SIDE, IMAGE_SIDE)

    def uniform(low: float, high: float) -> Tensor:
        draws = torch.rand(count, generator=generator, device=generator.device)
        return low + (high - low) * draws

    low, high = placement.scale
    scale = low + (high - low) * uniform(0, 1).sqrt()  # more often large than small
    turn = placement.turn * torch.randn(count, generator=generator, device=generator.device)
    half = sizes / 2  # pixels
    reach = scale * half.amin(dim=1)  # pixels from the drawing's centre to its edge
    spread = torch.stack([uniform(-1, 1), uniform(-1, 1)], dim=1)
    if placement.free:
        room = (half - 0.92 * reach[:, None]).clamp(min=2.0)
        squeeze = uniform(0.88, 1.12)
    else:
        room = torch.full_like(half, 2.0)
        squeeze = torch.ones_like(scale)
    offset = half + spread * room  # pixels from the top left corner
    # Output pixel (x, y) shows the drawing's point R (x - offset) / reach.
    cos, sin = torch.cos(turn) / reach, torch.sin(turn) / reach
    matrix = torch.stack(
        [torch.stack([cos * squeeze, sin], 1), torch.stack([-sin, cos], 1)],
        dim=1,
    )
    shift = -(matrix @ offset[:, :, None])
    # affine_grid's output coordinates run from -1 to 1: pixel = (u + 1) * SIDE / 2.
    theta = torch.cat(
        [matrix * (IMAGE_SIDE / 2), matrix.sum(2, True) * (IMAGE_SIDE / 2) + shift], 2
    )
    shrink = drawings.shape[-1] / (2 * reach)  # source pixels per output pixel
    smoothed = _antialiased(drawings, shrink)
    grid = functional.affine_grid(theta, [count, 4, IMAGE_SIDE, IMAGE_SIDE], align_corners=False)
    return functional.grid_sample(smoothed, grid, mode="bilinear", align_corners=False)


def _antialiased(drawings: Tensor, shrink: Tensor) -> Tensor:
    """Average over about as many source pixels as one output pixel covers."""
    result = drawings.clone()
    for factor, kernel in ((1.9, 3), (3.2, 5)):
        chosen = (shrink > factor).nonzero()[:, 0]
        if len(chosen):
            result[chosen] = functional.avg_pool2d(
                drawings[chosen], kernel, stride=1, padding=kernel // 2
            )
    return result


def shades(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return matrices that change drawings' colours a little, and that make a few drawings grey.

    Returns:
        How much of each old channel goes into each new one, [count, 3, 3], and which drawings keep
        their colours, bool [count].
    """
    mix = torch.eye(3) + 0.12 * torch.randn(count, 3, 3, generator=generator)
    mix = mix / mix.sum(2, keepdim=True)
    mix[torch.rand(count, generator=generator) < 0.03] = 1 / 3
    kept = torch.rand(count, generator=generator) < 0.4
    mix[kept] = torch.eye(3)
    return mix, kept


def repainted(drawings: Tensor, mix: Tensor) -> Tensor:
    """Return the premultiplied drawings [B, 4, S, S] in the colours that `shades` chose."""
    colours = torch.einsum("bij,bjyx->biyx", mix, drawings[:, :3])
    alpha = drawings[:, 3:]
    return torch.cat([torch.minimum(colours.clamp(min=0), alpha), alpha], dim=1)


def sticker_edges(drawings: Tensor, chosen: Tensor) -> Tensor:
    """Give the chosen drawings [B, 4, S, S] the white rim of a sticker."""
    if not bool(chosen.any()):
        return drawings
    some = drawings[chosen]
    rim = functional.max_pool2d(some[:, 3:], 7, stride=1, padding=3)
    under = torch.cat([rim, rim, rim, rim], dim=1)
    result = drawings.clone()
    result[chosen] = some + under * (1 - some[:, 3:])
    return result


def speeding(placed: Tensor, chosen: Tensor, generator: torch.Generator) -> Tensor:
    """Give the chosen premultiplied drawings [B, 4, S, S] the trail of something fast."""
    if not bool(chosen.any()):
        return placed
    some = placed[chosen]
    count, reach = len(some), 14
    step = int(torch.randint(1, 4, (1,), generator=generator, device=generator.device))
    right = torch.rand(count, generator=generator, device=generator.device) < 0.5
    to_right = right[:, None, None, None]
    trail = torch.zeros_like(some)
    for at in range(reach):
        ahead = functional.pad(some, (at * step, 0))[..., : some.shape[-1]]
        behind = functional.pad(some, (0, at * step))[..., -some.shape[-1] :]
        trail += torch.where(to_right, ahead, behind) * (2 * (reach - at) / reach / reach)
    trail = trail.clamp(max=1)
    result = placed.clone()
    result[chosen] = some + trail * (1 - some[:, 3:])
    return result


def blurred(pictures: Tensor, chosen: Tensor, generator: torch.Generator) -> Tensor:
    """Blur the chosen pictures [B, 3, S, S] so much that anybody would call them blurry."""
    if not bool(chosen.any()):
        return pictures
    small = int(torch.randint(13, 24, (1,), generator=generator, device=generator.device))
    shrunk = functional.interpolate(
        pictures[chosen], size=small, mode="bilinear", antialias=True, align_corners=False
    )
    result = pictures.clone()
    result[chosen] = functional.interpolate(
        shrunk, size=pictures.shape[-1], mode="bicubic", align_corners=False
    ).clamp(0, 1)
    return result


def degrade(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Add the effects of light, lens, screen and compression to RGB 0..1 [B, 3, SIDE, SIDE]."""
    count, device = len(pictures), generator.device

    def per_picture(low: float, high: float, channels: int = 1) -> Tensor:
        draws = torch.rand(count, channels, 1, 1, generator=generator, device=device)
        return draws * (high - low) + low

    def chance(probability: float) -> Tensor:
        return torch.rand(count, generator=generator, device=device) < probability

    def where(chosen: Tensor, changed: Tensor) -> Tensor:
        return torch.where(chosen[:, None, None, None], changed, pictures)

    light = (pictures - 0.5) * per_picture(0.8, 1.15) + 0.5 + per_picture(-0.08, 0.08)
    pictures = where(chance(0.6), light * per_picture(0.95, 1.05, channels=3))
    grey = pictures.mean(dim=1, keepdim=True)
    pictures = where(chance(0.4), grey + (pictures - grey) * per_picture(0.75, 1.2))
    # Light from one side.
    ramp = torch.linspace(-1, 1, pictures.shape[-1], device=device)
    slope = per_picture(-0.12, 0.12) * ramp[:, None] + per_picture(-0.12, 0.12) * ramp
    pictures = where(chance(0.25), pictures * (1 + slope))
    # The lines of a photographed screen.
    waves = torch.sin(ramp * per_picture(60, 140)[..., 0])[..., None, :]
    pictures = where(chance(0.06), pictures * (1 + 0.05 * waves))
    pictures = _resampled(pictures, chance(0.2), generator)
    pictures = _blockwise(pictures, chance(0.2))
    noisy = chance(0.3)
    shape = (int(noisy.sum()), *pictures.shape[1:])
    noise = torch.randn(shape, generator=generator, device=device)
    pictures = pictures.clone()
    pictures[noisy] += noise * per_picture(0.005, 0.05)[noisy]
    return pictures.clamp(0, 1)


def _resampled(pictures: Tensor, chosen: Tensor, generator: torch.Generator) -> Tensor:
    """Blur the chosen pictures a little, like those enlarged from a thumbnail."""
    if not bool(chosen.any()):
        return pictures
    side = pictures.shape[-1]
    small = int(torch.randint(36, 64, (1,), generator=generator, device=generator.device))
    shrunk = functional.interpolate(
        pictures[chosen], size=small, mode="bilinear", antialias=True, align_corners=False
    )
    result = pictures.clone()
    result[chosen] = functional.interpolate(
        shrunk, size=side, mode="bilinear", align_corners=False
    ).to(pictures)
    return result


def _blockwise(pictures: Tensor, chosen: Tensor) -> Tensor:
    """Average colours over blocks of 4×4 and round levels to 1/24, like strong JPEG compression."""
    if not bool(chosen.any()):
        return pictures
    some = pictures[chosen]
    luma = some.mean(dim=1, keepdim=True)
    chroma = functional.avg_pool2d(some - luma, 4)
    chroma = functional.interpolate(chroma, scale_factor=4.0, mode="nearest")
    result = pictures.clone()
    result[chosen] = ((luma + chroma) * 24).round() / 24
    return result


def normalised(pictures: Tensor, sizes: Tensor) -> Tensor:
    """Subtract CLIP's mean, divide by its deviation, and pad, as the image processor does."""
    mean = torch.tensor(MEAN, device=pictures.device)[:, None, None]
    std = torch.tensor(STD, device=pictures.device)[:, None, None]
    at = torch.arange(pictures.shape[-1], device=pictures.device)
    inside = (at[None, None, :] < sizes[:, 0, None, None]) & (
        at[None, :, None] < sizes[:, 1, None, None]
    )
    return (pictures - mean) / std * inside[:, None]


def compose(
    placed: Tensor,
    grounds: Tensor,
    sizes: Tensor,
    generator: torch.Generator,
    out_of_focus: Tensor | None = None,
) -> Tensor:
    """Lay placed drawings over grounds, then degrade and normalise the pictures.

    Args:
        placed: premultiplied RGBA 0..1, [B, 4, SIDE, SIDE].
        grounds: RGB 0..1, [B, 3, SIDE, SIDE].
        sizes: the pictures' widths and heights, [B, 2].
        generator: gives the random numbers.
        out_of_focus: bool [B]: the pictures that are `blurred`.
    """
    pictures = placed[:, :3] + grounds * (1 - placed[:, 3:])
    if out_of_focus is not None:
        pictures = blurred(pictures, out_of_focus, generator)
    return normalised(degrade(pictures, generator), sizes)
