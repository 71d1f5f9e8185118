"""What the bot says: complete in each language, safe in HTML, right in either direction."""

import re
from typing import Any

import pytest
from telegram.constants import BotCommandLimit

from bot.i18n import Sentences, languages, speak
from bot.i18n.lengths import units
from inference.protocol.errors import LabelTooLong, NoLabels, Problem, ProblemCode, TooManyLabels
from inference.protocol.messages import ChartWords
from tests.bot.i18n.reading import TYPED, shown, spoken

# Values by the name of a parameter, else by its type.
GIVEN: dict[Any, list[Any]] = {
    # The last are 50 labels of 80 characters: they fit into a message, but not into its answer.
    "labels": [("a dog",), ("a dog", TYPED), tuple(f"{n:<79}x" for n in range(50))],
    "template": [None, "auto", "a {} <x>"],
    "max_labels": [50, 1],
    "share": [0.931],
    "seconds": [30.0, 180.0],
    "tag": ["b"],
    "error": [NoLabels(), TooManyLabels(60, 50), LabelTooLong(TYPED * 9, 100)],
    "problem": [Problem(code, 400.0, 50.0) for code in ProblemCode],
    "workers": [(), ("openai/<x>",)],
    "games": [("/play – a game",)],
    "numbers": [[2], list(range(1, 10))],
    str: [TYPED],
    int: [1, 3, 48],
    float: [12.5],
    float | None: [12.5],
}
# These return no single text.
_OTHER = frozenset({"chart_words", "menu_private", "menu_group", "many"})


def said(sentences: Sentences) -> list[tuple[str, str]]:
    return spoken(sentences, GIVEN, but=_OTHER)


@pytest.mark.parametrize("language", languages())
def test_every_sentence_is_good_html_of_telegram_size(language: str) -> None:
    for name, text in said(speak(language)):
        assert 0 < len(shown(text)) <= 4_096, name


def test_every_sentence_is_translated() -> None:
    source, *others = [said(speak(language)) for language in languages()]
    for other in others:
        same = {name for (name, a), (_, b) in zip(source, other, strict=True) if a == b}
        # These have only numbers and what people typed.
        assert same <= {
            *("quote", "list_of", "winner", "runner_up", "percent", "number"),
            *("length_of_time", "languages"),
        }


@pytest.mark.parametrize("language", languages())
def test_what_people_typed_is_shown_as_typed(language: str) -> None:
    sentences = speak(language)
    for text in (
        sentences.start(TYPED),
        sentences.labels_set(("a", TYPED)),
        sentences.labels_shown((TYPED,), 99),
        sentences.winner(TYPED, 0.5),
        sentences.status(0, (TYPED,)),
        sentences.template_shown(TYPED + "{}"),
    ):
        assert TYPED in shown(text)


@pytest.mark.parametrize(
    ("seconds", "length"),
    [
        (0.2, "0 s"),
        (1, "1 s"),
        (60, "60 s"),
        (119.4, "119 s"),
        (119.6, "2 min"),
        (121, "2 min 1 s"),
        (162.3, "2 min 42 s"),
        (179.7, "3 min"),
        (180, "3 min"),
        (-3, "0 s"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_length_of_time_is_whole_seconds(language: str, seconds: float, length: str) -> None:
    assert speak(language).length_of_time(seconds) == length


def test_each_language_has_its_own_quotes() -> None:
    for language, others in (("en", "«»„"), ("es", "“”„")):
        for name, text in said(speak(language)):
            if TYPED not in shown(text) or name == "template_set":
                assert not set(others) & set(text), (name, text)


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


@pytest.mark.parametrize(
    ("language", "one", "many"), [("en", "phrase", "phrases"), ("es", "frase", "frases")]
)
def test_a_bot_that_takes_one_phrase_says_so(language: str, one: str, many: str) -> None:
    sentences = speak(language)
    for limit, words in ((1, one), (50, many)):
        assert f" {limit} {words}." in sentences.help(limit)
        assert f" {limit} {words}." in sentences.help_in_group(limit, ())
    assert {"en": "the limit is 1.", "es": "solo cabe 1."}[language] in sentences.labels_refused(
        TooManyLabels(3, 1)
    )


@pytest.mark.parametrize("language", languages())
def test_greeting_help_and_profile_say_how_far_answers_can_be_trusted(language: str) -> None:
    sentences = speak(language)
    for text in (
        sentences.start("Ann"),
        sentences.help(50),
        sentences.help_in_group(50, ()),
        sentences.description(),
    ):
        assert sentences.far_and_near() in text


def test_one_and_many() -> None:
    assert "this phrase" in speak("en").labels_set(("a",))
    assert "these 2 phrases" in speak("en").labels_set(("a", "b"))
    assert "this phrase" in speak("en").labels_set_in_group(("a",))
    assert "these 2 phrases" in speak("en").labels_set_in_group(("a", "b"))
    assert "a picture of yours" in speak("en").too_many_in_flight(1)
    assert "10 pictures" in speak("en").too_many_in_flight(10)


@pytest.mark.parametrize("language", languages())
def test_the_charts_words_fill_in(language: str) -> None:
    words = speak(language).chart_words()
    assert "35" in words.and_more.format(count=35, share="2.1 %")
    if language == "en":
        assert words == ChartWords()  # the worker's own defaults are the English ones


@pytest.mark.parametrize("language", languages())
def test_menus_are_what_telegram_takes(language: str) -> None:
    sentences = speak(language)
    for command, description in sentences.menu_private() + sentences.menu_group([]):
        assert command.islower()
        assert len(command) <= BotCommandLimit.MAX_COMMAND
        assert 1 <= len(description) <= BotCommandLimit.MAX_DESCRIPTION


@pytest.mark.parametrize("room", [100, 1_000])
def test_as_many_lines_as_fit(room: int) -> None:
    lines = [f"<b>{n}</b> {'😀' * 10}" for n in range(200)]
    shown = speak("en").many(lines, room)
    assert len(shown) > 2
    assert units(re.sub("<.*?>", "", "\n".join(shown))) <= room
    assert shown[-1] == f"… and {200 - len(shown) + 1} more"
    assert speak("en").many(lines[:2], room) == lines[:2]
