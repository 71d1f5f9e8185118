"""Questions put to the workers, and the messages that answer them."""

import json
import time
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.platform.models import ClassifyRequest, Media, MessageRef
from bot.storage.engine.rows import Rows
from bot.storage.engine.tables import answers, jobs

# A job that is still out after this is lost (its queue was deleted) and no longer counts.
_LOST_AFTER = 24 * 3_600.0

_media = msgspec.msgpack.Decoder(tuple[Media, ...])

# Asked for each photo, and so made once: making one anew took two fifths of the time of asking it.
_newest = select(jobs).order_by(jobs.c.serial.desc()).limit(1)
_JOB = _newest.where(jobs.c.id == bindparam("job_id"))
_LATEST_JOB = _newest.where(
    jobs.c.chat_id == bindparam("chat_id"), jobs.c.message_id == bindparam("message_id")
)
_JOB_ANSWERED_BY = _newest.where(
    jobs.c.chat_id == bindparam("chat_id"),
    jobs.c.message_id.in_(
        select(answers.c.message_id).where(
            answers.c.chat_id == bindparam("chat_id"), answers.c.answer_id == bindparam("answer_id")
        )
    ),
)
_LAST_JOB = (
    select(jobs)
    .where(jobs.c.chat_id == bindparam("chat_id"), jobs.c.user_id == bindparam("user_id"))
    .order_by(jobs.c.created_at.desc(), jobs.c.serial.desc())
    .limit(1)
)
_IN_FLIGHT = select(func.count()).where(
    jobs.c.user_id == bindparam("user_id"),
    jobs.c.delivered_at.is_(None),
    jobs.c.created_at > bindparam("since"),
)
_ANSWER = select(answers).where(
    answers.c.chat_id == bindparam("chat_id"), answers.c.message_id == bindparam("message_id")
)
# What was asked is kept only for as long as it may have to be asked again.
_NOT_TO_BE_ASKED = {"labels": None, "template": None}
_DELIVERED = (
    update(jobs)
    .where(jobs.c.id == bindparam("job_id"))
    .values(delivered_at=bindparam("now"), **_NOT_TO_BE_ASKED)
)


@dataclass(frozen=True)
class JobRecord:
    """A question that was put to the workers.

    Attributes:
        fingerprint: what its message said, see `ClassifyRequest`; "" where that is forgotten.
        delivered_at: Unix time of its answer; None while there is none.
    """

    id: str
    place: MessageRef
    revision: int
    user_id: int
    language: str
    fingerprint: str
    media: tuple[Media, ...]
    created_at: float
    delivered_at: float | None

    @property
    def delivered(self) -> bool:
        """Whether the platform took the answer, or it became pointless."""
        return self.delivered_at is not None


@dataclass(frozen=True)
class Answered:
    """The message that answers a message."""

    answer_id: int
    is_chart: bool


