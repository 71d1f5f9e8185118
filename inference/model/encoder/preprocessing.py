"""Images → the arrays that a model reads, exactly as the checkpoint's own processor makes them.

Most processors do the same: resize, crop the centre and scale each channel. `ImageTransform` does
that in less time. It is used only if its pixels for some sample images equal those of the
processor up to rounding; otherwise the processor does the work.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image

from inference import cores

# Arrays by the names of the model's arguments; the first axis is the image, or the text.
Inputs = dict[str, npt.NDArray[Any]]

Pixels = npt.NDArray[np.float32]

# The ends of an image that is longer than this are cut off before it is resized. A processor that
# crops the centre resizes first: 3 x 20,000 pixels would become 224 x 1,493,333, of which little is
# used. A processor that fits the longer side would leave a shorter side of 0 pixels.
_MAX_ASPECT = 20

# Rounding error of one float32 operation at values up to 2.6. A difference of one level in an
# image would be 0.017.
_ROUNDING = 1e-6


def sample_images() -> list[Image.Image]:
    """Return two RGB images with all levels and with soft and hard edges, always the same."""
    levels = np.random.default_rng(1).integers(0, 256, (256, 256), dtype=np.uint8)
    noise = Image.fromarray(levels)
    bands = [Image.linear_gradient("L"), Image.radial_gradient("L"), noise]
    return [Image.merge("RGB", bands), Image.merge("RGB", bands[::-1]).resize((300, 200))]


class ImageTransform(msgspec.Struct, frozen=True):
    """Resizes with Pillow, crops the centre, scales and pads, as most image processors do.

    Attributes:
        shortest_edge: length of the shorter side after resizing, in pixels; None if
            `exact_size` is given.
        longest_edge: greatest length of the longer side, in pixels; if it applies, the shorter
            side becomes less than `shortest_edge`.
        exact_size: width and height of every resized image, in pixels.
        resampling: one of Pillow's filters.
        crop: width and height of the centre crop, in pixels.
        pad: width and height after padding with zeros on the right and below, in pixels.
        factor: of each channel: `level · factor + term`.
        term: of each channel.
    """

    shortest_edge: int | None = msgspec.field(name="shortest")
    longest_edge: int | None = msgspec.field(name="longest")
    exact_size: tuple[int, int] | None = msgspec.field(name="exact")
    resampling: int
    crop: tuple[int, int] | None
    pad: tuple[int, int] | None
    factor: tuple[float, float, float]
    term: tuple[float, float, float]

    @classmethod
    def of(cls, processor: Any) -> "ImageTransform | None":
        """Return what an image processor of transformers does; None if it does something else.

        Compares the pixels of some sample images.
        """
        try:
            transform = cls._read(processor)
            wide = sample_images()[-1]
            uneven = wide.crop((0, 0, 298, 200))  # its sizes and margins must be rounded
            for image in (*sample_images(), uneven, uneven.transpose(Image.Transpose.ROTATE_90)):
                expected = processor(images=[image], return_tensors="np")
                if list(expected) != ["pixel_values"]:
                    return None
                got = transform.pixels(image)[None]
                if not np.allclose(got, expected["pixel_values"], rtol=0, atol=_ROUNDING):
                    return None
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
        return transform

    @classmethod
    def _read(cls, processor: Any) -> "ImageTransform":
        shortest = processor.size.get("shortest_edge")
        crop = processor.crop_size if getattr(processor, "do_center_crop", False) else None
        pad = processor.pad_size if getattr(processor, "do_pad", False) else None
        # (level · rescale - mean) / std, as one factor and one term for each channel
        mean, std = (np.array(v, np.float64) for v in (processor.image_mean, processor.image_std))
        red, green, blue = (processor.rescale_factor / std).tolist()
        terms = (-mean / std).tolist()
        return cls(
            shortest_edge=shortest,
            longest_edge=processor.size.get("longest_edge") if shortest else None,
            exact_size=None if shortest else _width_and_height(processor.size),
            resampling=int(processor.resample),
            crop=None if crop is None else _width_and_height(crop),
            pad=None if pad is None else _width_and_height(pad),
            factor=(red, green, blue),
            term=(terms[0], terms[1], terms[2]),
        )

    @property
    def accepts_any_image(self) -> bool:
        """Whether `pixels` never raises, since crop and pad fit images of any size."""
        if self.crop is not None:
            least = self.exact_size or (self.shortest_edge or 0,) * 2
            uncertain = self.longest_edge is not None
            if uncertain or self.crop[0] > least[0] or self.crop[1] > least[1]:
                return False
        return self.pad is None or self._always_fits_pad

    @property
    def _always_fits_pad(self) -> bool:
        if self.pad is None:
            return False
        longest = None if self.longest_edge is None else (self.longest_edge, self.longest_edge)
        largest = self.crop or self.exact_size or longest
        return largest is not None and largest[0] <= self.pad[0] and largest[1] <= self.pad[1]

    def pixels(self, image: Image.Image) -> Pixels:
        """Return what the model reads of an RGB image, float32 [3, height, width].

        Raises:
            ValueError: the crop is larger than the resized image, or the image larger than the
                pad; never if `accepts_any_image`.
        """
        image = image.resize(self._resized(*image.size), Image.Resampling(self.resampling))
        if self.crop is not None:
            width, height = self.crop
            left, top = (image.width - width) // 2, (image.height - height) // 2
            if left < 0 or top < 0:
                raise ValueError("a crop that is larger than the image needs padding")
            image = image.crop((left, top, left + width, top + height))
        # Transposed as bytes, which takes a tenth of the time that floats take.
        levels = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
        pixels = levels.astype(np.float32)
        pixels *= np.array(self.factor, np.float32)[:, None, None]
        pixels += np.array(self.term, np.float32)[:, None, None]
        if self.pad is None:
            return pixels
        width, height = self.pad
        padded = np.zeros((3, height, width), np.float32)
        if self._always_fits_pad:
            # With a pad of 80, transformers leaves an image of 81 x 40 as it is, and then fails.
            pixels = pixels[:, :height, :width]
        padded[:, : pixels.shape[1], : pixels.shape[2]] = pixels  # numpy refuses a larger image
        return padded

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height after resizing.

        Source: `get_size_with_aspect_ratio` of transformers.
        """
        if self.exact_size is not None or self.shortest_edge is None:
            return self.exact_size or (width, height)
        short, long = min(width, height), max(width, height)
        wanted: float = self.shortest_edge
        if self.longest_edge is not None and long / short * wanted > self.longest_edge:
            wanted = self.longest_edge * short / long
        edges = round(wanted), int(wanted * long / short)
        if short == edges[0]:
            return width, height
        return edges if width < height else edges[::-1]


