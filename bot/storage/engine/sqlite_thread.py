"""SQLite in a thread of its own, with as few calls to the thread as possible.

aiosqlite calls its thread for each step: to open a cursor, to execute, to fetch, to close, to end
the transaction; and SQLAlchemy begins and ends a transaction around each statement. Each call wakes
two threads that want the same lock, which takes longer than SQLite needs for our short statements.
Here a query is one call and a change is two, the second of which is the commit.

Measured with SQLAlchemy 2.1.9 and aiosqlite 0.22.1: the nine statements that one photo needs take
plain aiosqlite 1.2 to 1.4 times as long, and 1.5 to 1.7 times with 16 photos at once (medians of 30
alternating blocks in one process, two cores, uvloop).
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Self

import aiosqlite

# How many rows aiosqlite would fetch at a time. It is not used: we always fetch all.
_CHUNK = 64


class _Cursor(aiosqlite.Cursor):
    """Fetches all rows in the call that executes; opens and closes without a call."""

    def __init__(self, connection: "SqliteConnection", cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._owner = connection
        self._rows: deque[Any] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        self._rows = deque(await self._owner.call(lambda: self._all(sql, parameters or ())))
        return self

    def _all(self, sql: str, parameters: Iterable[Any]) -> list[Any]:
        self._cursor.execute(sql, parameters)  # type: ignore[arg-type]
        return self._cursor.fetchall()

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        await self._owner.call(lambda: self._cursor.executemany(sql, parameters))  # type: ignore[arg-type]
        return self

    async def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    async def fetchmany(self, size: int | None = None) -> Iterable[Any]:
        count = min(size or self.arraysize, len(self._rows))
        return [self._rows.popleft() for _ in range(count)]

    async def fetchall(self) -> Iterable[Any]:
        rows, self._rows = self._rows, deque()
        return rows

    async def close(self) -> None:
        self._cursor.close()


class SqliteConnection(aiosqlite.Connection):
    """One connection and its thread.

    A transaction is never ended while the thread works on it: if a task is cancelled while it waits
    for the thread, SQLAlchemy drops the connection.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection], chunk: int) -> None:
        super().__init__(connector, chunk)
        self._thread.daemon = True  # the process does not wait for its end
        self._begins = False  # the next statement begins a transaction
        self._changes = 0  # changes of the connection when the transaction began

    def cursor(self) -> Any:
        """Return a cursor, to be entered with `async with`."""
        return _Cursor(self, self._conn.cursor())

    def begin(self) -> None:
        """Begin a transaction, in the call of its first statement."""
        self._begins = True
        self._changes = self._conn.total_changes

    async def call(self, statement: Callable[[], Any]) -> Any:
        """Run a statement in the thread, and return what it returns."""
        begins, self._begins = self._begins, False

        def work() -> Any:
            if begins:
                self._conn.execute("BEGIN")
            return statement()

        execute: Any = self._execute  # has no types
        return await execute(work)

    async def commit(self) -> None:
        """End the transaction, if there is one, and keep what it changed."""
        self._begins = False
        if self._conn.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        """End the transaction, if there is one, and undo what it changed."""
        self._begins = False
        if not self._conn.in_transaction:
            return
        if self._conn.total_changes == self._changes:
            self._conn.rollback()  # it changed nothing, so this takes no time
        else:
            await super().rollback()

    async def checkpoint(self) -> None:
        """Copy what the write-ahead log holds into the database file; do not wait for readers."""
        await self.call(lambda: self._conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())


def connect(*args: Any, **kwargs: Any) -> SqliteConnection:
    """Do what `aiosqlite.connect` does, with the arguments of `sqlite3.connect`."""
    kwargs["check_same_thread"] = False  # `rollback` may use it in our own thread
    return SqliteConnection(lambda: sqlite3.connect(*args, **kwargs), _CHUNK)
