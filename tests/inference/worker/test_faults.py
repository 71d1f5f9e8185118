"""An error of one job affects no other: pictures, the model, charts, other versions."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from PIL import Image

from inference.charts import chart
from inference.model.classifier import ScriptedClassifier, colour_of
from inference.protocol.broker.client import JOBS_SUBJECT, Queue
from inference.protocol.errors import (
    DeviceLost,
    Problem,
    ProblemCode,
    QueueUnavailable,
)
from inference.protocol.messages import ImageOutcome, Job, Reply, encode
from inference.worker import job_lease, job_reader
from inference.worker.pipeline import Pipeline
from tests.inference.pictures import NOT_A_PICTURE, picture
from tests.inference.worker.support.job_sender import JobSender
from tests.inference.worker.support.running_worker import ACK_WAIT, StartWorker
from tests.waiting import until


async def test_a_bad_picture_fails_alone(sender: JobSender, start_worker: StartWorker) -> None:
    running = await start_worker()
    bad = await sender.sends(NOT_A_PICTURE)
    mixed = await sender.sends(NOT_A_PICTURE, picture("red"))
    good = await sender.sends(picture("red"))
    results = await sender.receives(bad, mixed, good)
    refused = ImageOutcome(problem=Problem(ProblemCode.NOT_AN_IMAGE))
    assert results[bad].images == [refused]
    assert results[bad].chart == b""
    assert results[mixed].images == [refused, results[good].images[0]]
    assert results[mixed].chart
    await until(lambda: running.counted("unreadable"), 1)


async def test_a_job_that_breaks_the_model_fails_alone_and_becomes_a_dead_letter(
    sender: JobSender, start_worker: StartWorker
) -> None:
    def look(images: Sequence[Image.Image]) -> None:
        if any(colour_of(image) == "blue" for image in images):
            raise ValueError("no blue, please")

    jobs = [await sender.sends(picture(c)) for c in ("red", "green", "blue", "red")]
    await start_worker(lambda: ScriptedClassifier(on_call=look))
    results = await sender.receives(*jobs)
    problems = [results[job].problem for job in jobs]
    assert problems == [None, None, Problem(ProblemCode.INTERNAL), None]
    await sender.sees_empty_queue()
    assert await sender.finds_dead_letters() == [jobs[2]]


async def test_batches_stay_smaller_after_memory_ran_out(
    sender: JobSender, start_worker: StartWorker
) -> None:
    classifier = ScriptedClassifier(fits=2)
    jobs = [await sender.sends(picture()) for _ in range(8)]
    await start_worker(lambda: classifier)
    await sender.receives(*jobs)
    assert classifier.batches == [8, 4, 2, 2, 2, 2]
    more = [await sender.sends(picture()) for _ in range(4)]
    await sender.receives(*more)
    assert max(classifier.batches[6:]) <= 2


async def test_a_job_rests_when_there_is_no_memory_for_one_picture(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_lease, "LONGEST_REST", 0.01)
    calls = iter([MemoryError(), None])

    def look(images: Sequence[Image.Image]) -> None:
        if error := next(calls):
            raise error

    running = await start_worker(lambda: ScriptedClassifier(on_call=look))
    job = await sender.sends(picture())
    assert (await sender.receives(job))[job].problem is None
    assert running.counted("handed_back") == 1


async def test_an_answer_is_sent_without_a_chart_that_fails(
    sender: JobSender,
    start_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: object, **__: object) -> Image.Image:
        raise RuntimeError("the font is missing")

    monkeypatch.setattr(chart, "draw", fails)
    await start_worker()
    job = await sender.sends(picture("red"))
    result = (await sender.receives(job))[job]
    assert result.images[0].probabilities
    assert result.chart == b""
    assert "the font is missing" in caplog.text


async def test_an_answer_that_cannot_be_finished_is_tried_again(
    sender: JobSender,
    start_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(job_lease, "LONGEST_REST", 0.05)
    broken = Mock(side_effect=RuntimeError("drawing broke"))
    monkeypatch.setattr(Pipeline, "draw", broken)
    running = await start_worker()
    job = await sender.sends(picture("red"))
    await until(lambda: running.counted("handed_back") > 0, True)
    monkeypatch.undo()
    await sender.receives(job)
    assert "drawing broke" in caplog.text


async def test_a_batch_that_fails_gives_its_jobs_back(
    sender: JobSender,
    start_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(job_lease, "LONGEST_REST", 0.05)
    monkeypatch.setattr(Pipeline, "decode", Mock(side_effect=RuntimeError("our bug")))
    running = await start_worker()
    job = await sender.sends(picture("red"))
    await until(lambda: running.counted("handed_back") > 0, True)
    monkeypatch.undo()
    await sender.receives(job)
    assert "our bug" in caplog.text


async def test_a_suspect_runs_alone(sender: JobSender, start_worker: StartWorker) -> None:
    suspects = [await sender.sends(picture()) for _ in range(2)]
    await sender.naks_jobs(times=2, ack_wait=ACK_WAIT)
    calm = [await sender.sends(picture()) for _ in range(3)]
    classifier = ScriptedClassifier()
    await start_worker(lambda: classifier)
    await sender.receives(*suspects, *calm)
    assert classifier.batches == [3, 1, 1]


async def test_suspects_are_answered_while_other_batches_are_read_ahead(
    sender: JobSender, start_worker: StartWorker
) -> None:
    suspects = [await sender.sends(picture()) for _ in range(3)]
    await sender.naks_jobs(times=2, ack_wait=ACK_WAIT)
    calm = [await sender.sends(picture()) for _ in range(9)]
    classifier = ScriptedClassifier(on_call=lambda _: time.sleep(0.02))
    await start_worker(lambda: classifier, max_batch=2)
    await sender.receives(*suspects, *calm)
    assert sum(classifier.batches) == len(suspects) + len(calm)


async def test_poison_is_answered_without_another_try(
    sender: JobSender, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    poison = await sender.sends(picture())
    await sender.naks_jobs(times=job_reader.MAX_ATTEMPTS, ack_wait=ACK_WAIT)
    classifier = ScriptedClassifier()
    await start_worker(lambda: classifier)
    result = (await sender.receives(poison))[poison]
    assert result.problem == Problem(ProblemCode.INTERNAL)
    assert classifier.batches == []
    assert "is poison: 8 attempts have failed" in caplog.text
    await sender.sees_empty_queue()


async def test_poison_is_answered_even_if_no_dead_letter_can_be_stored(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Queue, "dead_letter", Mock(side_effect=QueueUnavailable("No room.")))
    poison = await sender.sends(picture())
    await sender.naks_jobs(times=job_reader.MAX_ATTEMPTS, ack_wait=ACK_WAIT)
    await start_worker()
    assert (await sender.receives(poison))[poison].problem == Problem(ProblemCode.INTERNAL)


async def test_a_job_of_another_version_is_left_for_another_worker(
    sender: JobSender,
    start_worker: StartWorker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job_reader, "VERSION_REST", 0.05)
    running = await start_worker()
    await sender.sends(picture(), version=2)
    await until(lambda: running.counted("unknown_version") >= 3, True)
    assert await sender.queue.jobs_waiting() == 1
    assert caplog.text.count("has version 2") == 1


async def test_a_message_that_is_not_a_job_becomes_a_dead_letter(
    sender: JobSender, start_worker: StartWorker
) -> None:
    await sender.queue.publish(JOBS_SUBJECT, b"\xc1 no msgpack", "noise")
    await sender.queue.publish(JOBS_SUBJECT, msgspec.msgpack.encode({"version": 1}), "no job")
    no_text = msgspec.msgpack.encode({"version": 1, "id": "????"}).replace(b"????", b"\xff" * 4)
    await sender.queue.publish(JOBS_SUBJECT, no_text, "no text")
    running = await start_worker()
    await until(lambda: running.counted("undecodable"), 3)
    await sender.sees_empty_queue()


@pytest.mark.parametrize(
    "subject",
    [
        *("", "a b", "clipbot.results.*", "clipbot.results.>", "a..b", ".a", "a\r\nPUB b 0"),
        "$JS.API.STREAM.DELETE.clipbot-jobs",
        f"clipbot.results.{'x' * 5_000}",
    ],
    ids=lambda subject: subject[:40],
)
async def test_a_job_without_a_usable_reply_subject_becomes_a_dead_letter(
    sender: JobSender, start_worker: StartWorker, subject: str
) -> None:
    running = await start_worker()
    unusable = await sender.sends(picture(), reply=Reply(subject))
    good = await sender.sends(picture())
    await sender.receives(good)
    await sender.sees_empty_queue()
    assert await sender.finds_dead_letters() == [unusable]
    assert running.counted("undecodable") == 1


@pytest.mark.parametrize(
    "poison",
    [
        {"reply": Reply("no.stream.stores.this")},
        {"reply": Reply("clipbot.results.nor.this")},
        {
            "id": "x" * 70_000,
            "reply": Reply("clipbot.results.1"),
        },  # more than NATS takes in a message's header
    ],
    ids=["no stream", "two words", "id"],
)
async def test_a_job_whose_result_can_never_be_stored_becomes_a_dead_letter_at_once(
    sender: JobSender,
    start_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
    poison: dict[str, Any],
) -> None:
    monkeypatch.setattr(job_lease, "PUBLISH_PAUSES", (0.01,))
    running = await start_worker()
    job = Job(**{"id": "p", "images": [picture()], "labels": ["a"], **poison})
    await sender.queue.publish(JOBS_SUBJECT, encode(job), "poison")
    await until(lambda: running.counted("unheard"), 1)
    await sender.sees_empty_queue()
    assert await sender.finds_dead_letters() == [job.id]
    assert running.counted("handed_back") == 0


async def test_a_job_nested_too_deeply_becomes_a_dead_letter(
    sender: JobSender, start_worker: StartWorker
) -> None:
    running = await start_worker()
    deep = b"\x82\xa7version\x01\xa4more" + b"\x91" * 100_000 + b"\xc0"
    await sender.queue.publish(JOBS_SUBJECT, deep, "deep")
    await until(lambda: running.counted("undecodable"), 1)
    await sender.sees_empty_queue()


async def test_a_lost_device_ends_the_worker_and_gives_its_jobs_back(
    sender: JobSender, start_worker: StartWorker
) -> None:
    def look(images: Sequence[Image.Image]) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    jobs = [await sender.sends(picture("red")) for _ in range(3)]
    running = await start_worker(lambda: ScriptedClassifier(on_call=look))
    with pytest.raises(DeviceLost, match="illegal memory access"):
        await asyncio.wait_for(running.task, 10)
    await start_worker()
    await sender.receives(*jobs, within=ACK_WAIT - 0.5)
