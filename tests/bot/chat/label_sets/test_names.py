"""What a name of a set can be, and which names a text refers to."""

import pytest

from bot.chat.label_sets.names import MAX_NAME, key_of, near, references


@pytest.mark.parametrize(
    "same", [("pets", "PETS", "Ｐｅｔｓ"), ("straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος")]
)
def test_case_and_width_make_no_difference(same: tuple[str, ...]) -> None:
    assert len({key_of(name) for name in same}) == 1


@pytest.mark.parametrize("name", ["a", "1", "my_pets-2", "猫", "पालतू", "питомцы", "x" * MAX_NAME])
def test_names(name: str) -> None:
    assert key_of(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "-", "_x", "-x", "two words", "a,b", "a\0b", "🐶", "#pets", "a/b", "<b>", "a:b"),
        *("x" * (MAX_NAME + 1), "ﷺ" * 3, "save", "CLEAR", "group", "\u0301a", "x" * 100_000),
    ],
)
def test_what_can_not_be_a_name(name: str) -> None:
    assert key_of(name) is None


@pytest.mark.parametrize(
    ("label", "names", "rest"),
    [
        ("#pets", ["pets"], ""),
        ("#pets #food", ["pets", "food"], ""),
        ("＃猫?", ["猫"], ""),
        ("#pets and a tree", ["pets"], "and a tree"),
        ("a dog #pets", [], "a dog #pets"),
        ("# pets", [], "# pets"),
        ("#", [], "#"),
        ("##pets", [], "##pets"),
        ("#pets/food", [], "#pets/food"),
    ],
)
def test_references(label: str, names: list[str], rest: str) -> None:
    assert references(label) == (names, rest)


def test_names_that_look_alike_are_near() -> None:
    assert near("Animls", ["food", "Animals", "Animal-2"]) == ["Animals", "Animal-2"]
    assert near("zzz", ["food", "animals"]) == []
