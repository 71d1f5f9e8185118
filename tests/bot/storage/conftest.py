"""Fixtures that run each test of the store on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.storage import Database, Store, open_database
from bot.storage.engine.tables import metadata
from tests.bot.storage.postgres import postgres_server


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with postgres_server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'er' / 'clipbot.db'}"
    return str(request.getfixturevalue("postgres"))


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    database = await open_database(address)
    yield database
    async with database.begin() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(table.delete())
    await database.dispose()


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)
