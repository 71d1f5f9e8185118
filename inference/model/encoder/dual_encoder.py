"""The two towers of a contrastive model: images → features, texts → features, both → logits.

The towers run apart, so that the features of labels can be kept. What runs them is behind
`EncoderRuntime`: torch or OpenVINO (`inference.model.backends`).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec
import numpy as np
from PIL import Image

from inference.model.encoder.preprocessing import Inputs, Preprocessor
from inference.model.encoder.scoring import FloatArray
from inference.model.encoder.templates import Reading
from inference.model.encoder.text_cache import TextFeatureCache
from inference.model.encoder.tokenization import Tokenizer, Tokens

# Texts that are encoded in one call. Limits its memory: 16 jobs of 50 labels are 800 texts.
_TEXT_BATCH = 128


class EncoderRuntime(Protocol):
    """Runs both towers. One thread at a time."""

    def encode_images(self, inputs: Inputs) -> FloatArray:
        """Return the features of images, float32 [images, dimensions], not normalised."""
        ...

    def encode_texts(self, inputs: Inputs) -> FloatArray:
        """Return the features of texts, float32 [texts, dimensions], not normalised."""
        ...


class Traits(msgspec.Struct, frozen=True):
    """The constants of a model, apart from its towers.

    Attributes:
        image_size: shorter side of the model's input, in pixels.
        logit_scale: factor of the cosines: `exp(logit_scale)` (CLIP), 1 / temperature (ALIGN).
        logit_bias: added to the scaled cosines by models that were trained with a sigmoid for each
            pair (SigLIP); None for all others.
    """

    image_size: int
    logit_scale: float = msgspec.field(name="scale")
    logit_bias: float | None = msgspec.field(default=None, name="bias")

    @property
    def sigmoid_scores(self) -> bool:
        """True if scores are sigmoids, which need not add up to 1."""
        return self.logit_bias is not None


class DualEncoder:
    """Runs the two towers of a model. One thread at a time, unless a method says otherwise.

    Attributes:
        text_cache: the features of texts that were encoded before.
    """

    def __init__(
        self,
        traits: Traits,
        tokenizer: Tokenizer,
        preprocessor: Preprocessor,
        runtime: EncoderRuntime,
    ) -> None:
        self.traits = traits
        self.tokenizer = tokenizer
        self.preprocessor = preprocessor
        self.text_cache = TextFeatureCache()
        self._runtime = runtime

    def prepare(self, image: Image.Image) -> Inputs:
        """Return the arrays of one image, as the checkpoint's own processor makes them.

        Any number of threads may call this at the same time.

        Args:
            image: RGB, any size.
        """
        return self.preprocessor.prepare(image)

    def preprocess(self, images: Sequence[Image.Image]) -> Inputs:
        """Return the arrays of several images; all cores prepare them in parallel.

        Returns:
            `pixel_values`, and for NaFlex models also `pixel_attention_mask` and `spatial_shapes`;
            the first axis of each is the image.
        """
        return self.preprocessor.prepare_batch(images)

    def image_features(self, images: Inputs) -> FloatArray:
        """Return unit vectors of prepared images, float32 [images, dimensions]."""
        return _normalise(self._runtime.encode_images(images))

    def text_features(self, texts: Sequence[str]) -> FloatArray:
        """Return unit vectors, float32 [texts, dimensions]; encode only texts that are not cached.

        A text that occurs several times is encoded once.
        """
        keys = self.tokenizer.tokens(texts)
        features = self.text_cache.find(keys)
        missing = [key for key in dict.fromkeys(keys) if key not in features]
        for batch, encoded in self._in_batches(missing):
            features.update(zip(batch, encoded, strict=True))
            self.text_cache.store(batch, encoded)
        return np.stack([features[key] for key in keys])

    def reading_features(self, readings: Sequence[Reading]) -> FloatArray:
        """Return a unit vector for each reading: of its text, or of the mean of its texts.

        Means are cached, and the texts that make one are not: there are seven for each label.

        Returns:
            float32 [readings, dimensions].

        Source: the notebook Prompt_Engineering_for_ImageNet of openai/CLIP, for means.
        """
        means = self._means([reading for reading in readings if len(reading) > 1])
        single = [reading[0] for reading in readings if len(reading) == 1]
        typed = iter(self.text_features(single) if single else ())
        return np.stack([means[one] if len(one) > 1 else next(typed) for one in readings])

    def _means(self, readings: Sequence[Reading]) -> dict[Reading, FloatArray]:
        means = self.text_cache.find(readings)
        missing = [reading for reading in dict.fromkeys(readings) if reading not in means]
        if not missing:
            return means
        keys = [self.tokenizer.tokens(reading) for reading in missing]
        features: dict[Tokens, FloatArray] = {}
        for batch, encoded in self._in_batches(dict.fromkeys(key for row in keys for key in row)):
            features.update(zip(batch, encoded, strict=True))
        encoded = _normalise(
            np.stack([np.mean([features[key] for key in row], axis=0) for row in keys])
        )
        self.text_cache.store(missing, encoded)
        return means | dict(zip(missing, encoded, strict=True))

    def _in_batches(self, texts: Iterable[Tokens]) -> Iterator[tuple[list[Tokens], FloatArray]]:
        """Yield texts and their unit vectors, a batch at a time."""
        # Texts of similar length together need less padding.
        in_order = sorted(texts, key=len)
        for start in range(0, len(in_order), _TEXT_BATCH):
            batch = in_order[start : start + _TEXT_BATCH]
            yield batch, self.encode_tokens(batch)

    def encode_tokens(self, texts: Sequence[Tokens]) -> FloatArray:
        """Return unit vectors of tokenized texts, float32 [texts, dimensions]; ignore the cache."""
        return _normalise(self._runtime.encode_texts(self.tokenizer.batch(texts)))

    def logits(self, images: FloatArray, texts: FloatArray) -> FloatArray:
        """Return the scaled cosines of unit vectors, float32 [images, texts].

        `exp(logit_scale) · cos` (CLIP), `exp(logit_scale) · cos + logit_bias` (SigLIP) or
        `cos / temperature` (ALIGN).
        """
        with np.errstate(invalid="ignore"):  # NaN features give NaN logits
            logits: FloatArray = images @ texts.T * np.float32(self.traits.logit_scale)
        if self.traits.logit_bias is not None:
            logits += np.float32(self.traits.logit_bias)
        return logits


def _normalise(features: FloatArray) -> FloatArray:
    if features.ndim != 2:
        raise TypeError("a tower does not give one vector for each input")
    with np.errstate(invalid="ignore"):  # the caller checks that scores are finite
        lengths = np.linalg.norm(features, axis=1, keepdims=True)
        unit: FloatArray = features / np.maximum(lengths, np.float32(1e-12))
    return unit
