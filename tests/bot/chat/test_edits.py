"""Edits: only a change of the message is a new question, not a change of settings."""

from typing import Any

import pytest

from bot.platform.incoming import IncomingMessage, Picture, PictureSize
from bot.platform.models import Media
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import message, picture, referenced

TOO_MANY = ", ".join(f"label {number}" for number in range(30))


async def _sets(chat: PrivateChat) -> None:
    await chat.text(500, "/labels a moon, a sun")
    await chat.text(501, "/template a photo of {}")
    chat.platform.said.clear()


async def test_an_edit_that_changes_nothing_leaves_the_answer_as_it_is(chat: PrivateChat) -> None:
    await chat.text(1, "/labels a dog, a cat")
    await chat.photo(2)
    await chat.photo(3, "a house, a boat")
    assert len(await chat.jobs()) == 2
    await _sets(chat)
    for revision in (8, 9):
        await chat.photo(2, revision=revision)
        await chat.photo(3, "a house, a boat", revision=revision)
    assert await chat.jobs() == []
    assert chat.sentences == []


async def test_a_new_caption_is_a_new_question(chat: PrivateChat) -> None:
    await chat.text(1, "/labels a dog, a cat")
    await chat.photo(2)
    await chat.jobs()
    await chat.photo(2, "a house, a boat", revision=8)
    await chat.photo(2, revision=9)  # its caption is removed again
    first, second = await chat.jobs()
    assert first.labels == ["a house", "a boat"]
    assert second.labels == ["a dog", "a cat"]


async def test_a_new_picture_is_a_new_question(chat: PrivateChat) -> None:
    await chat.text(1, "/labels a dog, a cat")
    await chat.photo(2)
    await chat.photo(2, revision=8, width=500)
    assert [job.images for job in await chat.jobs()] == [
        [b"picture 400x300-id"],
        [b"picture 500x300-id"],
    ]


async def test_hiding_a_picture_hides_its_chart(chat: PrivateChat) -> None:
    def sent(*, hidden: bool, revision: int = 0) -> IncomingMessage:
        media = Media("file", "unique", 10, has_spoiler=hidden)
        shown = Picture((PictureSize(media, 300),))
        return message(1, "a dog, a cat", shown, revision=revision)

    await chat.hears(sent(hidden=False))
    await chat.hears(sent(hidden=False, revision=5))
    assert len(await chat.jobs()) == 1
    for revision, hidden in ((6, True), (7, True), (8, False)):
        await chat.hears(sent(hidden=hidden, revision=revision))
        record = await chat.store.latest_job(7, 1)
        assert record
        assert [media.has_spoiler for media in record.media] == [hidden]
    assert len(await chat.jobs()) == 2


async def test_phrases_that_were_removed_are_not_sorted_again(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.photo(1, revision=8)
    await chat.jobs()
    await _sets(chat)
    await chat.photo(1, revision=9)
    assert await chat.jobs() == []
    await chat.photo(1, "a dog, a cat", revision=10)
    (job,) = await chat.jobs()
    assert job.labels == ["a dog", "a cat"]


async def test_an_open_question_is_not_answered_by_stored_phrases(chat: PrivateChat) -> None:
    await chat.photo(1)
    await _sets(chat)
    await chat.photo(1, revision=8)
    assert await chat.jobs() == []
    await chat.photo(1, revision=9, width=500)  # with another picture
    assert len(await chat.jobs()) == 1


async def test_phrases_that_were_refused_are_refused_once(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    for revision in (5, 6, 7):
        await chat.photo(1, TOO_MANY, revision=revision)
    assert len(chat.sentences) == 1
    await chat.photo(2, TOO_MANY)
    await _sets(chat)
    await chat.photo(2, TOO_MANY, revision=8)
    assert chat.sentences == []


@pytest.mark.parametrize(("limit", "later"), [(3, 20), (20, 3)])
async def test_another_limit_of_labels_changes_no_answer(
    chat: PrivateChat, limit: int, later: int
) -> None:
    chat.has_limit(limit)
    await chat.photo(1, "a, b, c, d")
    assert len(await chat.jobs()) == (limit > 3)
    chat.platform.said.clear()
    chat.has_limit(later)  # the host restarted the bot with another MAX_LABELS
    await chat.photo(1, "a, b, c, d", revision=8)
    assert await chat.jobs() == []
    assert chat.sentences == []
    await chat.photo(1, "a, b, c", revision=9)
    (job,) = await chat.jobs()
    assert job.labels == ["a", "b", "c"]


async def test_a_picture_that_was_refused_is_not_sorted_by_an_empty_edit(chat: PrivateChat) -> None:
    await chat.text(1, "/labels a dog, a cat")
    for number in (2, 3, 4, 5):
        await chat.photo(number)
    assert "still busy" in chat.sentences[-1]
    await chat.jobs()
    for number in (2, 3, 4):
        await chat.charts(number)
    await chat.photo(5, revision=8)
    assert await chat.jobs() == []


@pytest.mark.parametrize("reply", [True, False])
async def test_an_edited_text_that_says_the_same_asks_nothing(
    chat: PrivateChat, reply: bool
) -> None:
    await chat.photo(1)
    shown = referenced(message(1, "", picture()))
    fields: dict[str, Any] = {"replies_to": shown} if reply else {}
    await chat.text(10_000, "a dog, a cat", **fields)
    await chat.text(10_001, "/classify a dog, a cat", replies_to=shown)
    assert len(await chat.jobs()) == 2
    await _sets(chat)
    await chat.text(10_000, "a dog, a cat", revision=8, **fields)
    await chat.text(10_001, "/classify a dog, a cat", revision=9, replies_to=shown)
    assert await chat.jobs() == []


async def test_another_model_finds_the_same_picture(chat: PrivateChat) -> None:
    shown = picture((320, 240), (800, 600))
    await chat.text(1, "/labels a dog, a cat")
    await chat.hears(message(2, "", shown))
    await chat.jobs()
    chat.registry.image_size = 384
    await chat.hears(message(2, "", shown, revision=8))
    assert await chat.jobs() == []
