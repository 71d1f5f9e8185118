"""A worker whose queue refuses, repeats itself, restarts, forgets or is gone."""

import time

import pytest

from inference.model.classifier import ScriptedClassifier
from inference.protocol.broker.client import JOBS_SUBJECT, Queue, connect, results_subject
from inference.protocol.errors import NoStream, QueueUnavailable
from inference.protocol.messages import Job, Reply, encode
from inference.worker import job_lease as flight
from tests.inference.pictures import picture
from tests.inference.worker.support.job_sender import LABELS, Asker
from tests.inference.worker.support.running_worker import ACK_WAIT, Gate, Hire
from tests.nats_server import NatsServer
from tests.waiting import until


async def test_a_result_too_large_for_the_queue_goes_without_its_chart(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Queue, "max_payload", 4_096)
    await hire()
    job = await asker.asks(picture("red"))
    result = (await asker.hears(job))[job]
    assert result.images[0].probabilities
    assert result.chart == b""


async def test_a_result_that_the_queue_refuses_hands_the_job_back(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "PUBLISH_PAUSES", (0.01,))
    monkeypatch.setattr(flight, "LONGEST_REST", 0.1)
    publish, lost = Queue.publish, results_subject(7)

    async def refuses(queue: Queue, subject: str, data: bytes, message_id: str) -> None:
        if subject == lost:
            raise NoStream("the server lost its files, and the streams are yet to be made again")
        await publish(queue, subject, data, message_id)

    monkeypatch.setattr(Queue, "publish", refuses)
    hired = await hire()
    nowhere = await asker.asks(picture("red"), reply=Reply(lost))
    await until(lambda: hired.counted("handed_back") >= 2, True)
    assert await asker.queue.jobs_waiting() == 1
    job = await asker.asks(picture("red"))
    assert set(await asker.hears(job)) == {job}, nowhere


async def test_a_finished_result_is_held_until_the_queue_stores_again(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flight, "PUBLISH_PAUSES", (0.01,))
    monkeypatch.setattr(flight, "LONGEST_PAUSE", 0.05)
    publish, refusing = Queue.publish, True

    async def refuses(queue: Queue, subject: str, data: bytes, message_id: str) -> None:
        if refusing and subject.startswith("clipbot.results"):
            raise QueueUnavailable("no space left on device")
        await publish(queue, subject, data, message_id)

    monkeypatch.setattr(Queue, "publish", refuses)
    model = ScriptedClassifier()
    hired = await hire(lambda: model)
    job = await asker.asks(picture("red"))
    began = time.monotonic()
    # So long that a holder who says nothing would have lost the job.
    await until(lambda: time.monotonic() - began > 1.5 * ACK_WAIT, True)
    assert "its result is not stored: no space left on device" in caplog.text
    refusing = False
    await asker.hears(job)
    assert (model.batches, hired.counted("handed_back")) == ([1], 0.0)
    await asker.sees_empty_queue()


async def test_a_job_answered_twice_is_heard_once(asker: Asker, hire: Hire, nats_url: str) -> None:
    hired = await hire()
    job = await asker.asks(picture("red"))
    await asker.hears(job)
    # as if the first worker had been killed between the result and the acknowledgement
    again = await connect(nats_url, name="twice")
    stored = encode(
        Job(id=job, images=[picture("red")], labels=list(LABELS), reply=Reply("clipbot.results.1"))
    )
    await again.publish(JOBS_SUBJECT, stored, "another message with the same job")
    await until(lambda: hired.counted("answered"), 2)
    await asker.listens(0.3)
    assert [result.job_id for result in asker.results] == [job]
    await again.close()


async def test_two_workers_share_the_queue(asker: Asker, hire: Hire) -> None:
    models = [ScriptedClassifier(), ScriptedClassifier()]
    for model in models:
        await hire(lambda model=model: model, max_batch=2)
    jobs = [await asker.asks(picture("red")) for _ in range(20)]
    await asker.hears(*jobs)
    assert all(model.batches for model in models)
    assert sum(sum(model.batches) for model in models) == len(jobs)


async def test_a_restart_of_the_queue_loses_nothing(
    asker: Asker, hire: Hire, nats_server: NatsServer
) -> None:
    model = Gate()
    await hire(lambda: model.classifier, max_batch=4)
    jobs = [await asker.asks(picture("red")) for _ in range(10)]
    await model.is_entered()
    nats_server.stop()
    model.open()
    nats_server.start()
    await asker.hears(*jobs)
    assert len(asker.results) == len(jobs)
    await asker.sees_empty_queue()


async def test_a_queue_that_comes_back_empty_is_prepared_again(
    asker: Asker, hire: Hire, nats_server: NatsServer
) -> None:
    await hire()
    await asker.hears(await asker.asks(picture("red")))
    nats_server.stop()
    await until(lambda: asker.queue.connected, False)
    nats_server.forget()
    nats_server.start()
    await asker.starts_again()
    job = await asker.asks(picture("red"), id="after the loss")
    await asker.hears(job)


async def test_a_worker_leaves_though_the_queue_is_gone(
    asker: Asker, hire: Hire, nats_server: NatsServer
) -> None:
    hired = await hire()
    await asker.hears(await asker.asks(picture("red")))
    nats_server.stop()
    await hired.leaves()
