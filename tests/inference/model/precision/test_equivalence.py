"""Two ways of running a model are compared by their features and by their answers."""

import numpy as np

from inference.model.engine import Engine
from inference.model.precision.equivalence import matches, same_answers, sample_features


def test_an_encoder_matches_itself_and_no_other(tiny_clip: Engine, demo: Engine) -> None:
    own = sample_features(tiny_clip.encoder)
    assert matches(tiny_clip.encoder, own, "float32")
    assert not matches(tiny_clip.encoder, sample_features(demo.encoder), "float32")
    assert not matches(tiny_clip.encoder, own[:, ::-1], "float32")
    assert not matches(tiny_clip.encoder, np.full_like(own, np.nan), "float32")


def test_answers_are_the_same_within_the_tolerance_and_for_the_same_winner() -> None:
    before = np.array([[0.6, 0.4], [0.2, 0.8]], np.float32)
    assert same_answers(before, before + 0.01, 0.02)
    assert not same_answers(before, before + 0.03, 0.02)
    assert not same_answers(before, before * np.float32(np.nan), 0.02)
    close = np.array([[0.505, 0.495]], np.float32)
    assert not same_answers(close, close[:, ::-1], 0.02)
