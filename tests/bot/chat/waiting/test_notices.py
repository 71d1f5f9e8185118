"""People who wait long are told once; the chart later replaces that sentence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace

from bot.chat.answers.replies import ReplyService
from bot.chat.waiting import notices
from bot.platform.ports import RetryLater, TargetGone
from bot.runtime.keyed_lock import KeyedLock
from bot.storage import Store
from tests.bot.scripted import CHART, ScriptedPlatform, a_request
from tests.waiting import until


@contextlib.asynccontextmanager
async def watching(store: Store, platform: ScriptedPlatform) -> AsyncIterator[None]:
    watch = asyncio.create_task(
        notices.watch(store, platform, KeyedLock(), wait=-1, look_every=0.01)
    )
    yield
    watch.cancel()
    await asyncio.wait([watch])


async def test_a_notice_is_sent_once_and_replaced_by_the_answer(
    store: Store, platform: ScriptedPlatform
) -> None:
    request = a_request()
    await store.record_job(request)
    platform.faults["send_text"] = [RetryLater("away")]
    async with watching(store, platform):
        await until(lambda: platform.kinds, ["text"])
        await store.record_job(a_request(2))
        await until(lambda: platform.kinds, ["text", "text"])
    assert "the model is not running" in platform.said[0][2]
    await ReplyService(store, platform).chart(request.ref, CHART, "🏆")
    assert platform.kinds[2:] == ["edit 9000 to chart"]


@contextlib.asynccontextmanager
async def watching_model(
    store: Store, platform: ScriptedPlatform, registry: SimpleNamespace
) -> AsyncIterator[None]:
    watch = asyncio.create_task(
        notices.watch_model(
            store, platform, KeyedLock(), lambda: bool(registry.lacks_model), look_every=0.01
        )
    )
    yield
    watch.cancel()
    await asyncio.wait([watch])


async def test_without_a_model_each_chat_is_told_at_once_in_its_language(
    store: Store, platform: ScriptedPlatform
) -> None:
    registry = SimpleNamespace(lacks_model=False)
    request = a_request()
    platform.faults["send_text"] = [RetryLater("away")]
    async with watching_model(store, platform, registry):
        await store.record_job(request)
        await asyncio.sleep(0)
        assert platform.said == []
        registry.lacks_model = True
        await until(lambda: platform.kinds, ["text"])
        assert "Your picture is kept" in platform.said[0][2]
        await store.record_job(a_request(2))  # of the same chat
        elsewhere = replace(request.ref, chat_id=8)
        await store.record_job(replace(a_request(3), ref=elsewhere, language="es"))
        await until(lambda: platform.kinds, ["text", "text"])
    assert platform.said[1][1].chat_id == 8
    assert "Tu imagen está guardada" in platform.said[1][2]
    await ReplyService(store, platform).chart(request.ref, CHART, "🏆")
    assert platform.kinds[2:] == ["edit 9000 to chart"]


async def test_people_are_told_once_that_the_model_is_missing(
    store: Store, platform: ScriptedPlatform
) -> None:
    await store.record_job(a_request())
    async with watching_model(store, platform, SimpleNamespace(lacks_model=True)):
        await until(lambda: platform.kinds, ["text"])

        async def waiting() -> int:
            return len(await store.waiting_longer_than(-1))

        await until(waiting, 0)


async def test_people_who_are_gone_are_not_told_again(
    store: Store, platform: ScriptedPlatform
) -> None:
    await store.record_job(a_request())
    platform.faults["send_text"] = [TargetGone("blocked")]

    async def waiting() -> int:
        return len(await store.waiting_longer_than(-1))

    async with watching(store, platform):
        await until(waiting, 0)
    assert platform.said == []


async def test_a_sentence_replaces_a_sentence_but_never_a_chart(
    store: Store, platform: ScriptedPlatform
) -> None:
    answers, place = ReplyService(store, platform), a_request().ref
    await answers.text(place, "one")
    await answers.text(place, "two")
    platform.faults["edit_to_text"] = [TargetGone("deleted")]
    await answers.text(place, "three")
    await answers.chart(place, CHART, "chart")
    await answers.text(place, "five")
    assert platform.kinds == [
        "text",
        "edit 9000 to text",
        "text",
        "edit 9001 to chart",
        "text",
    ]
    answered = await store.answer_to(place.chat_id, place.message_id)
    assert answered
    assert answered.is_chart
