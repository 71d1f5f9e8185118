"""`clipbot worker` as a process: started, killed and stopped."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inference.protocol.messages import WorkerState
from tests.inference.model.checkpoints import tiny_clip
from tests.inference.pictures import picture
from tests.inference.worker.support.job_sender import JobSender
from tests.nats_server import NatsServer
from tests.ports import reserved_port
from tests.waiting import until

ACK_WAIT = 2.0  # seconds
SCRIPTED = (str(Path(__file__).with_name("support") / "scripted_worker.py"),)
REAL = ("-m", "bot", "worker")


class WorkerProcess:
    """A worker in a process of its own."""

    def __init__(self, folder: Path, program: tuple[str, ...], **environment: str) -> None:
        self._log = folder / "stderr"
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
        }
        with self._log.open("wb") as stderr:
            self.popen = subprocess.Popen(
                [sys.executable, *program],
                cwd=folder,
                env={
                    **inherited,
                    "SCRIPT": str(folder),
                    "ACK_WAIT": str(ACK_WAIT),
                    "HF_HUB_OFFLINE": "1",
                    **environment,
                },
                stdout=subprocess.PIPE,
                stderr=stderr,
            )

    @property
    def said(self) -> str:
        """Everything that it wrote to standard error."""
        return self._log.read_text()

    def kill(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    async def ends(self, within: float) -> int:
        """Its exit status."""
        await until(lambda: self.popen.poll() is not None, True, within)
        return self.popen.returncode


StartProcess = Callable[..., WorkerProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartProcess]:
    started: list[WorkerProcess] = []

    def start(program: tuple[str, ...] = SCRIPTED, **environment: str) -> WorkerProcess:
        folder = tmp_path / f"worker-{len(started)}"
        folder.mkdir()
        for name in environment.pop("files", "").split():
            (folder / name).touch()
        started.append(WorkerProcess(folder, program, **environment))
        return started[-1]

    yield start
    for process in started:
        process.popen.kill()
        process.popen.communicate()


async def test_a_killed_workers_jobs_are_answered_by_another(
    sender: JobSender, start: StartProcess, nats_url: str, tmp_path: Path
) -> None:
    jobs = [await sender.sends(picture("red")) for _ in range(20)]
    first = start(NATS_URL=nats_url, files="hold", MAX_BATCH="8")
    await until((tmp_path / "worker-0" / "entered").exists, True)
    first.kill(signal.SIGKILL)
    assert await first.ends(within=5) == -signal.SIGKILL
    start(NATS_URL=nats_url, MAX_BATCH="8")
    await sender.receives(*jobs)
    await sender.sees_empty_queue()
    assert sorted(result.job_id for result in sender.results) == sorted(jobs)


async def test_sigterm_under_load_gives_back_the_jobs_that_are_not_finished(
    sender: JobSender, start: StartProcess, nats_url: str
) -> None:
    worker = start(NATS_URL=nats_url, MAX_BATCH="4")
    jobs = [await sender.sends(picture("red")) for _ in range(60)]
    await until(lambda: _some_of(sender), True)
    worker.kill(signal.SIGTERM)
    assert await worker.ends(within=10) == 0
    await sender.collects(0.2)
    answered = len(sender.results)
    assert answered < len(jobs)
    assert await sender.jobs_held() == 0
    assert await sender.queue.jobs_waiting() == len(jobs) - answered
    assert await sender.queue.workers() == []
    start(NATS_URL=nats_url)
    await sender.receives(*jobs)
    assert sorted(result.job_id for result in sender.results) == sorted(jobs)
    assert "Traceback" not in worker.said


async def _some_of(sender: JobSender) -> bool:
    await sender.collects(0.05)
    return bool(sender.results)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_while_the_model_loads(
    sender: JobSender, start: StartProcess, nats_url: str, number: signal.Signals
) -> None:
    worker = start(NATS_URL=nats_url, files="loading")
    await sender.sees_worker(lambda status: status.state is WorkerState.LOADING)
    worker.kill(number)
    assert await worker.ends(within=3) == 0
    assert await sender.queue.workers() == []


async def test_sigterm_while_the_queue_is_away_and_jobs_are_held(
    sender: JobSender, start: StartProcess, nats_server: NatsServer, tmp_path: Path
) -> None:
    worker = start(NATS_URL=nats_server.url, files="hold")
    jobs = [await sender.sends(picture("red")) for _ in range(5)]
    await until((tmp_path / "worker-0" / "entered").exists, True)
    nats_server.stop()
    await until(lambda: "The connection to NATS is lost" in worker.said, True)
    (tmp_path / "worker-0" / "hold").unlink()
    worker.kill(signal.SIGTERM)
    assert await worker.ends(within=10) == 0
    assert "Traceback" not in worker.said
    nats_server.start()
    await sender.starts_again()
    start(NATS_URL=nats_server.url)
    await sender.receives(*jobs)


async def test_sigterm_while_nothing_answers_at_nats_url(start: StartProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(10)
        worker = start(NATS_URL=f"nats://127.0.0.1:{silent.getsockname()[1]}")
        connection, _ = await asyncio.to_thread(silent.accept)
        worker.kill(signal.SIGTERM)
        assert await worker.ends(within=3) == 0
        connection.close()
    assert worker.said == ""


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "NATS_URL is not set; the worker pulls its jobs from there."),
        ({"NATS_URL": "localhost"}, "NATS_URL is 'localhost', but it must be an address such as"),
        ({"MAX_BATCH": "many"}, "MAX_BATCH is 'many', but it must be a"),
    ],
)
async def test_wrong_settings_are_one_sentence(
    start: StartProcess, environment: dict[str, str], sentence: str
) -> None:
    worker = start(REAL, **environment)
    assert await worker.ends(within=10) == 2
    assert worker.said.startswith(sentence)
    assert worker.said.count("\n") == 1


async def test_metrics_are_served(sender: JobSender, start: StartProcess, nats_url: str) -> None:
    with reserved_port() as port:
        start(NATS_URL=nats_url, METRICS_PORT=str(port))
        job = await sender.sends(picture("red"))
        await sender.receives(job)
        await sender.sees_empty_queue()
        page = await asyncio.to_thread(_get, f"http://127.0.0.1:{port}/metrics")
    assert 'clipbot_jobs_total{outcome="answered"} 1.0' in page
    assert "clipbot_batch_size_sum 1.0" in page
    assert "clipbot_model_ready 1.0" in page


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as response:
        return str(response.read().decode())


async def test_a_checkpoint_that_appears_late_is_loaded(
    sender: JobSender, start: StartProcess, nats_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "checkpoint"
    job = await sender.sends(picture("red"))
    worker = start(REAL, NATS_URL=nats_url, CLIP_MODEL=str(folder), CLIP_DEVICE="cpu")
    failed = await sender.sees_worker(lambda one: one.state is WorkerState.FAILED, within=30)
    assert "there is no such folder" in failed.reason
    tiny_clip(folder)
    result = (await sender.receives(job, within=40))[job]
    assert sum(result.images[0].probabilities) == pytest.approx(1.0, abs=1e-5)
    assert result.model == str(folder)
    worker.kill(signal.SIGTERM)
    assert await worker.ends(within=10) == 0
    assert "Traceback" not in worker.said


_SWALLOWS_CANCELLATION = """
import asyncio, contextlib
from inference.worker import worker
from inference.cli import worker as command

async def serve(settings, load):
    async def swallows_cancellations():
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
    asyncio.create_task(swallows_cancellations())
    await asyncio.sleep(0)

worker.serve = serve
command([])
"""


def test_a_task_that_swallows_cancellations_does_not_keep_the_process_alive() -> None:
    """nats-py has such a task if its server dies at the moment when the worker ends."""
    ended = subprocess.run([sys.executable, "-c", _SWALLOWS_CANCELLATION], timeout=60, check=False)
    assert ended.returncode == 0
