"""Grounds, and what happens to drawings and pictures on their way to the model."""

import numpy as np
import pytest
import torch

from training.drawing import augment, grounds
from training.drawing.rendering import CANVAS
from training.model.architecture import IMAGE_SIDE


@pytest.mark.parametrize("seed", range(20))
def test_grounds_are_pictures_after_every_variation(seed: int) -> None:
    pictures, names = grounds.pool(4, seed)
    assert pictures.shape == (4, grounds.SIDE, grounds.SIDE, 3)
    assert names[0] != grounds.UNNAMED
    assert (names[1:] == grounds.UNNAMED).all()
    assert (
        len(np.unique(pictures[0].reshape(-1, 3), axis=0)) == 1
    )  # the one ground with a named colour is plain


def test_pictures_are_padded_right_and_below_as_the_processor_does() -> None:
    generator = torch.Generator().manual_seed(1)
    sizes = torch.tensor([[80.0, 60.0], [45.0, 80.0]])
    white = torch.ones(2, 3, IMAGE_SIDE, IMAGE_SIDE)
    clear = torch.zeros(2, 4, IMAGE_SIDE, IMAGE_SIDE)
    pixels = augment.compose(clear, white, sizes, generator)
    assert (pixels[0, :, 60:] == 0).all()
    assert (pixels[1, :, :, 45:] == 0).all()
    assert (pixels[0, :, :60] > 0.5).all()


def test_a_placed_drawing_is_whole_and_where_it_should_be() -> None:
    generator = torch.Generator().manual_seed(2)
    disc = torch.zeros(8, 4, CANVAS, CANVAS)
    at = torch.linspace(-1, 1, CANVAS)
    disc[:] = ((at[:, None] ** 2 + at**2) < 0.8).float()
    sizes = torch.tensor([[80.0, 60.0]]).repeat(8, 1)
    placed = augment.place(disc, sizes, augment.SCENE, generator)
    y, x = torch.nonzero(placed[0, 3] > 0.5, as_tuple=True)
    assert float(x.float().mean()) == pytest.approx(39.5, abs=3)
    assert float(y.float().mean()) == pytest.approx(29.5, abs=3)
    assert int(y.max()) - int(y.min()) == pytest.approx(60 * 0.9, abs=8)


def test_repainting_keeps_colours_within_alpha() -> None:
    generator = torch.Generator().manual_seed(3)
    alpha = torch.rand(16, 1, 8, 8, generator=generator)
    colours = torch.rand(16, 3, 8, 8, generator=generator) * alpha
    before = torch.cat([colours, alpha], 1)
    mix, kept = augment.shades(16, generator)
    painted = augment.repainted(before, mix)
    torch.testing.assert_close(painted[kept], before[kept])
    assert (painted[:, :3] <= alpha).all()
    assert (painted[:, 3:] == alpha).all()


def test_a_trail_lies_on_one_side_of_a_drawing_and_does_not_change_it() -> None:
    generator = torch.Generator().manual_seed(4)
    disc = torch.zeros(2, 4, IMAGE_SIDE, IMAGE_SIDE)
    disc[:, :, 30:50, 30:50] = 1
    moved = augment.speeding(disc, torch.tensor([True, False]), generator)
    assert (moved[1] == disc[1]).all()
    assert (moved[0, :, 30:50, 30:50] == 1).all()
    trail = moved[0, 3].clone()
    trail[30:50, 30:50] = 0
    assert float(trail.sum()) > 50
    assert bool((trail[:30] == 0).all())
    left, right = float(trail[:, :30].sum()), float(trail[:, 50:].sum())
    assert min(left, right) == 0


def test_only_the_chosen_pictures_are_blurred() -> None:
    generator = torch.Generator().manual_seed(5)
    board = (torch.arange(IMAGE_SIDE) // 5 % 2).float().expand(2, 3, IMAGE_SIDE, IMAGE_SIDE)
    seen = augment.blurred(board, torch.tensor([False, True]), generator)
    assert (seen[0] == board[0]).all()
    assert float(seen[1].std()) < 0.7 * float(board[1].std())
