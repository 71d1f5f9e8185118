"""People whose picture waits for long are told so, once; the picture stays in the queue."""

import asyncio
import logging

from bot.answers import Answers
from bot.lanes import Lanes
from bot.platform import Gone, Platform, TryAgain
from bot.store import JobRecord, Store
from bot.texts import speak

log = logging.getLogger(__name__)


async def watch(
    store: Store, platform: Platform, lanes: Lanes, *, wait: float, look_every: float
) -> None:
    """Looks again and again for questions older than `wait` seconds.

    Args:
        lanes: the deliverer's, so that no notice overtakes or follows an answer.
    """
    answers = Answers(store, platform)
    while True:
        await asyncio.sleep(look_every)
        for record in await store.waiting_longer_than(wait):
            async with lanes.turn(record.place.chat_id):
                await _tell(store, answers, record)


async def _tell(store: Store, answers: Answers, record: JobRecord) -> None:
    current = await store.job(record.id)
    if current is None or current.delivered:
        return  # answered while others were being told
    try:
        # Recorded as the answer, so that the chart later takes this sentence's place.
        await answers.text(record.place, speak(record.language).still_waiting())
    except Gone as error:
        log.info("Nobody is there to be told that %s waits: %s", record.id, error)
    except TryAgain:
        return
    except Exception:
        log.exception("Telling that %s waits failed; it is not tried again.", record.id)
    await store.mark_noticed(record.id)
