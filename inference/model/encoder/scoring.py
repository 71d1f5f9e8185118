"""What labels are compared with, and from logits to probabilities."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from inference.model.encoder.templates import Reading, readings
from inference.protocol.labels import needs_something_else

FloatArray = npt.NDArray[np.float32]

# A softmax over one text is always 1, so a single label is compared with these. They fit every
# image and describe none in particular; the label must beat the best of them.
NEUTRAL_PHRASES = ("a photo", "a picture of something", "an object", "a background")


def readings_for(
    labels: Sequence[str], template: str | None, *, sigmoid_scores: bool
) -> list[Reading]:
    """Return the texts that the model reads for these labels.

    Args:
        sigmoid_scores: whether the model scores each label by itself.

    Returns:
        The reading of each label, in order. A single label of a softmax model is followed by
        `NEUTRAL_PHRASES`.

    Raises:
        ValueError: there is no label, or no template like this.
    """
    if not labels:
        raise ValueError("there are no labels to compare an image with")
    found = readings(labels, template)
    if needs_something_else(labels, sigmoid_scores=sigmoid_scores):
        found.extend((phrase,) for phrase in NEUTRAL_PHRASES)
    return found


def probabilities(logits: FloatArray, *, sigmoid_scores: bool) -> FloatArray:
    """Return the softmax over the last axis (CLIP), or the sigmoid of each logit (SigLIP).

    Args:
        logits: float32 [..., texts].
        sigmoid_scores: True for the sigmoid.

    Returns:
        float32 of the same shape, each in 0..1.

    Source: Radford et al. 2021, section 3.1 (arXiv:2103.00020); Zhai et al. 2023, section 3.2
        (arXiv:2303.15343).
    """
    exact = logits.astype(np.float64)
    if sigmoid_scores:
        # 1 / (1 + exp(-x)), without overflow for large negative x
        result = np.exp(-np.logaddexp(0.0, -exact))
    else:
        weights = np.exp(exact - exact.max(axis=-1, keepdims=True))
        result = weights / weights.sum(axis=-1, keepdims=True)
    return result.astype(np.float32)
