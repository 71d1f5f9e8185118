"""The bot's side of the queue: updates come in, jobs go out, results come back.

Others use `UpdateInbox`, `JobPublisher`, `ResultDispatcher`, `Consumer` and `WorkerRegistry` of the
modules named after them, and `AWAY`.
"""

from bot.platform.ports import RetryLater
from bot.storage import DATABASE_AWAY
from inference.protocol.errors import QueueFull, QueueUnavailable

# The platform, the queue or the database is away for now: work waits for it.
AWAY = (RetryLater, QueueFull, QueueUnavailable, *DATABASE_AWAY)
