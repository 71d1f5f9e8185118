"""Who is an admin of which group."""

import logging
import time

from telegram import Bot
from telegram.error import BadRequest

from bot.platform.ports import TargetGone
from bot.telegram.refusals import telegram_errors

log = logging.getLogger(__name__)

# A dismissed admin may still decide for this long; in seconds.
_REMEMBERED = 60.0
# Groups whose admins are remembered at once; a thousand lists take a few hundred kB.
_CHATS = 1_000


class Admins:
    """Asks Telegram for the admins of a group, and remembers them for a minute.

    Asks for the whole list: getChatMember "is only guaranteed to work for other users if the bot is
    an administrator in the chat" (Bot API), which this bot usually is not.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._known: dict[int, tuple[frozenset[int], float]] = {}

    async def has(self, chat_id: int, user_id: int) -> bool:
        """Return whether a person is an admin of a group.

        Raises:
            RetryLater: Telegram can't be asked just now.
        """
        if user_id == chat_id:  # an anonymous admin speaks in the name of the group itself
            return True
        now = time.monotonic()
        known = self._known.get(chat_id)
        if known is None or known[1] < now:
            ids = await self._asked(chat_id)
            recent = {key: value for key, value in self._known.items() if value[1] >= now}
            for oldest in list(recent)[: max(0, len(recent) - _CHATS + 1)]:
                del recent[oldest]
            known = (ids, now + _REMEMBERED)
            self._known = {**recent, chat_id: known}
        return user_id in known[0]

    async def _asked(self, chat_id: int) -> frozenset[int]:
        """Return the admins; none if Telegram does not name them, so that nothing else fails."""
        try:
            async with telegram_errors():
                members = await self._bot.get_chat_administrators(chat_id)
        except (TargetGone, BadRequest) as error:
            log.info("Chat %s does not tell who its admins are: %s", chat_id, error)
            return frozenset()
        return frozenset(member.user.id for member in members)
