"""Removes from files of each format everything that is not pixels.

Profiles, comments, Exif, XMP, animations and whatever follows the end are removed before a decoder
sees the file, so that damage there, or their size, can't make a picture unreadable. Only the
orientation is kept. Nothing here raises on purpose; a file that can't be parsed is given to its
decoder unchanged.
"""

import contextlib
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from inference.images import orientation
from inference.images.orientation import UPRIGHT

# Only the start of a compressed text is read: XMP with previews has megabytes.
_MAX_TEXT = 2**20  # bytes


@dataclass(frozen=True)
class StrippedFile:
    """A file without metadata.

    Attributes:
        data: the file without metadata.
        orientation: 1..8, as in Exif; 1 if the decoder turns the picture itself.
        size: width and height in pixels, if they are known before a decoder opens the file.
    """

    data: bytes
    orientation: int = UPRIGHT
    size: tuple[int, int] | None = None


def strip_png(data: bytes) -> StrippedFile:
    """Strip a PNG. Source: PNG (W3C, third edition), section 5."""
    kept, exif, texts = [data[:8]], b"", []
    colour = None
    for kind, content, whole in _png_chunks(data):
        # Pillow checks zlib's own checksum of the pixels; checking this one too would cost time.
        checksum = whole if kind == b"IDAT" else _checksum(kind, content)
        intact = whole == checksum
        if kind == b"IHDR":
            colour = content[9] if len(content) > 9 else None
        # An ancillary chunk with a wrong checksum is dropped, as libpng does.
        if (kind == b"tRNS" and intact and _has_valid_length(content, colour)) or kind in {
            b"IHDR",
            b"PLTE",
        }:
            kept.append(_chunk(kind, content, whole or b""))
        elif kind == b"IDAT":
            kept.append(_chunk(kind, content, whole or bytes(4)))
        elif kind == b"eXIf" and intact:
            exif = exif or content
        elif kind in {b"tEXt", b"zTXt", b"iTXt"} and intact:
            texts.append((kind, content))
        elif kind == b"IEND":
            break
    kept.append(_chunk(b"IEND", b"", _checksum(b"IEND", b"")))
    profile, xmp = _metadata(texts)
    return StrippedFile(b"".join(kept), orientation.from_metadata(exif or profile, xmp))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes | None]]:
    """Yield type, content and checksum of each chunk; no checksum if the file ends before it."""
    at = 8
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 8 + size
        yield kind, data[at + 8 : end], data[end : end + 4] if end + 4 <= len(data) else None
        at = end + 4


def _checksum(kind: bytes, content: bytes) -> bytes:
    return zlib.crc32(content, zlib.crc32(kind)).to_bytes(4, "big")


def _chunk(kind: bytes, content: bytes, checksum: bytes) -> bytes:
    return b"".join((struct.pack(">I", len(content)), kind, content, checksum))


def _has_valid_length(transparency: bytes, colour: int | None) -> bool:
    """Return whether the chunk tRNS has the length that the colour type requires."""
    if colour == 3:  # palette
        return 0 < len(transparency) <= 256
    return len(transparency) == {0: 2, 2: 6}.get(colour if colour is not None else -1)


