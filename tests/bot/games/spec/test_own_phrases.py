"""The bot's own phrases: each language has all of them, and none is like the hunted one."""

import random
from collections.abc import Sequence
from typing import TypeVar

import pytest

from bot.games.spec.own_phrases import draw_phrases, own_phrases, phrase_files
from inference.protocol.labels import parse

A = TypeVar("A")


def test_there_are_enough_in_each_language_and_none_twice() -> None:
    assert len(own_phrases()) >= 60
    for language in phrase_files():
        spoken = [phrase.spoken(language) for phrase in own_phrases()]
        assert len(set(spoken)) == len(spoken)
        assert all(parse(phrase, max_labels=1) == (phrase,) for phrase in spoken)


def test_a_language_without_phrases_gets_those_of_the_source_language() -> None:
    first = own_phrases()[0]
    assert first.spoken("xx") == first.asked == "a red thing"


@pytest.mark.parametrize("target", ["a red car", "Una Cosa ROJA", "coche", "a dog, on a bed", ""])
def test_decoys_have_no_word_in_common_with_the_target(target: str) -> None:
    decoys = draw_phrases(60, random.Random(1).sample, unlike=target)
    assert len(set(decoys)) == 60
    for word in ("red", "roja", "coche", "car", "dog", "bed"):
        if word in target.lower().replace(",", "").split():
            assert not any(word in f"{d.asked} {d.spoken('es')}".split() for d in decoys)


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
    left = {phrase.asked for phrase in draw_phrases(0, _all_of, unlike=target)}
    assert alike in {phrase.asked for phrase in own_phrases()} - left


def _all_of(population: Sequence[A], _count: int, /) -> list[A]:
    return list(population)
