"""Prototypes attract pictures and captions that mean them, and ignore UNSURE pairs."""

import math

import pytest
import torch

from training.batching.batch import CaptionBatch
from training.captions.matching import FITS, UNSURE, WRONG
from training.learning.heads import Heads

CAT, DOG, KITTEN = range(3)
MEANINGS = torch.tensor(
    [
        [FITS, WRONG, UNSURE],  # "cat"
        [WRONG, FITS, WRONG],  # "dog"
        [UNSURE, WRONG, FITS],  # "kitten"
        [FITS, FITS, FITS],  # "animal"
    ],
    dtype=torch.int8,
)
ANIMAL = 3
FAMILIES = torch.tensor([0, 1, 0])  # cats and dogs


def captions(concepts: list[int], rows: list[int]) -> CaptionBatch:
    nothing = torch.zeros(len(concepts), 1)
    return CaptionBatch(
        ids=nothing,
        fits=nothing,
        own=torch.arange(len(concepts)),
        neutral=torch.zeros(len(rows), dtype=torch.bool),
        concepts=torch.tensor(concepts),
        meanings=torch.tensor(rows),
    )


def heads() -> Heads:
    """Return heads whose prototypes lie on the axes."""
    made = Heads(4, 3, MEANINGS, FAMILIES)
    with torch.no_grad():
        made.prototypes.copy_(torch.eye(3))
        made.log_scale.fill_(3.0)
    return made


def loss(pictures: list[int], texts: list[int], concepts: list[int], rows: list[int]) -> float:
    axes = torch.eye(3)
    return float(
        heads().prototype_loss(axes[pictures], axes[texts], captions(concepts, rows)).detach()
    )


def test_a_picture_at_its_prototype_costs_less_than_one_elsewhere() -> None:
    assert loss([CAT], [CAT], [CAT], [CAT]) < 1.5
    assert loss([DOG], [CAT], [CAT], [CAT]) > 10
    assert loss([CAT], [DOG], [CAT], [CAT]) > 5


def test_a_concept_that_may_fit_too_does_not_compete() -> None:
    """The caption "cat" lies at the kitten, which does not compete: only cat and dog do."""
    at_its_own = loss([CAT], [CAT], [CAT], [CAT])
    dog_or_cat = 0.5 * math.log(2)  # half the weight of pictures
    assert loss([CAT], [KITTEN], [CAT], [CAT]) - at_its_own == pytest.approx(dog_or_cat, abs=1e-3)


def test_a_kind_is_attracted_by_all_its_concepts() -> None:
    middle = torch.nn.functional.normalize(torch.ones(1, 3), dim=1)
    pictures = torch.eye(3)[[CAT]]
    central = heads().prototype_loss(pictures, middle, captions([CAT], [ANIMAL]))
    lopsided = heads().prototype_loss(pictures, torch.eye(3)[[DOG]], captions([CAT], [ANIMAL]))
    assert float(central.detach()) < float(lopsided.detach())


def test_pictures_and_captions_without_a_concept_add_nothing() -> None:
    both = loss([CAT, DOG], [CAT, DOG], [CAT, -1], [CAT, -1])
    torch.testing.assert_close(both, loss([CAT], [CAT], [CAT], [CAT]) / 2)


def test_a_concept_of_the_same_family_costs_less_than_another() -> None:
    assert loss([KITTEN], [CAT], [CAT], [CAT]) < loss([DOG], [CAT], [CAT], [CAT]) - 5
