"""Artwork: emoji drawings in many styles, at most one for each concept and style."""

import json
import multiprocessing
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm  # type: ignore[import-untyped]

from training.drawing.colours import named_colours
from training.drawing.rendering import CANVAS
from training.emoji.concepts import Concept, codes_key
from training.emoji.concepts import load as load_concepts
from training.emoji.fetch import npm_folder

# The styles for training, and how often each is shown. The high-contrast style has line drawings.
# They differ from most pictures, but teach the model to recognise things without their colours.
STYLES: Final = {
    "noto": 1.0,
    "noto-v1": 1.0,
    "emojione": 1.0,
    "emojione-v1": 1.0,
    "openmoji": 1.0,
    "fluent-emoji": 1.0,
    "fluent-emoji-flat": 1.0,
    "fxemoji": 1.0,
    "streamline-emojis": 0.8,
    "fluent-emoji-high-contrast": 0.3,
}
TEST_STYLE: Final = "twemoji"

# Drawings whose names differ from Unicode's.
_ALIASES: Final = {
    "emojione": {"face-with-tears-of-joy": "face-with-tears-of-joy"},
    "fxemoji": {"2hearts": "two-hearts", "largebluecircle": "blue-circle"},
}


@dataclass(frozen=True)
class Artwork:
    """The drawings of some styles."""

    rgba: npt.NDArray[np.uint8]  # [n, CANVAS, CANVAS, 4], premultiplied
    concepts: npt.NDArray[np.int64]  # [n], indices of the concepts
    styles: list[str]  # [n]

    def subset(self, chosen: npt.NDArray[np.bool_]) -> "Artwork":
        """Return some of the drawings."""
        at = np.flatnonzero(chosen)
        return Artwork(self.rgba[at], self.concepts[at], [self.styles[i] for i in at])


def squeezed(name: str) -> str:
    """Return only the letters and digits of a name: "Alarm clock" becomes "alarmclock"."""
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("&", "and"))


def _sources(style: str, concepts: list[Concept], cache: Path) -> Iterator[tuple[int, str]]:
    """Yield the index of a concept and its drawing as SVG, for each drawing of a style."""
    folder = npm_folder(f"@iconify-json/{style}", cache)
    icons = json.loads((folder / "icons.json").read_text(encoding="utf-8"))
    by_codes: dict[str, str] = {}
    characters = npm_folder(
        "@iconify-json/" + ("fluent-emoji-flat" if style == "fluent-emoji" else style), cache
    )
    if (characters / "chars.json").exists():
        stored = json.loads((characters / "chars.json").read_text(encoding="utf-8"))
        by_codes = {codes_key(codes): name for codes, name in stored.items()}
    by_name: dict[str, str] = {}
    for name in icons["icons"]:
        by_name.setdefault(squeezed(_ALIASES.get(style, {}).get(name, name)), name)
    for index, concept in enumerate(concepts):
        found = by_codes.get(concept.codes)
        if found is None or found not in icons["icons"]:
            found = next((by_name[n] for n in map(squeezed, concept.titles) if n in by_name), None)
        if found is None:
            continue
        icon = icons["icons"][found]
        width = icon.get("width", icons.get("width", 16))
        height = icon.get("height", icons.get("height", 16))
        left, top = icon.get("left", 0), icon.get("top", 0)
        spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        box = f'viewBox="{left} {top} {width} {height}"'
        size = f'width="{2 * CANVAS}" height="{2 * CANVAS}"'
        body = icon["body"].replace("currentColor", "#222")
        yield index, f"<svg {spaces} {box} {size}>{body}</svg>"


def _image(packages: str, svg: str) -> Image.Image:
    if packages not in sys.path:
        sys.path.insert(0, packages)
    import resvg_py  # type: ignore[import-not-found]

    return Image.open(BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg)))).convert("RGBA")


def _rendered(job: tuple[str, str]) -> npt.NDArray[np.uint8] | None:
    """Return an SVG text as premultiplied pixels that fill the canvas, or None if it is empty."""
    return fitted(_image(*job))


def large(style: str, label: str, side: int, cache: Path) -> Image.Image:
    """Return one drawing with alpha, `side` pixels square, by its English label in emojibase."""
    concepts = load_concepts(cache)
    wanted = next(at for at, concept in enumerate(concepts) if concept.titles[0] == label)
    svg = next(svg for at, svg in _sources(style, concepts, cache) if at == wanted)
    pixels = f'width="{2 * CANVAS}" height="{2 * CANVAS}"'
    return _image(str(cache / "pip"), svg.replace(pixels, f'width="{side}" height="{side}"', 1))


