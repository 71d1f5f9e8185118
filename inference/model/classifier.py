"""What a worker needs of a model, and a scripted stand-in for tests that needs no weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from PIL.Image import Image

from inference.model.encoder.scoring import FloatArray

# What `Classifier.prepare` returns. Only the same classifier can use it: an `Engine` prepares
# arrays.
Prepared = Any


@dataclass(frozen=True)
class LabelSet:
    """The labels that one image is compared with.

    Attributes:
        labels: one or more, as typed.
        template: holds exactly one `{}`, which each label replaces; None uses labels as typed;
            `labels.AUTO_TEMPLATE` averages several templates.
    """

    labels: tuple[str, ...]
    template: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What a model says about one image and its labels.

    Attributes:
        probabilities: float32 [labels], each in 0..1; all NaN if numbers overflowed for this image.
        log_odds: ln(S / (1 - S)), see `none_of_these.fit`; None if that was not computed.
        fit: how well the labels fit against everyday things, 0..1; below 0.5 none of them seems to.
            None if that was not computed.
        looks_like_photo: only the demo model tells.
    """

    probabilities: FloatArray
    log_odds: float | None = None
    fit: float | None = None
    looks_like_photo: bool = False

    @property
    def none_fits(self) -> bool:
        """Whether none of the labels seems to fit."""
        return self.fit is not None and self.fit < 0.5


class Classifier(Protocol):
    """A loaded checkpoint. One call at a time, except `prepare`.

    Attributes:
        name: as set in CLIP_MODEL.
        device: where the weights are, such as `cpu` or `cuda:0`.
        image_size: shorter side of the model's input, in pixels.
        sigmoid_scores: True if scores are sigmoids, which need not add up to 1.
        is_demo: True for the bundled model, which knows drawings and shapes only.
    """

    @property
    def name(self) -> str: ...
    @property
    def device(self) -> object: ...
    @property
    def image_size(self) -> int: ...
    @property
    def sigmoid_scores(self) -> bool: ...
    @property
    def is_demo(self) -> bool: ...

    def prepare(self, image: Image) -> Prepared:
        """Do the part of `compare` that needs no model. Any thread may call this at any time.

        Args:
            image: RGB, any size.

        Raises:
            Exception: the checkpoint's processor can't take this image.
        """
        ...

    def compare(
        self, images: Sequence[Image | Prepared], label_sets: Sequence[LabelSet]
    ) -> list[Comparison]:
        """Compare each image with its labels.

        Args:
            images: RGB images, or what `prepare` returned for them.
            label_sets: `label_sets[i]` belongs to `images[i]`.
        """
        ...

    def encode_bank(self, seconds: float) -> bool:
        """Encode everyday things for about `seconds`; return whether `compare` can tell the fit.

        See `Engine.encode_bank`.
        """
        ...

    def group_similar(self, label_set: LabelSet, at_least: float) -> list[int]:
        """Return, for each label, the index of the first label of its group.

        See `Engine.group_similar`.
        """
        ...


class ScriptedClassifier:
    """Recognises only the colour in the middle of an image. For tests.

    A label that names the colour (`red`, `a green car`) gets 0.9; the others share the rest.

    Attributes:
        batches: how many images each call of `compare` had.

    Args:
        fits: images that fit into memory at once; more raise an out-of-memory error.
        on_call: called with the images of every batch before they are classified; may raise, block
            or end the process.
    """

    name = "scripted"
    device = "cpu"
    image_size = 32
    sigmoid_scores = False
    is_demo = False

    def __init__(
        self,
        *,
        fits: int = 1_000,
        on_call: Callable[[Sequence[Image]], None] = lambda images: None,
    ) -> None:
        self.batches: list[int] = []
        self._fits = fits
        self._on_call = on_call

    def compare(self, images: Sequence[Image], label_sets: Sequence[LabelSet]) -> list[Comparison]:
        """Return a comparison for each image, without its fit; see `Classifier.compare`."""
        self.batches.append(len(images))
        if len(images) > self._fits:
            # The text of torch.OutOfMemoryError, which is a RuntimeError.
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        self._on_call(images)
        return [
            Comparison(_row(colour_of(image), label_set.labels))
            for image, label_set in zip(images, label_sets, strict=True)
        ]

    def prepare(self, image: Image) -> Image:
        """Return the image itself."""
        return image

    def encode_bank(self, seconds: float) -> bool:
        """Do nothing: this classifier never tells the fit."""
        return True

    def group_similar(self, label_set: LabelSet, at_least: float) -> list[int]:
        """Group labels that hold the same words in any order."""
        meanings = [frozenset(label.split()) for label in label_set.labels]
        return [meanings.index(meaning) for meaning in meanings]


def colour_of(image: Image) -> str:
    """Return the strongest of `red`, `green` and `blue` in the middle of an image."""
    pixel = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return ("red", "green", "blue")[pixel.index(max(pixel))]


def _row(colour: str, labels: Sequence[str]) -> FloatArray:
    fitting = np.array([colour in label for label in labels])
    weights = np.where(fitting, 9.0, 1.0 / max(1, (~fitting).sum()))
    shares: FloatArray = (weights / max(10.0, weights.sum())).astype(np.float32)
    return shares
