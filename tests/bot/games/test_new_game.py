"""A game is a folder and two lines of the registry. A copy of the bot gets one, and plays it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).parents[3]

_RULES = '''
"""Odd or even: the first player who presses wins."""

from bot.games.rules import round as rounds
from bot.games.rules.events import Award, Awards, BoardShown, Pressed, Toast
from bot.games.rules.round import End, Note, Player, Round


class Coin(Round, frozen=True, kw_only=True, tag="coin"):
    winner: Player | None = None


def begin(state):
    return state, ()


def step(state, event, now):
    match event:
        case BoardShown():
            return rounds.opened(state, now), ()
        case Pressed(player=player):
            done = rounds.over(Coin(config=state.config, winner=player), End.DONE)
            return done, (Toast(Note.NOTED, "heads"), Awards((Award(player, 5, 1),)))
    return state, ()
'''
_TEXTS = """
from bot.games.spec.texts import GameTexts


class CoinTexts(GameTexts):
    def name(self):
        return self._("Coin")

    def how_to_start(self):
        return self._("<b>Coin</b>: /coin")

    def help_line(self):
        return self._("/coin – who is first?")

    def menu_entry(self):
        return self._("coin: who is first?")
"""
_GAME = """
from bot.games.coin import rules
from bot.games.coin.texts import CoinTexts
from bot.games.spec.game_spec import GameSpec, View

COIN = GameSpec(
    command="coin",
    icon="🪙",
    needs_photo=False,
    seconds=20.0,
    state=rules.Coin,
    start=lambda request, texts: rules.Coin(config=request.config),
    begin=rules.begin,
    step=rules.step,
    wakes_at=lambda state: state.ends_at,
    running=lambda state, texts, name: View([texts.name()], [[("Heads", "heads")]]),
    result=lambda state, texts, name: [name(state.winner)],
    texts=CoinTexts,
)
"""
_PLAY = """
import asyncio, json
from types import SimpleNamespace
from bot.chat.people import Speaker
from bot.games.commands.commands import GameCommands
from bot.games.commands.leaderboard import Leaderboard
from bot.games.commands.settings import GroupSettings
from bot.games.commands.starting import GameStarter
from bot.games.registry import command_menu, help_lines
from bot.games.rounds.jobs import GameJobs
from bot.games.rounds.pace import EditPace
from bot.games.rounds.runner import GameRunner
from bot.games.rules.events import Pressed
from bot.games.rules.round import Player, RoundId
from bot.i18n import speak
from bot.storage import Profile, Store, open_database
from tests.bot.incoming import GROUP, message
from tests.bot.scripted import ScriptedPlatform
from tests.waiting import until

async def main():
    database = await open_database("sqlite+aiosqlite:///coin.db")
    store, platform, edits = Store(database), ScriptedPlatform(), EditPace()
    runner = GameRunner(store, platform, GameJobs(None), edits)
    leaderboard = Leaderboard(platform, store, runner, admin_ids=frozenset())
    no_pictures = SimpleNamespace(pictures_in=lambda attachments: None)
    starter = GameStarter(platform, store, runner, no_pictures)
    settings = GroupSettings(platform, store, edits)
    games = GameCommands(platform, store, runner, starter, leaderboard, settings)
    who = Speaker(7, Profile(), speak("en"))
    async def says(text):
        command, _, argument = text.removeprefix("/").partition(" ")
        await games.commands[command](message(1, text, topic=GROUP), who, argument)
        return platform.said[-1][2]
    watching = asyncio.create_task(runner.watch())
    told = {"menu": await says("/play")}
    told["buttons"] = [button.data for row in platform.buttons for button in row]
    told["settings"] = await says("/settings")
    await says("/coin")
    press = Pressed(RoundId(-100, 1), Player(7, "Ann"), "heads")
    await until(lambda: [button.label for row in platform.buttons for button in row], ["Heads"])
    told["toast"] = (await runner.happens(-100, None, press)).label
    await until(lambda: "Ann" in platform.said[-1][2], True)
    told["result"] = platform.said[-1][2]
    told["score"] = await says("/score coyn")
    told["commands"], told["help"] = dict(command_menu("en")), help_lines("en")
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await database.dispose()
    print(json.dumps(told))

asyncio.run(main())
"""


def test_a_copy_with_one_more_folder_plays_one_more_game(tmp_path: Path) -> None:
    shutil.copytree(_REPOSITORY / "bot", tmp_path / "bot")
    folder = tmp_path / "bot" / "games" / "coin"
    folder.mkdir()
    for name, source in (("rules", _RULES), ("texts", _TEXTS), ("game", _GAME)):
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    registry = tmp_path / "bot" / "games" / "registry.py"
    lines = registry.read_text(encoding="utf-8")
    lines = lines.replace(
        "\nfrom bot.games.", "\nfrom bot.games.coin.game import COIN\nfrom bot.games.", 1
    )
    registry.write_text(lines.replace("HUNT)", "HUNT, COIN)"), encoding="utf-8")
    answer = subprocess.run(
        [sys.executable, "-c", _PLAY],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{_REPOSITORY}", "PYTHONSAFEPATH": "1"},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert "🪙 <b>Coin</b>: /coin" in told["menu"]
    assert "game:play:coin" in told["buttons"]
    assert told["commands"]["coin"] == "coin: who is first?"
    assert "/coin – who is first?" in told["help"]
    assert "20 s" in told["settings"]
    assert told["toast"] == "heads"
    assert told["result"] == "<b>Coin</b>\n<b>Ann</b>"
    assert "<b>Coin</b>\n1. <b>Ann</b> – 5" in told["score"]
