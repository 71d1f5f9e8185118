"""A queue that stores nothing is mended where it is ours, and named where it is not."""

import resource
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.services.disk import Disk
from bot.services.nats_server import EmbeddedNatsServer
from bot.services.queue_health import OwnServer, QueueHealth
from inference.protocol.broker.client import (
    ALL_STREAMS,
    JOBS,
    JOBS_SUBJECT,
    RESULTS,
    UPDATES,
    Queue,
    connect,
    results_subject,
    updates_subject,
)
from inference.protocol.errors import QueueUnavailable
from tests.bot.services.test_nats_server import pid_of
from tests.waiting import until

KB = 1_024


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small write is not waited for as long as on a busy host."""
    monkeypatch.setattr("inference.protocol.broker.write_checks.WRITE_TIMEOUT", 1.5)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedNatsServer]:
    server = EmbeddedNatsServer(tmp_path / "nats")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def queue(server: EmbeddedNatsServer) -> AsyncIterator[Queue]:
    queue = await connect(server.url, name="test")
    await queue.prepare(100, owner=True)
    yield queue
    await queue.close()


def limits_files(server_pid: int, size: int) -> None:
    """Lets the server write no file beyond `size` bytes: what it meets on a full disk."""
    _, hard = resource.prlimit(server_pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server_pid, resource.RLIMIT_FSIZE, (size, hard))


class RestartableHost:
    """The host of a NATS server: it can be restarted, and its disk may be full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.restarts = 0

    async def restart(self) -> None:
        self.restarts += 1


class RefusingQueue:
    """The part of a queue that its health looks at."""

    def __init__(self) -> None:
        self.connected = True
        self.refusals: dict[str, str] = {}
        self.prepared = 0

    async def refused_writes(self) -> dict[str, str]:
        return self.refusals

    async def prepare_again(self) -> None:
        self.prepared += 1
        self.refusals = {}


async def test_a_queue_that_is_well_has_no_problem(queue: Queue) -> None:
    health = QueueHealth(queue)
    await health.look()
    assert health.problem is None
    assert await queue.refused_writes() == {}
    assert await queue.jobs_waiting() == 0


