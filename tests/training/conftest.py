"""A small tokenizer and small pools, for tests of batches and of the training loops."""

import numpy as np
import pytest
from transformers import CLIPTokenizer

from training.batching.maker import ArtworkPool, BatchMaker, Mixture
from training.batching.pools import GroundPool, ScenePool
from training.captions.art_captions import ArtCaptions
from training.captions.meanings import Meanings, find_meanings
from training.drawing import grounds
from training.drawing.rendering import CANVAS, draw
from training.drawing.scenes import random_scene
from training.emoji.artwork import Artwork
from training.emoji.concepts import Concept
from training.model import tokenizer as tokenizers
from training.words.language import Language

NAMES = (("cat", "gato"), ("dog", "perro"), ("cow", "vaca"), ("car", "coche"), ("bus", "autobús"))


@pytest.fixture(scope="session")
def concepts() -> list[Concept]:
    """Five concepts in two subgroups."""
    return [
        Concept(
            codes=english,
            group="group",
            subgroup="animal-mammal" if at < 3 else "transport-ground",
            names={Language.ENGLISH: (english,), Language.SPANISH: (spanish,)},
            keywords={Language.ENGLISH: (), Language.SPANISH: ()},
            titles=(english,),
        )
        for at, (english, spanish) in enumerate(NAMES)
    ]


@pytest.fixture(scope="session")
def meanings(concepts: list[Concept]) -> Meanings:
    return find_meanings(concepts)


@pytest.fixture(scope="session")
def tokenizer() -> CLIPTokenizer:
    return tokenizers.learn([name for pair in NAMES for name in pair], vocabulary=600)


@pytest.fixture(scope="session")
def maker(concepts: list[Concept], meanings: Meanings, tokenizer: CLIPTokenizer) -> BatchMaker:
    rng = np.random.default_rng(1)
    drawn = [draw(random_scene(rng), rng) for _ in range(24)]
    scenes = ScenePool(
        [drawing.scene for drawing in drawn],
        np.stack([drawing.rgba for drawing in drawn]),
        np.array([(drawing.paints * 4)[:4] for drawing in drawn], np.float32),
    )
    rgb, names = grounds.pool(24, seed=2)
    pool = GroundPool(rgb, names, rgb.mean(axis=(1, 2), dtype=np.float32))
    art = ArtworkPool(_discs(len(concepts)), concepts, ArtCaptions(concepts, meanings))
    return BatchMaker(scenes, pool, art, tokenizer, Mixture(pictures=24, other_captions=8), seed=3)


def _discs(concepts: int) -> Artwork:
    """Two drawings of each concept, in one style, that differ in colour."""
    rgba = np.zeros((2 * concepts, CANVAS, CANVAS, 4), np.uint8)
    for at, picture in enumerate(rgba):
        picture[20:-20, 20:-20] = (25 * at, 120, 255 - 25 * at, 255)
    return Artwork(rgba, np.arange(len(rgba)) % concepts, ["noto"] * len(rgba))
