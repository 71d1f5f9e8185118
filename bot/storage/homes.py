"""Groups and servers: whether the bot is there, and what their admins chose for games."""

import time
from dataclasses import dataclass

from sqlalchemy import select

from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import game_settings, homes

# Days between the bot's removal from a home and the end of the home's points and settings.
REMOVED_DAYS = 30


@dataclass(frozen=True)
class GameSettings:
    """How games are played in a home.

    Attributes:
        pace: factor on the usual length of a round.
        language: of boards; None takes that of the person who starts a round.
        labels: how many labels a round has at most, in games that show labels.
        admins_only: only the home's admins can start games.
    """

    pace: float = 1.0
    language: str | None = None
    labels: int = 6
    admins_only: bool = False


class HomeTables(StorePart):
    """The tables `game_settings` and `homes`, but for the labels of a home."""

    async def home_joined(self, home_id: int) -> bool:
        """Store that the bot is in a home; return whether it still has to greet there."""
        await self._upsert(homes, {"home_id": home_id}, {"removed_at": None})
        query = select(homes.c.greeted_at).where(here(homes), homes.c.home_id == home_id)
        row = await self._first(query)
        return row is None or row.greeted_at is None

    async def home_greeted(self, home_id: int) -> None:
        """Store that the bot has greeted in a home."""
        await self._upsert(homes, {"home_id": home_id}, {"greeted_at": time.time()})

    async def home_left(self, home_id: int) -> None:
        """Store that the bot was removed: `prune` forgets the home after `REMOVED_DAYS`."""
        await self._upsert(homes, {"home_id": home_id}, {"removed_at": time.time()})

    async def game_settings(self, home_id: int) -> GameSettings:
        """Return a home's settings."""
        query = select(game_settings).where(here(game_settings), game_settings.c.home_id == home_id)
        row = await self._first(query)
        if row is None:
            return GameSettings()
        return GameSettings(row.pace, row.language, row.labels, bool(row.admins_only))

    async def set_game_settings(self, home_id: int, chosen: GameSettings) -> None:
        """Store a home's settings."""
        await self._upsert(
            game_settings,
            {"home_id": home_id},
            {
                "pace": chosen.pace,
                "language": chosen.language,
                "labels": chosen.labels,
                "admins_only": int(chosen.admins_only),
            },
        )
