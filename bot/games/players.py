"""Who plays, and who may end a game or change a group's settings."""

import logging
import time

from telegram import Chat, Message, User
from telegram.error import BadRequest

from bot.games.rules import Player
from bot.i18n.lengths import shortened
from bot.platform.ports import TargetGone
from bot.storage import Store
from bot.telegram.platform import Bot, telegram_errors
from inference.protocol.labels import clean

log = logging.getLogger(__name__)

# Twenty names of this length and their links fit on a board; in UTF-16 units.
_NAME = 24
# An admin who is dismissed may end games for so much longer, in seconds.
_REMEMBERED = 60.0
# Chats whose admins are remembered at once; a thousand lists take a few hundred kB.
_CHATS = 1_000


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
    """Who is an admin of which group; asks Telegram, and remembers for a minute.

    Asks for the list: Bot API: getChatMember "is only guaranteed to work for other users if the bot
    is an administrator in the chat", which this bot mostly is not.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._known: dict[int, tuple[frozenset[int], float]] = {}

    async def has(self, chat: Chat, user_id: int) -> bool:
        """Whether a person may decide for a chat; in private everybody may.

        Raises:
            TryAgain: Telegram can't be asked just now.
        """
        # An anonymous admin speaks in the name of the group itself.
        if chat.type == Chat.PRIVATE or user_id == chat.id:
            return True
        now = time.monotonic()
        known = self._known.get(chat.id)
        if known is None or known[1] < now:
            ids = await self._asked(chat)
            recent = {key: value for key, value in self._known.items() if value[1] >= now}
            for oldest in list(recent)[: max(0, len(recent) - _CHATS + 1)]:
                del recent[oldest]
            known = (ids, now + _REMEMBERED)
            self._known = {**recent, chat.id: known}
        return user_id in known[0]

    async def _asked(self, chat: Chat) -> frozenset[int]:
        """Nobody where Telegram refuses to say: that is no reason to fail whoever asked."""
        try:
            async with telegram_errors():
                members = await self._bot.get_chat_administrators(chat.id)
        except (TargetGone, BadRequest) as error:
            log.info("Chat %s does not tell who its admins are: %s", chat.id, error)
            return frozenset()
        return frozenset(member.user.id for member in members)
