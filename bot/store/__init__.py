"""What outlives a restart: people's preferences, questions, albums, jobs and answers."""

from bot.store.database import Database, open_database
from bot.store.store import Answered, JobRecord, Person, Store

__all__ = ["Answered", "Database", "JobRecord", "Person", "Store", "open_database"]
