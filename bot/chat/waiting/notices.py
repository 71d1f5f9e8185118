"""Tells people, once, that their picture has to wait. The picture stays in the queue.

They are told after some minutes, or at once if no worker has a model to answer with.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from bot.chat.answers.replies import ReplyService
from bot.i18n import Sentences, speak
from bot.platform.ports import ChatPlatform, RetryLater, TargetGone
from bot.runtime.keyed_lock import KeyedLock
from bot.storage import JobRecord, Store

log = logging.getLogger(__name__)

# Seconds until a chat is told again that there is no model: its people have just read it.
_CHAT_AGAIN_AFTER = 300.0


async def watch(
    store: Store,
    platform: ChatPlatform,
    chat_locks: KeyedLock,
    *,
    wait: float,
    look_every: float,
    knows_place: Callable[[str], bool] = lambda _: False,
) -> None:
    """Tell people whose question is older than `wait` seconds, until cancelled.

    Args:
        chat_locks: shared with `ResultDispatcher`, so that no notice comes after its answer.
        look_every: seconds between two looks.
        knows_place: returns whether the person was told their place for this question, which says
            more; see `QueuePlaces.tells`.
    """
    replies = ReplyService(store, platform)
    while True:
        await asyncio.sleep(look_every)
        for record in await store.waiting_longer_than(wait):
            if knows_place(record.id):
                continue
            async with chat_locks.turn(record.ref.chat_id):
                await _tell(store, replies, record)


async def watch_model(
    store: Store,
    platform: ChatPlatform,
    chat_locks: KeyedLock,
    lacks_model: Callable[[], bool],
    *,
    look_every: float = 1.0,
) -> None:
    """Tell people who ask while no worker has its model, until cancelled.

    Each chat is told once in `_CHAT_AGAIN_AFTER` seconds; `watch` tells the others later.

    Args:
        lacks_model: see `WorkerRegistry.lacks_model`.
        look_every: seconds between two looks.
    """
    replies = ReplyService(store, platform)
    told: dict[int, float] = {}  # chat → when it can be told again, by time.monotonic
    while True:
        await asyncio.sleep(look_every)
        if not lacks_model():
            continue
        now = time.monotonic()
        told = {chat: until for chat, until in told.items() if until > now}
        for record in await store.waiting_longer_than(look_every):
            chat = record.ref.chat_id
            if chat in told:
                continue
            told[chat] = now + _CHAT_AGAIN_AFTER
            async with chat_locks.turn(chat):
                if not await _tell(store, replies, record, Sentences.model_missing):
                    del told[chat]


async def _tell(
    store: Store,
    replies: ReplyService,
    record: JobRecord,
    sentence: Callable[[Sentences], str] = Sentences.still_waiting,
) -> bool:
    """Tell it once; return False when that must be tried again."""
    current = await store.job(record.id)
    if current is None or current.delivered:
        return True  # answered meanwhile
    try:
        # It is stored as the answer, so that the chart later replaces it.
        await replies.text(record.ref, sentence(speak(record.language)))
    except TargetGone as error:
        log.info("The notice that %s waits can't be sent: %s", record.id, error)
    except RetryLater:
        return False
    except Exception:
        log.exception("Telling that %s waits failed; it is not tried again.", record.id)
    await store.mark_noticed(record.id)
    return True
