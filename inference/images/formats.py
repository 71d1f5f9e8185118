"""The formats that are read; a file's format is detected from its first bytes, not its name."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from pi_heif import HeifImageFile  # type: ignore[import-untyped]
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from inference.images import containers
from inference.images.containers import StrippedFile
from inference.protocol.errors import ImageRefused, Problem, ProblemCode

Reader = Callable[[BytesIO], ImageFile.ImageFile]


@dataclass(frozen=True)
class Format:
    """How files of a format are read.

    Attributes:
        reader: Pillow's reader.
        strip: removes the metadata.
    """

    reader: Reader
    strip: Callable[[bytes], StrippedFile]


JPEG = Format(JpegImagePlugin.JpegImageFile, StrippedFile)
_GIF = Format(GifImagePlugin.GifImageFile, containers.strip_gif)
_TIFF = Format(TiffImagePlugin.TiffImageFile, containers.strip_tiff)
WEBP = Format(WebPImagePlugin.WebPImageFile, containers.strip_webp)
AVIF = Format(AvifImagePlugin.AvifImageFile, containers.strip_iso)
_HEIF = Format(HeifImageFile, containers.strip_iso)

_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", Format(PngImagePlugin.PngImageFile, containers.strip_png)),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"BM", Format(BmpImagePlugin.BmpImageFile, containers.strip_bmp)),
    (b"II*\x00", _TIFF),
    (b"MM\x00*", _TIFF),
    (b"II+\x00", _TIFF),  # BigTIFF
    (b"MM\x00+", _TIFF),
)

# ISO/IEC 23008-12: brands of still pictures and sequences coded with HEVC or AV1. `mif1` and `msf1`
# do not name the codec; the compatible brands after them do.
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_GENERIC_BRANDS = {b"mif1", b"msf1"}

# Files that people send and that get a better sentence than "not a picture".
_KNOWN_BUT_UNREADABLE = (
    b"%PDF",
    b"<svg",
    b"<?xml",
    b"8BPS",  # Photoshop
    b"\x00\x00\x00\x0cjP  ",  # JPEG 2000
    b"\xff\x4f\xff\x51",  # JPEG 2000 code stream
    b"\x00\x00\x00\x0cJXL ",  # JPEG XL
    b"\xff\x0a",  # JPEG XL code stream
    b"\x00\x00\x01\x00",  # Windows icon
    b"\x1a\x45\xdf\xa3",  # WebM, e.g. a video sticker
    b"\x1f\x8b",  # gzip, e.g. an animated sticker
)

_READABLE = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"


def detect_format(data: bytes) -> Format:
    """Return the format of a file.

    Raises:
        ImageRefused: NOT_AN_IMAGE, or UNSUPPORTED_FORMAT if it is not on the list.
    """
    for magic, format_ in _MAGIC:
        if data.startswith(magic):
            return format_
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp":
        brands = _brands(data)
        if brands & _AVIF_BRANDS:
            return AVIF
        if brands & (_HEIF_BRANDS | _GENERIC_BRANDS):
            return _HEIF
    if data[4:8] == b"ftyp" or data[:1024].lstrip().startswith(_KNOWN_BUT_UNREADABLE):
        raise ImageRefused(
            f"Files of this kind can't be read; send {_READABLE}.",
            Problem(ProblemCode.UNSUPPORTED_FORMAT),
        )
    raise ImageRefused("This file is not a picture.", Problem(ProblemCode.NOT_AN_IMAGE))


def _brands(data: bytes) -> set[bytes]:
    """Return major and compatible brands of an ISO media file (ISO/IEC 14496-12, section 4.3)."""
    (size,) = struct.unpack_from(">I", data)
    end = min(size, len(data), 256)
    return {data[8:12]} | {data[at : at + 4] for at in range(16, end, 4)}
