"""A queue that stores nothing: our own server is restarted, another one is named."""

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
    """Wait less for a small write than on a busy host."""
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
    """Let the server write no file beyond `size` bytes, as if the disk was full."""
    _, hard = resource.prlimit(server_pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server_pid, resource.RLIMIT_FSIZE, (size, hard))


class RestartableHost:
    """The host of a NATS server, which can be restarted and whose disk may be full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.restarts = 0

    async def restart(self) -> None:
        self.restarts += 1


class RefusingQueue:
    """The part of a queue that `QueueHealth` uses."""

    def __init__(self) -> None:
        self.connected = True
        self.refusals: dict[str, str] = {}
        self.prepared = 0

    async def refused_writes(self) -> dict[str, str]:
        return self.refusals

    async def prepare_again(self) -> None:
        self.prepared += 1
        self.refusals = {}


async def test_a_healthy_queue_has_no_problem(queue: Queue) -> None:
    health = QueueHealth(queue)
    await health.look()
    assert health.problem is None
    assert await queue.refused_writes() == {}
    assert await queue.jobs_waiting() == 0


async def test_checks_leave_no_messages_behind(queue: Queue) -> None:
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


async def test_a_full_disk_is_named_until_there_is_room(
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
    async def test_a_failure_of_any_stream_restarts_the_server(
        self, queue: RefusingQueue, host: RestartableHost, health: QueueHealth, stream: str
    ) -> None:
        queue.refusals = {stream: "no answer"}
        await health.look()
        assert (host.restarts, stream in (health.problem or "")) == (0, True)
        await health.look()
        assert host.restarts == 1

    async def test_a_single_failed_check_does_not_restart_the_server(
        self, queue: RefusingQueue, host: RestartableHost, health: QueueHealth
    ) -> None:
        for refusals in ({RESULTS: "no answer"}, {}) * 3:
            queue.refusals = refusals
            await health.look()
        assert (host.restarts, health.problem) == (0, None)

    async def test_restarts_that_do_not_help_become_rare(
        self, queue: RefusingQueue, host: RestartableHost, health: QueueHealth
    ) -> None:
        queue.refusals = {RESULTS: "no answer"}
        for _ in range(20):
            await health.look()
        assert host.restarts == 1

    async def test_a_problem_of_a_server_at_nats_url_is_logged_once(
        self, queue: RefusingQueue, caplog: pytest.LogCaptureFixture
    ) -> None:
        health = QueueHealth(queue)  # type: ignore[arg-type]
        queue.refusals = {JOBS: "write /data/1.blk: no space left on device"}
        for _ in range(3):
            await health.look()
        assert caplog.text.count("The NATS server at NATS_URL stores nothing in clipbot-jobs") == 1
        assert "no space left on device" in (health.problem or "")
        assert "restart nats-server" in (health.problem or "")

    async def test_lost_streams_are_made_again(
        self, queue: RefusingQueue, host: RestartableHost, health: QueueHealth
    ) -> None:
        queue.refusals = {UPDATES: "there is no such stream"}
        await health.look()
        assert (queue.prepared, host.restarts, health.problem) == (1, 0, None)

    async def test_a_server_that_is_away_is_a_problem(
        self, queue: RefusingQueue, health: QueueHealth
    ) -> None:
        queue.connected = False
        await health.look()
        assert health.problem == "NATS is away."
