"""Grey, palette, CMYK, 16 bits, floats and transparency become RGB with 8 bits."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference.images.decoding import decode
from tests.inference.images.files import difference, encoded, picture, png, tiff


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparency_becomes_white(mode: str) -> None:
    see_through = Image.new("RGBA", (9, 9), (0, 0, 0, 0))
    see_through.putpixel((0, 0), (0, 0, 0, 255))
    see_through.putpixel((1, 0), (0, 0, 0, 128))
    if mode == "PA":
        stored = see_through.convert("RGB").convert("P")
        stored.putalpha(see_through.getchannel("A"))
    else:
        stored = see_through.convert(mode)
    data = encoded(stored, "TIFF" if mode == "PA" else "PNG")
    image = decode(data)
    assert image.getpixel((5, 5)) == (255, 255, 255)
    assert image.getpixel((0, 0)) == (0, 0, 0)
    assert image.getpixel((1, 0)) == (127, 127, 127)


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_one_transparent_colour_becomes_white(mode: str) -> None:
    image = Image.new("RGB", (9, 9), "black")
    image.paste("white", (0, 0, 3, 9))
    if mode == "P":
        image = image.quantize(2)
        clear: Any = image.getpixel((8, 8))
    else:
        image = image.convert(mode)
        clear = (0, 0, 0) if mode == "RGB" else 0
    assert decode(encoded(image, "PNG", transparency=clear)).getpixel((8, 8)) == (255,) * 3
    if mode == "P":
        data = encoded(image, "GIF", transparency=clear)
        assert decode(data).getpixel((8, 8)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_and_palette(mode: str) -> None:
    image = decode(encoded(picture().convert(mode), "PNG"))
    assert difference(image, picture().convert(mode).convert("RGB")) == 0


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk(kind: str) -> None:
    image = decode(encoded(picture().convert("CMYK"), kind))
    assert difference(image, picture()) < 4


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_ycbcr(kind: str) -> None:
    image = decode(encoded(picture().convert("YCbCr"), kind))
    assert difference(image, picture()) < 4


def test_ycck() -> None:
    """Adobe's transformed CMYK, marked in the APP14 segment."""
    data = bytearray(encoded(picture().convert("CMYK"), "JPEG"))
    at = data.find(b"Adobe")
    assert at > 0
    data[at + 11] = 2  # transform: YCCK
    assert decode(bytes(data)).mode == "RGB"


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_are_scaled_not_clipped(kind: str) -> None:
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)
    image = Image.fromarray(np.tile(ramp, (4, 1)))
    assert image.mode == "I;16"
    got = np.asarray(decode(encoded(image, kind)))
    np.testing.assert_array_equal(got[0, :, 0], np.arange(256))


def test_16_bits_big_endian() -> None:
    rows = np.tile(np.linspace(0, 65535, 256).round().astype(">u2"), (4, 1))
    data = tiff(256, 4, rows.tobytes(), bits=16, order=">")
    np.testing.assert_array_equal(np.asarray(decode(data))[0, :, 1], np.arange(256))


def test_16_bits_of_colour() -> None:
    rows = np.zeros((4, 4, 3), ">u2")
    rows[..., 0] = 0x8000
    data = png(4, 4, b"".join(b"\x00" + row.tobytes() for row in rows), depth=16)
    assert decode(data).getpixel((0, 0)) == (128, 0, 0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 51.0, 255.0], [0, 51, 255]),
        ([0.0, 257.0, 65535.0], [0, 1, 255]),
        ([-100.0, 0.0, 100.0], [0, 128, 255]),
        ([0.0, 5e5, 1e6], [0, 128, 255]),
        ([float("nan"), 0.5, float("inf")], [0, 128, 255]),
        ([float("nan")] * 3, [0, 0, 0]),
    ],
)
def test_floats_are_scaled_by_their_range(values: list[float], expected: list[int]) -> None:
    image = Image.fromarray(np.tile(np.array(values, np.float32), (3, 1)))
    got = np.asarray(decode(encoded(image, "TIFF")))[0, :, 0]
    np.testing.assert_allclose(got, expected, atol=1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 100, 255], [0, 100, 255]),
        ([0, 257, 65535], [0, 1, 255]),
        ([-10, 0, 10], [0, 128, 255]),
        ([0, 10**6, 2 * 10**6], [0, 128, 255]),
    ],
)
def test_long_integers_are_scaled_by_their_range(values: list[int], expected: list[int]) -> None:
    image = Image.fromarray(np.tile(np.array(values, np.int32), (3, 1)))
    got = np.asarray(decode(encoded(image, "TIFF")))[0, :, 0]
    np.testing.assert_allclose(got, expected, atol=1)
