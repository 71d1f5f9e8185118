"""Opens the database, SQLite or PostgreSQL, and brings its tables up to date.

A new database gets today's tables at once, an older one by Alembic's migrations.
"""

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.platform.models import TELEGRAM
from bot.storage.engine import sqlite_thread
from bot.storage.engine.outages import tell_apart
from bot.storage.engine.tables import metadata, owner
from inference.protocol.errors import SettingError

log = logging.getLogger(__name__)

# Our key among PostgreSQL's advisory locks: "clipbot" as a number.
_OUR_LOCK = int.from_bytes(b"clipbot")

Database = AsyncEngine

# The newest migration, which leads to the tables in `tables`.
NEWEST_REVISION = "0005"
# Alembic's own table, exactly as Alembic makes it.
_VERSIONS = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


async def open_database(address: str) -> Database:
    """Connect to the database; make or migrate its tables if that is needed.

    Args:
        address: SQLAlchemy's address with an asynchronous driver, as `BotSettings.database` gives.

    Raises:
        SettingError: the database can't be reached or written; one sentence, no password.
    """
    url = _for_asyncpg(make_url(address))
    try:
        if url.get_backend_name() == "sqlite":
            # One connection: SQLite has one writer anyway, and no statement finds it locked.
            engine = create_async_engine(
                url,
                connect_args={"async_creator_fn": sqlite_thread.connect},
                pool_size=1,
                max_overflow=0,
                hide_parameters=True,
            )
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(engine.sync_engine, "begin", _begin)
        else:
            engine = create_async_engine(
                url, pool_size=5, max_overflow=10, pool_pre_ping=True, hide_parameters=True
            )
    except ModuleNotFoundError as error:
        raise SettingError(
            f"DATABASE_URL needs {error.name}, which is not installed; "
            "install clipbot[postgres], or leave DATABASE_URL empty for SQLite."
        ) from error
    event.listen(engine.sync_engine, "handle_error", tell_apart)
    try:
        if url.get_backend_name() == "sqlite" and url.database:
            await asyncio.to_thread(_make_folder, Path(url.database))
        async with engine.begin() as connection:
            await connection.run_sync(_bring_up_to_date)
    except (SQLAlchemyError, OSError, ValueError, TypeError) as error:
        await engine.dispose()
        raise SettingError(
            f"DATABASE_URL ({url.render_as_string(hide_password=True)}) can't be used: "
            f"{_short(error)}."
        ) from error
    return engine


async def claim(database: Database, bot_id: int, platform: str = TELEGRAM) -> None:
    """Store whose database this is; there is one bot on each platform.

    Raises:
        SettingError: it is another bot's: message ids there mean other messages.
    """
    query = select(owner.c.bot_id).where(owner.c.platform == platform)
    async with database.begin() as connection:
        found = (await connection.execute(query)).scalar_one_or_none()
        if found is None:
            await connection.execute(insert(owner).values(platform=platform, bot_id=bot_id))
    if found not in {None, bot_id}:
        raise SettingError(
            f"The database holds the messages of another bot (id {found}) on {platform}; "
            "choose another DATA_DIR or DATABASE_URL for this bot."
        )


async def checkpoint(database: Database) -> None:
    """Copy all changes into SQLite's own file; do nothing for PostgreSQL.

    SQLite does so by itself only after 1,000 pages, which takes a small bot days. Until then they
    are in the log `clipbot.db-wal` beside the file, and a copy of the file alone is nearly empty.
    """
    if database.dialect.name != "sqlite":
        return
    async with database.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, sqlite_thread.SqliteConnection)
        try:
            await driver.checkpoint()
        except sqlite3.Error as error:  # for example a full disk; the log still holds the changes
            log.warning("The database file can't be brought up to date for now: %s", error)


def _make_folder(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)


def _for_asyncpg(url: URL) -> URL:
    """Return the URL with `ssl` for `sslmode`: hosts use libpq's word, asyncpg has its own."""
    if url.get_backend_name() != "postgresql" or "sslmode" not in url.query:
        return url
    mode = url.query["sslmode"]
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def _short(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).splitlines() or [type(cause).__name__])[0].rstrip(".")


def _begin(connection: Connection) -> None:
    # By itself, Python's sqlite3 ends a transaction at each CREATE TABLE, and a crash during a
    # migration would leave half of it. So transactions are begun here (SQLAlchemy's manual on
    # pysqlite: "Serializable isolation / Savepoints / Transactional DDL").
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite_thread.SqliteConnection)
    driver.begin()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    # A crash of the process loses nothing; a power cut may lose the last changes.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _bring_up_to_date(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # When several processes start at once, the others wait until the first made the tables.
        connection.execute(select(func.pg_advisory_xact_lock(_OUR_LOCK)))
    there, ours = set(inspect(connection).get_table_names()), set(metadata.tables)
    if _VERSIONS.name in there:
        versions = connection.execute(select(_VERSIONS.c.version_num)).scalars().all()
        if versions == [NEWEST_REVISION] and ours <= there:
            return
    elif not there & ours:
        metadata.create_all(connection, checkfirst=False)  # views may have these names
        _VERSIONS.create(connection)
        connection.execute(insert(_VERSIONS).values(version_num=NEWEST_REVISION))
        return
    from bot.storage.migrations import upgrade  # here and not above: see there

    upgrade(connection)