def _width_and_height(size: Any) -> tuple[int, int]:
    return int(size["width"]), int(size["height"])


class Preprocessor:
    """Prepares images as a checkpoint's image processor does. Safe to use from several threads."""

    def __init__(
        self,
        transform: ImageTransform | None,
        processor: Any = None,
        *,
        crops_slivers: bool = False,
    ) -> None:
        """See `of`.

        Args:
            processor: of transformers; used for images that the transform refuses.
            crops_slivers: whether to cut off the ends of images that are more than 20 times as long
                as wide.
        """
        self.transform = transform
        self.crops_slivers = crops_slivers
        self._processor = processor
        self._pool = ThreadPoolExecutor(cores.available(), "preprocess")

    @classmethod
    def of(cls, processor: Any) -> "Preprocessor":
        """Return the preprocessor of a checkpoint, which uses an `ImageTransform` if it can.

        Args:
            processor: an image processor of transformers.
        """
        fits_longer_side = getattr(getattr(processor, "size", None), "longest_edge", None)
        crops_slivers = bool(getattr(processor, "do_center_crop", False) or fits_longer_side)
        return cls(ImageTransform.of(processor), processor, crops_slivers=crops_slivers)

    def prepare(self, image: Image.Image) -> Inputs:
        """Return the arrays of one RGB image of any size; their first axis has length 1."""
        if self.crops_slivers:
            image = _crop_sliver(image)
        if self.transform is not None:
            try:
                return {"pixel_values": self.transform.pixels(image)[None]}
            except ValueError:  # a shape that none of the sample images has
                if self._processor is None:
                    raise
        return dict(self._processor(images=[image], return_tensors="np"))

    def prepare_batch(self, images: Sequence[Image.Image]) -> Inputs:
        """Return the arrays of several images; all cores prepare them in parallel."""
        return stack(list(self._pool.map(self.prepare, images)))


def stack(inputs: Sequence[Inputs]) -> Inputs:
    """Join the arrays of single images into the arrays of one batch."""
    if len(inputs) == 1:
        return inputs[0]
    return {name: np.concatenate([one[name] for one in inputs]) for name in inputs[0]}


def _crop_sliver(image: Image.Image) -> Image.Image:
    width, height = image.size
    longest = _MAX_ASPECT * min(image.size)
    if max(image.size) <= longest:
        return image
    across, down = max(0, width - longest) // 2, max(0, height - longest) // 2
    return image.crop((across, down, width - across, height - down))
