"""Tells people who wait for more than some seconds their place in the queue.

The sentence is edited as the queue moves, and the answer takes its place. In each chat it is about
the question that is answered next. Nothing about it is stored but the message itself: after a crash
the sentence goes on.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from bot.chat.answers.replies import ReplyService
from bot.chat.waiting.queue_pace import QueuePace
from bot.i18n import speak
from bot.platform.ports import ChatPlatform, RetryLater, TargetGone
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.retry import asked_pause
from bot.storage import DATABASE_AWAY, Store, WaitingQuestion

log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0  # seconds
# People who wait for less are told nothing; in seconds.
_PATIENCE = 3.0
# An answer that comes within this time is not announced; in seconds.
_SOON = 2.5
# Seconds between two changes of the sentence in a private chat, and in a group, where Telegram
# takes 20 messages a minute (Bots FAQ).
_EDIT_EVERY, _EDIT_EVERY_IN_GROUPS = 5.0, 10.0
# In a group that gets more answers in a minute, nothing is told: they need the messages.
_ANSWERS_IN_GROUPS = 8
# Telegram takes 30 messages a second from a bot (Bots FAQ). Answers come first: sentences
# get what answers leave of `_MESSAGES` in a second, and at most `_SENTENCES`.
_MESSAGES, _SENTENCES = 20, 5
# Places after this one are not told, so that a look at the queue stays cheap.
_LAST_PLACE = 500
# Seconds without any sentence after the platform asked for a pause.
_QUIET = 15.0


@dataclass(frozen=True)
class _Place:
    """What a person is told.

    Attributes:
        number: 1 is answered next.
        seconds: until the answer, about; None if that is not known.
    """

    number: int
    seconds: float | None


@dataclass
class _Told:
    """What a person was told about a question.

    Attributes:
        place: None if it can't be told.
        again_at: when the sentence may change.
    """

    place: _Place | None
    again_at: float


class QueuePlaces:
    """The places of those who wait.

    Args:
        chat_locks: shared with `ResultDispatcher`, so that no sentence comes after its answer.
        is_answering: returns whether a worker has the model now.
        clock: seconds of a clock that can't be set.
    """

    def __init__(
        self,
        store: Store,
        platform: ChatPlatform,
        chat_locks: KeyedLock,
        is_answering: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._replies = ReplyService(store, platform)
        self._chat_locks = chat_locks
        self._is_answering = is_answering
        self._clock = clock
        self._pace = QueuePace()
        self._told: dict[str, _Told] = {}
        self._chat_again_at: dict[int, float] = {}
        self._answering_since: float | None = None
        self._quiet_until = 0.0
        self._asked = asyncio.Event()

    def asked(self) -> None:
        """Note that somebody asks: only now does `watch` look at the queue."""
        self._asked.set()

    def tells(self, job_id: str) -> bool:
        """Return whether the person who asked knows their place, and the queue moves."""
        told = self._told.get(job_id)
        return self._is_answering() and told is not None and told.place is not None

    async def watch(self) -> NoReturn:
        """Tell places, until cancelled."""
        while True:
            self._asked.clear()
            try:
                pause = await self.look()
            except DATABASE_AWAY as error:
                log.warning("Can't look who waits now: %s", error)
                pause = _PATIENCE
            if pause is None:
                await self._asked.wait()
                pause = _PATIENCE
            await asyncio.sleep(pause)

    async def look(self) -> float | None:
        """Tell what has changed; return the seconds until the next look, None if nobody waits."""
        waiting = await self._store.longest_waiting(_LAST_PLACE)
        now = self._clock()
        self._pace.look({one.id: one.ref.chat_id for one in waiting}, now)
        self._told = {one.id: self._told[one.id] for one in waiting if one.id in self._told}
        self._chat_again_at = {c: at for c, at in self._chat_again_at.items() if at > now}
        if not self._is_answering():
            self._answering_since = None
        elif self._answering_since is None:
            self._answering_since = now
        if not waiting:
            return None
        if now >= self._quiet_until:
            await self._tell_places(waiting, now)
        oldest = time.time() - min(one.created_at for one in waiting)
        return max(_LOOK_EVERY, _PATIENCE - oldest)

    async def _tell_places(self, waiting: list[WaitingQuestion], now: float) -> None:
        """Tell as many places as there is room for: first those who know none, then the oldest."""
        speed = self._pace.per_second(now) if self._answering_since is not None else None
        room = min(_SENTENCES, _MESSAGES - math.ceil(speed or 0.0))
        due = []
        seen = set()
        for number, question in enumerate(waiting, 1):
            chat, told = question.ref.chat_id, self._told.get(question.id)
            if chat in seen:
                continue
            seen.add(chat)
            if now >= self._chat_again_at.get(chat, now) and self._may_tell(question, told, now):
                due.append((told.again_at if told else 0.0, number, question))
        for _, number, question in sorted(due, key=lambda one: one[:2]):
            if room <= 0:
                break
            place = _Place(number, None if speed is None else _about(number / speed))
            told = self._told.get(question.id)
            is_soon = speed is not None and number / speed < _SOON
            if is_soon or (told and told.place == place):
                continue
            room -= 1
            if not await self._tell(question, place):
                break

    def _may_tell(self, question: WaitingQuestion, told: _Told | None, now: float) -> bool:
        if told:
            return told.place is not None and now >= told.again_at
        since = self._answering_since
        has_waited = time.time() - question.created_at >= _PATIENCE
        is_quiet = self._pace.answers_in(question.ref.chat_id) < _ANSWERS_IN_GROUPS
        return (
            has_waited
            and since is not None
            and now - since >= _PATIENCE
            and (is_quiet or question.is_private)
        )

    async def _tell(self, question: WaitingQuestion, place: _Place) -> bool:
        """Tell a person their place; return False if the platform takes no sentences now."""
        chat_id = question.ref.chat_id
        if self._chat_locks.waiting(chat_id):
            return True  # answers come there now
        every = _EDIT_EVERY if question.is_private else _EDIT_EVERY_IN_GROUPS
        async with self._chat_locks.turn(chat_id):
            told: _Place | None = None
            try:
                if await self._is_open(question):
                    text = speak(question.language).queue_place(place.number, place.seconds)
                    await self._replies.text(question.ref, text)
                    told = place
            except TargetGone as error:
                log.info("The place of %s can't be told: %s", question.id, error)
            except RetryLater as error:
                self._quiet_until = self._clock() + max(_QUIET, asked_pause(error))
                return False
            except DATABASE_AWAY:
                raise
            except Exception:
                log.exception("Telling the place of %s failed; it is not tried again.", question.id)
            self._told[question.id] = _Told(told, self._clock() + every)
            self._chat_again_at[chat_id] = self._clock() + every
        return True

    async def _is_open(self, question: WaitingQuestion) -> bool:
        """Return whether a question still waits, and no chart answers its message."""
        record = await self._store.job(question.id)
        if record is None or record.delivered:
            return False
        # After an edit, the chart of the earlier text stays until the new one is there.
        earlier = await self._store.answer_to(question.ref.chat_id, question.ref.message_id)
        return earlier is None or not earlier.is_chart


def _about(seconds: float) -> float:
    """Return a time as people say it: rounded up, to 5 s, 30 s or minutes."""
    step = next((step for limit, step in ((60, 5), (300, 30)) if seconds <= limit), 60)
    return max(1, math.ceil(seconds / step)) * float(step)
