"""From logits to probabilities."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


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
