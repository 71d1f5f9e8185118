"""PTB's application: which update goes to which handler, and how failures come back."""

import datetime
import logging
import os
from collections.abc import Hashable
from typing import Any

from telegram import (
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    Message,
    Update,
)
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackContext,
    CallbackQueryHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.chat.albums import Albums
from bot.chat.classify import Conversation
from bot.chat.commands import command_in, is_for_another_bot
from bot.chat.people import is_private, place_of, speaker_of
from bot.chat.preferences import ABOUT_PICTURES, Preferences
from bot.games.commands import Games
from bot.i18n import languages, speak
from bot.i18n.languages import SOURCE_LANGUAGE
from bot.queues.update_inbox import Update as RawUpdate
from bot.storage import MEMORY_HOURS, Store
from bot.telegram import shapes
from bot.telegram.platform import Bot, Pace, TelegramPlatform
from bot.telegram.request import AiohttpRequest

log = logging.getLogger(__name__)

# What we ask Telegram for: nothing else is ever handled.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query")

_CONNECTIONS = 64

TelegramApplication = Application[Bot, CallbackContext[Bot, Any, Any, Any], Any, Any, Any, None]


def build(token: str, api_url: str) -> TelegramApplication:
    """An application that fetches nothing by itself: updates come from our own inbox."""
    # They log tracebacks of what they raise too; whoever tries again tells it in one line.
    for name in ("telegram.request.BaseRequest", "telegram.ext.AIORateLimiter"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # PTB warns about seconds as numbers, at each flood wait, unless it is told that we know.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    return (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{api_url}/bot")
        .base_file_url(f"{api_url}/file/bot")
        .request(AiohttpRequest(api_url, _CONNECTIONS))
        .get_updates_request(AiohttpRequest(api_url, 1))  # PTB would make another; none is sent
        # No retries there: PTB would make everybody wait out one chat's flood limit.
        .rate_limiter(Pace(max_retries=0))
        .updater(None)
        .job_queue(None)
        .build()
    )


class TelegramUpdateHandler:
    """`Front` for Telegram: to conversation, albums, preferences and games."""

    def __init__(
        self,
        application: TelegramApplication,
        store: Store,
        conversation: Conversation,
        albums: Albums,
        preferences: Preferences,
        games: Games,
        *,
        allowed_chats: frozenset[int],
        admin_ids: frozenset[int],
    ) -> None:
        self._application = application
        self._store = store
        self._platform = TelegramPlatform(application.bot)
        self._conversation = conversation
        self._albums = albums
        self._preferences = preferences
        self._games = games
        self._allowed = allowed_chats | admin_ids if allowed_chats else frozenset()
        self._failures: dict[int, Exception] = {}
        kinds = filters.UpdateType.MESSAGE | filters.UpdateType.EDITED_MESSAGE
        application.add_handler(MessageHandler(kinds, self._on_message))
        application.add_handler(CallbackQueryHandler(self._on_press))
        application.add_error_handler(self._on_error)

    def lane(self, update: RawUpdate) -> Hashable:
        """One person's updates in one chat are handled in order."""
        needed = shapes.update(update) or {}
        for kind in ALLOWED_UPDATES:
            if content := needed.get(kind):
                chat = (content.get("message") or content).get("chat") or {}
                return chat.get("id"), (content.get("from") or {}).get("id")
        return None

    async def handle(self, update: RawUpdate) -> None:
        """Runs PTB's handlers; what they raise is raised here."""
        parsed = self._parsed(update)
        await self._application.process_update(parsed)
        if error := self._failures.pop(parsed.update_id, None):
            raise error

    async def apologise(self, update: RawUpdate) -> None:
        """Says sorry, in the language of whoever asked; silent where nobody spoke to us."""
        try:
            bot = self._application.bot
            message = self._parsed(update).effective_message
            if message is None or not (is_private(message) or command_in(message, bot.username)):
                return
            if who := await speaker_of(message, self._store):
                await self._platform.send_text(place_of(message), who.sentences.apology())
        except Exception:
            log.exception("The apology for update %s failed as well.", update.get("update_id"))

    def _parsed(self, update: RawUpdate) -> Update:
        return Update.de_json(shapes.update(update) or update, self._application.bot)

    async def _on_error(self, update: object, context: CallbackContext[Any, Any, Any, Any]) -> None:
        if isinstance(update, Update) and context.error:
            self._failures[update.update_id] = context.error

    async def _on_message(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        if message is not None and message.migrate_to_chat_id:
            await self._store.move_chat(message.chat_id, message.migrate_to_chat_id)
            return
        if message is None or (who := await speaker_of(message, self._store)) is None:
            return
        edited = update.edited_message is not None
        if edited and _is_forgotten(message):
            return
        if self._allowed and not self._allowed & {message.chat_id, who.user_id}:
            if is_private(message) and not edited:
                await self._platform.send_text(place_of(message), who.sentences.not_allowed())
            return
        revision = update.update_id if edited else 0
        username = self._application.bot.username
        command = command_in(message, username)
        if is_for_another_bot(message, username):
            if is_private(message) and not edited:
                await self._conversation.refuse(message, who.sentences.unknown_command())
            return
        if command and (play := self._games.commands.get(command.name)):
            if not edited:
                await play(message, who, command.argument)
        elif not command and await self._games.reply(message, who, edited=edited):
            return
        elif message.media_group_id:
            await self._albums.add(message, who, update.update_id, edited=edited)
            if command and command.name in ABOUT_PICTURES and not edited:
                await self._preferences.commands[command.name](message, who, command.argument)
        elif command and command.name == "classify":
            await self._conversation.classify(message, who, command.argument, revision)
        elif command and (handler := self._preferences.commands.get(command.name)):
            if not edited:  # a command that was carried out is not carried out again
                await handler(message, who, command.argument)
        elif is_private(message):
            if command:
                if not edited:
                    await self._conversation.refuse(message, who.sentences.unknown_command())
            else:
                await self._conversation.private_message(message, who, revision)
        else:
            await self._conversation.group_message(message, who, revision)

    async def _on_press(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None:
            return
        chat = {query.message.chat.id} if query.message else set()
        is_allowed = not self._allowed or self._allowed & {query.from_user.id, *chat}
        if is_allowed and not await self._games.press(query):
            await self._preferences.press(query)


def _is_forgotten(message: Message) -> bool:
    """Whether a message is older than what we remember: nobody knows what an edit of it changes.

    Telegram sends edits of messages that nobody edited, e.g. when they get a first reaction. People
    edit theirs for 48 hours; so long we remember them.
    """
    age = datetime.datetime.now(datetime.UTC) - message.date
    return age > datetime.timedelta(hours=MEMORY_HOURS)


async def introduce(bot: Bot) -> None:
    """Registers the command menus, for private chats and groups, in every language.

    Raises `TelegramError`.
    """
    for language in languages():
        sentences = speak(language)
        code = None if language == SOURCE_LANGUAGE else language
        await bot.set_my_commands(
            sentences.menu_private(), BotCommandScopeAllPrivateChats(), language_code=code
        )
        await bot.set_my_commands(
            sentences.menu_group(), BotCommandScopeAllGroupChats(), language_code=code
        )
