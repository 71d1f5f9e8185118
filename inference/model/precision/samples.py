"""Images and texts of many kinds, on which two ways of running a model are compared."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from inference.model.hub.checkpoint_files import DEMO_FOLDER

_SIDE: Final = 160  # pixels
_OF_EACH: Final = 6  # drawn images of each kind


@functools.cache
def texts() -> tuple[str, ...]:
    """Return 40 labels as people type them: short, long, in several languages and scripts."""
    lines = Path(__file__).with_name("sample_texts.txt").read_text("utf-8").splitlines()
    return tuple(line for line in lines if line)


def images() -> list[Image.Image]:
    """Return 40 RGB images, always the same: drawn ones and the samples of the bundled model.

    Each kind is among the first eight.
    """
    random = np.random.default_rng(16)
    files = sorted((DEMO_FOLDER / "samples").glob("*.png"))
    found: list[Image.Image] = []
    for i, drawn in enumerate(_draw(random)):
        found.append(drawn)
        if i % 3 != 0 and files:
            found.append(_read(files.pop(0)))
    return found


def _draw(random: np.random.Generator) -> Iterator[Image.Image]:
    for i in range(_OF_EACH):
        yield _clouds(random)
        yield _shapes(random, 3 * i + 1)
        yield _noise(random, coarse=1 + 7 * (i % 3))
        yield _plain(random, i)


def _read(file: Path) -> Image.Image:
    with Image.open(file) as opened:
        return opened.convert("RGB")


def _clouds(random: np.random.Generator) -> Image.Image:
    """Return noise with the spectrum of photographs: the amplitude is 1 / frequency.

    Source: Field 1987, "Relations between the statistics of natural images and the response
        properties of cortical cells", section 4.
    """
    line = np.fft.fftfreq(_SIDE)
    frequency = np.maximum(np.hypot(line[:, None], line[None, :]), 1 / _SIDE)
    waves = np.fft.fft2(random.normal(size=(3, _SIDE, _SIDE))) / frequency
    levels = np.moveaxis(np.fft.ifft2(waves).real, 0, -1)
    low, high = levels.min(), levels.max()
    return Image.fromarray(((levels - low) / (high - low) * 255).astype(np.uint8))


def _shapes(random: np.random.Generator, number: int) -> Image.Image:
    image = Image.new("RGB", (_SIDE * 3 // 2, _SIDE), _colour(random))
    pen = ImageDraw.Draw(image)
    for i in range(number):
        left, top, width, height = (int(n) for n in random.integers(8, _SIDE // 2, 4))
        box = (left, top, left + width, top + height)
        (pen.ellipse if i % 2 else pen.rectangle)(box, _colour(random))
    return image


def _noise(random: np.random.Generator, coarse: int) -> Image.Image:
    """Return squares of `coarse` pixels in random colours."""
    count = _SIDE // coarse
    levels = random.integers(0, 256, (count, count, 3), dtype=np.uint8)
    return Image.fromarray(levels).resize((_SIDE, _SIDE), Image.Resampling.NEAREST)


def _plain(random: np.random.Generator, number: int) -> Image.Image:
    """Return black, white, one colour, a gradient, a tall gradient or a wide one, by `number`."""
    size = (_SIDE, _SIDE)
    plain = [Image.new("RGB", size, colour) for colour in ("black", "white", _colour(random))]
    bands = [Image.linear_gradient("L"), Image.radial_gradient("L"), Image.new("L", (256, 256), 90)]
    gradient = Image.merge("RGB", bands)
    return [*plain, gradient, gradient.resize((40, 200)), gradient.resize((200, 40))][number]


def _colour(random: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = random.integers(0, 256, 3).tolist()
    return red, green, blue
