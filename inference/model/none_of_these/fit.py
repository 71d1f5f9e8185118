"""The share of the labels against everyday things, and when it says that none of them fits.

    S = Σ exp(logit of a label) / (Σ exp(logit of a label) + Σ exp(logit of an everyday thing))

This is the score of NegLabel with the model's own logit scale as temperature (CLIP: 1 / 0.01, as
in the paper), and with a bank that a person can read in place of 10,000 words of WordNet. Like MCM
it needs no training. Such scores spot what is far from the labels (AUROC 0.91 to 0.94 on ImageNet),
and hardly what is near to them (0.57 to 0.66).

Sources: Ming et al. 2022 (arXiv:2211.13445); Jiang et al. 2024 (arXiv:2403.20078).
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from inference.model.encoder.scoring import FloatArray
from inference.protocol.settings import DEMO_MODEL

# The S of a single label below which it seems not to fit. Of the demo model, measured on drawings
# that training has not seen: `python -m training --report` measures it again.
_MEASURED = {DEMO_MODEL: 0.0011}
# Of all other models, an estimate that was not measured. The papers publish no such number: they
# choose it on their own data, so that 5 % of the fitting pictures fall below it. NONE_FITS changes
# it, and `clipbot evaluate` tells what a host's own pictures say.
_UNMEASURED = 0.02


def threshold_of(model: str) -> float:
    """Return the S of a single label, 0..1, below which it seems not to fit."""
    return _MEASURED.get(model, _UNMEASURED)


def log_odds(labels: FloatArray, everyday: FloatArray) -> float:
    """Return ln(S / (1 - S)), in float64, where numbers of any size neither overflow nor vanish.

    Args:
        labels: logits of one picture and the labels, [labels].
        everyday: logits of the picture and the everyday things, [things].
    """
    return _log_sum_exp(labels) - _log_sum_exp(everyday)


def log_odds_by_few(labels: FloatArray, few: FloatArray, size: int) -> float:
    """Return an estimate of `log_odds`, where an even sample stands for all everyday things.

    With the demo model, Twemoji and one label, it says wrongly that none fits as often as all
    everyday things do (1.2 to 1.7 % instead of 2.0 %), and rightly in 91 instead of 97 %.

    Args:
        labels: logits of one picture and the labels, [labels].
        few: logits of the picture and the sample, [things].
        size: how many things the sample stands for.
    """
    return log_odds(labels, few) - math.log(size / len(few))


def share(log_odds: float) -> float:
    """Return S, 0..1."""
    return 0.5 + 0.5 * math.tanh(log_odds / 2)  # the sigmoid, which can't overflow like this


def fit(log_odds: float, labels: int, threshold: float) -> float:
    """Return how well labels fit, 0..1: S moved so that it is 0.5 at the threshold.

    The odds of the threshold grow with the square root of the number of labels. Each label brings
    odds of its own, also if it is wrong: with a fixed threshold, 50 wrong labels would seldom seem
    wrong. A threshold that grows with their number would let the one right label of 50 seem wrong.
    Measured with the demo model and Twemoji, see its model card: the square root keeps false alarms
    between 0.4 and 2.0 % for 1 to 50 labels on white ground.

    Args:
        log_odds: as `log_odds` returns it.
        labels: how many labels were compared.
        threshold: S of a single label that is just enough, 0..1; 0 calls all fitting, 1 nothing.
    """
    return share(log_odds - scaled_threshold(labels, threshold))


def scaled_threshold(labels: int, threshold: float) -> float:
    """Return the log odds that this number of labels needs."""
    if threshold in (0.0, 1.0):  # all fits, or nothing does
        return math.copysign(math.inf, threshold - 0.5)
    return math.log(threshold / (1 - threshold)) + math.log(labels) / 2


def threshold_for(
    log_odds: Sequence[float], labels: Sequence[int], false_alarms: float = 0.05
) -> float:
    """Return the threshold that gives this share of false alarms on pictures that a label fits.

    Args:
        log_odds: of pictures that one of their labels fits.
        labels: how many labels each of them had.
        false_alarms: 0..1.
    """
    of_one_label = np.asarray(log_odds) - np.log(np.asarray(labels)) / 2
    return share(float(np.quantile(of_one_label, false_alarms)))


def near_limit(features: FloatArray) -> float:
    """Return the cosine above which a label means nearly the same as an everyday thing.

    It is the upper quartile of the cosines of each thing and the one most like it: 0.83 with the
    demo model. With OpenAI's CLIP ViT-B/32 it is 0.906 for the 239 things of the bank that are
    among the 1,203 classes of LVIS, for which Detic has published text features. There, dog and
    puppy (0.945) or cat and kitten (0.942) are above it, and pizza and bread (0.905) are below. So
    it suits models whose texts are all alike, and models whose texts are not.

    Args:
        features: unit vectors of distinct things in one language, [things, dimensions].
    """
    cosines = features @ features.T
    np.fill_diagonal(cosines, -1.0)
    return float(np.quantile(cosines.max(axis=1), 0.75))


def _log_sum_exp(logits: FloatArray) -> float:
    exact: npt.NDArray[np.float64] = logits.astype(np.float64)
    largest = exact.max()
    return float(largest + np.log(np.exp(exact - largest).sum()))
