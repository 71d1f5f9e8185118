"""While the database is away: what the store raises, and how a note waits for its return."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.runtime.retry import backoff

log = logging.getLogger(__name__)

# The database can't be reached or used just now: never the fault of what was to be stored. What it
# refuses for its content (DataError, IntegrityError, ProgrammingError, OverflowError of SQLite's
# driver) is not among them: it would be refused again. The last two are of connections: all of
# them wait, or none can be made.
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout, OSError)

# PostgreSQL's classes of SQLSTATE (its manual, appendix A) that say something about the server and
# nothing about the statement: connections, authorization, rollback of concurrent transactions,
# resources, locks, an operator's intervention, errors of the system, corruption.
_SERVER_STATES = {"08", "28", "3D", "40", "53", "55", "57", "58", "F0", "XX"}
_READ_ONLY = "25006"  # a standby that does not lead any more
_DATA_STATES = "22"
# SQLite reports everything from a full disk to a misspelt table as an OperationalError; this one
# code is of the statement (https://sqlite.org/rescode.html#error).
_SQLITE_STATEMENT = sqlite3.SQLITE_ERROR
_SQLITE_FILE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

# A quarter of an hour in all: what still fails then is no passing trouble.
_ATTEMPTS = 180
_LONGEST_PAUSE = 5.0  # seconds; short, since others wait for whoever insists


def tell_apart(context: ExceptionContext) -> DBAPIError | None:
    """Return the error that says whose fault it is, for SQLAlchemy's event `handle_error`.

    asyncpg's errors of data, of connections and of everything else arrive as one class. The types
    here are those that psycopg and PEP 249 give them.
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
    if isinstance(cause, sqlite3.InterfaceError):  # a value that SQLite has no type for
        return DataError
    code = getattr(cause, "sqlite_errorcode", None)
    if code == _SQLITE_STATEMENT:
        return ProgrammingError
    # The lowest byte is the code, the others say more about it.
    return OperationalError if code is not None and code & 0xFF in _SQLITE_FILE else None


async def retry_until_stored(write: Callable[[], Awaitable[None]]) -> None:
    """Notes that something was said, however often that has to be tried.

    To give up would be to say it once more, and to note that would fail as well.

    Raises:
        DATABASE_AWAY: it was not taken within a quarter of an hour.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await write()
        except DATABASE_AWAY as error:
            if attempt == _ATTEMPTS:
                raise
            pause = min(backoff(attempt), _LONGEST_PAUSE)
            log.warning("%s; what was said is noted again in %.0f s.", error, pause)
            await asyncio.sleep(pause)
        else:
            return
