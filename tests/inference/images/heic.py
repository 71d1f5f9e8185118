"""Writes HEIC files for tests without an encoder, because HEVC can also store raw samples.

Every block is stored as raw samples (`pcm_flag`). So a picture needs no transform, and of the
arithmetic coder only the codes for "raw" and "last block". The numbers of sections are those of
ITU-T H.265 (bit stream) and ISO/IEC 23008-12 (file).
"""

import struct

import numpy as np
from PIL import Image

BLOCK = 16  # luma samples; the only size of coding blocks here

# 9.3.4.3.2.2: LPS ranges for qRangeIdx 3 and the probability states of the first eight blocks.
# The coder restarts after each raw block, so its range is always in that quarter.
_LPS = (240, 227, 216, 205, 195, 185, 175, 166)


def heic(
    image: Image.Image,
    *,
    stated_size: tuple[int, int] | None = None,
    turns: int = 0,
    mirror: int | None = None,
    exif: bytes | None = None,
) -> bytes:
    """Return an RGB picture as HEIC.

    Args:
        image: at most eight blocks of 16 x 16 pixels.
        stated_size: the size in the file's header (box `ispe`), true or false.
        turns: quarter turns anticlockwise that a reader must make (box `irot`).
        mirror: what it must do then (box `imir`): 0, exchange top and bottom; 1, left and right.
        exif: content of a second item, which describes the picture.
    """
    width, height = image.size
    video, sequence, picture = _parameter_sets(width, height)
    slice_ = _nal(19, _slice(image))
    arrays = b"".join(
        struct.pack(">BHH", 0x80 | kind, 1, len(nal)) + nal
        for kind, nal in ((32, video), (33, sequence), (34, picture))
    )
    configuration = (
        b"\x01" + _PROFILE + struct.pack(">HBBBBHBB", 0xF000, 0xFC, 0xFD, 0xF8, 0xF8, 0, 0x0F, 3)
    )
    properties = [
        _box(b"hvcC", configuration + arrays),
        _box(b"ispe", bytes(4) + struct.pack(">II", *(stated_size or image.size))),
        _box(b"irot", bytes([turns])),
        *([] if mirror is None else [_box(b"imir", bytes([mirror]))]),
    ]
    associations = struct.pack(">IIHB", 0, 1, 1, len(properties))
    associations += bytes([0x81, 0x02, 0x83, 0x84][: len(properties)])
    data = struct.pack(">I", len(slice_)) + slice_
    more = b"" if exif is None else bytes(4) + exif
    items = [(b"hvc1", 0, len(data)), *([] if exif is None else [(b"Exif", len(data), len(more))])]

    def meta(offset: int) -> bytes:
        return _box(
            b"meta",
            bytes(4)
            + _box(b"hdlr", bytes(8) + b"pict" + bytes(13))
            + _box(b"pitm", bytes(4) + struct.pack(">H", 1))
            + _box(
                b"iloc",
                bytes(4)
                + struct.pack(">HH", 0x4400, len(items))
                + b"".join(
                    struct.pack(">HHHII", number, 0, 1, offset + place, size)
                    for number, (_, place, size) in enumerate(items, 1)
                ),
            )
            + _box(
                b"iinf",
                bytes(4)
                + struct.pack(">H", len(items))
                + b"".join(
                    _box(b"infe", struct.pack(">IHH", 2 << 24, number, 0) + kind + b"\x00")
                    for number, (kind, _, _) in enumerate(items, 1)
                ),
            )
            + (
                b""
                if exif is None
                else _box(b"iref", bytes(4) + _box(b"cdsc", struct.pack(">HHH", 2, 1, 1)))
            )
            + _box(b"iprp", _box(b"ipco", b"".join(properties)) + _box(b"ipma", associations)),
        )

    start = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    return start + meta(len(start) + len(meta(0)) + 8) + _box(b"mdat", data + more)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


# 7.3.3: Main profile, compatible with 1 and 2; progressive frames; level 3.1 (93 / 30)
_PROFILE = b"\x01" + b"\x60\x00\x00\x00" + b"\xb0\x00\x00\x00\x00\x00" + bytes([93])


