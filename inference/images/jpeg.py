"""JPEG files, segment by segment (ITU-T T.81, annex B): what a decoder needs, and what it costs."""

import re
from dataclasses import dataclass

from inference.images import orientation

# A JPEG may repeat progressive scans, each of which costs a pass over all pixels and but a few
# bytes of file: 1,000 scans of 40 megapixels take minutes. Real encoders write up to about 12.
MAX_JPEG_SCANS = 100
_MAX_SCANNED = 5_000  # megapixels in all scans together

END = b"\xff\xd9"  # end of image

# 0xFF, then neither a stuffed 0x00, nor a restart marker, nor a fill byte: a segment begins.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_APP0, _APP1, _APP14, _APP15 = 0xE0, 0xE1, 0xEE, 0xEF
# Start of frame: all of 0xC0..0xCF but DHT, JPG and DAC.
_SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}

_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"


@dataclass(frozen=True)
class Jpeg:
    """A JPEG file without what does not carry pixels.

    Attributes:
        data: the file, its metadata left out.
        orientation: 1..8 as Exif counts them.
        coefficients: bytes that a decoder holds of the whole picture, however small it is to be
            decoded; 0 where it holds a few rows only.
        ended: the end marker is there.
        refining: its last scan only adds precision to coefficients that are all there.
        repeats_itself: there are more scans than any encoder writes.
    """

    data: bytes
    orientation: int
    coefficients: int
    ended: bool
    refining: bool
    repeats_itself: bool


def read(data: bytes) -> Jpeg:
    """Walk over a JPEG's segments up to its end marker; never raises, whatever the bytes."""
    kept = [data[:2]]
    exif = xmp = b""
    frame = b""
    progressive = whole = ended = refining = False
    scans = 0
    at = copied = 2
    while found := _MARKER.search(data, at):
        start, marker = found.start(), data[found.start() + 1]
        if marker == _EOI:
            ended = True
            break
        if marker == _SOI:
            if scans:  # another picture begins, and the end of this one is missing
                data = data[:start]
                break
            at = start + 2
            continue
        at = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        if marker == _SOS:
            # Not by searching the file for the marker: what phones append (a video of several
            # megabytes) holds it by chance.
            scans += 1
            # The scan's header ends with the bits of precision before and after it (table B.3).
            refining = progressive and at <= len(data) and data[at - 1] >> 4 > 0
            whole = whole or progressive or data[start + 4 : start + 5] != frame[5:6]
        elif marker in _SOF:
            frame, progressive = data[start + 4 : at], marker in _PROGRESSIVE
        elif scans == 0 and (marker == _COM or _APP0 <= marker <= _APP15):
            content = data[start + 4 : at]
            if marker == _APP1 and content.startswith(_EXIF):
                exif = exif or content
            elif marker == _APP1 and content.startswith(_XMP):
                xmp = xmp or content
            if not _tells_of_colours(marker, content):
                kept.append(data[copied:start])
                copied = min(at, len(data))
    kept.append(data[copied:])
    samples, pixels = _samples(frame)
    return Jpeg(
        b"".join(kept),
        orientation.told_by(exif, xmp),
        2 * samples if whole else 0,
        ended,
        refining,
        scans > MAX_JPEG_SCANS or (scans > 12 and scans * pixels > _MAX_SCANNED * 1e6),
    )


def _tells_of_colours(marker: int, content: bytes) -> bool:
    """Whether libjpeg looks at this segment for what the components mean."""
    return (marker == _APP0 and content.startswith(b"JFIF\x00") and len(content) >= 14) or (
        marker == _APP14 and content.startswith(b"Adobe") and len(content) >= 12
    )


def _samples(frame: bytes) -> tuple[int, int]:
    """Samples of all components, and pixels, as the frame's header states them."""
    if len(frame) < 6:
        return 0, 0
    pixels = int.from_bytes(frame[1:3], "big") * int.from_bytes(frame[3:5], "big")
    factors = [(byte >> 4, byte & 15) for byte in frame[7 : 6 + 3 * frame[5] : 3]]
    if not factors or not all(h and v for h, v in factors):
        return 0, pixels
    widest, tallest = max(h for h, _ in factors), max(v for _, v in factors)
    return sum(pixels * h * v // (widest * tallest) for h, v in factors), pixels
