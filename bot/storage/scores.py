"""What people won in games, home by home, and who does not want to be seen there."""

from dataclasses import dataclass

from sqlalchemy import and_, case, delete, exists, func, select

from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import hidden, players, scores


@dataclass(frozen=True)
class Standing:
    """One line of a leaderboard.

    Attributes:
        medals: how often they were first, second and third.
        streak: rounds that they got right in a row, up to now, in games that count that.
    """

    user_id: int
    name: str
    username: str
    points: int
    rounds: int
    medals: tuple[int, int, int]
    streak: int
    best_streak: int


class ScoreTables(StorePart):
    """The tables `scores`, `players` and `hidden`; `save_round` fills the first two.

    A home is the group or server whose leaderboard counts, or the private chat.
    """

    async def leaderboard(
        self, home_id: int, *, game: str | None = None, since: float = 0.0, limit: int = 10
    ) -> list[Standing]:
        """Return the best of a home, by points; hidden people are left out.

        Args:
            game: count the points of this game alone.
            since: count the points given since this Unix time.
        """
        total = func.sum(scores.c.points)
        medals = [
            func.sum(case((scores.c.place == place, 1), else_=0)).label(name)
            for place, name in enumerate(("gold", "silver", "bronze"), 1)
        ]
        is_hidden = exists().where(
            hidden.c.platform == players.c.platform, hidden.c.user_id == players.c.user_id
        )
        query = (
            select(players, total.label("points"), func.count().label("rounds"), *medals)
            .join(
                scores,
                and_(
                    scores.c.platform == players.c.platform,
                    scores.c.home_id == players.c.home_id,
                    scores.c.user_id == players.c.user_id,
                ),
            )
            .where(here(players), players.c.home_id == home_id, scores.c.at >= since, ~is_hidden)
            .group_by(*players.c)
            .order_by(total.desc(), players.c.user_id)
            .limit(limit)
        )
        if game is not None:
            query = query.where(scores.c.game == game)
        return [
            Standing(
                row.user_id,
                row.name,
                row.username,
                int(row.points),
                int(row.rounds),
                (int(row.gold), int(row.silver), int(row.bronze)),
                row.streak,
                row.best_streak,
            )
            for row in await self._all(query)
        ]

    async def last_game(self, home_id: int) -> str | None:
        """Return the name of the game that was played last in a home."""
        row = await self._first(
            select(scores.c.game)
            .where(here(scores), scores.c.home_id == home_id)
            .order_by(scores.c.at.desc())
            .limit(1)
        )
        return None if row is None else row.game

    async def streak(self, home_id: int, user_id: int) -> int:
        """Return how many rounds a person got right in a row, up to now."""
        row = await self._first(
            select(players.c.streak).where(
                here(players), players.c.home_id == home_id, players.c.user_id == user_id
            )
        )
        return int(row.streak) if row else 0

    async def is_hidden(self, user_id: int) -> bool:
        """Return whether a person does not want to be seen in leaderboards."""
        query = select(hidden.c.user_id).where(here(hidden), hidden.c.user_id == user_id)
        return await self._first(query) is not None

    async def hide(self, user_id: int) -> None:
        """Leave the person out of all leaderboards from now on."""
        await self._upsert(hidden, {"user_id": user_id}, {})

    async def show_again(self, user_id: int) -> None:
        """Show the person in leaderboards from now on."""
        await self._change(delete(hidden).where(here(hidden), hidden.c.user_id == user_id))

    async def forget_scores(self, user_id: int) -> None:
        """Delete what a person won, in all homes."""
        async with self._database.begin() as connection:
            for table in (scores, players):
                theirs = delete(table).where(here(table), table.c.user_id == user_id)
                await connection.execute(theirs, self._bound)

    async def reset_scores(self, home_id: int) -> None:
        """Delete what everybody won in a home."""
        async with self._database.begin() as connection:
            for table in (scores, players):
                all_of_it = delete(table).where(here(table), table.c.home_id == home_id)
                await connection.execute(all_of_it, self._bound)
