"""Which pictures and phrases a message means, in whatever order messages and edits arrive."""

import pytest

from bot.platform.incoming import ButtonPress, ReferencedMessage
from bot.platform.ports import RetryLater, TargetGone
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import ALICE, PRIVATE, message, ours, picture

TOO_MANY = ", ".join(f"label {number}" for number in range(30))


async def test_a_question_is_about_the_picture_that_is_there_now(chat: PrivateChat) -> None:
    await chat.photo(1)
    await chat.photo(1, revision=5, width=500)  # an edit with another picture
    assert len(chat.sentences) == 1
    await chat.text(10_000, "a dog, a cat")
    (job,) = await chat.jobs()
    assert job.images == [b"picture 500x300-id"]


async def test_a_question_is_about_all_items_of_an_album(chat: PrivateChat) -> None:
    sizes = [(300 + number, 300) for number in range(3)]
    for count, revision in ((2, 12), (3, 13)):  # the third item comes late
        shown = map(picture, sizes[:count])
        await chat.hears(message(1, "", *shown, revision=revision))
    await chat.text(10_000, "a dog, a cat", replies_to=_question(await chat.question()))
    (job,) = await chat.jobs()
    assert len(job.images) == 3


@pytest.mark.parametrize("caption", ["", TOO_MANY, "an owl"])
async def test_an_edit_that_comes_before_its_message_is_answered(
    chat: PrivateChat, caption: str
) -> None:
    await chat.photo(1, "a dog, a cat", revision=5)
    await chat.photo(1, caption)
    assert chat.sentences == []
    (job,) = await chat.jobs()
    assert job.labels == ["a dog", "a cat"]


async def test_a_refused_edit_cancels_the_earlier_answer(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.photo(1, TOO_MANY, revision=5)
    assert "30 phrases" in chat.sentences[-1]
    latest = await chat.store.latest_job(7, 1)
    assert latest
    assert latest.delivered  # or its chart would replace the sentence


async def test_a_refused_edit_that_is_edited_back_is_answered(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.photo(1, TOO_MANY, revision=5)
    await chat.photo(1, "a dog, a cat", revision=6)
    assert len(await chat.jobs()) == 2
    latest = await chat.store.latest_job(7, 1)
    assert latest
    assert not latest.delivered


async def test_a_message_that_comes_after_its_edit_changes_nothing(chat: PrivateChat) -> None:
    await chat.photo(1, revision=5, width=500)
    await chat.photo(1)
    await chat.text(10_000, "a dog, a cat")
    (job,) = await chat.jobs()
    assert job.images == [b"picture 500x300-id"]


async def test_an_unconfirmed_question_is_about_its_own_picture(chat: PrivateChat) -> None:
    await chat.photo(1)
    lost = await chat.question() - 1
    await chat.photo(2, width=500)
    await chat.text(10_000, "a dog, a cat", replies_to=_question(lost))
    (job,) = await chat.jobs()
    assert job.images == [b"picture 400x300-id"]


async def test_a_photo_whose_phrases_are_removed_is_not_asked_about(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.photo(1, revision=5)
    assert chat.sentences == []  # the chart is on its way
    await chat.text(2, "thanks")
    assert len(await chat.jobs()) == 1


@pytest.mark.parametrize("closed", [False, True])
async def test_phrases_that_come_twice_are_sorted_once(chat: PrivateChat, closed: bool) -> None:
    await chat.photo(1)
    asked = await chat.store.open_question(7, 7)
    assert asked
    await chat.text(10_000, "a dog, a cat")
    if not closed:  # as if a crash had come before the question was closed
        await chat.store.record_question(7, asked[0], 7, asked[1])
    await chat.text(10_000, "a dog, a cat")
    assert len(chat.sentences) == 1
    assert len(await chat.jobs()) == 1
    assert await chat.store.open_question(7, 7) is None


async def test_a_question_that_was_asked_twice_may_be_answered_by_either(chat: PrivateChat) -> None:
    await chat.photo(1)
    await chat.text(10_000, "a dog, a cat", replies_to=_question(await chat.question() - 1))
    assert len(await chat.jobs()) == 1
    assert await chat.store.open_question(7, 7) is None


async def test_refused_phrases_can_be_corrected_by_an_edit(chat: PrivateChat) -> None:
    await chat.text(1, "hello")
    await chat.photo(2)
    await chat.text(10_000, TOO_MANY)
    await chat.text(1, "hello!", revision=5)  # an edit of a message from before our question
    assert await chat.jobs() == []
    await chat.text(10_000, "a dog, a cat", revision=6)
    (job,) = await chat.jobs()
    assert job.labels == ["a dog", "a cat"]


async def test_a_cancel_that_failed_says_the_same_when_it_is_repeated(chat: PrivateChat) -> None:
    await chat.photo(1)
    chat.platform.faults["send_text"] = [RetryLater("away")]
    with pytest.raises(RetryLater):
        await _cancel(chat)
    await _cancel(chat)
    assert chat.sentences[-1].startswith("Forgotten.")
    assert await chat.store.open_question(7, 7) is None
    await _cancel(chat)
    assert "nothing to cancel" in chat.sentences[-1]


async def test_a_press_that_is_too_old_to_be_answered_is_told_by_an_edit(chat: PrivateChat) -> None:
    chat.platform.faults["answer_press"] = [TargetGone("the press is too old")]
    shown = ours(9, "Which language?", "language:es")
    await chat.hears(ButtonPress("1", ALICE, "language:es", PRIVATE, shown.ref, shown))
    assert (await chat.store.person(7)).language == "es"
    assert chat.platform.kinds == ["edit 9 to text"]


async def _cancel(chat: PrivateChat) -> None:
    await chat.text(10_001, "/cancel")


def _question(number: int) -> ReferencedMessage:
    return ours(number, "Which phrases?")


@pytest.mark.parametrize(
    ("caption", "labels"),
    [
        ("is it a dog or a cat?", ["a dog", "a cat"]),
        ("/classify ¿perro o gato?", ["perro", "gato"]),
        ("/labels 1. dog 2. cat", ["dog", "cat"]),
        ("a man walking or running", ["a man walking or running"]),
    ],
)
async def test_people_need_no_commas(chat: PrivateChat, caption: str, labels: list[str]) -> None:
    await chat.photo(1, caption)
    (job,) = await chat.jobs()
    assert job.labels == labels


async def test_a_reply_needs_no_commas(chat: PrivateChat) -> None:
    await chat.photo(1)
    await chat.text(10_000, "• dog\n• cat", replies_to=_question(await chat.question()))
    (job,) = await chat.jobs()
    assert job.labels == ["dog", "cat"]
