"""Bytes that a stranger sent → an RGB picture, or a refusal with a sentence.

The format is told from the first bytes, never from a name; the header's pixel count is checked
before anything is decoded; and whatever a decoder raises becomes `ImageRefused`. Pillow's readers
are called directly, not through `Image.open`: that one looks at every format that any library has
registered, and has a pixel limit of its own that is global to the process.

ICC profiles are ignored on purpose. The reference preprocessing (openai/CLIP: `convert("RGB")`)
does so too, hence so did training; a Display P3 photo read as sRGB is only a little less saturated,
and a colour management engine is one more parser that strangers could feed.
"""

import contextlib
import re
import struct
import threading
import warnings
from collections.abc import Callable
from io import BytesIO

import numpy as np
import numpy.typing as npt
from pi_heif import HeifImageFile  # type: ignore[import-untyped]
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from inference.errors import ImageRefused, Problem, ProblemCode

MIN_SIDE = 3  # pixels; below it there is nothing to see, and resizers divide by what is left

# A JPEG may repeat progressive scans, each of which costs a pass over all pixels and but a few
# bytes of file: 1,000 scans of 40 megapixels take minutes. Real encoders write up to about 12.
MAX_JPEG_SCANS = 100

# Keep this many times what the model looks at, so that the final, antialiased resize still has
# pixels to average. Measured on photographs: what the model then sees differs from what it sees of
# the full picture by 0.5 to 0.7 grey levels of 255 on average (4 at the 99th percentile).
OVERSAMPLING = 2

# The chart shows the picture too, however little the model looks at.
MIN_DECODED_SIDE = 512  # pixels

Reader = Callable[[BytesIO], ImageFile.ImageFile]

