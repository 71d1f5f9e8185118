"""A bot that ends is reported at once: the benchmark does not wait for its charts."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from clipbot_benchmarks.bot_side import running_bot
from clipbot_benchmarks.bot_side.child import ChildProcess
from clipbot_benchmarks.bot_side.running_bot import RunFailed, RunningBot, environment, running
from inference.protocol.settings import WorkerSettings, load

# Prints its URL and answers no command.
_SILENT = 'import sys; print(\'{"answer": "http://127.0.0.1:9"}\', flush=True); sys.stdin.read()'


def silent_load_generator(tmp_path: Path) -> ChildProcess:
    return ChildProcess(
        [sys.executable, "-c", _SILENT], tmp_path / "load_generator.log", os.environ
    )


async def test_a_bot_that_does_not_start(tmp_path: Path) -> None:
    async with silent_load_generator(tmp_path) as load_generator:
        url = await load_generator.receive(str)
        settings = {**os.environ, "MAX_LABELS": "many"}
        with pytest.raises(RunFailed, match=r"(?s)status 2.*MAX_LABELS"):
            async with running(load_generator, url, tmp_path, settings):
                pass


async def test_a_bot_that_ends_while_it_is_measured(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("out of memory")
    async with silent_load_generator(tmp_path) as load_generator:
        await load_generator.receive(str)
        bot = await asyncio.create_subprocess_exec(sys.executable, "-c", "exit(3)")
        measured = RunningBot(load_generator, tmp_path, 0.0, 0.0, bot, log)
        with pytest.raises(RunFailed, match=r"(?s)status 3.*out of memory"):
            await measured.load("burst")
        with pytest.raises(RunFailed):
            measured.core_seconds()


async def test_a_model_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_bot, "_LOAD_TIMEOUT", -1.0)
    async with silent_load_generator(tmp_path) as load_generator:
        url = await load_generator.receive(str)
        with pytest.raises(RunFailed, match="did not load its model"):
            async with running(load_generator, url, tmp_path, os.environ):
                pass


def test_only_the_workers_settings_reach_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
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
