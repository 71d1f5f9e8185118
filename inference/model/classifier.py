"""The boundary that the worker sees of a model, and a scripted stand-in that needs no weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from PIL.Image import Image

from inference.model.encoder.scoring import FloatArray

# Each classifier's own business; for a model the arrays that it looks at.
Prepared = Any


@dataclass(frozen=True)
class LabelSet:
    """What one picture is compared with.

    Attributes:
        labels: one or more, as typed.
        template: holds exactly one `{}`, which each label replaces; None uses labels as typed.
    """

    labels: tuple[str, ...]
    template: str | None = None


class Classifier(Protocol):
    """A loaded checkpoint. One call at a time.

    Attributes:
        name: as set in CLIP_MODEL.
        device: where the weights lie, such as `cpu` or `cuda:0`.
        image_size: pixels of the square that the model looks at.
        sigmoid_scores: True where scores are sigmoids, which need not add up to 1.
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
        """The part of `classify` that needs no model: may be called from any thread, at any time.

        Raises:
            Exception: a picture that the checkpoint's processor can't take.
        """
        ...

    def classify(
        self, images: Sequence[Image | Prepared], label_sets: Sequence[LabelSet]
    ) -> list[FloatArray]:
        """One row for each image, as long as its own label set, float32 in 0..1.

        A row of NaN means that this picture has no answer: its numbers overflowed.

        Args:
            images: RGB pictures, or what `prepare` made of them.
            label_sets: as many.
        """
        ...

    def group_similar(self, texts: Sequence[str], at_least: float) -> list[int]:
        """Return, for each text, the index of the first that means nearly the same.

        See `Engine.group_similar`.
        """
        ...


class ScriptedClassifier:
    """Sees one thing: what colour a picture has in its middle. For tests.

    A label that names the colour (`red`, `a green car`) gets 0.9, the others share the rest.

    Args:
        fits: pictures that fit into memory at once; more are an out-of-memory error.
        on_call: called with every batch before it is looked at; may raise, block or kill.
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

    def classify(self, images: Sequence[Image], label_sets: Sequence[LabelSet]) -> list[FloatArray]:
        """As a model would; `batches` remembers how many pictures each call had."""
        self.batches.append(len(images))
        if len(images) > self._fits:
            # the words of torch.OutOfMemoryError, which is a RuntimeError
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        self._on_call(images)
        return [
            _row(colour_of(image), label_set.labels)
            for image, label_set in zip(images, label_sets, strict=True)
        ]

    def prepare(self, image: Image) -> Image:
        """The picture itself."""
        return image

    def group_similar(self, texts: Sequence[str], at_least: float) -> list[int]:
        """Texts mean the same where they hold the same words, whatever their order."""
        meanings = [frozenset(text.split()) for text in texts]
        return [meanings.index(meaning) for meaning in meanings]


def colour_of(image: Image) -> str:
    """The name of the strongest of red, green and blue in the middle of a picture."""
    pixel = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return ("red", "green", "blue")[pixel.index(max(pixel))]


def _row(colour: str, labels: Sequence[str]) -> FloatArray:
    fitting = np.array([colour in label for label in labels])
    weights = np.where(fitting, 9.0, 1.0 / max(1, (~fitting).sum()))
    shares: FloatArray = (weights / max(10.0, weights.sum())).astype(np.float32)
    return shares
