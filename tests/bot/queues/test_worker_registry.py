"""The status of workers, and what the bot concludes from it."""

import asyncio

import msgspec
import pytest
from nats.errors import ConnectionClosedError

from bot.queues.worker_registry import WorkerRegistry
from bot.runtime.metrics import Metrics
from inference.protocol.broker.client import Queue, jobs_subject
from inference.protocol.broker.streams import WORKERS_BUCKET
from inference.protocol.messages import WorkerState, WorkerStatus
from tests.waiting import until


class WorkerStatuses:
    """The part of a queue that `WorkerRegistry` reads."""

    def __init__(self) -> None:
        self.statuses: list[WorkerStatus] = []
        self.away = False
        self.looks = 0

    async def workers(self) -> list[WorkerStatus]:
        self.looks += 1
        if self.away:
            raise ConnectionClosedError
        return self.statuses

    async def jobs_waiting(self) -> int:
        return 3


def worker(
    name: str, state: WorkerState, *, model: str = "m", image_size: int = 224, takes: bool = True
) -> WorkerStatus:
    return WorkerStatus(
        worker=name,
        model=model,
        state=state,
        image_size=image_size,
        takes=jobs_subject(model) if takes else "",
    )


async def test_the_status_of_workers_is_read_repeatedly(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.queues.worker_registry.STATUS_INTERVAL", 0.01)
    queue = WorkerStatuses()
    registry = WorkerRegistry(queue, metrics, "m")  # type: ignore[arg-type]
    assert (registry.image_size, registry.is_demo) == (224, False)
    watch = asyncio.create_task(registry.watch())
    await until(lambda: "There is no worker" in caplog.text, True)
    queue.statuses = [
        worker("a", WorkerState.READY, image_size=336),
        worker("b", WorkerState.READY),
        worker("c", WorkerState.LOADING, image_size=512),
        worker("d", WorkerState.READY, model="demo", image_size=640),
    ]
    await until(lambda: registry.image_size, 336)
    assert not registry.is_demo  # nothing of ours goes to d
    await until(lambda: metrics.registry.get_sample_value("clipbot_workers_ready"), 2.0)
    assert metrics.registry.get_sample_value("clipbot_jobs_waiting") == 3
    queue.away = True
    looks = queue.looks
    await until(lambda: queue.looks > looks + 2, True)
    assert len(registry.workers) == 4
    watch.cancel()
    await asyncio.wait([watch])
    assert caplog.text.count("There is no worker") == 1


@pytest.mark.parametrize(
    ("workers", "lacks"),
    [
        ([], False),  # no worker has given a reason
        ([WorkerState.LOADING], False),
        ([WorkerState.FAILED], True),
        ([WorkerState.FAILED, WorkerState.READY], False),
    ],
)
async def test_the_model_is_missing_if_a_worker_says_so_and_none_is_ready(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch, workers: list[WorkerState], lacks: bool
) -> None:
    monkeypatch.setattr("bot.queues.worker_registry.STATUS_INTERVAL", 0.01)
    queue = WorkerStatuses()
    reasons = {WorkerState.FAILED: "The hub can't be reached."}
    queue.statuses = [
        WorkerStatus(
            worker=str(i),
            model="m",
            state=state,
            reason=reasons.get(state, ""),
            takes=jobs_subject("m"),
        )
        for i, state in enumerate(workers)
    ]
    registry = WorkerRegistry(queue, metrics, "m")  # type: ignore[arg-type]
    watch = asyncio.create_task(registry.watch())
    await until(lambda: queue.looks > 1, True)
    assert registry.lacks_model is lacks
    queue.statuses = [
        WorkerStatus(
            worker="w",
            model="m",
            state=WorkerState.LOADING,
            reason="1 MB",
            takes=jobs_subject("m"),
        )
    ]
    await until(lambda: registry.lacks_model, True)
    watch.cancel()
    await asyncio.wait([watch])


async def test_a_model_that_no_worker_has_is_named(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.queues.worker_registry.STATUS_INTERVAL", 0.01)
    queue = WorkerStatuses()
    registry = WorkerRegistry(queue, metrics, "m")  # type: ignore[arg-type]
    queue.statuses = [worker("a", WorkerState.READY, model="demo")]
    watch = asyncio.create_task(registry.watch())
    await until(lambda: "Photos wait for a worker: none has m, only demo" in caplog.text, True)
    looks = queue.looks
    queue.statuses.append(worker("b", WorkerState.READY, takes=False))
    await until(lambda: "those with m run an older clipbot" in caplog.text, True)
    assert registry.takers == []
    queue.statuses.append(worker("c", WorkerState.READY))
    await until(lambda: [w.worker for w in registry.takers], ["c"])
    assert registry.problem is None
    assert queue.looks > looks
    watch.cancel()
    await asyncio.wait([watch])
    assert caplog.text.count("Photos wait for a worker") == 2


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("a", b"no status"),
        ("a", b""),
        ("a", msgspec.msgpack.encode({"worker": "a", "model": "m", "state": "of the future"})),
        ("ñ", b"x"),
    ],
    ids=["garbage", "empty", "newer clipbot", "name"],
)
async def test_a_status_that_cannot_be_read_hides_no_other(
    queue: Queue, key: str, data: bytes
) -> None:
    ready = worker("b", WorkerState.READY)
    await queue.tell_status(ready)
    await queue._js.publish(f"$KV.{WORKERS_BUCKET}.{key}", data)
    assert await queue.workers() == [ready]
