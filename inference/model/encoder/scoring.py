"""From labels to the texts that a model reads, and from logits to probabilities."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from inference.protocol.labels import needs_something_else

FloatArray = npt.NDArray[np.float32]

PLACEHOLDER = "{}"

# A softmax over one text is always 1, so a single label is compared with these. They fit every
# image and describe none in particular; the label must beat the best of them.
NEUTRAL_PHRASES = ("a photo", "a picture of something", "an object", "a background")


def apply_template(template: str | None, label: str) -> str:
    """Return the text that the model reads: `a photo of {}` and `cat` → `a photo of cat`.

    Never uses `str.format`: templates come from strangers, and `{0.__class__}` would read
    attributes of objects.

    Raises:
        ValueError: the template does not hold exactly one `{}`.
    """
    if template is None:
        return label
    if template.count(PLACEHOLDER) != 1:
        raise ValueError(f"a template holds exactly one {PLACEHOLDER}, but got {template!r}")
    return template.replace(PLACEHOLDER, label)


def texts_for(labels: Sequence[str], template: str | None, *, sigmoid_scores: bool) -> list[str]:
    """Return the texts that the model reads for these labels.

    Args:
        sigmoid_scores: whether the model scores each label by itself.

    Returns:
        One text for each label, in order. A single label of a softmax model is followed by
        `NEUTRAL_PHRASES`.

    Raises:
        ValueError: there is no label, or the template does not hold exactly one `{}`.
    """
    if not labels:
        raise ValueError("there are no labels to compare an image with")
    texts = [apply_template(template, label) for label in labels]
    if needs_something_else(labels, sigmoid_scores=sigmoid_scores):
        texts.extend(NEUTRAL_PHRASES)
    return texts


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
