"""Texts made to fit, in time that grows with the text and not with its square."""

import pytest

from bot.i18n import speak
from bot.i18n.lengths import shortened, units
from clipbot_playground.botapi.model.entities import typed
from tests.counting import steps

HOSTILE = ["x" * 8_000, "😀 " * 4_000, "a" + " " * 8_000 + "b", "#a " * 2_600, "http://" * 1_100]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{text[:4]}…")
def test_a_text_is_shortened_in_a_few_steps_for_each_character(text: str) -> None:
    assert steps(lambda long: shortened(long, 40), text) < 12 * len(text)
    assert units(shortened(text, 40)) <= 40


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("a dog", 5, "a dog"),
        ("a black dog", 7, "a b…dog"),
        ("a big dog", 7, "a b…dog"),
        ("one     two", 8, "one…two"),
        ("😀😀😀😀", 7, "😀😀…😀"),
        ("abcdef", 1, "…"),
    ],
)
def test_the_middle_is_left_out(text: str, limit: int, short: str) -> None:
    assert shortened(text, limit) == short


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{text[:4]}…")
def test_what_people_type_in_the_page_is_read_in_a_few_steps(text: str) -> None:
    assert steps(typed, text) < 12 * len(text)


def test_a_list_shows_as_many_labels_as_fit() -> None:
    sentences = speak("en")
    assert sentences.list_of(["x" * 98] * 35).count("x" * 98) == 35
    assert sentences.list_of(["x" * 98] * 36).endswith(" … and 1 more")
    assert sentences.list_of(["x" * 3_501]) == " … and 1 more"
