import pytest

from inference.model.encoder.templates import (
    apply_template,
    averaged_templates,
    is_bare_noun,
    readings,
)
from inference.protocol.labels import AUTO_TEMPLATE


def test_a_template_is_filled_in() -> None:
    assert apply_template("a photo of {}.", "a cat") == "a photo of a cat."
    assert apply_template(None, "a cat") == "a cat"


def test_a_template_is_never_a_format_string() -> None:
    assert apply_template("{0.__class__} {}", "cat") == "{0.__class__} cat"
    assert apply_template("{}", "{} and {}") == "{} and {}"


@pytest.mark.parametrize("template", ["", "no place", "{} and {}", "{0}"])
def test_a_template_has_exactly_one_placeholder(template: str) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        apply_template(template, "cat")


@pytest.mark.parametrize(
    "label",
    [
        "cat", "Cat", "sports car", "red car", "slice of pizza", "T-shirt", "baker's hat",
        "king", "wedding ring", "duckling", "perro", "coche rojo", "taza de té", "pingüino",
        "mando", "nighttime",
    ],
)  # fmt: skip
def test_bare_nouns_get_all_templates(label: str) -> None:
    assert is_bare_noun(label)
    [texts] = readings([label], AUTO_TEMPLATE)
    assert len(set(texts)) == len(texts) == len(averaged_templates()) == 7
    assert all(label in text for text in texts)


@pytest.mark.parametrize(
    "label",
    [
        "a cat", "The cat", "un perro", "la casa", "los gatos", "my dog", "two dogs",
        "dog running", "running dog", "perro corriendo", "cat is asleep", "dog on grass",
        "bird flies", "gato en casa", "cat and dog", "no people", "big red sports car",
        "red", "happy", "rojo", "dark blue", "a photo of a cat", "cat photo", "drawing", "foto",
        "cat?", "5 cats", "猫", "🐱", "кошка", "cat, dog", "x" * 41, "-", "cat-", "a  b",
    ],
)  # fmt: skip
def test_phrases_stay_as_they_are_typed(label: str) -> None:
    assert not is_bare_noun(label)
    assert readings([label], AUTO_TEMPLATE) == [(label,)]


def test_each_label_is_read_by_itself() -> None:
    noun, phrase = readings(["cat", "a cat asleep"], AUTO_TEMPLATE)
    assert noun[:2] == ("itap of a cat.", "a bad photo of the cat.")
    assert phrase == ("a cat asleep",)
    assert readings(["cat"], "auto {}") == [("auto cat",)]
    assert readings(["cat"], None) == [("cat",)]
