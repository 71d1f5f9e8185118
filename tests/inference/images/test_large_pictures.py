"""Full-size pictures of phones are read, and eight at once take no more memory than two."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from inference.images.decoding import decode
from inference.protocol.errors import ImageRefused, ProblemCode
from inference.protocol.settings import WorkerSettings, load
from tests.inference.images.files import encoded

FULL_SIZE = [(8160, 6144), (8192, 6144)]


def flat(size: tuple[int, int], kind: str, mode: str = "L", **options: Any) -> bytes:
    return encoded(Image.new(mode, size, "grey"), kind, **options)


@pytest.mark.parametrize("size", FULL_SIZE)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_full_size_pictures_of_phones(kind: str, size: tuple[int, int]) -> None:
    default = load(WorkerSettings).max_megapixels
    assert default == 128
    small = decode(flat(size, kind), target_side=224, max_megapixels=default)
    assert min(small.size) >= 512
    assert small.width / small.height == pytest.approx(size[0] / size[1], rel=0.01)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_of_200_megapixels_is_decoded_at_a_fraction(progressive: bool) -> None:
    data = flat((16_320, 12_240), "JPEG", progressive=progressive)
    assert decode(data, target_side=224).size == (2040 // 2, 1530 // 2)
    with pytest.raises(ImageRefused) as raised:
        decode(data)  # at full size
    assert str(raised.value) == "The picture has 199.8 megapixels; at most 128.0 can be read."


def test_the_limit_of_a_jpeg_is_what_its_decoder_holds() -> None:
    colours = Image.new("RGB", (1_600, 1_600))  # 2.56 megapixels, decoded to 0.64
    plain = encoded(colours, "JPEG", subsampling="4:4:4")
    held = encoded(colours, "JPEG", subsampling="4:4:4", progressive=True)  # 6 bytes per pixel
    assert decode(plain, target_side=224, max_megapixels=0.7).size == (800, 800)
    assert decode(held, target_side=224, max_megapixels=2).size == (800, 800)
    for data, limit in ((held, 1.8), (plain, 0.6), (flat((6_000, 6_000), "JPEG"), 4)):
        with pytest.raises(ImageRefused) as raised:
            decode(data, target_side=224, max_megapixels=limit)
        assert raised.value.problem.code is ProblemCode.TOO_MANY_PIXELS


def test_a_picture_converted_in_strips_equals_the_whole() -> None:
    """Large pictures of every mode are converted in strips."""
    ramp = Image.linear_gradient("L").resize((2_700, 2_600))
    merged = Image.merge("RGBA", [ramp, ramp.rotate(90), ramp.rotate(180), ramp.rotate(270)])
    for image, kind in [
        (merged.convert("RGB"), "PNG"),
        (merged, "PNG"),
        (ramp.convert("I"), "TIFF"),
        (ramp.convert("F"), "TIFF"),
        (merged.convert("RGB").quantize(64), "GIF"),
    ]:
        data = encoded(image, kind)
        whole = decode(data)
        small = decode(data, target_side=224)
        assert small.size == (540, 520)
        assert small.tobytes() == whole.reduce(5).tobytes(), (kind, image.mode)


def child(program: str, *arguments: str, data: bytes = b"") -> str:
    """Run a program in its own process and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], input=data, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_eight_at_once_take_no_more_memory_than_two() -> None:
    program = """
import asyncio, json, resource, sys
from inference import cores
from inference.model.classifier import ScriptedClassifier
from inference.protocol.messages import Job, Reply
from inference.protocol.settings import WorkerSettings
from inference.worker.pipeline import Pipeline

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3  # MB

cores.available = lambda: 8
pipeline = Pipeline(ScriptedClassifier(), WorkerSettings())
data = sys.stdin.buffer.read()

def read(count):
    job = Job(id="job", images=[data] * count, labels=["a"], reply=Reply("x"))
    [found] = asyncio.run(pipeline.decode([job]))
    assert [picture.size for picture in found.pictures] == [(683, 512)] * count

read(1)
one = peak()
read(8)
print(json.dumps([one, peak()]))
pipeline.close()
"""
    data = flat((8192, 6144), "PNG", "RGB", compress_level=1)
    one, eight = json.loads(child(program, data=data))
    assert eight < one + 350  # MB; a second picture takes 201


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_picture_without_enough_memory_is_not_called_damaged() -> None:
    """Each library reports a lack of memory in its own way."""
    program = """
import resource, sys
from pathlib import Path
from inference.protocol.errors import Fault, TooLargeForHost
from inference.images.decoding import decode

data = sys.stdin.buffer.read()
decode(data[:0] or Path(sys.argv[1]).read_bytes())  # imports everything that is imported late
has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (has + 2 * len(data) + 30_000_000,) * 2)
try:
    decode(data, target_side=224)
except TooLargeForHost as error:
    print(f"{error} {error.problem.got:.1f} {error.problem.fault}")
"""
    with tempfile.TemporaryDirectory() as folder:
        ways: list[tuple[str, dict[str, Any]]] = [
            ("PNG", {}),
            ("JPEG", {"progressive": True}),
            ("WEBP", {"method": 0, "quality": 1}),
        ]
        for kind, options in ways:
            small = Path(folder, "small")
            small.write_bytes(encoded(Image.new("RGB", (64, 64)), kind, **options))
            data = flat((4_600, 4_000), kind, "RGB", **options)
            said = child(program, str(small), data=data)
            sentence = "The picture is too large for the memory of this host."
            assert said == f"{sentence} 18.4 ours\n", kind
