"""bfloat16 on CPUs: whether it is native, and whether a model keeps its answers in it.

A number in bfloat16 has eight significant bits. This changes the cosine of an image and a text by
about 1e-4 to 1e-3, and CLIP multiplies cosines by up to 100. The effect on probabilities depends
on the model, so it is measured on many kinds of images and texts before bfloat16 is chosen.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from PIL.Image import Image

from inference.model.encoder.dual_encoder import DualEncoder
from inference.model.encoder.preprocessing import stack
from inference.model.encoder.scoring import FloatArray
from inference.model.precision import samples

# Where CLIP_DTYPE=auto chooses bfloat16, no probability differs by more than this from float32.
PROMISED: Final = 0.02

# The images and texts of users may change more than the samples: up to 1.5 times as much.
_MARGIN: Final = 1.5

# A smaller model answers in milliseconds and gains nothing from faster arithmetic.
LEAST_PARAMETERS: Final = 20_000_000

# For tests: `on` and `off` simulate a processor with and without instructions for bfloat16.
SWITCH: Final = "CLIPBOT_NATIVE_BFLOAT16"

# Images measured at a time. A model that changes too much usually does so in the first batch.
_BATCH: Final = 8


def is_native(detect: Callable[[], bool]) -> bool:
    """Return whether this processor has instructions for bfloat16; without them it is slow.

    Args:
        detect: asks the library that will compute. Not called where `SWITCH` is set.
    """
    forced = {"on": True, "off": False}.get(os.environ.get(SWITCH, ""))
    return detect() if forced is None else forced


def keeps_answers(exact: DualEncoder, rough: DualEncoder) -> bool:
    """Return whether probabilities stay within `PROMISED`, measured on the samples.

    Encodes at most 40 images and 40 texts with each encoder, and only 8 images if those already
    change too much. For ViT-B/32 in float32 this takes 7 and 2 seconds on one core of an AMD EPYC.

    Args:
        exact: of a model in float32.
        rough: of the same model in bfloat16.
    """
    texts = exact.tokenizer.tokens(samples.texts())
    before, after = exact.encode_tokens(texts), rough.encode_tokens(texts)
    for images in _batches(samples.images()):
        inputs = stack([exact.prepare(image) for image in images])
        change = largest_change(
            exact.logits(exact.image_features(inputs), before),
            rough.logits(rough.image_features(inputs), after),
            sigmoid_scores=exact.traits.sigmoid_scores,
        )
        if not _MARGIN * change <= PROMISED:  # written so that NaN does not pass
            return False
    return True


def largest_change(before: FloatArray, after: FloatArray, *, sigmoid_scores: bool) -> float:
    """Return the most that any probability can change between two ways of computing the logits.

    Softmax: if the changes of the logits lie within d of each other, the odds of any label against
    any set of others change by a factor of at most exp(d). A probability then changes by at most
    tanh(d / 4), which happens near one half. Sigmoid: d is the change of the logit itself, since
    it is compared with zero, which does not change.

    Args:
        before: logits, [images, texts].
        after: the same logits, computed in another way.

    Returns:
        0..1, an upper bound for every choice of labels among the texts; NaN if a logit is not
        finite.
    """
    change = after.astype(np.float64) - before
    apart = np.abs(change) if sigmoid_scores else np.ptp(change, axis=1)
    return float(np.tanh(apart.max() / 4))


def _batches(images: Sequence[Image]) -> Iterator[Sequence[Image]]:
    for start in range(0, len(images), _BATCH):
        yield images[start : start + _BATCH]
