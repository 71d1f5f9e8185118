"""People whose picture waits for long are told so, once; the picture stays in the queue.

Where it is known that there is no model to answer with, they are told at once.
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

# Whoever sends more pictures meanwhile, or the others in a group, have read it already.
_CHAT_AGAIN_AFTER = 300.0  # seconds


async def watch(
    store: Store, platform: ChatPlatform, lanes: KeyedLock, *, wait: float, look_every: float
) -> None:
    """Looks again and again for questions older than `wait` seconds.

    Args:
        lanes: the deliverer's, so that no notice overtakes or follows an answer.
    """
    answers = ReplyService(store, platform)
    while True:
        await asyncio.sleep(look_every)
        for record in await store.waiting_longer_than(wait):
            async with lanes.turn(record.ref.chat_id):
                await _tell(store, answers, record)


async def watch_model(
    store: Store,
    platform: ChatPlatform,
    lanes: KeyedLock,
    lacks_model: Callable[[], bool],
    *,
    look_every: float = 1.0,
) -> None:
    """Looks again and again for questions that come while no worker has its model.

    Each chat is told at most once in some minutes; whoever waits beside is told by `watch`.

    Args:
        lacks_model: see `Fleet.lacks_model`.
    """
    answers = ReplyService(store, platform)
    told: dict[int, float] = {}  # by chat, until when it need not be told again
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
            async with lanes.turn(chat):
                if not await _tell(store, answers, record, Sentences.model_missing):
                    del told[chat]


async def _tell(
    store: Store,
    answers: ReplyService,
    record: JobRecord,
    sentence: Callable[[Sentences], str] = Sentences.still_waiting,
) -> bool:
    """Says it once; False where that has to be tried again."""
    current = await store.job(record.id)
    if current is None or current.delivered:
        return True  # answered while others were being told
    try:
        # Recorded as the answer, so that the chart later takes this sentence's place.
        await answers.text(record.ref, sentence(speak(record.language)))
    except TargetGone as error:
        log.info("Nobody is there to be told that %s waits: %s", record.id, error)
    except RetryLater:
        return False
    except Exception:
        log.exception("Telling that %s waits failed; it is not tried again.", record.id)
    await store.mark_noticed(record.id)
    return True
