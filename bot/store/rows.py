"""What every part of the store stands on: the database, and rows added or brought up to date."""

from typing import Any

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.database import Database

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
        self,
        table: Table,
        keys: dict[str, Any],
        values: dict[str, Any],
        changes: dict[str, Any] | None = None,
    ) -> Executable:
        """A row added, or brought up to date by `changes`, which are else the same values."""
        inserting = self._insert(table).values(**keys, **values)
        return (
            inserting.on_conflict_do_update(index_elements=list(keys), set_=changes or values)
            if values
            else inserting.on_conflict_do_nothing(index_elements=list(keys))
        )

    def _insert_once(
        self, table: Table, keys: dict[str, Any], values: dict[str, Any]
    ) -> Executable:
        """A row added; one that is there stays as it is."""
        inserting = self._insert(table).values(**keys, **values)
        return inserting.on_conflict_do_nothing(index_elements=list(keys))

    def _insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        return (sqlite.insert if self._is_sqlite else postgresql.insert)(table)

    async def _upsert(self, table: Table, keys: dict[str, Any], values: dict[str, Any]) -> None:
        async with self._database.begin() as connection:
            await connection.execute(self._upsert_into(table, keys, values))
