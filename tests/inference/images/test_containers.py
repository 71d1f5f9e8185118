"""A picture is read although its metadata, its checksums or its end are damaged."""

import struct
import time
import zlib
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from inference.images.decoding import decode
from tests.inference.images.files import (
    chunk,
    difference,
    encoded,
    is_damaged,
    is_the_picture,
    noise,
    picture,
    png,
    tiff,
)
from tests.inference.images.heic import heic

PNG = encoded(picture(), "PNG")

# PNG


def with_chunk(kind: bytes, content: bytes, *, checksum: int = 0) -> bytes:
    """Return the picture with one more chunk after its header.

    Args:
        checksum: changes the last byte of the chunk's checksum.
    """
    found = bytearray(chunk(kind, content))
    found[-1] ^= checksum
    return PNG[:33] + bytes(found) + PNG[33:]


@pytest.mark.parametrize(
    "kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"pHYs", b"tRNS", b"sRGB", b"caBX"]
)
def test_a_wrong_checksum_of_an_ancillary_chunk(kind: bytes) -> None:
    assert is_the_picture(with_chunk(kind, b"a\x00\x00\x00\x00\x00\x00\x00\x00", checksum=1))


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP", b"tEXt"])
def test_megabytes_of_metadata(kind: bytes) -> None:
    start = b"a\x00\x01\x00\x00\x00" if kind == b"iTXt" else b"a\x00\x00"
    large = bytes(range(256)) * 12_000
    content = start + large if kind == b"tEXt" else start + zlib.compress(large)
    assert is_the_picture(with_chunk(kind, content))
    assert is_the_picture(with_chunk(kind, content)[:-12] + chunk(kind, content) + PNG[-12:])


def test_many_large_texts() -> None:
    texts = PngImagePlugin.PngInfo()
    for number in range(80):
        texts.add_text(f"text {number}", "x" * 1_000_000, zip=True)
    assert is_the_picture(encoded(picture(), "PNG", pnginfo=texts))


@pytest.mark.parametrize("kind", [b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"tRNS", b"iCCP", b"acTL"])
def test_chunks_that_are_too_short(kind: bytes) -> None:
    assert is_the_picture(with_chunk(kind, b"a"))


def test_a_png_without_its_end() -> None:
    image = noise(64, 64)
    data = encoded(image, "PNG")
    # Parts of IEND, of the last IDAT's checksum, and of zlib's checksum in it.
    for missing in (1, 4, 12, 14, 16, 20):
        assert difference(decode(data[:-missing]), image) == 0
    assert is_damaged(data[:-200])


def test_a_wrong_checksum_of_pixels_and_a_damaged_header() -> None:
    at = PNG.index(b"IDAT")
    size = int.from_bytes(PNG[at - 4 : at], "big")
    wrong = bytearray(PNG)
    wrong[at + 4 + size] ^= 1
    assert is_the_picture(bytes(wrong))
    assert is_damaged(PNG[:20] + b"\xff" + PNG[21:])


def test_a_fully_transparent_png_becomes_white() -> None:
    data = encoded(Image.new("RGBA", (9, 9), (200, 20, 10, 0)), "PNG")
    assert decode(data).getpixel((4, 4)) == (255, 255, 255)
    assert decode(png(4, 4, bytes(52), chunk(b"tRNS", bytes(6)))).getpixel((1, 1)) == (255,) * 3


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_compressed_metadata_that_explodes(kind: bytes) -> None:
    start = b"a\x00\x01\x00\x00\x00" if kind == b"iTXt" else b"a\x00\x00"
    extra = chunk(kind, start + zlib.compress(bytes(50_000_000), 9))
    started = time.thread_time()  # not wall-clock time: the cores can be busy
    assert decode(png(8, 8, bytes(200), extra)).size == (8, 8)
    assert time.thread_time() - started < 0.5


# Other formats


def webp_chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


