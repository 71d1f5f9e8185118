"""Questions put to the workers, and the messages that answer them."""

import json
import time
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import LargeBinary, Select, Update, bindparam, case, delete, func, select, update

from bot.platform.models import ClassifyRequest, Media, MessageRef
from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import answers, jobs
from bot.storage.unanswered import LOST_AFTER

_media = msgspec.msgpack.Decoder(tuple[Media, ...])

# These run for each photo, so they are built once: building one takes two fifths of its time.
_NEWEST = select(jobs).where(here(jobs)).order_by(jobs.c.serial.desc()).limit(1)
_JOB = _NEWEST.where(jobs.c.id == bindparam("job_id"))
_LATEST_JOB = _NEWEST.where(
    jobs.c.chat_id == bindparam("chat_id"), jobs.c.message_id == bindparam("message_id")
)
_JOB_ANSWERED_BY = _NEWEST.where(
    jobs.c.chat_id == bindparam("chat_id"),
    jobs.c.message_id.in_(
        select(answers.c.message_id).where(
            here(answers),
            answers.c.chat_id == bindparam("chat_id"),
            answers.c.answer_id == bindparam("answer_id"),
        )
    ),
)
_NUMBERS_SHOWN_BY = _JOB_ANSWERED_BY.where(jobs.c.outcome.is_not(None))
_JOB_COPIED_TO = _NEWEST.where(
    jobs.c.chat_id == bindparam("chat_id"), jobs.c.copy_id == bindparam("copy_id")
)
_LAST_JOB = (
    select(jobs)
    .where(
        here(jobs),
        jobs.c.chat_id == bindparam("chat_id"),
        jobs.c.user_id == bindparam("user_id"),
    )
    .order_by(jobs.c.created_at.desc(), jobs.c.serial.desc())
    .limit(1)
)
_IN_FLIGHT = select(func.count()).where(
    here(jobs),
    jobs.c.user_id == bindparam("user_id"),
    jobs.c.delivered_at.is_(None),
    # `+ 0` keeps SQLite from the index `jobs_open`: it would read the open questions of all people.
    jobs.c.created_at + 0 > bindparam("since"),
)
_ANSWER = select(answers).where(
    here(answers),
    answers.c.chat_id == bindparam("chat_id"),
    answers.c.message_id == bindparam("message_id"),
)
# What was asked is kept only for as long as it may have to be asked again.
_FORGOTTEN = {"labels": None, "template": None}
_DELIVERED = (
    update(jobs)
    .where(here(jobs), jobs.c.id == bindparam("job_id"))
    .values(delivered_at=bindparam("now"), **_FORGOTTEN)
)
# Without a fingerprint, its person wants to be forgotten, perhaps since the answer was under way.
_ANSWERED = _DELIVERED.values(
    outcome=case((jobs.c.fingerprint != "", bindparam("outcome", type_=LargeBinary)))
)


@dataclass(frozen=True)
class JobRecord:
    """A question that was put to the workers.

    Attributes:
        fingerprint: see `ClassifyRequest`; "" if what its message said is forgotten.
        delivered_at: Unix time of its answer; None while there is none.
        outcome: the numbers of its answer, see `bot.chat.answers.outcome`; None without numbers.
        copy_id: our message that repeats the answer as text, if there is one.
    """

    id: str
    ref: MessageRef
    revision: int
    user_id: int
    language: str
    fingerprint: str
    media: tuple[Media, ...]
    created_at: float
    delivered_at: float | None
    outcome: bytes | None = None
    copy_id: int | None = None

    @property
    def delivered(self) -> bool:
        """True once the platform took the answer, or it became pointless."""
        return self.delivered_at is not None


@dataclass(frozen=True)
class Answered:
    """The message that answers a message."""

    answer_id: int
    is_chart: bool


