"""The formula of the fit, on numbers."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inference.model.encoder.scoring import FloatArray
from inference.model.none_of_these import fit

LOGITS = arrays.arrays(
    np.float32, st.integers(1, 30), elements=st.floats(-1e4, 1e4, width=32, allow_nan=False)
)
THRESHOLDS = st.floats(0, 1)


def logits(*values: float) -> FloatArray:
    return np.array(values, np.float32)


def test_it_is_the_share_of_the_labels_in_the_sum_of_exponents() -> None:
    labels, everyday = logits(1.5, -0.5), logits(0.25, 2.0, -3.0)
    own, others = np.exp(np.float64(labels)).sum(), np.exp(np.float64(everyday)).sum()
    assert fit.share(fit.log_odds(labels, everyday)) == pytest.approx(own / (own + others))


def test_huge_logits_neither_overflow_nor_vanish() -> None:
    far_apart = fit.log_odds(logits(1e4), logits(-1e4, -1e4))
    assert far_apart == pytest.approx(2e4 - np.log(2))
    assert fit.share(far_apart) == 1.0
    assert fit.share(-far_apart) == 0.0


@given(LOGITS, LOGITS, THRESHOLDS)
def test_it_lies_between_0_and_1(labels: FloatArray, everyday: FloatArray, at: float) -> None:
    odds = fit.log_odds(labels, everyday)
    assert 0.0 <= fit.share(odds) <= 1.0
    assert 0.0 <= fit.fit(odds, len(labels), at) <= 1.0


@given(LOGITS, LOGITS, st.randoms())
def test_the_order_of_labels_and_things_does_not_matter(
    labels: FloatArray, everyday: FloatArray, random: Random
) -> None:
    shuffled = [one[random.sample(range(len(one)), len(one))] for one in (labels, everyday)]
    assert fit.log_odds(*shuffled) == pytest.approx(fit.log_odds(labels, everyday))


@given(LOGITS, LOGITS, st.integers(0, 29), st.floats(0, 100))
def test_a_label_that_fits_better_never_lowers_it(
    labels: FloatArray, everyday: FloatArray, place: int, more: float
) -> None:
    better = labels.copy()
    better[place % len(labels)] += np.float32(more)
    assert fit.log_odds(better, everyday) >= fit.log_odds(labels, everyday) - 1e-9


@given(LOGITS, LOGITS, st.integers(0, 29), st.floats(0, 100))
def test_an_everyday_thing_that_fits_better_never_raises_it(
    labels: FloatArray, everyday: FloatArray, place: int, more: float
) -> None:
    better = everyday.copy()
    better[place % len(everyday)] += np.float32(more)
    assert fit.log_odds(labels, better) <= fit.log_odds(labels, everyday) + 1e-9


@given(st.floats(0, 1, exclude_min=True, exclude_max=True), st.integers(1, 500))
def test_it_reads_one_half_at_the_threshold(threshold: float, labels: int) -> None:
    assert fit.fit(fit.scaled_threshold(labels, threshold), labels, threshold) == 0.5


def test_more_labels_need_more_odds() -> None:
    one, four = (fit.scaled_threshold(labels, 0.02) for labels in (1, 4))
    assert four - one == pytest.approx(np.log(2))  # the square root of 4


@given(st.floats(-1e4, 1e4), st.integers(1, 50))
def test_thresholds_of_0_and_1_say_never_and_always(odds: float, labels: int) -> None:
    assert fit.fit(odds, labels, 0.0) == 1.0
    assert fit.fit(odds, labels, 1.0) == 0.0


def test_a_measured_threshold_calls_5_of_100_pictures_wrong() -> None:
    odds = np.random.default_rng(1).normal(-3, 2, 100)
    labels = [10] * 100
    threshold = fit.threshold_for(odds.tolist(), labels)
    assert sum(fit.fit(one, 10, threshold) < 0.5 for one in odds) == 5


def test_the_limit_of_nearness_is_the_upper_quartile_of_the_nearest() -> None:
    angles = np.radians([0, 10, 40, 80, 130])  # each one's nearest: 10, 10, 30, 40 and 50 degrees
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    nearest = np.cos(np.radians([10, 10, 30, 40, 50]))
    assert fit.near_limit(features) == pytest.approx(np.quantile(nearest, 0.75), abs=1e-6)


def test_a_sample_of_things_like_each_other_says_what_all_of_them_say() -> None:
    labels, everyday = logits(1.5), logits(*[0.25] * 40)
    whole = fit.log_odds(labels, everyday)
    assert fit.log_odds_by_few(labels, everyday[::10], 40) == pytest.approx(whole)
