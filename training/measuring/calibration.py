"""Calibration: a temperature from held-out pictures, so that "90 %" is right 90 % of the time."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from transformers import CLIPModel

Scores = npt.NDArray[np.float32]
# The share of questions for which no label is right. It is an estimate and a compromise: with 0 a
# model is as sure of wrong labels as of right ones; with 0.1 its probabilities for right labels are
# 7 percentage points lower than its accuracy.
NO_RIGHT_LABEL: Final = 0.02


def probabilities(scores: Scores, factor: float = 1.0) -> Scores:
    """Return the softmax over the labels of each question, [questions, labels]."""
    scaled = scores * factor
    exponents = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def best_factor(scores: Scores, unanswerable: Scores) -> float:
    """Return the factor on the logit scale that gives the lowest negative log-likelihood.

    Args:
        scores: logits of questions whose right label is the first, [questions, labels].
        unanswerable: logits of questions without a right label, where each label counts as equally
            likely. Their weight is NO_RIGHT_LABEL.

    Source: temperature scaling, Guo et al. 2017 (arXiv:1706.04599).
    """
    low, high = math.log(0.2), math.log(5.0)
    golden = (math.sqrt(5) - 1) / 2

    def loss(log_factor: float) -> float:
        right = probabilities(scores, math.exp(log_factor))[:, 0]
        any_label = probabilities(unanswerable, math.exp(log_factor))
        surprise = [-float(np.log(np.maximum(p, 1e-12)).mean()) for p in (right, any_label)]
        return (1 - NO_RIGHT_LABEL) * surprise[0] + NO_RIGHT_LABEL * surprise[1]

    for _ in range(40):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def expected_calibration_error(scores: Scores, bins: int = 15) -> float:
    """Return the mean gap between the winner's probability and its accuracy, over equal bins.

    Args:
        scores: logits of questions whose right label is the first, [questions, labels].
        bins: number of intervals of the winner's probability.
    """
    chances = probabilities(scores)
    confidence, right = chances.max(axis=1), chances.argmax(axis=1) == 0
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (place == at).sum() * abs(confidence[place == at].mean() - right[place == at].mean())
        for at in range(bins)
        if (place == at).any()
    ]
    return float(sum(gaps) / len(scores))


def apply(model: CLIPModel, factor: float) -> None:
    """Multiply the model's logit scale by a factor."""
    model.logit_scale.data += math.log(factor)
