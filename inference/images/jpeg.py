"""Parses JPEG files into segments (ITU-T T.81, annex B), and removes those without pixels."""

import re
from dataclasses import dataclass

from inference.images import orientation

# A JPEG can repeat progressive scans. Each takes a few bytes in the file, but decoding it is a pass
# over all pixels: 1,000 scans of 40 megapixels take minutes. Encoders write up to about 12.
MAX_JPEG_SCANS = 100
_MAX_SCANNED = 5_000  # megapixels of all scans together

END = b"\xff\xd9"  # end of image

# A segment begins with 0xFF, followed by anything but a stuffed 0x00, a restart marker and a fill
# byte.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_APP0, _APP1, _APP14, _APP15 = 0xE0, 0xE1, 0xEE, 0xEF
# Start of frame: 0xC0..0xCF except DHT, JPG and DAC.
_SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}

_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"


@dataclass(frozen=True)
class Jpeg:
    """A JPEG file without its metadata.

    Attributes:
        data: the file without metadata.
        orientation: 1..8, as in Exif.
        coefficients: bytes of coefficients that a decoder holds for the whole picture, even if it
            decodes at a fraction of the size; 0 if it holds only a few rows.
        has_end: the file has the end marker.
        is_refining: the last scan only adds precision; all coefficients came before.
        has_too_many_scans: there are more scans than any encoder writes.
    """

    data: bytes
    orientation: int
    coefficients: int
    has_end: bool
    is_refining: bool
    has_too_many_scans: bool


def parse(data: bytes) -> Jpeg:
    """Parse the segments of a JPEG up to its end marker. Never raises, whatever the bytes are."""
    kept = [data[:2]]
    exif = xmp = b""
    frame = b""
    progressive = whole = has_end = is_refining = False
    scans = 0
    at = copied = 2
    while found := _MARKER.search(data, at):
        start, marker = found.start(), data[found.start() + 1]
        if marker == _EOI:
            has_end = True
            break
        if marker == _SOI:
            if scans:  # the end is missing, and another picture begins
                data = data[:start]
                break
            at = start + 2
            continue
        at = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        if marker == _SOS:
            # Counted here and not by searching the whole file, because what phones append (a video
            # of several megabytes) can contain the marker by chance.
            scans += 1
            # The last byte of a scan's header has the bits of precision before and after it (table
            # B.3).
            is_refining = progressive and at <= len(data) and data[at - 1] >> 4 > 0
            whole = whole or progressive or data[start + 4 : start + 5] != frame[5:6]
        elif marker in _SOF:
            frame, progressive = data[start + 4 : at], marker in _PROGRESSIVE
        elif scans == 0 and (marker == _COM or _APP0 <= marker <= _APP15):
            content = data[start + 4 : at]
            if marker == _APP1 and content.startswith(_EXIF):
                exif = exif or content
            elif marker == _APP1 and content.startswith(_XMP):
                xmp = xmp or content
            if not _describes_colours(marker, content):
                kept.append(data[copied:start])
                copied = min(at, len(data))
    kept.append(data[copied:])
    samples, pixels = _samples(frame)
    return Jpeg(
        b"".join(kept),
        orientation.from_metadata(exif, xmp),
        2 * samples if whole else 0,
        has_end,
        is_refining,
        scans > MAX_JPEG_SCANS or (scans > 12 and scans * pixels > _MAX_SCANNED * 1e6),
    )


def _describes_colours(marker: int, content: bytes) -> bool:
    """Return whether libjpeg reads from this segment what the components mean."""
    return (marker == _APP0 and content.startswith(b"JFIF\x00") and len(content) >= 14) or (
        marker == _APP14 and content.startswith(b"Adobe") and len(content) >= 12
    )


def _samples(frame: bytes) -> tuple[int, int]:
    """Return the number of samples in all components, and of pixels, from the frame's header."""
    if len(frame) < 6:
        return 0, 0
    pixels = int.from_bytes(frame[1:3], "big") * int.from_bytes(frame[3:5], "big")
    factors = [(byte >> 4, byte & 15) for byte in frame[7 : 6 + 3 * frame[5] : 3]]
    if not factors or not all(h and v for h, v in factors):
        return 0, pixels
    widest, tallest = max(h for h, _ in factors), max(v for _, v in factors)
    return sum(pixels * h * v // (widest * tallest) for h, v in factors), pixels