def fitted(image: Image.Image) -> npt.NDArray[np.uint8] | None:
    """Cut a drawing with alpha to its visible part and scale it to the canvas.

    Returns:
        uint8 [CANVAS, CANVAS, 4], premultiplied; None if nothing is visible.
    """
    box = image.getchannel("A").point(lambda level: 255 if level > 24 else 0).getbbox()
    if box is None:
        return None
    cut = image.crop(box).convert("RGBa")
    scale = (CANVAS - 4) / max(cut.size)
    size = (max(1, round(cut.width * scale)), max(1, round(cut.height * scale)))
    small = cut.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    canvas = Image.new("RGBa", (CANVAS, CANVAS))
    canvas.paste(small, ((CANVAS - size[0]) // 2, (CANVAS - size[1]) // 2))
    return np.asarray(canvas)


def load(concepts: list[Concept], cache: Path) -> Artwork:
    """Return the drawings of all STYLES. The first call renders them, later ones read the cache."""
    path = cache / f"artwork-{len(concepts)}.npz"
    if not path.exists():
        owners: list[int] = []
        styles: list[str] = []
        jobs: list[tuple[str, str]] = []
        for style in STYLES:
            for index, svg in _sources(style, concepts, cache):
                owners.append(index)
                styles.append(style)
                jobs.append((str(cache / "pip"), svg))
        with multiprocessing.get_context("spawn").Pool() as workers:
            results = workers.imap(_rendered, jobs, chunksize=32)
            drawn = list(tqdm(results, total=len(jobs), desc="render artwork", mininterval=5))
        kept = [at for at, picture in enumerate(drawn) if picture is not None]
        np.savez(
            path,
            rgba=np.stack([drawn[at] for at in kept]),
            concepts=np.array([owners[at] for at in kept], np.int64),
            styles=np.array([styles[at] for at in kept]),
        )
    with np.load(path) as stored:
        return Artwork(stored["rgba"], stored["concepts"], [str(s) for s in stored["styles"]])


def main_colours(artwork: Artwork) -> npt.NDArray[np.int64]:
    """Return the colour that prevails in each drawing: an index of COLOURS or -1, [n]."""
    result = np.full(len(artwork.concepts), -1, np.int64)
    for at, rgba in enumerate(artwork.rgba):
        small = rgba[::3, ::3].reshape(-1, 4)
        painted = small[small[:, 3] > 200][:, :3]
        if not len(painted):
            continue
        names = named_colours(painted)
        counts = np.bincount(names[names >= 0], minlength=1)
        if counts.max() > 0.55 * len(painted):
            result[at] = int(counts.argmax())
    return result


def mean_paints(artwork: Artwork) -> npt.NDArray[np.float32]:
    """Return each drawing's mean colour four times, like a scene's paints: 0..255, [n, 4, 3]."""
    sums = np.stack([rgba.sum(axis=(0, 1), dtype=np.int64) for rgba in artwork.rgba])
    means = np.asarray(255 * sums[:, :3] / np.maximum(sums[:, 3:], 1), np.float32)
    return means[:, None].repeat(4, axis=1)


def load_test_style(concepts: list[Concept], cache: Path) -> Artwork:
    """Return Twemoji's drawings. For measuring only: no choice in training may depend on them."""
    folder = npm_folder("emoji-datasource-twitter", cache) / "img" / "twitter" / "64"
    files = {codes_key(path.stem): path for path in folder.glob("*.png")}
    pictures, owners = [], []
    for index, concept in enumerate(concepts):
        if concept.codes in files:
            with Image.open(files[concept.codes]) as image:
                picture = fitted(image.convert("RGBA"))
            if picture is not None:
                pictures.append(picture)
                owners.append(index)
    return Artwork(np.stack(pictures), np.array(owners, np.int64), [TEST_STYLE] * len(owners))


def validation_split(artwork: Artwork, part: float = 0.06) -> npt.NDArray[np.bool_]:
    """Return which drawings training does not see, bool [n]. They serve to choose and calibrate.

    The choice does not depend on the run's seed, so that no run starts from weights that have seen
    them.
    """
    rng = np.random.default_rng(4)
    lines = np.array([style == "fluent-emoji-high-contrast" for style in artwork.styles])
    return np.asarray((rng.random(len(artwork.concepts)) < part) & ~lines)
