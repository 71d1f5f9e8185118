"""How a database is opened, made, migrated and claimed, on SQLite and on PostgreSQL."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage import Database, Profile, Store, claim, open_database
from bot.storage.engine.database import NEWEST_REVISION
from bot.storage.engine.tables import metadata
from bot.storage.migrations import upgrade
from inference.protocol.errors import SettingError


async def test_a_database_belongs_to_one_bot(database: Database) -> None:
    await claim(database, 42)
    await claim(database, 42)
    with pytest.raises(SettingError, match=r"another bot \(id 42\)"):
        await claim(database, 43)


async def test_sslmode_is_understood_for_asyncpg(postgres: str) -> None:
    database = await open_database(f"{postgres}?sslmode=disable")
    assert (await Store(database).person(1)) == Profile()
    await database.dispose()


async def test_processes_that_start_at_once_make_the_tables_once(postgres: str) -> None:
    url = make_url(postgres)
    server = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text("create database empty"))
    address = url.set(database="empty").render_as_string()
    opened = await asyncio.gather(*(open_database(address) for _ in range(4)))
    await Store(opened[0]).set_labels(1, ("a", "b"))
    assert (await Store(opened[-1]).person(1)).labels == ("a", "b")
    for database in opened:
        await database.dispose()
    await server.dispose()


async def test_a_database_is_made_once_and_then_opened(address: str, database: Database) -> None:
    await Store(database).set_labels(1, ("a", "b"))
    again = await open_database(address)
    assert (await Store(again).person(1)).labels == ("a", "b")
    async with again.connect() as connection:
        version = text("select version_num from alembic_version")
        assert len((await connection.execute(version)).all()) == 1
    await again.dispose()


async def emptied(database: Database, revision: str | None = None) -> None:
    """Drop all tables; then migrate to a revision, if one is given."""
    async with database.begin() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.execute(text("drop table alembic_version"))
        if revision:
            await connection.run_sync(upgrade, revision)


async def schema(database: Database) -> dict[str, object]:
    """Return every table with its columns, keys and indexes."""

    def described(connection: Connection) -> dict[str, object]:
        found = inspect(connection)
        return {
            table: (
                [column | {"type": str(column["type"])} for column in found.get_columns(table)],
                found.get_pk_constraint(table),
                sorted(found.get_indexes(table), key=lambda index: str(index["name"])),
            )
            for table in found.get_table_names()
        }

    async with database.connect() as connection:
        return await connection.run_sync(described)


async def test_migrations_lead_to_the_tables_of_a_new_database(database: Database) -> None:
    new = await schema(database)
    await emptied(database, "head")
    assert await schema(database) == new
    async with database.connect() as connection:
        found = await connection.run_sync(
            lambda bound: compare_metadata(MigrationContext.configure(bound), metadata)
        )
        version = await connection.scalar(text("select version_num from alembic_version"))
    assert found == []
    assert version == NEWEST_REVISION


async def test_an_older_database_is_migrated_and_keeps_what_it_holds(
    address: str, database: Database
) -> None:
    await emptied(database, "0001")
    async with database.begin() as connection:
        people = "insert into people (user_id, labels) values (1, :labels)"
        await connection.execute(text(people), {"labels": '["a", "b"]'})
    again = await open_database(address)
    store = Store(again)
    assert (await store.person(1)).labels == ("a", "b")
    assert await store.streak(1, 1) == 0  # of a table that it lacked
    async with again.connect() as connection:
        version = await connection.scalar(text("select version_num from alembic_version"))
    assert version == NEWEST_REVISION
    await again.dispose()


async def test_a_database_of_a_newer_clipbot_is_refused(address: str, database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(SettingError, match=r"tables are those of another version .*9999"):
        await open_database(address)
    async with database.begin() as connection:
        values = {"revision": NEWEST_REVISION}
        await connection.execute(text("update alembic_version set version_num = :revision"), values)


async def test_a_database_of_another_program_is_left_alone(
    address: str, database: Database
) -> None:
    await emptied(database)
    async with database.begin() as connection:
        await connection.execute(text("create table jobs (theirs integer)"))
    with pytest.raises(SettingError, match="DATABASE_URL"):
        await open_database(address)
    assert set(await schema(database)) == {"jobs"}
    async with database.begin() as connection:
        await connection.execute(text("drop table jobs"))
    await (await open_database(address)).dispose()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("sqlite+aiosqlite:////proc/none/clipbot.db", "can't be used"),
        ("postgresql+asyncpg://me:s3cret@127.0.0.1:9/x", "can't be used"),
    ],
)
async def test_a_database_that_cannot_be_used_is_reported_in_one_sentence(
    address: str, reason: str
) -> None:
    with pytest.raises(SettingError) as refusal:
        await open_database(address)
    assert str(refusal.value).startswith("DATABASE_URL")
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


async def test_a_file_that_is_not_a_database_is_reported_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is no database at all, but a text" * 99)
    with pytest.raises(SettingError, match="not a database"):
        await open_database(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")


async def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'asyncpg'", name="asyncpg")

    monkeypatch.setattr("bot.storage.engine.database.create_async_engine", create)
    with pytest.raises(SettingError, match="DATABASE_URL needs asyncpg"):
        await open_database("postgresql+asyncpg://host/x")
