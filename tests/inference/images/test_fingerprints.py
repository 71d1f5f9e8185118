"""Copies of a picture have the same fingerprint, different pictures do not."""

import io
import itertools
import random
from pathlib import Path

import pytest
from PIL import Image

import inference
from inference.images.fingerprints import fingerprint
from inference.protocol.messages import Fingerprint

_SAMPLES = sorted((Path(inference.__file__).parent / "demo_model" / "samples").glob("*.png"))


def _pictures() -> list[Image.Image]:
    drawn = [Image.open(path).convert("RGB") for path in _SAMPLES]
    plain = [Image.new("RGB", (640, 480), colour) for colour in ("red", "#dd2020", "blue", "white")]
    soft = [
        Image.linear_gradient("L").rotate(angle).resize((300, 200)).convert("RGB")
        for angle in (0, 90, 180)
    ]
    return [*drawn, *plain, *soft]


@pytest.mark.parametrize(("scale", "quality"), [(0.5, 40), (1.0, 85), (2.0, 40)])
def test_a_copy_of_other_quality_or_size_is_the_same(scale: float, quality: int) -> None:
    for picture in _pictures():
        file = io.BytesIO()
        size = (int(picture.width * scale), int(picture.height * scale))
        picture.resize(size).save(file, "JPEG", quality=quality)
        copy = Image.open(file).convert("RGB")
        assert fingerprint(picture).is_same(fingerprint(copy))


def test_different_pictures_are_different() -> None:
    found = [fingerprint(picture) for picture in _pictures()]
    assert not any(a.is_same(b) for a, b in itertools.combinations(found, 2))


def _pale(seed: int) -> Image.Image:
    """Return a photo of little contrast, like fog or paper: greys from 120 to 136."""
    noise = Image.frombytes("L", (12, 9), random.Random(seed).randbytes(108))
    return noise.resize((640, 480)).point(lambda value: 120 + value // 16).convert("RGB")


def test_pictures_of_little_contrast_differ_and_their_copies_do_not() -> None:
    pictures = [_pale(seed) for seed in range(8)]
    pictures += [Image.new("RGB", (640, 480), (level,) * 3) for level in (120, 128, 136)]
    found = [fingerprint(picture) for picture in pictures]
    assert not any(a.is_same(b) for a, b in itertools.combinations(found, 2))
    for picture, known in zip(pictures, found, strict=True):
        file = io.BytesIO()
        picture.resize((320, 240)).save(file, "JPEG", quality=60)
        assert known.is_same(fingerprint(Image.open(file).convert("RGB")))


def test_a_fingerprint_of_another_kind_is_never_the_same() -> None:
    mine = fingerprint(Image.new("RGB", (8, 8)))
    assert not mine.is_same(Fingerprint(b""))
