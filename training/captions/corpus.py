"""The texts that the tokenizer learns its words from."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.captions import scene_captions as captions
from training.drawing import shapes
from training.emoji.fetch import npm_folder
from training.words import everyday, fillers, lexicon
from training.words.lexicon import Language


def corpus(cache: Path, seed: int) -> Iterator[str]:
    """All that training says, in both languages: emoji, what surrounds them, the drawn world."""
    rng = np.random.default_rng(seed)
    for language in Language:
        path = npm_folder("emojibase-data", cache) / language.value / "data.json"
        for emoji in json.loads(path.read_text(encoding="utf-8")):
            if "flag" in emoji["label"] or "bandera" in emoji["label"]:
                continue
            yield emoji["label"]
            yield emoji["label"]
            yield " ".join(emoji.get("tags", ()))
        place = list(Language).index(language)
        for words in everyday.SYNONYMS.values():
            yield from words[place] * 2
        for kind in everyday.FINE_KINDS:
            yield from (kind.english, kind.spanish)[place] * 2
        for said in (fillers.ADJECTIVES, fillers.OPENERS, fillers.TAILS, fillers.NOISE):
            yield from said[language]
        for _ in range(2000):
            scene = shapes.random_scene(rng)
            yield captions.caption(scene, "white", language, rng).text
        for _ in range(5):
            yield from lexicon.NEUTRAL[language]
            yield from lexicon.EMPTY[language]
            yield from (template.format("") for template in lexicon.TEMPLATES[language])
