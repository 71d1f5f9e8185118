"""Emoji drawings on their way into a batch."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from training.drawing.colours import COLOURS
from training.drawing.rendering import CANVAS
from training.emoji import artwork


def drawing() -> Image.Image:
    image = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((100, 50, 199, 99), fill=(255, 0, 0, 255))
    return image


def test_a_drawing_fills_the_canvas_and_keeps_its_proportions() -> None:
    rgba = artwork.fitted(drawing())
    assert rgba is not None
    rows, columns = (np.flatnonzero((rgba[..., 3] > 127).any(axis=axis)) for axis in (1, 0))
    assert len(columns) == pytest.approx(CANVAS - 4, abs=1)
    assert len(rows) == pytest.approx((CANVAS - 4) / 2, abs=1)


def test_an_empty_image_is_not_a_drawing() -> None:
    assert artwork.fitted(Image.new("RGBA", (9, 9))) is None


def test_the_main_colour_covers_most_of_a_drawing() -> None:
    rgba = np.zeros((3, CANVAS, CANVAS, 4), np.uint8)
    rgba[0, 20:60] = (220, 20, 20, 255)
    rgba[1, 20:60] = (220, 20, 20, 255)
    rgba[1, 40:60] = (20, 60, 220, 255)  # half red, half blue
    drawings = artwork.Artwork(rgba, np.zeros(3, np.int64), ["noto"] * 3)
    assert artwork.main_colours(drawings).tolist() == [COLOURS.index("red"), -1, -1]


def test_the_mean_colour_counts_only_what_is_painted() -> None:
    rgba = np.zeros((10, CANVAS, CANVAS, 4), np.uint8)
    for at, picture in enumerate(rgba):
        picture[20:-20, 20:-20] = (25 * at, 120, 255 - 25 * at, 255)
    paints = artwork.mean_paints(artwork.Artwork(rgba, np.zeros(10, np.int64), ["noto"] * 10))
    assert paints.shape == (10, 4, 3)
    np.testing.assert_allclose(paints[3], np.tile((75, 120, 180), (4, 1)), atol=1e-3)
