"""The files of each format without what does not carry pixels, which must never cost the picture.

Profiles, comments, Exif, XMP, animations and what stands behind the end are left out before a
decoder sees the file, however damaged or large they are; of all that only the orientation is kept.
Nothing here raises on purpose, and a file that can't be followed goes to its decoder as it is.
"""

import contextlib
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from inference.images import orientation
from inference.images.orientation import UPRIGHT

# Of a compressed text so much is looked at: XMP with previews has megabytes.
_MAX_TEXT = 2**20  # bytes


@dataclass(frozen=True)
class Stripped:
    """A file without metadata.

    Attributes:
        data: the file.
        orientation: 1..8 as Exif counts them, where the decoder does not apply it itself.
        size: width and height in pixels, where they are known before a decoder opens the file.
    """

    data: bytes
    orientation: int = UPRIGHT
    size: tuple[int, int] | None = None


def png(data: bytes) -> Stripped:
    """PNG, without animation and metadata. Source: PNG (W3C, third edition), section 5."""
    kept, exif, texts = [data[:8]], b"", []
    colour = None
    for kind, content, whole in _png_chunks(data):
        # Of pixels Pillow looks at zlib's own checksum only; this one costs a pass over all.
        checksum = whole if kind == b"IDAT" else _checksum(kind, content)
        intact = whole == checksum
        if kind == b"IHDR":
            colour = content[9] if len(content) > 9 else None
        # A decoder drops an ancillary chunk with a wrong checksum, as libpng does.
        if (kind == b"tRNS" and intact and _fits(content, colour)) or kind in {b"IHDR", b"PLTE"}:
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
    return Stripped(b"".join(kept), orientation.told_by(exif or profile, xmp))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes | None]]:
    """Type, content and checksum of each chunk; no checksum where the file ends too early."""
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


def _fits(transparency: bytes, colour: int | None) -> bool:
    """Whether the chunk tRNS has the length that the type of colour asks for."""
    if colour == 3:  # palette
        return 0 < len(transparency) <= 256
    return len(transparency) == {0: 2, 2: 6}.get(colour if colour is not None else -1)


def _metadata(texts: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """Exif, as ImageMagick wrote it before there was a chunk for it, and XMP."""
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
    """What follows the key of a text chunk, its first megabyte decompressed."""
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


def webp(data: bytes) -> Stripped:
    """WebP with its first frame only. Source: RFC 9649, section 2."""
    kept: list[bytes] = []
    exif = xmp = b""
    framed = False  # the pixels of a frame are there
    at = 12
    while at + 8 <= len(data):
        kind, (size,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        content = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
        if kind == b"VP8X" and not kept:
            # Of what the file holds only animation and alpha are left.
            content = bytes([content[0] & 0b00010010]) + content[1:] if content else content
            kept.append(_riff(kind, content, size))
        elif kind in {b"ANIM", b"ALPH"} and not framed:
            kept.append(_riff(kind, content, size))
        elif kind in {b"VP8 ", b"VP8L", b"ANMF"} and not framed:
            kept.append(_riff(kind, content, size))
            framed = True
        elif kind == b"EXIF":
            exif = exif or content
        elif kind == b"XMP ":
            xmp = xmp or content
    body = b"WEBP" + b"".join(kept)
    file = b"RIFF" + struct.pack("<I", len(body)) + body
    return Stripped(file, orientation.told_by(exif, xmp), _webp_size(file))


def _riff(kind: bytes, content: bytes, size: int) -> bytes:
    """A chunk as it was, with the length that it claims."""
    return kind + struct.pack("<I", size) + content + bytes(size % 2)


def _webp_size(file: bytes) -> tuple[int, int] | None:
    """Width and height of the canvas; a decoder takes memory for it in opening the file."""
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


def gif(data: bytes) -> Stripped:
    """GIF up to its first frame, without comments. Source: GIF89a, sections 17 to 27."""
    if len(data) < 13:
        return Stripped(data)
    at = 13 + _colours(data[10])
    kept = [data[:at]]
    while data[at : at + 1] == b"!":
        end = _after_blocks(data, at + 2)
        # Graphic control, 4 bytes: the one that says which colour is transparent.
        if data[at + 1 : at + 3] == b"\xf9\x04" and end == at + 8:
            kept.append(data[at:end])
        at = end
    return Stripped(b"".join((*kept, data[at:], b"\x00;")))


def _colours(flags: int) -> int:
    """Bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags & 128 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


# TIFF 6.0, its supplements, and what libtiff adds: how pixels are stored and what they mean.
_TIFF_PIXELS = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 277, 278, 279, 280, 281, 284, 290, 291),
    *(292, 293, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 327, 332, 333, 334, 336, 338),
    *(339, 340, 341, 342, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532),
}


def tiff(data: bytes) -> Stripped:
    """TIFF with its first page only, of which the directory's other fields are left out."""
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
            turned = orientation.of_field(data[at + 2 : at + length], order, big=big)
        elif tag in _TIFF_PIXELS:
            kept.append(data[at : at + length])
    # In place, since other fields tell where in the file strips and tables are.
    directory = struct.pack(order + count_form, len(kept)) + b"".join(kept)
    directory += bytes(struct.calcsize(word))  # no further page
    end = min(start + len(directory), len(data))
    return Stripped(data[:start] + directory + data[end:], turned)


# ISO/IEC 14496-12, 8.11.6.2: the entry of an item that holds Exif or a text such as XMP.
_METADATA_ITEM = re.compile(rb"(infe(?:\x02...|\x03.....)....)(?:Exif|mime)", re.DOTALL)


def iso(data: bytes) -> Stripped:
    """HEIC or AVIF whose metadata goes by another name, so that no decoder reads it.

    The place of every byte in the file stays as it is. Which way up the picture is, its properties
    `irot` and `imir` say, which the decoders look at (ISO/IEC 23008-12: Exif is not to be).
    """
    at = 0
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == b"meta":
            end = at + size if size else len(data)
            disguised = _METADATA_ITEM.sub(rb"\1free", data[at:end])
            return Stripped(data[:at] + disguised + data[end:])
        if size < 8:  # up to the file's end, or of 64 bits: not before the metadata
            break
        at += size
    return Stripped(data)


def bmp(data: bytes) -> Stripped:
    """BMP with the padding of its last row, which some programs leave out."""
    return Stripped(data + bytes(3))
