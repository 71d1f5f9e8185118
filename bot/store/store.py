"""Reading and writing what outlives a restart. Each method is one transaction."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Executable, Table, and_, delete, exists, func, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.asks import Ask, Media, Place
from bot.store.database import Database
from bot.store.tables import (
    album_items,
    albums,
    answers,
    handled,
    jobs,
    people,
    questions,
)

# How long a caption may be edited, or an answer replied to, and still be understood.
MEMORY_HOURS = 48
# Text without a reply answers our last question only for so long, in seconds.
_FRESH = 900.0
# A group's album without a command is kept only for a late item that may have one, in seconds.
_UNASKED_ALBUMS = 600.0
# An unanswered question is given up after a month.
_PATIENCE = 30 * 24 * 3_600.0
# A job that is still out after this is lost (its queue was deleted) and no longer counts.
_LOST_AFTER = 24 * 3_600.0

_media = msgspec.msgpack.Decoder(tuple[Media, ...])


@dataclass(frozen=True)
class Person:
    """What somebody chose. Empty where they chose nothing."""

    language: str | None = None
    labels: tuple[str, ...] = ()
    template: str | None = None


@dataclass(frozen=True)
class JobRecord:
    """A question that was put to the workers."""

    id: str
    place: Place
    serial: int
    user_id: int
    language: str
    fingerprint: str
    media: tuple[Media, ...]
    created_at: float
    delivered: bool


@dataclass(frozen=True)
class Album:
    """An album as it stood when its newest item came.

    Attributes:
        serial: update id of that item.
        asking_id: the item that was answered before; None the first time.
    """

    chat_id: int
    group_id: str
    serial: int
    asking_id: int | None = None


@dataclass(frozen=True)
class Answered:
    """The message that answers a message."""

    answer_id: int
    is_chart: bool


class Store:
    """All tables. Safe for concurrent use within one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _upsert_into(
        self, table: Table, keys: dict[str, Any], values: dict[str, Any]
    ) -> Executable:
        insert = (sqlite.insert if self._database.dialect.name == "sqlite" else postgresql.insert)(
            table
        ).values(**keys, **values)
        return (
            insert.on_conflict_do_update(index_elements=list(keys), set_=values)
            if values
            else insert.on_conflict_do_nothing(index_elements=list(keys))
        )

    async def _upsert(self, table: Table, keys: dict[str, Any], values: dict[str, Any]) -> None:
        async with self._database.begin() as connection:
            await connection.execute(self._upsert_into(table, keys, values))

    # -- people -------------------------------------------------------------------------------

    async def person(self, user_id: int) -> Person:
        """What this person chose."""
        async with self._database.connect() as connection:
            row = (
                await connection.execute(select(people).where(people.c.user_id == user_id))
            ).one_or_none()
        if row is None:
            return Person()
        return Person(row.language, tuple(json.loads(row.labels or "[]")), row.template)

    async def set_labels(self, user_id: int, labels: Sequence[str]) -> None:
        """Stores labels; none forgets them."""
        text = json.dumps(list(labels), ensure_ascii=False) if labels else None
        await self._upsert(people, {"user_id": user_id}, {"labels": text})

    async def set_template(self, user_id: int, template: str | None) -> None:
        """Stores a template; None uses labels as typed."""
        await self._upsert(people, {"user_id": user_id}, {"template": template})

    async def set_language(self, user_id: int, language: str) -> None:
        """Stores the language to speak with this person."""
        await self._upsert(people, {"user_id": user_id}, {"language": language})

    async def forget_person(self, user_id: int) -> None:
        """Deletes everything about a person, but for jobs still out, which end as usual."""
        theirs = and_(
            jobs.c.user_id == user_id,
            jobs.c.chat_id == answers.c.chat_id,
            jobs.c.message_id == answers.c.message_id,
        )
        async with self._database.begin() as connection:
            for table in (people, questions, album_items):
                await connection.execute(delete(table).where(table.c.user_id == user_id))
            # A private chat has the person's own id.
            await connection.execute(
                delete(answers).where(or_(answers.c.chat_id == user_id, exists().where(theirs)))
            )
            await connection.execute(delete(albums).where(albums.c.chat_id == user_id))
            await connection.execute(
                delete(jobs).where(jobs.c.user_id == user_id, jobs.c.delivered_at.is_not(None))
            )

    # -- jobs -----------------------------------------------------------------------------------

    async def record_job(self, ask: Ask) -> None:
        """Notes a question before it is queued; the same question again changes nothing."""
        await self._upsert(
            jobs,
            {"id": ask.id},
            # delivered_at is not among them: an answer that was delivered stays delivered.
            {
                "chat_id": ask.place.chat_id,
                "message_id": ask.place.message_id,
                "thread_id": ask.place.thread_id,
                "serial": ask.serial,
                "user_id": ask.user_id,
                "language": ask.language,
                "fingerprint": ask.fingerprint,
                "media": msgspec.msgpack.encode(ask.media),
                "created_at": time.time(),
            },
        )

    async def job(self, job_id: str) -> JobRecord | None:
        """A question by its id."""
        return await self._one_job(jobs.c.id == job_id)

    async def latest_job(self, chat_id: int, message_id: int) -> JobRecord | None:
        """The newest question that a message asked."""
        return await self._one_job(jobs.c.chat_id == chat_id, jobs.c.message_id == message_id)

    async def job_answered_by(self, chat_id: int, answer_id: int) -> JobRecord | None:
        """The question that a message of ours answers."""
        asked = select(answers.c.message_id).where(
            answers.c.chat_id == chat_id, answers.c.answer_id == answer_id
        )
        return await self._one_job(jobs.c.chat_id == chat_id, jobs.c.message_id.in_(asked))

    async def _one_job(self, *conditions: Any) -> JobRecord | None:
        query = select(jobs).where(*conditions).order_by(jobs.c.serial.desc()).limit(1)
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _job_record(row)

    async def jobs_in_flight(self, user_id: int) -> int:
        """How many questions of a person are not answered yet."""
        query = select(func.count()).where(
            jobs.c.user_id == user_id,
            jobs.c.delivered_at.is_(None),
            jobs.c.created_at > time.time() - _LOST_AFTER,
        )
        async with self._database.connect() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def forget_job(self, job_id: str) -> None:
        """Removes a question that could not be queued."""
        async with self._database.begin() as connection:
            await connection.execute(delete(jobs).where(jobs.c.id == job_id))

    async def mark_delivered(self, job_id: str) -> None:
        """The platform took the answer, or it became pointless."""
        async with self._database.begin() as connection:
            await connection.execute(_delivered(job_id))

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

    async def mark_noticed(self, job_id: str) -> None:
        """The asker was told that it takes long."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(jobs).where(jobs.c.id == job_id).values(noticed_at=time.time())
            )

    # -- answers --------------------------------------------------------------------------------

    async def answer_to(self, chat_id: int, message_id: int) -> Answered | None:
        """Our message that answers theirs."""
        query = select(answers).where(
            answers.c.chat_id == chat_id, answers.c.message_id == message_id
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else Answered(row.answer_id, bool(row.is_chart))

    async def record_answer(
        self, place: Place, answer_id: int, *, is_chart: bool, job_id: str | None = None
    ) -> None:
        """Notes which message of ours answers which of theirs.

        With `job_id` that question is delivered, at the same moment: a crash in between would
        repeat the answer as an edit that changes nothing, which Telegram refuses.
        """
        statement = self._upsert_into(
            answers,
            {"chat_id": place.chat_id, "message_id": place.message_id},
            {"answer_id": answer_id, "is_chart": int(is_chart), "created_at": time.time()},
        )
        async with self._database.begin() as connection:
            await connection.execute(statement)
            if job_id is not None:
                await connection.execute(_delivered(job_id))

    # -- questions ------------------------------------------------------------------------------

    async def record_question(
        self, chat_id: int, question_id: int, user_id: int, media: tuple[Media, ...]
    ) -> None:
        """Notes that we asked for phrases, and about which pictures."""
        await self._upsert(
            questions,
            {"chat_id": chat_id, "question_id": question_id},
            {
                "user_id": user_id,
                "media": msgspec.msgpack.encode(media),
                "is_open": 1,
                "created_at": time.time(),
            },
        )

    async def question(self, chat_id: int, question_id: int) -> tuple[Media, ...] | None:
        """The pictures that a question of ours is about."""
        query = select(questions.c.media).where(
            questions.c.chat_id == chat_id, questions.c.question_id == question_id
        )
        async with self._database.connect() as connection:
            packed = (await connection.execute(query)).scalar_one_or_none()
        return None if packed is None else _media.decode(packed)

    async def open_question(
        self, chat_id: int, user_id: int
    ) -> tuple[int, tuple[Media, ...]] | None:
        """Our newest question to this person in this chat, if it is fresh: its id and pictures."""
        query = (
            select(questions.c.question_id, questions.c.media)
            .where(
                questions.c.chat_id == chat_id,
                questions.c.user_id == user_id,
                questions.c.is_open == 1,
                questions.c.created_at > time.time() - _FRESH,
            )
            .order_by(questions.c.question_id.desc())
            .limit(1)
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else (row.question_id, _media.decode(row.media))

    async def close_questions(
        self, chat_id: int, user_id: int, question_id: int | None = None
    ) -> int:
        """Closes one question to this person in this chat, or all; returns how many were open."""
        query = update(questions).where(
            questions.c.chat_id == chat_id,
            questions.c.user_id == user_id,
            questions.c.is_open == 1,
        )
        if question_id is not None:
            query = query.where(questions.c.question_id == question_id)
        async with self._database.begin() as connection:
            done = await connection.execute(query.values(is_open=0))
        return int(done.rowcount)

    # -- albums ---------------------------------------------------------------------------------

    async def add_album_item(
        self,
        chat_id: int,
        group_id: str,
        message_id: int,
        message: bytes,
        *,
        user_id: int,
        serial: int,
        settle: float,
    ) -> None:
        """Keeps an item, new or edited, and puts the album off for `settle` seconds more."""
        await self._upsert(
            album_items,
            {"chat_id": chat_id, "group_id": group_id, "message_id": message_id},
            {"user_id": user_id, "message": message},
        )
        now = time.time()
        await self._upsert(
            albums,
            {"chat_id": chat_id, "group_id": group_id},
            {"due_at": now + settle, "serial": serial, "created_at": now},
        )

    async def due_albums(self) -> list[Album]:
        """Albums that have settled."""
        query = select(albums).where(albums.c.due_at <= time.time())
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [Album(r.chat_id, r.group_id, r.serial, r.asking_id) for r in rows]

    async def next_album_due(self) -> float | None:
        """Unix time at which the next album settles."""
        async with self._database.connect() as connection:
            found = await connection.execute(select(func.min(albums.c.due_at)))
            value = found.scalar_one_or_none()
        return None if value is None else float(value)

    async def album_items(self, album: Album) -> list[bytes]:
        """An album's items, in the order of their messages."""
        query = (
            select(album_items.c.message)
            .where(album_items.c.chat_id == album.chat_id, album_items.c.group_id == album.group_id)
            .order_by(album_items.c.message_id)
        )
        async with self._database.connect() as connection:
            return list((await connection.execute(query)).scalars())

    async def put_off_album(self, album: Album, seconds: float | None) -> None:
        """Makes the album due in so many seconds, or with None no more; newer items win."""
        due_at = None if seconds is None else time.time() + seconds
        async with self._database.begin() as connection:
            await connection.execute(
                update(albums)
                .where(
                    albums.c.chat_id == album.chat_id,
                    albums.c.group_id == album.group_id,
                    albums.c.serial == album.serial,
                )
                .values(due_at=due_at)
            )

    async def put_off_all_albums(self, seconds: float) -> None:
        """Gives albums that a crash cut short so many seconds for their other items to come."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(albums)
                .where(albums.c.due_at.is_not(None))
                .values(due_at=time.time() + seconds)
            )

    async def album_asked_by(self, album: Album, message_id: int) -> None:
        """From now on the album's answer belongs to this item."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(albums)
                .where(albums.c.chat_id == album.chat_id, albums.c.group_id == album.group_id)
                .values(asking_id=message_id)
            )

    # -- updates --------------------------------------------------------------------------------

    async def is_handled(self, update_id: int) -> bool:
        """True when this update's handler was done before."""
        query = select(handled.c.update_id).where(handled.c.update_id == update_id)
        async with self._database.connect() as connection:
            return (await connection.execute(query)).one_or_none() is not None

    async def mark_handled(self, update_id: int) -> None:
        """This update's handler is done."""
        await self._upsert(handled, {"update_id": update_id}, {"at": time.time()})

    # -- housekeeping -----------------------------------------------------------------------------

    async def prune(self) -> None:
        """Deletes what is older than `MEMORY_HOURS`, and group albums that nobody asked about.

        Questions that still wait for their answer are kept far longer: a worker may be away for
        days, and who was told that the picture is kept must get the answer.
        """
        now = time.time()
        old = now - MEMORY_HOURS * 3_600
        stale = or_(
            albums.c.created_at < old,
            and_(albums.c.asking_id.is_(None), albums.c.created_at < now - _UNASKED_ALBUMS),
        )
        unanswered = and_(jobs.c.delivered_at.is_(None), jobs.c.created_at > now - _PATIENCE)
        async with self._database.begin() as connection:
            await connection.execute(
                delete(album_items).where(
                    exists().where(
                        albums.c.chat_id == album_items.c.chat_id,
                        albums.c.group_id == album_items.c.group_id,
                        stale,
                    )
                )
            )
            await connection.execute(delete(albums).where(stale))
            for table in (answers, questions):
                await connection.execute(delete(table).where(table.c.created_at < old))
            await connection.execute(delete(handled).where(handled.c.at < old))
            await connection.execute(delete(jobs).where(jobs.c.created_at < old, not_(unanswered)))


def _delivered(job_id: str) -> Executable:
    return update(jobs).where(jobs.c.id == job_id).values(delivered_at=time.time())


def _job_record(row: Any) -> JobRecord:
    return JobRecord(
        id=row.id,
        place=Place(row.chat_id, row.message_id, row.thread_id),
        serial=row.serial,
        user_id=row.user_id,
        language=row.language,
        fingerprint=row.fingerprint,
        media=_media.decode(row.media),
        created_at=row.created_at,
        delivered=row.delivered_at is not None,
    )
