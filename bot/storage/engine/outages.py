"""What the store raises while the database is away, and how a record waits for its return."""

import sqlite3
from collections.abc import Awaitable, Callable

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.runtime.retry import retry

# The database can't be reached or used for now. Errors for values that it refuses are not among
# these, because it would refuse them again: DataError, IntegrityError, ProgrammingError, and
# OverflowError of SQLite's driver. The last two are about connections: all are in use, or none can
# be made.
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout, OSError)

# PostgreSQL's classes of SQLSTATE (its manual, appendix A) that say something about the server and
# nothing about the statement: connections, authorization, database names, rollback of concurrent
# transactions, resources, locks, an operator's intervention, errors of the system, corruption.
_SERVER_STATES = {"08", "28", "3D", "40", "53", "55", "57", "58", "F0", "XX"}
_READ_ONLY = "25006"  # a server that became a standby
_DATA_STATES = "22"
# SQLite's driver raises OperationalError for everything from a full disk to a misspelt table. This
# code means that the statement is wrong (https://sqlite.org/rescode.html#error).
_SQLITE_STATEMENT = sqlite3.SQLITE_ERROR
_SQLITE_FILE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

# A quarter of an hour in all: a database that is still away then does not come back by itself.
_ATTEMPTS = 180
_LONGEST_PAUSE = 5.0  # seconds; short, since the rest of the chat waits meanwhile


def tell_apart(context: ExceptionContext) -> DBAPIError | None:
    """Return the error that says whose fault it is, for SQLAlchemy's event `handle_error`.

    All errors of asyncpg arrive as one class. The classes returned here are those that PEP 249 and
    psycopg use.
    """
    error, cause = context.sqlalchemy_exception, context.original_exception
    if not isinstance(error, DBAPIError):
        return None
    kind = _kind_of(cause)
    if kind is None or isinstance(error, kind):
        return None
    return kind(
        error.statement,
        error.params,
        cause,
        hide_parameters=error.hide_parameters,
        connection_invalidated=error.connection_invalidated,
    )


def _kind_of(cause: BaseException) -> type[DBAPIError] | None:
    if state := getattr(cause, "sqlstate", None):
        if state[:2] in _SERVER_STATES or state == _READ_ONLY:
            return OperationalError
        return DataError if state[:2] == _DATA_STATES else None
    if isinstance(cause.__cause__, ValueError):  # asyncpg's own checks, before anything is sent
        return DataError
    if isinstance(cause, sqlite3.InterfaceError):  # SQLite has no type for a value
        return DataError
    code = getattr(cause, "sqlite_errorcode", None)
    if code == _SQLITE_STATEMENT:
        return ProgrammingError
    # The lowest byte is the code; the other bytes refine it.
    return OperationalError if code is not None and code & 0xFF in _SQLITE_FILE else None


async def retry_until_stored(write: Callable[[], Awaitable[None]]) -> None:
    """Store that something was said, and wait for the database as long as that takes.

    Never give up early: the message is already sent, and without a record it would be sent again.

    Raises:
        DATABASE_AWAY: it was not stored within a quarter of an hour.
    """
    await retry(
        lambda _attempt: write(),
        "The record of a sent message",
        DATABASE_AWAY,
        attempts=_ATTEMPTS,
        longest=_LONGEST_PAUSE,
    )
