"""What the bot says: complete in each language, safe in HTML, right in either direction."""

import inspect
from typing import Any

import pytest
from telegram.constants import BotCommandLimit

from bot.texts import LANGUAGES, Sentences, choose, speak
from inference.contract import ChartWords
from inference.errors import LabelTooLong, NoLabels, Problem, ProblemCode, TooManyLabels
from tests.bot.texts.reading import shown

TYPED = "<b>&amp; $x_1$ {0} %s"
GIVEN: dict[str, list[Any]] = {
    "name": [TYPED],
    # the last: 50 labels of 80 characters, which is a legal message, but no legal answer to it
    "labels": [("a dog",), ("a dog", TYPED), tuple(f"{n:<79}x" for n in range(50))],
    "label": [TYPED],
    "template": ["a {} <x>"],
    "limit": [1, 20],
    "max_labels": [50],
    "hours": [48],
    "limit_megabytes": [20.0],
    "share": [0.931],
    "value": [12.5],
    "typed": [TYPED],
    "tag": ["b"],
    "error": [NoLabels(), TooManyLabels(60, 50), LabelTooLong(TYPED * 9, 100)],
    "problem": [Problem(code, 400.0, 50.0) for code in ProblemCode],
    "waiting": [3],
    "workers": [(), ("openai/<x>",)],
}


def spoken(sentences: Sentences) -> list[tuple[str, str]]:
    """Every sentence of a language, with each of the values above."""
    found = []
    for name, method in inspect.getmembers(Sentences, inspect.isfunction):
        if name.startswith("_") or name in {"chart_words", "menu_private", "menu_group"}:
            continue
        parameters = [p for p in inspect.signature(method).parameters if p != "self"]
        choices = [GIVEN[parameter] for parameter in parameters]
        for number in range(max(map(len, choices), default=1)):
            values = [choice[number % len(choice)] for choice in choices]
            bound = getattr(sentences, name)
            found.append((name, bound(*values)))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_good_html_of_telegram_size(language: str) -> None:
    for name, text in spoken(speak(language)):
        assert 0 < len(shown(text)) <= 4_096, name


def test_every_sentence_is_translated() -> None:
    english, spanish = spoken(speak("en")), spoken(speak("es"))
    same = {name for (name, a), (_, b) in zip(english, spanish, strict=True) if a == b}
    # numbers alone, and what people typed
    assert same <= {"quote", "list_of", "winner", "runner_up", "percent", "number"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_typed_is_shown_as_typed(language: str) -> None:
    sentences = speak(language)
    for text in (
        sentences.start(TYPED),
        sentences.labels_set(("a", TYPED)),
        sentences.labels_shown((TYPED,)),
        sentences.winner(TYPED, 0.5),
        sentences.status(0, (TYPED,)),
        sentences.template_shown(TYPED + "{}"),
    ):
        assert TYPED in shown(text)


def test_shares_and_numbers_are_written_as_the_language_does() -> None:
    assert speak("en").percent(0.931) == "93.1 %"
    assert speak("es").percent(0.931) == "93,1 %"
    assert speak("en").percent(1.0) == "100.0 %"
    assert speak("en").percent(0.0004) == "0.0 %"
    assert speak("en").number(1_234.56) == "1,234.6"
    assert speak("es").chart_words().decimal_point == ","
    assert speak("en").winner("a cat", 0.931) == "🏆 <b>a cat</b> · 93.1 %"


@pytest.mark.parametrize("label", ["כלב", "قطة 1"])
def test_a_right_to_left_label_does_not_turn_its_percentage_around(label: str) -> None:
    assert speak("en").winner(label, 0.5) == f"🏆 \u2068<b>{label}</b>\u2069 · 50.0 %"


def test_one_and_many() -> None:
    assert "this phrase" in speak("en").labels_set(("a",))
    assert "these 2 phrases" in speak("en").labels_set(("a", "b"))
    assert "a picture of yours" in speak("en").too_many_in_flight(1)
    assert "10 pictures" in speak("en").too_many_in_flight(10)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_charts_words_fill_in(language: str) -> None:
    words = speak(language).chart_words()
    assert "35" in words.and_more.format(count=35, share="2.1 %")
    if language == "en":
        assert words == ChartWords()  # the worker's own defaults are the English ones


@pytest.mark.parametrize("language", LANGUAGES)
def test_menus_are_what_telegram_takes(language: str) -> None:
    sentences = speak(language)
    for command, description in sentences.menu_private() + sentences.menu_group():
        assert command.islower()
        assert len(command) <= BotCommandLimit.MAX_COMMAND
        assert 1 <= len(description) <= BotCommandLimit.MAX_DESCRIPTION


@pytest.mark.parametrize(
    ("stored", "client", "language"),
    [
        (None, None, "en"),
        (None, "es", "es"),
        (None, "es-MX", "es"),
        (None, "ES_mx", "es"),
        (None, "de", "en"),
        ("en", "es", "en"),
        ("es", "en", "es"),
        ("xx", "es", "es"),
    ],
)
def test_whose_language_is_spoken(stored: str | None, client: str | None, language: str) -> None:
    assert choose(stored, client) == language
