"""The bot's own phrases: things that people can find and photograph, indoors or out.

Each language has them in a file of its own, `phrases/<code>.toml`. What a language lacks is said in
the source language.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from bot.i18n.languages import SOURCE_LANGUAGE

PHRASE_FILES = Path(__file__).parent / "phrases"
# An ending is left out only if at least this many letters stay.
_SHORTEST_STEM = 3

A = TypeVar("A")


class Sampler(Protocol):
    """Draws from a sequence, as `random.sample` does."""

    def __call__(self, population: Sequence[A], k: int, /) -> list[A]: ...


class PhraseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one language's file holds.

    Attributes:
        phrases: by key; the same thing has the same key in every language.
        ignored_words: say nothing about what a thing is.
        endings: are left out before words are compared.
    """

    phrases: dict[str, str]
    ignored_words: frozenset[str] = frozenset()
    endings: tuple[str, ...] = ()


@dataclass(frozen=True)
class OwnPhrase:
    """One thing that people can photograph."""

    key: str

    @property
    def asked(self) -> str:
        """What CLIP reads: the source language is what it knows best."""
        return phrase_files()[SOURCE_LANGUAGE].phrases[self.key]

    def spoken(self, language: str) -> str:
        """Return the phrase in a language; in the source language if that one lacks it."""
        file = phrase_files().get(language)
        return self.asked if file is None else file.phrases.get(self.key, self.asked)

    def words(self) -> frozenset[str]:
        """Return the words that say what it is, in all languages."""
        return frozenset().union(
            *(_words(file.phrases.get(self.key, "")) for file in phrase_files().values())
        )


@cache
def phrase_files() -> dict[str, PhraseFile]:
    """Return what each language's file holds, by language code."""
    return {
        path.stem: msgspec.toml.decode(path.read_bytes(), type=PhraseFile)
        for path in sorted(PHRASE_FILES.glob("*.toml"))
    }


def own_phrases() -> tuple[OwnPhrase, ...]:
    """Return all phrases of the bot's own."""
    return tuple(map(OwnPhrase, phrase_files()[SOURCE_LANGUAGE].phrases))


def draw_phrases(count: int, sample: Sampler, *, unlike: str = "") -> tuple[OwnPhrase, ...]:
    """Return `count` different phrases.

    Args:
        sample: draws them, as `random.sample` does.
        unlike: none of them has a word in common with this text.
    """
    unwanted = _words(unlike)
    pool = [phrase for phrase in own_phrases() if not unwanted & phrase.words()]
    return tuple(sample(pool, count))


def _words(text: str) -> frozenset[str]:
    """Return the words that say what it is: `a red thing` and `a red car` have one in common."""
    words = set(re.findall(r"\w+", text.casefold())) - _ignored_words()
    return frozenset(map(_stem, words))


def _stem(word: str) -> str:
    """Return the same for one and many of a thing."""
    for ending in _endings():
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


@cache
def _ignored_words() -> frozenset[str]:
    """Return the ignored words of all languages."""
    return frozenset().union(*(file.ignored_words for file in phrase_files().values()))


@cache
def _endings() -> tuple[str, ...]:
    """Return the endings of all languages, the longest first."""
    endings = {ending for file in phrase_files().values() for ending in file.endings}
    return tuple(sorted(endings, key=len, reverse=True))
