"""The panel's figures, from a real queue that the test fills and empties."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from bot.services.child_process import Child
from clipbot_playground.botapi.delivery.notifier import Notifier
from clipbot_playground.page.download import DownloadedBytes
from clipbot_playground.page.model_choice import ModelChoice
from clipbot_playground.page.system_panel import SystemPanel
from inference.protocol.broker.client import JOBS, JOBS_SUBJECT, Queue, results_subject
from inference.protocol.errors import Problem, ProblemCode
from inference.protocol.messages import (
    ImageOutcome,
    Job,
    Reply,
    Result,
    Timings,
    WorkerState,
    WorkerStatus,
    encode,
)

_RESULTS = results_subject(42)
_REPLY = Reply(_RESULTS)


@contextlib.asynccontextmanager
async def _watching(system_panel: SystemPanel, queue: Queue) -> AsyncIterator[None]:
    watching = asyncio.create_task(system_panel.watch(queue, _RESULTS))
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


@pytest.fixture
def notifier() -> Notifier:
    return Notifier()


@pytest.fixture
async def system_panel(notifier: Notifier, queue: Queue) -> AsyncIterator[SystemPanel]:
    system_panel = SystemPanel(notifier, ModelChoice("demo"))
    system_panel.depth = -1  # it becomes 0 after the first look
    async with _watching(system_panel, queue):
        await notifier.until(lambda: system_panel.depth == 0 or None, 10)
        yield system_panel


def _job(name: str) -> Job:
    return Job(id=name, images=[b"picture"], labels=["a", "b"], reply=_REPLY)


def _result(name: str, **said: object) -> bytes:
    given = {"images": [ImageOutcome([0.5, 0.5])] * 2, **said}
    return encode(Result(job_id=name, reply=_REPLY, labels=["a", "b"], **given))  # type: ignore[arg-type]


async def test_the_depth_counts_waiting_jobs_and_those_in_work(
    system_panel: SystemPanel, notifier: Notifier, queue: Queue
) -> None:
    for name in ("one", "two"):
        await queue.publish(JOBS_SUBJECT, encode(_job(name)), name)
    await notifier.until(lambda: system_panel.depth == 2 or None, 10)
    pull_consumer = await queue.pull_consumer(JOBS, "workers", JOBS_SUBJECT)
    (first,) = await pull_consumer.pull(1, 10)
    assert system_panel.to_json()["depth"] == 2
    await first.ack()
    await notifier.until(lambda: system_panel.depth == 1 or None, 10)
    assert system_panel.jobs == 2
    await pull_consumer.close()


async def test_a_finished_job_shows_where_its_time_went(
    system_panel: SystemPanel, notifier: Notifier, queue: Queue
) -> None:
    revision = system_panel.revision
    took = Timings(queued=0.5, decode=0.1, model=0.2, chart=0.3, batch_size=7)
    await queue.publish(_RESULTS, b"\xc1 no message", "broken")
    await queue.publish(_RESULTS, _result("one", timings=took), "one")
    await notifier.until(lambda: system_panel.finished or None, 10)
    (work,) = system_panel.to_json()["works"]
    del work["at"]
    assert work == {
        "number": 1,
        "pictures": 2,
        "labels": 2,
        "batch_size": 7,
        "queued": 0.5,
        "decode": 0.1,
        "model": 0.2,
        "chart": 0.3,
        "problem": "",
    }
    assert system_panel.revision > revision


async def test_a_failed_job_is_finished_too(
    system_panel: SystemPanel, notifier: Notifier, queue: Queue
) -> None:
    problem = Problem(next(iter(ProblemCode)))
    await queue.publish(_RESULTS, _result("one", images=[], problem=problem), "one")
    await notifier.until(lambda: system_panel.finished or None, 10)
    assert system_panel.works[-1].problem == str(problem.code)


async def test_the_state_is_that_of_the_best_worker(
    system_panel: SystemPanel, notifier: Notifier, queue: Queue
) -> None:
    assert system_panel.state == "starting"
    for status in (
        WorkerStatus(
            worker="a", model="demo", state=WorkerState.FAILED, reason="The disk is full."
        ),
        WorkerStatus(worker="b", model="demo", state=WorkerState.LOADING),
        WorkerStatus(worker="c", model="demo", state=WorkerState.READY, device="cpu"),
    ):
        await queue.tell_status(status)
        wanted = status.state
        await notifier.until(lambda: system_panel.state == wanted or None, 10)  # noqa: B023
    told = system_panel.to_json()
    assert (told["device"], told["reason"]) == ("cpu", "")


async def test_an_error_is_logged_once_and_the_panel_goes_on(
    system_panel: SystemPanel,
    notifier: Notifier,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    looks = 0

    async def fails() -> int:
        nonlocal looks
        looks += 1
        notifier.notify()
        raise ValueError("odd")

    with monkeypatch.context() as broken:
        broken.setattr(queue, "jobs_waiting", fails)
        await notifier.until(lambda: looks >= 2 or None, 10)
    await queue.publish(JOBS_SUBJECT, encode(_job("one")), "one")
    await notifier.until(lambda: system_panel.depth == 1 or None, 10)
    assert caplog.text.count("could not look at the queue") == 1


async def test_crashes_of_a_program_are_shown(
    system_panel: SystemPanel, notifier: Notifier
) -> None:
    child = Child("worker", lambda: [sys.executable, "-c", "raise SystemExit(3)"], os.environ)
    await child.start()
    system_panel.children.append(child)
    await notifier.until(lambda: system_panel.ended or None, 20)
    ended = system_panel.to_json()["ended"][0]
    assert (ended["name"], ended["status"]) == ("worker", 3)
    await child.stop(1.0)


class _ScriptedDownload:
    """A `Download` whose progress the test sets."""

    def __init__(self) -> None:
        self.progress = DownloadedBytes()
        self.is_measured = False

    def look(self) -> DownloadedBytes:
        return self.progress

    async def measure(self) -> None:
        self.is_measured = True
        self.progress = DownloadedBytes(0, 100)


async def test_a_download_is_followed_until_the_model_is_ready(
    notifier: Notifier, queue: Queue, tmp_path: Path
) -> None:
    download = _ScriptedDownload()
    system_panel = SystemPanel(notifier, ModelChoice("somebody/model"), download)  # type: ignore[arg-type]
    async with _watching(system_panel, queue):
        await notifier.until(lambda: system_panel.progress.size or None, 10)
        download.progress = DownloadedBytes(40, 100)
        await notifier.until(lambda: system_panel.progress.received or None, 10)
        assert system_panel.to_json()["download"] == {"received": 40, "size": 100}
        ready = WorkerStatus(worker="a", model="somebody/model", state=WorkerState.READY)
        await queue.tell_status(ready)
        await notifier.until(lambda: system_panel.state == "ready" or None, 10)


async def test_a_swallowed_cancellation_still_ends_the_watching(notifier: Notifier) -> None:
    """nats-py can swallow a cancellation when an answer comes at the same moment."""
    looks = 0

    class Swallowing:
        async def subscribe(self, *_: object) -> None: ...

        async def jobs_waiting(self) -> int:
            nonlocal looks
            looks += 1
            notifier.notify()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            return 0

        async def workers(self) -> list[WorkerStatus]:
            return []

    watching = SystemPanel(notifier, ModelChoice("demo")).watch(
        cast("Queue", Swallowing()), _RESULTS
    )
    task = asyncio.create_task(watching)
    await notifier.until(lambda: looks or None, 10)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        async with asyncio.timeout(10):
            await task
    assert task.done()
    assert looks == 1


def test_a_restarted_worker_does_not_show_the_state_of_the_former_one(
    notifier: Notifier,
) -> None:
    system_panel = SystemPanel(notifier, ModelChoice("somebody/model"))
    failed = WorkerStatus(
        worker="a", model="somebody/model", state=WorkerState.FAILED, reason="Disk full."
    )
    loading = WorkerStatus(worker="b", model="somebody/model", state=WorkerState.LOADING)
    ready = WorkerStatus(worker="c", model="somebody/model", state=WorkerState.READY, device="cpu")
    told = []
    for system_panel.workers in ([], [failed], [failed, loading], [failed, loading, ready]):
        figures = system_panel.to_json()
        told.append((figures["state"], figures["reason"], figures["device"]))
    assert told == [
        ("starting", "", ""),
        ("failed", "Disk full.", ""),
        ("loading", "", ""),
        ("ready", "", "cpu"),
    ]
