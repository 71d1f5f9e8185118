"""Our SQLite connection: one errand to its thread for each statement, and nothing else changes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.store.database import Database, open_database
from bot.store.errands import Connection


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/clipbot.db")
    yield database
    await database.dispose()


async def test_a_question_is_three_errands(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    errands = []
    execute = Connection._execute

    async def counting(self: Connection, work: object, *args: object) -> object:
        errands.append(work)
        return await execute(self, work, *args)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(Connection, "_execute", counting)
    async with database.connect() as connection:
        rows = (await connection.execute(text("SELECT 1 UNION SELECT 2"))).scalars().all()
    assert rows == [1, 2]
    assert len(errands) == 3  # BEGIN, the question with its rows, ROLLBACK


async def test_rows_parameters_counts_and_errors(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE fruit (name TEXT PRIMARY KEY)"))
        names = [{"name": name} for name in ("apple", "pear", "plum")]
        await connection.execute(text("INSERT INTO fruit VALUES (:name)"), names)
        gone = await connection.execute(text("DELETE FROM fruit WHERE name > :n"), {"n": "pb"})
    assert gone.rowcount == 2
    with pytest.raises(IntegrityError):
        await _insert(database, "fig", "apple")
    async with database.connect() as connection:
        found = await connection.execute(text("SELECT name FROM fruit"))
        assert found.scalars().all() == ["apple"]  # the fig went with the second apple


async def _insert(database: Database, *names: str) -> None:
    async with database.begin() as connection:
        for name in names:
            await connection.execute(text("INSERT INTO fruit VALUES (:name)"), {"name": name})


async def test_a_transaction_is_begun_before_its_first_statement(database: Database) -> None:
    statements: list[str] = []
    async with database.connect() as connection:
        driver = await connection.get_raw_connection()
        driver.driver_connection._conn.set_trace_callback(statements.append)  # type: ignore[union-attr]
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE fruit (name TEXT)"))
    assert [statement.split()[0] for statement in statements] == ["BEGIN", "CREATE", "COMMIT"]
