"""A worker on a real queue with a scripted model, from start to stop."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from click.testing import CliRunner
from PIL import Image

from inference.charts import chart
from inference.cli import worker as worker_command
from inference.model.classifier import Classifier, ScriptedClassifier
from inference.protocol.errors import (
    DeviceLost,
    ModelUnavailable,
    QueueUnavailable,
    SettingError,
)
from inference.protocol.messages import Reply, WorkerState
from inference.protocol.settings import WorkerSettings
from inference.worker import monitoring
from inference.worker.monitoring import WorkerHealth, WorkerMetrics
from inference.worker.scheduler import MAX_BATCHES
from inference.worker.worker import serve
from tests.inference.pictures import picture
from tests.inference.worker.support.job_sender import LABELS, JobSender
from tests.inference.worker.support.running_worker import ACK_WAIT, GatedModel, StartWorker
from tests.waiting import until


async def test_a_photo_and_labels_become_probabilities_and_a_chart(
    sender: JobSender, start_worker: StartWorker
) -> None:
    await start_worker()
    job = await sender.sends(picture("green"))
    result = (await sender.receives(job))[job]
    (outcome,) = result.images
    assert outcome.probabilities == pytest.approx([0.05, 0.9, 0.05])
    assert result.chart.startswith(b"\xff\xd8\xff")  # JPEG
    assert result.labels == list(LABELS)
    assert result.model == "scripted"
    assert result.reply == Reply("clipbot.results.1", b"chat 7")
    assert result.problem is None
    assert result.timings.batch_size == 1
    assert min(result.timings.decode, result.timings.chart, result.timings.queued) > 0
    await sender.sees_empty_queue()


async def test_memory_is_trimmed_periodically(
    start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    trim = Mock()
    monkeypatch.setattr("inference.protocol.malloc.trim", trim)
    monkeypatch.setattr("inference.protocol.malloc._INTERVAL", 0.01)
    await start_worker()
    await until(lambda: trim.call_count >= 3, True)


async def test_numbers_and_a_fingerprint_without_a_chart(
    sender: JobSender, start_worker: StartWorker
) -> None:
    await start_worker()
    red, blue = picture("red"), picture("blue")
    job = await sender.sends(red, blue, red, draw=False, fingerprint=True)
    result = (await sender.receives(job))[job]
    assert result.chart == b""
    prints = [outcome.fingerprint for outcome in result.images]
    assert prints[0]
    assert prints[1]
    assert prints[0] == prints[2]
    assert not prints[0].is_same(prints[1])


async def test_a_chart_shows_captions_and_leaves_out_merged_labels(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[Any, ...]] = []
    draw = chart.draw

    def noting_draw(*args: Any, **words: Any) -> Any:
        drawn.append(args)
        return draw(*args, **words)

    monkeypatch.setattr(chart, "draw", noting_draw)
    await start_worker()
    job = await sender.sends(
        picture("red"),
        labels=["red car", "car red", "sea"],
        captions=["Ann: red car", "Bob: car red", "Cem: sea"],
        merge_above=0.97,
    )
    result = (await sender.receives(job))[job]
    assert result.chart
    assert result.labels == ["red car", "car red", "sea"]
    assert result.images[0].same_as == [0, 0, 2]
    (_, captions, rows, _) = drawn[0]
    assert captions == ["Ann: red car", "Cem: sea"]
    assert rows == [pytest.approx([0.9, 0.1])]


async def test_waiting_jobs_become_one_batch_whatever_their_labels(
    sender: JobSender, start_worker: StartWorker
) -> None:
    album = await sender.sends(*[picture("red"), picture("blue")], labels=["red", "blue"])
    others = [await sender.sends(picture("green"), labels=[f"green {i}", "x"]) for i in range(5)]
    classifier = ScriptedClassifier()
    await start_worker(lambda: classifier)
    results = await sender.receives(album, *others)
    assert classifier.batches == [7]
    assert [
        outcome.probabilities.index(max(outcome.probabilities)) for outcome in results[album].images
    ] == [0, 1]
    assert {result.timings.batch_size for result in results.values()} == {7}
    assert all(result.chart for result in results.values())


async def test_batches_grow_while_the_model_is_busy(
    sender: JobSender, start_worker: StartWorker
) -> None:
    model = GatedModel()
    await start_worker(lambda: model.classifier)
    first = await sender.sends(picture())
    await model.is_entered()
    later = [await sender.sends(picture()) for _ in range(6)]
    model.open()
    await sender.receives(first, *later)
    assert model.classifier.batches == [1, 6]


class SteppedModel:
    """A model whose calls wait for `let_through`; it counts the pictures that are prepared."""

    def __init__(self) -> None:
        self.classifier = ScriptedClassifier(on_call=self._wait)
        self.prepared = 0
        self._turns = threading.Semaphore(0)
        self._prepare = self.classifier.prepare
        self.classifier.prepare = self._count  # type: ignore[method-assign]

    def _wait(self, images: Sequence[Image.Image]) -> None:
        self._turns.acquire(timeout=20)

    def _count(self, image: Image.Image) -> Image.Image:
        self.prepared += 1
        return self._prepare(image)

    def let_through(self, calls: int = 1) -> None:
        self._turns.release(calls)


async def _reading_ahead(sender: JobSender, model: SteppedModel) -> list[str]:
    """Send four jobs: one is answered, one in the model, one read ahead, and one waits."""
    jobs = [await sender.sends(picture("red"))]
    await until(lambda: len(model.classifier.batches), 1)
    jobs += [await sender.sends(picture("red")) for _ in range(3)]
    model.let_through()
    await sender.receives(jobs[0])
    await until(lambda: len(model.classifier.batches), 2)
    await until(lambda: model.prepared, 3)
    await until(sender.jobs_held, 2)
    return jobs


async def test_only_one_batch_is_read_while_the_model_is_busy(
    sender: JobSender, start_worker: StartWorker
) -> None:
    model = SteppedModel()
    await start_worker(lambda: model.classifier, max_batch=1)
    jobs = await _reading_ahead(sender, model)
    await sender.collects(0.3)
    assert (model.prepared, await sender.jobs_held()) == (3, 2)
    model.let_through(3)
    await sender.receives(*jobs)
    assert model.classifier.batches == [1, 1, 1, 1]


async def test_stop_gives_back_the_batch_that_was_read_ahead(
    sender: JobSender, start_worker: StartWorker
) -> None:
    model = SteppedModel()
    running = await start_worker(lambda: model.classifier, max_batch=1)
    jobs = await _reading_ahead(sender, model)
    running.stop.set()
    model.let_through(3)
    await running.stops()
    assert model.classifier.batches == [1, 1]
    assert await sender.queue.jobs_waiting() == 2
    await start_worker()
    await sender.receives(*jobs, within=ACK_WAIT - 0.5)


async def test_jobs_wait_until_the_model_can_be_loaded(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = threading.Event()

    def load() -> Classifier:
        if not there.is_set():
            raise ModelUnavailable("CLIP_MODEL is 'x/y', but there is no such model.")
        return ScriptedClassifier()

    monkeypatch.setattr("inference.model.loading.growing_pauses.__defaults__", (0.05, 0.05))
    job = await sender.sends(picture("red"))
    running = await start_worker(load)
    failed = await sender.sees_worker(lambda status: status.state is WorkerState.FAILED)
    assert failed.reason == "CLIP_MODEL is 'x/y', but there is no such model."
    assert sender.results == []
    there.set()
    ready = await sender.sees_worker(lambda status: status.state is WorkerState.READY)
    assert (ready.worker, ready.model, ready.device, ready.image_size, ready.reason) == (
        failed.worker,
        "scripted",
        "cpu",
        32,
        "",
    )
    await sender.receives(job)
    await running.stops()
    assert await sender.queue.workers() == []


async def test_a_worker_tells_its_status_before_it_loads_the_model(
    sender: JobSender, start_worker: StartWorker
) -> None:
    statuses = []
    loop = asyncio.get_running_loop()

    def load() -> Classifier:
        statuses.append(asyncio.run_coroutine_threadsafe(sender.queue.workers(), loop).result(5))
        return ScriptedClassifier()

    await start_worker(load)
    await sender.sees_worker(lambda status: status.state is WorkerState.READY)
    ((status,),) = statuses
    assert status.state is WorkerState.LOADING


async def test_stop_finishes_what_is_in_the_model_and_gives_back_the_rest(
    sender: JobSender, start_worker: StartWorker
) -> None:
    model = GatedModel()
    running = await start_worker(lambda: model.classifier, max_batch=4)
    jobs = [await sender.sends(picture("red")) for _ in range(10)]
    await model.is_entered()
    in_model = model.classifier.batches[0]
    running.stop.set()
    model.open()
    await running.stops()
    assert model.classifier.batches == [in_model]
    await sender.collects(0.2)
    assert len(sender.results) == in_model
    assert await sender.queue.jobs_waiting() == len(jobs) - in_model
    await start_worker()
    await sender.receives(*jobs, within=ACK_WAIT - 0.5)  # given back, so they come before ACK_WAIT
    assert len(sender.results) == len(jobs)


async def test_stop_does_not_wait_for_a_batch_that_takes_too_long(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.worker.batch_loop.DRAIN_SECONDS", 0.2)
    model = GatedModel()
    running = await start_worker(lambda: model.classifier)
    job = await sender.sends(picture("red"))
    await model.is_entered()
    await running.stops(within=3)
    await start_worker()
    await sender.receives(job, within=ACK_WAIT - 0.5)
    model.open()


async def test_only_a_few_batches_are_under_way(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = threading.Event()
    draw = chart.draw

    def slow_draw(*args: Any, **words: Any) -> Image.Image:
        drawing.wait(20)
        return draw(*args, **words)

    monkeypatch.setattr(chart, "draw", slow_draw)
    classifier = ScriptedClassifier()
    jobs = [await sender.sends(picture("red")) for _ in range(8)]
    await start_worker(lambda: classifier, max_batch=1)
    await until(lambda: len(classifier.batches), MAX_BATCHES)
    await sender.collects(0.3)
    assert len(classifier.batches) == MAX_BATCHES
    drawing.set()
    await sender.receives(*jobs)


async def test_a_worker_serves_until_sigterm(sender: JobSender, nats_url: str) -> None:
    settings = WorkerSettings(nats_url=nats_url, clip_model="scripted")
    serving = asyncio.create_task(serve(settings, ScriptedClassifier, ack_wait=ACK_WAIT))
    await sender.receives(await sender.sends(picture("red")))
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(serving, 5)
    assert await sender.queue.workers() == []


async def test_a_worker_needs_nats_url() -> None:
    with pytest.raises(SettingError, match="NATS_URL is not set"):
        await serve(WorkerSettings(nats_url=None), ScriptedClassifier)


def test_a_metrics_port_in_use_is_reported_with_its_setting() -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingError, match=f"METRICS_PORT is {port}, but that port can't be"):
            monitoring.serve(port, WorkerMetrics(), WorkerHealth())


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
    monkeypatch.setattr("inference.worker.worker.serve", AsyncMock(side_effect=outcome))
    monkeypatch.setattr("os._exit", sys.exit)  # so that the runner sees it
    monkeypatch.setattr("inference.protocol.logs.configure", Mock())
    result = CliRunner().invoke(worker_command)
    assert (result.exit_code, result.stderr) == (status, said)
