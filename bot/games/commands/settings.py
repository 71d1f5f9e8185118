"""/settings: how games are played in a chat. Everybody may read it; only admins may change it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bot.chat.people import Speaker, speaker_of
from bot.games.commands.players import may_decide
from bot.games.commands.texts import CommandTexts, command_texts
from bot.games.registry import GAMES
from bot.games.rounds.pace import EditPace
from bot.i18n import languages
from bot.platform.incoming import ButtonPress, IncomingMessage
from bot.platform.models import MessageRef
from bot.platform.ports import Button, Buttons, ChatPlatform, RetryLater, TargetGone
from bot.runtime.clock import steady
from bot.storage import GameSettings, Store

_PREFIX = "game:set:"
_PACES = (0.5, 1.0, 2.0)
_LABELS = (3, 4, 5, 6, 8, 10)

T = TypeVar("T")


class GroupSettings:
    """The command and its buttons."""

    def __init__(self, platform: ChatPlatform, store: Store, edits: EditPace) -> None:
        self._platform = platform
        self._store = store
        self._edits = edits
        self._editing: dict[tuple[int, int], asyncio.Task[None]] = {}

    async def command(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        """`/settings`."""
        settings = await self._store.game_settings(message.topic.home_id)
        texts = command_texts(who.sentences.language)
        await self._platform.send_board(message.ref, _text(settings, texts), _buttons(texts))

    async def press(self, press: ButtonPress) -> bool:
        """Handle and answer a pressed button; False if it does not belong to the settings."""
        if not press.data.startswith(_PREFIX):
            return False
        who = await speaker_of(press.author, self._store)
        texts = command_texts(who.sentences.language)
        text = texts.settings_only_admins()
        topic = press.topic
        if topic and press.ref and await may_decide(self._platform, topic, who.user_id):
            settings = await self._store.game_settings(topic.home_id)
            changed = _changed(settings, press.data.removeprefix(_PREFIX))
            await self._store.set_game_settings(topic.home_id, changed)
            text = texts.settings_changed()
            self._edit_soon(press.ref, topic.home_id, texts)
        await self._platform.answer_press(press, text)
        return True

    def _edit_soon(self, ref: MessageRef, home_id: int, texts: CommandTexts) -> None:
        """Show the settings as soon as the chat can have another edit; it shows all presses."""
        key = ref.chat_id, ref.message_id
        if key not in self._editing:
            task = asyncio.create_task(self._edit(ref, home_id, texts))
            self._editing[key] = task
            task.add_done_callback(lambda done: self._edited(key, done))

    def _edited(self, key: tuple[int, int], done: asyncio.Task[Any] | None) -> None:
        if self._editing.get(key) is done:  # else a newer edit has begun
            del self._editing[key]

    async def _edit(self, ref: MessageRef, home_id: int, texts: CommandTexts) -> None:
        now = steady()
        await asyncio.sleep(self._edits.book(ref.chat_id, now) - now)
        key = ref.chat_id, ref.message_id
        self._edited(key, asyncio.current_task())  # a press from now on needs an edit of its own
        text = _text(await self._store.game_settings(home_id), texts)
        try:
            await self._platform.edit_board(ref, ref.message_id, text, _buttons(texts))
        except RetryLater as error:
            await asyncio.sleep(error.after or 1.0)
            self._edit_soon(ref, home_id, texts)
        except TargetGone:
            pass  # the choice is stored anyway


def _text(settings: GameSettings, texts: CommandTexts) -> str:
    return texts.settings(
        [texts.length_of_time(game.seconds * settings.pace) for game in GAMES],
        settings.language,
        settings.labels,
        admins_only=settings.admins_only,
    )


def _buttons(texts: CommandTexts) -> Buttons:
    length, language, labels, who = (
        Button(label, _PREFIX + name)
        for label, name in zip(
            texts.settings_buttons(), ("pace", "language", "labels", "who"), strict=True
        )
    )
    return (length, language), (labels, who)


def _changed(settings: GameSettings, name: str) -> GameSettings:
    """Return the settings with the next choice of one of them."""
    match name:
        case "pace":
            return replace(settings, pace=_next(_PACES, settings.pace))
        case "language":
            return replace(settings, language=_next((None, *languages()), settings.language))
        case "labels":
            return replace(settings, labels=_next(_LABELS, settings.labels))
        case "who":
            return replace(settings, admins_only=not settings.admins_only)
        case _:
            return settings


def _next(choices: Sequence[T], now: T) -> T:
    following = choices.index(now) + 1 if now in choices else 0
    return choices[following % len(choices)]
