"""Any bytes become an upright RGB picture or a refusal; nothing else, and no warnings."""

import contextlib
import io
import struct
import threading
import time
import warnings
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFile

from inference.images.decoding import MIN_DECODED_SIDE, decode
from inference.images.jpeg import MAX_JPEG_SCANS
from inference.protocol.errors import Fault, ImageRefused, ProblemCode
from tests.inference.images.heic import heic

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "MPO")


def picture(width: int = 80, height: int = 60) -> Image.Image:
    """Red above blue, a white disc in the middle."""
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
    """Mean over all pixels, in grey levels."""
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


class TestWhatIsRead:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_formats(self, kind: str) -> None:
        image = decode(encoded(picture(), kind))
        assert (image.mode, image.size) == ("RGB", (80, 60))
        assert difference(image, picture()) < 4

    def test_heic(self) -> None:
        image = decode(heic(picture(48, 32)))
        assert (image.mode, image.size) == ("RGB", (48, 32))
        assert difference(image, picture(48, 32)) < 20  # a quarter of the colours is stored

    def test_heic_that_is_turned(self) -> None:
        upright = picture(32, 48)
        stored = upright.transpose(Image.Transpose.ROTATE_270)
        image = decode(heic(stored, turns=1))
        assert image.size == (32, 48)
        assert difference(image, upright) < 20

    def test_the_first_frame_of_an_animation(self) -> None:
        for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
            frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
            data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
            assert difference(decode(data), frames[0]) < 4, kind

    def test_damaged_exif_does_not_spoil_the_picture(self) -> None:
        data = encoded(picture(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7fgarbage")
        assert decode(data).size == (80, 60)

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
    def test_transparency_becomes_white(self, mode: str) -> None:
        see_through = Image.new("RGBA", (9, 9), (0, 0, 0, 0))
        see_through.putpixel((0, 0), (0, 0, 0, 255))
        see_through.putpixel((1, 0), (0, 0, 0, 128))
        if mode == "PA":
            stored = see_through.convert("RGB").convert("P")
            stored.putalpha(see_through.getchannel("A"))
        else:
            stored = see_through.convert(mode)
        data = encoded(stored, "TIFF" if mode == "PA" else "PNG")
        image = decode(data)
        assert image.getpixel((5, 5)) == (255, 255, 255)
        assert image.getpixel((0, 0)) == (0, 0, 0)
        assert image.getpixel((1, 0)) == (127, 127, 127)

    @pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
    def test_one_transparent_colour_becomes_white(self, mode: str) -> None:
        image = Image.new("RGB", (9, 9), "black")
        image.paste("white", (0, 0, 3, 9))
        if mode == "P":
            image = image.quantize(2)
            clear: Any = image.getpixel((8, 8))
        else:
            image = image.convert(mode)
            clear = (0, 0, 0) if mode == "RGB" else 0
        assert decode(encoded(image, "PNG", transparency=clear)).getpixel((8, 8)) == (255,) * 3
        if mode == "P":
            data = encoded(image, "GIF", transparency=clear)
            assert decode(data).getpixel((8, 8)) == (255, 255, 255)

    @pytest.mark.parametrize("mode", ["1", "L", "P"])
    def test_grey_and_palette(self, mode: str) -> None:
        image = decode(encoded(picture().convert(mode), "PNG"))
        assert difference(image, picture().convert(mode).convert("RGB")) == 0

    @pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
    def test_cmyk(self, kind: str) -> None:
        image = decode(encoded(picture().convert("CMYK"), kind))
        assert difference(image, picture()) < 4

    @pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
    def test_ycbcr(self, kind: str) -> None:
        image = decode(encoded(picture().convert("YCbCr"), kind))
        assert difference(image, picture()) < 4

    def test_ycck(self) -> None:
        """Adobe's transformed CMYK: as CMYK, but flagged in the APP14 segment."""
        data = bytearray(encoded(picture().convert("CMYK"), "JPEG"))
        at = data.find(b"Adobe")
        assert at > 0
        data[at + 11] = 2  # transform: YCCK
        assert decode(bytes(data)).mode == "RGB"

    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_16_bits_are_scaled_not_clipped(self, kind: str) -> None:
        ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)
        image = Image.fromarray(np.tile(ramp, (4, 1)))
        assert image.mode == "I;16"
        got = np.asarray(decode(encoded(image, kind)))
        np.testing.assert_array_equal(got[0, :, 0], np.arange(256))

    def test_16_bits_big_endian(self) -> None:
        rows = np.tile(np.linspace(0, 65535, 256).round().astype(">u2"), (4, 1))
        data = tiff(256, 4, rows.tobytes(), bits=16, order=">")
        np.testing.assert_array_equal(np.asarray(decode(data))[0, :, 1], np.arange(256))

    def test_16_bits_of_colour(self) -> None:
        rows = np.zeros((4, 4, 3), ">u2")
        rows[..., 0] = 0x8000
        data = png(4, 4, b"".join(b"\x00" + row.tobytes() for row in rows), depth=16)
        assert decode(data).getpixel((0, 0)) == (128, 0, 0)

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([0.0, 0.5, 1.0], [0, 128, 255]),
            ([0.0, 51.0, 255.0], [0, 51, 255]),
            ([0.0, 257.0, 65535.0], [0, 1, 255]),
            ([-100.0, 0.0, 100.0], [0, 128, 255]),
            ([0.0, 5e5, 1e6], [0, 128, 255]),
            ([float("nan"), 0.5, float("inf")], [0, 128, 255]),
            ([float("nan")] * 3, [0, 0, 0]),
        ],
    )
    def test_floats_are_scaled_by_their_range(
        self, values: list[float], expected: list[int]
    ) -> None:
        image = Image.fromarray(np.tile(np.array(values, np.float32), (3, 1)))
        got = np.asarray(decode(encoded(image, "TIFF")))[0, :, 0]
        np.testing.assert_allclose(got, expected, atol=1)

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([0, 100, 255], [0, 100, 255]),
            ([0, 257, 65535], [0, 1, 255]),
            ([-10, 0, 10], [0, 128, 255]),
            ([0, 10**6, 2 * 10**6], [0, 128, 255]),
        ],
    )
    def test_long_integers_are_scaled_by_their_range(
        self, values: list[int], expected: list[int]
    ) -> None:
        image = Image.fromarray(np.tile(np.array(values, np.int32), (3, 1)))
        got = np.asarray(decode(encoded(image, "TIFF")))[0, :, 0]
        np.testing.assert_allclose(got, expected, atol=1)

    @pytest.mark.parametrize("size", [(3, 3), (3, 20_000), (20_000, 3)])
    def test_extreme_shapes(self, size: tuple[int, int]) -> None:
        assert decode(encoded(Image.new("RGB", size), "PNG"), want=224).size == size


