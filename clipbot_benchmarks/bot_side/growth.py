"""What a photo costs when more photos wait, or when more people are stored."""

import sqlite3
import time
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path

import msgspec

from bot.platform.models import Media
from clipbot_benchmarks.bot_side import processes
from clipbot_benchmarks.bot_side.end_to_end import PEOPLE
from clipbot_benchmarks.bot_side.load_generator import LoadResult
from clipbot_benchmarks.bot_side.running_bot import RunningBot
from clipbot_benchmarks.report.figures import GrowthPoint, Spread

# Photos that a worker has taken from the queue: one batch in the model and two prefetched.
_IN_WORKER = 3 * 16
# Stored people have ids from here on; those of the load generator are small.
_FIRST_ID = 10_000_000
_ROWS_AT_ONCE = 5_000  # a short transaction, so that the bot never waits long for the database


class _Costs:
    """Samples of the cost of a photo, by size.

    Args:
        photos: number of photos in each sample.
    """

    def __init__(self, bot: RunningBot, photos: int) -> None:
        self._bot = bot
        self._photos = photos
        self._samples: dict[int, list[tuple[float, float, float]]] = {}

    async def sample(self, size: int, load: Awaitable[LoadResult]) -> None:
        """Await the load and record what it cost."""
        before = self._bot.core_seconds()
        result = await load
        after = self._bot.core_seconds()
        used = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
        costs = (result.seconds, sum(used.values()), used.get("bot", 0.0))
        seconds, of_all, of_bot = (cost / self._photos for cost in costs)
        self._samples.setdefault(size, []).append((seconds, of_all, of_bot))

    def points(self) -> list[GrowthPoint]:
        points = []
        for size, samples in sorted(self._samples.items()):
            seconds, of_all, of_bot = (Spread.of(each) for each in zip(*samples, strict=True))
            has_proc = processes.has_proc()
            points.append(
                GrowthPoint(
                    size, seconds, of_all if has_proc else None, of_bot if has_proc else None
                )
            )
        return points


async def queue(
    bot: RunningBot, sizes: list[int], *, photos: int, rounds: int
) -> list[GrowthPoint]:
    """Return what a photo costs at each number of waiting photos.

    The sizes alternate, so that a slow minute of the machine is slow for all of them.

    Args:
        sizes: lengths of the queue, ascending.
        photos: charts that are timed for each size and round.
    """
    costs = _Costs(bot, photos)
    for number in range(rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            await bot.load("fill", photos=size + _IN_WORKER)
            await costs.sample(size, bot.load("flow", photos=photos))
            await bot.load("drain")
    return costs.points()


async def users(bot: RunningBot, sizes: list[int], *, each: int, rounds: int) -> list[GrowthPoint]:
    """Return what a photo costs at each number of people in the bot's database.

    Args:
        sizes: numbers of stored people, ascending.
        each: photos that each of the people sends in a round.
    """
    costs = _Costs(bot, PEOPLE * each)
    for number in range(rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            store_people(bot.data / "clipbot.db", size)
            await costs.sample(size, bot.load("burst", people=PEOPLE, each=each))
    return costs.points()


def store_people(file: Path, count: int) -> None:
    """Store exactly `count` inactive people, each with a photo that was answered."""
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
        # Otherwise the bot would read through the log of deleted rows at each photo.
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _insert(database: sqlite3.Connection, ids: range, media: bytes, now: float) -> None:
    database.executemany(
        "INSERT INTO people (platform, user_id, language, labels, template) "
        "VALUES ('telegram', ?, 'en', ?, NULL)",
        ((user, '["a cat", "a dog"]') for user in ids),
    )
    database.executemany(
        "INSERT INTO jobs (platform, id, chat_id, message_id, serial, user_id, language, "
        "fingerprint, media, created_at, delivered_at) "
        "VALUES ('telegram', ?, ?, 1, 1, ?, 'en', '0', ?, ?, ?)",
        ((f"{user}.1.1", user, user, media, now, now) for user in ids),
    )
    database.executemany(
        "INSERT INTO answers (platform, chat_id, message_id, answer_id, is_chart, created_at) "
        "VALUES ('telegram', ?, 1, 2, 1, ?)",
        ((user, now) for user in ids),
    )


def _delete(database: sqlite3.Connection, ids: range) -> None:
    for table, column in (("people", "user_id"), ("jobs", "user_id"), ("answers", "chat_id")):
        database.execute(
            f"DELETE FROM {table} WHERE {column} BETWEEN ? AND ?",  # noqa: S608 - both are constants
            (ids.start, ids.stop - 1),
        )
