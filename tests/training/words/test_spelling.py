"""Typing errors, missing accents and invented words."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.words import spelling


def test_an_invented_word_has_halves_of_two_words() -> None:
    rng = np.random.default_rng(1)
    made = {spelling.invented(("grandmother", "wonderful"), rng) for _ in range(50)}
    assert made == {"grandmother", "wonderful", "granderful", "wondmother"}


@given(st.text(max_size=20), st.integers(0, 2**32 - 1))
def test_a_typing_error_changes_the_length_by_one_letter_at_most(text: str, seed: int) -> None:
    typed = spelling.mistyped(text, np.random.default_rng(seed))
    assert abs(len(typed) - len(text)) <= 1
    assert sum(a != b for a, b in zip(typed, text, strict=False)) <= len(text)


def test_accents_are_removed_and_the_spanish_letter_stays() -> None:
    assert spelling.without_accents("un pequeño círculo") == "un pequeño circulo"
