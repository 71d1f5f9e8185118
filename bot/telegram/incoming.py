"""Telegram's updates: each is parsed here once, and then handled without its platform."""

import json
import logging
import re
from collections.abc import Hashable

from telegram import (
    Bot,
    CallbackQuery,
    ChatMemberUpdated,
    ExternalReplyInfo,
    Message,
    MessageEntity,
    MessageOriginUser,
    Update,
    User,
)
from telegram.constants import ChatMemberStatus, ChatType

from bot.chat.router import Router
from bot.platform.incoming import (
    Attachment,
    Author,
    ButtonPress,
    ChatKind,
    ChatMoved,
    ChatTopic,
    Command,
    Incoming,
    IncomingMessage,
    InlineQuery,
    MembershipChanged,
    NotAPicture,
    ReferencedMessage,
)
from bot.platform.models import MessageRef
from bot.queues.update_inbox import Update as RawUpdate
from bot.telegram import shapes
from bot.telegram.pictures import attachment_of
from inference.protocol.labels import clean

log = logging.getLogger(__name__)

# The kinds of updates that Telegram is asked for; no others are handled.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "inline_query", "my_chat_member")

# How a command is written (TDLib, MessageEntity.cpp, find_bot_commands); ASCII on purpose.
_WRITTEN = re.compile(r"/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>@])")
# Telegram marks no commands inside these (Bot API, formatting options), though people who copy
# `/classify a dog, a cat` from a help page send it as code.
_UNMARKED = {MessageEntity.CODE, MessageEntity.PRE, MessageEntity.TEXT_LINK}


class TelegramUpdateHandler:
    """`bot.queues.update_inbox.UpdateHandler` for Telegram: parses updates, and has them routed."""

    def __init__(self, bot: Bot, router: Router) -> None:
        self._bot = bot
        self._router = router

    def lane(self, update: RawUpdate) -> Hashable:
        """Return chat and person: one person's updates in one chat are handled in order."""
        return shapes.chat_and_person(update, ALLOWED_UPDATES)

    async def handle(self, update: RawUpdate) -> None:
        """Do what the update asks for."""
        if incoming := parse_update(update, self._bot):
            await self._router.handle(incoming)

    async def apologise(self, update: RawUpdate) -> None:
        """Say that something went wrong, if the update is a message meant for us. Never raises."""
        try:
            incoming = parse_update(update, self._bot)
            if isinstance(incoming, IncomingMessage):
                await self._router.apologise(incoming)
        except Exception:
            log.exception("The apology for update %s failed as well.", update.get("update_id"))


def parse_update(update: RawUpdate, bot: Bot) -> Incoming | None:
    """Return what an update says; None if no person said it, or it is of another kind."""
    parsed = Update.de_json(shapes.update(update) or update, bot)
    if parsed.callback_query:
        return _press(parsed.callback_query, bot)
    if parsed.inline_query:
        query = parsed.inline_query
        return InlineQuery(_person(query.from_user), query.query, handle=query.id)
    if parsed.my_chat_member:
        return _membership(parsed.my_chat_member)
    message = parsed.message or parsed.edited_message
    if message is None:
        return None
    if message.migrate_to_chat_id:
        return ChatMoved(message.chat_id, message.migrate_to_chat_id)
    return _message(message, bot, parsed.update_id, is_edit=parsed.edited_message is not None)


def restore_message(stored: bytes, bot: Bot) -> IncomingMessage | None:
    """Return the message of `IncomingMessage.stored`, which is Telegram's own JSON."""
    needed = shapes.message(json.loads(stored))
    return _message(Message.de_json(needed, bot), bot) if needed else None


def _message(
    message: Message, bot: Bot, update_id: int = 0, *, is_edit: bool = False
) -> IncomingMessage | None:
    author = _author_of(message)
    if author is None:
        return None
    command, is_for_another_bot = command_in(message, bot.username)
    is_ours = _is_by(message, bot.id)
    return IncomingMessage(
        ref=_ref(message),
        topic=_topic(message),
        author=author,
        sent_at=message.date,
        text=message.text or message.caption or "",
        is_caption=bool(message.caption) and not message.text,
        command=command,
        is_for_another_bot=is_for_another_bot,
        attachments=_attachments(message, is_ours=is_ours),
        replies_to=_replied_to(message, bot),
        is_ours=is_ours,
        has_content=bool(message.text or message.effective_attachment),
        album_id=message.media_group_id,
        sequence=update_id,
        is_edit=is_edit,
        stored=message.to_json().encode() if message.media_group_id else b"",
    )


