"""Writes drawings that training has not seen into folders, as `clipbot evaluate` reads them."""

import re
from pathlib import Path
from typing import Final

import numpy as np

from training.emoji import artwork
from training.emoji import concepts as concept_data
from training.measuring.artwork_evaluation import on_plain_ground
from training.measuring.unseen_grounds import on_busy_ground
from training.words.language import Language

_BUSY: Final = 4  # pictures of each drawing on busy grounds, beside the one on white


def write(folder: Path, cache: Path, labels: int, seed: int = 21) -> int:
    """Write pictures of Twemoji's drawings; return how many.

    Args:
        folder: gets a sub-folder for each label, such as `hot_dog`.
        cache: the folder that `fetch` filled.
        labels: how many of the concepts, chosen at random.
        seed: of the choice and of the grounds.
    """
    concepts = concept_data.load(cache)
    twemoji = artwork.load_test_style(concepts, cache)
    rng = np.random.default_rng(seed)
    chosen = rng.choice(
        len(twemoji.concepts), size=min(labels, len(twemoji.concepts)), replace=False
    )
    for at in sorted(chosen.tolist()):
        name = concepts[int(twemoji.concepts[at])].names[Language.ENGLISH][0]
        own = folder / re.sub(r"[ /]", "_", name)
        own.mkdir(parents=True, exist_ok=True)
        drawing = twemoji.rgba[at]
        on_plain_ground(drawing).save(own / "white.png")
        for ground in range(1, _BUSY + 1):
            on_busy_ground(drawing, rng).save(own / f"ground_{ground}.png")
    return len(chosen) * (1 + _BUSY)
