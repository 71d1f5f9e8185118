"""From logits to probabilities, and from labels to the texts that a model reads."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

PLACEHOLDER = "{}"

# What a single label is compared with: softmax needs a choice. Phrases that fit any picture and
# none in particular; several, since the nearest of them is what a label has to beat.
NEUTRAL_PHRASES = ("a photo", "a picture of something", "an object", "a background")


def apply_template(template: str | None, label: str) -> str:
    """The text that the model reads for a label: `a photo of {}` and `cat` → `a photo of cat`.

    By plain replacement, never `str.format`: a template comes from a stranger, and
    `{0.__class__}` would reach into objects.

    Raises:
        ValueError: the template does not hold exactly one `{}`.
    """
    if template is None:
        return label
    if template.count(PLACEHOLDER) != 1:
        raise ValueError(f"a template holds exactly one {PLACEHOLDER}, but got {template!r}")
    return template.replace(PLACEHOLDER, label)


def texts_for(labels: Sequence[str], template: str | None, *, sigmoid_scores: bool) -> list[str]:
    """What the model reads for these labels; a single label of a softmax model gets company.

    Returns:
        One text for each label, in order, then `NEUTRAL_PHRASES` where they are needed.

    Raises:
        ValueError: no labels at all, or the template does not hold exactly one `{}`.
    """
    if not labels:
        raise ValueError("there is nothing to compare a picture with: no labels")
    texts = [apply_template(template, label) for label in labels]
    if len(texts) == 1 and not sigmoid_scores:
        texts.extend(NEUTRAL_PHRASES)
    return texts


def probabilities(logits: FloatArray, *, sigmoid_scores: bool) -> FloatArray:
    """Softmax over the last axis (CLIP), or the sigmoid of each logit by itself (SigLIP).

    Args:
        logits: float32 [..., texts].

    Returns:
        float32, of the same shape, each in 0..1.

    Source: Radford et al. 2021, section 3.1 (arXiv:2103.00020); Zhai et al. 2023, section 3.2
        (arXiv:2303.15343).
    """
    exact = logits.astype(np.float64)
    if sigmoid_scores:
        # 1 / (1 + exp(-x)) without overflow for large negative x
        result = np.exp(-np.logaddexp(0.0, -exact))
    else:
        weights = np.exp(exact - exact.max(axis=-1, keepdims=True))
        result = weights / weights.sum(axis=-1, keepdims=True)
    return result.astype(np.float32)
