"""What people won in games, chat by chat, and who does not want to be seen there."""

from dataclasses import dataclass

from sqlalchemy import case, delete, exists, func, select

from bot.storage.engine.rows import Rows
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


class Scores(Rows):
    """The tables `scores`, `players` and `hidden`; `Rounds.save_round` fills the first two."""

    async def leaderboard(
        self, home_id: int, *, game: str | None = None, since: float = 0.0, limit: int = 10
    ) -> list[Standing]:
        """Return the best of a home, by points; hidden people are left out."""
        total = func.sum(scores.c.points)
        medals = [func.sum(case((scores.c.place == place, 1), else_=0)) for place in (1, 2, 3)]
        query = (
            select(players, total.label("points"), func.count().label("rounds"), *medals)
            .join(
                scores,
                (scores.c.chat_id == players.c.chat_id) & (scores.c.user_id == players.c.user_id),
            )
            .where(
                players.c.chat_id == home_id,
                scores.c.at >= since,
                ~exists().where(hidden.c.user_id == players.c.user_id),
            )
            .group_by(*players.c)
            .order_by(total.desc(), players.c.user_id)
            .limit(limit)
        )
        if game is not None:
            query = query.where(scores.c.game == game)
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Standing(
                row.user_id,
                row.name,
                row.username,
                int(row.points),
                int(row.rounds),
                (int(row[-3]), int(row[-2]), int(row[-1])),
                row.streak,
                row.best_streak,
            )
            for row in rows
        ]

    async def last_game(self, home_id: int) -> str | None:
        """Return the name of the game that was played last in a home."""
        query = (
            select(scores.c.game)
            .where(scores.c.chat_id == home_id)
            .order_by(scores.c.at.desc())
            .limit(1)
        )
        async with self._database.connect() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def streak(self, home_id: int, user_id: int) -> int:
        """Return how many rounds a person got right in a row, up to now."""
        query = select(players.c.streak).where(
            players.c.chat_id == home_id, players.c.user_id == user_id
        )
        async with self._database.connect() as connection:
            return int((await connection.execute(query)).scalar_one_or_none() or 0)

    async def is_hidden(self, user_id: int) -> bool:
        """Whether a person does not want to be seen in leaderboards."""
        query = select(hidden.c.user_id).where(hidden.c.user_id == user_id)
        async with self._database.connect() as connection:
            return (await connection.execute(query)).one_or_none() is not None

    async def hide(self, user_id: int) -> None:
        """From now on the person stands in no leaderboard."""
        await self._upsert(hidden, {"user_id": user_id}, {})

    async def show_again(self, user_id: int) -> None:
        """From now on the person stands in leaderboards."""
        async with self._database.begin() as connection:
            await connection.execute(delete(hidden).where(hidden.c.user_id == user_id))

    async def forget_scores(self, user_id: int) -> None:
        """Deletes what a person won, in all chats."""
        async with self._database.begin() as connection:
            for table in (scores, players):
                await connection.execute(delete(table).where(table.c.user_id == user_id))

    async def reset_scores(self, home_id: int) -> None:
        """Deletes what everybody won in a chat."""
        async with self._database.begin() as connection:
            for table in (scores, players):
                await connection.execute(delete(table).where(table.c.chat_id == home_id))
