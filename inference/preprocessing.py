"""Pictures → the tensors that a model looks at, exactly as the checkpoint's own processor does it.

Most processors do the same: shrink, cut out the middle, and scale each channel. That is done here
in less time, and only where the outcome for some probe pictures is the same but for the
last digit; for all others the processor itself is asked.
"""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from inference import cores

# Tensors by the names that the model gives them; first axis: pictures.
Inputs = dict[str, torch.Tensor]

# Centre-cropping processors first enlarge the shorter side: 3 x 20000 pixels would become
# 224 x 1,493,333, only to crop it. Those that fit the longer side would be left without a shorter.
_MAX_ASPECT = 20

# Of one float32 operation at values up to 2.6; a level more or less would be 0.017.
_ROUNDING = 1e-6


def probes() -> list[Image.Image]:
    """Two pictures with all levels and both soft and hard edges; always the same."""
    levels = np.random.default_rng(1).integers(0, 256, (256, 256), dtype=np.uint8)
    noise = Image.fromarray(levels)
    bands = [Image.linear_gradient("L"), Image.radial_gradient("L"), noise]
    return [Image.merge("RGB", bands), Image.merge("RGB", bands[::-1]).resize((300, 200))]


class Preprocessor:
    """Does what a checkpoint's image processor does. For any number of threads at a time."""

    def __init__(self, processor: Any) -> None:
        """Looks for the short way, and keeps it if it leads to the same place."""
        self._processor = processor
        fits_longer_side = getattr(getattr(processor, "size", None), "longest_edge", None)
        self._shortens = bool(getattr(processor, "do_center_crop", False) or fits_longer_side)
        self._short_way = _short_way(processor)
        self._pool = ThreadPoolExecutor(cores.available(), "preprocess")

    def one(self, image: Image.Image) -> Inputs:
        """The tensors of one RGB picture of any size, on the CPU; the first axis has length 1."""
        if self._shortens:
            image = _without_far_ends(image)
        if self._short_way is not None:
            with contextlib.suppress(ValueError):  # of a shape that the probes don't have
                return {"pixel_values": torch.from_numpy(self._short_way(image)[None])}
        return dict(self._processor(images=[image], return_tensors="pt"))

    def all(self, images: Sequence[Image.Image]) -> Inputs:
        """The tensors of several, one below the other, prepared side by side on all cores."""
        return stacked(list(self._pool.map(self.one, images)))


def stacked(inputs: Sequence[Inputs]) -> Inputs:
    """Tensors of pictures that were prepared one by one, one below the other."""
    return {name: torch.cat([one[name] for one in inputs]) for name in inputs[0]}


Pixels = npt.NDArray[np.float32]


def _short_way(processor: Any) -> Callable[[Image.Image], Pixels] | None:
    """What the processor does, in fewer steps; None where it does something else."""
    try:
        way = _ResizeCropScale(processor)
        wide = probes()[-1]
        uneven = wide.crop((0, 0, 298, 200))  # sizes and margins that have to be rounded
        for picture in (*probes(), uneven, uneven.transpose(Image.Transpose.ROTATE_90)):
            expected = processor(images=[picture], return_tensors="np")
            if list(expected) != ["pixel_values"]:
                return None
            got = way(picture)[None]
            if not np.allclose(got, expected["pixel_values"], rtol=0, atol=_ROUNDING):
                return None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return way


class _ResizeCropScale:
    """Resize with Pillow, cut out the middle, scale, pad: `CLIPImageProcessor` and most others."""

    def __init__(self, processor: Any) -> None:
        self._target = _target_size(processor.size)
        self._filter = Image.Resampling(int(processor.resample))
        crop = processor.crop_size if getattr(processor, "do_center_crop", False) else None
        self._crop = None if crop is None else (int(crop["width"]), int(crop["height"]))
        pad = processor.pad_size if getattr(processor, "do_pad", False) else None
        self._pad = None if pad is None else (int(pad["height"]), int(pad["width"]))
        # (level · rescale - mean) / std, as one factor and one term for each channel
        mean, std = (np.array(v, np.float64) for v in (processor.image_mean, processor.image_std))
        factor, term = processor.rescale_factor / std, -mean / std
        self._factor, self._term = (
            values.astype(np.float32)[:, None, None] for values in (factor, term)
        )

    def __call__(self, image: Image.Image) -> Pixels:
        """float32 [3, height, width]."""
        image = image.resize(self._target(*image.size), self._filter)
        if self._crop is not None:
            width, height = self._crop
            left, top = (image.width - width) // 2, (image.height - height) // 2
            if left < 0 or top < 0:
                raise ValueError("a crop that is larger than the picture needs padding")
            image = image.crop((left, top, left + width, top + height))
        # Channel by channel from here on: bytes are turned round in a tenth of the floats' time.
        levels = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
        pixels = levels.astype(np.float32)
        pixels *= self._factor
        pixels += self._term
        if self._pad is None:
            return pixels
        # right and below, with zeros; numpy refuses a picture that is larger
        padded = np.zeros((3, *self._pad), np.float32)
        padded[:, : image.height, : image.width] = pixels
        return padded


def _target_size(size: Any) -> Callable[[int, int], tuple[int, int]]:
    """From a picture's width and height to those after resizing, before cropping."""
    shortest, longest = size.get("shortest_edge"), size.get("longest_edge")
    if shortest is None:
        exact = (int(size["width"]), int(size["height"]))
        return lambda width, height: exact
    # here and not above: it takes seconds to import
    from transformers.image_transforms import get_size_with_aspect_ratio

    def fitted(width: int, height: int) -> tuple[int, int]:
        height, width = get_size_with_aspect_ratio((height, width), shortest, longest)
        return width, height

    return fitted


def _without_far_ends(image: Image.Image) -> Image.Image:
    width, height = image.size
    longest = _MAX_ASPECT * min(image.size)
    if max(image.size) <= longest:
        return image
    across, down = max(0, width - longest) // 2, max(0, height - longest) // 2
    return image.crop((across, down, width - across, height - down))
