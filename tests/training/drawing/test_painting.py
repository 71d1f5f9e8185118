"""Painting: the same arrangement always gives the same pictures."""

import numpy as np
import torch

from training.drawing.painting import Arrangement, paint
from training.drawing.rendering import CANVAS
from training.model.architecture import IMAGE_SIDE, MEAN, STD

RED, GREEN, BLUE, CLEAR = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0)


def arranged(**changes: object) -> Arrangement:
    """Return a red and a green piece of artwork, a blue scene and an empty one, all on white."""
    drawings = torch.zeros(4, CANVAS, CANVAS, 4, dtype=torch.uint8)
    for at, colour in enumerate((RED, GREEN, BLUE, CLEAR)):
        drawings[at, 2:-2, 2:-2] = torch.tensor(colour, dtype=torch.uint8)
    values: dict[str, object] = {
        "drawings": drawings,
        "grounds": torch.full((4, IMAGE_SIDE, IMAGE_SIDE, 3), 255, dtype=torch.uint8),
        "sizes": torch.tensor([[80.0, 80.0], [80.0, 60.0], [60.0, 80.0], [80.0, 60.0]]),
        "mixes": torch.eye(3).repeat(2, 1, 1),
        "stickers": torch.zeros(2, dtype=torch.bool),
        "speeding": torch.zeros(2, dtype=torch.bool),
        "blurred": torch.zeros(4, dtype=torch.bool),
        "smallest": 0.9,
        "seed": 7,
    }
    return Arrangement(**(values | changes))  # type: ignore[arg-type]


def middle(pixels: torch.Tensor) -> torch.Tensor:
    """Return the mean colour of each picture's middle, 0..1, [B, 3]."""
    colours = pixels * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]
    return colours[:, :, 26:34, 26:34].mean(dim=(2, 3))


def test_each_picture_shows_its_own_drawing() -> None:
    colours = middle(paint(arranged()).pixels)
    assert colours[:3].argmax(dim=1).tolist() == [0, 1, 2]
    assert float(colours[3].min()) > 0.6  # white, in any light


def test_an_arrangement_gives_the_same_picture_and_another_seed_another_one() -> None:
    one, again, other = (paint(arranged(seed=seed)).pixels for seed in (7, 7, 8))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_artwork_changes_its_colours_and_scenes_do_not() -> None:
    swapped = torch.eye(3)[[1, 2, 0]].repeat(2, 1, 1)  # red becomes blue, green becomes red
    colours = middle(paint(arranged(mixes=swapped)).pixels)
    assert colours[:3].argmax(dim=1).tolist() == [2, 0, 2]


def test_patches_with_a_scene_come_before_artwork_and_padding_comes_last() -> None:
    priority = paint(arranged()).patch_priority.view(4, 8, 8)
    assert priority[0, 4, 4] == 0.5
    assert priority[2, 4, 4] == 1
    assert (priority[2, :, 7] == -0.5).all()  # 60 wide
    assert (priority[3, :6] == 0).all()
    assert (priority[3, 6:] == -0.5).all()  # 60 high


def test_all_tensors_move_to_a_device() -> None:
    moved = arranged().to(torch.device("meta"))
    assert {str(at.device) for at in vars(moved).values() if isinstance(at, torch.Tensor)} == {
        "meta"
    }
    assert (moved.smallest, moved.seed) == (0.9, 7)


def test_a_blurred_picture_has_less_contrast() -> None:
    squares = (torch.arange(IMAGE_SIDE) // 4 % 2)[:, None] ^ (torch.arange(IMAGE_SIDE) // 4 % 2)
    grounds = (255 * squares).to(torch.uint8)[None, :, :, None].repeat(4, 1, 1, 3)
    blurred = torch.tensor([False, False, False, True])

    def contrast(seed: int, **changes: object) -> float:
        pixels = paint(arranged(grounds=grounds, seed=seed, **changes)).pixels
        return float(pixels[3, :, :60].std())

    # The median, because other random effects change the contrast too.
    sharp = np.median([contrast(seed) for seed in range(9)])
    soft = np.median([contrast(seed, blurred=blurred) for seed in range(9)])
    assert soft < 0.5 * sharp
