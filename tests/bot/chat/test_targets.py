"""Which picture a message without one is about."""

import time
from typing import Any

import pytest

from bot.i18n import languages, speak
from tests.bot.chat.private_chat import BOT, Chat
from tests.bot.telegram.messages import message, size

GROUP = {"id": -100, "type": "supergroup", "title": "Friends"}
FORGOTTEN = "I no longer know that picture."


def ours(number: int, **fields: Any) -> dict[str, Any]:
    """A message of the bot's, as another one replies to it."""
    return message(message_id=number, **{"from": BOT, **fields}).to_dict()


def chart(number: int, **fields: Any) -> dict[str, Any]:
    return ours(number, photo=[size(1_000, 800)], caption="a bar chart 71 %", **fields)


def forwarded() -> dict[str, Any]:
    return {"type": "user", "date": 1, "sender_user": BOT}


async def test_a_reply_to_a_chart_means_the_picture_that_it_speaks_of(chat: Chat) -> None:
    await chat.photo(1, "a dog, a cat")
    shown = chart(await chat.charts(1))
    await chat.text(30_000, "a moon, a sun", reply_to_message=shown)
    await chat.command(30_001, "/classify a moon", reply_to_message=shown)
    assert {job.images[0] for job in await chat.jobs()} == {b"picture 400x300-id"}


@pytest.mark.parametrize("words", ["a moon, a sun", "/classify a moon, a sun", "/classify"])
@pytest.mark.parametrize("open_question", [False, True])
async def test_a_chart_that_is_forgotten_is_no_picture(
    chat: Chat, words: str, open_question: bool
) -> None:
    if open_question:
        await chat.photo(30_000)
    says = chat.command if words.startswith("/") else chat.text
    await says(40_000, words, reply_to_message=chart(100))
    assert chat.sentences[-1].startswith(FORGOTTEN)
    assert await chat.jobs() == []


async def test_a_chart_is_forgotten_with_its_person(chat: Chat) -> None:
    await chat.photo(1, "a dog, a cat")
    shown = chart(await chat.charts(1))
    await chat.jobs()
    await chat.store.forget_person(7)
    await chat.text(30_000, "a moon, a sun", reply_to_message=shown)
    assert chat.sentences[-1].startswith(FORGOTTEN)
    await chat.text(30_001, "a moon, a sun")
    assert "I look at pictures." in chat.sentences[-1]
    assert await chat.jobs() == []


async def test_a_chart_that_somebody_forwards_is_no_picture(chat: Chat) -> None:
    await chat.hears(
        message(
            message_id=1,
            photo=[size(1_000, 800)],
            caption="a bar chart 71 %, a cat 29 %",
            forward_origin=forwarded(),
        )
    )
    assert chat.sentences[-1].startswith(FORGOTTEN)
    copy = message(message_id=1, photo=[size(1_000, 800)], forward_origin=forwarded())
    await chat.text(30_000, "a moon, a sun", reply_to_message=copy.to_dict())
    assert chat.sentences[-1].startswith(FORGOTTEN)
    assert await chat.jobs() == []


async def test_what_the_bot_said_is_not_taken_for_phrases(chat: Chat) -> None:
    await chat.photo(1)
    await chat.hears(message(message_id=2, text="One, two.", forward_origin=forwarded()))
    assert await chat.jobs() == []


@pytest.mark.parametrize("is_group", [False, True])
@pytest.mark.parametrize("words", ["/classify a moon", "/classify"])
async def test_other_bots_and_admins_without_a_name_show_pictures(
    chat: Chat, is_group: bool, words: str
) -> None:
    await chat.command(1, "/labels a dog, a cat")
    place: dict[str, Any] = {"chat": GROUP} if is_group else {}
    for number in (43, 1_087_968_824):  # another bot; an admin in the group's name
        theirs = {**place, "from": {**BOT, "id": number}}
        shown = message(message_id=number, photo=[size(500, 400)], **theirs).to_dict()
        await chat.command(number + 1, words, reply_to_message=shown, **place)
    assert len(await chat.jobs()) == 2
    await chat.command(9, words, reply_to_message=chart(100, **place), **place)
    assert chat.sentences[-1].startswith(FORGOTTEN)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("newer", [False, True])
