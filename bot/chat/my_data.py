"""`/privacy`: what is stored, a button that sends all of it as a file, one that deletes it."""

import asyncio
import contextlib
import datetime
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from bot.chat.people import Speaker, speaker_of
from bot.platform.incoming import ButtonPress, IncomingMessage
from bot.platform.ports import Button, ChatPlatform, PicturesNotAllowed, TargetGone
from bot.storage import MEMORY_HOURS, MOST_ROWS, REMOVED_DAYS, SHARED_DAYS, Store

log = logging.getLogger(__name__)

_FORGET, _SHOW = "forget-me", "my-data"

Forget = Callable[[int], Awaitable[None]]
RoundsOf = Callable[[int], Awaitable[list[dict[str, Any]]]]


class MyData:
    """The command `/privacy` and its buttons, which work in private chats.

    Args:
        forget: removes a person, by id, from the games that are running.
        rounds_of: returns what the games that are running hold about a person.
    """

    def __init__(
        self, platform: ChatPlatform, store: Store, *, forget: Forget, rounds_of: RoundsOf
    ) -> None:
        self._platform = platform
        self._store = store
        self._forget = forget
        self._rounds_of = rounds_of
        self._one_file = asyncio.Lock()  # a file may have some MB
        self.commands = {"privacy": self.privacy}
        self.presses = {_FORGET: self.forget_all, _SHOW: self.send_all}

    async def privacy(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        """Say what is stored."""
        say = who.sentences
        text = say.privacy(MEMORY_HOURS, SHARED_DAYS, REMOVED_DAYS)
        rows = (Button(say.delete_button(), _FORGET),), (Button(say.my_data_button(), _SHOW),)
        buttons = rows if message.is_private else ()
        await self._platform.send_text(message.ref, text, buttons)

    async def forget_all(self, press: ButtonPress) -> None:
        """Delete everything that is stored about the person who pressed."""
        who = await speaker_of(press.author, self._store)
        await self._forget(who.user_id)
        await self._store.forget_person(who.user_id)
        text = who.sentences.deleted()
        await self._answer(press, text)
        if press.ref and press.shown and press.shown.text != text:
            await self._platform.edit_to_text(press.ref, press.ref.message_id, text)

    async def send_all(self, press: ButtonPress) -> None:
        """Send the person who pressed everything that is stored about them."""
        who = await speaker_of(press.author, self._store)
        if press.topic is None or press.ref is None:
            await self._answer(press, who.sentences.privacy_again())
            return
        if not press.topic.is_private:
            await self._answer(press, who.sentences.my_data_in_private())
            return
        await self._answer(press, "")  # first: the file may take longer than a press is valid
        async with self._one_file:
            file = await self._file(who.user_id)
            caption = who.sentences.my_data()
            try:
                await self._platform.send_file(press.ref, "my-data.json", file, caption)
            except PicturesNotAllowed as error:
                log.warning("A file with a person's data can't be sent: %s", error)
                await self._platform.send_text(press.ref, who.sentences.my_data_not_sent())

    async def _answer(self, press: ButtonPress, text: str) -> None:
        # After a long stop a press is too old to be answered; what it asks for is done anyway.
        with contextlib.suppress(TargetGone):
            await self._platform.answer_press(press, text)

    async def _file(self, user_id: int) -> bytes:
        rows = await self._store.data_of(user_id)
        rounds = await self._rounds_of(user_id)
        now = datetime.datetime.fromtimestamp(round(time.time()), datetime.UTC)
        whole = {
            "platform": self._platform.name,
            "user_id": user_id,
            "made_at": now.isoformat(),
            "only_the_newest": [name for name, found in rows.items() if len(found) >= MOST_ROWS],
            **rows,
            "running_games": rounds,
        }
        return await asyncio.to_thread(_json, whole)


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)