def _metadata(texts: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """Return Exif, in the form that ImageMagick used before eXIf existed, and XMP."""
    exif = xmp = b""
    for kind, content in texts:
        key, _, rest = content.partition(b"\x00")
        if key in {b"Raw profile type exif", b"Raw profile type APP1"}:
            lines = _png_text(kind, rest).split(b"\n")[3:]
            with contextlib.suppress(ValueError):
                exif = exif or bytes.fromhex(b"".join(lines).decode("latin-1"))
        elif key == b"XML:com.adobe.xmp":
            xmp = xmp or _png_text(kind, rest)
    return exif, xmp


def _png_text(kind: bytes, rest: bytes) -> bytes:
    """Return the text of a chunk, decompressed and cut at one megabyte."""
    compressed = kind == b"zTXt"
    if kind == b"zTXt":
        rest = rest[1:]
    elif kind == b"iTXt":
        compressed = rest[:1] == b"\x01"
        rest = [*rest[2:].split(b"\x00", 2), b"", b""][2]
    if not compressed:
        return rest[:_MAX_TEXT]
    with contextlib.suppress(zlib.error):
        return zlib.decompressobj().decompress(rest, _MAX_TEXT)
    return b""


def strip_webp(data: bytes) -> StrippedFile:
    """Strip a WebP and keep its first frame. Source: RFC 9649, section 2."""
    kept: list[bytes] = []
    exif = xmp = b""
    has_frame = False
    at = 12
    while at + 8 <= len(data):
        kind, (size,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        content = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
        if kind == b"VP8X" and not kept:
            # Clear all flags but animation and alpha.
            content = bytes([content[0] & 0b00010010]) + content[1:] if content else content
            kept.append(_riff(kind, content, size))
        elif kind in {b"ANIM", b"ALPH"} and not has_frame:
            kept.append(_riff(kind, content, size))
        elif kind in {b"VP8 ", b"VP8L", b"ANMF"} and not has_frame:
            kept.append(_riff(kind, content, size))
            has_frame = True
        elif kind == b"EXIF":
            exif = exif or content
        elif kind == b"XMP ":
            xmp = xmp or content
    body = b"WEBP" + b"".join(kept)
    file = b"RIFF" + struct.pack("<I", len(body)) + body
    return StrippedFile(file, orientation.from_metadata(exif, xmp), _webp_size(file))


def _riff(kind: bytes, content: bytes, size: int) -> bytes:
    """Return a chunk unchanged, with the length from its header."""
    return kind + struct.pack("<I", size) + content + bytes(size % 2)


def _webp_size(file: bytes) -> tuple[int, int] | None:
    """Return width and height of the canvas, which a decoder allocates when it opens the file."""
    kind, head = file[12:16], file[20:30]
    if len(head) < 10:
        return None
    if kind == b"VP8X":
        return (
            int.from_bytes(head[4:7], "little") + 1,
            int.from_bytes(head[7:10], "little") + 1,
        )
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", head, 6)
    return width & 0x3FFF, height & 0x3FFF


def strip_gif(data: bytes) -> StrippedFile:
    """Strip a GIF before its first frame. Source: GIF89a, sections 17 to 27."""
    if len(data) < 13:
        return StrippedFile(data)
    at = 13 + _colour_table_size(data[10])
    kept = [data[:at]]
    while data[at : at + 1] == b"!":
        end = _after_blocks(data, at + 2)
        # The graphic control (4 bytes) says which colour is transparent.
        if data[at + 1 : at + 3] == b"\xf9\x04" and end == at + 8:
            kept.append(data[at:end])
        at = end
    return StrippedFile(b"".join((*kept, data[at:], b"\x00;")))


def _colour_table_size(flags: int) -> int:
    """Return the size of a colour table in bytes."""
    return 3 << (flags & 7) + 1 if flags & 128 else 0


def _after_blocks(data: bytes, at: int) -> int:
    """Return the position after the sub-blocks that start at `at`."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


# Fields about how pixels are stored and what they mean: TIFF 6.0, its supplements, libtiff's own.
_TIFF_PIXELS = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 277, 278, 279, 280, 281, 284, 290, 291),
    *(292, 293, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 327, 332, 333, 334, 336, 338),
    *(339, 340, 341, 342, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532),
}


def strip_tiff(data: bytes) -> StrippedFile:
    """Strip a TIFF: keep its first page, and of the directory only the fields about pixels."""
    order = "<" if data[:2] == b"II" else ">"
    (magic,) = struct.unpack_from(order + "H", data, 2)
    big = magic == 43
    word, count_form, length = ("Q", "Q", 20) if big else ("I", "H", 12)
    (start,) = struct.unpack_from(order + word, data, 8 if big else 4)
    (count,) = struct.unpack_from(order + count_form, data, start)
    first = start + struct.calcsize(count_form)
    kept, turned = [], UPRIGHT
    for at in range(first, min(first + count * length, len(data) - length + 1), length):
        (tag,) = struct.unpack_from(order + "H", data, at)
        if tag == orientation.ORIENTATION:
            turned = orientation.from_field(data[at + 2 : at + length], order, big=big)
        elif tag in _TIFF_PIXELS:
            kept.append(data[at : at + length])
    # Written in place, because fields contain the positions of strips and tables in the file.
    directory = struct.pack(order + count_form, len(kept)) + b"".join(kept)
    directory += bytes(struct.calcsize(word))  # no next page
    end = min(start + len(directory), len(data))
    return StrippedFile(data[:start] + directory + data[end:], turned)


# ISO/IEC 14496-12, 8.11.6.2: the entry of an item that holds Exif or a text such as XMP.
_METADATA_ITEM = re.compile(rb"(infe(?:\x02...|\x03.....)....)(?:Exif|mime)", re.DOTALL)


def strip_iso(data: bytes) -> StrippedFile:
    """Give the metadata of a HEIC or AVIF another type, so that no decoder reads it.

    No byte changes its position. The properties `irot` and `imir`, which decoders apply, say how
    the picture is turned; Exif does not count (ISO/IEC 23008-12).
    """
    at = 0
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == b"meta":
            end = at + size if size else len(data)
            renamed = _METADATA_ITEM.sub(rb"\1free", data[at:end])
            return StrippedFile(data[:at] + renamed + data[end:])
        if size < 8:  # a box up to the file's end or of 64-bit size never precedes the metadata
            break
        at += size
    return StrippedFile(data)


def strip_bmp(data: bytes) -> StrippedFile:
    """Add the padding of a BMP's last row, which some programs omit."""
    return StrippedFile(data + bytes(3))
