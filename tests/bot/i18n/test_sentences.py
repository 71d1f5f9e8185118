"""What the bot says: complete in each language, safe in HTML, right in either direction."""

import inspect
import re
from typing import Any

import pytest
from telegram.constants import BotCommandLimit

from bot.games.rules import End, Game, Player
from bot.games.rules.round import Note
from bot.i18n import Sentences, choose, languages, speak
from bot.i18n.lengths import units
from inference.protocol.errors import LabelTooLong, NoLabels, Problem, ProblemCode, TooManyLabels
from inference.protocol.messages import ChartWords
from tests.bot.i18n.reading import shown

ANN = Player(7, "Ann", "ann")
TYPED = "<b>&amp; $x_1$ {0} %s"
GIVEN: dict[str, list[Any]] = {
    "name": [TYPED],
    # the last: 50 labels of 80 characters, which is a legal message, but no legal answer to it
    "labels": [("a dog",), ("a dog", TYPED), tuple(f"{n:<79}x" for n in range(50))],
    "label": [TYPED],
    "template": ["a {} <x>"],
    "limit": [1, 20],
    "max_labels": [50, 1],
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
    # games
    "player": [ANN, Player(8, TYPED), Player(9, "Ann", hidden=True), Player(10, "")],
    "linked": [True, False],
    "game": list(Game),
    "count": [1, 30, 180],
    "lines": [("a",), tuple(f"<b>{n}</b> " + "😀" * 40 for n in range(40))],
    "room": [4_000, 1_000],
    "names": [("<b>Ann</b>",)],
    "seconds": [30.0, 180.0],
    "points": [95],
    "place": [1, 9],
    "streak": [1, 3],
    "end": list(End),
    "note": list(Note),
    "least": [2],
    "words": [8],
    "other": ["Bob"],
    "target": [TYPED],
    "tries": [3],
    "title": [TYPED],
    "medals": [(0, 0, 0), (1, 0, 2)],
    "times": [("30 s", "60 s", "3 min")],
    "language": [None, "es"],
    "admins_only": [True, False],
    "numbers": [[2], list(range(1, 10))],
    "model": [TYPED],
}
# Not one text, or none with markup.
_OTHER = {
    "chart_words",
    "menu_private",
    "menu_group",
    "many",
    "whisper",
    "on_button",
    "settings_buttons",
}
# What has HTML in it already: names that `name_of` made.
_NAMED = {
    "guess_right",
    "guess_wrong",
    "duel_line",
    "duel_second",
    "remark",
    "hunt_line",
    "score_line",
}


def spoken(sentences: Sentences) -> list[tuple[str, str]]:
    """Every sentence of a language, with each of the values above."""
    found = []
    for name, method in inspect.getmembers(Sentences, inspect.isfunction):
        if name.startswith("_") or name in _OTHER:
            continue
        parameters = [p for p in inspect.signature(method).parameters if p != "self"]
        choices = [GIVEN[p] if p != "name" or name not in _NAMED else ["Ann"] for p in parameters]
        for number in range(max(map(len, choices), default=1)):
            values = [choice[number % len(choice)] for choice in choices]
            bound = getattr(sentences, name)
            given = dict(zip(parameters, values, strict=True))
            found.append((name, bound(**given)))
    return found


@pytest.mark.parametrize("language", languages())
def test_every_sentence_is_good_html_of_telegram_size(language: str) -> None:
    for name, text in spoken(speak(language)):
        assert 0 < len(shown(text)) <= 4_096, name


def test_every_sentence_is_translated() -> None:
    english, spanish = spoken(speak("en")), spoken(speak("es"))
    same = {name for (name, a), (_, b) in zip(english, spanish, strict=True) if a == b}
    # numbers alone, and what people typed
    assert same <= {
        *("quote", "list_of", "winner", "runner_up", "percent", "number"),
        *("guess_right", "guess_wrong", "players_in", "name_of"),
        *("hunt_target", "hunt_line", "score_line", "score_section"),
        *("length_of_time", "languages"),
    }


@pytest.mark.parametrize("language", languages())
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


@pytest.mark.parametrize(
    ("seconds", "said"),
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
@pytest.mark.parametrize("language", languages())
def test_a_length_of_time_is_whole_seconds(language: str, seconds: float, said: str) -> None:
    assert speak(language).length_of_time(seconds) == said
    left = speak(language).whisper(Note.YOURS, "a dog", seconds)
    assert said in left
    assert "." not in left.split(said)[0]


def test_each_language_has_its_own_quotes() -> None:
    for language, others in (("en", "«»„"), ("es", "“”„")):
        for name, text in spoken(speak(language)):
            if TYPED not in shown(text) or name in {"duel_line", "duel_second", "template_set"}:
                assert not set(others) & set(text), (name, text)
    line = speak("es").duel_line("Ann", "un perro", 0.5, 50, 1)
    assert line == "🥇 Ann: «un perro» · 50,0 % · +50"
    assert speak("en").duel_line("Ann", "a dog", 0.5, 50, 9) == "▫️ Ann: “a dog” · 50.0 % · +50"


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
    for tell in (sentences.help, sentences.help_in_group):
        assert f" 1 {one}." in tell(1)
        assert f" 50 {many}." in tell(50)
    assert {"en": "only 1 fits.", "es": "solo cabe 1."}[language] in sentences.labels_refused(
        TooManyLabels(3, 1)
    )


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


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("note", Note)
def test_whispers_are_plain_and_short(language: str, note: Note) -> None:
    # Bot API, answerCallbackQuery: 0-200 characters
    assert 0 < units(speak(language).whisper(note, "😀" * 100, 59.0)) <= 200


def test_names_link_to_people_only_where_that_pings_nobody() -> None:
    sentences = speak("en")
    assert sentences.name_of(ANN, linked=True) == '<a href="tg://user?id=7">Ann</a>'
    assert sentences.name_of(ANN, linked=False) == '<a href="https://t.me/ann">Ann</a>'
    assert sentences.name_of(Player(8, "<B>"), linked=False) == "<b>&lt;B&gt;</b>"
    for linked in (True, False):
        assert sentences.name_of(Player(7, "Ann", "ann", hidden=True), linked=linked) == "somebody"


@pytest.mark.parametrize("room", [100, 1_000])
def test_as_many_lines_as_fit(room: int) -> None:
    lines = [f"<b>{n}</b> {'😀' * 10}" for n in range(200)]
    shown = speak("en").many(lines, room)
    assert len(shown) > 2
    assert units(re.sub("<.*?>", "", "\n".join(shown))) <= room
    assert shown[-1] == f"… and {200 - len(shown) + 1} more"
    assert speak("en").many(lines[:2], room) == lines[:2]
