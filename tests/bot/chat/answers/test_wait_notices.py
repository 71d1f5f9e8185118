"""Who waits for long is told, once; the chart later takes that sentence's place."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace

from bot.chat.answers import wait_notices as patience
from bot.chat.answers.replies import ReplyService
from bot.platform.ports import RetryLater, TargetGone
from bot.runtime.keyed_lock import KeyedLock
from bot.storage import Store
from tests.bot.scripted import CHART, ScriptedPlatform, an_ask
from tests.waiting import until


@contextlib.asynccontextmanager
async def watching(store: Store, platform: ScriptedPlatform) -> AsyncIterator[None]:
    watch = asyncio.create_task(
        patience.watch(store, platform, KeyedLock(), wait=-1, look_every=0.01)
    )
    yield
    watch.cancel()
    await asyncio.wait([watch])


async def test_told_once_then_answered_in_the_same_place(
    store: Store, platform: ScriptedPlatform
) -> None:
    ask = an_ask()
    await store.record_job(ask)
    platform.faults["send_text"] = [RetryLater("away")]
    async with watching(store, platform):
        await until(lambda: platform.kinds, ["text"])
        await store.record_job(an_ask(2))
        await until(lambda: platform.kinds, ["text", "text"])
    assert "the model is not running" in platform.said[0][2]
    await ReplyService(store, platform).chart(ask.ref, CHART, "🏆")
    assert platform.kinds[2:] == ["edit 9000 to chart"]


@contextlib.asynccontextmanager
async def watching_model(
    store: Store, platform: ScriptedPlatform, registry: SimpleNamespace
) -> AsyncIterator[None]:
    watch = asyncio.create_task(
        patience.watch_model(
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
    ask = an_ask()
    platform.faults["send_text"] = [RetryLater("away")]
    async with watching_model(store, platform, registry):
        await store.record_job(ask)
        await asyncio.sleep(0)
        assert platform.said == []
        registry.lacks_model = True
        await until(lambda: platform.kinds, ["text"])
        assert "Your picture is kept" in platform.said[0][2]
        await store.record_job(an_ask(2))  # of the same chat
        elsewhere = replace(ask.ref, chat_id=8)
        await store.record_job(replace(an_ask(3), ref=elsewhere, language="es"))
        await until(lambda: platform.kinds, ["text", "text"])
    assert platform.said[1][1].chat_id == 8
    assert "Tu imagen está guardada" in platform.said[1][2]
    await ReplyService(store, platform).chart(ask.ref, CHART, "🏆")
    assert platform.kinds[2:] == ["edit 9000 to chart"]


async def test_who_was_told_of_the_missing_model_is_not_told_again(
    store: Store, platform: ScriptedPlatform
) -> None:
    await store.record_job(an_ask())
    async with watching_model(store, platform, SimpleNamespace(lacks_model=True)):
        await until(lambda: platform.kinds, ["text"])

        async def waiting() -> int:
            return len(await store.waiting_longer_than(-1))

        await until(waiting, 0)


async def test_who_is_gone_is_not_told_again(store: Store, platform: ScriptedPlatform) -> None:
    await store.record_job(an_ask())
    platform.faults["send_text"] = [TargetGone("blocked")]

    async def waiting() -> int:
        return len(await store.waiting_longer_than(-1))

    async with watching(store, platform):
        await until(waiting, 0)
    assert platform.said == []


async def test_a_sentence_takes_a_sentences_place_but_never_a_charts(
    store: Store, platform: ScriptedPlatform
) -> None:
    answers, place = ReplyService(store, platform), an_ask().ref
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
