"""SQLite in a thread of its own, which is sent on as few errands as can be.

aiosqlite sends its thread on one errand for each of its calls: to open a cursor, to execute, to
fetch, to close, to end the transaction; and SQLAlchemy begins and ends one around each statement.
Each errand wakes two threads that want the same lock, which takes more time than SQLite itself for
our short questions. Here a question is one errand and a change is two, the second its commit.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Self

import aiosqlite

# Rows that aiosqlite would fetch at a time; we always fetch all.
_CHUNK = 64


class _Cursor(aiosqlite.Cursor):
    """Fetches its rows where it executes; opening and closing are no work for a thread."""

    def __init__(self, connection: "Connection", cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._owner = connection
        self._rows: deque[Any] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        self._rows = deque(await self._owner.errand(lambda: self._all(sql, parameters or ())))
        return self

    def _all(self, sql: str, parameters: Iterable[Any]) -> list[Any]:
        self._cursor.execute(sql, parameters)  # type: ignore[arg-type]
        return self._cursor.fetchall()

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        await self._owner.errand(lambda: self._cursor.executemany(sql, parameters))  # type: ignore[arg-type]
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


class Connection(aiosqlite.Connection):
    """One connection and its thread.

    Nobody ends a transaction while the thread is at work: SQLAlchemy drops the connection of who
    was cancelled while waiting for it.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection], chunk: int) -> None:
        super().__init__(connector, chunk)
        self._thread.daemon = True  # nobody waits for its end
        self._begins = False  # a transaction, with the next statement
        self._changes = 0  # that the connection had made when the transaction began

    def cursor(self) -> Any:
        """A cursor, to be entered with `async with`."""
        return _Cursor(self, self._conn.cursor())

    def begin(self) -> None:
        """Begins a transaction, on the errand of its first statement."""
        self._begins = True
        self._changes = self._conn.total_changes

    async def errand(self, statement: Callable[[], Any]) -> Any:
        """What a statement returns, which our thread executes."""
        begins, self._begins = self._begins, False

        def work() -> Any:
            if begins:
                self._conn.execute("BEGIN")
            return statement()

        execute: Any = self._execute  # has no types
        return await execute(work)

    async def commit(self) -> None:
        """Ends the transaction, if there is one, and keeps what it changed."""
        self._begins = False
        if self._conn.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        """Ends the transaction, if there is one; what it changed is undone."""
        self._begins = False
        if not self._conn.in_transaction:
            return
        if self._conn.total_changes == self._changes:
            self._conn.rollback()  # nothing to undo, so nothing to wait for
        else:
            await super().rollback()

    async def checkpoint(self) -> None:
        """Copies what the write-ahead log holds into the database file; waits for no reader."""
        await self.errand(lambda: self._conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())


def connect(*args: Any, **kwargs: Any) -> Connection:
    """What `aiosqlite.connect` does; the arguments are those of `sqlite3.connect`."""
    kwargs["check_same_thread"] = False  # one at a time uses it, but not always its own thread
    return Connection(lambda: sqlite3.connect(*args, **kwargs), _CHUNK)
