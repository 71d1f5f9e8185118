"""Who speaks, and in which language."""

from dataclasses import dataclass

from bot.i18n import Sentences, choose, speak
from bot.platform.incoming import Author, ButtonPress
from bot.platform.ports import ChatPlatform
from bot.storage import Profile, Store


@dataclass(frozen=True)
class Speaker:
    """A person who wants something.

    Attributes:
        user_id: the person, or the chat in whose name an anonymous admin speaks.
        person: what they stored.
        sentences: the bot's words in their language.
    """

    user_id: int
    person: Profile
    sentences: Sentences


async def speaker_of(author: Author, store: Store) -> Speaker:
    """Return the author with what they stored."""
    person = await store.person(author.id)
    return Speaker(author.id, person, speak(choose(person.language, author.language)))


async def is_for(user_id: int, press: ButtonPress, platform: ChatPlatform) -> bool:
    """Return whether a button that is meant for `user_id` can be used by whoever pressed it.

    An anonymous admin asks in the name of the group, and presses as themselves: then any admin can.
    """
    if press.author.id == user_id:
        return True
    topic = press.topic
    if topic is None or topic.is_private or topic.chat_id != user_id:
        return False
    return await platform.is_admin(topic, press.author.id)
