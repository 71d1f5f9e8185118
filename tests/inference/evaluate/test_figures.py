"""Figures from predictions, against plain loops and published values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.evaluate.figures import (
    BINS,
    calibration_error,
    compute,
    confidence_bins,
    wilson_interval,
)
from inference.evaluate.journal import Prediction


def prediction(at: int, label: int, best: list[int], p: float = 0.8, **more: object) -> Prediction:
    rank = best.index(label) if label in best else len(best)
    given = {"path": f"{at}.png", "size": 1, "modified": 1, "label": label, "best": best}
    return Prediction(**given, probabilities=[p] * len(best), rank=rank, **more)  # type: ignore[arg-type]


def test_accuracy_and_confusion() -> None:
    said = [prediction(0, 0, [0, 1]), prediction(1, 0, [1, 0]), prediction(2, 1, [1, 2])]
    figures = compute(["cat", "dog", "owl"], said)
    assert (figures.right, figures.accuracy) == (2, 2 / 3)
    assert figures.balanced_accuracy == 0.75
    assert figures.confusion == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert figures.top_5 is None
    cat, dog, owl = figures.classes
    assert (cat.pictures, cat.recall, cat.precision) == (2, 0.5, 1.0)
    assert cat.taken_for == [("dog", 1)]
    assert (dog.recall, dog.precision) == (1.0, 0.5)
    assert (owl.recall, owl.precision) == (None, None)
    assert [one.path for one in figures.mistakes] == ["1.png"]


def test_the_best_five_count_where_there_are_ten_labels() -> None:
    labels = [f"label {at}" for at in range(10)]
    said = [prediction(0, 4, [0, 1, 2, 3, 4]), prediction(1, 9, [0, 1, 2, 3, 4])]
    assert compute(labels, said).top_5 == 0.5
    assert compute(labels[:9], said[:1]).top_5 is None


def test_none_of_these_needs_a_fit() -> None:
    without = prediction(0, 0, [0, 1])
    said = [
        prediction(1, 0, [0, 1], fit=0.9, none_fits=False, none_fits_without=True),
        prediction(2, 0, [0, 1], fit=0.2, none_fits=True, none_fits_without=True),
        prediction(3, 1, [0, 1], fit=0.8, none_fits=False, none_fits_without=False),
    ]
    assert compute(["cat", "dog"], [without, *said]).none_of_these is None
    found = compute(["cat", "dog"], said).none_of_these
    assert found is not None
    assert (found.recall, found.false_alarms) == (2 / 3, 1 / 3)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)
    | st.lists(st.tuples(st.integers(0, BINS).map(lambda at: at / BINS), st.booleans()), min_size=1)
)
def test_the_calibration_error_equals_plain_loops(said: list[tuple[float, bool]]) -> None:
    bins = confidence_bins([p for p, _ in said], [right for _, right in said])
    assert sum(one.pictures for one in bins) == len(said)
    error = 0.0
    for one in bins:
        own = [(p, right) for p, right in said if one.low < p <= one.high]
        own += [(p, right) for p, right in said if p == one.low == 0]
        assert one.pictures == len(own)
        if own:
            gap = math.fsum(right - p for p, right in own)
            error += abs(gap) / len(said)
    assert calibration_error(bins) == pytest.approx(error, abs=1e-9)


def test_wilson_intervals_are_those_of_the_literature() -> None:
    # Newcombe 1998, table I (doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E)
    for right, of, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                                 (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip
        assert wilson_interval(right, of) == pytest.approx((low, high), abs=1e-4)
