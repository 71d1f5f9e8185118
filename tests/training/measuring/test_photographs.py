"""The probe for photographs is fitted to pictures of both kinds."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.model.photo_probe import PhotoProbe
from training.drawing.rendering import CANVAS
from training.emoji.artwork import Artwork
from training.measuring import photographs


def noise(seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((180, 120))


def test_a_fitted_probe_tells_the_pictures_that_it_was_fitted_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "probe.json"
    monkeypatch.setattr(photographs, "PROBE_FILE", file)
    rgba = np.zeros((20, CANVAS, CANVAS, 4), np.uint8)
    for at, drawing in enumerate(rgba):
        drawing[20:-20, 20:-20] = (12 * at, 120, 255 - 12 * at, 255)
    discs = Artwork(rgba, np.arange(20), ["noto"] * 20)
    photographs.fit([noise(seed) for seed in range(8)], discs)
    probe = PhotoProbe.load(file)
    assert probe.model == photographs.digest()
    drawn = photographs.drawings(discs, seed=1, count=20)
    shares = photographs.shares(probe, drawn | {"photographs": [noise(9), noise(10)]})
    assert shares["photographs"] == 1.0
    assert max(shares["on white"], shares["on colours, JPEG"], shares["drawn shapes"]) <= 0.1
