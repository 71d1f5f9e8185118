import numpy as np
import pytest

from inference.model.encoder.scoring import (
    NEUTRAL_PHRASES,
    probabilities,
    readings_for,
)


def test_a_single_label_of_a_softmax_model_gets_neutral_phrases() -> None:
    company = [(phrase,) for phrase in NEUTRAL_PHRASES]
    assert readings_for(["cat"], "a {}", sigmoid_scores=False) == [("a cat",), *company]
    assert readings_for(["cat"], "a {}", sigmoid_scores=True) == [("a cat",)]
    assert readings_for(["cat", "dog"], None, sigmoid_scores=False) == [("cat",), ("dog",)]
    with pytest.raises(ValueError, match="no labels"):
        readings_for([], None, sigmoid_scores=False)


def test_softmax_of_extreme_logits() -> None:
    got = probabilities(np.array([1e4, 0, -1e4], np.float32), sigmoid_scores=False)
    assert got.dtype == np.float32
    assert got.tolist() == [1.0, 0.0, 0.0]


def test_sigmoid_of_extreme_logits() -> None:
    got = probabilities(np.array([1e4, 0, -1e4], np.float32), sigmoid_scores=True)
    assert got.dtype == np.float32
    assert got.tolist() == [1.0, 0.5, 0.0]
