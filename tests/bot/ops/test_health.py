"""`/healthz` says that the event loop runs, `/readyz` whether people get answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from bot.ops import health as health_module
from bot.ops.health import Health
from bot.ops.serving import status_pages
from bot.queues.worker_registry import WorkerRegistry
from bot.runtime.metrics import Metrics
from bot.services.disk import Disk
from bot.storage import Store
from inference.protocol.broker.client import jobs_subject
from inference.protocol.messages import WorkerState, WorkerStatus
from tests.waiting import until

OURS = "openai/clip"


def worker(state: WorkerState, model: str = OURS, reason: str = "") -> WorkerStatus:
    return WorkerStatus(
        worker="w", model=model, state=state, reason=reason, takes=jobs_subject(model)
    )


class Dependencies:
    """All that the bot depends on; each part can fail."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.queue = SimpleNamespace(problem=None)
        self.ask_database: Callable[[], Any] = store.answers
        self.disk = Disk(folder)
        self.registry = WorkerRegistry(None, Metrics(), OURS)  # type: ignore[arg-type]
        self.registry.workers = [worker(WorkerState.READY)]
        self.health = Health(
            self.queue,  # type: ignore[arg-type]
            lambda: self.ask_database(),
            self.registry,
            self.disk,
        )


@pytest.fixture
def parts(store: Store, tmp_path: Path) -> Dependencies:
    return Dependencies(store, tmp_path)


@pytest.fixture
async def web(parts: Dependencies, metrics: Metrics) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(status_pages(parts.health, metrics))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as web:
        yield web


async def test_without_problems_all_pages_say_ok(web: httpx.AsyncClient) -> None:
    for page in ("/healthz", "/readyz"):
        answer = await web.get(page)
        assert (answer.status_code, answer.text) == (200, "ok")


async def fails(web: httpx.AsyncClient, *words: str) -> None:
    """Check that readiness names what is wrong, one line for each."""
    answer = await web.get("/readyz")
    assert answer.status_code == 503
    lines = answer.text.splitlines()
    assert len(lines) == len(words), lines
    assert all(word in line for word, line in zip(words, lines, strict=True)), lines
    assert (await web.get("/healthz")).status_code == 200


async def test_a_queue_that_stores_nothing(parts: Dependencies, web: httpx.AsyncClient) -> None:
    parts.queue.problem = "NATS is away."
    await fails(web, "queue: NATS is away.")


async def test_a_database_that_fails(parts: Dependencies, web: httpx.AsyncClient) -> None:
    async def fail() -> None:
        raise OperationalError("SELECT 1", None, OSError("it is closed"))

    parts.ask_database = fail
    await fails(web, "database: it can't be used (OSError).")


async def test_a_database_that_hangs(
    parts: Dependencies, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_module, "DATABASE_PATIENCE", 0.05)
    parts.ask_database = asyncio.Event().wait
    await fails(web, "database: no answer")


async def test_a_full_disk_is_named_here_and_in_the_log(
    parts: Dependencies,
    web: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(health_module, "LOOK_EVERY", 0.01)
    with monkeypatch.context() as full:
        full.setattr("bot.services.disk.LEAST_ROOM", 2**62)
        await fails(web, f"disk: the disk of DATA_DIR ({parts.disk.folder}) is full")
        watching = asyncio.create_task(parts.health.watch_disk())
        await until(lambda: "Nothing more can be stored: the disk of DATA_DIR" in caplog.text, True)
    await until(lambda: "There is room on the disk again" in caplog.text, True)
    watching.cancel()
    await asyncio.wait([watching])
    assert caplog.text.count("Nothing more can be stored") == 1


@pytest.mark.parametrize(
    ("workers", "words"),
    [
        ([], "workers: there is none"),
        ([worker(WorkerState.LOADING)], f"workers: the model {OURS} is being loaded"),
        ([worker(WorkerState.FAILED, reason="No such folder.")], "workers: No such folder."),
        (
            [worker(WorkerState.READY, "google/siglip2"), worker(WorkerState.READY, "demo")],
            f"workers: none has {OURS}, only demo, google/siglip2; set one CLIP_MODEL",
        ),
    ],
)
async def test_readiness_says_why_no_worker_can_answer(
    parts: Dependencies, web: httpx.AsyncClient, workers: list[WorkerStatus], words: str
) -> None:
    parts.registry.workers = workers
    await fails(web, words)


async def test_each_problem_is_a_line(parts: Dependencies, web: httpx.AsyncClient) -> None:
    parts.queue.problem = "NATS is away."
    parts.registry.workers = []
    await fails(web, "queue: ", "workers: ")
