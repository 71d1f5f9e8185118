"""Every picture is turned upright, wherever its file stores the orientation."""

from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from inference.images.decoding import decode
from tests.inference.images.files import encoded
from tests.inference.images.heic import heic

RED, GREEN, BLUE, WHITE = (220, 20, 30), (20, 190, 40), (30, 40, 220), (250, 250, 250)

# How an upright picture is stored with each of Exif's orientations.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
# The same as properties of HEIC and AVIF: quarter turns anticlockwise, then the mirror.
TURNED = {
    1: (0, None),
    2: (0, 1),
    3: (2, None),
    4: (0, 0),
    5: (1, 0),
    6: (3, None),
    7: (1, 1),
    8: (1, None),
}


def corners(width: int = 48, height: int = 32) -> Image.Image:
    """Return a picture with another colour in each corner, so that every turn looks different."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(WHITE, (width // 2, height // 2, width, height))
    return image


def stored(orientation: int, upright: Image.Image) -> Image.Image:
    return upright.transpose(STORED[orientation]) if orientation > 1 else upright


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


def is_upright(data: bytes, size: tuple[int, int] = (48, 32), **options: Any) -> bool:
    image = decode(data, **options)
    width, height = image.size
    seen = [
        image.getpixel(place)
        for place in [
            (width // 8, height // 8),
            (width * 7 // 8, height // 8),
            (width // 8, height * 7 // 8),
            (width * 7 // 8, height * 7 // 8),
        ]
    ]
    return image.size == size and all(
        max(abs(a - b) for a, b in zip(got, wanted, strict=True)) < 40  # type: ignore[arg-type]
        for got, wanted in zip(seen, (RED, GREEN, BLUE, WHITE), strict=True)
    )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_orientation(kind: str, orientation: int) -> None:
    image = stored(orientation, corners())
    assert is_upright(encoded(image, kind, exif=exif(orientation)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_compressed_tiff(orientation: int) -> None:
    image = stored(orientation, corners())
    data = encoded(image, "TIFF", compression="tiff_lzw", tiffinfo={0x0112: orientation})
    assert is_upright(data)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_that_is_decoded_at_a_fraction(orientation: int) -> None:
    image = stored(orientation, corners(3072, 2048))
    data = encoded(image, "JPEG", exif=exif(orientation))
    assert is_upright(data, (768, 512), target_side=224)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_that_is_turned_and_mirrored(orientation: int) -> None:
    turns, mirror = TURNED[orientation]
    assert is_upright(heic(stored(orientation, corners()), turns=turns, mirror=mirror))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_in_heic_does_not_turn_it_again(orientation: int) -> None:
    """ISO/IEC 23008-12: only the properties count; Exif describes what the camera saw."""
    turns, mirror = TURNED[orientation]
    content = b"Exif\x00\x00" + exif(orientation).tobytes().removeprefix(b"Exif\x00\x00")
    image = stored(orientation, corners())
    assert is_upright(heic(image, turns=turns, mirror=mirror, exif=content))
    assert is_upright(heic(corners(), exif=content))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirror", [0, 1])
def test_avif_that_is_turned_and_mirrored(turns: int, mirror: int) -> None:
    flip = Image.Transpose.FLIP_LEFT_RIGHT if mirror else Image.Transpose.FLIP_TOP_BOTTOM
    image = corners().transpose(flip).rotate(-90 * turns, expand=True)
    data = bytearray(encoded(image, "AVIF", exif=exif(7)))
    data[data.index(b"irot") + 4] = turns
    data[data.index(b"imir") + 4] = mirror
    assert is_upright(bytes(data))


def test_xmp_in_avif_is_ignored() -> None:
    assert is_upright(encoded(corners(), "AVIF", xmp=b'<x tiff:Orientation="3"/>'))


@pytest.mark.parametrize(
    "xmp", [b'tiff:Orientation="3"', b"<tiff:Orientation>3</tiff:Orientation>"]
)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_xmp_is_used_without_exif(kind: str, xmp: bytes) -> None:
    image = stored(3, corners())
    assert is_upright(encoded(image, kind, xmp=b"<x:xmpmeta>" + xmp))
    assert is_upright(encoded(corners(), kind, xmp=xmp, exif=exif(1)))


@pytest.mark.parametrize("compressed", [True, False])
def test_orientation_in_texts_of_a_png(compressed: bool) -> None:
    image = stored(6, corners())
    block = exif(6).tobytes()
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Raw profile type exif", f"\nexif\n{len(block)}\n{block.hex()}", compressed)
    assert is_upright(encoded(image, "PNG", pnginfo=texts))
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="6"/>', zip=compressed)
    assert is_upright(encoded(image, "PNG", pnginfo=texts))


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("kind", [1, 3, 4])
def test_exif_of_either_byte_order_and_any_type(order: Any, kind: int) -> None:
    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, order)

    value = number(8, {1: 1, 3: 2, 4: 4}[kind]).ljust(4, b"\x00")
    block = (b"II" if order == "little" else b"MM") + number(42, 2) + number(8, 4)
    block += number(1, 2) + number(0x0112, 2) + number(kind, 2) + number(1, 4) + value
    assert is_upright(encoded(stored(8, corners()), "JPEG", exif=b"Exif\x00\x00" + block))


@pytest.mark.parametrize("orientation", [0, 9, 255, 65_535])
def test_an_invalid_orientation_is_ignored(orientation: int) -> None:
    assert is_upright(encoded(corners(), "JPEG", exif=exif(orientation)))