def _press(query: CallbackQuery, bot: Bot) -> ButtonPress:
    author, data = _person(query.from_user), query.data or ""
    message = query.message
    if not isinstance(message, Message):  # too old for Telegram to say where it stands
        return ButtonPress(query.id, author, data, handle=query.id)
    return ButtonPress(
        query.id,
        author,
        data,
        _topic(message),
        _ref(message),
        _referenced(message, bot),
        _replied_to(message, bot),
        handle=query.id,
    )


def _membership(changed: ChatMemberUpdated) -> MembershipChanged | None:
    """Return that the bot was added to a group or removed; None for all else."""
    was, is_now = (
        member.status != ChatMemberStatus.LEFT
        for member in (changed.old_chat_member, changed.new_chat_member)
    )
    chat = changed.chat
    if was == is_now or chat.type not in {ChatType.GROUP, ChatType.SUPERGROUP}:
        return None
    topic = ChatTopic(ChatKind.GROUP, chat.id, chat.id)
    return MembershipChanged(topic, _person(changed.from_user), is_now)


def _author_of(message: Message) -> Author | None:
    """Return who sent a message; None for bots, channels, and what channels forward themselves."""
    if message.is_automatic_forward or message.chat.type == ChatType.CHANNEL:
        return None
    if chat := message.sender_chat:  # an anonymous admin speaks in a chat's name
        return Author(chat.id, chat.title or "", chat.username or "")
    user = message.from_user
    return None if user is None or user.is_bot else _person(user)


def _person(user: User) -> Author:
    names = (name for name in (user.first_name, user.last_name) if name and clean(name))
    return Author(user.id, next(names, ""), user.username or "", user.language_code)


def _topic(message: Message) -> ChatTopic:
    kind = ChatKind.PRIVATE if message.chat.type == ChatType.PRIVATE else ChatKind.GROUP
    return ChatTopic(kind, message.chat_id, message.chat_id, _thread(message))


def _ref(message: Message) -> MessageRef:
    return MessageRef(message.chat_id, message.message_id, _thread(message))


def _thread(message: Message) -> int | None:
    """Return the forum topic, which an answer must name."""
    # Outside forums `message_thread_id` marks threads of replies, which nothing can be sent to.
    return message.message_thread_id if message.is_topic_message else None


def _replied_to(message: Message, bot: Bot) -> ReferencedMessage | None:
    if quoted := message.external_reply:
        is_ours = _is_by(quoted, bot.id)
        chat, message_id = quoted.chat, quoted.message_id
        return ReferencedMessage(
            MessageRef(chat.id, message_id) if chat and message_id else None,
            is_elsewhere=True,
            is_ours=is_ours,
            attachments=_attachments(quoted, is_ours=is_ours),
        )
    return _referenced(message.reply_to_message, bot) if message.reply_to_message else None


def _referenced(message: Message, bot: Bot) -> ReferencedMessage:
    is_ours = _is_by(message, bot.id)
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    return ReferencedMessage(
        _ref(message),
        is_ours=is_ours,
        text=message.text or "",
        attachments=_attachments(message, is_ours=is_ours),
        buttons=tuple(str(button.callback_data) for row in rows for button in row),
    )


def _attachments(message: Message | ExternalReplyInfo, *, is_ours: bool) -> tuple[Attachment, ...]:
    found = attachment_of(message)
    if found is None:
        return ()
    return (NotAPicture.OURS if is_ours else found,)


def _is_by(message: Message | ExternalReplyInfo, user_id: int) -> bool:
    """Return whether this user wrote a message, also when somebody forwards or quotes it."""
    if isinstance(message, Message):
        origin, users = message.forward_origin, [message.from_user, message.via_bot]
    else:
        origin, users = message.origin, []
    if isinstance(origin, MessageOriginUser):
        users.append(origin.sender_user)
    return any(user is not None and user.id == user_id for user in users)


def command_in(message: Message, username: str) -> tuple[Command | None, bool]:
    """Return the command that a text or caption begins with, and whether it is for another bot.

    PTB's CommandHandler reads neither captions nor what follows a command as it was typed.

    Args:
        username: the bot's own, without @.
    """
    text = message.text or message.caption or ""
    written = _written(message, text)
    name, _, addressee = written[1:].partition("@")
    if addressee and addressee.lower() != username.lower():
        return None, True
    return (Command(name.lower(), text[len(written) :].strip()) if name else None), False


def _written(message: Message, text: str) -> str:
    """Return the command that a text begins with, as it was typed, or nothing.

    Its entity may stand anywhere in the list: bold and others may cover the same words.
    """
    entities = message.entities or message.caption_entities
    first = [entity for entity in entities if entity.offset == 0]
    for entity in first:
        if entity.type == MessageEntity.BOT_COMMAND:
            # A command is ASCII, so Telegram's UTF-16 length is its length here too.
            return text[: entity.length]
    if any(entity.type in _UNMARKED for entity in first) and (found := _WRITTEN.match(text)):
        return found.group()
    return ""
