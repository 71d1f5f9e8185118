"""Albums: their items come as separate updates, the caption on any of them; one answer for all.

Each item is stored when it comes, and its update is then done with. Once no item has come for
`SETTLE` seconds the album is asked about as a whole. A later item, or an edited caption, makes it
due again, and the new answer takes the old one's place.
"""

import asyncio
import contextlib
import json
import logging
import time

from telegram import Message

from bot.asks import Media
from bot.platform import Gone, TryAgain
from bot.store import Store
from bot.telegram.commands import command_in
from bot.telegram.conversation import Conversation
from bot.telegram.people import is_private, speaker_of
from bot.telegram.pictures import NotAPicture
from bot.telegram.platform import Bot
from inference.errors import QueueUnavailable

log = logging.getLogger(__name__)

# Telegram sends an album's items within moments; a bad line may spread them, see above.
SETTLE = 1.5
_RETRY_AFTER = 2.0
_LOOK_EVERY = 5.0


class Albums:
    """Collects items and asks about whole albums."""

    def __init__(self, bot: Bot, store: Store, conversation: Conversation) -> None:
        self._bot = bot
        self._store = store
        self._conversation = conversation
        self._something_came = asyncio.Event()

    async def add(self, message: Message, update_id: int) -> None:
        """Keeps an item, new or edited."""
        await self._store.add_album_item(
            message.chat_id,
            message.media_group_id or "",
            message.message_id,
            message.to_json().encode(),
            serial=update_id,
            settle=SETTLE,
        )
        self._something_came.set()

    async def watch(self) -> None:
        """Asks about each album once it has settled."""
        while True:
            self._something_came.clear()
            due = await self._store.next_album_due()
            pause = _LOOK_EVERY if due is None else due - time.time()
            if pause > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._something_came.wait(), pause)
                continue
            for chat_id, group_id, serial in await self._store.due_albums():
                try:
                    await self._take_up(chat_id, group_id, serial)
                except Gone as error:
                    log.info("An album has nobody to answer: %s", error)
                except (TryAgain, QueueUnavailable) as error:
                    log.warning("An album has to wait: %s", error)
                    await asyncio.sleep(_RETRY_AFTER)
                    continue
                except Exception:
                    log.exception("An album could not be asked about.")
                await self._store.album_taken_up(chat_id, group_id, serial)

    async def _take_up(self, chat_id: int, group_id: str, serial: int) -> None:
        packed = await self._store.album(chat_id, group_id)
        messages = [Message.de_json(json.loads(item), self._bot) for item in packed]
        found = [self._conversation.picture_in(message) for message in messages]
        media = tuple(picture for picture in found if isinstance(picture, Media))
        # The item with the caption is the one that asks; without any, the first.
        asking = next((message for message in messages if message.caption), messages[0])
        speaker = await speaker_of(asking, self._store)
        if speaker is None:
            return
        command = command_in(asking, self._bot.username)
        phrases = asking.caption
        if command and command.name == "classify":
            phrases = command.argument
        elif not is_private(asking):
            # Plain group photos are never touched, and there is no reason to remember them.
            await self._store.forget_album(chat_id, group_id)
            return
        if media:
            await self._conversation.ask(asking, speaker, media, phrases, serial)
        else:
            moving = NotAPicture.MOVING in found
            await self._conversation.refuse(
                asking,
                speaker.sentences.moving_picture() if moving else speaker.sentences.only_pictures(),
            )
