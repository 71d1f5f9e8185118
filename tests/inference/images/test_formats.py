"""A format is detected from the first bytes, and only formats on the list are read."""

import pytest

from inference.images.decoding import decode
from inference.protocol.errors import ProblemCode
from tests.inference.images.files import FORMATS, difference, encoded, picture, refused
from tests.inference.images.heic import heic


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format(kind: str) -> None:
    image = decode(encoded(picture(), kind))
    assert (image.mode, image.size) == ("RGB", (80, 60))
    assert difference(image, picture()) < 4


def test_heic() -> None:
    image = decode(heic(picture(48, 32)))
    assert (image.mode, image.size) == ("RGB", (48, 32))
    assert difference(image, picture(48, 32)) < 20  # HEIC stores a quarter of the colours


@pytest.mark.parametrize("data", [b"", b"\x00", b"GIF", b"hello, I am a text", b"RIFF1234WAVE"])
def test_files_that_are_not_pictures(data: bytes) -> None:
    assert refused(data).problem.code is ProblemCode.NOT_AN_IMAGE


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 ...",
        b"  <svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42",
        b"\x00\x00\x00\x0cjP  \r\n\x87\n",
        b"\x1a\x45\xdf\xa3\x01",
        b"\x1f\x8b\x08\x00",
        b"8BPS\x00\x01",
    ],
)
def test_formats_that_are_not_on_the_list(data: bytes) -> None:
    assert refused(data).problem.code is ProblemCode.UNSUPPORTED_FORMAT


def test_a_format_that_only_pillow_reads() -> None:
    for kind in ("ICO", "PPM", "TGA", "PCX", "EPS"):
        assert refused(encoded(picture(), kind)).problem.code in {
            ProblemCode.UNSUPPORTED_FORMAT,
            ProblemCode.NOT_AN_IMAGE,
        }
