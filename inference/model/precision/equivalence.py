"""Whether two ways of running a model give the same answers, found on a few samples.

It detects towers that compute something else. It does not measure rounding, for which two images
are too few: `inference.model.precision.bfloat16` does that.
"""

import numpy as np

from inference.model.encoder.dual_encoder import DualEncoder
from inference.model.encoder.preprocessing import Inputs, sample_images, stack
from inference.model.encoder.scoring import FloatArray, probabilities

SAMPLE_TEXTS = ("a cat", "two red cars in front of a house by the sea")

# How far a label's probability may change when the towers run in another way. bfloat16 is not
# listed: how far it moves a probability depends on the logit scale.
_PROBABILITY_TOLERANCE = {"float32": 1e-3, "float16": 1e-2}

# How far a unit vector may move, as a Euclidean distance. Probabilities alone can hide another
# vector: those of SigLIP are near zero for every label that does not fit. Rounding moves vectors
# by 1e-6, 1e-3 and 1e-2.
_FEATURE_TOLERANCE = {"float32": 1e-3, "float16": 2e-2, "bfloat16": 0.1}


def sample_features(encoder: DualEncoder) -> FloatArray:
    """Return the unit vectors of two sample images and two sample texts.

    The images come first as one batch and then one by one, since a runtime may compute them in
    different ways.

    Returns:
        float32 [6, dimensions]: two rows for the batch, two for single images, two for texts.
    """
    prepared = [encoder.prepare(image) for image in sample_images()]
    batches: list[list[Inputs]] = [prepared, *([one] for one in prepared)]
    images = [encoder.image_features(stack(batch)) for batch in batches]
    tokens = encoder.tokenizer.tokens(SAMPLE_TEXTS)
    texts = [encoder.encode_tokens([text]) for text in tokens]
    return np.concatenate([*images, *texts])


def matches(encoder: DualEncoder, expected: FloatArray, dtype: str) -> bool:
    """Return whether an encoder gives the answers of another one of the same model.

    Args:
        expected: `sample_features` of the other one.
        dtype: what `encoder` computes in: `float32`, `bfloat16` or `float16`.
    """
    found = sample_features(encoder)
    if found.shape != expected.shape:
        return False
    moved = float(np.linalg.norm(found - expected, axis=1).max())
    if not moved <= _FEATURE_TOLERANCE[dtype]:  # written so that NaN does not pass
        return False
    return dtype not in _PROBABILITY_TOLERANCE or same_answers(
        _probabilities(encoder, expected),
        _probabilities(encoder, found),
        _PROBABILITY_TOLERANCE[dtype],
    )


def _probabilities(encoder: DualEncoder, features: FloatArray) -> FloatArray:
    images, texts = np.split(features, [-len(SAMPLE_TEXTS)])
    sigmoid_scores = encoder.traits.sigmoid_scores
    return probabilities(encoder.logits(images, texts), sigmoid_scores=sigmoid_scores)


def same_answers(before: FloatArray, after: FloatArray, tolerance: float) -> bool:
    """Return whether the same label wins and no probability moves by more than the tolerance.

    Args:
        before: probabilities, [images, labels].
        after: those of the same images and labels, computed in another way.
        tolerance: largest change of a probability, 0..1.
    """
    near = float(np.abs(before - after).max()) <= tolerance  # NaN does not pass
    return near and bool((before.argmax(axis=1) == after.argmax(axis=1)).all())
