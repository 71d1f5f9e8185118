"""The word lists: their shape, and that they name what the drawn world has."""

from collections import Counter
from dataclasses import fields

import pytest

from training.drawing import scenes
from training.drawing.colours import COLOURS
from training.words import emoji_words, fillers, lexicon
from training.words.language import Language, words


def test_the_lexicon_has_words_for_all_that_a_scene_may_hold() -> None:
    loaded = lexicon.load()
    assert tuple(loaded.shapes) == scenes.SHAPES
    assert tuple(loaded.colours) == COLOURS
    assert tuple(loaded.fills) == scenes.FILLS
    assert tuple(loaded.sizes) == scenes.SIZES
    assert tuple(loaded.places) == scenes.PLACES
    assert tuple(loaded.relations) == scenes.RELATIONS
    for language in Language:
        assert len(loaded.counts[language]) == scenes.MAX_COUNT


def test_every_list_has_words_in_both_languages() -> None:
    loaded = lexicon.load()
    nouns = [*loaded.shapes.values(), loaded.any_shape]
    adjectives = [*loaded.colours.values(), *loaded.fills.values(), *loaded.sizes.values()]
    lists = [*loaded.places.values(), *loaded.relations.values(), *loaded.effects.values()]
    lists += [getattr(fillers.load(), field.name) for field in fields(fillers.Fillers)]
    lists += [kind.words for kind in emoji_words.kinds()]
    lists += [fine.words for fine in emoji_words.fine_kinds()]
    for language in Language:
        assert all(entry[language] for entry in (*nouns, *adjectives, *lists))


def test_only_weighted_fillers_stand_twice() -> None:
    weighted = {"determiners", "templates"}
    for field in fields(fillers.Fillers):
        for language in Language:
            counts = Counter(getattr(fillers.load(), field.name)[language])
            assert field.name in weighted or max(counts.values()) == 1, (field.name, language)


def test_patterns_have_their_placeholders() -> None:
    for language in Language:
        lists = fillers.load()
        for pattern in (
            *lists.templates[language],
            *lists.colour_phrases[language],
            *lists.ground_phrases[language],
        ):
            assert pattern.count("{}") == 1
        assert [pattern.count("{}") for pattern in lists.on_ground[language]] == [2]


def test_synonyms_have_no_duplicates() -> None:
    for label, synonyms in emoji_words.synonyms().items():
        texts = [text for language in Language for text in synonyms[language]]
        assert texts, label
        assert all(text == text.strip() for text in texts)
        for language in Language:
            assert len(set(synonyms[language])) == len(synonyms[language]), label


def test_an_emoji_is_not_both_of_a_kind_and_unsure() -> None:
    for fine in emoji_words.fine_kinds():
        assert not fine.fits & fine.unsure, fine.words
    for kind in emoji_words.kinds():
        assert kind.subgroups, kind.words


def test_a_missing_language_is_reported_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"openers\.es must be a list of strings"):
        words({"en": ["here is"]}, "openers")
