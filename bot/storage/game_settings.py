"""What a group's admins chose for its games."""

from dataclasses import dataclass

from sqlalchemy import select

from bot.storage.engine.rows import Rows
from bot.storage.engine.tables import game_settings


@dataclass(frozen=True)
class GameSettings:
    """How games are played in a chat.

    Attributes:
        pace: times the usual length of a round.
        language: of boards; None takes the starter's.
        labels: how many labels a question of Beat CLIP has at most.
        admins_only: only the chat's admins may start games.
    """

    pace: float = 1.0
    language: str | None = None
    labels: int = 6
    admins_only: bool = False


class GameSettingsPart(Rows):
    """The table `game_settings`."""

    async def game_settings(self, chat_id: int) -> GameSettings:
        """A chat's settings."""
        query = select(game_settings).where(game_settings.c.chat_id == chat_id)
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return GameSettings()
        return GameSettings(row.pace, row.language, row.labels, bool(row.admins_only))

    async def set_game_settings(self, chat_id: int, chosen: GameSettings) -> None:
        """Stores a chat's settings."""
        await self._upsert(
            game_settings,
            {"chat_id": chat_id},
            {
                "pace": chosen.pace,
                "language": chosen.language,
                "labels": chosen.labels,
                "admins_only": int(chosen.admins_only),
            },
        )
