"""The temperature makes probabilities equal to accuracies."""

import numpy as np
import pytest

from training.measuring import calibration


def calibrated(scale: float, count: int = 4000) -> np.ndarray:
    """Return logits of questions whose probabilities equal the accuracy, times a scale."""
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 2, size=(count, 5)).astype(np.float32)
    for row in scores:
        truth = int(rng.choice(5, p=calibration.probabilities(row[None].astype(np.float64))[0]))
        row[[0, truth]] = row[[truth, 0]]
    return scores * np.float32(scale)


UNDECIDED = np.zeros((1, 5), np.float32)  # at any temperature


def test_a_calibrated_model_keeps_its_temperature() -> None:
    assert calibration.best_factor(calibrated(1), UNDECIDED) == pytest.approx(1, abs=0.07)
    assert calibration.expected_calibration_error(calibrated(1)) < 0.03


def test_a_model_that_is_too_sure_gets_a_lower_scale() -> None:
    assert calibration.best_factor(calibrated(3), UNDECIDED) == pytest.approx(1 / 3, abs=0.04)
    assert calibration.expected_calibration_error(calibrated(3)) > 0.1


def test_a_model_that_is_sure_of_wrong_labels_gets_a_lower_scale() -> None:
    sure = np.array([[9.0, 0, 0, 0, 0]], np.float32)
    assert calibration.best_factor(calibrated(1), sure) < 0.97
