"""A worker whose queue refuses messages, repeats them, restarts, loses its files or is away."""

import time

import pytest

from inference.model.classifier import ScriptedClassifier
from inference.protocol.broker.client import JOBS_SUBJECT, Queue, connect, results_subject
from inference.protocol.errors import NoStream, QueueUnavailable
from inference.protocol.messages import Job, Reply, encode
from inference.worker import job_lease
from tests.inference.pictures import picture
from tests.inference.worker.support.job_sender import LABELS, JobSender
from tests.inference.worker.support.running_worker import ACK_WAIT, GatedModel, StartWorker
from tests.nats_server import NatsServer
from tests.waiting import until


async def test_a_result_too_large_for_the_queue_is_sent_without_its_chart(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Queue, "max_payload", 4_096)
    await start_worker()
    job = await sender.sends(picture("red"))
    result = (await sender.receives(job))[job]
    assert result.images[0].probabilities
    assert result.chart == b""


async def test_a_job_is_given_back_while_the_results_stream_is_missing(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_lease, "PUBLISH_PAUSES", (0.01,))
    monkeypatch.setattr(job_lease, "LONGEST_REST", 0.1)
    publish, lost = Queue.publish, results_subject(7)

    async def refuses(queue: Queue, subject: str, data: bytes, message_id: str) -> None:
        if subject == lost:
            raise NoStream("the server lost its files, and the streams are not created again yet")
        await publish(queue, subject, data, message_id)

    monkeypatch.setattr(Queue, "publish", refuses)
    running = await start_worker()
    nowhere = await sender.sends(picture("red"), reply=Reply(lost))
    await until(lambda: running.counted("handed_back") >= 2, True)
    assert await sender.queue.jobs_waiting() == 1
    job = await sender.sends(picture("red"))
    assert set(await sender.receives(job)) == {job}, nowhere


async def test_a_finished_result_is_kept_until_the_queue_stores_again(
    sender: JobSender,
    start_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(job_lease, "PUBLISH_PAUSES", (0.01,))
    monkeypatch.setattr(job_lease, "LONGEST_PAUSE", 0.05)
    publish, refusing = Queue.publish, True

    async def refuses(queue: Queue, subject: str, data: bytes, message_id: str) -> None:
        if refusing and subject.startswith("clipbot.results"):
            raise QueueUnavailable("no space left on device")
        await publish(queue, subject, data, message_id)

    monkeypatch.setattr(Queue, "publish", refuses)
    model = ScriptedClassifier()
    running = await start_worker(lambda: model)
    job = await sender.sends(picture("red"))
    began = time.monotonic()
    # Longer than ACK_WAIT: a silent worker would have lost the job.
    await until(lambda: time.monotonic() - began > 1.5 * ACK_WAIT, True)
    assert "its result is not stored: no space left on device" in caplog.text
    refusing = False
    await sender.receives(job)
    assert (model.batches, running.counted("handed_back")) == ([1], 0.0)
    await sender.sees_empty_queue()


async def test_a_job_answered_twice_has_one_result(
    sender: JobSender, start_worker: StartWorker, nats_url: str
) -> None:
    running = await start_worker()
    job = await sender.sends(picture("red"))
    await sender.receives(job)
    # As if the worker had been killed after storing the result, before acknowledging the job.
    again = await connect(nats_url, name="twice")
    stored = encode(
        Job(id=job, images=[picture("red")], labels=list(LABELS), reply=Reply("clipbot.results.1"))
    )
    await again.publish(JOBS_SUBJECT, stored, "another message with the same job")
    await until(lambda: running.counted("answered"), 2)
    await sender.collects(0.3)
    assert [result.job_id for result in sender.results] == [job]
    await again.close()


async def test_two_workers_share_the_queue(sender: JobSender, start_worker: StartWorker) -> None:
    models = [ScriptedClassifier(), ScriptedClassifier()]
    for model in models:
        await start_worker(lambda model=model: model, max_batch=2)
    jobs = [await sender.sends(picture("red")) for _ in range(20)]
    await sender.receives(*jobs)
    assert all(model.batches for model in models)
    assert sum(sum(model.batches) for model in models) == len(jobs)


async def test_a_restart_of_the_queue_loses_nothing(
    sender: JobSender, start_worker: StartWorker, nats_server: NatsServer
) -> None:
    model = GatedModel()
    await start_worker(lambda: model.classifier, max_batch=4)
    jobs = [await sender.sends(picture("red")) for _ in range(10)]
    await model.is_entered()
    nats_server.stop()
    model.open()
    nats_server.start()
    await sender.receives(*jobs)
    assert len(sender.results) == len(jobs)
    await sender.sees_empty_queue()


async def test_streams_that_the_server_lost_are_created_again(
    sender: JobSender, start_worker: StartWorker, nats_server: NatsServer
) -> None:
    await start_worker()
    await sender.receives(await sender.sends(picture("red")))
    nats_server.stop()
    await until(lambda: sender.queue.connected, False)
    nats_server.forget()
    nats_server.start()
    await sender.starts_again()
    job = await sender.sends(picture("red"), id="after the loss")
    await sender.receives(job)


async def test_a_worker_stops_while_the_queue_is_away(
    sender: JobSender, start_worker: StartWorker, nats_server: NatsServer
) -> None:
    running = await start_worker()
    await sender.receives(await sender.sends(picture("red")))
    nats_server.stop()
    await running.stops()
