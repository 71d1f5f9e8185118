"""Who speaks, and in which language."""

from dataclasses import dataclass

from bot.i18n import Sentences, choose, speak
from bot.platform.incoming import Author
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
