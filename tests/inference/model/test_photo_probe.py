"""The demo model tells photographs from drawings; other models don't try."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from inference.model.hub.checkpoint_files import DEMO_FOLDER
from inference.model.photo_probe import flatness

LABELS = [LabelSet(("a dog", "a cat"))]


def landscape(seed: int) -> Image.Image:
    """Return a stand-in for a photograph: soft shapes in muted colours, with noise of a sensor."""
    rng = np.random.default_rng(seed)
    noise = np.zeros((240, 320, 3))
    for size in (2, 4, 8, 16, 32, 64):
        layer = rng.normal(0, 1, (size * 3 // 4 + 1, size, 1)) + rng.normal(0, 0.2, (1, 1, 3))
        planes = [
            Image.fromarray(layer[..., i].astype(np.float32)).resize((320, 240), 3)
            for i in range(3)
        ]
        noise += np.stack([np.asarray(plane) for plane in planes], axis=2) / size**0.5
    pixels = 110 + 45 * noise + rng.normal(0, 6, noise.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).filter(ImageFilter.SMOOTH)


@pytest.mark.parametrize("sample", sorted(DEMO_FOLDER.glob("samples/*.png")), ids=lambda p: p.stem)
@pytest.mark.parametrize("quality", [None, 60])
def test_the_samples_are_no_photographs(demo: Engine, sample: Path, quality: int | None) -> None:
    with Image.open(sample) as opened:
        image = opened.convert("RGB")
    if quality:
        file = BytesIO()
        image.save(file, "JPEG", quality=quality)
        image = Image.open(file).convert("RGB")
    [found] = demo.compare([image], LABELS)
    assert not found.looks_like_photo


def test_pictures_with_the_noise_of_photographs_are(demo: Engine) -> None:
    found = demo.compare([landscape(seed) for seed in range(10)], LABELS * 10)
    assert sum(one.looks_like_photo for one in found) >= 8


def test_only_the_demo_model_tells(tiny_clip: Engine) -> None:
    [found] = tiny_clip.compare([landscape(1)], LABELS)
    assert not found.looks_like_photo


def test_a_batch_tells_what_each_picture_alone_does(demo: Engine) -> None:
    images = [Image.new("RGB", (90, 60), "red"), landscape(2), landscape(3)]
    together = demo.compare(images, LABELS * 3)
    alone = [demo.compare([image], LABELS)[0] for image in images]
    assert [one.looks_like_photo for one in together] == [one.looks_like_photo for one in alone]


def test_flatness_leaves_padding_out() -> None:
    noise = np.random.default_rng(1).normal(0, 1, (3, 40, 80)).astype(np.float32)
    padded = np.concatenate([noise, np.full((3, 40, 80), 2.0, np.float32)], axis=1)
    assert flatness(padded)[2] < 0.05
    assert flatness(np.full((3, 80, 80), 2.0, np.float32)) == (1.0, 1.0, 1.0)
