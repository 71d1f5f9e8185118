"""What the host sees at the start: clear sentences, exit statuses, fast imports."""

import asyncio
import sys
from pathlib import Path

import pytest

from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.conftest import Start
from tests.e2e.running import COMMAND, environment


async def _runs(folder: Path, *words: str, **settings: object) -> tuple[int, str]:
    """Run a command that ends by itself; return its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        cwd=folder,
        env=environment(HOME=folder, **settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, printed.decode()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "TELEGRAM_BOT_TOKEN is not set"),
        ({"TELEGRAM_BOT_TOKEN": "s3cret"}, "TELEGRAM_BOT_TOKEN is a value that can't be shown"),
        (
            {"TELEGRAM_BOT_TOKEN": "1:A-B", "MAX_QUEUE": "many"},
            "MAX_QUEUE is 'many', but it must be a whole number.",
        ),
        (
            {"TELEGRAM_BOT_TOKEN": "1:A-B", "CLIP_DTYPE": "int4"},
            "CLIP_DTYPE is 'int4', but it must be",
        ),
        (
            {"TELEGRAM_BOT_TOKEN": "1:A-B", "DATA_DIR": "/proc/none"},
            "DATA_DIR (/proc/none) can't be written",
        ),
    ],
)
async def test_a_wrong_setting_is_one_sentence(
    tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    status, printed = await _runs(tmp_path, "run", **settings)
    assert status == 2
    assert printed.startswith(f"clipbot: {sentence}")
    assert printed.count("\n") == 1
    assert "s3cret" not in printed


async def test_a_token_that_telegram_refuses(own_server: BotApiServer, start: Start) -> None:
    async with start(TELEGRAM_BOT_TOKEN="77:Somebody_elses") as bot:
        assert await bot.ends() == 1
        assert "TELEGRAM_BOT_TOKEN is not accepted by Telegram" in bot.log
        assert "Traceback" not in bot.log
        assert "Somebody_elses" not in bot.log
        assert "Unclosed" not in bot.log
        await bot.leaves_nothing()


async def test_two_bots_do_not_share_a_folder(
    own_server: BotApiServer, start: Start, tmp_path: Path
) -> None:
    async with start(CLIP_MODEL="/nowhere") as bot:
        await bot.polls()
        status, printed = await _runs(
            tmp_path,
            "run",
            TELEGRAM_BOT_TOKEN=own_server.token,
            DATA_DIR=tmp_path / "clipbot" / "data",
        )
        assert (status, "is in use by another clipbot" in printed) == (2, True)


async def test_the_bot_needs_none_of_the_heavy_libraries() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-c", "import bot.app"),
        stderr=asyncio.subprocess.PIPE,
    )
    _, printed = await process.communicate()
    assert process.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in printed.decode().splitlines()}
    assert "bot.app" in imported
    assert not imported & {"torch", "transformers", "matplotlib", "PIL", "numpy"}


async def test_version_and_help(tmp_path: Path) -> None:
    status, printed = await _runs(tmp_path, "--version")
    assert (status, "version 0." in printed) == (0, True)
    status, printed = await _runs(tmp_path, "--help")
    assert status == 0
    for command in ("run", "worker", "classify", "doctor"):
        assert f"\n  {command} " in printed
