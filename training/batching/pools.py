"""Where a batch's pictures come from: the pools of drawn scenes and of grounds."""

import multiprocessing
import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from tqdm import tqdm  # type: ignore[import-untyped]

from training.drawing import grounds, shapes
from training.drawing.shapes import Scene
from training.model.architecture import IMAGE_SIDE

_MAX_PAINTS: Final = 4


@dataclass(frozen=True)
class ScenePool:
    """Drawn scenes, in memory."""

    scenes: list[Scene]
    rgba: npt.NDArray[np.uint8]  # [n, CANVAS, CANVAS, 4], premultiplied
    paints: npt.NDArray[np.float32]  # [n, 4, 3], 0..255; the first repeated where there are fewer


def _shares(count: int, seed: int) -> list[tuple[int, int]]:
    """What processes draw at a time: how many, and each share's own seed."""
    share = 500
    return [(min(share, count - start), seed * 100_003 + start) for start in range(0, count, share)]


def _draw_some(
    job: tuple[int, int],
) -> tuple[list[Scene], npt.NDArray[np.uint8], list[list[shapes.Rgb]]]:
    count, seed = job
    rng = np.random.default_rng(seed)
    drawings = [shapes.draw(shapes.random_scene(rng), rng) for _ in range(count)]
    return (
        [drawing.scene for drawing in drawings],
        np.stack([drawing.rgba for drawing in drawings]),
        [drawing.paints for drawing in drawings],
    )


def scene_pool(count: int, seed: int, cache: Path) -> ScenePool:
    """Draw `count` scenes, or read those drawn before with this seed."""
    name = cache / f"scenes-{seed}-{count}"
    if not name.with_suffix(".pickle").exists():
        jobs = _shares(count, seed)
        scenes: list[Scene] = []
        parts: list[npt.NDArray[np.uint8]] = []
        paints: list[list[shapes.Rgb]] = []
        with multiprocessing.get_context("spawn").Pool() as workers:
            results: Iterable[tuple[list[Scene], npt.NDArray[np.uint8], list[list[shapes.Rgb]]]]
            results = workers.imap(_draw_some, jobs)
            for some, rgba, paint in tqdm(results, total=len(jobs), desc="draw scenes"):
                scenes += some
                parts.append(rgba)
                paints += paint
        padded = np.array(
            [(paint + paint[:1] * _MAX_PAINTS)[:_MAX_PAINTS] for paint in paints], np.float32
        )
        np.save(name.with_suffix(".npy"), np.concatenate(parts))
        with name.with_suffix(".pickle").open("wb") as file:
            pickle.dump((scenes, padded), file)
    with name.with_suffix(".pickle").open("rb") as file:
        scenes, padded = pickle.load(file)
    return ScenePool(scenes, np.load(name.with_suffix(".npy"), mmap_mode="r"), padded)


@dataclass(frozen=True)
class GroundPool:
    """Grounds, in memory."""

    rgb: npt.NDArray[np.uint8]  # [n, SIDE, SIDE, 3]
    names: npt.NDArray[np.int64]  # [n], of COLOURS or grounds.UNNAMED
    means: npt.NDArray[np.float32]  # [n, 3], 0..255


def ground_pool(count: int, seed: int, cache: Path) -> GroundPool:
    """Draw `count` grounds, or read those drawn before with this seed."""
    path = cache / f"grounds-{seed}-{count}.npz"
    if not path.exists():
        with multiprocessing.get_context("spawn").Pool() as workers:
            drawn = workers.starmap(grounds.pool, _shares(count, seed), chunksize=1)
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
    """A ground for each drawing that its paints stand out from.

    Args:
        pool: to choose from.
        paints: 0..255, [B, paints, 3].
        apart: how far they must be from a ground's mean colour, 0..441, [B].
        white: probability of plain white, where no paint is nearly white.
        rng: random numbers.

    Returns:
        uint8 [B, SIDE, SIDE, 3] and each ground's colour name, None where it has no one name.
    """
    count, tries = len(paints), 5
    candidates = rng.integers(len(pool.rgb), size=(count, tries))
    gaps = np.linalg.norm(pool.means[candidates][:, :, None] - paints[:, None], axis=3).min(axis=2)
    # The first that is far enough, or else the farthest.
    enough = gaps > apart[:, None]
    best = np.where(enough.any(axis=1), enough.argmax(axis=1), gaps.argmax(axis=1))
    index = candidates[np.arange(count), best]
    rgb = pool.rgb[index].copy()
    names = [shapes.COLOURS[name] if name >= 0 else None for name in pool.names[index].tolist()]
    from_white = np.linalg.norm(255 - paints, axis=2).min(axis=1)
    for at in np.flatnonzero((rng.random(count) < white) & (from_white > 60)):
        rgb[at] = 255 if rng.random() < 0.8 else rng.integers(244, 256)
        names[at] = "white"
    return rgb, names


def crop_grounds(rgb: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Random crops, mirrored or not: [B, IMAGE_SIDE, IMAGE_SIDE, 3]."""
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
