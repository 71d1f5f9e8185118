"""Rounds as the games know them, kept in the database as bytes."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.games.registry import decode, encode, game_of
from bot.games.rules.events import Award
from bot.games.rules.round import Round, RoundId
from bot.storage import Display, RoundKey, RoundRow, ScoreEntry, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredRound:
    """A running round.

    Attributes:
        display: how far it has been shown.
        chart: a JPEG file that waits to be shown; empty if there is none.
    """

    state: Round
    display: Display
    chart: bytes

    @property
    def id(self) -> RoundId:
        return self.state.config.id

    @property
    def thread_id(self) -> int | None:
        """Forum topic, if any."""
        return self.state.config.thread_id


class RoundStore:
    """The rounds of one bot. Each method is one transaction of the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, state: Round) -> bool:
        """Store a new round; return False when one is running in that topic."""
        return await self._store.add_round(_key(state), encode(state))

    async def at(self, chat_id: int, thread_id: int | None) -> StoredRound | None:
        """Return the running round of a topic."""
        row = await self._store.round_at(chat_id, thread_id)
        return None if row is None else await self._read(row)

    async def all(self) -> list[StoredRound]:
        """Return all running rounds."""
        found = [await self._read(row) for row in await self._store.rounds_under_way()]
        return [one for one in found if one is not None]

    async def save(
        self, state: Round, *, now: float, chart: bytes | None = None, awards: Sequence[Award] = ()
    ) -> None:
        """Store a round's next state, and in the same transaction what it gives.

        Args:
            chart: arrived with this step; None keeps what is there.
            awards: hidden players among them get nothing.
        """
        await self._store.save_round(
            _key(state),
            encode(state),
            now=now,
            game=game_of(state).command,
            chart=chart,
            gives=[_entry(award) for award in awards if not award.player.hidden],
        )

    async def save_display(self, state: Round, display: Display) -> None:
        """Store how far a round has been shown."""
        await self._store.save_display(_key(state), display)

    async def drop_chart(self, state: Round) -> None:
        """Remove a chart that can't be shown: the result is then told without it."""
        await self._store.drop_chart(_key(state))

    async def end(self, state: Round) -> None:
        """Remove a round of which nothing is left to show."""
        await self._store.end_round(_key(state))

    async def _read(self, row: RoundRow) -> StoredRound | None:
        """Return the round; delete one of another version, since it would block its chat."""
        try:
            return StoredRound(decode(row.state), row.display, row.chart)
        except msgspec.DecodeError:
            log.exception("The round of chat %s can't be read; it is dropped.", row.key.chat_id)
            await self._store.end_round(row.key)
            return None


def _key(state: Round) -> RoundKey:
    config = state.config
    return RoundKey(config.home_id, config.id.chat_id, config.thread_id, config.id.number)


def _entry(award: Award) -> ScoreEntry:
    player = award.player
    return ScoreEntry(
        player.id, player.name, player.username, award.points, award.rank, award.right
    )
