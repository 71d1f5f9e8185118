"""The pools of drawn scenes and of grounds that the pictures of batches come from."""

import multiprocessing
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from tqdm import tqdm  # type: ignore[import-untyped]

from training.drawing import grounds
from training.drawing.colours import COLOURS, Rgb
from training.drawing.rendering import draw
from training.drawing.scenes import Scene, random_scene
from training.model.architecture import IMAGE_SIDE

_MAX_PAINTS: Final = 4


@dataclass(frozen=True)
class ScenePool:
    """Drawn scenes with their pictures."""

    scenes: list[Scene]
    rgba: npt.NDArray[np.uint8]  # [n, CANVAS, CANVAS, 4], premultiplied
    # [n, 4, 3], 0..255; the first colour is repeated if a scene has fewer.
    paints: npt.NDArray[np.float32]


def _jobs(count: int, seed: int) -> list[tuple[int, int]]:
    """Return the jobs for the processes that draw: how many to draw, and the seed of each job."""
    share = 500
    return [(min(share, count - start), seed * 100_003 + start) for start in range(0, count, share)]


def _draw_some(
    job: tuple[int, int],
) -> tuple[list[Scene], npt.NDArray[np.uint8], list[list[Rgb]]]:
    count, seed = job
    rng = np.random.default_rng(seed)
    drawings = [draw(random_scene(rng), rng) for _ in range(count)]
    return (
        [drawing.scene for drawing in drawings],
        np.stack([drawing.rgba for drawing in drawings]),
        [drawing.paints for drawing in drawings],
    )


def scene_pool(count: int, seed: int, cache: Path) -> ScenePool:
    """Draw `count` scenes, or read those of this seed and count from the cache."""
    pictures = cache / f"scenes-{seed}-{count}.npy"
    paints_file = cache / f"scenes-{seed}-{count}-paints.npy"
    descriptions = pictures.with_suffix(".json")
    if not descriptions.exists():
        jobs = _jobs(count, seed)
        scenes: list[Scene] = []
        parts: list[npt.NDArray[np.uint8]] = []
        paints: list[list[Rgb]] = []
        with multiprocessing.get_context("spawn").Pool() as workers:
            results: Iterable[tuple[list[Scene], npt.NDArray[np.uint8], list[list[Rgb]]]]
            results = workers.imap(_draw_some, jobs)
            for some, rgba, paint in tqdm(results, total=len(jobs), desc="draw scenes"):
                scenes += some
                parts.append(rgba)
                paints += paint
        padded = np.array(
            [(paint + paint[:1] * _MAX_PAINTS)[:_MAX_PAINTS] for paint in paints], np.float32
        )
        np.save(pictures, np.concatenate(parts))
        np.save(paints_file, padded)
        descriptions.write_bytes(msgspec.json.encode(scenes))
    return ScenePool(
        msgspec.json.decode(descriptions.read_bytes(), type=list[Scene]),
        np.load(pictures, mmap_mode="r"),
        np.load(paints_file),
    )


@dataclass(frozen=True)
class GroundPool:
    """Grounds with the names of their colours."""

    rgb: npt.NDArray[np.uint8]  # [n, SIDE, SIDE, 3]
    names: npt.NDArray[np.int64]  # [n], indices of COLOURS or grounds.UNNAMED
    means: npt.NDArray[np.float32]  # [n, 3], 0..255


def ground_pool(count: int, seed: int, cache: Path) -> GroundPool:
    """Draw `count` grounds, or read those of this seed and count from the cache."""
    path = cache / f"grounds-{seed}-{count}.npz"
    if not path.exists():
        with multiprocessing.get_context("spawn").Pool() as workers:
            drawn = workers.starmap(grounds.pool, _jobs(count, seed), chunksize=1)
        np.savez(
            path,
            rgb=np.concatenate([rgb for rgb, _ in drawn]),
            names=np.concatenate([names for _, names in drawn]),
        )
    with np.load(path) as stored:
        rgb, names = stored["rgb"], stored["names"]
    return GroundPool(rgb, names, rgb.mean(axis=(1, 2), dtype=np.float32))


def choose_grounds(
    pool: GroundPool,
    paints: npt.NDArray[np.float32],
    apart: npt.NDArray[np.float64],
    white: float,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.uint8], list[str | None]]:
    """Choose a ground for each drawing that differs from the drawing's colours.

    Args:
        pool: to choose from.
        paints: colours of the drawings, 0..255, [B, paints, 3].
        apart: least distance of the paints from the ground's mean colour, in RGB, 0..441, [B].
        white: probability of plain white, if no paint is nearly white.
        rng: gives the random numbers.

    Returns:
        uint8 [B, SIDE, SIDE, 3], and the name of each ground's colour; None if it has none.
    """
    count, tries = len(paints), 5
    candidates = rng.integers(len(pool.rgb), size=(count, tries))
    gaps = np.linalg.norm(pool.means[candidates][:, :, None] - paints[:, None], axis=3).min(axis=2)
    # The first candidate that is far enough, else the farthest.
    enough = gaps > apart[:, None]
    best = np.where(enough.any(axis=1), enough.argmax(axis=1), gaps.argmax(axis=1))
    index = candidates[np.arange(count), best]
    rgb = pool.rgb[index].copy()
    names = [COLOURS[name] if name >= 0 else None for name in pool.names[index].tolist()]
    from_white = np.linalg.norm(255 - paints, axis=2).min(axis=1)
    for at in np.flatnonzero((rng.random(count) < white) & (from_white > 60)):
        rgb[at] = 255 if rng.random() < 0.8 else rng.integers(244, 256)
        names[at] = "white"
    return rgb, names


def crop_grounds(rgb: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return random crops, half of them mirrored, [B, IMAGE_SIDE, IMAGE_SIDE, 3]."""
    corners = rng.integers(rgb.shape[1] - IMAGE_SIDE + 1, size=(len(rgb), 2))
    crop = np.stack(
        [
            picture[y : y + IMAGE_SIDE, x : x + IMAGE_SIDE]
            for picture, (x, y) in zip(rgb, corners.tolist(), strict=True)
        ]
    )
    mirrored = rng.random(len(rgb)) < 0.5
    crop[mirrored] = crop[mirrored, :, ::-1]
    return crop
