"""Who speaks, where, and in which language."""

from dataclasses import dataclass

from telegram import Chat, ExternalReplyInfo, Message, MessageOriginUser, User
from telegram.constants import ChatType

from bot.i18n import Sentences, choose, speak
from bot.platform.models import MessageRef
from bot.storage import Profile, Store


@dataclass(frozen=True)
class Speaker:
    """Somebody who wants something.

    Attributes:
        user_id: the person, or the chat in whose name an anonymous admin speaks.
        person: what they stored.
        sentences: the bot's words in their language.
    """

    user_id: int
    person: Profile
    sentences: Sentences


def place_of(message: Message) -> MessageRef:
    """Where an answer to this message goes."""
    # Outside forums `message_thread_id` marks threads of replies, where nothing can be sent to.
    thread = message.message_thread_id if message.is_topic_message else None
    return MessageRef(message.chat_id, message.message_id, thread)


def is_private(message: Message) -> bool:
    """True in a chat with one person."""
    return message.chat.type == ChatType.PRIVATE


def is_by(message: Message | ExternalReplyInfo, user_id: int) -> bool:
    """True where this user wrote a message, also when somebody forwards or quotes it."""
    if isinstance(message, Message):
        origin, users = message.forward_origin, [message.from_user, message.via_bot]
    else:
        origin, users = message.origin, []
    if isinstance(origin, MessageOriginUser):
        users.append(origin.sender_user)
    return any(user is not None and user.id == user_id for user in users)


async def speaker_of(message: Message, store: Store) -> Speaker | None:
    """Who sent a message; None for other bots, channels and what channels forward by themselves."""
    if message.is_automatic_forward or message.chat.type == ChatType.CHANNEL:
        return None
    if message.sender_chat:
        return await speaker(message.sender_chat, store)
    user = message.from_user
    return None if user is None or user.is_bot else await speaker(user, store)


async def speaker(who: User | Chat, store: Store) -> Speaker:
    """A person, or an anonymous admin's chat, with what they stored."""
    person = await store.person(who.id)
    client = who.language_code if isinstance(who, User) else None
    return Speaker(who.id, person, speak(choose(person.language, client)))
