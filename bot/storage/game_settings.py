"""What the admins of a group or server chose for its games."""

from dataclasses import dataclass

from sqlalchemy import select

from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import game_settings


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


class GameSettingsTable(StorePart):
    """The table `game_settings`."""

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
