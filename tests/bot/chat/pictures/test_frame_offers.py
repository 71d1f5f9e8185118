"""What moves: its first frame is offered, and sorted once its sender wants that."""

import time
from typing import Any

import pytest

from bot.platform.incoming import Author, ButtonPress, ChatTopic, MovingPicture, ReferencedMessage
from bot.platform.models import Media, MessageRef
from bot.storage import MEMORY_HOURS
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import ALICE, GROUP, PRIVATE, message, ours, picture, referenced

FILM = MovingPicture(Media("frame", "frame-unique", 10))
HIDDEN = MovingPicture(Media("hidden", "hidden-unique", 10, has_spoiler=True))
BOB = Author(8, "Bob", language="en")
DATA = "frame:"


async def film(chat: PrivateChat, number: int, caption: str = "", **fields: Any) -> None:
    await chat.hears(message(number, caption, FILM, **fields))


async def presses(
    chat: PrivateChat, offer: int = 9_000, *, by: Author = ALICE, topic: ChatTopic = PRIVATE
) -> str:
    ref = MessageRef(topic.chat_id, offer)
    shown = ReferencedMessage(ref, is_ours=True, buttons=(DATA,))
    before = len(chat.platform.toasts)
    await chat.hears(ButtonPress("1", by, DATA, topic, ref, shown))
    (toast,) = chat.platform.toasts[before:]
    return toast


async def test_the_first_frame_is_sorted_by_the_caption(chat: PrivateChat) -> None:
    await film(chat, 1, "a dog, a cat")
    assert await chat.jobs() == []
    assert "moving pictures" in chat.sentences[0]
    assert [[b.label for b in row] for row in chat.platform.buttons] == [["Sort its first frame"]]
    assert await presses(chat) == ""
    (job,) = await chat.jobs()
    assert (job.labels, job.images) == (["a dog", "a cat"], [b"picture frame"])
    assert job.id.endswith("7.1.0")  # the answer replies to the video
    assert await presses(chat) == ""  # again
    assert await chat.jobs() == []
    await chat.store.record_answer(MessageRef(7, 1), 9_000, is_chart=True, job_id="7.1.0")
    assert await presses(chat) == ""
    assert await chat.jobs() == []


async def test_without_a_caption_it_is_sorted_by_stored_phrases(chat: PrivateChat) -> None:
    await chat.text(1, "/labels a moon, a sun")
    await film(chat, 2)
    await presses(chat, 9_001)
    (job,) = await chat.jobs()
    assert job.labels == ["a moon", "a sun"]


async def test_without_any_phrases_it_asks_for_some_once(chat: PrivateChat) -> None:
    await film(chat, 1)
    for _ in range(2):
        assert await presses(chat) == ""
    assert chat.platform.kinds == ["text", "question"]
    assert await chat.question() == 9_001
    await chat.text(2, "a dog, a cat", replies_to=ours(9_001))
    (job,) = await chat.jobs()
    assert (job.labels, job.images) == (["a dog", "a cat"], [b"picture frame"])


async def test_phrases_in_reply_to_the_offer_need_no_press(chat: PrivateChat) -> None:
    await film(chat, 1)
    await chat.text(2, "a dog, a cat", replies_to=ours(9_000))
    await chat.text(3, "a moon, a sun")  # is still about the video
    first, second = await chat.jobs()
    assert first.images == second.images == [b"picture frame"]
    assert second.labels == ["a moon", "a sun"]


async def test_phrases_after_an_offer_mean_its_frame_and_no_older_picture(
    chat: PrivateChat,
) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.jobs()
    await film(chat, 2)
    await chat.text(3, "thanks")
    assert await chat.jobs() == []
    await chat.text(4, "a moon, a sun")
    (job,) = await chat.jobs()
    assert job.images == [b"picture frame"]
    await chat.charts(1)
    await chat.photo(5, "a dog, a cat")
    await chat.text(6, "a house, a boat")
    assert [job.images for job in await chat.jobs()] == [[b"picture 400x300-id"]] * 2


async def test_an_edited_caption_changes_what_the_button_does(chat: PrivateChat) -> None:
    await film(chat, 1)
    await film(chat, 1, "a moon, a sun", revision=5)
    assert chat.platform.kinds == ["text"]
    assert await chat.jobs() == []
    await presses(chat)
    (job,) = await chat.jobs()
    assert job.labels == ["a moon", "a sun"]
    await film(chat, 1, "a house, a boat", revision=6)  # after it was sorted
    (job,) = await chat.jobs()
    assert (job.labels, job.images) == (["a house", "a boat"], [b"picture frame"])


