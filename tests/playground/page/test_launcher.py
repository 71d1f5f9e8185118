"""The whole playground in this process, with idle programs in place of bot and worker."""

import resource
import sys
from pathlib import Path

import pytest

from bot.services.child_process import Child
from clipbot_playground.launcher import Playground, PlaygroundSettings
from inference.protocol.settings import load
from tests.bot.services.test_nats_server import pid_of
from tests.bot.services.test_queue_health import KB, limits_files
from tests.waiting import until


def idle(*_: object) -> Child:
    return Child("idle", lambda: [sys.executable, "-c", "import time; time.sleep(60)"], {})


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
async def test_the_queue_is_restarted_after_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for module, name, value in (
        ("bot.services.queue_health", "_LOOK_EVERY", 0.1),
        ("bot.services.queue_health", "_LOOK_AGAIN", 0.1),
        ("inference.protocol.broker.write_checks", "WRITE_TIMEOUT", 1.5),
        ("clipbot_playground.launcher", "embedded_worker", idle),
        ("clipbot_playground.launcher", "embedded_bot", idle),
    ):
        monkeypatch.setattr(f"{module}.{name}", value)
    settings = load(PlaygroundSettings, data_dir=tmp_path, clip_model="demo")
    nats = tmp_path / "playground" / "nats"
    async with Playground(settings, 0):
        pid = pid_of(nats)
        limits_files(pid, KB)  # as on a full disk
        await until(lambda: "though there is room" in caplog.text, True)
        await until(lambda: pid_of(nats) != pid, True, within=20)
        await until(lambda: "The queue stores messages again" in caplog.text, True, within=20)
