"""Which picture a message without a picture of its own is about."""

import time
from dataclasses import replace

import pytest

from bot.i18n import languages, speak
from bot.platform.incoming import NotAPicture, ReferencedMessage
from bot.platform.models import MessageRef
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import GROUP, PRIVATE, chart, message, ours, picture, referenced

FORGOTTEN = "I no longer know that picture."


async def test_a_reply_to_a_chart_means_the_picture_that_it_speaks_of(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    shown = chart(await chat.charts(1))
    await chat.text(30_000, "a moon, a sun", replies_to=shown)
    await chat.text(30_001, "/classify a moon", replies_to=shown)
    assert {job.images[0] for job in await chat.jobs()} == {b"picture 400x300-id"}


@pytest.mark.parametrize("words", ["a moon, a sun", "/classify a moon, a sun", "/classify"])
@pytest.mark.parametrize("open_question", [False, True])
async def test_a_chart_that_is_forgotten_is_not_a_picture(
    chat: PrivateChat, words: str, open_question: bool
) -> None:
    if open_question:
        await chat.photo(30_000)
    await chat.text(40_000, words, replies_to=chart(100))
    assert chat.sentences[-1].startswith(FORGOTTEN)
    assert await chat.jobs() == []


async def test_a_forgotten_persons_chart_is_not_a_picture(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    shown = chart(await chat.charts(1))
    await chat.jobs()
    await chat.store.forget_person(7)
    await chat.text(30_000, "a moon, a sun", replies_to=shown)
    assert chat.sentences[-1].startswith(FORGOTTEN)
    await chat.text(30_001, "a moon, a sun")
    assert "I look at pictures." in chat.sentences[-1]
    assert await chat.jobs() == []


async def test_a_chart_that_somebody_forwards_is_not_a_picture(chat: PrivateChat) -> None:
    heard = message(1, "a bar chart 71 %, a cat 29 %", NotAPicture.OURS, is_ours=True)
    await chat.hears(heard)
    assert chat.sentences[-1].startswith(FORGOTTEN)
    await chat.text(30_000, "a moon, a sun", replies_to=referenced(heard))
    assert chat.sentences[-1].startswith(FORGOTTEN)
    assert await chat.jobs() == []


async def test_forwarded_words_of_the_bot_are_no_phrases(chat: PrivateChat) -> None:
    await chat.photo(1)
    await chat.text(2, "One, two.", is_ours=True)
    assert await chat.jobs() == []


@pytest.mark.parametrize("is_group", [False, True])
@pytest.mark.parametrize("words", ["/classify a moon", "/classify"])
async def test_classify_in_reply_sorts_all_pictures_but_our_own(
    chat: PrivateChat, is_group: bool, words: str
) -> None:
    await chat.text(1, "/labels a dog, a cat")
    topic = GROUP if is_group else PRIVATE
    shown = referenced(message(43, "", picture((500, 400)), topic=topic))
    await chat.text(44, words, replies_to=shown, topic=topic)
    assert len(await chat.jobs()) == 1
    await chat.text(9, words, replies_to=chart(100, topic=topic), topic=topic)
    assert chat.sentences[-1].startswith(FORGOTTEN)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("newer", [False, True])
async def test_an_old_question_means_no_other_picture(
    chat: PrivateChat, language: str, newer: bool
) -> None:
    if newer:
        await chat.photo(300)
    question = ours(100, speak(language).which_phrases())
    await chat.text(10_000, "a moon, a sun", replies_to=question)
    await chat.text(10_001, "/classify a moon, a sun", replies_to=question)
    assert [text.startswith(FORGOTTEN) for text in chat.sentences[-2:]] == [True, True]
    assert await chat.jobs() == []


async def test_a_question_in_the_words_of_an_earlier_release_is_still_one(
    chat: PrivateChat,
) -> None:
    asked = (
        "Nice picture! Which phrases shall I compare it with? "
        "Reply with a few, separated by commas."
    )
    question = ours(100, asked, topic=GROUP)
    await chat.text(200, "a moon, a sun", replies_to=question, topic=GROUP)
    assert chat.sentences[-1].startswith(FORGOTTEN)


@pytest.mark.parametrize("words", ["a moon, a sun", "/classify a moon"])
async def test_a_board_of_a_game_means_no_other_picture(chat: PrivateChat, words: str) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.jobs()
    await chat.text(40_000, words, replies_to=ours(100, "Beat CLIP: it was a dog"))
    assert chat.sentences[-1].startswith(FORGOTTEN)
    assert await chat.jobs() == []


async def test_a_reply_to_a_hint_or_to_ones_own_phrases_means_their_picture(
    chat: PrivateChat,
) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.text(2, "thanks")
    await chat.text(10_000, "a moon, a sun", replies_to=ours(9_000, chat.sentences[-1]))
    own = referenced(message(10_000, "a moon, a sun"))
    await chat.text(10_001, "a sea", replies_to=own)
    assert [job.images for job in await chat.jobs()][1:] == [[b"picture 400x300-id"]] * 2


async def test_an_old_question_in_a_group_is_answered_by_a_sentence(chat: PrivateChat) -> None:
    question = ours(100, speak("en").which_phrases(), topic=GROUP)
    remark = ours(101, "Your phrases: a, b", topic=GROUP)
    for number, replied_to in ((10_000, question), (10_001, remark)):
        await chat.text(number, "a moon, a sun", topic=GROUP, replies_to=replied_to)
    assert len(chat.sentences) == 1
    assert chat.sentences[0].startswith(FORGOTTEN)


async def test_a_picture_that_is_quoted_from_another_chat(chat: PrivateChat) -> None:
    quoted = ReferencedMessage(is_elsewhere=True, attachments=(picture((500, 400)),))
    await chat.text(1, "a moon, a sun", replies_to=quoted)
    (job,) = await chat.jobs()
    assert job.images == [b"picture 500x400-id"]
    quoted_chart = replace(quoted, is_ours=True, attachments=(NotAPicture.OURS,))
    await chat.text(2, "a moon, a sun", replies_to=quoted_chart)
    assert chat.sentences[-1].startswith(FORGOTTEN)
    await chat.photo(3, "a dog, a cat")
    known = MessageRef(7, await chat.charts(3))
    await chat.jobs()
    await chat.text(4, "a sea", replies_to=replace(quoted_chart, ref=known))
    (job,) = await chat.jobs()
    assert job.images == [b"picture 400x300-id"]


# -- phrases without a reply ---------------------------------------------------------------------


async def test_phrases_alone_mean_the_last_picture(chat: PrivateChat) -> None:
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


async def test_one_phrase_alone_may_be_a_remark(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.jobs()
    await chat.text(2, "thanks!")
    assert chat.sentences[-1].startswith("Do you mean your last picture?")
    await chat.text(3, "/classify a moon")  # says so itself
    (job,) = await chat.jobs()
    assert job.labels == ["a moon"]


@pytest.mark.parametrize("words", ["thanks or no thanks", "tea or coffee?", "- ok", "dog vs cat"])
async def test_words_without_a_comma_may_be_a_remark(chat: PrivateChat, words: str) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.jobs()
    await chat.text(2, words)
    assert chat.sentences[-1].startswith("Do you mean your last picture?")
    assert await chat.jobs() == []


async def test_phrases_mean_the_last_picture_for_ten_minutes(
    chat: PrivateChat, monkeypatch: pytest.MonkeyPatch
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


async def test_after_a_cancelled_picture_phrases_mean_no_earlier_one(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.jobs()
    await chat.photo(2)
    await chat.text(3, "/cancel")
    await chat.text(4, "a moon, a sun")
    assert "I look at pictures." in chat.sentences[-1]
    assert await chat.jobs() == []


async def test_phrases_after_a_refusal_mean_the_refused_picture(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.photo(2, ", ".join(map(str, range(30))), width=500)
    await chat.jobs()
    await chat.text(3, "a moon, a sun")
    refusal = ours(9_000, chat.sentences[0])
    await chat.text(10_000, "a sea", replies_to=refusal)
    assert [job.images for job in await chat.jobs()] == [[b"picture 500x300-id"]] * 2


async def test_text_from_before_a_picture_does_not_mean_it(chat: PrivateChat) -> None:
    await chat.text(1, "hello")
    await chat.photo(2, "a dog, a cat")
    await chat.jobs()
    await chat.text(1, "hello, you", revision=8)
    assert await chat.jobs() == []
    await chat.text(3, "hello")
    await chat.text(3, "a moon, a sun", revision=9)
    assert len(await chat.jobs()) == 1


@pytest.mark.parametrize("delivered", [True, False])
async def test_after_deletion_nothing_is_remembered(chat: PrivateChat, delivered: bool) -> None:
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
    chat: PrivateChat, command: str
) -> None:
    await chat.text(1, "/labels a dog, a cat")
    await chat.photo(2, command)
    (job,) = await chat.jobs()
    expected = ["a moon", "a sun"] if "labels" in command else ["a dog", "a cat"]
    assert job.labels == expected
    assert job.template == ("a photo of {}" if "template" in command else None)
    assert chat.sentences[-1].startswith("Noted: ")


async def test_a_command_that_is_refused_sorts_nothing(chat: PrivateChat) -> None:
    await chat.text(1, "/labels a dog, a cat")
    await chat.photo(2, "/template no braces")
    await chat.photo(3, "/labels " + ", ".join(map(str, range(30))))
    assert await chat.jobs() == []
    assert "30 phrases" in chat.sentences[-1]


async def test_in_a_group_labels_under_a_photo_are_only_stored(chat: PrivateChat) -> None:
    await chat.hears(message(2, "/labels a moon, a sun", picture(), topic=GROUP))
    assert "/classify alone now" in chat.sentences[-1]  # without it, nothing is sorted here
    assert (await chat.store.person(7)).labels == ("a moon", "a sun")
    assert await chat.jobs() == []
