"""From a question about photos to a job: admission, record, refusals."""

import hashlib
from dataclasses import replace

import pytest

from bot.chat.photo_jobs import JobRefused, PhotoJobs
from bot.platform.models import MAX_FILE_BYTES, Media
from bot.platform.ports import FileTooBig, RetryLater, TargetGone
from bot.queues.job_publisher import JobPublisher
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.broker.client import JOBS, JOBS_SUBJECT, Queue
from inference.protocol.errors import MessageTooLarge
from inference.protocol.messages import decode_job
from tests.bot.scripted import ScriptedPlatform, a_request


@pytest.fixture
def photo_jobs(
    queue: Queue, store: Store, platform: ScriptedPlatform, metrics: Metrics
) -> PhotoJobs:
    publisher = JobPublisher(queue, platform, metrics, bot_id=42)
    return PhotoJobs(publisher, store, platform, metrics, max_per_user=2)


async def test_a_question_becomes_a_job(
    photo_jobs: PhotoJobs, queue: Queue, store: Store, platform: ScriptedPlatform
) -> None:
    request = a_request(5)
    await photo_jobs.submit(request)
    (delivery,) = await (await queue.pull_consumer(JOBS, "test", JOBS_SUBJECT)).pull(9, 1.0)
    job = decode_job(delivery.data)
    assert (job.id, job.images, job.labels) == ("42.7.5.0", [b"picture file"], ["a dog", "a cat"])
    assert job.reply.subject == "clipbot.results.42"
    assert job.words.title == "What CLIP sees"
    record = await store.job(request.id)
    assert record
    assert not record.delivered
    assert platform.working == [request.ref]


async def test_in_a_group_no_action_is_shown(
    photo_jobs: PhotoJobs, platform: ScriptedPlatform
) -> None:
    await photo_jobs.submit(a_request(private=False))
    assert platform.working == []


async def test_the_same_question_twice_is_one_job(
    photo_jobs: PhotoJobs, queue: Queue, store: Store, platform: ScriptedPlatform
) -> None:
    await photo_jobs.submit(a_request())
    await photo_jobs.submit(a_request())
    assert await queue.jobs_waiting() == 1
    await store.mark_delivered(a_request().id)
    await photo_jobs.submit(a_request())
    assert len(platform.fetched) == 2


async def test_an_edit_that_changes_nothing_asks_nothing(
    photo_jobs: PhotoJobs, queue: Queue, platform: ScriptedPlatform
) -> None:
    await photo_jobs.submit(a_request())
    await photo_jobs.submit(a_request(revision=1))
    assert await queue.jobs_waiting() == 1
    await photo_jobs.submit(a_request(revision=2, labels=("a house",)))
    assert await queue.jobs_waiting() == 2


async def test_a_worker_counts_pictures_as_people_do(photo_jobs: PhotoJobs, queue: Queue) -> None:
    album = (Media("f", "u", number=1, skipped=(2,)), Media("g", "v", number=3))
    await photo_jobs.submit(a_request(media=album))
    await photo_jobs.submit(a_request(2, media=(Media("f", "u"), Media("g", "v"))))
    jobs = await (await queue.pull_consumer(JOBS, "test", JOBS_SUBJECT)).pull(9, 1.0)
    assert [decode_job(job.data).numbers for job in jobs] == [[1, 3], []]


async def test_settings_that_change_since_are_no_question(
    photo_jobs: PhotoJobs, queue: Queue, store: Store
) -> None:
    await photo_jobs.submit(replace(a_request(), has_own_labels=False))
    other = replace(
        a_request(revision=1), labels=("a moon",), template="a {}", has_own_labels=False
    )
    await photo_jobs.submit(other)
    assert await queue.jobs_waiting() == 1
    await photo_jobs.submit(replace(other, has_own_labels=True))  # now the message says so
    assert await queue.jobs_waiting() == 2


async def test_a_question_stored_by_an_earlier_release_is_known(
    photo_jobs: PhotoJobs, queue: Queue, store: Store
) -> None:
    await photo_jobs.submit(a_request())
    before = '[["unique"],["a dog","a cat"],null]'
    early = hashlib.sha256(before.encode()).hexdigest()[:32]
    await store.change_fingerprint(a_request().id, early)
    await photo_jobs.submit(a_request(revision=1))
    assert await queue.jobs_waiting() == 1


