"""The texts that the tokenizer learns its words from."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training import captions, lexicon, shapes
from training.fetch import npm_folder
from training.lexicon import Language


def corpus(cache: Path, seed: int) -> Iterator[str]:
    """Names and keywords of emoji in both languages, captions of the drawn world, templates."""
    rng = np.random.default_rng(seed)
    for language in Language:
        path = npm_folder("emojibase-data", cache) / language.value / "data.json"
        for emoji in json.loads(path.read_text(encoding="utf-8")):
            if "flag" in emoji["label"] or "bandera" in emoji["label"]:
                continue
            yield emoji["label"]
            yield emoji["label"]
            yield " ".join(emoji.get("tags", ()))
        for _ in range(2000):
            scene = shapes.random_scene(rng)
            yield captions.caption(scene, "white", language, rng).text
        for _ in range(5):
            yield from lexicon.NEUTRAL[language]
            yield from lexicon.EMPTY[language]
            yield from (template.format("") for template in lexicon.TEMPLATES[language])
