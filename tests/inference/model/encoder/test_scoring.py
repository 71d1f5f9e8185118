import numpy as np
import pytest

from inference.model.encoder.scoring import (
    NEUTRAL_PHRASES,
    apply_template,
    probabilities,
    texts_for,
)


def test_a_template_is_filled_in() -> None:
    assert apply_template("a photo of {}.", "a cat") == "a photo of a cat."
    assert apply_template(None, "a cat") == "a cat"


def test_a_template_is_never_a_format_string() -> None:
    assert apply_template("{0.__class__} {}", "cat") == "{0.__class__} cat"
    assert apply_template("{}", "{} and {}") == "{} and {}"


@pytest.mark.parametrize("template", ["", "no place", "{} and {}", "{0}"])
def test_a_template_has_exactly_one_placeholder(template: str) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        apply_template(template, "cat")


def test_a_single_label_of_a_softmax_model_gets_neutral_phrases() -> None:
    assert texts_for(["cat"], "a {}", sigmoid_scores=False) == ["a cat", *NEUTRAL_PHRASES]
    assert texts_for(["cat"], "a {}", sigmoid_scores=True) == ["a cat"]
    assert texts_for(["cat", "dog"], None, sigmoid_scores=False) == ["cat", "dog"]
    with pytest.raises(ValueError, match="no labels"):
        texts_for([], None, sigmoid_scores=False)


def test_softmax_of_extreme_logits() -> None:
    got = probabilities(np.array([1e4, 0, -1e4], np.float32), sigmoid_scores=False)
    assert got.dtype == np.float32
    assert got.tolist() == [1.0, 0.0, 0.0]


def test_sigmoid_of_extreme_logits() -> None:
    got = probabilities(np.array([1e4, 0, -1e4], np.float32), sigmoid_scores=True)
    assert got.dtype == np.float32
    assert got.tolist() == [1.0, 0.5, 0.0]
