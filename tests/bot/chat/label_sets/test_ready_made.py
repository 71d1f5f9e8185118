"""The sets that everybody has: the same in each language, and fit for CLIP."""

from collections import Counter

import pytest

from bot.chat.label_sets.names import key_of
from bot.chat.label_sets.ready_made import find_ready_made, ready_made, ready_made_files
from bot.i18n import languages
from inference.protocol.labels import MAX_LABEL_LENGTH, folded, parse

LANGUAGES = list(ready_made_files())


def test_each_language_of_the_bot_has_them() -> None:
    assert set(LANGUAGES) == set(languages())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_set_is_there_with_as_many_phrases_as_in_the_source(language: str) -> None:
    source = {one.tag: len(one.labels) for one in ready_made("en")}
    assert {one.tag: len(one.labels) for one in ready_made(language)} == source
    assert set(ready_made_files()[language]) == set(source)
    assert all(8 <= count <= 24 for count in source.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_are_labels(language: str) -> None:
    for one in ready_made(language):
        assert parse("\n".join(one.labels), max_labels=24) == one.labels
        assert len({folded(label) for label in one.labels}) == len(one.labels)
        assert max(map(len, one.labels)) <= MAX_LABEL_LENGTH


def test_a_name_means_one_set() -> None:
    for files in ready_made_files().values():
        names = Counter(key_of(name) for one in files.values() for name in (one.name, *one.also))
        assert None not in names
        assert max(names.values()) == 1
    for code in LANGUAGES:
        for tag, one in ready_made_files()[code].items():
            found = find_ready_made(one.name, "en")
            assert found
            assert found.tag == tag


def test_a_name_of_any_language_means_the_set_in_the_readers_language() -> None:
    for name in ("animals", "Animales", "ANIMAL"):
        in_spanish, in_english = find_ready_made(name, "es"), find_ready_made(name, "en")
        assert in_spanish
        assert in_english
        assert (in_spanish.name, in_spanish.labels[0]) == ("animales", "un perro")
        assert (in_english.name, in_english.labels[0]) == ("animals", "a dog")
    assert find_ready_made("two words", "en") is None
    german = find_ready_made("animals", "de")  # a language without a file
    assert german
    assert german.name == "animals"
