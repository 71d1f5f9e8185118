"""Photographs against drawings: fits and measures the demo model's `PhotoProbe`.

Photographs are no part of the training data. They are read from a folder, because nobody offers
many with a free licence as a package; the model card names those that the shipped probe has seen.
"""

import hashlib
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image

from inference.model.encoder.preprocessing import stack
from inference.model.engine import Engine
from inference.model.photo_probe import PROBE_FILE, PhotoProbe, probed
from training.emoji.artwork import Artwork
from training.measuring import shape_questions, unseen_grounds
from training.measuring.artwork_evaluation import on_plain_ground
from training.measuring.similarity import Picture
from training.model.export import DEMO_MODEL

_Array = npt.NDArray[np.float64]

# The part of drawings that may be called photographs, where white, coloured and busy grounds count
# alike. People seldom send a drawing on a busy ground.
_FALSE_ALARMS: Final = 0.013
# Keeps weights small: there are few photographs. Chosen among 0.1, 1 and 10 times this.
_RIDGE: Final = 3e-4
_CROPS: Final = 8  # of each photograph, so that few photographs show many things


def drawings(artwork: Artwork, seed: int, count: int = 400) -> dict[str, list[Picture]]:
    """Return drawings on white, on colours as a JPEG of a chat, and on grounds like photographs."""
    rng = np.random.default_rng(seed)

    def some() -> Iterable[npt.NDArray[np.uint8]]:
        return (artwork.rgba[at] for at in rng.permutation(len(artwork.rgba))[:count])

    def colour() -> tuple[int, int, int]:
        red, green, blue = (int(level) for level in rng.integers(0, 256, size=3))
        return red, green, blue

    shapes = [shape_questions.any_shapes(rng)[0] for _ in range(count)]
    return {
        "on white": [on_plain_ground(rgba) for rgba in some()],
        "on colours, JPEG": [_sent(on_plain_ground(rgba, colour()), 640) for rgba in some()],
        "drawn shapes": [shape_questions.photo(scene, rng) for scene in shapes],
        "on busy unseen grounds": [unseen_grounds.on_busy_ground(rgba, rng) for rgba in some()],
    }


def read(folder: Path) -> list[Picture]:
    """Return the photographs in a folder, in the order of their names."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return [Image.open(file).convert("RGB") for file in files]


def fit(photographs: Sequence[Picture], artwork: Artwork) -> None:
    """Fit the probe to photographs and to drawings that training has seen, and write its file."""
    rng = np.random.default_rng(11)
    engine = Engine.load("demo", device="cpu")
    crops = [_crop(photo, rng) for photo in photographs for _ in range(_CROPS)]
    small = [_sent(photo, 320) for photo in photographs]
    grey = [photo.convert("L").convert("RGB") for photo in photographs]
    yes = [inputs(engine, some) for some in (photographs, small, crops, grey)]
    no = {name: inputs(engine, some) for name, some in drawings(artwork, seed=12).items()}
    # Each kind of picture has the same weight, however many there are.
    rows = [*yes, *no.values()]
    weights = np.concatenate([np.full(len(some), 1 / len(some)) for some in rows])
    signs = np.concatenate(
        [np.full(len(some), 1 if i < len(yes) else -1) for i, some in enumerate(rows)]
    )
    given = np.concatenate(rows)
    given = np.hstack([given, np.ones((len(given), 1))])
    square = given.T @ (given * weights[:, None]) + _RIDGE * np.eye(given.shape[1])
    solved = np.linalg.solve(square, given.T @ (weights * signs))
    scores = np.concatenate(
        [some @ solved[:-1] for name, some in no.items() if name != "drawn shapes"]
    )
    probe = PhotoProbe(
        tuple(round(float(weight), 5) for weight in solved[:-1]),
        round(-float(np.quantile(scores, 1 - _FALSE_ALARMS)), 5),
        digest(),
    )
    PROBE_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(probe), indent=0) + b"\n")


def shares(probe: PhotoProbe, pictures: dict[str, list[Picture]]) -> dict[str, float]:
    """Return which part of the pictures of each kind looks like photographs, 0..1."""
    engine = Engine.load("demo", device="cpu")
    return {
        name: float((inputs(engine, some) @ np.array(probe.weights) + probe.bias > 0).mean())
        for name, some in pictures.items()
    }


def digest() -> str:
    """Return the digest of the shipped weights."""
    return hashlib.sha256((DEMO_MODEL / "model.safetensors").read_bytes()).hexdigest()[:16]


def inputs(engine: Engine, pictures: Sequence[Picture]) -> _Array:
    """Return what the probe weighs, [pictures, dimensions + 3]."""
    rows = []
    for start in range(0, len(pictures), 64):
        prepared = stack([engine.prepare(picture) for picture in pictures[start : start + 64]])
        features = engine.encoder.image_features(prepared)
        rows += [
            probed(pixels, own)
            for pixels, own in zip(prepared["pixel_values"], features, strict=True)
        ]
    return np.stack(rows)


def _sent(picture: Picture, side: int) -> Picture:
    """Return a picture as chats send it: scaled, and compressed as a JPEG."""
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    file = BytesIO()
    picture.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=70)
    return Image.open(file).convert("RGB")


def _crop(photo: Picture, rng: np.random.Generator) -> Picture:
    scale = rng.uniform(0.3, 1)
    width, height = int(photo.width * scale), int(photo.height * scale)
    left, top = rng.integers(photo.width - width + 1), rng.integers(photo.height - height + 1)
    return photo.crop((int(left), int(top), int(left) + width, int(top) + height))
