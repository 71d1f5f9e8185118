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
from bot.backoff import Failures, backoff
from bot.platform import Gone, TryAgain
from bot.store import DATABASE_AWAY, Album, Store
from bot.telegram import shapes
from bot.telegram.commands import command_in
from bot.telegram.conversation import Conversation
from bot.telegram.people import Speaker, is_private, speaker_of
from bot.telegram.pictures import NotAPicture
from bot.telegram.platform import Bot
from inference.errors import QueueUnavailable
from inference.queue import ACK_WAIT

log = logging.getLogger(__name__)

# Telegram sends an album's items within moments; a bad line may spread them, see above.
SETTLE = 1.5
_LOOK_EVERY = 5.0
# An album that is being asked about is not due meanwhile; after a crash it is again, in seconds.
_LEASE = 120.0
_AT_ONCE = 8
_OUR_TRIES = 3


class Albums:
    """Collects items and asks about whole albums."""

    def __init__(self, bot: Bot, store: Store, conversation: Conversation) -> None:
        self._bot = bot
        self._store = store
        self._conversation = conversation
        self._something_came = asyncio.Event()
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._failures = Failures()

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
            serial=update_id,
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
                pause = _LOOK_EVERY if due is None else due - time.time()
                if pause > 0:
                    # Not wait_for: before Python 3.12 that may swallow a cancellation.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(pause):
                            await self._something_came.wait()
                    continue
                for album in await self._store.due_albums():
                    await self._store.put_off_album(album, _LEASE)
                    tasks.create_task(self._deal_with(album))

    async def _deal_with(self, album: Album) -> None:
        """Asks about an album; whatever goes wrong, it is tried again or told."""
        again: float | None = None
        try:
            async with self._at_once:
                await self._take_up(album)
        except Gone as error:
            log.info("An album has nobody to answer: %s", error)
        except (TryAgain, QueueUnavailable, *DATABASE_AWAY) as error:
            again = getattr(error, "after", 0.0) or backoff(self._failures.count(album))
            log.warning("An album: %s; trying again in %.0f s.", error, again)
        except Exception:
            failures = self._failures.count(album)
            log.exception("An album failed for the %d. time.", failures)
            if failures < _OUR_TRIES:
                again = backoff(failures)
            else:
                await self._apologise(album)
        if again is None:
            self._failures.forget(album)
        with contextlib.suppress(*DATABASE_AWAY):  # it then comes back after its lease
            await self._store.put_off_album(album, again)
        self._something_came.set()  # or `watch` would sleep on until the lease ends

    async def _apologise(self, album: Album) -> None:
        try:
            asking, _ = await self._read(album)
            speaker = await speaker_of(asking, self._store)
            if speaker and (is_private(asking) or album.asking_id):
                await self._conversation.refuse(asking, speaker.sentences.apology())
        except Exception:
            log.exception("The apology for an album failed as well.")

    async def _read(self, album: Album) -> tuple[Message, list[Message]]:
        """The item to answer, and all items.

        That is the one answered before; else the one with the caption; else the first.
        """
        packed = await self._store.album_items(album)
        items = [shapes.message(json.loads(item)) for item in packed]
        messages = [Message.de_json(item, self._bot) for item in items if item]
        if not messages:
            raise Gone("the album was forgotten")
        captioned = _captioned(messages)
        asking = next((m for m in messages if m.message_id == album.asking_id), captioned)
        return asking, messages

    async def _take_up(self, album: Album) -> None:
        asking, messages = await self._read(album)
        speaker = await speaker_of(asking, self._store)
        if speaker is None:
            return
        captioned = _captioned(messages)
        phrases = captioned.caption
        if command := command_in(captioned, self._bot.username):
            phrases = command.argument if command.name == "classify" else None
        if not is_private(asking) and not (command and command.name == "classify"):
            return  # plain group photos are never touched; a late item may still bring the command
        await self._store.album_asked_by(album, asking.message_id)
        found = [self._conversation.picture_in(message) for message in messages]
        media = tuple(picture for picture in found if isinstance(picture, Media))
        if media:
            await self._conversation.ask(asking, speaker, media, phrases, album.serial)
        else:
            sentences = speaker.sentences
            moving = NotAPicture.MOVING in found
            await self._conversation.refuse(
                asking, sentences.moving_picture() if moving else sentences.only_pictures()
            )


def _captioned(messages: list[Message]) -> Message:
    return next((message for message in messages if message.caption), messages[0])
