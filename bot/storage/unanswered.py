"""Questions without an answer: the queue must hold them, or they have to be asked again."""

import json
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select, update

from bot.platform.models import ClassifyRequest, Media, MessageRef
from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import jobs

_media = msgspec.msgpack.Decoder(tuple[Media, ...])
_OPEN = select(jobs).where(here(jobs), jobs.c.delivered_at.is_(None)).order_by(jobs.c.created_at)


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


class OpenJobs(StorePart):
    """The rows of the table `jobs` whose answer is not delivered."""

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
