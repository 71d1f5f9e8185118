"""Albums with several captions, and the limit of a person."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.platform.models import Media
from bot.platform.ports import RetryLater
from inference.protocol import tasks
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import message, picture
from tests.waiting import until


class Sender:
    """Sends albums of photos to the bot."""

    def __init__(self, chat: PrivateChat) -> None:
        self._chat = chat
        self._sequence = 100

    async def sends(self, *captions: str, first: int = 10, edited: bool = False) -> None:
        """Send or edit an album; return once it was asked about."""
        for number, caption in enumerate(captions, first):
            self._sequence += 1
            item = message(number, caption, picture((300 + number, 300)), album_id=f"album {first}")
            item = replace(item, sequence=self._sequence, is_edit=edited)
            await self._chat.hears(self._chat.platform.keeps(item))
        await until(self._chat.store.next_album_due, None)


@pytest.fixture
async def alice(chat: PrivateChat, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("bot.chat.albums.SETTLE", 0.1)
    monkeypatch.setattr("bot.chat.albums.ACK_WAIT", 0.0)
    task = asyncio.create_task(chat.albums.watch())
    yield Sender(chat)
    await tasks.end(task)


async def test_an_album_counts_once_for_the_limit_of_a_person(
    chat: PrivateChat, alice: Sender
) -> None:
    await chat.photo(1, "a dog, a cat")
    assert len(await chat.jobs()) == 1  # three at once is her limit
    await alice.sends("a, b", "c, d", "e, f")
    assert len(await chat.jobs()) == 3
    assert chat.sentences == []


async def test_an_album_over_the_limit_is_refused_in_one_sentence(
    chat: PrivateChat, alice: Sender
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


@pytest.mark.parametrize("error", [None, RetryLater("away")])
async def test_an_album_that_is_taken_back_while_it_is_fetched_is_not_asked_about(
    chat: PrivateChat, alice: Sender, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    fetched: list[str] = []

    async def fetch(media: Media) -> bytes:
        fetched.append(media.file_id)
        if len(fetched) == 1:
            await chat.text(20, "/cancel")
            if error:
                raise error
        return b"picture"

    monkeypatch.setattr(chat.platform, "fetch", fetch)
    await alice.sends("a, b", "c, d")
    await alice.sends("e, f", "g, h", first=30)
    assert [job.labels for job in await chat.jobs()] == [["e", "f"], ["g", "h"]]
    assert chat.sentences == ["Taken back: I will not answer this picture."]
    assert await chat.store.jobs_in_flight(7) == 2
