"""A bot that ends is told at once: nobody waits for charts that can't come."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from clipbot_benchmarks.bot_side import running_bot
from clipbot_benchmarks.bot_side.child import Helper
from clipbot_benchmarks.bot_side.running_bot import RunFailed, Whole, environment, running
from inference.protocol.settings import WorkerSettings, load

# Says where it is, and answers nothing that it is told.
_DEAF = 'import sys; print(\'{"answer": "http://127.0.0.1:9"}\', flush=True); sys.stdin.read()'


def deaf_crowd(tmp_path: Path) -> Helper:
    return Helper([sys.executable, "-c", _DEAF], tmp_path / "crowd.log", os.environ)


async def test_a_bot_that_does_not_start(tmp_path: Path) -> None:
    async with deaf_crowd(tmp_path) as crowd:
        url = await crowd.hear(str)
        settings = {**os.environ, "MAX_LABELS": "many"}
        with pytest.raises(RunFailed, match=r"(?s)status 2.*MAX_LABELS"):
            async with running(crowd, url, tmp_path, settings):
                pass


async def test_a_bot_that_ends_while_it_is_measured(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("out of memory")
    async with deaf_crowd(tmp_path) as crowd:
        await crowd.hear(str)
        bot = await asyncio.create_subprocess_exec(sys.executable, "-c", "exit(3)")
        measured = Whole(crowd, tmp_path, 0.0, 0.0, bot, log)
        with pytest.raises(RunFailed, match=r"(?s)status 3.*out of memory"):
            await measured.tell("burst")
        with pytest.raises(RunFailed):
            measured.core_seconds()


async def test_a_model_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_bot, "_PATIENCE", -1.0)
    async with deaf_crowd(tmp_path) as crowd:
        url = await crowd.hear(str)
        with pytest.raises(RunFailed, match="did not load its model"):
            async with running(crowd, url, tmp_path, os.environ):
                pass


def test_the_operators_settings_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:SECRET")
    monkeypatch.setenv("database_url", "postgresql://somewhere")
    monkeypatch.setenv("MAX_BATCH", "8")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", "intranet")
    found = environment(load(WorkerSettings, clip_model="demo"))
    assert "1:SECRET" not in found.values()
    assert "postgresql://somewhere" not in found.values()
    assert found["CLIP_MODEL"] == "demo"
    assert found["MAX_BATCH"] == "8"
    assert found["HTTP_PROXY"] == "http://proxy:3128"
    assert found["NO_PROXY"] == found["no_proxy"] == "intranet,127.0.0.1,localhost"
