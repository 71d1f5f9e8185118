"""Who plays, and who may end a game or change a group's settings."""

from bot.games.rules import Player
from bot.i18n.lengths import shortened
from bot.platform.incoming import Author, ChatTopic
from bot.platform.ports import ChatPlatform
from bot.storage import Store
from inference.protocol.labels import clean

# Twenty names of this length and their links fit on a board; in UTF-16 units.
_NAME = 24


async def player_of(author: Author, store: Store) -> Player:
    """Return a person as a game knows them. People choose their names: anything may be in them."""
    name = clean(author.name) or author.username
    return Player(
        author.id, shortened(name, _NAME), author.username, await store.is_hidden(author.id)
    )


async def may_decide(platform: ChatPlatform, topic: ChatTopic, user_id: int) -> bool:
    """Return whether a person may decide for a chat; in private everybody may.

    Raises:
        RetryLater: the platform can't be asked just now.
    """
    return topic.is_private or await platform.is_admin(topic, user_id)
