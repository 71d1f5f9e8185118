"""The bot's own phrases, and typing errors."""

import random

import pytest

from bot.games.commands.spelling import meant
from bot.games.hunt.phrases import PHRASES, some
from bot.games.rules import GAMES
from inference.protocol.labels import parse


def test_there_are_enough_in_both_languages_and_none_twice() -> None:
    assert len(PHRASES) >= 60
    for language in ("en", "es"):
        spoken = [phrase.spoken(language) for phrase in PHRASES]
        assert len(set(spoken)) == len(spoken)
        assert all(parse(phrase, max_labels=1) == (phrase,) for phrase in spoken)
    assert PHRASES[0].spoken("de") == PHRASES[0].en


@pytest.mark.parametrize("target", ["a red car", "Una Cosa ROJA", "coche", "a dog, on a bed", ""])
def test_decoys_have_no_word_in_common_with_the_target(target: str) -> None:
    decoys = some(60, random.Random(1).sample, but=target)
    assert len(set(decoys)) == 60
    for word in ("red", "roja", "coche", "car", "dog", "bed"):
        if word in target.lower().replace(",", "").split():
            assert not any(word in f"{d.en} {d.es}".split() for d in decoys)


@pytest.mark.parametrize(
    ("target", "alike"),
    [
        ("dogs!", "a dog"),
        ("my (old) Shoes", "a pair of shoes"),
        ("a shoe", "a pair of shoes"),
        ("two bicycles.", "a bicycle"),
        ("flores", "a flower"),
        ("“leaf”", "a leaf"),
    ],
)
def test_one_and_many_of_a_thing_are_the_same_word(target: str, alike: str) -> None:
    left = {phrase.en for phrase in some(0, lambda pool, _: list(pool), but=target)}
    assert alike in {phrase.en for phrase in PHRASES} - left


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("duell", "duel"),
        ("Hnut", "hunt"),
        ("gues", "guess"),
        ("hunt a red thing", "hunt"),
        ("chess", None),
        ("", None),
        ("x" * 10_000, None),
    ],
)
def test_typing_errors_are_forgiven(typed: str, word: str | None) -> None:
    assert meant(typed, [game.value for game in GAMES]) == word
