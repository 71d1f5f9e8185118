"""Fixtures for the tests of inference: a queue with a job sender, workers, and models.

No test of this folder reaches the network; checkpoints are made once for all tests.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from inference.protocol.broker.client import connect
from tests.inference.pictures import NOT_A_PICTURE, picture
from tests.inference.worker.support.job_sender import JobSender
from tests.inference.worker.support.running_worker import StartWorker, worker_starter

if TYPE_CHECKING:  # imports torch and transformers, which most of these tests do without
    from inference.model.engine import Engine

Type = Callable[..., Result]


@pytest.fixture
async def sender(nats_url: str) -> AsyncIterator[JobSender]:
    """The bot's end of the queue."""
    queue = await connect(nats_url, name="sender")
    await queue.prepare(1_000, owner=True)
    yield await JobSender.on(queue)
    await queue.close()


@pytest.fixture
async def start_worker(
    nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[StartWorker]:
    """Start workers in this process; they are stopped when the test ends."""
    monkeypatch.setattr("inference.worker.scheduler.LINGER", 0.2)  # seconds: they stop sooner
    async with worker_starter(nats_url) as start_worker:
        yield start_worker


@pytest.fixture
def types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Return a function that runs a command line with a scripted model and some pictures."""
    from inference import classify
    from inference.cli import classify as command
    from inference.model.classifier import ScriptedClassifier

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(classify, "load_engine", lambda settings: ScriptedClassifier())
    for colour in ("red", "green", "blue"):
        Path(f"{colour}.png").write_bytes(picture(colour))
    Path("bad.jpg").write_bytes(NOT_A_PICTURE)

    def types(*words: str, stdin: bytes = b"", **environment: str) -> Result:
        return CliRunner(env=environment).invoke(command, words, input=stdin)

    return types


@pytest.fixture(scope="session")
def tiny_clip(tiny_clip_folder: Path) -> "Engine":
    from inference.model.engine import Engine

    return Engine.load(str(tiny_clip_folder), device="cpu", dtype="float32")


@pytest.fixture(scope="session")
def demo() -> "Engine":
    from inference.model.engine import Engine
    from inference.model.hub.checkpoint_files import DEMO_FOLDER

    if not (DEMO_FOLDER / "config.json").is_file():
        pytest.skip("the bundled model is not there yet")
    return Engine.load("demo", device="cpu", dtype="float32")


@pytest.fixture
def exporting_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports in this process, which has imported torch already, instead of one of their own."""
    from inference.model.backends import export_cache, openvino_export
    from inference.model.backends.exported_files import ExportOutcome, ExportUnsupported

    def export(model: str, folder: Path, least_bytes: int) -> ExportOutcome:
        try:
            openvino_export.export(model, folder, least_bytes)
        except ExportUnsupported as reason:
            return ExportOutcome(left_to_torch=str(reason), passing=reason.passing)
        return ExportOutcome()

    monkeypatch.setattr(export_cache, "_export", export)
