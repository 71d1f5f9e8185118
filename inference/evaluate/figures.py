"""From predictions to figures: accuracy, confusion, calibration, and "none of these"."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from inference.evaluate.journal import Prediction

Counts = npt.NDArray[np.int64]

BINS = 15  # Source: Guo et al. 2017, section 4.1 (arXiv:1706.04599).
TOP = 5
_Z = 1.959964  # of a normal distribution: 95 % lie within ± this many standard deviations


class ConfidenceBin(msgspec.Struct, frozen=True):
    """The pictures whose winner has a probability in (low, high].

    Attributes:
        confidence: the mean probability of the winners; 0 without pictures.
        accuracy: the share of winners that are right; 0 without pictures.
    """

    low: float
    high: float
    pictures: int
    confidence: float
    accuracy: float


class ClassFigures(msgspec.Struct, frozen=True):
    """How well one label is recognised.

    Attributes:
        recall: the share of its pictures that get this label; None without pictures.
        precision: the share of pictures with this answer that are right; None if there are none.
        taken_for: the wrong labels that its pictures get, the most frequent first.
    """

    label: str
    pictures: int
    recall: float | None
    precision: float | None
    taken_for: list[tuple[str, int]]


class NoneOfThese(msgspec.Struct, frozen=True):
    """How often "none of these seems to fit" is said.

    Attributes:
        recall: the share of pictures for which it is said when their label is left out.
        false_alarms: the share for which it is said although their label is there.
    """

    recall: float
    false_alarms: float


class Mistake(msgspec.Struct, frozen=True):
    """A picture with a wrong winner."""

    path: str
    label: str
    answer: str
    probability: float


class Figures(msgspec.Struct, frozen=True):
    """The figures of one model with one template.

    Attributes:
        pictures: how many have a prediction.
        accuracy: the share whose winner is right.
        interval: within which the accuracy of all pictures of this kind probably is (95 %).
        top_5: the share whose label is among the best five; None with fewer than ten labels.
        balanced_accuracy: the mean recall of all classes that have pictures.
        calibration_error: the expected calibration error, 0..1.
        bins: 15 of equal width.
        classes: one for each label.
        confusion: `confusion[i][j]` pictures of label i got label j.
        none_of_these: None if the model does not tell.
        mistakes: those that the model is surest of, at most 50.
    """

    pictures: int
    right: int
    accuracy: float
    interval: tuple[float, float]
    top_5: float | None
    balanced_accuracy: float
    calibration_error: float
    bins: list[ConfidenceBin]
    classes: list[ClassFigures]
    confusion: list[list[int]]
    none_of_these: NoneOfThese | None
    mistakes: list[Mistake]


_MISTAKES = 50
_LEAST_LABELS_FOR_TOP_5 = 10  # among fewer, half of all guesses would be right


def compute(labels: Sequence[str], predictions: Sequence[Prediction]) -> Figures:
    """Return the figures of one model and template.

    Args:
        labels: at least two.
        predictions: at least one.
    """
    n = len(predictions)
    right = sum(one.rank == 0 for one in predictions)
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(
        confusion,
        ([one.label for one in predictions], [one.best[0] for one in predictions]),
        1,
    )
    classes = [_class(at, labels, confusion) for at in range(len(labels))]
    bins = confidence_bins(
        [one.probabilities[0] for one in predictions], [one.rank == 0 for one in predictions]
    )
    recalls = [one.recall for one in classes if one.recall is not None]
    has_top_5 = len(labels) >= _LEAST_LABELS_FOR_TOP_5
    return Figures(
        pictures=n,
        right=right,
        accuracy=right / n,
        interval=wilson_interval(right, n),
        top_5=sum(one.rank < TOP for one in predictions) / n if has_top_5 else None,
        balanced_accuracy=sum(recalls) / len(recalls),
        calibration_error=calibration_error(bins),
        bins=bins,
        classes=classes,
        confusion=confusion.tolist(),
        none_of_these=_none_of_these(predictions),
        mistakes=_mistakes(labels, predictions),
    )


def has_mistakes(one: ClassFigures) -> bool:
    """Return whether a picture of a label got another one, or the other way round."""
    return one.recall not in {None, 1.0} or one.precision not in {None, 1.0}


def _class(at: int, labels: Sequence[str], confusion: Counts) -> ClassFigures:
    row = confusion[at]
    own, answered = int(row.sum()), int(confusion[:, at].sum())
    wrong = [i for i in np.argsort(-row, kind="stable").tolist() if i != at and row[i]]
    return ClassFigures(
        label=labels[at],
        pictures=own,
        recall=int(row[at]) / own if own else None,
        precision=int(row[at]) / answered if answered else None,
        taken_for=[(labels[i], int(row[i])) for i in wrong],
    )


def confidence_bins(confidences: Sequence[float], right: Sequence[bool]) -> list[ConfidenceBin]:
    """Return 15 bins of equal width; each includes its upper limit, and the first one also 0.

    Args:
        confidences: the winner's probability for each picture, 0..1.
        right: whether the winner is right.

    Source: Guo et al. 2017, section 2 (arXiv:1706.04599).
    """
    sure, hits = np.array(confidences, np.float64), np.array(right, np.float64)
    limits = np.linspace(0, 1, BINS + 1)
    places = np.clip(np.searchsorted(limits, sure, side="left") - 1, 0, BINS - 1)
    bins = []
    for at in range(BINS):
        own = places == at
        has = bool(own.any())
        bins.append(
            ConfidenceBin(
                low=float(limits[at]),
                high=float(limits[at + 1]),
                pictures=int(own.sum()),
                confidence=float(sure[own].mean()) if has else 0.0,
                accuracy=float(hits[own].mean()) if has else 0.0,
            )
        )
    return bins


def calibration_error(bins: Sequence[ConfidenceBin]) -> float:
    """Return the expected calibration error: the mean gap of the bins, weighted by pictures.

    Source: Guo et al. 2017, equation 3 (arXiv:1706.04599).
    """
    total = sum(one.pictures for one in bins)
    return sum(one.pictures * abs(one.accuracy - one.confidence) for one in bins) / total


def wilson_interval(right: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.
    """
    share, square = right / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def _none_of_these(predictions: Sequence[Prediction]) -> NoneOfThese | None:
    if any(one.fit is None for one in predictions):
        return None
    n = len(predictions)
    return NoneOfThese(
        recall=sum(one.none_fits_without for one in predictions) / n,
        false_alarms=sum(one.none_fits for one in predictions) / n,
    )


def _mistakes(labels: Sequence[str], predictions: Sequence[Prediction]) -> list[Mistake]:
    wrong = sorted(
        (one for one in predictions if one.rank), key=lambda one: (-one.probabilities[0], one.path)
    )
    return [
        Mistake(one.path, labels[one.label], labels[one.best[0]], one.probabilities[0])
        for one in wrong[:_MISTAKES]
    ]
