"""Which messages and presses are answered, and by what."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.chat.people import Speaker, speaker_of
from bot.chat.router import Router
from bot.platform.incoming import ButtonPress, ChatMoved, ChatTopic, Incoming, IncomingMessage
from bot.storage import MEMORY_HOURS, Profile, Store
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import ALICE, GROUP, PRIVATE, message, ours, picture
from tests.bot.scripted import ScriptedPlatform


class Part:
    """A part of the bot that notes what it is handed, by the name of the method.

    Args:
        got: shared by all parts.
        replies: whether messages without a command reply to boards of its games.
    """

    def __init__(self, got: list[str], *commands: str, replies: bool = False) -> None:
        self._got = got
        self._replies = replies
        self.commands = {name: self._command(name) for name in commands}

    def __getattr__(self, name: str) -> Any:
        async def called(*_arguments: object) -> bool:
            self._got.append(name)
            return False

        return called

    def _command(self, name: str) -> Any:
        async def called(_message: IncomingMessage, _who: Speaker, argument: str) -> None:
            self._got.append(f"/{name} {argument}".strip())

        return called

    async def reply(self, _message: IncomingMessage, _who: Speaker) -> bool:
        return self._replies


def router(
    got: list[str],
    store: Store,
    platform: ScriptedPlatform,
    *,
    allowed: frozenset[int] = frozenset(),
    replies: bool = False,
) -> Router:
    """Return a router whose parts note in `got` what they are handed."""
    games = Part(got, "guess", replies=replies)
    preferences: Any = Part(got, "help", "labels")
    others: Any = Part(got)
    return Router(
        platform,
        store,
        others,
        others,
        games,
        commands=preferences.commands,
        presses={"x": preferences.presses},
        allowed_chats=allowed,
        admin_ids=frozenset(),
    )


@pytest.mark.parametrize(
    ("heard", "got"),
    [
        (message(1, "a dog, a cat"), ["private_message"]),
        (message(1, "a dog, a cat", topic=GROUP), ["group_message"]),
        (message(1, "a dog", picture(), album_id="a"), ["add"]),
        (message(1, "/labels a, b", picture(), album_id="a"), ["add", "/labels a, b"]),
        (message(1, "/labels a, b", picture(), album_id="a", revision=2), ["add"]),
        (message(1, "/classify a, b"), ["classify"]),
        (message(1, "/classify a, b", revision=2), ["classify"]),
        (message(1, "/guess a, b"), ["/guess a, b"]),
        (message(1, "/guess a, b", revision=2), []),
        (message(1, "/help"), ["/help"]),
        (message(1, "/help", revision=2), []),
        (message(1, "/frobnicate"), ["refuse"]),
        (message(1, "/frobnicate", revision=2), []),
        (message(1, "/frobnicate", topic=GROUP), ["group_message"]),
        (message(1, "/help@other", is_for_another_bot=True), ["refuse"]),
        (message(1, "/help@other", is_for_another_bot=True, topic=GROUP), []),
        (ButtonPress("1", ALICE, "x"), ["press", "presses"]),
    ],
)
async def test_each_message_goes_to_the_part_that_answers_it(
    store: Store, platform: ScriptedPlatform, heard: Incoming, got: list[str]
) -> None:
    if isinstance(heard, IncomingMessage) and heard.is_for_another_bot:
        heard = replace(heard, command=None)
    handed: list[str] = []
    await router(handed, store, platform).handle(heard)
    assert handed == got


async def test_a_reply_to_a_board_is_the_games_alone(
    store: Store, platform: ScriptedPlatform
) -> None:
    got: list[str] = []
    await router(got, store, platform, replies=True).handle(message(1, "a dog"))
    assert got == []


async def test_edits_of_forgotten_messages_change_nothing(
    store: Store, platform: ScriptedPlatform
) -> None:
    handed: list[str] = []
    edit = message(1, "a dog", revision=2)
    for hours, got in ((MEMORY_HOURS + 1, []), (MEMORY_HOURS - 1, ["private_message"])):
        old = replace(edit, sent_at=edit.sent_at - timedelta(hours=hours))
        await router(handed, store, platform).handle(old)
        assert handed == got


async def test_strangers_are_told_that_they_can_not_use_the_bot(
    store: Store, platform: ScriptedPlatform
) -> None:
    got: list[str] = []
    closed = router(got, store, platform, allowed=frozenset({8, -200}))
    await closed.handle(message(1, "a dog"))
    await closed.handle(message(1, "a dog", revision=2))
    await closed.handle(message(2, "/classify a dog", topic=GROUP))
    await closed.handle(ButtonPress("1", ALICE, "x", PRIVATE))
    assert (got, platform.kinds) == ([], ["text"])
    friend = replace(ALICE, id=8)
    await closed.handle(message(3, "a dog", author=friend))
    await closed.handle(ButtonPress("1", ALICE, "x", replace(GROUP, chat_id=-200)))
    assert got == ["private_message", "press", "presses"]


async def test_a_person_who_is_forgotten_is_forgotten_by_the_games_too(chat: PrivateChat) -> None:
    await chat.text(1, "/labels a, b")
    shown = ours(9, "What is stored", "forget-me", "my-data")
    await chat.hears(ButtonPress("1", ALICE, "forget-me", PRIVATE, shown.ref, shown))
    assert chat.games.forgotten == [7]
    assert (await chat.store.person(7)).labels == ()
    assert chat.platform.kinds[-1] == "edit 9 to text"


@pytest.mark.parametrize(
    "data",
    [
        *("answer:save", "answer:text", "answer:phrases", "frame:", "language:es"),
        *("template:7:auto", "forget-me", "my-data"),
        *("set:list:7:", "set:all:7:", "set:no:7:", "set:take:7:animals", "set:keep:7:token"),
    ],
)
@pytest.mark.parametrize("topic", [PRIVATE, GROUP])
async def test_a_press_that_no_button_sends_changes_nothing(
    chat: PrivateChat, topic: ChatTopic, data: str
) -> None:
    """An app can send anything as the press of any message of ours, such as a game's board."""
    await chat.store.set_labels(7, ["a dog"])
    board = ours(9, "Somebody plays", "game:1:0", topic=topic)
    await chat.hears(ButtonPress("1", ALICE, data, topic, board.ref, board))
    assert chat.platform.toasts == [""]
    assert chat.platform.said == []
    assert (await chat.store.person(7)) == Profile(labels=("a dog",))
    assert chat.games.forgotten == []


async def test_a_group_that_moved_takes_its_settings_along(
    store: Store, platform: ScriptedPlatform
) -> None:
    settings = replace(await store.game_settings(-5), labels=3)
    await store.set_game_settings(-5, settings)
    await router([], store, platform).handle(ChatMoved(-5, -100))
    assert await store.game_settings(-100) == settings


@pytest.mark.parametrize(
    ("heard", "is_told"),
    [
        (message(1, "a dog"), True),
        (message(1, "/classify a dog", topic=GROUP), True),
        (message(1, "just talk", topic=GROUP), False),
    ],
)
async def test_only_people_who_spoke_to_the_bot_get_an_apology(
    store: Store, platform: ScriptedPlatform, heard: IncomingMessage, is_told: bool
) -> None:
    await router([], store, platform).apologise(heard)
    assert (len(platform.said) == 1) is is_told


async def test_a_person_speaks_their_language(store: Store) -> None:
    who = await speaker_of(replace(ALICE, language="es-MX"), store)
    assert (who.user_id, who.sentences.language) == (7, "es")
    await store.set_language(7, "en")
    again = await speaker_of(replace(ALICE, language="es-MX"), store)
    assert again.sentences.language == "en"
