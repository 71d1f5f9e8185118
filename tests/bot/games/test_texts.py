"""What games say: complete in each language, safe in HTML, short enough. Every game is tried."""

import inspect
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import pytest
from telegram.constants import BotCommandLimit

from bot.games.commands.texts import CommandTexts, command_texts
from bot.games.duel.texts import DuelTexts
from bot.games.registry import GAMES, Game, command_menu, help_lines
from bot.games.rules.events import Toast
from bot.games.rules.round import End, Note, Player
from bot.games.spec.texts import CommonTexts, Link
from bot.i18n import languages, speak
from bot.i18n.formatter import Formatter
from bot.i18n.lengths import units
from tests.bot.i18n.reading import TYPED, shown, spoken

ANN = Player(7, "Ann", "ann")
# Values to try. By a parameter's name if it gets HTML or has only a few values, else by its type.
VALUES: dict[Any, list[Any]] = {
    **{parameter: ["Ann"] for parameter in ("name", "other")},
    **{parameter: [["Ann"]] for parameter in ("names", "games", "lines")},
    "game": ["duel"],
    "times": [("30 s", "3 min")],
    "language": [None, "es"],
    "rank": [1, 9],
    str: [TYPED],
    int: [1, 3, 9],
    float: [0.931, 180.0],
    bool: [True, False],
    Sequence[str]: [("a dog",), (TYPED,)],
    tuple[int, int, int]: [(0, 0, 0), (1, 0, 2)],
    Player: [ANN, Player(8, TYPED), Player(9, "Ann", hidden=True), Player(10, "")],
    End: list(End),
    Link: [lambda user_id, username, name: f"<b>{name}</b>"],
}
# Not tried here: methods that return no markup or no single text, and those of `Formatter`, which
# the tests of the bot's sentences try.
_OTHER = frozenset({"toast", "on_button", "settings_buttons"}) | {
    name for name, _ in inspect.getmembers(Formatter, inspect.isfunction)
}
# These have only symbols, numbers and what people typed.
_WITHOUT_WORDS = {
    *("name_of", "players_in", "score_line", "score_section", "right", "wrong", "target", "line"),
}


def notes_of(game: Game) -> list[str]:
    """Return what a game's rounds can tell a person, or remark about their reply."""
    rules = vars(sys.modules[game.state.__module__]).values()
    kinds: list[type[StrEnum]] = [
        kind for kind in rules if inspect.isclass(kind) and issubclass(kind, StrEnum)
    ]
    return [str(note) for kind in kinds if kind.__name__.endswith("Note") for note in kind]


def said(game: Game | None, language: str) -> list[tuple[str, str]]:
    """Return all that a game says, or that commands of all games say."""
    if game is None:
        return spoken(command_texts(language), VALUES, but=_OTHER)
    return spoken(game.texts_in(language), VALUES | {"note": notes_of(game)}, but=_OTHER)


all_texts = pytest.mark.parametrize(
    "game", [*GAMES, None], ids=[*(game.command for game in GAMES), "commands"]
)
all_games = pytest.mark.parametrize("game", GAMES, ids=[game.command for game in GAMES])


@all_texts
@pytest.mark.parametrize("language", languages())
def test_every_sentence_is_good_html_of_telegram_size(game: Game | None, language: str) -> None:
    for name, text in said(game, language):
        assert 0 < len(shown(text)) <= 4_096, name


@all_texts
def test_every_sentence_is_translated(game: Game | None) -> None:
    english, *others = [said(game, language) for language in languages()]
    for other in others:
        same = {name for (name, a), (_, b) in zip(english, other, strict=True) if a == b}
        assert same <= _WITHOUT_WORDS


@all_texts
def test_each_language_has_its_own_quotes(game: Game | None) -> None:
    for language, others in (("en", "«»„"), ("es", "“”„")):
        for name, text in said(game, language):
            assert not set(others) & set(text), (name, text)


def test_shares_and_quotes_are_written_as_the_language_does() -> None:
    line = DuelTexts("es").line("Ann", "un perro", 0.5, 50, 1)
    assert line == "🥇 Ann: «un perro» · 50,0 % · +50"
    assert DuelTexts("en").line("Ann", "a dog", 0.5, 50, 9) == "▫️ Ann: “a dog” · 50.0 % · +50"


@all_games
@pytest.mark.parametrize("language", languages())
def test_toasts_are_plain_and_short(game: Game, language: str) -> None:
    for note in notes_of(game):
        text = game.texts_in(language).toast(Toast(note, "😀" * 100, 59.0))
        assert 0 < units(text) <= 200  # Bot API, answerCallbackQuery: 0-200 characters


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_toast_tells_the_time_in_whole_seconds(language: str) -> None:
    left = command_texts(language).toast(Toast(Note.YOURS, "a dog", 162.3))
    assert "2 min 42 s" in left
    assert "." not in left.split("2 min 42 s")[0]


@pytest.mark.parametrize("language", languages())
def test_the_menu_and_the_help_name_every_game(language: str) -> None:
    sentences = speak(language)
    menu = sentences.menu_group(command_menu(language))
    assert {game.command for game in GAMES} <= {command for command, _ in menu}
    for command, description in menu:
        assert len(command) <= BotCommandLimit.MAX_COMMAND
        assert 1 <= len(description) <= BotCommandLimit.MAX_DESCRIPTION
    told = shown(sentences.help_in_group(20, help_lines(language)))
    assert all(f"/{game.command}" in told for game in GAMES)


def test_names_are_safe_and_hidden_players_have_none() -> None:
    texts: CommonTexts = CommandTexts("en")
    assert texts.name_of(ANN, _linked) == "7 ann Ann"
    assert texts.name_of(Player(8, "<B>"), _linked) == "8  &lt;B&gt;"
    assert texts.name_of(Player(7, "Ann", "ann", hidden=True), _linked) == "somebody"


def _linked(user_id: int, username: str, name: str) -> str:
    return f"{user_id} {username} {name}"
