"""JPEG files without metadata, without their end, with too many scans."""

import struct

import pytest
from PIL import ImageFile

from inference.images.decoding import decode
from inference.images.jpeg import MAX_JPEG_SCANS
from inference.protocol.errors import ProblemCode
from tests.inference.images.files import (
    difference,
    encoded,
    is_damaged,
    is_the_picture,
    noise,
    picture,
    refused,
)

JPEG = encoded(picture(), "JPEG")


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


@pytest.mark.parametrize(
    "found",
    [
        segment(0xE0, b"JFIF\x00"),
        segment(0xE1, b"Exif\x00\x00"),
        segment(0xE1, b"Exif\x00\x00II*\x00\xff\xff\xff\x7fgarbage"),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00\xff\xfe"),
        segment(0xE2, b"ICC_PROFILE\x00"),
        segment(0xE2, b"ICC_PROFILE\x00\x01\x01" + bytes(65_000)) * 40,
        segment(0xE2, b"MPF\x00junk"),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04"),
        segment(0xEE, b"Adobe"),
        segment(0xFE, b""),
    ],
    ids=range(10),
)
def test_damaged_segments_of_a_jpeg(found: bytes) -> None:
    assert is_the_picture(JPEG[:2] + found + JPEG[2:])
    assert is_the_picture(JPEG[:2] + found + JPEG[20:])  # without the file's own JFIF segment


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2, 3, 10])
def test_a_jpeg_without_its_end_marker(missing: int, progressive: bool) -> None:
    image = noise()
    data = encoded(image, "JPEG", progressive=progressive)
    assert difference(decode(data[:-missing]), decode(data)) < 0.1
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_end_marker_before_another_jpeg(progressive: bool) -> None:
    """Phones append a second picture: depth, another exposure or a small copy."""
    data = encoded(noise(), "JPEG", progressive=progressive)
    for other in (data, encoded(picture(), "JPEG")):
        assert difference(decode(data[:-2] + other), decode(data)) < 0.1
    assert is_damaged(data[: len(data) * 20 // 100] + data)


def test_a_jpeg_without_its_last_rows() -> None:
    data = encoded(noise(), "JPEG")
    assert difference(decode(data[: len(data) * 97 // 100]), decode(data)) < 4
    assert is_damaged(data[: len(data) * 85 // 100])
    assert is_damaged(data[: len(data) * 50 // 100])


def test_a_small_jpeg_without_its_end_marker() -> None:
    """Here the last row of blocks is most of the picture."""
    for size in ((20, 16), (16, 9), (80, 60)):
        data = encoded(noise(*size), "JPEG")
        assert difference(decode(data[:-2]), decode(data)) < 1
        assert difference(decode(data[:-2] + b"\r\n"), decode(data)) < 1


def test_a_progressive_jpeg_is_read_without_its_last_scans() -> None:
    image = picture(640, 480)
    data = encoded(image, "JPEG", progressive=True)
    assert difference(decode(data[: len(data) * 80 // 100]), image) < 4
    assert is_damaged(data[: len(data) * 20 // 100])


def test_a_jpeg_with_too_many_scans() -> None:
    data = encoded(picture(400, 400), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    assert decode(data[:-2] + scan * 50 + b"\xff\xd9").size == (400, 400)
    endless = data[:-2] + scan * (MAX_JPEG_SCANS + 1) + b"\xff\xd9"
    assert refused(endless).problem.code is ProblemCode.IMAGE_TRUNCATED


def test_what_a_phone_appends_to_a_jpeg_is_not_counted() -> None:
    data = encoded(picture(), "JPEG") + b"ftypmp42" + b"\xff\xda" * 5000
    assert decode(data).size == (80, 60)
