"""Jobs: their pictures are fetched, checked and queued."""

import asyncio

import msgspec
import pytest

from bot.platform.models import Media
from bot.platform.ports import FileTooBig
from bot.queues.job_publisher import JobPublisher, PicturesTooLarge, payload_warning
from bot.runtime.metrics import Metrics
from inference.protocol.broker.client import JOBS, JOBS_SUBJECT, Queue, jobs_subject
from inference.protocol.errors import MessageTooLarge
from inference.protocol.messages import Job, decode_job
from tests.bot.scripted import ScriptedPlatform

ONE, TWO = Media("one", "1"), Media("two", "2")


@pytest.fixture
def publisher(queue: Queue, platform: ScriptedPlatform, metrics: Metrics) -> JobPublisher:
    return JobPublisher(queue, platform, metrics, bot_id=42)


def a_job(publisher: JobPublisher, name: str = "7.5.0") -> Job:
    return msgspec.structs.replace(publisher.job(name, b"come back"), labels=["a dog", "a cat"])


async def published(queue: Queue, subject: str = JOBS_SUBJECT) -> list[Job]:
    consumer = await queue.pull_consumer(JOBS, f"test-{abs(hash(subject))}", subject)
    return [decode_job(delivery.data) for delivery in await consumer.pull(9, 0.2)]


async def test_a_job_is_queued_once_with_its_pictures_and_the_way_back(
    publisher: JobPublisher, queue: Queue, metrics: Metrics
) -> None:
    for _ in range(2):
        await publisher.publish(a_job(publisher), [ONE, TWO])
    (job,) = await published(queue)
    assert (job.id, job.images) == ("42.7.5.0", [b"picture one", b"picture two"])
    assert (job.reply.subject, job.reply.data) == ("clipbot.results.42", b"come back")
    assert metrics.registry.get_sample_value("clipbot_jobs_total") == 2


async def test_a_job_names_its_model_and_waits_for_workers_of_it(
    queue: Queue, platform: ScriptedPlatform, metrics: Metrics
) -> None:
    publisher = JobPublisher(queue, platform, metrics, bot_id=42, model="openai/clip")
    await publisher.publish(a_job(publisher), [ONE])
    assert await published(queue, jobs_subject("demo")) == []
    (job,) = await published(queue, jobs_subject("openai/clip"))
    assert job.model == "openai/clip"


async def test_a_job_is_recorded_when_its_pictures_are_here_and_before_it_is_queued(
    publisher: JobPublisher, queue: Queue, platform: ScriptedPlatform
) -> None:
    seen: list[tuple[list[str], int]] = []

    async def record() -> None:
        seen.append((platform.fetched, await queue.jobs_waiting()))

    await publisher.publish(a_job(publisher), [ONE], record=record)
    assert seen == [(["one"], 0)]
    platform.faults["fetch"] = [FileTooBig("21 MB")]
    with pytest.raises(FileTooBig):
        await publisher.publish(a_job(publisher, "7.6.0"), [ONE], record=record)
    assert len(seen) == 1
    assert await queue.jobs_waiting() == 1


async def test_what_is_done_meanwhile_ends_when_the_pictures_are_here(
    publisher: JobPublisher, queue: Queue
) -> None:
    ended = asyncio.Event()

    async def meanwhile() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    await publisher.publish(a_job(publisher), [ONE], meanwhile=meanwhile)
    assert ended.is_set()
    assert await queue.jobs_waiting() == 1


async def test_pictures_that_do_not_fit_are_not_queued(
    publisher: JobPublisher,
    queue: Queue,
    platform: ScriptedPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fetch(media: Media) -> bytes:
        return bytes(5 * 2**20)

    monkeypatch.setattr(platform, "fetch", fetch)
    await publisher.publish(a_job(publisher), [ONE])
    with pytest.raises(PicturesTooLarge) as refused:
        await publisher.publish(a_job(publisher, "7.6.0"), [ONE, TWO])
    room = refused.value.room
    assert room
    assert 7 * 2**20 < room < queue.max_payload
    publisher.check_room(room)
    with pytest.raises(PicturesTooLarge):
        publisher.check_room(room + 1)
    assert await queue.jobs_waiting() == 1


async def test_a_job_is_withdrawn_from_the_queue_once(
    publisher: JobPublisher, queue: Queue
) -> None:
    for name in ("7.5.0", "7.6.0"):
        await publisher.publish(a_job(publisher, name), [ONE])
    for name in ("7.5.0", "7.5.0", "never queued"):
        await publisher.withdraw(name)
    assert [job.id for job in await published(queue)] == ["42.7.6.0"]


async def test_a_queue_that_is_away_keeps_its_jobs(publisher: JobPublisher, queue: Queue) -> None:
    await publisher.publish(a_job(publisher), [ONE])
    await queue.withdraw(JOBS, 999)  # there is none with that number
    await queue.close()
    await publisher.withdraw("7.5.0")


async def test_a_limit_that_only_the_server_knows_has_no_number(
    publisher: JobPublisher, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def publish(*_: object) -> None:
        raise MessageTooLarge("NATS stores no message of 1.0 MB")

    monkeypatch.setattr(queue, "publish", publish)
    with pytest.raises(PicturesTooLarge) as refused:
        await publisher.publish(a_job(publisher), [ONE])
    assert refused.value.room is None


async def test_few_jobs_have_their_pictures_in_memory_at_once(
    queue: Queue, platform: ScriptedPlatform, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = JobPublisher(queue, platform, metrics, bot_id=42, at_once=2)
    now, most = 0, 0

    async def fetch(media: Media) -> bytes:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return b"picture"

    monkeypatch.setattr(platform, "fetch", fetch)
    names = ["1", "2", "3"]
    await asyncio.gather(*(publisher.publish(a_job(publisher, name), [ONE]) for name in names))
    assert most == 2
    assert await queue.jobs_waiting() == 3


async def test_a_server_with_the_default_max_payload_is_warned_about(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Queue, "max_payload", 2**20)
    assert "up to 1 MB (its max_payload)" in (payload_warning(queue) or "")
    monkeypatch.setattr(Queue, "max_payload", 64 * 2**20)
    assert payload_warning(queue) is None
