"""The corpus of the tokenizer: the texts from which it learns its vocabulary."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.captions import scene_captions
from training.drawing.scenes import random_scene
from training.emoji.fetch import npm_folder
from training.words import emoji_words
from training.words import fillers as filler_lists
from training.words.language import Language


def corpus(cache: Path, seed: int) -> Iterator[str]:
    """Yield all kinds of texts that training uses: about emoji, fillers and drawn scenes.

    Args:
        cache: the folder that `fetch` filled.
        seed: of the scenes and their captions.
    """
    rng = np.random.default_rng(seed)
    fillers = filler_lists.load()
    for language in Language:
        path = npm_folder("emojibase-data", cache) / language.value / "data.json"
        for emoji in json.loads(path.read_text(encoding="utf-8")):
            if "flag" in emoji["label"] or "bandera" in emoji["label"]:
                continue
            yield emoji["label"]
            yield emoji["label"]
            yield " ".join(emoji.get("tags", ()))
        for synonyms in emoji_words.synonyms().values():
            yield from synonyms[language] * 2
        for kind in emoji_words.fine_kinds():
            yield from kind.words[language] * 2
        for words in (fillers.adjectives, fillers.openers, fillers.tails, fillers.noise):
            yield from words[language]
        for _ in range(2000):
            scene = random_scene(rng)
            yield scene_captions.caption(scene, "white", language, rng).text
        for _ in range(5):
            yield from fillers.neutral[language]
            yield from fillers.empty[language]
            yield from (template.format("") for template in fillers.templates[language])
