"""Tells photographs from drawings, for the demo model, which knows drawings only.

A linear probe on the image features, and on how much of the picture is flat: drawings have areas of
one colour, photographs have noise. `python -m training --photos FOLDER` fits it.
"""

from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from inference.model.encoder.scoring import FloatArray
from inference.model.hub.checkpoint_files import DEMO_FOLDER

PROBE_FILE = DEMO_FOLDER / "photo_probe.json"

# Neighbours that differ by less are alike, in units of the normalised input: one of 255 levels is
# about 0.015. Several, because JPEG adds noise to drawings, and cameras blur photographs.
_ALIKE = (0.02, 0.05, 0.15)
# Added before the logarithm, so that a picture without flat areas has one.
_LEAST = 0.02


class PhotoProbe(msgspec.Struct, frozen=True):
    """A linear probe.

    Attributes:
        weights: of each image feature, and then of the logarithm of each `flatness`.
        bias: added to the weighted sum; a picture above 0 looks like a photograph.
        model: digest of the weights that it was fitted to.
    """

    weights: tuple[float, ...]
    bias: float
    model: str

    @classmethod
    def load(cls, file: Path = PROBE_FILE) -> "PhotoProbe":
        """Return the probe of the bundled model."""
        return msgspec.json.decode(file.read_bytes(), type=cls)

    def says_photo(self, pixels: FloatArray, features: FloatArray) -> bool:
        """Return whether a picture looks like a photograph.

        Args:
            pixels: the model's input, [channels, height, width].
            features: its image features, [dimensions].
        """
        return bool(probed(pixels, features) @ np.array(self.weights) + self.bias > 0)


def probed(pixels: FloatArray, features: FloatArray) -> npt.NDArray[np.float64]:
    """Return what the probe weighs, [dimensions + 3]."""
    return np.append(features.astype(np.float64), np.log(np.add(flatness(pixels), _LEAST)))


def flatness(pixels: FloatArray) -> tuple[float, ...]:
    """Return the part of a picture whose pixels are like those to the right and below, 0..1.

    Returns:
        Three parts, from those that are nearly equal to those that are roughly so.

    Args:
        pixels: the model's input, [channels, height, width]; padding on the right and below is left
            out.
    """
    right = np.abs(np.diff(pixels, axis=2)).max(axis=0)  # [height, width - 1]
    below = np.abs(np.diff(pixels, axis=1)).max(axis=0)  # [height - 1, width]
    height = _last_change(below.max(axis=1))
    width = _last_change(right.max(axis=0))
    change = np.maximum(right[: height - 1, : width - 1], below[: height - 1, : width - 1])
    return tuple(float((change < alike).mean()) for alike in _ALIKE)


def _last_change(changes: FloatArray) -> int:
    """Return how many rows there are up to the last that differs from the next, at least 2."""
    found = np.flatnonzero(changes > _ALIKE[0])
    return max(2, int(found[-1]) + 1 if len(found) else 2)
