"""Albums: their items come as separate messages, any of which may have the caption.

Each item is stored when it comes, and its update is then done. Once no item has come for `SETTLE`
seconds the workers are asked about the whole album, or about its parts where its captions differ.
A later item or an edited caption makes the album due again; new answers replace the old ones.
"""

import asyncio
import contextlib
import logging
from dataclasses import replace

from bot.chat.classify import ClassifyHandler
from bot.chat.people import Speaker, speaker_of
from bot.chat.photo_jobs import Admission
from bot.chat.pictures.album_parts import AlbumPart, numbered, parts_of
from bot.chat.pictures.shown_pictures import worst_of
from bot.platform.incoming import IncomingMessage, NotAPicture
from bot.platform.ports import ChatPlatform, TargetGone
from bot.queues import AWAY
from bot.runtime.clock import steady
from bot.runtime.retry import Retries
from bot.storage import DATABASE_AWAY, Store, StoredAlbum
from inference.protocol.broker.client import ACK_WAIT

log = logging.getLogger(__name__)

# Seconds. Telegram sends all items within moments; a bad connection may spread them, see above.
SETTLE = 1.5
_LOOK_EVERY = 5.0  # seconds
# An album that is being handled is due again after this, if a crash interrupts it; in seconds.
_LEASE = 120.0
_AT_ONCE = 8
_ATTEMPTS = 3


class AlbumCollector:
    """Stores items and asks the workers about whole albums."""

    def __init__(self, platform: ChatPlatform, store: Store, classify: ClassifyHandler) -> None:
        self._platform = platform
        self._store = store
        self._classify = classify
        self._something_came = asyncio.Event()
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._retries = Retries(AWAY, _ATTEMPTS)

    async def add(self, message: IncomingMessage, speaker: Speaker) -> None:
        """Keep an item, new or edited."""
        await self._store.add_album_item(
            message.ref.chat_id,
            message.album_id or "",
            message.ref.message_id,
            message.stored,
            user_id=speaker.user_id,
            edited=message.is_edit,
            revision=message.sequence,
            settle=SETTLE,
        )
        self._something_came.set()

    async def watch(self) -> None:
        """Ask about each album once it has settled, until cancelled."""
        # After a crash, items that were not acknowledged come again only after ACK_WAIT.
        await self._store.put_off_all_albums(ACK_WAIT + SETTLE)
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._something_came.clear()
                due = await self._store.next_album_due()
                pause = _LOOK_EVERY if due is None else due - steady()
                if pause > 0:
                    # Before Python 3.12, asyncio.wait_for may swallow a cancellation.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(pause):
                            await self._something_came.wait()
                    continue
                for album in await self._store.due_albums():
                    await self._store.put_off_album(album, _LEASE)
                    tasks.create_task(self._deal_with(album))

    async def _deal_with(self, album: StoredAlbum) -> None:
        """Ask about an album. After an error, try again later or apologise."""
        again: float | None = None
        try:
            async with self._at_once:
                await self._take_up(album)
        except TargetGone as error:
            log.info("An album can't be answered: %s", error)
        except Exception as error:
            again = self._retries.after(error, "An album", album)
            if again is None:
                await self._apologise(album)
        if again is None:
            self._retries.forget(album)
        with contextlib.suppress(*DATABASE_AWAY):  # it is then due again after its lease
            await self._store.put_off_album(album, again)
        self._something_came.set()  # else `watch` sleeps until the lease ends

    async def _apologise(self, album: StoredAlbum) -> None:
        try:
            messages = await self._messages(album)
            asked = (m for m in messages if m.ref.message_id == album.asking_id)
            asking = next(asked, messages[0])
            if asking.is_private or album.asking_id:
                speaker = await speaker_of(asking.author, self._store)
                await self._classify.refuse(asking, speaker.sentences.apology())
        except Exception:
            log.exception("The apology for an album failed as well.")

    async def _messages(self, album: StoredAlbum) -> list[IncomingMessage]:
        items = await self._store.album_items(album)
        messages = [found for item in items if (found := self._platform.restore(item))]
        if not messages:
            raise TargetGone("the album was forgotten")
        return messages

    async def _take_up(self, album: StoredAlbum) -> None:
        parts = parts_of(await self._messages(album), album.asking_id)
        if not parts:
            return  # photos in a group that nobody asked about; a late item may have the command
        asking_id = album.asking_id or parts[0].asking.ref.message_id
        await self._store.album_asked_by(album, asking_id)
        admission = Admission(is_wanted=lambda: self._store.is_settling(album))
        for part in parts:
            if await admission.is_wanted():
                await self._ask(part, album.revision, admission)

    async def _ask(self, part: AlbumPart, revision: int, admission: Admission) -> None:
        asking = replace(part.asking, sequence=revision, is_edit=True)
        speaker = await speaker_of(asking.author, self._store)
        found = await self._classify.found_in(part.messages, asking)
        if media := numbered(found, part.first):
            await self._classify.ask(asking, speaker, media, part.phrases, admission=admission)
        else:
            why = worst_of(found) or NotAPicture.OTHER_FILE
            await self._classify.refuse_target(asking, speaker, why, part.phrases)
