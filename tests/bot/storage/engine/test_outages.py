"""Errors of the database tell an outage apart from a value or statement that is wrong."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.storage import DATABASE_AWAY, Database, Store, open_database


@pytest.mark.parametrize(
    "question",
    [
        lambda store: store.person(2**64),
        lambda store: store.set_language(2**63, "en"),
        lambda store: store.job_answered_by(2**64, 1),
        lambda store: store.hide(2**64),
        lambda store: store.round_at(2**64, None),
        lambda store: store.set_template(1, "a \ud800 of {}"),
    ],
)
async def test_a_value_that_cannot_be_stored_does_not_count_as_an_outage(
    store: Store, question: Callable[[Store], Awaitable[object]]
) -> None:
    with pytest.raises(Exception) as refused:  # noqa: PT011 - each driver has its own
        await question(store)
    assert not isinstance(refused.value, DATABASE_AWAY)
    await store.set_template(1, "a photo of {}")
    assert (await store.person(1)).template == "a photo of {}"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from no_such_table",
        "select * from where",
        "insert into handled values ('telegram', '1', null)",
        "insert into handled values ('telegram', '1', 1.0), ('telegram', '1', 1.0)",
    ],
)
async def test_a_wrong_statement_does_not_count_as_an_outage(
    database: Database, statement: str
) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with database.begin() as connection:
            await connection.execute(text(statement))
    assert not isinstance(refused.value, DATABASE_AWAY)


@pytest.fixture
async def in_postgres(postgres: str) -> AsyncIterator[Database]:
    database = await open_database(postgres)
    yield database
    await database.dispose()


async def test_a_nul_refused_by_postgres_does_not_count_as_an_outage(in_postgres: Database) -> None:
    with pytest.raises(DBAPIError) as refused:
        await Store(in_postgres).set_template(1, "a\0 {}")
    assert not isinstance(refused.value, DATABASE_AWAY)


@pytest.mark.parametrize(
    "statement",
    [
        "select pg_terminate_backend(pg_backend_pid())",
        "do $$ begin raise exception 'full' using errcode = 'disk_full'; end $$",
        "do $$ begin raise exception 'many' using errcode = 'too_many_connections'; end $$",
        "do $$ begin raise exception 'starting' using errcode = 'cannot_connect_now'; end $$",
        "do $$ begin raise exception 'standby' using errcode = '25006'; end $$",
        "do $$ begin raise exception 'deadlock' using errcode = 'deadlock_detected'; end $$",
    ],
)
async def test_errors_of_the_postgres_server_count_as_an_outage(
    in_postgres: Database, statement: str
) -> None:
    async def ask() -> None:
        async with in_postgres.begin() as connection:
            await connection.execute(text(statement))
            await connection.execute(text("select 1"))

    with pytest.raises(DATABASE_AWAY):
        await ask()


async def test_errors_of_the_sqlite_file_count_as_an_outage(tmp_path: Path) -> None:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/clipbot.db")
    async with database.connect() as connection:
        await connection.execute(text("pragma query_only = true"))
    with pytest.raises(DATABASE_AWAY):
        await Store(database).set_language(1, "en")
    await database.dispose()
    (tmp_path / "clipbot.db").write_bytes(b"no database at all" * 1_000)
    with pytest.raises(DATABASE_AWAY):
        await Store(database).person(1)
    await database.dispose()
