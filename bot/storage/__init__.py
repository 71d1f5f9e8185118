"""The database: preferences, questions, jobs and their answers, albums, games and scores.

`open_database` opens it, and a `Store` reads and writes it for one chat platform.
"""

from bot.storage.albums import StoredAlbum
from bot.storage.engine.database import Database, checkpoint, claim, open_database
from bot.storage.engine.outages import DATABASE_AWAY, retry_until_stored
from bot.storage.engine.part import MEMORY_HOURS, is_remembered
from bot.storage.homes import REMOVED_DAYS, GameSettings
from bot.storage.jobs import Answered, JobRecord
from bot.storage.label_sets import NEXT_SECONDS, SHARED_DAYS, NamedLabels
from bot.storage.people import Profile
from bot.storage.personal_data import MOST_ROWS
from bot.storage.questions import FrameOffer
from bot.storage.rounds import Display, RoundKey, RoundRow, ScoreEntry
from bot.storage.scores import Standing
from bot.storage.store import Store
from bot.storage.unanswered import Unanswered, WaitingQuestion

__all__ = [
    "DATABASE_AWAY",
    "MEMORY_HOURS",
    "MOST_ROWS",
    "NEXT_SECONDS",
    "REMOVED_DAYS",
    "SHARED_DAYS",
    "Answered",
    "Database",
    "Display",
    "FrameOffer",
    "GameSettings",
    "JobRecord",
    "NamedLabels",
    "Profile",
    "RoundKey",
    "RoundRow",
    "ScoreEntry",
    "Standing",
    "Store",
    "StoredAlbum",
    "Unanswered",
    "WaitingQuestion",
    "checkpoint",
    "claim",
    "is_remembered",
    "open_database",
    "retry_until_stored",
]
