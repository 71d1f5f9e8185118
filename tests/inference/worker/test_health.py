"""A worker that hangs is distinguished from one that works for long, and its status says so."""

import asyncio
import threading
from collections.abc import Iterator

import httpx
import pytest

from inference.model.classifier import ScriptedClassifier
from inference.protocol.errors import Hung
from inference.protocol.messages import WorkerState
from inference.worker import monitoring
from inference.worker.monitoring import WorkerHealth, WorkerMetrics
from tests.inference.pictures import picture
from tests.inference.worker.support.job_sender import JobSender
from tests.inference.worker.support.running_worker import GatedModel, StartWorker
from tests.ports import reserved_port
from tests.waiting import until


class ManualClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def health(clock: ManualClock) -> WorkerHealth:
    health = WorkerHealth(clock.monotonic)
    health.parts = list
    return health


def works(health: WorkerHealth, clock: ManualClock, pictures: int, seconds: float) -> None:
    with health.at_work("the model", pictures):
        clock.passes(seconds)
    health._heartbeat_at = clock.now  # the event loop ran meanwhile


def test_a_batch_far_longer_than_the_last_one_is_stuck(
    health: WorkerHealth, clock: ManualClock
) -> None:
    works(health, clock, pictures=8, seconds=4.0)
    with health.at_work("the model", 16):
        for _ in range(16):
            clock.passes(9.0)  # 8 s are usual
            health._heartbeat_at = clock.now
            assert health.problems() == []
        clock.passes(20.0)
        (line,) = health.problems()
        assert line == ("the model: 16 pictures have taken 164 s so far (usually 8.0 s).")
    assert health.problems() == []


def test_a_short_batch_may_wait_for_a_busy_machine(
    health: WorkerHealth, clock: ManualClock
) -> None:
    works(health, clock, pictures=1, seconds=0.01)
    with health.at_work("the model", 1):
        clock.passes(29.0)
        assert health.problems() == []


def test_the_first_batch_has_more_time(health: WorkerHealth, clock: ManualClock) -> None:
    with health.at_work("the model", 1):
        clock.passes(290.0)
        health._heartbeat_at = clock.now
        assert health.problems() == []
        clock.passes(20.0)
        assert health.problems() == ["the model: 1 pictures have taken 310 s so far."]


def test_each_stage_has_its_own_usual_time(health: WorkerHealth, clock: ManualClock) -> None:
    works(health, clock, pictures=1, seconds=0.01)
    with health.at_work("drawing", 1):
        clock.passes(100.0)
        health._heartbeat_at = clock.now
        assert health.problems() == []  # it is the first chart


async def test_an_event_loop_that_does_not_run_is_stuck(
    health: WorkerHealth, clock: ManualClock
) -> None:
    beating = asyncio.create_task(health.beat())
    await asyncio.sleep(0)
    clock.passes(29.0)
    assert health.stuck() == []
    clock.passes(2.0)
    assert health.stuck() == ["event loop: it has not run for 31 s."]
    beating.cancel()
    await asyncio.wait([beating])


async def test_a_worker_with_a_hung_model_tells_that_it_failed(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "STUCK_AT_FIRST", 0.1)
    monkeypatch.setattr("inference.worker.worker.STATUS_INTERVAL", 0.05)
    model = GatedModel()
    await start_worker(lambda: model.classifier)
    job = await sender.sends(picture("red"))
    status = await sender.sees_worker(lambda worker: worker.state is WorkerState.FAILED)
    assert "It is stuck: the model: 1 pictures" in status.reason
    model.open()
    await sender.receives(job)
    await sender.sees_worker(lambda worker: worker.state is WorkerState.READY)


async def test_a_worker_that_hangs_for_good_stops_and_its_job_goes_to_another(
    sender: JobSender, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "STUCK_AT_FIRST", 0.1)
    monkeypatch.setattr("inference.worker.worker.STATUS_INTERVAL", 0.05)
    monkeypatch.setattr("inference.worker.worker.HANG_PATIENCE", 0.2)
    monkeypatch.setattr("inference.worker.batch_loop.DRAIN_SECONDS", 0.1)
    model = GatedModel()
    hung = await start_worker(lambda: model.classifier)
    job = await sender.sends(picture("red"))
    with pytest.raises(Hung, match="it is stuck: the model: 1 pictures"):
        await hung.task
    assert hung.counted("handed_back") == 1
    await start_worker()
    await sender.receives(job)
    model.open()


class TestPages:
    @pytest.fixture
    def health(self) -> WorkerHealth:
        return WorkerHealth()

    @pytest.fixture
    def web(self, health: WorkerHealth) -> Iterator[httpx.Client]:
        with reserved_port() as port:
            server = monitoring.serve(port, WorkerMetrics(), health)
            assert server
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as web:
                yield web
            server.shutdown()
            server.server_close()

    def test_a_worker_that_starts_is_alive_and_not_ready(self, web: httpx.Client) -> None:
        assert (web.get("/healthz").status_code, web.get("/healthz").text) == (200, "ok")
        ready = web.get("/readyz")
        assert (ready.status_code, ready.text) == (503, "worker: it is starting.")

    def test_metrics_are_served(self, web: httpx.Client) -> None:
        assert "clipbot_model_ready" in web.get("/metrics").text

    def test_each_problem_is_one_line(
        self, web: httpx.Client, health: WorkerHealth, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(monitoring, "STUCK_AT_FIRST", 0.0)
        health.parts = lambda: ["queue: NATS is away."]
        done = threading.Event()

        def hang() -> None:
            with health.at_work("the model", 2):
                done.wait(10)

        thread = threading.Thread(target=hang)
        thread.start()
        alive, ready = web.get("/healthz"), web.get("/readyz")
        done.set()
        thread.join()
        assert alive.status_code == ready.status_code == 503
        assert alive.text.startswith("the model: 2 pictures have taken 0 s")
        assert [line.partition(":")[0] for line in ready.text.splitlines()] == [
            "the model",
            "queue",
        ]


async def test_a_worker_is_not_ready_while_the_queue_is_away(
    sender: JobSender, start_worker: StartWorker, nats_server: object
) -> None:
    running = await start_worker(ScriptedClassifier)
    await until(running.worker.health.problems, [])
    nats_server.stop()  # type: ignore[attr-defined]
    await until(running.worker.health.problems, ["queue: NATS is away."])
