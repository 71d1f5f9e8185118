"""Albums: their items come as separate updates, the caption on any of them; one answer for all.

Each item is stored when it comes, and its update is then done with. Once no item has come for
`SETTLE` seconds the album is asked about as a whole, or in parts where its captions differ. A later
item, or an edited caption, makes it due again, and new answers take the places of old ones.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Sequence

from telegram import Message

from bot.chat.album_parts import Part, numbered, parts_of
from bot.chat.classify import Conversation
from bot.chat.people import Speaker, is_private, speaker_of
from bot.platform.models import Media
from bot.platform.ports import TargetGone
from bot.queues import AWAY
from bot.queues.job_publisher import Admission
from bot.runtime.clock import steady
from bot.runtime.retry import Retries
from bot.storage import DATABASE_AWAY, Store, StoredAlbum
from bot.telegram import shapes
from bot.telegram.pictures import NotAPicture
from bot.telegram.platform import Bot
from inference.protocol.broker.client import ACK_WAIT

log = logging.getLogger(__name__)

# Telegram sends an album's items within moments; a bad line may spread them, see above.
SETTLE = 1.5
_LOOK_EVERY = 5.0
# An album that is being asked about is not due meanwhile; after a crash it is again, in seconds.
_LEASE = 120.0
_AT_ONCE = 8
_ATTEMPTS = 3


class Albums:
    """Collects items and asks about whole albums."""

    def __init__(self, bot: Bot, store: Store, conversation: Conversation) -> None:
        self._bot = bot
        self._store = store
        self._conversation = conversation
        self._something_came = asyncio.Event()
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._retries = Retries(AWAY, _ATTEMPTS)

    async def add(
        self, message: Message, speaker: Speaker, update_id: int, *, edited: bool
    ) -> None:
        """Keeps an item, new or edited."""
        await self._store.add_album_item(
            message.chat_id,
            message.media_group_id or "",
            message.message_id,
            message.to_json().encode(),
            user_id=speaker.user_id,
            edited=edited,
            revision=update_id,
            settle=SETTLE,
        )
        self._something_came.set()

    async def watch(self) -> None:
        """Asks about each album once it has settled."""
        # After a crash, items that were not acknowledged come again only after ACK_WAIT.
        await self._store.put_off_all_albums(ACK_WAIT + SETTLE)
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._something_came.clear()
                due = await self._store.next_album_due()
                pause = _LOOK_EVERY if due is None else due - steady()
                if pause > 0:
                    # Not wait_for: before Python 3.12 that may swallow a cancellation.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(pause):
                            await self._something_came.wait()
                    continue
                for album in await self._store.due_albums():
                    await self._store.put_off_album(album, _LEASE)
                    tasks.create_task(self._deal_with(album))

    async def _deal_with(self, album: StoredAlbum) -> None:
        """Asks about an album; whatever goes wrong, it is tried again or told."""
        again: float | None = None
        try:
            async with self._at_once:
                await self._take_up(album)
        except TargetGone as error:
            log.info("An album has nobody to answer: %s", error)
        except Exception as error:
            again = self._retries.after(error, "An album", album)
            if again is None:
                await self._apologise(album)
        if again is None:
            self._retries.forget(album)
        with contextlib.suppress(*DATABASE_AWAY):  # it then comes back after its lease
            await self._store.put_off_album(album, again)
        self._something_came.set()  # or `watch` would sleep on until the lease ends

    async def _apologise(self, album: StoredAlbum) -> None:
        try:
            messages = await self._messages(album)
            asking = next((m for m in messages if m.message_id == album.asking_id), messages[0])
            speaker = await speaker_of(asking, self._store)
            if speaker and (is_private(asking) or album.asking_id):
                await self._conversation.refuse(asking, speaker.sentences.apology())
        except Exception:
            log.exception("The apology for an album failed as well.")

    async def _messages(self, album: StoredAlbum) -> list[Message]:
        packed = await self._store.album_items(album)
        items = [shapes.message(json.loads(item)) for item in packed]
        messages = [Message.de_json(item, self._bot) for item in items if item]
        if not messages:
            raise TargetGone("the album was forgotten")
        return messages

    async def _take_up(self, album: StoredAlbum) -> None:
        messages = await self._messages(album)
        parts = parts_of(messages, album.asking_id, self._bot.username)
        if not parts:
            return  # plain group photos are never touched; a late item may still bring the command
        await self._store.album_asked_by(album, album.asking_id or parts[0].asking.message_id)
        admission = Admission()
        for part in parts:
            await self._ask(part, album.revision, admission)

    async def _ask(self, part: Part, revision: int, admission: Admission) -> None:
        asking = part.asking
        speaker = await speaker_of(asking, self._store)
        if speaker is None:
            return
        found = await self._conversation.pictures(part.messages, asking, revision)
        if media := numbered(found, part.first):
            await self._conversation.ask(
                asking, speaker, media, part.phrases, revision, admission=admission
            )
        else:
            await self._conversation.refuse_target(asking, speaker, _worst(found))


def _worst(found: Sequence[Media | NotAPicture | None]) -> NotAPicture:
    """Why none of an album's items is a picture, in the one reason that says most."""
    return next(
        why
        for why in (NotAPicture.OURS, NotAPicture.MOVING, NotAPicture.OTHER_FILE)
        if why in found or why is NotAPicture.OTHER_FILE
    )
