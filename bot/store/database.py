"""Opening the database: SQLite or PostgreSQL, brought to today's tables by Alembic."""

import asyncio
import logging
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from inference.errors import SettingError

log = logging.getLogger(__name__)

Database = AsyncEngine


async def open_database(address: str) -> Database:
    """Connects, and runs the migrations that are missing.

    Args:
        address: SQLAlchemy's address with an asynchronous driver, as `BotSettings.database` gives.

    Raises:
        SettingError: the database can't be reached or written; one sentence, no password.
    """
    url = make_url(address)
    try:
        if url.get_backend_name() == "sqlite":
            # One connection: SQLite has one writer anyway, and nobody then meets "is locked".
            engine = create_async_engine(url, pool_size=1, max_overflow=0)
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        else:
            engine = create_async_engine(url, pool_size=5, max_overflow=10, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise SettingError(
            f"DATABASE_URL needs {error.name}, which is not installed; "
            "install clipbot[postgres], or leave DATABASE_URL empty for SQLite."
        ) from error
    try:
        if url.get_backend_name() == "sqlite" and url.database:
            await asyncio.to_thread(_make_folder, Path(url.database))
        async with engine.begin() as connection:
            await connection.run_sync(_migrate)
    except (SQLAlchemyError, OSError, ValueError) as error:
        await engine.dispose()
        raise SettingError(
            f"DATABASE_URL ({url.render_as_string(hide_password=True)}) can't be used: "
            f"{_short(error)}."
        ) from error
    return engine


def _make_folder(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)


def _short(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).splitlines() or [type(cause).__name__])[0].rstrip(".")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # A crash of the process loses nothing; only a power cut may lose the last moments.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