async def test_the_looks_leave_nothing_behind(queue: Queue) -> None:
    for _ in range(3):
        assert await queue.refused_writes() == {}
    assert await queue.workers() == []
    for stream, subject in ((UPDATES, updates_subject(1)), (RESULTS, results_subject(1))):
        assert await (await queue.pull_consumer(stream, "test", subject)).pull(10, 0.0) == []
        assert await queue.stored(stream) == 0


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
async def test_a_server_that_repeats_an_old_error_is_restarted_and_nothing_is_lost(
    server: EmbeddedNatsServer, queue: Queue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    stored = b"stored before"
    await queue.publish(JOBS_SUBJECT, stored, "before")
    pid = pid_of(tmp_path / "nats")
    limits_files(pid, KB)
    queue.timeout = 1.0
    with pytest.raises(QueueUnavailable):
        await queue.publish(JOBS_SUBJECT, bytes(8 * KB), "while it can't write")
    with pytest.raises(QueueUnavailable):
        await queue.publish(results_subject(1), bytes(8 * KB), "while it can't write")
    limits_files(pid, resource.RLIM_INFINITY)
    assert {JOBS, RESULTS} <= set(await queue.refused_writes())  # it goes on refusing

    health = QueueHealth(queue, OwnServer(Disk(tmp_path), server.restart))
    await health.look()
    assert "though there is room" in (health.problem or "")
    await health.look()
    await until(lambda: pid_of(tmp_path / "nats") != pid and queue.connected, True)

    async def is_well() -> bool:
        await health.look()
        return health.problem is None

    await until(is_well, True, within=20)
    await queue.publish(JOBS_SUBJECT, b"stored after", "while it can't write")
    await queue.publish(results_subject(1), b"stored after", "while it can't write")
    jobs = await (await queue.pull_consumer(JOBS, "test", JOBS_SUBJECT)).pull(10, 5.0)
    assert [job.data for job in jobs] == [stored, b"stored after"]
    assert "ended by itself" not in caplog.text
    assert "The queue stores messages again" in caplog.text


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=96m", "clipbot-test", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_disk_that_was_full_is_named_and_then_gone(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = EmbeddedNatsServer(small_disk / "nats")
    await server.start()
    queue = await connect(server.url, name="test")
    await queue.prepare(100, owner=True)
    queue.timeout = 1.0
    health = QueueHealth(queue, OwnServer(Disk(small_disk), server.restart))
    pid = pid_of(small_disk / "nats")
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as file:  # noqa: PT012
        while file.write(bytes(64 * KB)):
            pass
    with pytest.raises(QueueUnavailable):
        await queue.publish(JOBS_SUBJECT, bytes(200 * KB), "photo")
    await health.look()
    assert f"the disk of DATA_DIR ({small_disk}) is full" in (health.problem or "")
    assert pid_of(small_disk / "nats") == pid  # a restart would be of no use
    filler.unlink()

    async def is_well() -> bool:
        await health.look()
        return health.problem is None

    await until(is_well, True, within=20)
    await queue.publish(JOBS_SUBJECT, bytes(200 * KB), "photo")
    assert await queue.jobs_waiting() == 1
    await queue.close()
    await server.stop()


class TestWithAScriptedQueue:
    @pytest.fixture
    def queue(self) -> RefusingQueue:
        return RefusingQueue()

    @pytest.fixture
    def host(self, tmp_path: Path) -> RestartableHost:
        return RestartableHost(tmp_path)

    @pytest.fixture
    def health(self, queue: RefusingQueue, host: RestartableHost) -> QueueHealth:
        own = OwnServer(Disk(host.folder), host.restart)
        return QueueHealth(queue, own)  # type: ignore[arg-type]

    @pytest.mark.parametrize("stream", ALL_STREAMS)
    async def test_whichever_stream_it_is(
        self, queue: RefusingQueue, host: RestartableHost, health: QueueHealth, stream: str
    ) -> None:
        queue.refusals = {stream: "no answer"}
        await health.look()
        assert (host.restarts, stream in (health.problem or "")) == (0, True)
        await health.look()
        assert host.restarts == 1

    async def test_a_single_bad_moment_is_no_reason_to_restart(
        self, queue: RefusingQueue, host: RestartableHost, health: QueueHealth
    ) -> None:
        for refusals in ({RESULTS: "no answer"}, {}) * 3:
            queue.refusals = refusals
            await health.look()
        assert (host.restarts, health.problem) == (0, None)

    async def test_restarts_that_do_not_help_are_not_made_without_end(
        self, queue: RefusingQueue, host: RestartableHost, health: QueueHealth
    ) -> None:
        queue.refusals = {RESULTS: "no answer"}
        for _ in range(20):
            await health.look()
        assert host.restarts == 1

    async def test_a_server_that_is_not_ours_is_named_once(
        self, queue: RefusingQueue, caplog: pytest.LogCaptureFixture
    ) -> None:
        health = QueueHealth(queue)  # type: ignore[arg-type]
        queue.refusals = {JOBS: "write /data/1.blk: no space left on device"}
        for _ in range(3):
            await health.look()
        assert caplog.text.count("The NATS server at NATS_URL stores nothing in clipbot-jobs") == 1
        assert "no space left on device" in (health.problem or "")
        assert "restart nats-server" in (health.problem or "")

    async def test_streams_that_are_lost_are_made_again(
        self, queue: RefusingQueue, host: RestartableHost, health: QueueHealth
    ) -> None:
        queue.refusals = {UPDATES: "there is no such stream"}
        await health.look()
        assert (queue.prepared, host.restarts, health.problem) == (1, 0, None)

    async def test_a_server_that_is_away_is_said_to_be(
        self, queue: RefusingQueue, health: QueueHealth
    ) -> None:
        queue.connected = False
        await health.look()
        assert health.problem == "NATS is away."
