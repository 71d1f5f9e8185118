"""A language is one catalogue and one file of phrases: a copy of the bot with both speaks it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_REPOSITORY = Path(__file__).parents[3]

# A language that the bot does not have: Esperanto.
_CATALOGUE = r"""
msgid ""
msgstr ""
"Language: eo\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"
"Content-Type: text/plain; charset=utf-8\n"

msgid "Your phrases: {labels}"
msgstr "Viaj frazoj: {labels}"

msgid "how to ask"
msgstr "kiel demandi"

msgid "photo hunt: /hunt a red thing"
msgstr "fotoĉaso: /hunt ruĝa afero"

msgid "✔ noted: {label}"
msgstr "✔ notita: {label}"
"""
_PHRASES = """
ignored_words = ["afero"]
endings = ["j"]

[phrases]
red_thing = "ruĝa afero"
"""

# The program that asks the copy what it says, as the bot itself does.
_QUESTIONS = """
import asyncio, json
from types import SimpleNamespace
from bot.chat.people import Speaker
from bot.chat.preferences import Preferences
from bot.games.commands.texts import command_texts
from bot.games.registry import command_menu, help_lines
from bot.games.rules.events import Toast
from bot.games.rules.round import Note
from bot.games.spec.own_phrases import draw_phrases, own_phrases
from bot.i18n import choose, speak
from tests.bot.incoming import message
from tests.bot.scripted import ScriptedPlatform

platform = ScriptedPlatform()
preferences = Preferences(
    platform, *[None] * 3, max_labels=9, admin_ids=(), sort=None, games_help=help_lines
)
who = Speaker(7, None, speak(choose(None, "eo-US")))
asyncio.run(preferences.commands["language"](message(1, "/language"), who, ""))
red = next(phrase for phrase in own_phrases() if phrase.key == "red_thing")
print(json.dumps({
    "buttons": {button.label: button.data for row in platform.buttons for button in row},
    "menu": dict(who.sentences.menu_group(command_menu("eo"))),
    "sentence": who.sentences.labels_shown(("hundo",), 99),
    "set": who.sentences.language_set(),
    "toast": command_texts("eo").toast(Toast(Note.NOTED, "hundo")),
    "phrase": red.spoken("eo"),
    "asked": red.asked,
    "other phrase": own_phrases()[1].spoken("eo"),
    "unlike": red in draw_phrases(0, lambda pool, _: list(pool), unlike="ruĝaj aferoj"),
    "number": who.sentences.percent(0.931),
}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Add the new language's two files to a copy of the bot; return what the copy says."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(_REPOSITORY / "bot", folder / "bot")
    (folder / "bot" / "i18n" / "eo.po").write_text(_CATALOGUE, encoding="utf-8")
    phrases = folder / "bot" / "games" / "spec" / "phrases" / "eo.toml"
    phrases.write_text(_PHRASES, encoding="utf-8")
    answer = subprocess.run(
        [sys.executable, "-c", _QUESTIONS],
        env={**os.environ, "PYTHONPATH": f"{folder}:{_REPOSITORY}", "PYTHONSAFEPATH": "1"},
        cwd=folder,
        check=True,
        capture_output=True,
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_it_has_a_button_with_its_own_name(told: dict[str, Any]) -> None:
    assert told["buttons"]["Esperanto"] == "language:eo"
    assert told["buttons"]["English"] == "language:en"
    assert told["set"] == "I speak Esperanto now."  # not translated yet: the source language


def test_its_menu_and_sentences_are_spoken(told: dict[str, Any]) -> None:
    assert told["menu"]["help"] == "kiel demandi"
    assert told["menu"]["hunt"] == "fotoĉaso: /hunt ruĝa afero"
    assert told["sentence"] == "Viaj frazoj: hundo"
    assert told["toast"] == "✔ notita: hundo"
    assert told["number"] == "93,1 %"


def test_its_phrases_are_hunted_for_and_asked_in_the_source_language(told: dict[str, Any]) -> None:
    assert (told["phrase"], told["asked"]) == ("ruĝa afero", "a red thing")
    assert told["other phrase"] == "a blue thing"
    assert told["unlike"] is False
