"""What commands and buttons make of a message, before any rule sees it."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bot.games.commands.commands import GameCommands, number_of
from bot.games.commands.settings import GroupSettings
from bot.games.commands.starting import GameStarter
from bot.games.commands.texts import command_texts
from bot.games.registry import Game
from bot.games.rounds.pace import EditPace
from bot.platform.incoming import IncomingMessage, ReferencedMessage
from bot.platform.models import MessageRef
from bot.storage import Store
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import chart, message, picture, referenced
from tests.bot.scripted import ScriptedPlatform

ANYTHING: Any = None


@pytest.mark.parametrize("press", ["4382bfdwdsb323b2d9", "-4611686018427387904", "17", ""])
def test_any_press_gives_a_number_that_a_button_can_carry(press: str) -> None:
    assert 2**32 < number_of(press) < 2**56
    assert number_of(press) == number_of(press)
    assert number_of(press) != number_of(press + "1")


async def test_the_chart_of_a_game_is_not_a_picture_to_play_on(
    store: Store, platform: ScriptedPlatform, chat: PrivateChat
) -> None:
    starter = GameStarter(platform, store, ANYTHING, chat.classify)
    photo = message(6, "", picture((400, 400)))
    assert await starter.picture(_reply_to(chart(5)).context) is None
    found = await starter.picture(_reply_to(referenced(photo)).context)
    assert found is not None
    assert found[1] == 6


def _reply_to(other: ReferencedMessage) -> IncomingMessage:
    return message(7, "/guess", replies_to=other)


@pytest.mark.parametrize(
    ("typed", "phrase"),
    [("hunt a red  thing", "a red thing"), ("hnut", ""), ("guess a, b", "a, b")],
)
async def test_play_hands_on_what_follows_the_game(
    typed: str, phrase: str, platform: ScriptedPlatform
) -> None:
    started: list[tuple[Game, str]] = []

    async def start(game: Game, command: Any) -> None:
        started.append((game, command.argument))

    some: Any = SimpleNamespace(start=start, commands={}, command=None)
    games = GameCommands(platform, ANYTHING, ANYTHING, some, some, some)
    await games.commands["play"](message(1, f"/play {typed}"), ANYTHING, typed)
    assert [argument for _, argument in started] == [phrase]


async def test_an_edit_that_ends_leaves_a_newer_one_alone(
    store: Store, platform: ScriptedPlatform
) -> None:
    settings = GroupSettings(platform, store, EditPace())
    settings._edit_soon(MessageRef(-100, 5), -100, command_texts("en"))
    (older,) = settings._editing.values()
    newer = settings._editing[-100, 5] = asyncio.create_task(asyncio.sleep(0))
    await older
    await asyncio.sleep(0)
    assert settings._editing == {(-100, 5): newer}
    assert len(platform.said) == 1
