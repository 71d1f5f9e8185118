"""Reading labels from what users type."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.protocol.errors import LabelTooLong, NoLabels, TooManyLabels
from inference.protocol.labels import clean, parse, with_something_else
from tests.counting import steps


def labels(text: str) -> list[str]:
    return list(parse(text, max_labels=50))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            "a blurry cat, a fast sports car, a tree",
            ["a blurry cat", "a fast sports car", "a tree"],
        ),
        ("dog;cat\ncow", ["dog", "cat", "cow"]),
        ("قطة، كلب؛ شجرة", ["قطة", "كلب", "شجرة"]),
        ("猫，狗、树；鸟", ["猫", "狗", "树", "鸟"]),
        ("a,,b, ,", ["a", "b"]),
        ("Dog, dog, DOG, cat", ["Dog", "cat"]),
        ("Straße, STRASSE, ＤＯＧ, dog", ["Straße", "ＤＯＧ"]),
        ('"salt, pepper", oil', ["salt, pepper", "oil"]),
        (
            "«sal, pimienta»; “a, b”, 'c; d', 「犬、猫」",
            ["sal, pimienta", "a, b", "c; d", "犬、猫"],
        ),
        ("a dog's bone, the cats' house", ["a dog's bone", "the cats' house"]),
        ('a 5" disk, a 3" disk', ['a 5" disk', 'a 3" disk']),
        ('"unclosed, cat', ['"unclosed', "cat"]),
        ('"a" dog, cat', ['"a" dog', "cat"]),
        ('"", "x"', ["x"]),
        ("  many \t spaces  here ,b", ["many spaces here", "b"]),
        ("<b>bold</b>, $x_1$, 50 %", ["<b>bold</b>", "$x_1$", "50 %"]),
        ("evil\u202egnp, \u200b, ok", ["evilgnp", "ok"]),
        ("👨‍👩‍👧, 🐱", ["👨‍👩‍👧", "🐱"]),
    ],
)
def test_typed_text_becomes_labels(typed: str, expected: list[str]) -> None:
    assert labels(typed) == expected


@pytest.mark.parametrize("typed", ["", "  ", ",;,\n", '""', "\u200b", "\u202e"])
def test_a_text_without_a_label_is_refused(typed: str) -> None:
    with pytest.raises(NoLabels):
        parse(typed, max_labels=50)


def test_errors_name_the_number_and_the_limit() -> None:
    with pytest.raises(TooManyLabels, match=r"51 .* 50"):
        parse(",".join(map(str, range(51))), max_labels=50)
    assert len(parse(",".join("ab" * 100), max_labels=2)) == 2
    with pytest.raises(LabelTooLong, match=r"101 .* 100"):
        parse("ok, " + "x" * 101, max_labels=50)
    assert parse("x" * 100, max_labels=50)


@pytest.mark.parametrize(
    "typed",
    [
        "a," + " " * 4_084 + "x",
        "a," + "\u00a0\t" * 2_000 + '"x',
        '"' * 4_000,
        '"a,' * 1_300,
        "«" * 2_000 + "»" * 2_000,
        "'" + "a' " * 1_300,
        '"a" ' + " " * 4_000 + "b",
        "“a" + "” " * 2_000,
        "「a,『b,„c,‘d,‹e," * 250,
        '"",' * 1_300,
        "a\n" * 2_000,
        "\u200b\u202e" * 2_000,
    ],
    ids=lambda typed: f"{typed[:3]!r}…{typed[-3:]!r}",
)
def test_hostile_text_takes_a_few_steps_for_each_character(typed: str) -> None:
    def read(text: str) -> None:
        with contextlib.suppress(NoLabels, TooManyLabels, LabelTooLong):
            parse(text, max_labels=5_000, max_length=5_000)

    assert steps(read, typed) < 12 * len(typed)


def test_a_letter_keeps_a_limited_number_of_marks() -> None:
    marks = "\u0301\u0316" * 2_000  # above and below: normalization has to sort them
    assert clean(f"a{marks}b") == "a" + marks[:30] + "b"
    assert labels(f"z\u0301\u0316, y{marks}") == ["z\u0301\u0316", "y" + marks[:30]]


@given(st.text(max_size=300))
def test_any_text_gives_clean_distinct_labels_or_a_refusal(text: str) -> None:
    try:
        found = parse(text, max_labels=20)
    except (NoLabels, TooManyLabels, LabelTooLong):
        return
    assert len({label.casefold() for label in found}) == len(found) <= 20
    for label in found:
        assert label == label.strip() != ""
        assert "\n" not in label
        label.encode()


@given(st.lists(st.from_regex(r"[a-z]( ?[a-z]){0,20}", fullmatch=True), min_size=1, unique=True))
def test_joined_labels_come_back(typed: list[str]) -> None:
    assert list(parse("; ".join(typed), max_labels=1_000, as_separated=True)) == typed
    assert list(parse(",".join(f'"{label}"' for label in typed), max_labels=1_000)) == typed


def test_a_single_label_of_a_softmax_model_is_compared_with_something_else() -> None:
    def compared(*labels: str, sigmoid_scores: bool = False) -> list[tuple[str, float]]:
        shares = [0.25] * len(labels)
        return with_something_else(labels, shares, "else", sigmoid_scores=sigmoid_scores)

    assert compared("cat") == [("cat", 0.25), ("else", 0.75)]
    assert compared("cat", "dog") == [("cat", 0.25), ("dog", 0.25)]
    assert compared("cat", sigmoid_scores=True) == [("cat", 0.25)]
