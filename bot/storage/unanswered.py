"""Questions that are still out: what the queue must hold, and what has to be asked again."""

import json
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Select, select, update

from bot.platform.models import ClassifyRequest, Media, MessageRef
from bot.storage.engine.rows import Rows
from bot.storage.engine.tables import jobs

_media = msgspec.msgpack.Decoder(tuple[Media, ...])
_OPEN = select(jobs).where(jobs.c.delivered_at.is_(None)).order_by(jobs.c.created_at)


@dataclass(frozen=True)
class Unanswered:
    """A question that is out.

    Attributes:
        ask: what was asked. Without labels where an older clipbot stored it, which kept none.
        created_at: when it was asked, in Unix seconds.
    """

    ask: ClassifyRequest
    created_at: float

    @property
    def id(self) -> str:
        """The question's id."""
        return self.ask.id


class OpenJobs(Rows):
    """Rows of the table `jobs` whose answer is not delivered."""

    async def unanswered_of_other_queues(self, queue: str) -> list[Unanswered]:
        """Questions that were put into another queue than this; the oldest first."""
        return await self._unanswered(_OPEN.where(jobs.c.queue != queue))

    async def unanswered_since(self, before: float) -> list[Unanswered]:
        """Questions asked before a Unix time; the oldest first."""
        return await self._unanswered(_OPEN.where(jobs.c.created_at < before))

    async def _unanswered(self, query: Select[Any]) -> list[Unanswered]:
        async with self._database.connect() as connection:
            return [_unanswered(row) for row in await connection.execute(query)]

    async def mark_queued(self, job_id: str, queue: str) -> None:
        """A question was put into this queue."""
        async with self._database.begin() as connection:
            await connection.execute(update(jobs).where(jobs.c.id == job_id).values(queue=queue))


def _unanswered(row: Any) -> Unanswered:
    ask = ClassifyRequest(
        place=MessageRef(row.chat_id, row.message_id, row.thread_id),
        user_id=row.user_id,
        language=row.language,
        media=_media.decode(row.media),
        labels=tuple(json.loads(row.labels or "[]")),
        template=row.template,
        revision=row.serial,
        private=False,
    )
    return Unanswered(ask, row.created_at)
