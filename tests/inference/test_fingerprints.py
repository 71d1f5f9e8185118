"""A copy of a picture is known again; another picture is not taken for one."""

import io
import itertools
from pathlib import Path

import pytest
from PIL import Image

import inference
from inference.contract import Fingerprint
from inference.fingerprints import fingerprint

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
def test_a_copy_saved_anew_or_in_another_size_is_the_same(scale: float, quality: int) -> None:
    for picture in _pictures():
        file = io.BytesIO()
        size = (int(picture.width * scale), int(picture.height * scale))
        picture.resize(size).save(file, "JPEG", quality=quality)
        copy = Image.open(file).convert("RGB")
        assert fingerprint(picture).is_same(fingerprint(copy))


def test_different_pictures_are_different() -> None:
    found = [fingerprint(picture) for picture in _pictures()]
    assert not any(a.is_same(b) for a, b in itertools.combinations(found, 2))


def test_a_fingerprint_of_another_kind_is_never_the_same() -> None:
    mine = fingerprint(Image.new("RGB", (8, 8)))
    assert not mine.is_same(Fingerprint(b""))