async def test_a_film_that_is_forgotten_stays_so_when_it_is_edited(chat: PrivateChat) -> None:
    await film(chat, 1, "a dog, a cat")
    await chat.store.forget_person(7)
    await film(chat, 1, "a moon, a sun", revision=5)
    assert chat.platform.kinds == ["text"]
    assert "too long ago" in await presses(chat)


async def test_too_many_phrases_are_refused_when_the_button_is_pressed(chat: PrivateChat) -> None:
    await film(chat, 1, ", ".join(f"label {number}" for number in range(30)))
    await presses(chat)
    assert "30 phrases" in chat.sentences[-1]
    assert chat.platform.kinds == ["text", "edit 9000 to text"]
    assert chat.platform.buttons == ()
    await film(chat, 1, "a dog, a cat", revision=5)
    (job,) = await chat.jobs()
    assert job.images == [b"picture frame"]


async def test_in_a_group_only_whoever_was_answered_can_press(chat: PrivateChat) -> None:
    await film(chat, 1, "nice", topic=GROUP)
    assert chat.sentences == []
    shown = referenced(message(1, "", FILM, author=BOB, topic=GROUP))
    await chat.hears(message(2, "/classify a dog, a cat", topic=GROUP, replies_to=shown))
    assert "moving pictures" in chat.sentences[0]
    assert "for the person who asked" in await presses(chat, by=BOB, topic=GROUP)
    assert await chat.jobs() == []
    assert await presses(chat, topic=GROUP) == ""
    (job,) = await chat.jobs()
    assert (job.labels, job.images) == (["a dog", "a cat"], [b"picture frame"])
    assert job.id.endswith("-100.2.0")


async def test_admins_press_for_whoever_asked_in_the_name_of_the_group(chat: PrivateChat) -> None:
    nobody = Author(GROUP.chat_id, "The group")
    await chat.store.set_labels(nobody.id, ("a moon", "a sun"))
    await film(chat, 1, "/classify", topic=GROUP, author=nobody)
    assert "for the person who asked" in await presses(chat, by=BOB, topic=GROUP)
    chat.platform.admins.add(BOB.id)
    assert await presses(chat, by=BOB, topic=GROUP) == ""
    (job,) = await chat.jobs()
    assert job.labels == ["a moon", "a sun"]


async def test_an_old_or_forged_press_does_nothing(
    chat: PrivateChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    await film(chat, 1, "a dog, a cat")
    await chat.photo(2)  # asks for phrases
    assert "too long ago" in await presses(chat, 9_001)  # a question is no offer
    ref = MessageRef(7, 9_000)
    shown = ReferencedMessage(ref, is_ours=True, buttons=("answer:save",))
    await chat.hears(ButtonPress("1", ALICE, DATA, PRIVATE, ref, shown))
    await chat.hears(ButtonPress("2", ALICE, DATA))
    assert chat.platform.toasts[-2:] == ["", "That is too long ago. Please send the picture again."]
    later = time.time() + MEMORY_HOURS * 3_600
    monkeypatch.setattr("time.time", lambda: later)
    assert "too long ago" in await presses(chat)
    assert await chat.jobs() == []


async def test_a_spoiler_stays_one(chat: PrivateChat) -> None:
    await chat.hears(message(1, "a dog, a cat", HIDDEN))
    await presses(chat)
    record = await chat.store.latest_job(7, 1)
    assert record
    assert [media.has_spoiler for media in record.media] == [True]


async def test_a_picture_beside_it_is_sorted_without_it(chat: PrivateChat) -> None:
    await chat.hears(message(1, "a dog, a cat", FILM, picture()))
    (job,) = await chat.jobs()
    assert job.images == [b"picture 400x300-id"]
    await chat.hears(message(2, "a dog, a cat", FILM, HIDDEN))
    assert "first frames" in chat.sentences[-1]
    await presses(chat, 9_000)
    (job,) = await chat.jobs()
    assert job.images == [b"picture frame", b"picture hidden"]


async def test_an_edit_without_words_is_not_answered_after_its_memory_was_deleted(
    chat: PrivateChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.jobs()
    await chat.store.forget_person(7)
    monkeypatch.setattr("bot.chat.classify._TRIED_AGAIN_WITHIN", -1.0)
    await chat.photo(1, revision=5)
    assert chat.sentences == []
    await chat.photo(1, "a moon, a sun", revision=6)
    assert len(await chat.jobs()) == 1