_MAGIC: tuple[tuple[bytes, Reader], ...] = (
    (b"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    (b"GIF87a", GifImagePlugin.GifImageFile),
    (b"GIF89a", GifImagePlugin.GifImageFile),
    (b"BM", BmpImagePlugin.BmpImageFile),
    (b"II*\x00", TiffImagePlugin.TiffImageFile),
    (b"MM\x00*", TiffImagePlugin.TiffImageFile),
    (b"II+\x00", TiffImagePlugin.TiffImageFile),  # BigTIFF
    (b"MM\x00+", TiffImagePlugin.TiffImageFile),
)

# ISO/IEC 23008-12: brands of still pictures and sequences coded with HEVC or AV1. `mif1` and `msf1`
# say nothing about the codec; the compatible brands after them do.
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_GENERIC_BRANDS = {b"mif1", b"msf1"}

# What people do send, and what gets a better sentence than "not an image".
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

# 0xFF, then neither a stuffed 0x00, nor a restart marker, nor a fill byte: a segment begins.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")

_TRANSPOSE = {  # Exif 2.32, tag 0x0112: how to turn the stored picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_READABLE = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"


def decode(data: bytes, *, max_megapixels: float = 50.0, want: int | None = None) -> Image.Image:
    """Reads a picture of any allowed format: upright, without transparency, in RGB.

    Args:
        data: the whole file. Of an animation, the first frame is read.
        max_megapixels: limit on width x height as the header states them, in millions. Pillow
            reads no WebP and no TIFF above 179.
        want: shorter side, in pixels, that the model looks at. Larger pictures are then decoded at
            a fraction of their size: no side gets shorter than twice this, or than 512 pixels.

    Returns:
        An RGB image, at least 3 x 3 pixels, loaded and independent of `data`.

    Raises:
        ImageRefused: nothing else is ever raised, whatever the bytes.
    """
    try:
        with _quiet:
            return _decode(data, max_megapixels, want)
    except ImageRefused:
        raise
    except Image.DecompressionBombError as error:
        # Some readers check sizes in opening, by Pillow's own limit, which it calls an error at
        # twice MAX_IMAGE_PIXELS (179 megapixels): WebP, TIFF, GIF frames.
        limit = min(max_megapixels, 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6)
        pixels = re.search(r"\((\d+) pixels", str(error))
        raise _too_many_pixels(int(pixels[1]) if pixels else limit * 1e6, limit) from None
    except Exception as error:
        # A decoder fed with damaged bytes may raise anything: OSError, SyntaxError, ValueError,
        # struct.error, zlib.error, MemoryError, OverflowError, IndexError, RecursionError …
        raise ImageRefused(
            "The picture is damaged or incomplete.", Problem(ProblemCode.IMAGE_TRUNCATED)
        ) from error


def _decode(data: bytes, max_megapixels: float, want: int | None) -> Image.Image:
    reader = _reader(data)
    with reader(BytesIO(data)) as image:
        _check_size(image.size, max_megapixels)
        enough = max(OVERSAMPLING * want, MIN_DECODED_SIDE) if want else None
        if enough and isinstance(image, JpegImagePlugin.JpegImageFile):
            # The inverse DCT at 1/2, 1/4 or 1/8 of the size: both sides stay at least this long.
            image.draft(None, (enough, enough))
        image.load()
        _check_size(image.size, max_megapixels)  # HEIC: the size may change in decoding
        rgb = _to_rgb(image)
        if enough and (factor := min(rgb.size) // enough) > 1:
            rgb = rgb.reduce(factor)
        if turn := _TRANSPOSE.get(_orientation(image)):
            rgb = rgb.transpose(turn)
        return rgb


def _reader(data: bytes) -> Reader:
    """The one Pillow reader that may see these bytes.

    Raises:
        ImageRefused: NOT_AN_IMAGE or UNSUPPORTED_FORMAT.
    """
    for magic, reader in _MAGIC:
        if data.startswith(magic):
            if reader is JpegImagePlugin.JpegImageFile:
                _check_scans(data)
            return reader
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WebPImagePlugin.WebPImageFile
    if data[4:8] == b"ftyp":
        brands = _brands(data)
        if brands & _AVIF_BRANDS:
            return AvifImagePlugin.AvifImageFile
        if brands & (_HEIF_BRANDS | _GENERIC_BRANDS):
            heif: Reader = HeifImageFile
            return heif
    if data[4:8] == b"ftyp" or data[:1024].lstrip().startswith(_KNOWN_BUT_UNREADABLE):
        raise ImageRefused(
            f"Files of this kind can't be read; send {_READABLE}.",
            Problem(ProblemCode.UNSUPPORTED_FORMAT),
        )
    raise ImageRefused("This file is not a picture.", Problem(ProblemCode.NOT_AN_IMAGE))


def _brands(data: bytes) -> set[bytes]:
    """Major and compatible brands of an ISO media file (ISO/IEC 14496-12, section 4.3)."""
    (size,) = struct.unpack_from(">I", data)
    end = min(size, len(data), 256)
    return {data[8:12]} | {data[at : at + 4] for at in range(16, end, 4)}


def _check_scans(data: bytes) -> None:
    """Walks over a JPEG's segments, up to its end marker, and counts scans (ITU-T T.81, B.1).

    Not by searching the file for the marker: what phones append (a video of several megabytes)
    holds it by chance.
    """
    at, scans = 2, 0
    while found := _JPEG_MARKER.search(data, at):
        at = found.end()
        marker = data[at - 1]
        if marker == 0xD9:  # end of image
            break
        if marker == 0xDA:  # start of scan
            scans += 1
            if scans > MAX_JPEG_SCANS:
                raise ImageRefused(
                    "The picture is damaged: it repeats itself.",
                    Problem(ProblemCode.IMAGE_TRUNCATED),
                )
        at += int.from_bytes(data[at : at + 2], "big")


def _check_size(size: tuple[int, int], max_megapixels: float) -> None:
    width, height = size
    if width * height > max_megapixels * 1e6:
        raise _too_many_pixels(width * height, max_megapixels)
    if min(size) < MIN_SIDE:
        raise ImageRefused(
            f"The picture is smaller than {MIN_SIDE} × {MIN_SIDE} pixels.",
            Problem(ProblemCode.IMAGE_TOO_SMALL, got=min(size), limit=MIN_SIDE),
        )


def _too_many_pixels(pixels: float, limit: float) -> ImageRefused:
    megapixels = pixels / 1e6
    return ImageRefused(
        f"The picture has {megapixels:.0f} megapixels; at most {limit:g} can be read.",
        Problem(ProblemCode.TOO_MANY_PIXELS, got=megapixels, limit=limit),
    )


def _orientation(image: Image.Image) -> int:
    # Damaged metadata does not spoil the pixels: such a picture is read as it is stored.
    with contextlib.suppress(Exception):
        value = image.getexif().get(ExifTags.Base.Orientation)
        return value if isinstance(value, int) else 1
    return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode of Pillow → RGB; transparency becomes white, as on a page."""
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return Image.fromarray(_to_8_bits(image)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    return image.convert("RGB")


def _to_8_bits(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Scales, where Pillow's own conversion clips.

    16-bit grey has its range in its name. Modes I and F hold 32 bits and don't say what white is:
    the smallest usual range that holds all values is taken (1.0 for floats, 8 bits, 16 bits), or
    else the picture's own range.

    Returns:
        uint8 [height, width].
    """
    values = np.asarray(image).astype(np.float32)
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    else:
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
        white = next((limit for limit in usual if high <= limit), None)
        if low >= 0 and white is not None:
            low, high = 0.0, white
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    scaled = (values - low) * (255.0 / max(high - low, 1e-30))
    grey: npt.NDArray[np.uint8] = np.rint(scaled.clip(0, 255)).astype(np.uint8)
    return grey


class _Quiet:
    """While any thread decodes, warnings that Pillow raises about a file are ignored.

    Damaged metadata makes Pillow warn on standard error, once for each place in its code, which
    tells nobody anything: the picture is either read or refused. `warnings.catch_warnings` alone
    is not safe where several threads decode (Python < 3.14): one would restore what another had
    set. So the first one in sets the filter, and the last one out restores.

    libtiff, in C, still prints a line or two about a damaged TIFF; only a redirection of the whole
    process's standard error could stop that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._scope = contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._scope.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._scope.close()


_quiet = _Quiet()