async def test_each_person_has_a_limit(
    photo_jobs: PhotoJobs, store: Store, metrics: Metrics
) -> None:
    await photo_jobs.submit(a_request(1))
    await photo_jobs.submit(a_request(2))
    with pytest.raises(JobRefused, match="still busy with 2 pictures of yours"):
        await photo_jobs.submit(a_request(3))
    await photo_jobs.submit(a_request(1, user_id=8))
    await store.mark_delivered(a_request(1).id)
    await store.forget_job(a_request(1, user_id=8).id)
    with pytest.raises(JobRefused, match="Too many people at once"):
        await photo_jobs.submit(a_request(4))  # the queue of this test holds three
    assert metrics.registry.get_sample_value("clipbot_refusals_total") == 2
    # a question that was not queued counts for nobody
    assert await store.job(a_request(4).id) is None


async def test_files_that_are_too_big(photo_jobs: PhotoJobs, platform: ScriptedPlatform) -> None:
    with pytest.raises(JobRefused, match="up to 20 MB"):
        await photo_jobs.submit(a_request(media=(Media("f", "u", MAX_FILE_BYTES + 1),)))
    with pytest.raises(JobRefused, match=r"these files have over 7\.7 MB"):
        await photo_jobs.submit(
            a_request(media=(Media("f", "u", 5 * 2**20), Media("g", "v", 5 * 2**20)))
        )
    assert platform.fetched == []
    platform.faults["fetch"] = [FileTooBig("file is too big")]
    with pytest.raises(JobRefused, match="up to 20 MB"):
        await photo_jobs.submit(a_request(media=(Media("f", "u"),)))


async def test_an_album_larger_than_a_message_is_too_big(
    photo_jobs: PhotoJobs, platform: ScriptedPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Queue, "max_payload", 64 * 2**20)
    files = (Media("f", "u", 17 * 2**20), Media("g", "v", 17 * 2**20))
    with pytest.raises(JobRefused, match=r"these files have over 31\.7 MB"):
        await photo_jobs.submit(a_request(media=files))
    assert platform.fetched == []


async def test_one_file_that_the_queue_does_not_store(
    photo_jobs: PhotoJobs, platform: ScriptedPlatform
) -> None:
    with pytest.raises(JobRefused, match=r"That file is too big for me: I accept up to 7\.7 MB"):
        await photo_jobs.submit(a_request(media=(Media("f", "u", 12 * 2**20),)))


async def test_a_job_that_the_stream_refuses_is_too_big(
    photo_jobs: PhotoJobs, queue: Queue, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def publish(*_: object) -> None:
        raise MessageTooLarge("NATS stores no message of 1.0 MB")

    monkeypatch.setattr(queue, "publish", publish)
    with pytest.raises(JobRefused, match=r"^That file is too big for me\. Send it as a photo"):
        await photo_jobs.submit(a_request())
    with pytest.raises(JobRefused, match=r"^These files are too big for me\. Send them as photos"):
        await photo_jobs.submit(a_request(media=(Media("f", "u"), Media("g", "v"))))
    with pytest.raises(JobRefused, match=r"^Ese archivo es demasiado grande para mí\. Envíalo"):
        await photo_jobs.submit(replace(a_request(), language="es"))
    assert await store.job(a_request().id) is None


async def test_files_that_are_gone_or_away(
    photo_jobs: PhotoJobs, store: Store, platform: ScriptedPlatform
) -> None:
    platform.faults["fetch"] = [TargetGone("wrong file_id"), RetryLater("away"), ValueError("ours")]
    with pytest.raises(JobRefused, match="no longer has that picture"):
        await photo_jobs.submit(a_request())
    with pytest.raises(RetryLater):
        await photo_jobs.submit(a_request())
    with pytest.raises(ValueError, match="ours"):
        await photo_jobs.submit(a_request())
    assert await store.job(a_request().id) is None


async def test_an_album_whose_sizes_are_not_known(
    photo_jobs: PhotoJobs, platform: ScriptedPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fetch(media: Media) -> bytes:
        return bytes(5 * 2**20)

    monkeypatch.setattr(platform, "fetch", fetch)
    with pytest.raises(JobRefused, match="these files have over"):
        await photo_jobs.submit(a_request(media=(Media("f", "u"), Media("g", "v"))))
