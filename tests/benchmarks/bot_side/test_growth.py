"""The rows that the benchmark writes are like those that the bot writes."""

from pathlib import Path

from bot.storage import Store, open_database
from clipbot_benchmarks.bot_side.growth import store_people


async def test_the_bot_reads_the_people_that_the_benchmark_stored(tmp_path: Path) -> None:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/clipbot.db")
    store = Store(database)
    await store.set_language(7, "es")
    store_people(tmp_path / "clipbot.db", 20)
    assert (await store.person(10_000_019)).labels == ("a cat", "a dog")
    assert await store.jobs_in_flight(10_000_019) == 0
    job = await store.latest_job(10_000_019, 1)
    assert job
    assert job.delivered
    assert await store.answer_to(10_000_019, 1)
    store_people(tmp_path / "clipbot.db", 3)
    assert (await store.person(10_000_002)).labels
    assert not (await store.person(10_000_003)).labels
    assert await store.answer_to(10_000_003, 1) is None
    assert (await store.person(7)).language == "es"
    await database.dispose()
