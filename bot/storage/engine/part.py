"""What all parts of the store have: the database, one platform, and rows added or updated."""

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, FromClause, Row, String, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.platform.models import TELEGRAM
from bot.storage.engine.database import Database

# How long, in hours, a caption may be edited, or an answer replied to, and still be understood.
MEMORY_HOURS = 48

# The name of a parameter. No column may have it: SQLAlchemy would set that column.
_PLATFORM = "on_platform"


def is_remembered(since: float) -> bool:
    """Return whether what came at a Unix time is still known: all about it may be deleted later."""
    return time.time() - since < MEMORY_HOURS * 3_600


def here(table: FromClause) -> ColumnElement[bool]:
    """Match the rows of the store's platform; `StorePart` says which one that is."""
    return table.c.platform == bindparam(_PLATFORM, type_=String)


class StorePart:
    """One part of the store. Safe for concurrent use within one event loop.

    Args:
        platform: only its rows are seen and written.
    """

    def __init__(self, database: Database, platform: str = TELEGRAM) -> None:
        self._database = database
        self._platform = platform
        self._bound = {_PLATFORM: platform}

    @property
    def _is_sqlite(self) -> bool:
        return self._database.dialect.name == "sqlite"

    async def _first(self, query: Executable, **values: Any) -> Row[Any] | None:
        """Return the one row of a query, or None."""
        async with self._database.connect() as connection:
            return (await connection.execute(query, values | self._bound)).one_or_none()

    async def _all(self, query: Executable, **values: Any) -> Sequence[Row[Any]]:
        """Return all rows of a query."""
        async with self._database.connect() as connection:
            return (await connection.execute(query, values | self._bound)).all()

    async def _change(self, statement: Executable, **values: Any) -> int:
        """Run one statement as a transaction; return how many rows it changed."""
        async with self._database.begin() as connection:
            done = await connection.execute(statement, values | self._bound)
        return int(done.rowcount)

    def _upsert_into(
        self, table: Table, keys: dict[str, Any], values: dict[str, Any], changes: dict[str, Any]
    ) -> Executable:
        """Return a statement that adds a row, or applies `changes` to the one that is there."""
        inserting = self._inserting(table, keys, values)
        return inserting.on_conflict_do_update(index_elements=_key_of(table), set_=changes)

    def _insert_once(
        self, table: Table, keys: dict[str, Any], values: dict[str, Any]
    ) -> Executable:
        """Return a statement that adds a row, or leaves the one that is there as it is."""
        inserting = self._inserting(table, keys, values)
        return inserting.on_conflict_do_nothing(index_elements=_key_of(table))

    def _inserting(
        self, table: Table, keys: dict[str, Any], values: dict[str, Any]
    ) -> sqlite.Insert | postgresql.Insert:
        inserting = _insert(table, is_sqlite=self._is_sqlite)
        return inserting.values(platform=self._platform, **keys, **values)

    async def _upsert(self, table: Table, keys: dict[str, Any], values: dict[str, Any]) -> None:
        """Add a row, or bring the one that is there up to date, as a transaction."""
        async with self._database.begin() as connection:
            await self._put(connection, table, keys, values)

    async def _put(
        self,
        connection: AsyncConnection,
        table: Table,
        keys: dict[str, Any],
        values: dict[str, Any],
    ) -> None:
        """Do what `_upsert` does, as part of a transaction."""
        statement = _upserting(table, tuple(values), is_sqlite=self._is_sqlite)
        await connection.execute(statement, {"platform": self._platform, **keys, **values})


def _insert(table: Table, *, is_sqlite: bool) -> sqlite.Insert | postgresql.Insert:
    return (sqlite.insert if is_sqlite else postgresql.insert)(table)


def _key_of(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]


@cache
def _upserting(table: Table, names: tuple[str, ...], *, is_sqlite: bool) -> Executable:
    """Return an upsert that sets these columns; cached, since building one takes long."""
    inserting = _insert(table, is_sqlite=is_sqlite)
    if not names:
        return inserting.on_conflict_do_nothing(index_elements=_key_of(table))
    fresh = {name: inserting.excluded[name] for name in names}
    return inserting.on_conflict_do_update(index_elements=_key_of(table), set_=fresh)