@pytest.mark.parametrize("lossless", [False, True])
def test_webp(lossless: bool) -> None:
    options: dict[str, Any] = {
        "exif": b"Exif\x00\x00junk" * 50,
        "xmp": b"\xff",
        "icc_profile": b"x",
    }
    data = encoded(picture(), "WEBP", lossless=lossless, **options)
    plain = encoded(picture(), "WEBP", lossless=lossless)
    assert is_the_picture(data)
    assert is_the_picture(data[:-30])  # ends within its metadata
    for size in (16, 2**31 - 1):  # size of the file in its header
        assert is_the_picture(data[:4] + struct.pack("<I", size) + data[8:])
    assert is_the_picture(plain + b"EXIF\xff\xff\xff\xffjunk")
    assert is_the_picture(plain + webp_chunk(b"JUNK", b"123"))


def test_gif() -> None:
    data = encoded(picture(), "GIF")
    at = data.index(b"!") if b"!" in data[:800] else data.index(b",")
    for more in (
        b"!\xff\x0bXMP DataXMP" + bytes(range(255, -1, -1)) + b"\x00",
        b"!\xf9\x01\x01\x00",  # graphic control of 1 byte
        b"!\xfe\xff" + b"x" * 255 + b"\x00",
        b"!\xff\x0bNETSCAPE2.0\x01\x01\x00",
    ):
        assert is_the_picture(data[:at] + more + data[at:])
    assert is_the_picture(data[:-1])
    assert is_the_picture(data[:-2])


def test_tiff() -> None:
    lost = 2**31 - 1
    entries = [(34665, 4, 1, lost), (330, 4, 1, lost), (700, 1, lost, 8), (34675, 7, lost, 8)]
    assert decode(tiff(10, 10, bytes(100), more=tuple(entries))).size == (10, 10)
    data = bytearray(tiff(10, 10, bytes(100)))
    data[-4:] = struct.pack("<I", 108)  # its next page is itself
    assert decode(bytes(data)).size == (10, 10)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_what_follows_the_end_is_ignored(kind: str) -> None:
    assert is_the_picture(encoded(picture(), kind) + b"\xff\xd8\xff\xe1PK\x03\x04;" * 99)


def test_avif_and_heic_with_damaged_exif() -> None:
    exif = Image.Exif()
    exif[0x010E] = "here is some Exif"
    data = bytearray(encoded(picture(), "AVIF", exif=exif))
    at = data.index(b"here is some Exif")
    data[data.rindex(b"MM\x00*" if b"MM\x00*" in data else b"II*\x00", 0, at)] = 0
    assert is_the_picture(bytes(data))
    whole = decode(heic(picture(48, 32)))
    for content in (b"", b"Exif\x00\x00junk", b"\xff" * 100):
        assert difference(decode(heic(picture(48, 32), exif=content)), whole) == 0
    cut = heic(picture(48, 32), exif=b"x" * 100)[:-60]
    assert difference(decode(cut), whole) == 0


@pytest.mark.parametrize("header", [56, 108, 124])
@pytest.mark.parametrize("alpha", [0, 255, 128])
def test_bmp_with_an_unused_fourth_channel(header: int, alpha: int) -> None:
    pixels = bytes((10, 20, 200, alpha)) * (24 * 20)
    head = struct.pack("<IiiHHIIiiII", header, 24, 20, 1, 32, 3, len(pixels), 0, 0, 0, 0)
    head += struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    file = struct.pack("<IHHI", 14 + header + len(pixels), 0, 0, 14 + header)
    data = b"BM" + file + head.ljust(header, b"\x00") + pixels
    expected = (227, 137, 132) if alpha == 128 else (200, 20, 10)
    assert decode(data).getpixel((12, 10)) == expected


def test_bmp_without_the_padding_of_its_last_row() -> None:
    image = picture(81, 60)
    assert difference(decode(encoded(image, "BMP")[:-1]), image) == 0


def test_tags_that_point_nowhere() -> None:
    """An image description of 2 GB, an Exif directory at the file's start, endless XMP."""
    more = ((270, 2, 2**31 - 1, 8), (34665, 4, 1, 8), (700, 7, 2**31 - 1, 100))
    assert decode(tiff(10, 10, bytes(100), more=more)).size == (10, 10)
