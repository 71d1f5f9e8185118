"""`/cancel` takes back what a person waits for in a chat, and nothing else."""

import asyncio

import pytest

from bot.chat.answers.photo_results import PhotoResults
from bot.chat.answers.replies import ReplyService
from bot.platform.incoming import Author
from bot.platform.ports import RetryLater, TargetGone
from bot.queues.result_dispatcher import ResultDispatcher
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.broker.client import JOBS, JOBS_SUBJECT, Queue
from inference.protocol.messages import ImageOutcome, Reply, Result, encode
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import GROUP, message, picture
from tests.bot.scripted import CHART, ScriptedDelivery, ScriptedPlatform, a_request

TAKEN_BACK = "Taken back: I will not answer this picture."


def result_of(job_id: str) -> Result:
    return Result(
        job_id=job_id,
        reply=Reply("results", job_id.encode()),
        labels=["a dog", "a cat"],
        images=[ImageOutcome([0.7, 0.3])],
        chart=CHART,
    )


async def test_a_waiting_picture_is_not_answered_any_more(
    chat: PrivateChat, store: Store, platform: ScriptedPlatform
) -> None:
    await chat.photo(1, "a dog, a cat")
    await ReplyService(store, platform).text(a_request().ref, "⏳ You are number 12")
    await chat.text(2, "/cancel")
    assert [(kind, text) for kind, _, text in platform.said[1:]] == [
        ("edit 9000 to text", TAKEN_BACK),
        ("text", TAKEN_BACK),
    ]
    assert await store.jobs_in_flight(7) == 0
    platform.said.clear()
    await PhotoResults(store, platform, Metrics()).take(result_of("7.1.0"))
    assert platform.said == []
    await chat.text(3, "/cancel")
    assert chat.sentences == ["There is nothing to cancel."]


async def test_several_pictures_are_counted_and_the_limit_is_free_again(
    chat: PrivateChat, platform: ScriptedPlatform
) -> None:
    for number in (1, 2, 3):
        await chat.photo(number, "a dog, a cat")
    await chat.photo(4, "a dog, a cat")
    assert "still busy with 3 pictures" in chat.sentences[-1]
    await chat.text(5, "/cancel")
    assert chat.sentences[-1] == "Taken back: I will not answer these 3 pictures."
    platform.said.clear()
    await chat.photo(6, "a dog, a cat")  # the queue has room for three, too
    assert platform.said == []
    assert [job.id for job in await chat.jobs()] == ["42.7.6.0"]


async def test_what_a_worker_holds_can_be_taken_back(
    chat: PrivateChat, queue: Queue, store: Store
) -> None:
    await chat.photo(1, "a dog, a cat")
    consumer = await queue.pull_consumer(JOBS, "test", JOBS_SUBJECT)
    (held,) = await consumer.pull(9, 0.5)
    await chat.text(2, "/cancel")
    assert chat.sentences == [TAKEN_BACK]
    assert await queue.jobs_waiting() == 0
    await asyncio.wait_for(held.ack(), 2.0)  # the server confirms it, although it is deleted
    assert await store.jobs_in_flight(7) == 0


async def test_the_job_of_another_with_the_same_number_in_a_new_stream_stays(
    chat: PrivateChat, queue: Queue
) -> None:
    await chat.photo(1, "a dog, a cat")
    queue.jobs_made = "a new stream"
    await chat.text(2, "/cancel")
    assert len(await chat.jobs()) == 1


async def test_an_album_that_still_comes_is_taken_back(chat: PrivateChat, store: Store) -> None:
    for number in (1, 2):
        await chat.hears(message(number, "a dog, a cat", picture(), album_id="g", stored=b"{}"))
    assert await store.next_album_due() is not None
    await chat.text(3, "/cancel")
    assert chat.sentences == [TAKEN_BACK]
    assert await store.next_album_due() is None


async def test_an_edit_asks_anew(chat: PrivateChat) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.text(2, "/cancel")
    await chat.photo(1, "a dog, a cat", revision=5)
    assert [job.id for job in await chat.jobs()] == ["42.7.1.5"]


async def test_other_people_and_other_chats_go_on(chat: PrivateChat, store: Store) -> None:
    await chat.hears(message(1, "/classify a dog, a cat", picture(), topic=GROUP))
    bob = Author(8, "Bob", language="es")
    await chat.hears(message(2, "/classify a dog, a cat", picture(), topic=GROUP, author=bob))
    await chat.photo(3, "a dog, a cat")
    await chat.text(4, "/cancel", topic=GROUP, author=bob)
    assert chat.sentences[-1] == "Retirada: no responderé a esta imagen."
    assert {one.ref.chat_id for one in await store.longest_waiting(9)} == {7, GROUP.chat_id}
    assert await store.jobs_in_flight(8) == 0
    assert await store.jobs_in_flight(7) == 2


async def test_the_answer_and_cancel_are_never_both_told(
    chat: PrivateChat, store: Store, queue: Queue, platform: ScriptedPlatform
) -> None:
    """Whichever comes first holds the chat's lock."""
    dispatcher = ResultDispatcher(
        queue, [PhotoResults(store, platform, Metrics())], chat.chat_locks
    )
    for number in range(1, 13):
        platform.said.clear()
        await chat.photo(number, "a dog, a cat")
        assert len(await chat.jobs()) == 1
        delivery = ScriptedDelivery(encode(result_of(f"7.{number}.0")))
        both = [dispatcher.deal_with(delivery), chat.text(100 + number, "/cancel")]
        await asyncio.gather(*(both if number % 2 else reversed(both)))
        charts = platform.kinds.count("chart")
        assert (TAKEN_BACK in chat.sentences) == (charts == 0)
        assert ("There is nothing to cancel." in chat.sentences) == (charts == 1)
        assert delivery.acknowledged == 1


async def test_what_is_taken_back_stays_so_and_is_told_once_the_platform_is_there(
    chat: PrivateChat, store: Store, platform: ScriptedPlatform
) -> None:
    await chat.photo(1, "a dog, a cat")
    await ReplyService(store, platform).text(a_request().ref, "⏳ You are number 12")
    for method in ("edit_to_text", "send_text"):
        platform.faults[method] = [RetryLater("away")]
        with pytest.raises(RetryLater):
            await chat.text(2, "/cancel")
        assert await store.jobs_in_flight(7) == 0
    await chat.photo(3, "a dog, a cat")  # sent later, but handled first
    platform.faults["edit_to_text"] = [TargetGone("deleted")]
    await chat.text(2, "/cancel")
    assert chat.sentences[-1] == TAKEN_BACK
    assert await store.jobs_in_flight(7) == 1


async def test_a_question_of_ours_is_forgotten(chat: PrivateChat, store: Store) -> None:
    await chat.photo(1)
    await chat.text(2, "/cancel")
    assert chat.sentences[-1].startswith("Forgotten.")
    assert await store.open_question(7, 7) is None


async def test_the_question_of_an_earlier_text_stays_a_chart(
    chat: PrivateChat, store: Store, platform: ScriptedPlatform
) -> None:
    await chat.photo(1, "a dog, a cat")
    await chat.charts(1)
    await chat.photo(1, "a fox, a cow", revision=5)
    await chat.text(2, "/cancel")
    assert platform.kinds == ["text"]
    answer = await store.answer_to(7, 1)
    assert answer
    assert answer.is_chart
