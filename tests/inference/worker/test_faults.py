"""What goes wrong with a job stays that job's: pictures, the model, the pen, other versions."""

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
from inference.worker import job_lease as flight
from inference.worker import job_reader as intake
from inference.worker.pipeline import Pipeline
from tests.inference.pictures import NOT_A_PICTURE, picture
from tests.inference.worker.support.job_sender import Asker
from tests.inference.worker.support.running_worker import ACK_WAIT, Hire
from tests.waiting import until


async def test_a_bad_picture_fails_alone(asker: Asker, hire: Hire) -> None:
    hired = await hire()
    bad = await asker.asks(NOT_A_PICTURE)
    mixed = await asker.asks(NOT_A_PICTURE, picture("red"))
    good = await asker.asks(picture("red"))
    results = await asker.hears(bad, mixed, good)
    refused = ImageOutcome(problem=Problem(ProblemCode.NOT_AN_IMAGE))
    assert results[bad].images == [refused]
    assert results[bad].chart == b""
    assert results[mixed].images == [refused, results[good].images[0]]
    assert results[mixed].chart
    await until(lambda: hired.counted("unreadable"), 1)


async def test_a_guilty_job_fails_alone_and_is_set_aside(asker: Asker, hire: Hire) -> None:
    def look(images: Sequence[Image.Image]) -> None:
        if any(colour_of(image) == "blue" for image in images):
            raise ValueError("no blue, please")

    jobs = [await asker.asks(picture(c)) for c in ("red", "green", "blue", "red")]
    await hire(lambda: ScriptedClassifier(on_call=look))
    results = await asker.hears(*jobs)
    problems = [results[job].problem for job in jobs]
    assert problems == [None, None, Problem(ProblemCode.INTERNAL), None]
    await asker.sees_empty_queue()
    assert await asker.finds_set_aside() == [jobs[2]]


async def test_out_of_memory_makes_smaller_batches_for_good(asker: Asker, hire: Hire) -> None:
    classifier = ScriptedClassifier(fits=2)
    jobs = [await asker.asks(picture()) for _ in range(8)]
    await hire(lambda: classifier)
    await asker.hears(*jobs)
    assert classifier.batches == [8, 4, 2, 2, 2, 2]
    more = [await asker.asks(picture()) for _ in range(4)]
    await asker.hears(*more)
    assert max(classifier.batches[6:]) <= 2


async def test_no_memory_for_one_picture_lets_the_job_rest(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "LONGEST_REST", 0.01)
    calls = iter([MemoryError(), None])

    def look(images: Sequence[Image.Image]) -> None:
        if error := next(calls):
            raise error

    hired = await hire(lambda: ScriptedClassifier(on_call=look))
    job = await asker.asks(picture())
    assert (await asker.hears(job))[job].problem is None
    assert hired.counted("handed_back") == 1


