"""Which part of the bot answers a message or a pressed button, on any chat platform.

message ─▶ allowed? ─▶ a game's command, or a reply to its board ─▶ games
                   ├─▶ what label sets asked for, or offered     ─▶ `label_sets`
                   ├─▶ an item of an album                       ─▶ AlbumCollector
                   ├─▶ /classify, phrases, pictures              ─▶ ClassifyHandler
                   └─▶ other commands                            ─▶ `commands`, by name
button ─▶ allowed? ─▶ games, else not made up? ─▶ `presses`, by the first word of what it sends
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from bot.chat.albums import AlbumCollector
from bot.chat.classify import ClassifyHandler
from bot.chat.people import Speaker, speaker_of
from bot.chat.preferences import ABOUT_PICTURES, CommandHandler
from bot.platform.incoming import (
    ButtonPress,
    ChatMoved,
    Incoming,
    IncomingMessage,
    InlineQuery,
    MembershipChanged,
)
from bot.platform.ports import ChatPlatform, TargetGone
from bot.storage import Store, is_remembered

PressHandler = Callable[[ButtonPress], Awaitable[None]]
InlineHandler = Callable[[InlineQuery], Awaitable[None]]
MessageHandler = Callable[[IncomingMessage, Speaker], Awaitable[bool]]
MembershipHandler = Callable[[MembershipChanged], Awaitable[None]]


class GameHandler(Protocol):
    """What games add to the bot."""

    @property
    def commands(self) -> Mapping[str, CommandHandler]:
        """By name; each takes the message, who speaks, and what follows the command."""

    async def reply(self, message: IncomingMessage, who: Speaker) -> bool:
        """Handle a message without a command; False when it replies to no board of a round."""

    async def press(self, press: ButtonPress) -> bool:
        """Handle and answer a pressed button; False if it does not belong to a game."""


class Router:
    """Hands everything that comes to the part that answers it.

    Args:
        commands: the handlers of all commands but `/classify` and those of games, by name.
        presses: the handlers of pressed buttons, by the part of `ButtonPress.data` before the first
            colon. Each answers the press.
        label_sets: handles a message without a command; False if it does not concern label sets.
        inline: answers inline queries.
        membership: is told when the bot is added to a group or removed from it.
        allowed_chats: chats and people that may use the bot; empty: all.
        admin_ids: people who may always use it.
    """

    def __init__(
        self,
        platform: ChatPlatform,
        store: Store,
        classify: ClassifyHandler,
        albums: AlbumCollector,
        games: GameHandler,
        *,
        commands: Mapping[str, CommandHandler],
        presses: Mapping[str, PressHandler],
        label_sets: MessageHandler | None = None,
        inline: InlineHandler | None = None,
        membership: MembershipHandler | None = None,
        allowed_chats: frozenset[int],
        admin_ids: frozenset[int],
    ) -> None:
        self._platform = platform
        self._store = store
        self._classify = classify
        self._albums = albums
        self._games = games
        self._commands = commands
        self._presses = presses
        self._label_sets = label_sets
        self._inline = inline
        self._membership = membership
        self._allowed = allowed_chats | admin_ids if allowed_chats else frozenset()

    async def handle(self, incoming: Incoming) -> None:
        """Do what a message or a pressed button asks for.

        Raises:
            RetryLater, QueueUnavailable, DATABASE_AWAY: it must be handled again later.
            TargetGone: nobody is there to be answered.
        """
        match incoming:
            case IncomingMessage():
                await self._message(incoming)
            case ButtonPress():
                await self._press(incoming)
            case ChatMoved():
                await self._store.move_chat(incoming.old_id, incoming.new_id)
            case MembershipChanged():
                allowed = self._allows(incoming.topic.chat_id, incoming.author.id)
                # Whoever removes the bot: what is stored about the group must be forgotten.
                if self._membership and (allowed or not incoming.is_member):
                    await self._membership(incoming)
            case InlineQuery():
                if self._inline and self._allows(incoming.author.id, incoming.author.id):
                    await self._inline(incoming)

    async def apologise(self, message: IncomingMessage) -> None:
        """Say that something went wrong on our side, if the message was meant for us."""
        if message.is_private or message.command:
            who = await speaker_of(message.author, self._store)
            await self._platform.send_text(message.ref, who.sentences.apology())

    async def _message(self, message: IncomingMessage) -> None:
        # Telegram sends edits of messages that nobody edited, for example when they get a first
        # reaction. What the edit of a forgotten message changes is not known.
        if message.is_edit and not is_remembered(message.sent_at.timestamp()):
            return
        who = await speaker_of(message.author, self._store)
        if not self._allows(message.topic.chat_id, who.user_id):
            if message.is_private and not message.is_edit:
                await self._platform.send_text(message.ref, who.sentences.not_allowed())
        elif message.is_for_another_bot:
            await self._refuse_command(message, who)
        elif message.command and (play := self._games.commands.get(message.command.name)):
            if not message.is_edit:
                await play(message, who, message.command.argument)
        elif not message.command and await self._is_taken(message, who):
            pass
        elif message.album_id:
            await self._albums.add(message, who)
            if message.command and message.command.name in ABOUT_PICTURES:
                await self._command(message, who)
        elif message.command:
            await self._command(message, who)
        elif message.is_private:
            await self._classify.private_message(message, who)
        else:
            await self._classify.group_message(message, who)

    async def _is_taken(self, message: IncomingMessage, who: Speaker) -> bool:
        """Return whether a game or a label set has handled a message without a command."""
        if await self._games.reply(message, who):
            return True
        return self._label_sets is not None and await self._label_sets(message, who)

    async def _command(self, message: IncomingMessage, who: Speaker) -> None:
        """Carry out a command that is not a game's."""
        assert message.command
        name, argument = message.command.name, message.command.argument
        if name == "classify":
            await self._classify.classify(message, who, argument)
        elif handler := self._commands.get(name):
            if not message.is_edit:  # a command that was carried out is not carried out again
                await handler(message, who, argument)
        elif message.is_private:
            await self._refuse_command(message, who)
        else:
            await self._classify.group_message(message, who)

    async def _refuse_command(self, message: IncomingMessage, who: Speaker) -> None:
        if message.is_private and not message.is_edit:
            await self._classify.refuse(message, who.sentences.unknown_command())

    async def _press(self, press: ButtonPress) -> None:
        chat_id = press.topic.chat_id if press.topic else press.author.id
        if not self._allows(chat_id, press.author.id) or await self._games.press(press):
            return
        handler = self._presses.get(press.data.partition(":")[0])
        if handler and not press.is_made_up:
            await handler(press)
            return
        with contextlib.suppress(TargetGone):
            await self._platform.answer_press(press, "")

    def _allows(self, chat_id: int, user_id: int) -> bool:
        return not self._allowed or not self._allowed.isdisjoint({chat_id, user_id})
