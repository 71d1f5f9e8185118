"""A worker on a real queue, with a scripted model."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from unittest.mock import AsyncMock, Mock

import msgspec
import pytest
from click.testing import CliRunner
from PIL import Image

from inference import chart, flight, intake
from inference.classifier import Classifier, ScriptedClassifier, colour_of
from inference.cli import worker as worker_command
from inference.contract import ImageOutcome, Job, Reply, WorkerState, encode
from inference.errors import (
    DeviceLost,
    ModelUnavailable,
    Problem,
    ProblemCode,
    QueueUnavailable,
    SettingError,
)
from inference.metrics import Metrics
from inference.queue import JOBS_SUBJECT, Queue, connect
from inference.settings import WorkerSettings
from inference.stages import Stages
from inference.worker import MAX_BEHIND, Worker, serve
from tests.inference.asker import LABELS, Asker, until
from tests.inference.nats_server import NatsServer
from tests.inference.pictures import NOT_A_PICTURE, picture

ACK_WAIT = 2.0  # seconds


class Gate:
    """A model whose calls take until somebody opens the gate."""

    def __init__(self) -> None:
        self.classifier = ScriptedClassifier(on_call=self._look)
        self._entered = threading.Event()
        self._opened = threading.Event()

    def _look(self, images: Sequence[Image.Image]) -> None:
        self._entered.set()
        self._opened.wait(20)

    async def is_entered(self) -> None:
        await until(self._entered.is_set, True)

    def open(self) -> None:
        self._opened.set()


class Hired:
    """A worker at work in this process."""

    def __init__(self, worker: Worker, stop: asyncio.Event, metrics: Metrics) -> None:
        self.worker = worker
        self.stop = stop
        self.metrics = metrics
        self.task = asyncio.create_task(worker.run())

    async def leaves(self, within: float = 9.0) -> None:
        """Is told to stop, and does so in good time."""
        self.stop.set()
        await asyncio.wait_for(self.task, within)

    def counted(self, outcome: str) -> float:
        found = self.metrics.registry.get_sample_value("clipbot_jobs_total", {"outcome": outcome})
        return found or 0.0


Hire = Callable[..., Awaitable[Hired]]


@pytest.fixture
async def hire(nats_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hire]:
    """Starts workers, which all leave when the test is over."""
    monkeypatch.setattr("inference.worker.LINGER", 0.2)
    async with contextlib.AsyncExitStack() as at_the_end:

        async def hire(
            load: Callable[[], Classifier] = ScriptedClassifier, **settings: Any
        ) -> Hired:
            queue = await connect(nats_url, name="worker")
            at_the_end.push_async_callback(queue.close)
            stop, metrics = asyncio.Event(), Metrics()
            chosen = WorkerSettings(
                _env_file=None,  # type: ignore[call-arg]
                **{"nats_url": nats_url, "clip_model": "scripted", **settings},
            )
            worker = Worker(queue, load, chosen, stop, metrics=metrics, ack_wait=ACK_WAIT)
            hired = Hired(worker, stop, metrics)
            at_the_end.push_async_callback(_dismiss, hired)
            return hired

        yield hire


async def _dismiss(hired: Hired) -> None:
    hired.stop.set()
    with contextlib.suppress(DeviceLost):
        await hired.task


async def test_a_photo_and_phrases_in_probabilities_and_a_chart_out(
    asker: Asker, hire: Hire
) -> None:
    await hire()
    job = await asker.asks(picture("green"))
    result = (await asker.hears(job))[job]
    (outcome,) = result.images
    assert outcome.probabilities == pytest.approx([0.05, 0.9, 0.05])
    assert result.chart.startswith(b"\xff\xd8\xff")  # JPEG
    assert result.labels == list(LABELS)
    assert result.model == "scripted"
    assert result.reply == Reply("clipbot.results.1", b"chat 7")
    assert result.problem is None
    assert result.timings.batch_size == 1
    assert min(result.timings.decode, result.timings.chart, result.timings.queued) > 0
    await asker.sees_empty_queue()


async def test_what_waits_is_one_batch_whatever_the_labels(asker: Asker, hire: Hire) -> None:
    album = await asker.asks(*[picture("red"), picture("blue")], labels=["red", "blue"])
    others = [await asker.asks(picture("green"), labels=[f"green {i}", "x"]) for i in range(5)]
    classifier = ScriptedClassifier()
    await hire(lambda: classifier)
    results = await asker.hears(album, *others)
    assert classifier.batches == [7]
    assert [
        outcome.probabilities.index(max(outcome.probabilities)) for outcome in results[album].images
    ] == [0, 1]
    assert {result.timings.batch_size for result in results.values()} == {7}
    assert all(result.chart for result in results.values())


async def test_batches_grow_while_the_model_is_busy(asker: Asker, hire: Hire) -> None:
    model = Gate()
    await hire(lambda: model.classifier)
    first = await asker.asks(picture())
    await model.is_entered()
    later = [await asker.asks(picture()) for _ in range(6)]
    model.open()
    await asker.hears(first, *later)
    assert model.classifier.batches == [1, 6]


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
    hired = await hire()
    nowhere = await asker.asks(picture("red"), reply=Reply("nobody.stores.this"))
    await until(lambda: hired.counted("handed_back") >= 2, True)
    assert await asker.queue.jobs_waiting() == 1
    job = await asker.asks(picture("red"))
    assert set(await asker.hears(job)) == {job}, nowhere


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


async def test_a_suspect_runs_alone(asker: Asker, hire: Hire) -> None:
    suspects = [await asker.asks(picture()) for _ in range(2)]
    await asker.hands_back_jobs(times=2, ack_wait=ACK_WAIT)
    calm = [await asker.asks(picture()) for _ in range(3)]
    classifier = ScriptedClassifier()
    await hire(lambda: classifier)
    await asker.hears(*suspects, *calm)
    assert classifier.batches == [3, 1, 1]


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
    hired = await hire()
    await until(lambda: hired.counted("undecodable"), 2)
    await asker.sees_empty_queue()


async def test_photos_wait_for_a_model_that_is_missing_at_first(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = threading.Event()

    def load() -> Classifier:
        if not there.is_set():
            raise ModelUnavailable("CLIP_MODEL is 'x/y', but there is no such model.")
        return ScriptedClassifier()

    monkeypatch.setattr("inference.loading.growing_pauses.__defaults__", (0.05, 0.05))
    job = await asker.asks(picture("red"))
    hired = await hire(load)
    failed = await asker.sees_worker(lambda status: status.state is WorkerState.FAILED)
    assert failed.reason == "CLIP_MODEL is 'x/y', but there is no such model."
    assert asker.results == []
    there.set()
    ready = await asker.sees_worker(lambda status: status.state is WorkerState.READY)
    assert (ready.worker, ready.model, ready.device, ready.image_size, ready.reason) == (
        failed.worker,
        "scripted",
        "cpu",
        32,
        "",
    )
    await asker.hears(job)
    await hired.leaves()
    assert await asker.queue.workers() == []


async def test_a_worker_tells_that_it_loads_before_it_loads(asker: Asker, hire: Hire) -> None:
    told = []
    loop = asyncio.get_running_loop()

    def load() -> Classifier:
        told.append(asyncio.run_coroutine_threadsafe(asker.queue.workers(), loop).result(5))
        return ScriptedClassifier()

    await hire(load)
    await asker.sees_worker(lambda status: status.state is WorkerState.READY)
    ((status,),) = told
    assert status.state is WorkerState.LOADING


async def test_stop_finishes_what_is_in_the_model_and_hands_back_the_rest(
    asker: Asker, hire: Hire
) -> None:
    model = Gate()
    hired = await hire(lambda: model.classifier, max_batch=4)
    jobs = [await asker.asks(picture("red")) for _ in range(10)]
    await model.is_entered()
    in_model = model.classifier.batches[0]
    hired.stop.set()
    model.open()
    await hired.leaves()
    assert model.classifier.batches == [in_model]
    await asker.listens(0.2)
    assert len(asker.results) == in_model
    assert await asker.queue.jobs_waiting() == len(jobs) - in_model
    await hire()
    await asker.hears(*jobs, within=ACK_WAIT - 0.5)  # handed back, so nobody waits for ACK_WAIT
    assert len(asker.results) == len(jobs)


async def test_stop_does_not_wait_for_a_batch_that_takes_too_long(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.worker.DRAIN_SECONDS", 0.2)
    model = Gate()
    hired = await hire(lambda: model.classifier)
    job = await asker.asks(picture("red"))
    await model.is_entered()
    await hired.leaves(within=3)
    await hire()
    await asker.hears(job, within=ACK_WAIT - 0.5)
    model.open()


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


async def test_an_answer_that_cannot_be_finished_is_tried_again(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flight, "LONGEST_REST", 0.05)
    broken = Mock(side_effect=RuntimeError("the pen broke"))
    monkeypatch.setattr(Stages, "draw", broken)
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
    monkeypatch.setattr(Stages, "decode", Mock(side_effect=RuntimeError("our bug")))
    hired = await hire()
    job = await asker.asks(picture("red"))
    await until(lambda: hired.counted("handed_back") > 0, True)
    monkeypatch.undo()
    await asker.hears(job)
    assert "our bug" in caplog.text


async def test_poison_that_cannot_be_set_aside_is_answered_all_the_same(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Queue, "set_aside", Mock(side_effect=QueueUnavailable("No room.")))
    poison = await asker.asks(picture())
    await asker.hands_back_jobs(times=intake.MAX_ATTEMPTS, ack_wait=ACK_WAIT)
    await hire()
    assert (await asker.hears(poison))[poison].problem == Problem(ProblemCode.INTERNAL)


async def test_no_more_than_a_few_batches_are_behind_the_model(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = threading.Event()
    draw = chart.draw

    def slow_pen(*args: Any, **words: Any) -> Image.Image:
        drawing.wait(20)
        return draw(*args, **words)

    monkeypatch.setattr(chart, "draw", slow_pen)
    classifier = ScriptedClassifier()
    jobs = [await asker.asks(picture("red")) for _ in range(8)]
    await hire(lambda: classifier, max_batch=1)
    await until(lambda: len(classifier.batches), MAX_BEHIND + 1)
    await asker.listens(0.3)
    assert len(classifier.batches) == MAX_BEHIND + 1
    drawing.set()
    await asker.hears(*jobs)


async def test_serving_until_sigterm(asker: Asker, nats_url: str) -> None:
    settings = WorkerSettings(nats_url=nats_url, clip_model="scripted")
    serving = asyncio.create_task(serve(settings, ScriptedClassifier, ack_wait=ACK_WAIT))
    await asker.hears(await asker.asks(picture("red")))
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(serving, 5)
    assert await asker.queue.workers() == []


async def test_serving_needs_a_queue() -> None:
    with pytest.raises(SettingError, match="NATS_URL is not set"):
        await serve(WorkerSettings(nats_url=None), ScriptedClassifier)


def test_a_metrics_port_that_is_taken_names_the_setting() -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingError, match=f"METRICS_PORT is {port}, but that port can't be"):
            Metrics().serve(port)


@pytest.mark.parametrize(
    ("outcome", "status", "said"),
    [
        (None, 0, ""),
        (DeviceLost("The GPU failed."), 1, "The GPU failed.\n"),
        (QueueUnavailable("No NATS server answers."), 1, "No NATS server answers.\n"),
        (SettingError("MAX_BATCH is odd."), 2, "MAX_BATCH is odd.\n"),
    ],
)
def test_exit_status(
    monkeypatch: pytest.MonkeyPatch, outcome: Exception | None, status: int, said: str
) -> None:
    monkeypatch.setattr("inference.worker.serve", AsyncMock(side_effect=outcome))
    monkeypatch.setattr("os._exit", sys.exit)  # the runner shall see it
    monkeypatch.setattr("inference.logs.configure", Mock())
    result = CliRunner().invoke(worker_command)
    assert (result.exit_code, result.stderr) == (status, said)
