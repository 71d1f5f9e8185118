"""Whether a photo costs more when more photos wait, or when more people are stored."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import msgspec

from bot.asks import Media
from bot.bench import processes
from bot.bench.road import PEOPLE
from bot.bench.whole import Whole
from inference.bench.figures import GrowthPoint, Spread

# What a worker has in hand besides what waits: a batch in the model and two behind it.
_IN_HAND = 3 * 16
# Stored people have ids from here on; the crowd's are small.
_FIRST_ID = 10_000_000
_ROWS_AT_ONCE = 5_000  # so that the bot never waits long for the database


class _Costs:
    """Samples for each size."""

    def __init__(self) -> None:
        self._seconds: dict[int, list[float]] = {}
        self._bot_seconds: dict[int, list[float]] = {}

    def note(self, size: int, seconds: float, bot_seconds: float) -> None:
        self._seconds.setdefault(size, []).append(seconds)
        self._bot_seconds.setdefault(size, []).append(bot_seconds)

    def points(self) -> list[GrowthPoint]:
        return [
            GrowthPoint(size, Spread.of(seconds), Spread.of(self._bot_seconds[size]))
            for size, seconds in sorted(self._seconds.items())
        ]


async def queue(whole: Whole, sizes: list[int], *, photos: int, rounds: int) -> list[GrowthPoint]:
    """Keeps so many photos waiting, and times how fast charts come; sizes take turns.

    Args:
        photos: charts that are timed for each.
    """
    costs = _Costs()
    for number in range(rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            await whole.tell("fill", photos=size + _IN_HAND)
            before = _bot_seconds(whole)
            told = await whole.tell("flow", photos=photos)
            worked = _bot_seconds(whole) - before
            costs.note(size, told.seconds / photos, worked / photos)
            await whole.tell("drain")
    return costs.points()


async def users(whole: Whole, sizes: list[int], *, each: int, rounds: int) -> list[GrowthPoint]:
    """Writes so many people into the bot's store, and has the crowd send; sizes take turns.

    Args:
        each: photos that each of the crowd sends.
    """
    costs = _Costs()
    photos = PEOPLE * each
    for number in range(rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            store_people(whole.data / "clipbot.db", size)
            before = _bot_seconds(whole)
            told = await whole.tell("burst", people=PEOPLE, each=each)
            worked = _bot_seconds(whole) - before
            costs.note(size, told.seconds / photos, worked / photos)
    return costs.points()


def store_people(file: Path, count: int) -> None:
    """Exactly so many people who are not of the crowd, each with a question that was answered."""
    media = msgspec.msgpack.encode((Media("AgACAgIAAxkBAAIB", "AQAD", 50_000),))
    now = time.time()
    with closing(sqlite3.connect(file, timeout=30.0, isolation_level=None)) as database:
        stored = database.execute(
            "SELECT count(*) FROM people WHERE user_id >= ?", (_FIRST_ID,)
        ).fetchone()[0]
        for start in range(min(stored, count), max(stored, count), _ROWS_AT_ONCE):
            end = min(start + _ROWS_AT_ONCE, max(stored, count))
            ids = range(_FIRST_ID + start, _FIRST_ID + end)
            database.execute("BEGIN IMMEDIATE")
            if stored < count:
                _insert(database, ids, media, now)
            else:
                _delete(database, ids)
            database.execute("COMMIT")
        # else the log that the deleted rows left would be read through at each question
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _insert(database: sqlite3.Connection, ids: range, media: bytes, now: float) -> None:
    database.executemany(
        "INSERT INTO people (user_id, language, labels, template) VALUES (?, 'en', ?, NULL)",
        ((user, '["a cat", "a dog"]') for user in ids),
    )
    database.executemany(
        "INSERT INTO jobs (id, chat_id, message_id, serial, user_id, language, fingerprint, media, "
        "created_at, delivered_at) VALUES (?, ?, 1, 1, ?, 'en', '0', ?, ?, ?)",
        ((f"{user}.1.1", user, user, media, now, now) for user in ids),
    )
    database.executemany(
        "INSERT INTO answers (chat_id, message_id, answer_id, is_chart, created_at) "
        "VALUES (?, 1, 2, 1, ?)",
        ((user, now) for user in ids),
    )


def _delete(database: sqlite3.Connection, ids: range) -> None:
    for table, column in (("people", "user_id"), ("jobs", "user_id"), ("answers", "chat_id")):
        database.execute(
            f"DELETE FROM {table} WHERE {column} BETWEEN ? AND ?",  # noqa: S608 - both are ours
            (ids.start, ids.stop - 1),
        )


def _bot_seconds(whole: Whole) -> float:
    return processes.core_seconds(whole.pid) if processes.can_be_told() else 0.0
