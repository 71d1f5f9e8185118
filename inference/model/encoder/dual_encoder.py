"""The two towers of a contrastive model: pictures → features, texts → features, both → logits.

The towers are used apart, so that the features of labels can be kept. What runs them is behind
`Runtime`: torch or OpenVINO (`inference.model.backends`).
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
from PIL import Image

from inference.model.encoder.preprocessing import Inputs, Preprocessor, probes, stacked
from inference.model.encoder.scoring import FloatArray, probabilities
from inference.model.encoder.text_cache import TextFeatureCache
from inference.model.encoder.tokenization import Tokenizer, Tokens

_TEXTS_AT_ONCE = 128  # bounds the memory of a text batch: 16 jobs of 50 labels are 800 texts

PROBE_TEXTS = ("a cat", "two red cars in front of a house by the sea")

# What a label's probability may change by when towers run in another way, and still be the answer.
# In bfloat16 it depends on the logit scale: see `inference.model.precision.bfloat16`.
_SAME_ANSWER = {"float32": 1e-3, "float16": 1e-2}

# How far a unit vector may move then. Probabilities alone may hide another one: those of SigLIP are
# near zero for whatever does not fit. Rounding moves them by 1e-6, 1e-3 and 1e-2.
_SAME_FEATURE = {"float32": 1e-3, "float16": 2e-2, "bfloat16": 0.1}


class Runtime(Protocol):
    """What runs both towers. For one thread at a time."""

    def images(self, inputs: Inputs) -> FloatArray:
        """Features of pictures, [pictures, dimensions]."""
        ...

    def texts(self, inputs: Inputs) -> FloatArray:
        """Features of texts, [texts, dimensions]."""
        ...


class Traits(msgspec.Struct, frozen=True):
    """What is to be known of a model besides its towers.

    Attributes:
        image_size: shorter side, in pixels, that the model looks at.
        scale: what cosines are multiplied by: `exp(logit_scale)` (CLIP), 1 / temperature (ALIGN).
        bias: added to that by models that were trained with a sigmoid for each pair (SigLIP); they
            alone have one.
    """

    image_size: int
    scale: float
    bias: float | None = None

    @property
    def sigmoid_scores(self) -> bool:
        """True where scores are sigmoids, which need not add up to 1."""
        return self.bias is not None


class DualEncoder:
    """Runs the two towers of a model. For one thread at a time."""

    def __init__(
        self, traits: Traits, tokenizer: Tokenizer, preprocessor: Preprocessor, runtime: Runtime
    ) -> None:
        self.traits = traits
        self.tokenizer = tokenizer
        self.preprocessor = preprocessor
        self.known_labels = TextFeatureCache()
        self._runtime = runtime

    def prepare(self, image: Image.Image) -> Inputs:
        """What the checkpoint's own processor makes of one RGB picture of any size.

        For any number of threads at a time.
        """
        return self.preprocessor.one(image)

    def preprocess(self, images: Sequence[Image.Image]) -> Inputs:
        """The same for several, one below the other, prepared side by side on all cores.

        Returns:
            `pixel_values`, and for NaFlex models also `pixel_attention_mask` and `spatial_shapes`.
        """
        return self.preprocessor.all(images)

    def image_features(self, images: Inputs) -> FloatArray:
        """Unit vectors, float32 [images, dimensions]."""
        return _unit(self._runtime.images(images))

    def text_features(self, texts: Sequence[str]) -> FloatArray:
        """Unit vectors, float32 [texts, dimensions]; repeated or known texts cost nothing."""
        keys = self.tokenizer.tokens(texts)
        features = self.known_labels.get(keys)
        # Texts of about the same length together: less padding.
        unknown = sorted((key for key in dict.fromkeys(keys) if key not in features), key=len)
        for start in range(0, len(unknown), _TEXTS_AT_ONCE):
            chunk = unknown[start : start + _TEXTS_AT_ONCE]
            encoded = self.encode(chunk)
            features.update(zip(chunk, encoded, strict=True))
            self.known_labels.put(chunk, encoded)
        return np.stack([features[key] for key in keys])

    def encode(self, texts: Sequence[Tokens]) -> FloatArray:
        """Unit vectors of texts, whether they are known or not."""
        return _unit(self._runtime.texts(self.tokenizer.batch(texts)))

    def logits(self, images: FloatArray, texts: FloatArray) -> FloatArray:
        """Scaled cosines of unit vectors, float32 [images, texts].

        `exp(logit_scale) · cos` (CLIP), plus `logit_bias` (SigLIP), or `cos / temperature` (ALIGN).
        """
        with np.errstate(invalid="ignore"):  # of vectors that are no numbers
            logits: FloatArray = images @ texts.T * np.float32(self.traits.scale)
        if self.traits.bias is not None:
            logits += np.float32(self.traits.bias)
        return logits

    def probe(self) -> FloatArray:
        """Unit vectors of the probe pictures, as one batch and one by one, and texts: [2n + 2, d].

        Towers of the same model have the same, however they are run: see `answers_as`.
        """
        prepared = [self.prepare(picture) for picture in probes()]
        batches: list[list[Inputs]] = [prepared, *([one] for one in prepared)]
        images = [self.image_features(stacked(batch)) for batch in batches]
        texts = [self.encode([text]) for text in self.tokenizer.tokens(PROBE_TEXTS)]
        return np.concatenate([*images, *texts])

    def answers_as(self, expected: FloatArray, dtype: str) -> bool:
        """Whether these towers, run in `dtype`, give the answers of those with that `probe`.

        Looks for towers that compute something else, not for rounding: four pictures are too few.
        """
        got = self.probe()
        if got.shape != expected.shape:
            return False
        moved = float(np.linalg.norm(got - expected, axis=1).max())
        if not moved <= _SAME_FEATURE[dtype]:  # NaN is never less
            return False
        return dtype not in _SAME_ANSWER or same_answers(
            self._probabilities(expected), self._probabilities(got), _SAME_ANSWER[dtype]
        )

    def _probabilities(self, probe: FloatArray) -> FloatArray:
        images, texts = np.split(probe, [-len(PROBE_TEXTS)])
        return probabilities(self.logits(images, texts), sigmoid_scores=self.traits.sigmoid_scores)


def _unit(features: FloatArray) -> FloatArray:
    if features.ndim != 2:
        raise TypeError("a tower does not give one vector for each input")
    with np.errstate(invalid="ignore"):  # whoever asked looks whether the scores are numbers
        lengths = np.linalg.norm(features, axis=1, keepdims=True)
        unit: FloatArray = features / np.maximum(lengths, np.float32(1e-12))
    return unit


def same_answers(before: FloatArray, after: FloatArray, allowed: float) -> bool:
    """Whether the same label wins, and no probability changes by more than is allowed.

    Args:
        before: probabilities, [questions, labels].
        after: the same questions, answered in another way.
        allowed: greatest change, 0..1.
    """
    near = float(np.abs(before - after).max()) <= allowed  # NaN is never near
    return near and bool((before.argmax(axis=1) == after.argmax(axis=1)).all())
