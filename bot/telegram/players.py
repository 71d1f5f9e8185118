"""Who plays, and who may end a game or change a group's settings."""

import time

from telegram import Chat, Message, User
from telegram.constants import ChatMemberStatus

from bot.games import Player
from bot.store import Store
from bot.telegram.platform import Bot, telegram_errors
from bot.texts.lengths import shortened
from inference.phrases import clean

# Twenty names of this length and their links fit on a board; in UTF-16 units.
_NAME = 24
# An admin who is dismissed may end games for so much longer, in seconds.
_REMEMBERED = 60.0
_ADMINS = {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR}


def sender_of(message: Message) -> User | Chat | None:
    """The person, or the chat in whose name an anonymous admin speaks."""
    return message.sender_chat or message.from_user


async def player_of(who: User | Chat, store: Store) -> Player:
    """Somebody as a game knows them. Names are theirs to choose: anything may be in them."""
    written = who.first_name if isinstance(who, User) else (who.title or "")
    last = who.last_name or "" if isinstance(who, User) else ""
    name = clean(written) or clean(last) or (who.username or "")
    return Player(who.id, shortened(name, _NAME), who.username or "", await store.is_hidden(who.id))


class Admins:
    """Who is an admin of which group; asks Telegram, and remembers for a minute."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._known: dict[tuple[int, int], tuple[bool, float]] = {}

    async def has(self, chat: Chat, user_id: int) -> bool:
        """Whether a person may decide for a chat; in private everybody may.

        Raises:
            TryAgain, Gone: Telegram does not say.
        """
        # An anonymous admin speaks in the name of the group itself.
        if chat.type == Chat.PRIVATE or user_id == chat.id:
            return True
        now = time.monotonic()
        known = self._known.get((chat.id, user_id))
        if known is None or known[1] < now:
            async with telegram_errors():
                member = await self._bot.get_chat_member(chat.id, user_id)
            self._known = {key: value for key, value in self._known.items() if value[1] >= now}
            known = (member.status in _ADMINS, now + _REMEMBERED)
            self._known[chat.id, user_id] = known
        return known[0]
