"""What outlives a restart: people's preferences, questions, albums, jobs and answers."""

from bot.store.albums import Album
from bot.store.database import Database, claim, open_database
from bot.store.jobs import Answered, JobRecord
from bot.store.people import Person
from bot.store.rows import MEMORY_HOURS
from bot.store.store import Store

__all__ = [
    "MEMORY_HOURS",
    "Album",
    "Answered",
    "Database",
    "JobRecord",
    "Person",
    "Store",
    "claim",
    "open_database",
]
