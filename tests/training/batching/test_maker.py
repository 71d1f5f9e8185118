"""Batches: pictures and captions that fit each other, and the same ones for the same step."""

import numpy as np
import pytest
import torch

from training.batching.batch import Batch
from training.batching.maker import BatchMaker, Mixture
from training.batching.prefetch import prefetch
from training.captions.matching import FITS
from training.captions.meanings import Meanings
from training.drawing.painting import paint
from training.model.architecture import IMAGE_SIDE


def tensors(batch: Batch) -> dict[str, torch.Tensor]:
    values = vars(batch) | vars(batch.arrangement)
    return {name: value for name, value in values.items() if isinstance(value, torch.Tensor)}


def assert_equal(one: Batch, other: Batch) -> None:
    assert one.arrangement.seed == other.arrangement.seed
    for name, value in tensors(one).items():
        assert torch.equal(value, tensors(other)[name]), name


def test_the_same_step_gives_the_same_batch_and_another_step_another(maker: BatchMaker) -> None:
    assert_equal(maker.batch(5), maker.batch(5))
    assert not torch.equal(maker.batch(5).arrangement.drawings, maker.batch(6).arrangement.drawings)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_another_process_makes_the_same_batch(maker: BatchMaker) -> None:
    [there] = prefetch(maker.batch, [(5, 0.5)], workers=1)
    assert_equal(there, maker.batch(5, 0.5))


def test_another_mixture_uses_the_same_pools(maker: BatchMaker) -> None:
    few = maker.with_mixture(Mixture(pictures=6, other_captions=2)).batch(5)
    assert len(few.concepts) == 6
    assert len(maker.batch(5).concepts) == 24


@pytest.mark.parametrize("ease", [0.0, 1.0])
def test_each_picture_has_what_a_training_step_needs(
    maker: BatchMaker, meanings: Meanings, ease: float
) -> None:
    batch = maker.batch(7, ease)
    is_art = batch.concepts >= 0
    assert int(is_art.sum()) == len(batch.arrangement.mixes) == (16 if ease == 0 else 2)
    assert bool(is_art[: int(is_art.sum())].all())  # artwork comes first: see Arrangement
    own = batch.own >= 0
    assert bool(own[~is_art].all())
    drawn = torch.nonzero(~is_art)[:, 0]
    assert (batch.fits[drawn, batch.own[drawn]] == FITS).all()
    captioned = torch.nonzero(is_art & own)[:, 0]
    rows = meanings.matrix()[batch.meanings[batch.own[captioned]].numpy()]
    assert (rows[np.arange(len(captioned)), batch.concepts[captioned].numpy()] == FITS).all()
    painted = paint(batch.arrangement)
    assert painted.pixels.shape == (24, 3, IMAGE_SIDE, IMAGE_SIDE)
    assert torch.isfinite(painted.pixels).all()


def test_all_tensors_move_to_a_device(maker: BatchMaker) -> None:
    moved = tensors(maker.batch(5).to(torch.device("meta")))
    assert {value.device.type for value in moved.values()} == {"meta"}
