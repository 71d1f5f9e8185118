"""Who speaks, and in which language."""

from dataclasses import dataclass, replace

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


async def as_owner(
    owner: int, who: Speaker, press: ButtonPress, store: Store, platform: ChatPlatform
) -> Speaker | None:
    """Return whoever pressed a button, as the person whom it is for; None if it is not for them.

    An anonymous admin asks in the name of the group, and presses as themselves: then any admin can,
    and acts in the name of the group, too.

    Args:
        owner: whom the button is for.
        who: whoever pressed it, as themselves.
    """
    if who.user_id == owner:
        return who
    topic = press.topic
    if topic is None or topic.is_private or topic.chat_id != owner:
        return None
    if not await platform.is_admin(topic, who.user_id):
        return None
    return replace(who, user_id=owner, person=await store.person(owner))
