"""Our SQLite connection calls its thread seldom; all else is as with aiosqlite."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.storage.engine.database import Database, open_database
from bot.storage.engine.sqlite_thread import SqliteConnection


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/clipbot.db")
    yield database
    await database.dispose()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the list of all calls to the thread from here on."""
    sent: list[object] = []
    execute = SqliteConnection._execute

    async def record(self: SqliteConnection, work: object, *args: object) -> object:
        sent.append(work)
        return await execute(self, work, *args)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(SqliteConnection, "_execute", record)
    return sent


async def test_a_query_is_one_call(database: Database, calls: list[object]) -> None:
    async with database.connect() as connection:
        rows = (await connection.execute(text("SELECT 1 UNION SELECT 2"))).scalars().all()
    assert rows == [1, 2]
    assert len(calls) == 1


async def test_a_change_is_two_calls(database: Database, calls: list[object]) -> None:
    async with database.begin() as connection:
        await connection.execute(text("INSERT INTO handled VALUES ('telegram', '1', 2.0)"))
    assert len(calls) == 2
    async with database.connect() as connection:
        assert (await connection.execute(text("SELECT update_key, at FROM handled"))).all() == [
            ("1", 2.0)
        ]


async def test_changes_that_were_not_committed_are_undone(database: Database) -> None:
    async with database.connect() as connection:
        await connection.execute(text("INSERT INTO handled VALUES ('telegram', '1', 2.0)"))
    async with database.connect() as connection:
        assert (await connection.execute(text("SELECT update_key, at FROM handled"))).all() == []


@pytest.mark.parametrize("moment", range(12))
async def test_a_cancelled_task_leaves_no_transaction_behind(
    database: Database, moment: int
) -> None:
    """At each moment, the call to the thread is waiting, running or done."""

    async def change() -> None:
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO handled VALUES ('telegram', '1', 2.0)"))
            await connection.execute(text("INSERT INTO handled VALUES ('telegram', '2', 2.0)"))

    changing = asyncio.create_task(change())
    for _ in range(moment):
        await asyncio.sleep(0)
    changing.cancel()
    await asyncio.wait([changing])
    async with database.begin() as connection:
        both = (await connection.execute(text("SELECT count(*) FROM handled"))).scalar_one()
        await connection.execute(text("INSERT INTO handled VALUES ('telegram', '3', 2.0)"))
    assert both in {0, 2}
    async with database.connect() as connection:
        count = await connection.execute(text("SELECT count(*) FROM handled"))
        assert count.scalar_one() == both + 1


async def test_a_cancelled_call_that_has_not_begun_is_undone_as_well(database: Database) -> None:
    async with database.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, SqliteConnection)
    gate = threading.Event()

    async def change() -> None:
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO handled VALUES ('telegram', '1', 2.0)"))

    async def count() -> int:
        async with database.connect() as connection:
            counted = await connection.execute(text("SELECT count(*) FROM handled"))
            return int(counted.scalar_one())

    driver._tx.put_nowait((None, gate.wait))
    changing = asyncio.create_task(change())
    await _let_tasks_run()
    was_waiting = driver._tx.qsize()
    changing.cancel()
    counting = asyncio.create_task(count())
    await _let_tasks_run()
    gate.set()
    assert was_waiting
    assert await counting == 0


async def test_rows_can_be_read_one_by_one(database: Database) -> None:
    async with database.connect() as connection:
        rows = await connection.stream(text("SELECT 1 UNION SELECT 2 UNION SELECT 3"))
        assert [row[0] async for row in rows] == [1, 2, 3]


async def _let_tasks_run() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


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
        assert found.scalars().all() == ["apple"]  # both were undone, since the second apple failed


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
