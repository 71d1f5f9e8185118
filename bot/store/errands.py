"""SQLite in a thread of its own, with one errand to that thread for each statement.

aiosqlite sends its thread on four: to open a cursor, to execute, to fetch, to close. Each wakes two
threads that want the same lock, which takes more time than SQLite itself for our short questions.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any, Self

import aiosqlite

# Rows that aiosqlite would fetch at a time; we always fetch all.
_CHUNK = 64


class _Cursor(aiosqlite.Cursor):
    """Fetches its rows where it executes; opening and closing are no work for a thread."""

    _rows: Iterable[Any] = ()

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        execute: Any = self._execute  # has no types
        self._rows = await execute(self._execute_and_fetch, sql, parameters or ())
        return self

    def _execute_and_fetch(self, sql: str, parameters: Iterable[Any]) -> list[Any]:
        self._cursor.execute(sql, parameters)  # type: ignore[arg-type]
        return self._cursor.fetchall()

    async def fetchall(self) -> Iterable[Any]:
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        self._cursor.close()


class Connection(aiosqlite.Connection):
    """One connection and its thread."""

    def cursor(self) -> Any:
        """A cursor, to be entered with `async with`."""
        return _Cursor(self, self._conn.cursor())


def connect(*args: Any, **kwargs: Any) -> Connection:
    """What `aiosqlite.connect` does; the arguments are those of `sqlite3.connect`."""
    kwargs["check_same_thread"] = False  # one at a time uses it, but not always its own thread
    connection = Connection(lambda: sqlite3.connect(*args, **kwargs), _CHUNK)
    # Since aiosqlite 0.22 a connection has a thread; before, it was one. Nobody waits for its end.
    thread: Any = getattr(connection, "_thread", connection)
    thread.daemon = True
    return connection
