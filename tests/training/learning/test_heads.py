"""Prototypes draw pictures and phrases to what they mean, and leave matters of taste alone."""

import math

import pytest
import torch

from training.batching.maker import Said
from training.captions.scene_captions import FITS, UNSURE, WRONG
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


def said(concepts: list[int], rows: list[int]) -> Said:
    nothing = torch.zeros(len(concepts), 1)
    return Said(
        ids=nothing,
        fits=nothing,
        own=torch.arange(len(concepts)),
        neutral=torch.zeros(len(rows), dtype=torch.bool),
        concepts=torch.tensor(concepts),
        rows=torch.tensor(rows),
    )


def heads() -> Heads:
    """Prototypes along the axes."""
    made = Heads(4, 3, MEANINGS, FAMILIES)
    with torch.no_grad():
        made.prototypes.copy_(torch.eye(3))
        made.log_scale.fill_(3.0)
    return made


def loss(pictures: list[int], phrases: list[int], concepts: list[int], rows: list[int]) -> float:
    axes = torch.eye(3)
    return float(heads().named(axes[pictures], axes[phrases], said(concepts, rows)).detach())


def test_a_picture_at_its_prototype_costs_less_than_one_elsewhere() -> None:
    assert loss([CAT], [CAT], [CAT], [CAT]) < 1.5
    assert loss([DOG], [CAT], [CAT], [CAT]) > 10
    assert loss([CAT], [DOG], [CAT], [CAT]) > 5


def test_what_may_also_fit_is_no_rival() -> None:
    """A phrase that lies at a concept which it may mean has only the other ones against it."""
    at_its_own = loss([CAT], [CAT], [CAT], [CAT])
    dog_or_cat = 0.5 * math.log(2)  # half the weight of pictures
    assert loss([CAT], [KITTEN], [CAT], [CAT]) - at_its_own == pytest.approx(dog_or_cat, abs=1e-3)


def test_a_kind_is_drawn_to_all_that_are_of_it() -> None:
    middle = torch.nn.functional.normalize(torch.ones(1, 3), dim=1)
    pictures = torch.eye(3)[[CAT]]
    central = heads().named(pictures, middle, said([CAT], [ANIMAL]))
    lopsided = heads().named(pictures, torch.eye(3)[[DOG]], said([CAT], [ANIMAL]))
    assert float(central.detach()) < float(lopsided.detach())


def test_pictures_and_phrases_about_nothing_of_the_kind_count_nothing() -> None:
    both = loss([CAT, DOG], [CAT, DOG], [CAT, -1], [CAT, -1])
    torch.testing.assert_close(both, loss([CAT], [CAT], [CAT], [CAT]) / 2)


def test_another_of_its_family_costs_less_than_a_stranger() -> None:
    assert loss([KITTEN], [CAT], [CAT], [CAT]) < loss([DOG], [CAT], [CAT], [CAT]) - 5