class Jobs(Rows):
    """The tables `jobs` and `answers`."""

    async def record_job(self, ask: ClassifyRequest, queue: str | None = None) -> None:
        """Notes a question before it is queued; the same question again changes nothing.

        Args:
            queue: when the jobs stream was made that it is put into.
        """
        # delivered_at is not among them: an answer that was delivered stays delivered.
        values = {
            **_columns(ask),
            "labels": json.dumps(ask.labels, ensure_ascii=False),
            "template": ask.template,
            "queue": queue,
        }
        await self._upsert(jobs, {"id": ask.id}, values)

    async def record_refusal(self, ask: ClassifyRequest) -> None:
        """Notes a question that a sentence answered: nothing is queued, and its edits are edits."""
        columns = _columns(ask)
        values = {**columns, "delivered_at": columns["created_at"]}
        await self._upsert(jobs, {"id": ask.id}, values)

    async def change_fingerprint(self, job_id: str, fingerprint: str) -> None:
        """Notes that the message of a question says something else now, which asks nothing."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(jobs).where(jobs.c.id == job_id).values(fingerprint=fingerprint)
            )

    async def job(self, job_id: str) -> JobRecord | None:
        """A question by its id."""
        return await self._one_job(_JOB, job_id=job_id)

    async def latest_job(self, chat_id: int, message_id: int) -> JobRecord | None:
        """The newest question that a message asked."""
        return await self._one_job(_LATEST_JOB, chat_id=chat_id, message_id=message_id)

    async def job_answered_by(self, chat_id: int, answer_id: int) -> JobRecord | None:
        """The question that a message of ours answers."""
        return await self._one_job(_JOB_ANSWERED_BY, chat_id=chat_id, answer_id=answer_id)

    async def last_job(self, chat_id: int, user_id: int) -> JobRecord | None:
        """The newest question of a person in a chat."""
        return await self._one_job(_LAST_JOB, chat_id=chat_id, user_id=user_id)

    async def _one_job(self, query: Select[Any], **values: Any) -> JobRecord | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(query, values)).one_or_none()
        return None if row is None else _job_record(row)

    async def jobs_in_flight(self, user_id: int) -> int:
        """How many questions of a person are not answered yet."""
        values = {"user_id": user_id, "since": time.time() - _LOST_AFTER}
        async with self._database.connect() as connection:
            return int((await connection.execute(_IN_FLIGHT, values)).scalar_one())

    async def forget_job(self, job_id: str) -> None:
        """Removes a question that could not be queued."""
        async with self._database.begin() as connection:
            await connection.execute(delete(jobs).where(jobs.c.id == job_id))

    async def mark_delivered(self, job_id: str) -> None:
        """The platform took the answer, or it became pointless."""
        async with self._database.begin() as connection:
            await _mark_delivered(connection, job_id)

    async def waiting_longer_than(self, seconds: float) -> list[JobRecord]:
        """Questions out for so long, whose askers were not told yet."""
        now = time.time()
        query = select(jobs).where(
            jobs.c.delivered_at.is_(None),
            jobs.c.noticed_at.is_(None),
            jobs.c.created_at < now - seconds,
            jobs.c.created_at > now - _LOST_AFTER,
        )
        async with self._database.connect() as connection:
            return [_job_record(row) for row in await connection.execute(query)]

    async def supersede(self, place: MessageRef, revision: int) -> None:
        """Nobody waits any more for what a message asked before its edit of this serial."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(jobs)
                .where(
                    jobs.c.chat_id == place.chat_id,
                    jobs.c.message_id == place.message_id,
                    jobs.c.serial < revision,
                    jobs.c.delivered_at.is_(None),
                )
                # Without a fingerprint: whoever edits it back wants it answered after all.
                .values(delivered_at=time.time(), fingerprint="", **_NOT_TO_BE_ASKED)
            )

    async def mark_noticed(self, job_id: str) -> None:
        """The asker was told that it takes long."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(jobs).where(jobs.c.id == job_id).values(noticed_at=time.time())
            )

    async def answer_to(self, chat_id: int, message_id: int) -> Answered | None:
        """Our message that answers theirs."""
        values = {"chat_id": chat_id, "message_id": message_id}
        async with self._database.connect() as connection:
            row = (await connection.execute(_ANSWER, values)).one_or_none()
        return None if row is None else Answered(row.answer_id, bool(row.is_chart))

    async def is_answer(self, chat_id: int, message_id: int) -> bool:
        """Whether a message of ours answers one of theirs, by a chart or by a sentence."""
        query = select(answers.c.answer_id).where(
            answers.c.chat_id == chat_id, answers.c.answer_id == message_id
        )
        async with self._database.connect() as connection:
            return (await connection.execute(query.limit(1))).one_or_none() is not None

    async def record_answer(
        self, place: MessageRef, answer_id: int, *, is_chart: bool, job_id: str | None = None
    ) -> None:
        """Notes which message of ours answers which of theirs.

        With `job_id` that question is delivered, at the same moment: a crash in between would
        repeat the answer as an edit that changes nothing, which Telegram refuses.
        """
        keys = {"chat_id": place.chat_id, "message_id": place.message_id}
        values = {"answer_id": answer_id, "is_chart": int(is_chart), "created_at": time.time()}
        async with self._database.begin() as connection:
            await self._put(connection, answers, keys, values)
            if job_id is not None:
                await _mark_delivered(connection, job_id)


async def _mark_delivered(connection: AsyncConnection, job_id: str) -> None:
    await connection.execute(_DELIVERED, {"job_id": job_id, "now": time.time()})


def _columns(ask: ClassifyRequest) -> dict[str, Any]:
    return {
        "chat_id": ask.place.chat_id,
        "message_id": ask.place.message_id,
        "thread_id": ask.place.thread_id,
        "serial": ask.revision,
        "user_id": ask.user_id,
        "language": ask.language,
        "fingerprint": ask.fingerprint,
        "media": msgspec.msgpack.encode(ask.media),
        "created_at": time.time(),
    }


def _job_record(row: Any) -> JobRecord:
    return JobRecord(
        id=row.id,
        place=MessageRef(row.chat_id, row.message_id, row.thread_id),
        revision=row.serial,
        user_id=row.user_id,
        language=row.language,
        fingerprint=row.fingerprint,
        media=_media.decode(row.media),
        created_at=row.created_at,
        delivered_at=row.delivered_at,
    )