async def test_a_chart_that_fails_does_not_hold_the_answer_back(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_ink(*_: object, **__: object) -> Image.Image:
        raise RuntimeError("no ink")

    monkeypatch.setattr(chart, "draw", no_ink)
    await hire()
    job = await asker.asks(picture("red"))
    result = (await asker.hears(job))[job]
    assert result.images[0].probabilities
    assert result.chart == b""
    assert "no ink" in caplog.text


async def test_an_answer_that_cannot_be_finished_is_tried_again(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flight, "LONGEST_REST", 0.05)
    broken = Mock(side_effect=RuntimeError("the pen broke"))
    monkeypatch.setattr(Pipeline, "draw", broken)
    hired = await hire()
    job = await asker.asks(picture("red"))
    await until(lambda: hired.counted("handed_back") > 0, True)
    monkeypatch.undo()
    await asker.hears(job)
    assert "the pen broke" in caplog.text


async def test_a_batch_that_breaks_hands_its_jobs_back(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flight, "LONGEST_REST", 0.05)
    monkeypatch.setattr(Pipeline, "decode", Mock(side_effect=RuntimeError("our bug")))
    hired = await hire()
    job = await asker.asks(picture("red"))
    await until(lambda: hired.counted("handed_back") > 0, True)
    monkeypatch.undo()
    await asker.hears(job)
    assert "our bug" in caplog.text


async def test_a_suspect_runs_alone(asker: Asker, hire: Hire) -> None:
    suspects = [await asker.asks(picture()) for _ in range(2)]
    await asker.hands_back_jobs(times=2, ack_wait=ACK_WAIT)
    calm = [await asker.asks(picture()) for _ in range(3)]
    classifier = ScriptedClassifier()
    await hire(lambda: classifier)
    await asker.hears(*suspects, *calm)
    assert classifier.batches == [3, 1, 1]


async def test_suspects_among_batches_that_are_read_ahead(asker: Asker, hire: Hire) -> None:
    suspects = [await asker.asks(picture()) for _ in range(3)]
    await asker.hands_back_jobs(times=2, ack_wait=ACK_WAIT)
    calm = [await asker.asks(picture()) for _ in range(9)]
    classifier = ScriptedClassifier(on_call=lambda _: time.sleep(0.02))
    await hire(lambda: classifier, max_batch=2)
    await asker.hears(*suspects, *calm)
    assert sum(classifier.batches) == len(suspects) + len(calm)


async def test_poison_is_answered_without_another_try(
    asker: Asker, hire: Hire, caplog: pytest.LogCaptureFixture
) -> None:
    poison = await asker.asks(picture())
    await asker.hands_back_jobs(times=intake.MAX_ATTEMPTS, ack_wait=ACK_WAIT)
    classifier = ScriptedClassifier()
    await hire(lambda: classifier)
    result = (await asker.hears(poison))[poison]
    assert result.problem == Problem(ProblemCode.INTERNAL)
    assert classifier.batches == []
    assert "is poison: 8 attempts have failed" in caplog.text
    await asker.sees_empty_queue()


async def test_poison_that_cannot_be_set_aside_is_answered_all_the_same(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Queue, "dead_letter", Mock(side_effect=QueueUnavailable("No room.")))
    poison = await asker.asks(picture())
    await asker.hands_back_jobs(times=intake.MAX_ATTEMPTS, ack_wait=ACK_WAIT)
    await hire()
    assert (await asker.hears(poison))[poison].problem == Problem(ProblemCode.INTERNAL)


async def test_a_job_of_another_version_is_left_for_another_worker(
    asker: Asker, hire: Hire, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "VERSION_REST", 0.05)
    hired = await hire()
    await asker.asks(picture(), version=2)
    await until(lambda: hired.counted("unknown_version") >= 3, True)
    assert await asker.queue.jobs_waiting() == 1
    assert caplog.text.count("has version 2") == 1


async def test_what_is_no_job_is_set_aside(asker: Asker, hire: Hire) -> None:
    await asker.queue.publish(JOBS_SUBJECT, b"\xc1 no msgpack", "noise")
    await asker.queue.publish(JOBS_SUBJECT, msgspec.msgpack.encode({"version": 1}), "no job")
    no_text = msgspec.msgpack.encode({"version": 1, "id": "????"}).replace(b"????", b"\xff" * 4)
    await asker.queue.publish(JOBS_SUBJECT, no_text, "no text")
    hired = await hire()
    await until(lambda: hired.counted("undecodable"), 3)
    await asker.sees_empty_queue()


@pytest.mark.parametrize(
    "subject",
    [
        *("", "a b", "clipbot.results.*", "clipbot.results.>", "a..b", ".a", "a\r\nPUB b 0"),
        "$JS.API.STREAM.DELETE.clipbot-jobs",
        f"clipbot.results.{'x' * 5_000}",
    ],
    ids=lambda subject: subject[:40],
)
async def test_a_job_whose_answer_nobody_can_hear_is_set_aside(
    asker: Asker, hire: Hire, subject: str
) -> None:
    hired = await hire()
    deaf = await asker.asks(picture(), reply=Reply(subject))
    good = await asker.asks(picture())
    await asker.hears(good)
    await asker.sees_empty_queue()
    assert await asker.finds_set_aside() == [deaf]
    assert hired.counted("undecodable") == 1


@pytest.mark.parametrize(
    "poison",
    [
        {"reply": Reply("nobody.stores.this")},
        {"reply": Reply("clipbot.results.nor.this")},
        {
            "id": "x" * 70_000,
            "reply": Reply("clipbot.results.1"),
        },  # more than NATS takes in a message's header
    ],
    ids=["no stream", "two words", "id"],
)
async def test_a_job_whose_answer_is_never_stored_is_set_aside_at_its_first_attempt(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch, poison: dict[str, Any]
) -> None:
    monkeypatch.setattr(flight, "PUBLISH_PAUSES", (0.01,))
    hired = await hire()
    job = Job(**{"id": "p", "images": [picture()], "labels": ["a"], **poison})
    await asker.queue.publish(JOBS_SUBJECT, encode(job), "poison")
    await until(lambda: hired.counted("unheard"), 1)
    await asker.sees_empty_queue()
    assert await asker.finds_set_aside() == [job.id]
    assert hired.counted("handed_back") == 0


async def test_a_job_nested_too_deeply_is_set_aside(asker: Asker, hire: Hire) -> None:
    hired = await hire()
    deep = b"\x82\xa7version\x01\xa4more" + b"\x91" * 100_000 + b"\xc0"
    await asker.queue.publish(JOBS_SUBJECT, deep, "deep")
    await until(lambda: hired.counted("undecodable"), 1)
    await asker.sees_empty_queue()


async def test_a_lost_device_ends_the_worker_and_hands_its_jobs_back(
    asker: Asker, hire: Hire
) -> None:
    def look(images: Sequence[Image.Image]) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    jobs = [await asker.asks(picture("red")) for _ in range(3)]
    hired = await hire(lambda: ScriptedClassifier(on_call=look))
    with pytest.raises(DeviceLost, match="illegal memory access"):
        await asyncio.wait_for(hired.task, 10)
    await hire()
    await asker.hears(*jobs, within=ACK_WAIT - 0.5)
