"""Copies of SQLite's file that are made while the bot runs."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.storage import Database, Profile, Store, checkpoint, open_database
from bot.storage.engine import sqlite_thread


def languages(file: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(file)) as copy:
        return copy.execute("select user_id, language from people order by user_id").fetchall()


def files_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def backed_up(folder: Path) -> Path:
    """Run the backup command of the manual; return the file that it makes."""
    manual = (Path(__file__).parents[3] / "docker" / "README.md").read_text()
    (code,) = re.findall(r'bot python -c "(.*?)"\n', manual, re.DOTALL)
    script = code.replace("\\\n", "").replace("/data/", f"{folder}/")
    subprocess.run([sys.executable, "-c", script], check=True)
    return folder / "backup.db"


async def test_a_plain_copy_has_what_was_there_at_the_last_checkpoint(tmp_path: Path) -> None:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/clipbot.db")
    store = Store(database)
    for user_id in range(20):
        await store.set_language(user_id, "es")
    await checkpoint(database)
    await store.set_language(99, "en")
    shutil.copy(tmp_path / "clipbot.db", tmp_path / "copy.db")
    assert languages(tmp_path / "copy.db") == [(user_id, "es") for user_id in range(20)]
    assert await store.person(99) == Profile("en")
    await database.dispose()


async def test_after_a_stop_the_file_alone_has_everything(tmp_path: Path) -> None:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/clipbot.db")
    await Store(database).set_language(1, "es")
    await database.dispose()
    assert files_in(tmp_path) == ["clipbot.db"]
    assert languages(tmp_path / "clipbot.db") == [(1, "es")]


async def test_a_checkpoint_waits_for_no_reader(tmp_path: Path) -> None:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/clipbot.db")
    store = Store(database)
    await store.set_language(1, "es")
    with closing(sqlite3.connect(tmp_path / "clipbot.db", isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select * from people").fetchall()
        await store.set_language(2, "es")
        await checkpoint(database)
        await store.set_language(3, "es")
    await checkpoint(database)
    shutil.copy(tmp_path / "clipbot.db", tmp_path / "copy.db")
    assert languages(tmp_path / "copy.db") == [(1, "es"), (2, "es"), (3, "es")]
    await database.dispose()


async def test_a_checkpoint_that_fails_is_logged_and_the_next_one_repairs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/clipbot.db")
    await Store(database).set_language(1, "es")
    with monkeypatch.context() as full:
        full.setattr(sqlite_thread.SqliteConnection, "checkpoint", fail)
        await checkpoint(database)
    assert "database or disk is full" in caplog.text
    await checkpoint(database)
    shutil.copy(tmp_path / "clipbot.db", tmp_path / "copy.db")
    assert languages(tmp_path / "copy.db") == [(1, "es")]
    await database.dispose()


async def test_a_checkpoint_of_postgres_does_nothing(database: Database) -> None:
    await checkpoint(database)
    async with database.connect() as connection:
        assert await connection.scalar(text("select 1")) == 1


async def test_the_backup_command_of_the_manual_copies_everything(tmp_path: Path) -> None:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/clipbot.db")
    await Store(database).set_language(1, "es")
    assert languages(backed_up(tmp_path)) == [(1, "es")]
    await database.dispose()