async def test_an_old_question_means_no_other_picture(
    chat: Chat, language: str, newer: bool
) -> None:
    if newer:
        await chat.photo(300)
    question = ours(100, text=speak(language).which_phrases())
    await chat.text(10_000, "a moon, a sun", reply_to_message=question)
    await chat.command(10_001, "/classify a moon, a sun", reply_to_message=question)
    assert [text.startswith(FORGOTTEN) for text in chat.sentences[-2:]] == [True, True]
    assert await chat.jobs() == []


@pytest.mark.parametrize("words", ["a moon, a sun", "/classify a moon"])
async def test_a_board_of_a_game_means_no_other_picture(chat: Chat, words: str) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.jobs()
    says = chat.command if words.startswith("/") else chat.text
    await says(40_000, words, reply_to_message=ours(100, text="Beat CLIP: it was a dog"))
    assert chat.sentences[-1].startswith(FORGOTTEN)
    assert await chat.jobs() == []


async def test_a_reply_to_a_hint_or_to_ones_own_phrases_means_their_picture(chat: Chat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.text(2, "thanks")
    await chat.text(10_000, "a moon, a sun", reply_to_message=ours(9_000, text=chat.sentences[-1]))
    own = message(message_id=10_000, text="a moon, a sun").to_dict()
    await chat.text(10_001, "a sea", reply_to_message=own)
    assert [job.images for job in await chat.jobs()][1:] == [[b"picture 400x300-id"]] * 2


async def test_an_old_question_in_a_group_is_answered_by_a_sentence(chat: Chat) -> None:
    question = ours(100, text=speak("en").which_phrases(), chat=GROUP)
    remark = ours(101, text="Your phrases: a, b", chat=GROUP)
    for number, replied_to in ((10_000, question), (10_001, remark)):
        heard = message(
            message_id=number, text="a moon, a sun", chat=GROUP, reply_to_message=replied_to
        )
        who = await chat.speaker(heard)
        await chat.conversation.group_message(heard, who, 0)
    assert len(chat.sentences) == 1
    assert chat.sentences[0].startswith(FORGOTTEN)


async def test_a_picture_that_is_quoted_from_another_chat(chat: Chat) -> None:
    origin = {"type": "user", "date": 1, "sender_user": message().to_dict()["from"]}
    quoted = {"origin": origin, "photo": [size(500, 400)]}
    await chat.text(1, "a moon, a sun", external_reply=quoted)
    (job,) = await chat.jobs()
    assert job.images == [b"picture 500x400-id"]
    await chat.text(2, "a moon, a sun", external_reply={**quoted, "origin": forwarded()})
    assert chat.sentences[-1].startswith(FORGOTTEN)
    await chat.photo(3, "a dog, a cat")
    known = {"chat": {**GROUP, "id": 7}, "message_id": await chat.charts(3)}
    await chat.jobs()
    await chat.text(4, "a sea", external_reply={**quoted, "origin": forwarded(), **known})
    (job,) = await chat.jobs()
    assert job.images == [b"picture 400x300-id"]


# -- phrases without a reply ---------------------------------------------------------------------


async def test_phrases_alone_mean_the_last_picture(chat: Chat) -> None:
    await chat.photo(1, "a dog, a cat", width=500)
    await chat.photo(2, "a dog, a cat")
    await chat.text(3, "a moon, a sun")  # the answers are still on their way
    jobs = {tuple(job.labels): job.images for job in await chat.jobs()}
    assert jobs["a moon", "a sun"] == [b"picture 400x300-id"]
    for number in (1, 2, 3):
        await chat.charts(number)
    await chat.text(4, "a sea\na lake")
    (job,) = await chat.jobs()
    assert job.images == [b"picture 400x300-id"]


async def test_one_phrase_alone_may_be_a_remark(chat: Chat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.jobs()
    await chat.text(2, "thanks!")
    assert chat.sentences[-1].startswith("Do you mean your last picture?")
    await chat.command(3, "/classify a moon")  # says so itself
    (job,) = await chat.jobs()
    assert job.labels == ["a moon"]


async def test_the_last_picture_is_meant_for_ten_minutes(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.jobs()
    now = time.time()
    monkeypatch.setattr("bot.storage.jobs.time.time", lambda: now + 900)
    await chat.charts(1)
    monkeypatch.setattr("bot.storage.jobs.time.time", lambda: now + 1_400)
    await chat.text(2, "a moon, a sun")
    assert len(await chat.jobs()) == 1
    monkeypatch.setattr("bot.storage.jobs.time.time", lambda: now + 2_100)
    await chat.text(3, "a moon, a sun")
    assert "I look at pictures." in chat.sentences[-1]
    assert await chat.jobs() == []


async def test_a_picture_that_was_cancelled_means_no_earlier_one(chat: Chat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.jobs()
    await chat.photo(2)
    await chat.command(3, "/cancel")
    await chat.text(4, "a moon, a sun")
    assert "I look at pictures." in chat.sentences[-1]
    assert await chat.jobs() == []


async def test_phrases_after_a_refusal_mean_the_refused_picture(chat: Chat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.photo(2, ", ".join(map(str, range(30))), width=500)
    await chat.jobs()
    await chat.text(3, "a moon, a sun")
    refusal = ours(9_000, text=chat.sentences[0])
    await chat.text(10_000, "a sea", reply_to_message=refusal)
    assert [job.images for job in await chat.jobs()] == [[b"picture 500x300-id"]] * 2


async def test_what_was_said_before_a_picture_does_not_mean_it(chat: Chat) -> None:
    await chat.text(1, "hello")
    await chat.photo(2, "a dog, a cat")
    await chat.jobs()
    await chat.text(1, "hello, you", revision=8)
    assert await chat.jobs() == []
    await chat.text(3, "hello")
    await chat.text(3, "a moon, a sun", revision=9)
    assert len(await chat.jobs()) == 1


@pytest.mark.parametrize("delivered", [True, False])
async def test_after_delete_nothing_is_remembered(chat: Chat, delivered: bool) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.jobs()
    if delivered:
        await chat.charts(1)
    await chat.store.forget_person(7)
    if not delivered:
        await chat.charts(1)
    await chat.text(2, "a moon, a sun")
    assert "I look at pictures." in chat.sentences[-1]
    assert await chat.jobs() == []


# -- commands that are captions ------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/labels a moon, a sun", "/template a photo of {}"])
async def test_a_command_about_pictures_sorts_the_one_that_it_stands_under(
    chat: Chat, command: str
) -> None:
    await chat.command(1, "/labels a dog, a cat")
    await chat.command(2, command, photo=[size(400, 300)])
    (job,) = await chat.jobs()
    expected = ["a moon", "a sun"] if "labels" in command else ["a dog", "a cat"]
    assert job.labels == expected
    assert job.template == ("a photo of {}" if "template" in command else None)
    assert chat.sentences[-1].startswith("Noted: ")


async def test_a_command_that_is_refused_sorts_nothing(chat: Chat) -> None:
    await chat.command(1, "/labels a dog, a cat")
    await chat.command(2, "/template no braces", photo=[size(400, 300)])
    await chat.command(3, "/labels " + ", ".join(map(str, range(30))), photo=[size(400, 300)])
    assert await chat.jobs() == []
    assert "30 phrases" in chat.sentences[-1]


async def test_in_a_group_labels_under_a_photo_are_stored_and_no_more(chat: Chat) -> None:
    await chat.command(2, "/labels a moon, a sun", photo=[size(400, 300)], chat=GROUP)
    assert "/classify alone now" in chat.sentences[-1]  # without it, nothing is sorted here
    assert (await chat.store.person(7)).labels == ("a moon", "a sun")
    assert await chat.jobs() == []
