"""The whole store: its parts, and what concerns all of them. Each method is one transaction."""

import time

from sqlalchemy import and_, bindparam, delete, exists, func, not_, or_, select, update

from bot.storage.albums import Albums
from bot.storage.engine.rows import MEMORY_HOURS
from bot.storage.engine.tables import (
    album_items,
    albums,
    answers,
    game_settings,
    handled,
    jobs,
    people,
    players,
    questions,
    rounds,
    scores,
)
from bot.storage.engine.times import Times
from bot.storage.game_settings import GameSettingsPart
from bot.storage.jobs import Jobs
from bot.storage.people import People
from bot.storage.questions import Questions
from bot.storage.rounds import Rounds
from bot.storage.scores import Scores
from bot.storage.unanswered import OpenJobs

# A group's album without a command is kept only for a late item that may have one, in seconds.
_UNASKED_ALBUMS = 600.0
# An unanswered question is given up after a month.
_PATIENCE = 30 * 24 * 3_600.0

_HANDLED = select(handled.c.update_id).where(handled.c.update_id == bindparam("update_id"))


class Store(People, Jobs, OpenJobs, Questions, Albums, Rounds, Scores, Times, GameSettingsPart):
    """All tables. Safe for concurrent use within one event loop."""

    async def answers(self) -> None:
        """Returns once the database has answered a query; raises DATABASE_AWAY where it can't."""
        async with self._database.connect() as connection:
            await connection.execute(select(1))

    async def is_handled(self, update_id: int) -> bool:
        """True when this update's handler was done before."""
        async with self._database.connect() as connection:
            found = await connection.execute(_HANDLED, {"update_id": update_id})
            return found.one_or_none() is not None

    async def mark_handled(self, update_id: int) -> None:
        """This update's handler is done."""
        await self._upsert(handled, {"update_id": update_id}, {"at": time.time()})

    async def forget_person(self, user_id: int) -> None:
        """Deletes everything about a person, but for jobs still out, which end as usual.

        Who is hidden stays so: who wants to be forgotten does not want to be seen again.
        """
        answered = and_(
            jobs.c.user_id == user_id,
            jobs.c.chat_id == answers.c.chat_id,
            jobs.c.message_id == answers.c.message_id,
        )
        async with self._database.begin() as connection:
            for table in (people, questions, album_items, scores, players):
                await connection.execute(delete(table).where(table.c.user_id == user_id))
            # A private chat has the person's own id.
            await connection.execute(
                delete(answers).where(or_(answers.c.chat_id == user_id, exists().where(answered)))
            )
            await connection.execute(delete(albums).where(albums.c.chat_id == user_id))
            theirs = jobs.c.user_id == user_id
            await connection.execute(delete(jobs).where(theirs, jobs.c.delivered_at.is_not(None)))
            # Those that are out are answered, but nothing that is said later means their pictures.
            await connection.execute(update(jobs).where(theirs).values(fingerprint=""))

    async def move_chat(self, old: int, new: int) -> None:
        """A group became a supergroup: what it won and chose goes with it, its rounds end.

        Messages are numbered anew there: numbers of old rounds become negative, or a later round
        with the same number would give nothing. What the new chat has already stays.
        """
        longer = func.max if self._is_sqlite else func.greatest
        async with self._database.begin() as connection:
            await connection.execute(delete(rounds).where(rounds.c.chat_id == old))
            await connection.execute(
                update(scores)
                .where(scores.c.chat_id == old)
                .values(chat_id=new, round_id=-func.abs(scores.c.round_id))
            )
            query = select(players).where(players.c.chat_id == old)
            for row in (await connection.execute(query)).mappings().all():
                keys = {"chat_id": new, "user_id": row["user_id"]}
                values = {name: value for name, value in row.items() if name not in keys}
                best = longer(players.c.best_streak, row["best_streak"])
                await connection.execute(
                    self._upsert_into(players, keys, values, {"best_streak": best})
                )
            chosen = select(game_settings).where(game_settings.c.chat_id == old)
            for row in (await connection.execute(chosen)).mappings().all():
                values = {name: value for name, value in row.items() if name != "chat_id"}
                await connection.execute(self._insert_once(game_settings, {"chat_id": new}, values))
            for table in (players, game_settings):
                await connection.execute(delete(table).where(table.c.chat_id == old))

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
            await connection.execute(delete(rounds).where(rounds.c.created_at < old))
            await connection.execute(delete(handled).where(handled.c.at < old))
            await connection.execute(delete(jobs).where(jobs.c.created_at < old, not_(unanswered)))
