"""Albums whose captions are questions of their own, and a person who asks too much."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bot.chat.albums import Albums
from inference.protocol import tasks
from tests.bot.chat.private_chat import Chat
from tests.bot.telegram.messages import message, size
from tests.waiting import until

_TELEGRAM: Any = SimpleNamespace(username="clip_bot", defaults=None)


class Sender:
    """Sends albums of photos to the bot."""

    def __init__(self, chat: Chat, albums: Albums) -> None:
        self._chat = chat
        self._albums = albums
        self._serial = 100

    async def sends(self, *captions: str, first: int = 10, edited: bool = False) -> None:
        """Sends or edits an album; returns once it was asked about."""
        for number, caption in enumerate(captions, first):
            self._serial += 1
            item = message(
                message_id=number,
                photo=[size(300 + number, 300)],
                caption=caption,
                media_group_id=f"album {first}",
            )
            who = await self._chat.speaker(item)
            await self._albums.add(item, who, self._serial, edited=edited)
        await until(self._chat.store.next_album_due, None)


@pytest.fixture
async def alice(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("bot.chat.albums.SETTLE", 0.1)
    monkeypatch.setattr("bot.chat.albums.ACK_WAIT", 0.0)
    albums = Albums(_TELEGRAM, chat.store, chat.conversation)
    task = asyncio.create_task(albums.watch())
    yield Sender(chat, albums)
    await tasks.end(task)


async def test_an_album_of_more_captions_than_a_person_may_ask_is_answered_whole(
    chat: Chat, alice: Sender
) -> None:
    await chat.photo(1, "a dog, a cat")
    assert len(await chat.jobs()) == 1  # three at once is her limit
    await alice.sends("a, b", "c, d", "e, f")
    assert len(await chat.jobs()) == 3
    assert chat.sentences == []


async def test_an_album_that_is_too_much_is_refused_in_one_sentence(
    chat: Chat, alice: Sender
) -> None:
    for number in (1, 2, 3):
        await chat.photo(number, "a dog, a cat")
    assert len(await chat.jobs()) == 3
    captions = ["a, b", "c, d", "e, f"]
    await alice.sends(*captions)
    assert ["still busy with 3" in sentence for sentence in chat.sentences] == [True]
    for number in (1, 2, 3):
        await chat.charts(number)
    await alice.sends(*captions, edited=True)  # Telegram says so of a first reaction
    assert await chat.jobs() == []
    await alice.sends(*captions, first=20)
    assert len(await chat.jobs()) == 3
    assert len(chat.sentences) == 1
