"""A worker that hangs is told from one that works for long, and says so to whoever asks."""

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
from tests.inference.worker.support.job_sender import Asker
from tests.inference.worker.support.running_worker import Gate, Hire
from tests.ports import reserved_port
from tests.waiting import until


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> WorkerHealth:
    health = WorkerHealth(clock.monotonic)
    health.parts = list
    return health


def works(health: WorkerHealth, clock: Clock, pictures: int, seconds: float) -> None:
    with health.at_work("the model", pictures):
        clock.passes(seconds)
    health._heartbeat_at = clock.now  # the loop turned meanwhile


def test_a_batch_far_longer_than_the_last_one_is_stuck(health: WorkerHealth, clock: Clock) -> None:
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


def test_a_short_batch_may_wait_for_a_busy_machine(health: WorkerHealth, clock: Clock) -> None:
    works(health, clock, pictures=1, seconds=0.01)
    with health.at_work("the model", 1):
        clock.passes(29.0)
        assert health.problems() == []


def test_the_first_batch_has_more_time(health: WorkerHealth, clock: Clock) -> None:
    with health.at_work("the model", 1):
        clock.passes(290.0)
        health._heartbeat_at = clock.now
        assert health.problems() == []
        clock.passes(20.0)
        assert health.problems() == ["the model: 1 pictures have taken 310 s so far."]


def test_each_stage_has_its_own_measure(health: WorkerHealth, clock: Clock) -> None:
    works(health, clock, pictures=1, seconds=0.01)
    with health.at_work("drawing", 1):
        clock.passes(100.0)
        health._heartbeat_at = clock.now
        assert health.problems() == []  # it is the first chart


async def test_an_event_loop_that_stands_still(health: WorkerHealth, clock: Clock) -> None:
    beating = asyncio.create_task(health.beat())
    await asyncio.sleep(0)
    clock.passes(29.0)
    assert health.stuck() == []
    clock.passes(2.0)
    assert health.stuck() == ["event loop: it has not run for 31 s."]
    beating.cancel()
    await asyncio.wait([beating])


async def test_a_worker_with_a_hung_model_fails_in_everybodys_eyes(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "STUCK_AT_FIRST", 0.1)
    monkeypatch.setattr("inference.worker.worker.STATUS_INTERVAL", 0.05)
    gate = Gate()
    await hire(lambda: gate.classifier)
    job = await asker.asks(picture("red"))
    status = await asker.sees_worker(lambda worker: worker.state is WorkerState.FAILED)
    assert "It is stuck: the model: 1 pictures" in status.reason
    gate.open()
    await asker.hears(job)
    await asker.sees_worker(lambda worker: worker.state is WorkerState.READY)


async def test_a_worker_that_hangs_for_good_ends_and_its_job_goes_to_another(
    asker: Asker, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "STUCK_AT_FIRST", 0.1)
    monkeypatch.setattr("inference.worker.worker.STATUS_INTERVAL", 0.05)
    monkeypatch.setattr("inference.worker.worker.HANG_PATIENCE", 0.2)
    monkeypatch.setattr("inference.worker.batch_loop.DRAIN_SECONDS", 0.1)
    gate = Gate()
    hung = await hire(lambda: gate.classifier)
    job = await asker.asks(picture("red"))
    with pytest.raises(Hung, match="it is stuck: the model: 1 pictures"):
        await hung.task
    assert hung.counted("handed_back") == 1
    await hire()
    await asker.hears(job)
    gate.open()


class TestThePages:
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

    def test_metrics_are_where_they_were(self, web: httpx.Client) -> None:
        assert "clipbot_model_ready" in web.get("/metrics").text

    def test_what_is_wrong_is_told_line_by_line(
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


async def test_a_ready_worker_and_a_queue_that_goes_away(
    asker: Asker, hire: Hire, nats_server: object
) -> None:
    hired = await hire(ScriptedClassifier)
    await until(hired.worker.health.problems, [])
    nats_server.stop()  # type: ignore[attr-defined]
    await until(hired.worker.health.problems, ["queue: NATS is away."])
