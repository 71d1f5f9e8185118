"""Rounds of games under way, and how far each has been shown."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Executable, and_, delete, func, select, update

from bot.games.rules import RoundId, State, decode, encode, game_of
from bot.games.rules.events import Award
from bot.storage.engine.rows import Rows
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
class RoundRow:
    """A stored round.

    Attributes:
        thread_id: forum topic, if any.
        chart: a JPEG file that waits to be shown; empty where there is none.
    """

    state: State
    display: Display
    chart: bytes

    @property
    def id(self) -> RoundId:
        return self.state.table.id

    @property
    def thread_id(self) -> int | None:
        return self.state.table.thread_id


_display = msgspec.msgpack.Decoder(Display)


class Rounds(Rows):
    """The table `rounds`; what a round gives goes to `scores` and `players` with its last step."""

    async def add_round(self, state: State) -> bool:
        """Stores a new round; False when one is under way at that place."""
        keys = _keys(state.table.id.chat_id, state.table.thread_id)
        values = {
            "round_id": state.table.id.number,
            "state": encode(state),
            "display": msgspec.msgpack.encode(Display()),
            "created_at": time.time(),
        }
        async with self._database.begin() as connection:
            done = await connection.execute(self._insert_once(rounds, keys, values))
        return int(done.rowcount) == 1

    async def round_at(self, chat_id: int, thread_id: int | None) -> RoundRow | None:
        """The round under way at a place."""
        query = select(rounds).where(_at(chat_id, thread_id))
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else await self._read(row)

    async def rounds_where(self, chat_id: int | None = None) -> list[RoundRow]:
        """All rounds under way, or those of one chat."""
        query = select(rounds)
        if chat_id is not None:
            query = query.where(rounds.c.chat_id == chat_id)
        async with self._database.connect() as connection:
            found = (await connection.execute(query)).all()
        rows = [await self._read(row) for row in found]
        return [row for row in rows if row is not None]

    async def _read(self, row: Any) -> RoundRow | None:
        """The row; one of another version of clipbot is deleted: it would block its chat."""
        try:
            return RoundRow(decode(row.state), _display.decode(row.display), row.chart or b"")
        except msgspec.DecodeError:  # ValidationError is one
            log.exception("The round of chat %s can't be read; it is dropped.", row.chat_id)
            this = and_(_at(row.chat_id, row.thread_id or None), rounds.c.round_id == row.round_id)
            async with self._database.begin() as connection:
                await connection.execute(delete(rounds).where(this))
            return None

    async def save_round(
        self,
        state: State,
        *,
        now: float,
        chart: bytes | None = None,
        awards: Sequence[Award] = (),
    ) -> None:
        """Stores a round's next state, and with it, at the same moment, what it gives.

        Args:
            chart: arrived with this step; None keeps what is there.
            awards: hidden players among them get nothing.
        """
        values: dict[str, Any] = {"state": encode(state)}
        if chart is not None:
            values["chart"] = chart
        async with self._database.begin() as connection:
            await connection.execute(update(rounds).where(_is(state)).values(**values))
            for award in awards:
                if award.player.hidden:
                    continue
                given = await connection.execute(self._score(state, award, now))
                if int(given.rowcount) == 1:
                    await connection.execute(self._played(state, award))

    async def save_display(self, state: State, display: Display) -> None:
        """Stores how far a round has been shown."""
        packed = msgspec.msgpack.encode(display)
        async with self._database.begin() as connection:
            await connection.execute(update(rounds).where(_is(state)).values(display=packed))

    async def drop_chart(self, state: State) -> None:
        """Its chart can't be shown: the round is told without."""
        async with self._database.begin() as connection:
            await connection.execute(update(rounds).where(_is(state)).values(chart=None))

    async def end_round(self, state: State) -> None:
        """Removes a round of which nothing is left to show."""
        async with self._database.begin() as connection:
            await connection.execute(delete(rounds).where(_is(state)))

    def _score(self, state: State, award: Award, now: float) -> Executable:
        return self._insert_once(
            scores,
            {
                "chat_id": state.table.id.chat_id,
                "round_id": state.table.id.number,
                "user_id": award.player.id,
            },
            {
                "game": game_of(state).value,
                "points": award.points,
                "place": award.rank,
                "at": now,
            },
        )

    def _played(self, state: State, award: Award) -> Executable:
        """The player's name of today, and their streak where the game has one."""
        named = {"name": award.player.name, "username": award.player.username}
        first = 1 if award.right else 0
        fresh = {**named, "streak": first, "best_streak": first}
        streak: Any = players.c.streak
        if award.right is not None:
            streak = streak + 1 if award.right else streak * 0
        best = players.c.best_streak
        longer = func.max if self._is_sqlite else func.greatest
        return self._upsert_into(
            players,
            {"chat_id": state.table.id.chat_id, "user_id": award.player.id},
            fresh,
            {**named, "streak": streak, "best_streak": longer(best, streak)},
        )


def _keys(chat_id: int, thread_id: int | None) -> dict[str, int]:
    return {"chat_id": chat_id, "thread_id": thread_id or 0}


def _at(chat_id: int, thread_id: int | None) -> Any:
    return and_(rounds.c.chat_id == chat_id, rounds.c.thread_id == (thread_id or 0))


def _is(state: State) -> Any:
    """The row of this very round, not of a later one at the same place."""
    table = state.table
    return and_(_at(table.id.chat_id, table.thread_id), rounds.c.round_id == table.id.number)
