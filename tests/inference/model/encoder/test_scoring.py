import numpy as np

from inference.model.encoder.scoring import probabilities


def test_softmax_of_extreme_logits() -> None:
    got = probabilities(np.array([1e4, 0, -1e4], np.float32), sigmoid_scores=False)
    assert got.dtype == np.float32
    assert got.tolist() == [1.0, 0.0, 0.0]


def test_sigmoid_of_extreme_logits() -> None:
    got = probabilities(np.array([1e4, 0, -1e4], np.float32), sigmoid_scores=True)
    assert got.dtype == np.float32
    assert got.tolist() == [1.0, 0.5, 0.0]
