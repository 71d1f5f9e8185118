"""What outlives a restart: people's preferences, questions, albums, jobs and answers."""

from bot.store.database import Database, claim, open_database
from bot.store.store import Album, Answered, JobRecord, Person, Store

__all__ = [
    "Album",
    "Answered",
    "Database",
    "JobRecord",
    "Person",
    "Store",
    "claim",
    "open_database",
]
