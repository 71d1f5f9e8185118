"""Questions that the queue lost are asked again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from bot.chat.answers.lost_jobs import LostJobs
from bot.chat.answers.photo_results import PhotoResults
from bot.chat.photo_jobs import PhotoJobs
from bot.platform.models import ClassifyRequest
from bot.platform.ports import RetryLater, TargetGone
from bot.queues.consumer import Consumer
from bot.queues.job_publisher import JobPublisher
from bot.queues.result_dispatcher import ResultDispatcher
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.broker.client import (
    JOBS,
    JOBS_SUBJECT,
    RESULTS,
    Delivery,
    PullConsumer,
    Queue,
    results_subject,
)
from inference.protocol.messages import ImageOutcome, Job, Result, decode_job, encode
from tests.bot.scripted import ScriptedPlatform, a_request
from tests.nats_server import NatsServer
from tests.waiting import until


class RecordingGames:
    """Another part of the bot that asks workers; counts how often it has to ask again."""

    def __init__(self) -> None:
        self.told = 0

    async def resume(self) -> None:
        self.told += 1


@pytest.fixture
def games() -> RecordingGames:
    return RecordingGames()


@pytest.fixture
def photo_jobs(
    queue: Queue, store: Store, platform: ScriptedPlatform, metrics: Metrics
) -> PhotoJobs:
    publisher = JobPublisher(queue, platform, metrics, bot_id=42)
    return PhotoJobs(publisher, store, platform, metrics, max_per_user=2)


@pytest.fixture
def lost(
    queue: Queue,
    store: Store,
    photo_jobs: PhotoJobs,
    platform: ScriptedPlatform,
    games: RecordingGames,
) -> LostJobs:
    return LostJobs(queue, store, photo_jobs, platform, KeyedLock(), games.resume)


@pytest.fixture
def no_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.answers.lost_jobs._UNDER_WAY", -1.0)


def answer_to(job: Job) -> Result:
    scores = ImageOutcome(probabilities=[1.0 / len(job.labels)] * len(job.labels))
    return Result(
        job_id=job.id,
        reply=job.reply,
        labels=job.labels,
        images=[scores] * len(job.images),
        chart=b"chart",
    )


class ScriptedWorker:
    """Takes jobs, and answers them when a test wants it."""

    def __init__(self, queue: Queue, jobs: PullConsumer) -> None:
        self._queue = queue
        self._jobs = jobs

    @classmethod
    async def on(cls, queue: Queue) -> "ScriptedWorker":
        return cls(queue, await queue.pull_consumer(JOBS, "workers", JOBS_SUBJECT))

    async def takes(self, within: float = 5.0) -> list[tuple[Job, Delivery]]:
        deadline = asyncio.get_running_loop().time() + within
        while not (found := await self._jobs.pull(9, 0.5)):
            if asyncio.get_running_loop().time() > deadline:
                return []
        return [(decode_job(delivery.data), delivery) for delivery in found]

    async def answers(self, job: Job, delivery: Delivery) -> None:
        result = answer_to(job)
        await self._queue.publish(job.reply.subject, encode(result), job.id)
        await delivery.ack()


@contextlib.asynccontextmanager
async def delivering(queue: Queue, dispatcher: ResultDispatcher) -> AsyncIterator[None]:
    results = await queue.pull_consumer(RESULTS, "bot-42", results_subject(42))
    consumer = Consumer(results, dispatcher.deal_with, limit=9)
    consumer.start()
    try:
        yield
    finally:
        await consumer.drain(1.0)


async def remade(queue: Queue, server: NatsServer) -> None:
    """Let the queue stop, lose its files and come back; the next pull makes its streams again."""
    pull_consumer = await queue.pull_consumer(RESULTS, "bot-42", results_subject(42))
    server.stop()
    server.forget()
    server.start()

    async def is_back() -> bool:
        await pull_consumer.pull(1, 0.1)
        return queue.connected and await _stands(queue)

    await until(is_back, True, 20.0)
    await pull_consumer.close()


async def _stands(queue: Queue) -> bool:
    try:
        await queue.state(JOBS)
    except Exception:
        return False
    return True


async def test_after_a_queue_lost_its_files_each_person_is_answered_once(
    queue: Queue,
    nats_server: NatsServer,
    store: Store,
    photo_jobs: PhotoJobs,
    lost: LostJobs,
    platform: ScriptedPlatform,
    metrics: Metrics,
    games: RecordingGames,
) -> None:
    await lost.look()
    plain = a_request(1)
    album = a_request(2, media=(plain.media * 2), labels=("a house", "ein Café"))
    templated = ClassifyRequest(
        plain.ref.__class__(-100, 3, 9), 8, "es", plain.media, ("un perro",), "una foto de {}"
    )
    asked = [plain, album, templated]
    for request in asked:
        await photo_jobs.submit(request)
    worker = await ScriptedWorker.on(queue)
    before = {job.id: job for job, _ in await worker.takes()}

    await remade(queue, nats_server)
    assert await queue.jobs_waiting() == 0
    await lost.look()
    await lost.look()
    assert games.told == 1

    again = await worker.takes()
    assert {job.id: (job.labels, job.template, job.reply, len(job.images)) for job, _ in again} == {
        number: (job.labels, job.template, job.reply, len(job.images))
        for number, job in before.items()
    }

    async def is_empty() -> bool:
        state = await queue.state(RESULTS)
        return state.first > state.last

    handler = PhotoResults(store, platform, metrics)
    async with delivering(queue, ResultDispatcher(queue, [handler], KeyedLock())):
        for job, delivery in again:
            await worker.answers(job, delivery)
        await until(lambda: sorted(platform.kinds), ["chart"] * 3)
        # Answers that the workers had begun when the queue went away.
        for job in before.values():
            await queue.publish(job.reply.subject, encode(answer_to(job)), f"late {job.id}")
        await until(is_empty, True)
    assert platform.kinds == ["chart"] * 3
    assert [await store.jobs_in_flight(user) for user in (7, 8)] == [0, 0]
    await lost.look()
    assert await queue.jobs_waiting() == 0


async def test_a_bot_that_starts_on_another_queue_asks_again(
    queue: Queue,
    nats_server: NatsServer,
    photo_jobs: PhotoJobs,
    lost: LostJobs,
    games: RecordingGames,
) -> None:
    await photo_jobs.submit(a_request())
    await remade(queue, nats_server)
    await lost.look()
    assert await queue.jobs_waiting() == 1
    assert games.told == 0  # at a start, games resume without this


@pytest.mark.parametrize("stream", [JOBS, RESULTS])
async def test_purged_questions_are_asked_again(
    queue: Queue, photo_jobs: PhotoJobs, lost: LostJobs, stream: str, no_margin: None
) -> None:
    await photo_jobs.submit(a_request())
    worker = await ScriptedWorker.on(queue)
    await lost.look()
    if stream == RESULTS:
        await worker.answers(*(await worker.takes())[0])
    await queue._js.purge_stream(stream)
    for _ in range(3):
        await lost.look()
    ((job, delivery),) = await worker.takes()
    assert (job.labels, job.reply.data) == (["a dog", "a cat"], a_request().id.encode())
    await worker.answers(job, delivery)
    state = await queue.state(RESULTS)
    assert state.first == state.last  # it is not confused with the lost result


async def test_questions_in_a_stream_are_not_asked_again(
    queue: Queue, photo_jobs: PhotoJobs, lost: LostJobs, no_margin: None
) -> None:
    await photo_jobs.submit(a_request(1))
    for _ in range(5):
        await lost.look()
    assert await queue.jobs_waiting() == 1
    worker = await ScriptedWorker.on(queue)
    ((job, delivery),) = await worker.takes()
    for _ in range(5):
        await lost.look()
    await worker.answers(job, delivery)
    for _ in range(5):
        await lost.look()  # while the result waits in its stream
    assert await queue.jobs_waiting() == 0


async def test_a_question_that_can_not_be_asked_again_now_is_asked_later(
    queue: Queue,
    nats_server: NatsServer,
    photo_jobs: PhotoJobs,
    lost: LostJobs,
    platform: ScriptedPlatform,
) -> None:
    for number in (1, 2):
        await photo_jobs.submit(a_request(number))
    await remade(queue, nats_server)
    platform.faults["fetch"] = [RetryLater("away")]
    await lost.look()
    assert await queue.jobs_waiting() == 1
    await lost.look()
    assert await queue.jobs_waiting() == 2


@pytest.mark.parametrize(
    ("fault", "times", "sentence"),
    [
        (TargetGone("wrong file_id"), 1, "no longer has that picture"),
        (ValueError("ours"), 3, "Sorry"),
    ],
)
async def test_a_person_who_can_not_be_answered_is_told_and_can_ask_again(
    queue: Queue,
    nats_server: NatsServer,
    store: Store,
    photo_jobs: PhotoJobs,
    lost: LostJobs,
    platform: ScriptedPlatform,
    fault: Exception,
    times: int,
    sentence: str,
) -> None:
    await photo_jobs.submit(a_request())
    await remade(queue, nats_server)
    platform.faults["fetch"] = [fault] * times
    for _ in range(4):
        await lost.look()
    assert len(platform.said) == 1
    assert sentence in platform.said[0][2]
    assert await store.jobs_in_flight(7) == 0


async def test_questions_of_an_older_clipbot_are_reported_as_lost(
    queue: Queue,
    store: Store,
    lost: LostJobs,
    platform: ScriptedPlatform,
    no_margin: None,
) -> None:
    for number, age in ((1, 60), (2, 30 * 24 * 3_600)):
        await store.record_job(a_request(number))
        async with store._database.begin() as connection:
            await connection.execute(
                text(
                    "update jobs set labels = null, queue = null, created_at = created_at - :age "
                    "where message_id = :number"
                ),
                {"age": age, "number": number},
            )
    for _ in range(3):
        await lost.look()
    assert [ref.message_id for _, ref, _ in platform.said] == [1]  # the other one is forgotten
    assert "I lost this picture" in platform.said[0][2]
    assert await queue.jobs_waiting() == 0
    for number in (1, 2):
        job = await store.job(a_request(number).id)
        assert job
        assert job.delivered


async def test_only_the_newest_edit_is_asked_again(
    queue: Queue, nats_server: NatsServer, store: Store, photo_jobs: PhotoJobs, lost: LostJobs
) -> None:
    await store.record_job(a_request(), "an older queue")
    await store.record_job(a_request(revision=5, labels=("a house",)), "an older queue")
    await lost.look()
    worker = await ScriptedWorker.on(queue)
    assert [job.labels for job, _ in await worker.takes()] == [["a house"]]


async def test_a_question_that_an_edit_replaced_does_not_count_for_the_limit(
    store: Store, lost: LostJobs, queue: Queue, no_margin: None
) -> None:
    await store.record_job(a_request(), "an older queue")
    edit = a_request(revision=5, labels=("a house",))
    await store.record_job(edit, "an older queue")
    await store.mark_delivered(edit.id)  # a crash came before the first one was closed
    await lost.look()
    assert await store.jobs_in_flight(7) == 0
    assert await queue.jobs_waiting() == 0