class TestSmallerDecoding:
    """What the model sees of a picture decoded at a fraction is nearly what it sees of it all."""

    @staticmethod
    def photo(side: int = 1600) -> Image.Image:
        """Detail at every scale, as in photographs."""
        noise = np.random.default_rng(5)
        total: Any = 0
        for octave in range(1, 11):
            coarse = noise.integers(0, 256, (2**octave, 2**octave, 3), dtype=np.uint8)
            fine = Image.fromarray(coarse).resize((side, side * 3 // 4), Image.Resampling.BICUBIC)
            total = total + np.asarray(fine, float) / 1.7**octave
        span = total.max() - total.min()
        return Image.fromarray(((total - total.min()) / span * 255).astype(np.uint8))

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
    def test_it_is_close(self, kind: str) -> None:
        data = encoded(self.photo(), kind)
        full, small = decode(data), decode(data, want=224)
        assert min(full.size) == 1200
        assert MIN_DECODED_SIDE <= min(small.size) <= min(full.size) // 2
        seen = [i.resize((298, 224), Image.Resampling.BICUBIC) for i in (full, small)]
        assert difference(*seen) < 1

    def test_a_small_picture_stays_as_it_is(self) -> None:
        data = encoded(picture(1000, 700), "JPEG")
        assert decode(data, want=336).size == (1000, 700)

    def test_no_side_falls_below_what_is_wanted(self) -> None:
        data = encoded(picture(5000, 800), "JPEG")
        assert decode(data, want=400).size == (5000, 800)
        assert decode(encoded(picture(2100, 2100), "JPEG"), want=32).size == (525, 525)

    def test_orientation_still_applies(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        image = decode(encoded(picture(2400, 1600), "JPEG", exif=exif), want=224)
        assert image.size == (800, 1200)


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
    """One uncompressed strip of grey; `more`: further entries (tag, type, count, value)."""
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


def webp_header(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sides
    body += b"VP8L" + struct.pack("<I", 6) + b"\x2f\xfe\xbf\xff\x0f\x00"
    return b"RIFF" + struct.pack("<I", len(body)) + body


BOMBS = {
    "png 400": png(20_000, 20_000, bytes(10**6)),
    "png 2**62": png(2**31 - 1, 2**31 - 1),
    "tiff": tiff(60_000, 60_000, b""),
    "gif": b"GIF89a"
    + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)
    + b"\x2c"
    + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0)
    + b"\x02\x02\x4c\x01\x00;",
    "gif frame": b"GIF89a"
    + struct.pack("<HHBBB", 9, 9, 0, 0, 0)
    + b"\x2c"
    + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0)
    + b"\x02\x02\x4c\x01\x00;",
    "bmp": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 60000, 60000, 1, 24, *[0] * 6),
    "webp": webp_header(16_383, 16_383),
    "heic": heic(picture(16, 16), stated_size=(20_000, 20_000)),
}


