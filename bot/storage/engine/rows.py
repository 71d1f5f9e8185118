"""What every part of the store stands on: the database, and rows added or brought up to date."""

from functools import cache
from typing import Any

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine.database import Database

# How long a caption may be edited, or an answer replied to, and still be understood.
MEMORY_HOURS = 48


class Rows:
    """One part of the store. Safe for concurrent use within one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def _is_sqlite(self) -> bool:
        return self._database.dialect.name == "sqlite"

    def _upsert_into(
        self, table: Table, keys: dict[str, Any], values: dict[str, Any], changes: dict[str, Any]
    ) -> Executable:
        """A row added, or brought up to date by `changes`."""
        inserting = _insert(table, is_sqlite=self._is_sqlite).values(**keys, **values)
        return inserting.on_conflict_do_update(index_elements=list(keys), set_=changes)

    def _insert_once(
        self, table: Table, keys: dict[str, Any], values: dict[str, Any]
    ) -> Executable:
        """A row added; one that is there stays as it is."""
        inserting = _insert(table, is_sqlite=self._is_sqlite).values(**keys, **values)
        return inserting.on_conflict_do_nothing(index_elements=list(keys))

    async def _upsert(self, table: Table, keys: dict[str, Any], values: dict[str, Any]) -> None:
        """A row added, or brought up to date by the same values."""
        async with self._database.begin() as connection:
            await self._put(connection, table, keys, values)

    async def _put(
        self,
        connection: AsyncConnection,
        table: Table,
        keys: dict[str, Any],
        values: dict[str, Any],
    ) -> None:
        """`_upsert` as a part of a transaction."""
        statement = _upserting(table, tuple(keys), tuple(values), is_sqlite=self._is_sqlite)
        await connection.execute(statement, keys | values)


def _insert(table: Table, *, is_sqlite: bool) -> sqlite.Insert | postgresql.Insert:
    return (sqlite.insert if is_sqlite else postgresql.insert)(table)


@cache
def _upserting(
    table: Table, keys: tuple[str, ...], names: tuple[str, ...], *, is_sqlite: bool
) -> Executable:
    """Made once for its columns, since making a statement anew takes a good part of its time."""
    inserting = _insert(table, is_sqlite=is_sqlite)
    if not names:
        return inserting.on_conflict_do_nothing(index_elements=keys)
    fresh = {name: inserting.excluded[name] for name in names}
    return inserting.on_conflict_do_update(index_elements=keys, set_=fresh)
