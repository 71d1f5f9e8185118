"""The photos and labels that everybody gets: drawn, seeded, the same on every machine."""

import io
import random
from pathlib import Path

from PIL import Image, ImageDraw

from inference.images import decode

LABELS = ("a blurry cat", "a fast sports car", "a tree", "a red circle", "a blue square", "a house")

# As Telegram's size "x" of a photo in landscape: what a phone's picture is most often seen in.
SIZE = (800, 600)
# Telegram's size "m", which is the smallest that suffices for a model that looks at 224 pixels.
FETCHED_SIDE = 320

PHOTOS = 16


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
    return [decode(data, want=image_size) for data in files]


def write(folder: Path) -> list[str]:
    """Writes all photos; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for seed in range(PHOTOS):
        path = folder / f"{seed:02}.jpg"
        path.write_bytes(photo(seed))
        paths.append(str(path))
    return paths


def new_labels(*where: int) -> tuple[str, ...]:
    """Six labels that no cache has seen, for each place of its own."""
    number = " ".join(map(str, where))
    return tuple(f"{label} number {number}" for label in LABELS)
