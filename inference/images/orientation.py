"""Reads from Exif, XMP or a TIFF directory how a stored picture must be turned, and turns it.

Only one small number is needed. A metadata parser could fail on any of the hundreds of other
fields, and the picture would be lost.
"""

import re
import struct

from PIL import Image

UPRIGHT = 1  # as stored

ORIENTATION = 0x0112  # tag: Exif 2.32, section 4.6.4
_BYTE, _SHORT, _LONG = 1, 3, 4  # types of a field: TIFF 6.0, section 2
# As an attribute or as an element: XMP, part 2, section 8.6.
_IN_XMP = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([1-8])\b")
_MAX_ENTRIES = 4_096  # in a directory; cameras write a few dozen

_TRANSPOSE = {  # Exif 2.32, tag 0x0112: how to turn the stored picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return the picture turned upright.

    Args:
        orientation: 1..8, as in Exif.
    """
    turn = _TRANSPOSE.get(orientation)
    return image if turn is None else image.transpose(turn)  # FLIP_LEFT_RIGHT has the value 0


def from_metadata(exif: bytes = b"", xmp: bytes = b"") -> int:
    """Return the orientation 1..8 from Exif, or else from XMP; 1 if neither has one."""
    return _from_exif(exif) or _from_xmp(xmp) or UPRIGHT


def from_field(field: bytes, order: str, *, big: bool = False) -> int:
    """Return the orientation 1..8 from a directory entry without its tag.

    Args:
        field: type, count and value.
        order: `<` or `>`, as for `struct`.
        big: the entry is from a BigTIFF, in which the count has 8 bytes.
    """
    (kind,) = struct.unpack_from(order + "H", field)
    form = {_BYTE: "B", _SHORT: "H", _LONG: "I"}.get(kind)
    if form is None:
        return UPRIGHT
    (value,) = struct.unpack_from(order + form, field, 10 if big else 6)
    return value if value in _TRANSPOSE else UPRIGHT


def _from_exif(content: bytes) -> int | None:
    content = content.removeprefix(b"Exif\x00\x00")
    try:
        order = {b"II": "<", b"MM": ">"}[content[:2]]
        _, start = struct.unpack_from(order + "HI", content, 2)
        (count,) = struct.unpack_from(order + "H", content, start)
        for entry in range(min(count, _MAX_ENTRIES)):
            at = start + 2 + 12 * entry
            if struct.unpack_from(order + "H", content, at)[0] == ORIENTATION:
                return from_field(content[at + 2 : at + 12], order)
    except (KeyError, struct.error):
        pass
    return None


def _from_xmp(content: bytes) -> int | None:
    found = _IN_XMP.search(content)
    return int(found[1]) if found else None
