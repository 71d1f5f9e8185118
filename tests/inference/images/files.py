"""Picture files for these tests: whole ones of every format, and the parts of damaged ones."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inference.images.decoding import decode
from inference.protocol.errors import Fault, ImageRefused, ProblemCode

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "MPO")


def picture(width: int = 80, height: int = 60) -> Image.Image:
    """Return a picture with red above blue and a white disc in the middle."""
    image = Image.new("RGB", (width, height), "red")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height // 2, width, height), "blue")
    draw.ellipse((width // 3, height // 3, 2 * width // 3, 2 * height // 3), "white")
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def refused(data: bytes, **options: Any) -> ImageRefused:
    with pytest.raises(ImageRefused) as raised:
        decode(data, **options)
    assert raised.value.problem.fault is Fault.USER
    assert str(raised.value).endswith(".")
    return raised.value


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of all pixels in grey levels."""
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(width: int, height: int, pixels: bytes = b"", extra: bytes = b"", depth: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def tiff(
    width: int,
    height: int,
    pixels: bytes,
    *,
    bits: int = 8,
    order: str = "<",
    more: tuple[tuple[int, int, int, int], ...] = (),
) -> bytes:
    """Return a TIFF with one uncompressed grey strip.

    Args:
        more: further entries of the directory: tag, type, count, value.
    """
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: height}
    entries = [(tag, 4, 1, value) for tag, value in tags.items()]
    entries += [(279, 4, 1, len(pixels)), *more]
    start = b"II*\x00" if order == "<" else b"MM\x00*"
    return (
        start
        + struct.pack(order + "I", 8 + len(pixels))
        + pixels
        + struct.pack(order + "H", len(entries))
        + b"".join(struct.pack(order + "HHII", *entry) for entry in sorted(entries))
        + struct.pack(order + "I", 0)
    )


def is_the_picture(data: bytes) -> bool:
    return difference(decode(data), picture()) < 4


def is_damaged(data: bytes) -> bool:
    with pytest.raises(ImageRefused) as raised:
        decode(data)
    return raised.value.problem.code is ProblemCode.IMAGE_TRUNCATED


def noise(width: int = 640, height: int = 480) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)
