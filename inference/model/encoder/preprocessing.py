"""Pictures → the arrays that a model looks at, exactly as the checkpoint's own processor does it.

Most processors do the same: shrink, cut out the middle, and scale each channel. That is done here
in less time, and only where the outcome for some probe pictures is the same but for the
last digit; for all others the processor itself is asked.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image

from inference import cores

# Arrays by the names that the model gives them; first axis: pictures, or texts.
Inputs = dict[str, npt.NDArray[Any]]

Pixels = npt.NDArray[np.float32]

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


class Recipe(msgspec.Struct, frozen=True):
    """Resize with Pillow, cut out the middle, scale, pad: `CLIPImageProcessor` and most others.

    Attributes:
        shortest: length that the shorter side gets, in pixels; None where `exact` is given.
        longest: greatest length of the longer side; the shorter one gets less than `shortest` then.
        exact: width and height of every picture.
        resampling: one of Pillow's filters.
        crop: width and height.
        pad: width and height; zeros, right and below.
        factor: of each channel: `level · factor + term`.
        term: of each channel.
    """

    shortest: int | None
    longest: int | None
    exact: tuple[int, int] | None
    resampling: int
    crop: tuple[int, int] | None
    pad: tuple[int, int] | None
    factor: tuple[float, float, float]
    term: tuple[float, float, float]

    @classmethod
    def of(cls, processor: Any) -> "Recipe | None":
        """What an image processor of transformers does; None where it does something else."""
        try:
            recipe = cls._read(processor)
            wide = probes()[-1]
            uneven = wide.crop((0, 0, 298, 200))  # sizes and margins that have to be rounded
            for picture in (*probes(), uneven, uneven.transpose(Image.Transpose.ROTATE_90)):
                expected = processor(images=[picture], return_tensors="np")
                if list(expected) != ["pixel_values"]:
                    return None
                got = recipe.pixels(picture)[None]
                if not np.allclose(got, expected["pixel_values"], rtol=0, atol=_ROUNDING):
                    return None
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
        return recipe

    @classmethod
    def _read(cls, processor: Any) -> "Recipe":
        shortest = processor.size.get("shortest_edge")
        crop = processor.crop_size if getattr(processor, "do_center_crop", False) else None
        pad = processor.pad_size if getattr(processor, "do_pad", False) else None
        # (level · rescale - mean) / std, as one factor and one term for each channel
        mean, std = (np.array(v, np.float64) for v in (processor.image_mean, processor.image_std))
        red, green, blue = (processor.rescale_factor / std).tolist()
        terms = (-mean / std).tolist()
        return cls(
            shortest=shortest,
            longest=processor.size.get("longest_edge") if shortest else None,
            exact=None if shortest else _width_and_height(processor.size),
            resampling=int(processor.resample),
            crop=None if crop is None else _width_and_height(crop),
            pad=None if pad is None else _width_and_height(pad),
            factor=(red, green, blue),
            term=(terms[0], terms[1], terms[2]),
        )

    @property
    def takes_any_picture(self) -> bool:
        """Whether `pixels` never raises: no crop is too large for a picture, no pad too small."""
        if self.crop is not None:
            least = self.exact or (self.shortest or 0,) * 2
            uncertain = self.longest is not None
            if uncertain or self.crop[0] > least[0] or self.crop[1] > least[1]:
                return False
        return self.pad is None or self._fits_pad

    @property
    def _fits_pad(self) -> bool:
        if self.pad is None:
            return False
        longest = None if self.longest is None else (self.longest, self.longest)
        largest = self.crop or self.exact or longest
        return largest is not None and largest[0] <= self.pad[0] and largest[1] <= self.pad[1]

    def pixels(self, image: Image.Image) -> Pixels:
        """What the model looks at of an RGB picture, float32 [3, height, width].

        Raises:
            ValueError: of a shape that this recipe is not for; see `takes_any_picture`.
        """
        image = image.resize(self._target(*image.size), Image.Resampling(self.resampling))
        if self.crop is not None:
            width, height = self.crop
            left, top = (image.width - width) // 2, (image.height - height) // 2
            if left < 0 or top < 0:
                raise ValueError("a crop that is larger than the picture needs padding")
            image = image.crop((left, top, left + width, top + height))
        # Channel by channel from here on: bytes are turned round in a tenth of the floats' time.
        levels = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
        pixels = levels.astype(np.float32)
        pixels *= np.array(self.factor, np.float32)[:, None, None]
        pixels += np.array(self.term, np.float32)[:, None, None]
        if self.pad is None:
            return pixels
        width, height = self.pad
        padded = np.zeros((3, height, width), np.float32)
        if self._fits_pad:
            # 81 x 40 pixels are not shrunk to 80 x 40, by transformers neither, which fails then.
            pixels = pixels[:, :height, :width]
        padded[:, : pixels.shape[1], : pixels.shape[2]] = pixels  # numpy refuses a larger picture
        return padded

    def _target(self, width: int, height: int) -> tuple[int, int]:
        """Width and height after resizing; `get_size_with_aspect_ratio` of transformers."""
        if self.exact is not None or self.shortest is None:
            return self.exact or (width, height)
        short, long = min(width, height), max(width, height)
        wanted: float = self.shortest
        if self.longest is not None and long / short * wanted > self.longest:
            wanted = self.longest * short / long
        ends = round(wanted), int(wanted * long / short)
        if short == ends[0]:
            return width, height
        return ends if width < height else ends[::-1]


def _width_and_height(size: Any) -> tuple[int, int]:
    return int(size["width"]), int(size["height"])


class Preprocessor:
    """Does what a checkpoint's image processor does. For any number of threads at a time."""

    def __init__(
        self, recipe: Recipe | None, processor: Any = None, *, shortens: bool = False
    ) -> None:
        """See `of`.

        Args:
            processor: of transformers, for what the recipe is not for.
            shortens: whether far ends of slivers are cut off first.
        """
        self.recipe = recipe
        self.shortens = shortens
        self._processor = processor
        self._pool = ThreadPoolExecutor(cores.available(), "preprocess")

    @classmethod
    def of(cls, processor: Any) -> "Preprocessor":
        """Looks for the short way, and keeps it if it leads to the same place."""
        fits_longer_side = getattr(getattr(processor, "size", None), "longest_edge", None)
        shortens = bool(getattr(processor, "do_center_crop", False) or fits_longer_side)
        return cls(Recipe.of(processor), processor, shortens=shortens)

    def one(self, image: Image.Image) -> Inputs:
        """The arrays of one RGB picture of any size; the first axis has length 1."""
        if self.shortens:
            image = _without_far_ends(image)
        if self.recipe is not None:
            try:
                return {"pixel_values": self.recipe.pixels(image)[None]}
            except ValueError:  # of a shape that the probes don't have
                if self._processor is None:
                    raise
        return dict(self._processor(images=[image], return_tensors="np"))

    def all(self, images: Sequence[Image.Image]) -> Inputs:
        """The arrays of several, one below the other, prepared side by side on all cores."""
        return stacked(list(self._pool.map(self.one, images)))


def stacked(inputs: Sequence[Inputs]) -> Inputs:
    """Arrays of pictures that were prepared one by one, one below the other."""
    if len(inputs) == 1:
        return inputs[0]
    return {name: np.concatenate([one[name] for one in inputs]) for name in inputs[0]}


def _without_far_ends(image: Image.Image) -> Image.Image:
    width, height = image.size
    longest = _MAX_ASPECT * min(image.size)
    if max(image.size) <= longest:
        return image
    across, down = max(0, width - longest) // 2, max(0, height - longest) // 2
    return image.crop((across, down, width - across, height - down))
