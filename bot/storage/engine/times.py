"""When things were recorded, by the host's clock, which may be set while we run or between runs."""

from sqlalchemy import Column, or_, update

from bot.storage.engine.rows import Rows
from bot.storage.engine.tables import albums, answers, handled, jobs, questions, rounds

# From these the ages of records are told. Not `albums.due_at`, a time of `bot.runtime.clock`, nor
# `scores.at`, which is history.
_TIMES: tuple[Column[float], ...] = (
    jobs.c.created_at,
    jobs.c.delivered_at,
    answers.c.created_at,
    questions.c.created_at,
    albums.c.created_at,
    handled.c.at,
    rounds.c.created_at,
)


class Times(Rows):
    """The times in all tables whose rows are kept for a while."""

    async def move(self, by: float, now: float, *, fresh: float) -> None:
        """The clock was set by so many seconds: what was recorded before is as old as it was.

        Args:
            now: the time, after that.
            fresh: what is that young, in seconds, may have been recorded after it, and stays.
        """
        async with self._database.begin() as connection:
            for column in _TIMES:
                before = or_(column < now - fresh, column > now)
                await connection.execute(
                    update(column.table).where(before).values({column: column + by})
                )

    async def come_back_from_the_future(self, now: float) -> None:
        """The clock was set back while we were away: nothing is younger than now."""
        async with self._database.begin() as connection:
            for column in _TIMES:
                await connection.execute(
                    update(column.table).where(column > now).values({column: now})
                )
