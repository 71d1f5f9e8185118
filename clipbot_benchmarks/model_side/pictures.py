"""The photos and labels that everybody gets: drawn, seeded, the same on every machine."""

import io
import itertools
import random
from pathlib import Path

from PIL import Image, ImageDraw

from inference.images.decoding import decode

LABELS = ("a black cat", "a fast sports car", "a tree", "a red circle", "a blue square", "a house")

# Each is one token, as each word of LABELS is.
_WORDS = (
    "red blue green grey pink gold old new big small happy cold dark light soft wild round square "
    "plain bright white brown young fast cat dog car tree house circle bird boat book lamp chair "
    "table cup door fish flower horse hat key leaf moon star sun ship train apple ball bear bed "
    "bell box bus cake clock cloud eye face fire glass hand heart"
)

# As Telegram's size "x" of a photo in landscape: what a phone's picture is most often seen in.
SIZE = (800, 600)
# Telegram's size "m", which is the smallest that suffices for a model that looks at 224 pixels.
FETCHED_SIDE = 320

PHOTOS = 16
BATCHES = (1, 4, 16)  # photos at a time


def photo(seed: int) -> bytes:
    """A JPEG with shapes, soft grounds and grain, of about the bytes of a photograph."""
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
    """The size of it that the bot fetches."""
    image = Image.open(io.BytesIO(data))
    image.thumbnail((FETCHED_SIDE, FETCHED_SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=87)
    return file.getvalue()


def open_all(files: list[bytes], image_size: int) -> list[Image.Image]:
    """RGB pictures, as our worker decodes them for a model of that size."""
    return [decode(data, target_side=image_size) for data in files]


def write(folder: Path) -> None:
    """Writes all photos."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(PHOTOS):
        (folder / f"{seed:02}.jpg").write_bytes(photo(seed))


class NewLabels:
    """Labels that no cache has seen: the same one never comes twice."""

    def __init__(self) -> None:
        self._left = {
            count: map(" ".join, itertools.permutations(_WORDS.split(), count))
            for count in (2, 3, 4)
        }

    def six(self) -> tuple[str, ...]:
        """As many as LABELS, and each of as many tokens: the same work for the text tower."""
        return tuple(next(self._left[len(label.split())]) for label in LABELS)

    def of_three_words(self, count: int) -> tuple[str, ...]:
        """So many."""
        return tuple(itertools.islice(self._left[3], count))
