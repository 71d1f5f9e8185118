"""The loss demands what the bot promises: right labels win, and none wins where none fits."""

import torch

from training.captions.matching import FITS, UNSURE, WRONG
from training.learning.loss import contrastive

OWN = torch.tensor([0, 1])
FIT = torch.tensor([[FITS, WRONG, UNSURE], [WRONG, FITS, UNSURE]], dtype=torch.int8)
NEUTRAL = torch.tensor([False, False, True])


def test_the_loss_is_zero_when_every_caption_ranks_right() -> None:
    logits = torch.tensor([[40.0, 0.0, 20.0], [0.0, 40.0, 20.0]])
    assert float(contrastive(logits, FIT, OWN, NEUTRAL).total()) < 1e-3


def test_a_neutral_caption_must_lose_against_one_that_fits() -> None:
    logits = torch.tensor([[40.0, 0.0, 60.0], [0.0, 40.0, 60.0]])
    assert float(contrastive(logits, FIT, OWN, NEUTRAL).picture_to_text) > 10


def test_a_neutral_caption_must_win_against_one_that_is_wrong() -> None:
    torch.manual_seed(0)
    logits = torch.tensor([[40.0, 30.0, 10.0], [30.0, 40.0, 10.0]])
    assert float(contrastive(logits, FIT, OWN, NEUTRAL).neutral) > 10


def test_captions_that_may_fit_too_are_left_out() -> None:
    unsure = FIT.clone()
    unsure[0, 1] = unsure[1, 0] = UNSURE
    logits = torch.tensor([[0.0, 50.0, -50.0], [50.0, 0.0, -50.0]])
    assert float(contrastive(logits, unsure, OWN, NEUTRAL).total()) < 1e-3


def test_gradients_are_finite_where_nothing_is_wrong() -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    fits = torch.full((2, 3), FITS, dtype=torch.int8)
    contrastive(logits, fits, OWN, NEUTRAL).total().backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_none_of_several_wrong_captions_should_win() -> None:
    torch.manual_seed(0)
    fits = torch.tensor([[FITS] + [WRONG] * 3, [FITS] + [WRONG] * 3], dtype=torch.int8)
    neutral = torch.zeros(4, dtype=torch.bool)
    even = torch.tensor([[40.0, 0, 0, 0]] * 2)
    sure = torch.tensor([[40.0, 9, 0, 0]] * 2)
    assert float(contrastive(even, fits, OWN[:1].repeat(2), neutral).spread) < 1e-4
    assert float(contrastive(sure, fits, OWN[:1].repeat(2), neutral).spread) > 1


def test_a_picture_without_a_caption_is_only_a_rival() -> None:
    own = torch.tensor([0, -1])
    apart = torch.tensor([[40.0, 0.0, 20.0], [0.0, 40.0, 20.0]])
    near = torch.tensor([[40.0, 0.0, 20.0], [60.0, 40.0, 20.0]])
    assert float(contrastive(apart, FIT, own, NEUTRAL).total()) < 1e-3
    assert float(contrastive(near, FIT, own, NEUTRAL).text_to_picture) > 10
    assert float(contrastive(near, FIT, own, NEUTRAL).picture_to_text) < 1e-3
