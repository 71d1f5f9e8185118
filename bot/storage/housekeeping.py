"""What concerns the rows of all platforms: their age, and whether the database answers."""

import time

from sqlalchemy import Column, and_, delete, exists, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine.part import MEMORY_HOURS, StorePart
from bot.storage.engine.tables import (
    album_items,
    albums,
    answers,
    game_settings,
    handled,
    homes,
    jobs,
    next_labels,
    players,
    questions,
    rounds,
    scores,
    shared_sets,
)
from bot.storage.homes import REMOVED_DAYS
from bot.storage.label_sets import SHARED_DAYS

# The ages of rows are computed from these. Not from `albums.due_at`, which is a time of
# `bot.runtime.clock`, not from `next_labels.created_at`, which is a time of the platform, and not
# from `scores.at`, which is history.
_TIMES: tuple[Column[float], ...] = (
    jobs.c.created_at,
    jobs.c.delivered_at,
    answers.c.created_at,
    questions.c.created_at,
    albums.c.created_at,
    handled.c.at,
    rounds.c.created_at,
    shared_sets.c.created_at,
    homes.c.removed_at,
)

# An album in a group that has no command is kept for this long, in seconds: a late item may have
# one.
_UNASKED_ALBUMS = 600.0
# A question that has no answer is dropped after a month: a worker may be away for days, and a
# person who was told that the picture is kept must get the answer.
_UNANSWERED = 30 * 24 * 3_600.0


class Housekeeping(StorePart):
    """Methods that are not bound to one platform."""

    async def answers(self) -> None:
        """Return once the database has answered a query; raise DATABASE_AWAY if it can't."""
        async with self._database.connect() as connection:
            await connection.execute(select(1))

    async def prune(self) -> None:
        """Delete what is older than `MEMORY_HOURS`, and group albums that nobody asked about.

        Questions that wait for their answer are kept longer, see `_UNANSWERED`; so are the games of
        homes that the bot was removed from, see `REMOVED_DAYS`.
        """
        now = time.time()
        old = now - MEMORY_HOURS * 3_600
        stale = or_(
            albums.c.created_at < old,
            and_(
                albums.c.asking_id.is_(None),
                albums.c.due_at.is_(None),  # else a stop came before we looked at it
                albums.c.created_at < now - _UNASKED_ALBUMS,
            ),
        )
        its_album = exists().where(
            albums.c.platform == album_items.c.platform,
            albums.c.chat_id == album_items.c.chat_id,
            albums.c.group_id == album_items.c.group_id,
            stale,
        )
        unanswered = and_(jobs.c.delivered_at.is_(None), jobs.c.created_at > now - _UNANSWERED)
        async with self._database.begin() as connection:
            await connection.execute(delete(album_items).where(its_album))
            await connection.execute(delete(albums).where(stale))
            for table in (answers, questions, rounds, next_labels):
                await connection.execute(delete(table).where(table.c.created_at < old))
            expired = shared_sets.c.created_at < now - SHARED_DAYS * 86_400
            await connection.execute(delete(shared_sets).where(expired))
            await connection.execute(delete(handled).where(handled.c.at < old))
            await self._forget_left_homes(connection, now)
            await connection.execute(delete(jobs).where(jobs.c.created_at < old, not_(unanswered)))

    async def _forget_left_homes(self, connection: AsyncConnection, now: float) -> None:
        """Delete what is stored about the homes that the bot was removed from long ago.

        A home where people played since then is kept: the bot is there, and the update that says so
        was lost.
        """
        was_played = exists().where(
            scores.c.platform == homes.c.platform,
            scores.c.home_id == homes.c.home_id,
            scores.c.at > homes.c.removed_at,
        )
        left = homes.c.removed_at < now - REMOVED_DAYS * 86_400
        # First: if the bot returns at this moment, its return waits, and then stores a new home.
        gone = await connection.execute(
            delete(homes).where(left, ~was_played).returning(homes.c.platform, homes.c.home_id)
        )
        for home in gone.all():
            for table in (scores, players, game_settings):
                of_it = table.c.platform == home.platform, table.c.home_id == home.home_id
                await connection.execute(delete(table).where(*of_it))

    async def move(self, by: float, now: float, *, fresh: float) -> None:
        """Move the times of all rows by `by` seconds, because the host's clock was set.

        Each row is then as old as it was before.

        Args:
            now: the time by the clock as it is set now.
            fresh: rows younger than this, in seconds, stay: they may have been written since.
        """
        async with self._database.begin() as connection:
            for column in _TIMES:
                before = or_(column < now - fresh, column > now)
                await connection.execute(
                    update(column.table).where(before).values({column: column + by})
                )

    async def come_back_from_the_future(self, now: float) -> None:
        """Set times later than `now` to `now`: the clock was set back while we were away."""
        async with self._database.begin() as connection:
            for column in _TIMES:
                await connection.execute(
                    update(column.table).where(column > now).values({column: now})
                )
