"""Any bytes become an upright RGB picture or are refused; nothing else happens, also no warning."""

import contextlib
import struct
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from inference.images.decoding import MIN_DECODED_SIDE, decode
from inference.protocol.errors import ImageRefused, ProblemCode
from tests.inference.images.files import (
    FORMATS,
    difference,
    encoded,
    picture,
    png,
    refused,
    tiff,
)
from tests.inference.images.heic import heic

# What is read


def test_heic_that_is_turned() -> None:
    upright = picture(32, 48)
    stored = upright.transpose(Image.Transpose.ROTATE_270)
    image = decode(heic(stored, turns=1))
    assert image.size == (32, 48)
    assert difference(image, upright) < 20


def test_the_first_frame_of_an_animation() -> None:
    for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert difference(decode(data), frames[0]) < 4, kind


def test_damaged_exif_does_not_spoil_the_picture() -> None:
    data = encoded(picture(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7fgarbage")
    assert decode(data).size == (80, 60)


@pytest.mark.parametrize("size", [(3, 3), (3, 20_000), (20_000, 3)])
def test_extreme_shapes(size: tuple[int, int]) -> None:
    assert decode(encoded(Image.new("RGB", size), "PNG"), target_side=224).size == size


# Decoding at a fraction of the size: the model sees nearly the same


def detailed(side: int = 1600) -> Image.Image:
    """Return a picture with details at every scale, as photographs have."""
    noise = np.random.default_rng(5)
    total: Any = 0
    for octave in range(1, 11):
        coarse = noise.integers(0, 256, (2**octave, 2**octave, 3), dtype=np.uint8)
        fine = Image.fromarray(coarse).resize((side, side * 3 // 4), Image.Resampling.BICUBIC)
        total = total + np.asarray(fine, float) / 1.7**octave
    span = total.max() - total.min()
    return Image.fromarray(((total - total.min()) / span * 255).astype(np.uint8))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_a_fraction_of_the_size_looks_nearly_the_same(kind: str) -> None:
    data = encoded(detailed(), kind)
    full, small = decode(data), decode(data, target_side=224)
    assert min(full.size) == 1200
    assert MIN_DECODED_SIDE <= min(small.size) <= min(full.size) // 2
    seen = [i.resize((298, 224), Image.Resampling.BICUBIC) for i in (full, small)]
    assert difference(*seen) < 1


def test_a_small_picture_keeps_its_size() -> None:
    data = encoded(picture(1000, 700), "JPEG")
    assert decode(data, target_side=336).size == (1000, 700)


def test_no_side_becomes_too_short() -> None:
    data = encoded(picture(5000, 800), "JPEG")
    assert decode(data, target_side=400).size == (5000, 800)
    assert decode(encoded(picture(2100, 2100), "JPEG"), target_side=32).size == (525, 525)


def test_orientation_still_applies() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = decode(encoded(picture(2400, 1600), "JPEG", exif=exif), target_side=224)
    assert image.size == (800, 1200)


# What is refused


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


@pytest.mark.parametrize("name", list(BOMBS))
def test_bombs_are_refused_at_their_header(name: str) -> None:
    started = time.thread_time()  # not wall-clock time: the cores can be busy
    problem = refused(BOMBS[name]).problem
    assert time.thread_time() - started < 0.5
    assert problem.code is ProblemCode.TOO_MANY_PIXELS
    assert problem.got is not None
    assert problem.got > 200
    assert problem.limit == 128


def test_the_caller_sets_the_limit() -> None:
    data = encoded(picture(1000, 1000), "PNG")
    assert decode(data, max_megapixels=1).size == (1000, 1000)
    error = refused(data, max_megapixels=0.5)
    assert str(error) == "The picture has 1.0 megapixels; at most 0.5 can be read."


def test_pillows_own_limit_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    for kind in FORMATS:
        assert decode(encoded(picture(), kind)).size == (80, 60)
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_megapixels_are_printed_with_one_decimal() -> None:
    for size, limit, said in [
        ((1000, 1001), 1.0, "has 1.1 megapixels; at most 1.0 can"),
        ((1000, 1000), 0.96, "has 1.0 megapixels; at most 0.9 can"),
    ]:
        error = refused(encoded(Image.new("L", size), "PNG"), max_megapixels=limit)
        assert said in str(error)


@pytest.mark.parametrize("size", [(1, 1), (2, 500), (500, 2)])
def test_too_small(size: tuple[int, int]) -> None:
    problem = refused(encoded(Image.new("RGB", size), "PNG")).problem
    assert problem.code is ProblemCode.IMAGE_TOO_SMALL
    assert (problem.got, problem.limit) == (min(size), 3)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("percent", [20, 50, 90, 99])
def test_truncated(kind: str, percent: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    error = refused(data[: len(data) * percent // 100])
    assert error.problem.code is ProblemCode.IMAGE_TRUNCATED
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_heic_that_is_truncated_or_has_a_wrong_size() -> None:
    data = heic(picture(48, 32))
    lie = heic(picture(48, 32), stated_size=(16, 16))
    for damaged in (data[:300], data[: len(data) // 2], data[:-10], lie):
        assert refused(damaged).problem.code is ProblemCode.IMAGE_TRUNCATED


# Nothing is printed


def test_pillows_warnings_are_not_shown(
    recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    warnings.simplefilter("always")
    before = list(warnings.filters)
    # Pillow warns about this tag, because it is longer than the file.
    data = tiff(10, 10, bytes(100), more=((270, 2, 5000, 90),))
    assert decode(data).size == (10, 10)
    assert list(recwarn) == []
    assert list(warnings.filters) == before
    assert capfd.readouterr() == ("", "")


def test_many_threads_leave_the_filters_as_they_were() -> None:
    before = list(warnings.filters)
    data = encoded(picture(), "TIFF")
    threads = [threading.Thread(target=lambda: [decode(data) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


# Damaged files

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
        st.floats(0, 1, exclude_max=True),  # position as a fraction of the file
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