class _Bits:
    """Writes bits, most significant first."""

    def __init__(self) -> None:
        self.bits: list[int] = []

    def u(self, *fields: tuple[int, int]) -> None:
        """Write fields, each a value and its width in bits."""
        for value, width in fields:
            self.bits += [value >> (width - 1 - i) & 1 for i in range(width)]

    def flags(self, text: str) -> None:
        """Write single bits, for example "1001"."""
        self.bits += [int(bit) for bit in text]

    def ue(self, *values: int) -> None:
        """Write Exp-Golomb codes (9.2); 0 is the same signed and unsigned."""
        for value in values:
            width = (value + 1).bit_length()
            self.u((0, width - 1), (value + 1, width))

    def raw(self, content: bytes) -> None:
        for byte in content:
            self.u((byte, 8))

    def align(self) -> None:
        self.bits += [0] * (-len(self.bits) % 8)

    def done(self) -> bytes:
        """Write the end (7.3.2.11): a one, then zeros up to a whole byte."""
        self.bits.append(1)
        return self.content()

    def content(self) -> bytes:
        self.align()
        return np.packbits(self.bits).tobytes()


def _nal(kind: int, content: bytes) -> bytes:
    """Return a NAL unit (7.3.1) with the bytes that prevent start codes within it."""
    safe = bytearray()
    zeros = 0
    for byte in content:
        if zeros >= 2 and byte <= 3:
            safe.append(3)
            zeros = 0
        safe.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes([kind << 1, 1]) + bytes(safe)


def _parameter_sets(width: int, height: int) -> tuple[bytes, bytes, bytes]:
    video = _Bits()  # 7.3.2.1
    video.u((0, 4), (3, 2), (0, 6), (0, 3), (1, 1), (0xFFFF, 16))
    video.raw(_PROFILE)
    video.flags("1")
    video.ue(0, 0, 0)
    video.u((0, 6))
    video.ue(0)
    video.flags("00")

    sequence = _Bits()  # 7.3.2.2
    sequence.u((0, 4), (0, 3), (1, 1))
    sequence.raw(_PROFILE)
    sequence.ue(0, 1, width, height)  # 1: 4:2:0
    sequence.flags("0")
    sequence.ue(0, 0, 4)
    sequence.flags("1")
    sequence.ue(0, 0, 0)
    sequence.ue(1, 0, 0, 2, 0, 0)  # coding blocks of 16 only; transforms of 4 to 16
    sequence.flags("0001")  # no scaling lists, asymmetric partitions or offsets; raw blocks
    sequence.u((7, 4), (7, 4))  # of 8 bits
    sequence.ue(1, 0)  # of 16 x 16
    sequence.flags("1")
    sequence.ue(0)
    sequence.flags("00000")

    picture = _Bits()  # 7.3.2.3
    picture.ue(0, 0)
    picture.flags("0000000")
    picture.ue(0, 0, 0)
    picture.flags("000")
    picture.ue(0, 0)
    picture.flags("0000000")
    picture.flags("101")  # deblocking: controlled here, no overrides, off
    picture.flags("00")
    picture.ue(0)
    picture.flags("00")
    return _nal(32, video.done()), _nal(33, sequence.done()), _nal(34, picture.done())


def _slice(image: Image.Image) -> bytes:
    assert image.width % BLOCK == image.height % BLOCK == 0
    luma, blue, red = (np.asarray(plane) for plane in image.convert("YCbCr").split())
    blocks = [(x, y) for y in range(0, image.height, BLOCK) for x in range(0, image.width, BLOCK)]
    bits = _Bits()
    bits.flags("10")  # 7.3.6.1: first slice, no earlier pictures
    bits.ue(0, 2, 0)  # intra; QP as it is
    bits.flags("1")
    bits.align()
    for number, (x, y) in enumerate(blocks):
        # end_of_slice_segment_flag = 0 (not before the first) and part_mode = 2Nx2N only narrow the
        # range, as they are the probable values. Then pcm_flag = 1 ends the arithmetic code.
        span = 510 - (2 if number else 0) - _LPS[number]
        _end(bits, span)
        bits.align()
        bits.raw(luma[y : y + BLOCK, x : x + BLOCK].tobytes())
        for plane in (blue, red):
            bits.raw(plane[y : y + BLOCK : 2, x : x + BLOCK : 2].tobytes())
    _end(bits, 510)  # end_of_slice_segment_flag = 1
    return bits.content()


def _end(bits: _Bits, span: int) -> None:
    """Encode a 1 and flush (9.3.4.x, EncodeBinTrm and EncodeFlush) while `low` is still 0."""
    low = span - 2
    first, outstanding = True, 0

    def put(bit: int) -> None:
        nonlocal first, outstanding
        if first:
            first = False
        else:
            bits.u((bit, 1))
        bits.flags(str(1 - bit) * outstanding)
        outstanding = 0

    for _ in range(7):  # from a range of 2 to 256
        if low < 256:
            put(0)
        elif low >= 512:
            low -= 512
            put(1)
        else:
            low -= 256
            outstanding += 1
        low *= 2
    put(low >> 9 & 1)
    bits.u((low >> 7 & 3 | 1, 2))
