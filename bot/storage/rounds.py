"""Running rounds of games, and how far each has been shown."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Executable, and_, delete, func, select, update

from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import players, rounds, scores

log = logging.getLogger(__name__)


class Display(msgspec.Struct, frozen=True):
    """How far a round has been shown.

    Attributes:
        board_id: our message with the board; None before it is sent.
        shown: what the board shows, as a digest.
        calls: when the round's latest sends and edits were, in Unix seconds; the oldest first.
        not_before: the platform asked for a pause until then.
        told: the result is out.
    """

    board_id: int | None = None
    shown: str = ""
    calls: tuple[float, ...] = ()
    not_before: float = 0.0
    told: bool = False


@dataclass(frozen=True)
class RoundKey:
    """Which round, and where it is played.

    Attributes:
        home_id: the group or server to whose leaderboard its points go.
        thread_id: forum topic, if any.
        number: unique within the home.
    """

    home_id: int
    chat_id: int
    thread_id: int | None
    number: int


@dataclass(frozen=True)
class RoundRow:
    """A stored round.

    Attributes:
        state: as its game encoded it.
        chart: a JPEG file that waits to be shown; empty if there is none.
    """

    key: RoundKey
    state: bytes
    display: Display
    chart: bytes


@dataclass(frozen=True)
class ScoreEntry:
    """What a round gives to one player.

    Attributes:
        name: as they are called today.
        username: without @; empty if there is none.
        place: 1 to 3: a medal; 0: none.
        right: keeps their streak up (True) or ends it; None if the game has no streaks.
    """

    user_id: int
    name: str
    username: str
    points: int
    place: int = 0
    right: bool | None = None


_display = msgspec.msgpack.Decoder(Display)


class RoundsTable(StorePart):
    """The table `rounds`; what a round gives goes to `scores` and `players` with its last step."""

    async def add_round(self, key: RoundKey, state: bytes) -> bool:
        """Store a new round; return False when one is running at that place."""
        keys = {"chat_id": key.chat_id, "thread_id": key.thread_id or 0}
        values = {
            "home_id": key.home_id,
            "round_id": key.number,
            "state": state,
            "display": msgspec.msgpack.encode(Display()),
            "created_at": time.time(),
        }
        async with self._database.begin() as connection:
            done = await connection.execute(self._insert_once(rounds, keys, values))
        return int(done.rowcount) == 1

    async def round_at(self, chat_id: int, thread_id: int | None) -> RoundRow | None:
        """Return the round that is running at a place."""
        row = await self._first(select(rounds).where(_at(chat_id, thread_id)))
        return None if row is None else await self._read(row)

    async def rounds_under_way(self) -> list[RoundRow]:
        """Return all running rounds."""
        found = await self._all(select(rounds).where(here(rounds)))
        rows = [await self._read(row) for row in found]
        return [row for row in rows if row is not None]

    async def _read(self, row: Any) -> RoundRow | None:
        """Return the round; delete one that can't be read, since it would block its chat."""
        key = RoundKey(row.home_id, row.chat_id, row.thread_id or None, row.round_id)
        try:
            return RoundRow(key, row.state, _display.decode(row.display), row.chart or b"")
        except msgspec.DecodeError:  # ValidationError is one
            log.exception("The round of chat %s can't be read; it is dropped.", row.chat_id)
            await self.end_round(key)
            return None

    async def save_round(
        self,
        key: RoundKey,
        state: bytes,
        *,
        now: float,
        game: str,
        chart: bytes | None = None,
        gives: Sequence[ScoreEntry] = (),
    ) -> None:
        """Store a round's next state, and in the same transaction what it gives.

        Args:
            game: the name of the game, under which leaderboards count the points.
            chart: arrived with this step; None keeps what is there.
            gives: each player gets points at most once from a round.
        """
        values: dict[str, Any] = {"state": state}
        if chart is not None:
            values["chart"] = chart
        async with self._database.begin() as connection:
            await connection.execute(update(rounds).where(_is(key)).values(**values), self._bound)
            for entry in gives:
                given = await connection.execute(self._score(key, game, entry, now))
                if int(given.rowcount) == 1:
                    await connection.execute(self._played(key, entry))

    async def save_display(self, key: RoundKey, display: Display) -> None:
        """Store how far a round has been shown."""
        packed = msgspec.msgpack.encode(display)
        await self._change(update(rounds).where(_is(key)).values(display=packed))

    async def drop_chart(self, key: RoundKey) -> None:
        """Remove a chart that can't be shown: the result is then told without it."""
        await self._change(update(rounds).where(_is(key)).values(chart=None))

    async def end_round(self, key: RoundKey) -> None:
        """Remove a round of which nothing is left to show."""
        await self._change(delete(rounds).where(_is(key)))

    def _score(self, key: RoundKey, game: str, entry: ScoreEntry, now: float) -> Executable:
        return self._insert_once(
            scores,
            {"home_id": key.home_id, "round_id": key.number, "user_id": entry.user_id},
            {"game": game, "points": entry.points, "place": entry.place, "at": now},
        )

    def _played(self, key: RoundKey, entry: ScoreEntry) -> Executable:
        """Return what stores the player's name of today and, if the game has one, their streak."""
        named = {"name": entry.name, "username": entry.username}
        first = 1 if entry.right else 0
        fresh = {**named, "streak": first, "best_streak": first}
        streak: Any = players.c.streak
        if entry.right is not None:
            streak = streak + 1 if entry.right else streak * 0
        best = players.c.best_streak
        longer = func.max if self._is_sqlite else func.greatest
        return self._upsert_into(
            players,
            {"home_id": key.home_id, "user_id": entry.user_id},
            fresh,
            {**named, "streak": streak, "best_streak": longer(best, streak)},
        )


def _at(chat_id: int, thread_id: int | None) -> Any:
    return and_(here(rounds), rounds.c.chat_id == chat_id, rounds.c.thread_id == (thread_id or 0))


def _is(key: RoundKey) -> Any:
    """Match the row of this very round, not that of a later one at the same place."""
    return and_(_at(key.chat_id, key.thread_id), rounds.c.round_id == key.number)
