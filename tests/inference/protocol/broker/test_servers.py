"""Connecting to one of several servers, of which some do not work."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.protocol.broker.client import RESULTS, connect, results_subject
from inference.protocol.errors import QueueUnavailable
from tests.nats_server import NatsServer
from tests.waiting import until

# One attempt to connect, and some time for a busy machine.
SOON = 6.0  # seconds


@pytest.fixture(autouse=True)
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client try the servers in order; usually it shuffles them."""
    monkeypatch.setattr("nats.aio.client.shuffle", lambda servers: None)


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"nats://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[str]:
    """A server that refuses the login."""
    folder = tmp_path / "locked"
    folder.mkdir()
    server = NatsServer(folder, authorization='{ token: "another" }')
    server.start()
    yield server.url.replace("://", "://wrong@")
    server.stop()


@pytest.mark.parametrize("first", ["nats://127.0.0.1:9", "nats://no.such.host.invalid:4222"])
async def test_a_first_server_that_is_down_costs_no_time(nats_url: str, first: str) -> None:
    began = time.monotonic()
    queue = await connect(f"{first}, {nats_url}", name="test")
    assert time.monotonic() - began < SOON
    await queue.prepare(10, owner=True)
    assert await queue.jobs_waiting() == 0
    await queue.close()


async def test_a_first_server_that_does_not_answer_costs_a_few_seconds(
    nats_url: str, silent: str
) -> None:
    began = time.monotonic()
    queue = await connect(f"{silent},{nats_url}", name="test")
    assert time.monotonic() - began < SOON
    await queue.prepare(10, owner=True)
    await queue.close()


async def test_a_first_server_that_refuses_the_login_costs_a_few_seconds(
    nats_url: str, locked: str
) -> None:
    began = time.monotonic()
    queue = await connect(f"{locked},{nats_url}", name="test")
    assert time.monotonic() - began < SOON
    await queue.prepare(10, owner=True)
    await queue.close()


async def test_a_refused_login_is_reported_without_the_password(locked: str) -> None:
    with pytest.raises(QueueUnavailable, match="refuses the login; check the user") as refusal:
        await connect(locked, name="stranger", timeout=5.0)
    assert "wrong" not in str(refusal.value)


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[NatsServer]:
    """A server with a self-signed certificate: `cert.pem` in its folder."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed, which makes the certificate")
    folder = tmp_path / "encrypted"
    folder.mkdir()
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *(
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=test",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
            ),
            *("-out", certificate, "-keyout", key),
        ],
        check=True,
        capture_output=True,
    )
    server = NatsServer(
        folder,
        authorization='{ user: "me", password: "p@ss" }',
        tls=f'{{ cert_file: "{certificate}", key_file: "{key}" }}',
    )
    server.start()
    yield server
    server.stop()


async def test_tls_works_with_a_self_signed_certificate(
    encrypted: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = encrypted.url.rpartition("://")[2]
    url = f"tls://me:p%40ss@{address},tls://127.0.0.1:9"
    with pytest.raises(QueueUnavailable, match="TLS with the NATS server at NATS_URL fails"):
        await connect(url, name="test", timeout=1.0)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "encrypted" / "cert.pem"))
    queue = await connect(url, name="test")
    await queue.prepare(10, owner=True)
    assert await queue.jobs_waiting() == 0
    await queue.close()


async def test_an_error_that_ends_the_connection_does_not_end_the_client(nats_url: str) -> None:
    queue = await connect(nats_url, name="test")
    queue.timeout = 1.0
    await queue.prepare(10, owner=True)
    pull_consumer = await queue.pull_consumer(RESULTS, "bot-42", results_subject(42))
    with pytest.raises(QueueUnavailable):  # more than the server's max_control_line
        await queue.publish(f"clipbot.results.{'x' * 70_000}", b"long", "1")
    await until(lambda: queue.connected, True, 10.0)
    await queue.publish(results_subject(42), b"after it", "2")
    assert [found.data for found in await pull_consumer.pull(9, 5.0)] == [b"after it"]
    await queue.close()
