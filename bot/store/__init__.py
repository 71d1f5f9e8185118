"""What outlives a restart: people's preferences, questions, albums, jobs, answers, and games."""

from bot.store.absence import DATABASE_AWAY, insist
from bot.store.albums import Album
from bot.store.database import Database, checkpoint, claim, open_database
from bot.store.game_settings import GameSettings
from bot.store.jobs import Answered, JobRecord
from bot.store.people import Person
from bot.store.rounds import Display, RoundRow
from bot.store.rows import MEMORY_HOURS
from bot.store.scores import Standing
from bot.store.store import Store
from bot.store.unanswered import Unanswered

__all__ = [
    "DATABASE_AWAY",
    "MEMORY_HOURS",
    "Album",
    "Answered",
    "Database",
    "Display",
    "GameSettings",
    "JobRecord",
    "Person",
    "RoundRow",
    "Standing",
    "Store",
    "Unanswered",
    "checkpoint",
    "claim",
    "insist",
    "open_database",
]
