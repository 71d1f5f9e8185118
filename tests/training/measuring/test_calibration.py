"""The temperature makes probabilities mean what they say."""

import numpy as np
import pytest

from training.measuring import calibration as calibrate


def honest(scale: float, count: int = 4000) -> np.ndarray:
    """Questions whose labels are right as often as their probability says, times a scale."""
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 2, size=(count, 5)).astype(np.float32)
    for row in scores:
        truth = int(rng.choice(5, p=calibrate.probabilities(row[None].astype(np.float64))[0]))
        row[[0, truth]] = row[[truth, 0]]
    return scores * np.float32(scale)


UNDECIDED = np.zeros((1, 5), np.float32)  # whatever the temperature


def test_an_honest_model_is_left_alone() -> None:
    assert calibrate.best_factor(honest(1), UNDECIDED) == pytest.approx(1, abs=0.07)
    assert calibrate.expected_calibration_error(honest(1)) < 0.03


def test_too_sure_a_model_is_cooled() -> None:
    assert calibrate.best_factor(honest(3), UNDECIDED) == pytest.approx(1 / 3, abs=0.04)
    assert calibrate.expected_calibration_error(honest(3)) > 0.1


def test_sureness_where_nothing_fits_cools() -> None:
    sure = np.array([[9.0, 0, 0, 0, 0]], np.float32)
    assert calibrate.best_factor(honest(1), sure) < 0.97