class TestWhatIsRefused:
    @pytest.mark.parametrize("name", list(BOMBS))
    def test_bombs_are_refused_at_their_header(self, name: str) -> None:
        started = time.thread_time()  # other programs may keep the cores busy
        problem = refused(BOMBS[name]).problem
        assert time.thread_time() - started < 0.5
        assert problem.code is ProblemCode.TOO_MANY_PIXELS
        assert problem.got is not None
        assert problem.got > 200
        assert problem.limit == 128

    def test_the_limit_is_the_callers(self) -> None:
        data = encoded(picture(1000, 1000), "PNG")
        assert decode(data, max_megapixels=1).size == (1000, 1000)
        error = refused(data, max_megapixels=0.5)
        assert str(error) == "The picture has 1.0 megapixels; at most 0.5 can be read."

    def test_pillows_own_limit_is_not_ours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
        for kind in FORMATS:
            assert decode(encoded(picture(), kind)).size == (80, 60)
        assert Image.MAX_IMAGE_PIXELS == 1000

    def test_megapixels_are_told_to_one_decimal(self) -> None:
        for size, limit, said in [
            ((1000, 1001), 1.0, "has 1.1 megapixels; at most 1.0 can"),
            ((1000, 1000), 0.96, "has 1.0 megapixels; at most 0.9 can"),
        ]:
            error = refused(encoded(Image.new("L", size), "PNG"), max_megapixels=limit)
            assert said in str(error)

    @pytest.mark.parametrize("size", [(1, 1), (2, 500), (500, 2)])
    def test_too_small(self, size: tuple[int, int]) -> None:
        problem = refused(encoded(Image.new("RGB", size), "PNG")).problem
        assert problem.code is ProblemCode.IMAGE_TOO_SMALL
        assert (problem.got, problem.limit) == (min(size), 3)

    @pytest.mark.parametrize("data", [b"", b"\x00", b"GIF", b"hello, I am a text", b"RIFF1234WAVE"])
    def test_no_picture(self, data: bytes) -> None:
        assert refused(data).problem.code is ProblemCode.NOT_AN_IMAGE

    @pytest.mark.parametrize(
        "data",
        [
            b"%PDF-1.7 ...",
            b"  <svg xmlns='http://www.w3.org/2000/svg'/>",
            b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42",
            b"\x00\x00\x00\x0cjP  \r\n\x87\n",
            b"\x1a\x45\xdf\xa3\x01",
            b"\x1f\x8b\x08\x00",
            b"8BPS\x00\x01",
        ],
    )
    def test_formats_that_are_not_on_the_list(self, data: bytes) -> None:
        assert refused(data).problem.code is ProblemCode.UNSUPPORTED_FORMAT

    def test_a_format_of_pillow_that_is_not_on_the_list(self) -> None:
        for kind in ("ICO", "PPM", "TGA", "PCX", "EPS"):
            assert refused(encoded(picture(), kind)).problem.code in {
                ProblemCode.UNSUPPORTED_FORMAT,
                ProblemCode.NOT_AN_IMAGE,
            }

    @pytest.mark.parametrize("kind", FORMATS)
    @pytest.mark.parametrize("percent", [20, 50, 90, 99])
    def test_truncated(self, kind: str, percent: int) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
        data = encoded(Image.fromarray(noise), kind)
        error = refused(data[: len(data) * percent // 100])
        assert error.problem.code is ProblemCode.IMAGE_TRUNCATED
        assert not ImageFile.LOAD_TRUNCATED_IMAGES

    def test_heic_that_is_truncated_or_lies_about_its_size(self) -> None:
        data = heic(picture(48, 32))
        lie = heic(picture(48, 32), stated_size=(16, 16))
        for damaged in (data[:300], data[: len(data) // 2], data[:-10], lie):
            assert refused(damaged).problem.code is ProblemCode.IMAGE_TRUNCATED

    @pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
    def test_compressed_metadata_that_explodes(self, kind: bytes) -> None:
        start = b"a\x00\x01\x00\x00\x00" if kind == b"iTXt" else b"a\x00\x00"
        extra = chunk(kind, start + zlib.compress(bytes(50_000_000), 9))
        started = time.thread_time()  # other programs may keep the cores busy
        assert decode(png(8, 8, bytes(200), extra)).size == (8, 8)
        assert time.thread_time() - started < 0.5

    def test_tags_that_point_nowhere(self) -> None:
        """Image description of 2 GB, an Exif directory that is the file's start, endless XMP."""
        more = ((270, 2, 2**31 - 1, 8), (34665, 4, 1, 8), (700, 7, 2**31 - 1, 100))
        assert decode(tiff(10, 10, bytes(100), more=more)).size == (10, 10)

    def test_a_jpeg_of_endless_scans(self) -> None:
        data = encoded(picture(400, 400), "JPEG", progressive=True)
        last = data.rindex(b"\xff\xda")
        scan = data[last:-2]
        assert decode(data[:-2] + scan * 50 + b"\xff\xd9").size == (400, 400)
        endless = data[:-2] + scan * (MAX_JPEG_SCANS + 1) + b"\xff\xd9"
        assert refused(endless).problem.code is ProblemCode.IMAGE_TRUNCATED

    def test_what_a_phone_appends_to_a_jpeg_is_not_counted(self) -> None:
        data = encoded(picture(), "JPEG") + b"ftypmp42" + b"\xff\xda" * 5000
        assert decode(data).size == (80, 60)


class TestNothingIsWritten:
    def test_warnings_of_pillow_stay_inside(
        self, recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
    ) -> None:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        # Pillow warns of this tag, which claims to be longer than the file.
        data = tiff(10, 10, bytes(100), more=((270, 2, 5000, 90),))
        assert decode(data).size == (10, 10)
        assert list(recwarn) == []
        assert list(warnings.filters) == before
        assert capfd.readouterr() == ("", "")

    def test_many_threads_leave_the_filters_as_they_were(self) -> None:
        before = list(warnings.filters)
        data = encoded(picture(), "TIFF")
        threads = [
            threading.Thread(target=lambda: [decode(data) for _ in range(20)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(warnings.filters) == before


SEEDS = {kind: encoded(picture(24, 20), kind) for kind in FORMATS}
SEEDS["HEIC"] = heic(picture(32, 16))
SEEDS["RGBA"] = encoded(picture(24, 20).convert("RGBA"), "PNG")
SEEDS["progressive"] = encoded(picture(24, 20), "JPEG", progressive=True)
SEEDS["16 bits"] = encoded(Image.fromarray(np.zeros((20, 24), np.uint16)), "TIFF")
for _compression in ("tiff_lzw", "tiff_deflate", "jpeg", "packbits", "group4"):
    _image = picture(24, 20).convert("1" if _compression == "group4" else "RGB")
    SEEDS[_compression] = encoded(_image, "TIFF", compression=_compression)

edits = st.lists(
    st.tuples(
        st.sampled_from(["set", "delete", "insert", "double"]),
        st.floats(0, 1, exclude_max=True),  # where, as a fraction of the file
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize("seed", list(SEEDS))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=edits)
def test_damaged_files_are_read_or_refused(
    seed: str, changes: list[tuple[str, float, bytes]]
) -> None:
    data = bytearray(SEEDS[seed])
    for what, where, content in changes:
        at = int(where * len(data))
        match what:
            case "set":
                data[at : at + len(content)] = content
            case "delete":
                del data[at : at + len(content)]
            case "insert":
                data[at:at] = content
            case _:
                data[at:at] = data[at : at + 40]
    with contextlib.suppress(ImageRefused):
        image = decode(bytes(data), max_megapixels=1)
        assert image.mode == "RGB"
        assert min(image.size) >= 3


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([data[:12] for data in SEEDS.values()]))
def test_random_bytes_are_refused(content: bytes, start: bytes) -> None:
    for data in (content, start + content):
        with contextlib.suppress(ImageRefused):
            decode(data, max_megapixels=1)
