"""The whole store: its parts, and what concerns several of them. Each method is one transaction."""

import time

from sqlalchemy import bindparam, delete, func, select, update

from bot.storage.albums import AlbumTables, settling_of
from bot.storage.engine.part import here
from bot.storage.engine.tables import (
    albums,
    game_settings,
    handled,
    homes,
    jobs,
    next_labels,
    players,
    rounds,
    scores,
)
from bot.storage.homes import HomeTables
from bot.storage.housekeeping import Housekeeping
from bot.storage.jobs import JobTables
from bot.storage.label_sets import LabelSetTables
from bot.storage.people import PeopleTable
from bot.storage.personal_data import PersonalTables
from bot.storage.questions import QuestionsTable
from bot.storage.rounds import RoundsTable
from bot.storage.scores import ScoreTables
from bot.storage.unanswered import OpenJobs

_HANDLED = select(handled.c.update_key).where(
    here(handled), handled.c.update_key == bindparam("update_key")
)


class Store(
    PeopleTable,
    JobTables,
    OpenJobs,
    QuestionsTable,
    AlbumTables,
    RoundsTable,
    ScoreTables,
    HomeTables,
    LabelSetTables,
    PersonalTables,
    Housekeeping,
):
    """All tables, as one chat platform sees them.

    Two platforms have a store each, with the same database: neither sees the other's rows. Only the
    methods of `Housekeeping` are about the rows of all platforms.

    Safe for concurrent use within one event loop.
    """

    async def is_handled(self, update_key: str) -> bool:
        """Return whether this update's handler was done before.

        Args:
            update_key: unique within the platform; at most 64 characters.
        """
        return await self._first(_HANDLED, update_key=update_key) is not None

    async def mark_handled(self, update_key: str) -> None:
        """Store that this update's handler is done."""
        await self._upsert(handled, {"update_key": update_key}, {"at": time.time()})

    async def take_back(self, chat_id: int, user_id: int, by: int) -> None:
        """End what a person waits for in a chat: their pictures, and albums that still come.

        The result of a job that is under way finds its question answered, and is dropped.

        Args:
            by: the message that wants it, see `taken_back`; pictures after it go on.
        """
        statements = [
            update(jobs)
            .where(
                here(jobs),
                jobs.c.user_id == user_id,
                jobs.c.delivered_at.is_(None),
                jobs.c.chat_id == chat_id,
                jobs.c.message_id < by,
            )
            # Without a fingerprint: an edit back to the same phrases must be answered again.
            .values(
                delivered_at=time.time(),
                cancelled_by=by,
                fingerprint="",
                labels=None,
                template=None,
            ),
            update(albums).where(settling_of(chat_id, user_id)).values(due_at=None),
        ]
        async with self._database.begin() as connection:
            for statement in statements:
                await connection.execute(statement, self._bound)

    async def move_chat(self, old: int, new: int) -> None:
        """Move what a group won and chose to its new id, since it became a supergroup.

        Its rounds end. Telegram numbers the messages of a supergroup from 1 again: the numbers of
        old rounds become negative, or a later round with the same number would give no points.
        What the new id has already stays.
        """
        longer = func.max if self._is_sqlite else func.greatest
        bound = self._bound
        async with self._database.begin() as connection:
            await connection.execute(
                delete(rounds).where(here(rounds), rounds.c.chat_id == old), bound
            )
            await connection.execute(
                update(scores)
                .where(here(scores), scores.c.home_id == old)
                .values(home_id=new, round_id=-func.abs(scores.c.round_id)),
                bound,
            )
            # They are for messages whose numbers begin again.
            await connection.execute(
                delete(next_labels).where(here(next_labels), next_labels.c.chat_id == old), bound
            )
            query = select(players).where(here(players), players.c.home_id == old)
            for row in (await connection.execute(query, bound)).all():
                keys = {"home_id": new, "user_id": row.user_id}
                values = {
                    name: getattr(row, name)
                    for name in ("name", "username", "streak", "best_streak")
                }
                best = longer(players.c.best_streak, row.best_streak)
                await connection.execute(
                    self._upsert_into(players, keys, values, {"best_streak": best})
                )
            chosen = select(game_settings).where(
                here(game_settings), game_settings.c.home_id == old
            )
            for row in (await connection.execute(chosen, bound)).all():
                values = {
                    name: getattr(row, name)
                    for name in ("pace", "language", "labels", "admins_only")
                }
                await connection.execute(self._insert_once(game_settings, {"home_id": new}, values))
            known = select(homes).where(here(homes), homes.c.home_id == old)
            for row in (await connection.execute(known, bound)).all():
                fresh = {"labels": row.labels, "greeted_at": row.greeted_at}
                kept = {name: func.coalesce(homes.c[name], value) for name, value in fresh.items()}
                await connection.execute(self._upsert_into(homes, {"home_id": new}, fresh, kept))
            for table in (players, game_settings, homes):
                await connection.execute(
                    delete(table).where(here(table), table.c.home_id == old), bound
                )
