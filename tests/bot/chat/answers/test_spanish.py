"""Which labels are Spanish for sure."""

import pytest

from bot.chat.answers.spanish import is_spanish, is_unread


@pytest.mark.parametrize(
    "labels",
    [
        ("el perro", "los gatos"),
        ("perro", "gato"),
        ("un niño feliz", "una niña triste"),
        ("una playa", "una montaña", "pizza"),
        ("Coche ROJO", "coche azul"),
    ],
)
def test_spanish_is_known_whatever_the_bot_speaks(labels: tuple[str, ...]) -> None:
    assert is_spanish(labels, "en")
    assert is_spanish(labels, "es")


def test_some_words_are_spanish_only_for_who_speaks_it() -> None:
    for labels in (("un gato", "una casa"), ("foto de carne",), ("con sombra", "sin sombra")):
        assert is_spanish(labels, "es")
        assert not is_spanish(labels, "en")


@pytest.mark.parametrize(
    "labels",
    [
        ("a dog", "a cat"),
        ("dog", "cat", "tree"),
        ("El Paso", "Los Angeles, the city"),
        ("a taco", "los tacos"),
        ("ein Hund", "eine Katze"),
        ("un chien", "un chat"),
        ("um cachorro", "um menino"),
        ("pizza", "sushi", "burger"),
        ("dog", "perro", "house", "tree"),
        ("🐶", "🐱"),
        ("猫", "狗"),
        (),
    ],
)
def test_other_labels_are_not(labels: tuple[str, ...]) -> None:
    assert not is_spanish(labels, "en")


@pytest.mark.parametrize(
    "labels", [("a dog", "a cat"), ("dog", "cat"), ("sunset", "beach"), ("no", "yes")]
)
def test_english_from_a_person_who_speaks_spanish_is_english(labels: tuple[str, ...]) -> None:
    assert not is_spanish(labels, "es")


def test_only_models_that_are_known_to_read_english_alone_count() -> None:
    labels = ("el perro", "el gato")
    assert is_unread(labels, "es", "openai/clip-vit-large-patch14")
    assert not is_unread(labels, "es", "demo")
    assert not is_unread(labels, "es", "google/siglip2-base-patch32-256")
    assert not is_unread(labels, "es", "someone/else")
