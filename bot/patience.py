"""People whose picture waits for long are told so, once; the picture stays in the queue."""

import asyncio
import logging

from bot.answers import Answers
from bot.platform import Gone, Platform, TryAgain
from bot.store import Store
from bot.texts import speak

log = logging.getLogger(__name__)


async def watch(store: Store, platform: Platform, *, wait: float, look_every: float) -> None:
    """Looks again and again for questions older than `wait` seconds."""
    answers = Answers(store, platform)
    while True:
        await asyncio.sleep(look_every)
        for record in await store.waiting_longer_than(wait):
            try:
                # Recorded as the answer, so that the chart later takes this sentence's place.
                await answers.text(record.place, speak(record.language).still_waiting())
            except Gone as error:
                log.info("Nobody is there to be told that %s waits: %s", record.id, error)
            except TryAgain:
                continue
            await store.mark_noticed(record.id)
