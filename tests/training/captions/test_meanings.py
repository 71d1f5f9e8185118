"""What a name, a keyword and a kind mean: the concepts that each fits."""

import numpy as np

from tests.training.concepts import CAR, CAT, CRYING_CAT, DOG, MEANINGS
from training.captions.matching import FITS, UNSURE, WRONG


def row(text: str) -> np.ndarray:
    at = next(i for i, texts in enumerate(MEANINGS.texts) if text in sum(texts.values(), ()))
    return np.asarray(MEANINGS.rows[at])


def test_a_name_fits_its_concept_and_may_fit_one_that_contains_it() -> None:
    assert row("cat").tolist() == [FITS, UNSURE, WRONG, WRONG, WRONG]
    assert row("cat with tears").tolist() == [WRONG, FITS, WRONG, WRONG, WRONG]


def test_a_keyword_fits_all_concepts_that_have_it() -> None:
    assert row("pet").tolist() == [FITS, WRONG, FITS, WRONG, WRONG]


def test_a_kind_fits_its_subgroups() -> None:
    assert row("vehicle").tolist() == [WRONG, WRONG, WRONG, FITS, WRONG]
    assert row("animal")[[CAT, DOG, CAR]].tolist() == [FITS, FITS, WRONG]
    assert row("animal")[CRYING_CAT] == UNSURE