class JobTables(StorePart):
    """The tables `jobs` and `answers`."""

    async def record_job(self, request: ClassifyRequest, queue: str | None = None) -> None:
        """Store a question before it is queued; the same question again changes nothing.

        Args:
            queue: when the jobs stream that takes it was made.
        """
        # delivered_at is not among them: an answer that was delivered stays delivered.
        values = {
            **self._columns(request),
            "labels": json.dumps(request.labels, ensure_ascii=False),
            "template": request.template,
            "queue": queue,
        }
        await self._upsert(jobs, {"id": request.id}, values)

    async def record_refusal(self, request: ClassifyRequest) -> None:
        """Store a question that a sentence answered, so that an edit of it is seen as an edit."""
        columns = self._columns(request)
        values = {**columns, "delivered_at": columns["created_at"]}
        await self._upsert(jobs, {"id": request.id}, values)

    def _columns(self, request: ClassifyRequest) -> dict[str, Any]:
        if request.platform != self._platform:
            raise ValueError(f"a question of {request.platform} can't go to {self._platform}")
        return {
            "chat_id": request.ref.chat_id,
            "message_id": request.ref.message_id,
            "thread_id": request.ref.thread_id,
            "serial": request.revision,
            "user_id": request.user_id,
            "language": request.language,
            "fingerprint": request.fingerprint,
            "media": msgspec.msgpack.encode(request.media),
            "created_at": time.time(),
        }

    async def change_fingerprint(self, job_id: str, fingerprint: str) -> None:
        """Store that the message of a question was edited in a way that asks nothing new."""
        await self._change(_update_of(job_id).values(fingerprint=fingerprint))

    async def job(self, job_id: str) -> JobRecord | None:
        """Return a question by its id."""
        return await self._record(_JOB, job_id=job_id)

    async def latest_job(self, chat_id: int, message_id: int) -> JobRecord | None:
        """Return the newest question that a message asked."""
        return await self._record(_LATEST_JOB, chat_id=chat_id, message_id=message_id)

    async def job_answered_by(self, chat_id: int, answer_id: int) -> JobRecord | None:
        """Return the question that a message of ours answers."""
        return await self._record(_JOB_ANSWERED_BY, chat_id=chat_id, answer_id=answer_id)

    async def numbers_shown_by(self, chat_id: int, answer_id: int) -> JobRecord | None:
        """Return the question whose numbers a message of ours shows.

        It can be older than the one of `job_answered_by`: an edit that is not answered yet, or that
        a sentence answers, leaves the chart as it is.
        """
        return await self._record(_NUMBERS_SHOWN_BY, chat_id=chat_id, answer_id=answer_id)

    async def job_copied_to(self, chat_id: int, copy_id: int) -> JobRecord | None:
        """Return the question whose answer a message of ours repeats as text."""
        return await self._record(_JOB_COPIED_TO, chat_id=chat_id, copy_id=copy_id)

    async def record_copy(self, job_id: str, copy_id: int) -> None:
        """Store which message of ours repeats an answer as text."""
        await self._change(_update_of(job_id).values(copy_id=copy_id))

    async def last_job(self, chat_id: int, user_id: int) -> JobRecord | None:
        """Return the newest question of a person in a chat."""
        return await self._record(_LAST_JOB, chat_id=chat_id, user_id=user_id)

    async def _record(self, query: Select[Any], **values: Any) -> JobRecord | None:
        row = await self._first(query, **values)
        return None if row is None else _job_record(row)

    async def jobs_in_flight(self, user_id: int) -> int:
        """Return how many questions of a person are not answered yet."""
        row = await self._first(_IN_FLIGHT, user_id=user_id, since=time.time() - LOST_AFTER)
        return int(row[0]) if row else 0

    async def forget_job(self, job_id: str) -> None:
        """Delete a question that could not be queued."""
        await self._change(delete(jobs).where(here(jobs), jobs.c.id == job_id))

    async def mark_delivered(self, job_id: str) -> None:
        """Store that the platform took the answer, or that it became pointless."""
        await self._change(_DELIVERED, job_id=job_id, now=time.time())

    async def waiting_longer_than(self, seconds: float) -> list[JobRecord]:
        """Return the questions that have waited for `seconds` and whose people were not told."""
        now = time.time()
        query = select(jobs).where(
            here(jobs),
            jobs.c.delivered_at.is_(None),
            jobs.c.noticed_at.is_(None),
            jobs.c.created_at < now - seconds,
            jobs.c.created_at > now - LOST_AFTER,
        )
        return [_job_record(row) for row in await self._all(query)]

    async def supersede(self, ref: MessageRef, revision: int) -> None:
        """Close the questions that a message asked before this revision of it."""
        await self._change(
            update(jobs)
            .where(
                here(jobs),
                jobs.c.chat_id == ref.chat_id,
                jobs.c.message_id == ref.message_id,
                jobs.c.serial < revision,
                jobs.c.delivered_at.is_(None),
            )
            # Without a fingerprint: an edit back to the old question must be answered again.
            .values(delivered_at=time.time(), fingerprint="", **_FORGOTTEN)
        )

    async def mark_noticed(self, job_id: str) -> None:
        """Store that the person was told that it takes long."""
        await self._change(_update_of(job_id).values(noticed_at=time.time()))

    async def answer_to(self, chat_id: int, message_id: int) -> Answered | None:
        """Return our message that answers theirs."""
        row = await self._first(_ANSWER, chat_id=chat_id, message_id=message_id)
        return None if row is None else Answered(row.answer_id, bool(row.is_chart))

    async def is_answer(self, chat_id: int, message_id: int) -> bool:
        """Return whether a message is an answer of ours, a chart or a sentence."""
        query = select(answers.c.answer_id).where(
            here(answers), answers.c.chat_id == chat_id, answers.c.answer_id == message_id
        )
        return await self._first(query.limit(1)) is not None

    async def record_answer(
        self,
        ref: MessageRef,
        answer_id: int,
        *,
        is_chart: bool,
        job_id: str | None = None,
        outcome: bytes | None = None,
    ) -> None:
        """Store which message of ours answers which of theirs.

        Args:
            job_id: mark this question as delivered in the same transaction. Otherwise a crash in
                between would repeat the answer as an edit that changes nothing, which Telegram
                refuses.
            outcome: the numbers of that question's answer.
        """
        keys = {"chat_id": ref.chat_id, "message_id": ref.message_id}
        values = {"answer_id": answer_id, "is_chart": int(is_chart), "created_at": time.time()}
        async with self._database.begin() as connection:
            await self._put(connection, answers, keys, values)
            if job_id is not None:
                delivered = {"job_id": job_id, "now": time.time(), "outcome": outcome}
                await connection.execute(_ANSWERED, delivered | self._bound)


def _update_of(job_id: str) -> Update:
    return update(jobs).where(here(jobs), jobs.c.id == job_id)


def _job_record(row: Any) -> JobRecord:
    return JobRecord(
        id=row.id,
        ref=MessageRef(row.chat_id, row.message_id, row.thread_id),
        revision=row.serial,
        user_id=row.user_id,
        language=row.language,
        fingerprint=row.fingerprint,
        media=_media.decode(row.media),
        created_at=row.created_at,
        delivered_at=row.delivered_at,
        outcome=row.outcome,
        copy_id=row.copy_id,
    )
