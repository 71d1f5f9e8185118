"""Questions without an answer: the queue must hold them, or they have to be asked again."""

import json
import time
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import bindparam, select, update

from bot.platform.models import ClassifyRequest, Media, MessageRef
from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import jobs

# A job that has no answer after this many seconds is lost (its queue was deleted). It no longer
# counts for the limit of its person.
LOST_AFTER = 24 * 3_600.0

_media = msgspec.msgpack.Decoder(tuple[Media, ...])
_OPEN = select(jobs).where(here(jobs), jobs.c.delivered_at.is_(None)).order_by(jobs.c.created_at)
# Runs each second while people wait, so it reads only what is shown.
_BRIEFLY = select(
    *(jobs.c.id, jobs.c.chat_id, jobs.c.message_id, jobs.c.thread_id),
    *(jobs.c.user_id, jobs.c.language, jobs.c.created_at),
).where(here(jobs))
_LONGEST_WAITING = (
    _BRIEFLY.where(jobs.c.delivered_at.is_(None), jobs.c.created_at > bindparam("since"))
    .order_by(jobs.c.created_at)
    .limit(bindparam("at_most"))
)


@dataclass(frozen=True)
class Unanswered:
    """A question that has no answer yet.

    Attributes:
        request: what was asked. Without labels if an older clipbot stored it, which kept none.
        created_at: when it was asked, in Unix seconds.
    """

    request: ClassifyRequest
    created_at: float

    @property
    def id(self) -> str:
        """The question's id."""
        return self.request.id


@dataclass(frozen=True)
class WaitingQuestion:
    """What is needed to tell a person that their question waits, or was taken back."""

    id: str
    ref: MessageRef
    user_id: int
    language: str
    created_at: float

    @property
    def is_private(self) -> bool:
        """True in a private chat, to which the platform gives the person's own id.

        An anonymous admin has the id of the group, which is negative (Bot API, Chat).
        """
        return self.ref.chat_id == self.user_id > 0


class OpenJobs(StorePart):
    """The rows of the table `jobs` whose answer is not delivered."""

    async def longest_waiting(self, at_most: int) -> list[WaitingQuestion]:
        """Return the questions that wait, but for lost ones; the oldest first."""
        since = time.time() - LOST_AFTER
        rows = await self._all(_LONGEST_WAITING, since=since, at_most=at_most)
        return [_waiting(row) for row in rows]

    async def taken_back(self, chat_id: int, user_id: int, by: int) -> list[WaitingQuestion]:
        """Return the questions of a person that their message `by` took back."""
        query = _BRIEFLY.where(
            jobs.c.user_id == user_id, jobs.c.chat_id == chat_id, jobs.c.cancelled_by == by
        )
        return [_waiting(row) for row in await self._all(query)]

    async def unanswered_of_other_queues(self, queue: str) -> list[Unanswered]:
        """Return the questions that were put into another queue than this; the oldest first."""
        return [
            self._unanswered(row) for row in await self._all(_OPEN.where(jobs.c.queue != queue))
        ]

    async def unanswered_since(self, before: float) -> list[Unanswered]:
        """Return the questions asked before a Unix time; the oldest first."""
        query = _OPEN.where(jobs.c.created_at < before)
        return [self._unanswered(row) for row in await self._all(query)]

    async def mark_queued(self, job_id: str, queue: str) -> None:
        """Store that a question was put into this queue."""
        await self._change(update(jobs).where(here(jobs), jobs.c.id == job_id).values(queue=queue))

    def _unanswered(self, row: Any) -> Unanswered:
        request = ClassifyRequest(
            ref=MessageRef(row.chat_id, row.message_id, row.thread_id),
            user_id=row.user_id,
            language=row.language,
            media=_media.decode(row.media),
            labels=tuple(json.loads(row.labels or "[]")),
            template=row.template,
            revision=row.serial,
            private=False,
            platform=self._platform,
        )
        return Unanswered(request, row.created_at)


def _waiting(row: Any) -> WaitingQuestion:
    ref = MessageRef(row.chat_id, row.message_id, row.thread_id)
    return WaitingQuestion(row.id, ref, row.user_id, row.language, row.created_at)
