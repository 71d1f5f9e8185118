"""The photos and labels of all cases: drawn from fixed seeds, the same on every machine."""

import io
import itertools
import random
from pathlib import Path

from PIL import Image, ImageDraw

from inference.images.decoding import decode

LABELS = ("a black cat", "a fast sports car", "a tree", "a red circle", "a blue square", "a house")

# Each word is one token, like each word of LABELS.
_WORDS = (
    "red blue green grey pink gold old new big small happy cold dark light soft wild round square "
    "plain bright white brown young fast cat dog car tree house circle bird boat book lamp chair "
    "table cup door fish flower horse hat key leaf moon star sun ship train apple ball bear bed "
    "bell box bus cake clock cloud eye face fire glass hand heart"
)

# Pixels. Telegram's size "x" of a photo in landscape format, which clients show most often.
SIZE = (800, 600)
# Pixels. Telegram's size "m", the smallest that suffices for a model with an input of 224 pixels.
FETCHED_SIDE = 320

PHOTOS = 16
BATCHES = (1, 4, 16)  # photos at a time


def photo(seed: int) -> bytes:
    """Return a JPEG with shapes, gradients and grain, about as many bytes as a photograph."""
    dice = random.Random(seed)  # noqa: S311 - pictures, not secrets
    width, height = SIZE
    ground = Image.linear_gradient("L").rotate(dice.choice((0, 90, 180))).resize(SIZE)
    colours = [tuple(dice.choices(range(256), k=3)) for _ in range(2)]
    image = Image.composite(
        Image.new("RGB", SIZE, colours[0]), Image.new("RGB", SIZE, colours[1]), ground
    )
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y, side = dice.randrange(width), dice.randrange(height), dice.randrange(40, 240)
        shape = dice.choice((draw.ellipse, draw.rectangle))
        shape(
            [x, y, x + side, y + side * dice.uniform(0.5, 1.5)],
            fill=tuple(dice.choices(range(256), k=3)),
        )
    grain = Image.frombytes("L", (width // 2, height // 2), dice.randbytes(width * height // 4))
    grain = grain.resize(SIZE, Image.Resampling.BICUBIC).convert("RGB")
    file = io.BytesIO()
    Image.blend(image, grain, 0.15).save(file, "JPEG", quality=85)
    return file.getvalue()


def as_fetched(data: bytes) -> bytes:
    """Return the photo in the size that the bot fetches."""
    image = Image.open(io.BytesIO(data))
    image.thumbnail((FETCHED_SIDE, FETCHED_SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=87)
    return file.getvalue()


def open_all(files: list[bytes], image_size: int) -> list[Image.Image]:
    """Return RGB pictures, decoded as the worker does for a model with this input size."""
    return [decode(data, target_side=image_size) for data in files]


def write(folder: Path) -> None:
    """Write all photos."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(PHOTOS):
        (folder / f"{seed:02}.jpg").write_bytes(photo(seed))


class NewLabels:
    """Labels that no cache holds: none is given twice."""

    def __init__(self) -> None:
        self._left = {
            count: map(" ".join, itertools.permutations(_WORDS.split(), count))
            for count in (2, 3, 4)
        }

    def six(self) -> tuple[str, ...]:
        """Return six labels with as many tokens as LABELS: the same work for the text tower."""
        return tuple(next(self._left[len(label.split())]) for label in LABELS)

    def of_three_words(self, count: int) -> tuple[str, ...]:
        """Return `count` labels of three words."""
        return tuple(itertools.islice(self._left[3], count))
