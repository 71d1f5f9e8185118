"""Wordings that training never shows: for measuring only."""

from collections.abc import Callable
from typing import Final

import numpy as np

from training.captions.noun_phrases import plural
from training.words import spelling
from training.words.language import Language, Words

Wording = Callable[[str, Language, np.random.Generator], str]

# Training has the other words of these sentences as fillers; "enormous", "precioso" and "increíble"
# are new to the model.
SENTENCES: Final[Words] = {
    Language.ENGLISH: (
        "here you can see my {}",
        "what a wonderful {} we met",
        "an enormous wooden {}",
    ),
    Language.SPANISH: (
        "fotografía de mi {} precioso",
        "aquí puedes ver nuestro {}",
        "qué {} tan increíble",
    ),
}


def _sentence(noun: str, language: Language, rng: np.random.Generator) -> str:
    options = SENTENCES[language]
    return options[int(rng.integers(len(options)))].format(noun)


def _capitals(noun: str, _: Language, __: np.random.Generator) -> str:
    return noun.upper()


def _plural(noun: str, language: Language, _: np.random.Generator) -> str:
    return plural(noun, language)


def _mistyped(noun: str, _: Language, rng: np.random.Generator) -> str:
    return spelling.mistyped(noun, rng)


WORDINGS: Final[dict[str, Wording]] = {
    "sentences": _sentence,
    "capitals": _capitals,
    "plurals": _plural,
    "one letter wrong": _mistyped,
}
