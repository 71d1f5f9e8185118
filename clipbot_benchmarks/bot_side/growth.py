"""Whether a photo costs more when more photos wait, or when more people are stored."""

import sqlite3
import time
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path

import msgspec

from bot.platform.models import Media
from clipbot_benchmarks.bot_side import processes
from clipbot_benchmarks.bot_side.end_to_end import PEOPLE
from clipbot_benchmarks.bot_side.load_generator import Told
from clipbot_benchmarks.bot_side.running_bot import Whole
from clipbot_benchmarks.report.figures import GrowthPoint, Spread

# What a worker has in hand besides what waits: a batch in the model and two behind it.
_IN_HAND = 3 * 16
# Stored people have ids from here on; the crowd's are small.
_FIRST_ID = 10_000_000
_ROWS_AT_ONCE = 5_000  # so that the bot never waits long for the database


class _Costs:
    """Samples for each size.

    Args:
        photos: that each sample is about.
    """

    def __init__(self, whole: Whole, photos: int) -> None:
        self._whole = whole
        self._photos = photos
        self._samples: dict[int, list[tuple[float, float, float]]] = {}

    async def sample(self, size: int, crowd: Awaitable[Told]) -> None:
        """Has the crowd do it, and notes what it cost."""
        before = self._whole.core_seconds()
        told = await crowd
        after = self._whole.core_seconds()
        worked = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
        costs = (told.seconds, sum(worked.values()), worked.get("bot", 0.0))
        seconds, of_all, of_bot = (cost / self._photos for cost in costs)
        self._samples.setdefault(size, []).append((seconds, of_all, of_bot))

    def points(self) -> list[GrowthPoint]:
        points = []
        for size, samples in sorted(self._samples.items()):
            seconds, of_all, of_bot = (Spread.of(each) for each in zip(*samples, strict=True))
            told = processes.can_be_told()
            points.append(
                GrowthPoint(size, seconds, of_all if told else None, of_bot if told else None)
            )
        return points


async def queue(whole: Whole, sizes: list[int], *, photos: int, rounds: int) -> list[GrowthPoint]:
    """Keeps so many photos waiting, and times how fast charts come; sizes take turns.

    Args:
        photos: charts that are timed for each.
    """
    costs = _Costs(whole, photos)
    for number in range(rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            await whole.tell("fill", photos=size + _IN_HAND)
            await costs.sample(size, whole.tell("flow", photos=photos))
            await whole.tell("drain")
    return costs.points()


async def users(whole: Whole, sizes: list[int], *, each: int, rounds: int) -> list[GrowthPoint]:
    """Writes so many people into the bot's store, and has the crowd send; sizes take turns.

    Args:
        each: photos that each of the crowd sends.
    """
    costs = _Costs(whole, PEOPLE * each)
    for number in range(rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            store_people(whole.data / "clipbot.db", size)
            await costs.sample(size, whole.tell("burst", people=PEOPLE, each=each))
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
