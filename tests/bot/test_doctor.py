"""`clipbot doctor`: what is wrong, and what to do about it."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot import doctor
from bot.chat.answers.spanish import ENGLISH_ONLY
from bot.storage import Store, open_database
from clipbot_playground.botapi.server import BotApiServer
from inference.protocol.broker.client import Queue, connect, jobs_subject
from inference.protocol.findings import Finding, State
from inference.protocol.messages import WorkerState, WorkerStatus


@pytest.fixture
async def server() -> AsyncIterator[BotApiServer]:
    async with BotApiServer() as server:
        yield server


@pytest.fixture(autouse=True)
def settings(server: BotApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host where everything is right; the CLIP side is not checked."""
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", server.token)
    monkeypatch.setenv("TELEGRAM_API_URL", server.url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    async def clip(*_: object) -> AsyncIterator[Finding]:
        yield Finding("model", State.FINE, "not checked")

    monkeypatch.setattr(doctor, "_check_clip", clip)


async def findings() -> dict[str, Finding]:
    return {finding.check: finding async for finding in doctor.examine()}


async def broken() -> dict[str, str]:
    return {
        name: finding.found
        for name, finding in (await findings()).items()
        if finding.state is State.BROKEN
    }


async def test_a_healthy_host() -> None:
    found = await findings()
    assert {f.state for f in found.values()} <= {State.FINE, State.NOTE}
    assert found["token"].found == "@clip_test_bot"
    assert found["database"].found == "sqlite"
    assert found["queue"].found.startswith("embedded")


async def test_inline_mode_is_for_botfather_to_switch_on(
    server: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "inline mode" not in await findings()
    monkeypatch.setattr(server.world, "inline", False)
    found = (await findings())["inline mode"]
    assert (found.state, found.advice) == (State.NOTE, "send /setinline to @BotFather")


@pytest.mark.parametrize("address", ["", "sqlite:///there/x.db", "sqlite:///x.db"])
async def test_a_check_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", address)
    if not address:
        monkeypatch.delenv("DATA_DIR")  # then it is the folder `data` in this one
    found = await findings()
    assert (found["database"].state, found["DATA_DIR"].state) == (State.FINE, State.FINE)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - no loop runs meanwhile


async def test_people_who_write_spanish_to_an_english_model_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/clipbot.db"
    monkeypatch.setenv("DATABASE_URL", address)
    database = await open_database(address)
    for platform, person in (("telegram", 7), ("telegram", 8), ("discord", 7)):
        await Store(database, platform).note_hint(person, ENGLISH_ONLY)
    await Store(database).note_hint(8, ENGLISH_ONLY)
    await database.dispose()
    monkeypatch.setenv("CLIP_MODEL", "clip-b32")
    found = (await findings())["language"]
    assert found.state is State.NOTE
    assert found.found.startswith("3 people have written Spanish phrases, but openai/clip-vit-base")
    assert "CLIP_MODEL=siglip2-b16" in found.advice
    monkeypatch.setenv("CLIP_MODEL", "siglip2-b16")
    assert "language" not in await findings()


async def test_a_missing_token_does_not_hide_other_findings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN")
    found = await findings()
    assert "TELEGRAM_BOT_TOKEN is not set" in found["token"].found
    assert found["database"].state is State.FINE


async def test_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_QUEUE", "many")
    assert "MAX_QUEUE is 'many'" in (await broken())["settings"]


async def test_a_wrong_setting_beside_a_missing_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN")
    monkeypatch.setenv("MAX_QUEUE", "many")
    assert "MAX_QUEUE is 'many'" in (await broken())["settings"]


@pytest.mark.parametrize(
    ("name", "value", "check", "reason"),
    [
        ("TELEGRAM_BOT_TOKEN", "42:WRONG", "token", "does not accept it"),
        ("TELEGRAM_API_URL", "http://127.0.0.1:9", "token", "can't be reached"),
        ("DATA_DIR", "/proc/none", "DATA_DIR", "can't be written"),
        ("DATABASE_URL", "sqlite:////proc/none/x.db", "database", "can't be used"),
    ],
)
async def test_what_is_broken(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, check: str, reason: str
) -> None:
    monkeypatch.setenv(name, value)
    found = await broken()
    assert reason in found[check]


async def test_a_queue_without_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise doctor.OperatorError("No NATS server answers at NATS_URL.")  # type: ignore[attr-defined]

    monkeypatch.setattr(doctor, "connect", refuse)
    monkeypatch.setenv("NATS_URL", "nats://127.0.0.1:9")
    assert "No NATS server answers" in (await broken())["queue"]


async def test_a_queue_with_workers(nats_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATS_URL", nats_url)
    at_first = await findings()
    assert at_first["workers"].found == "none is running"
    assert (at_first["max_payload"].state, at_first["max_payload"].advice) == (
        State.NOTE,
        "set max_payload: 64MB in nats-server's configuration.",
    )
    queue = await connect(nats_url, name="worker")
    await queue.prepare(10, owner=True)
    await queue.tell_status(
        WorkerStatus(worker="w", model="some/model", state=WorkerState.FAILED, reason="No such.")
    )
    found = await findings()
    assert (found["workers"].state, found["workers"].advice) == (State.BROKEN, "No such.")
    assert "some/model" in found["workers"].found
    assert found["CLIP_MODEL"].state is State.BROKEN
    assert "no worker takes jobs for openai/clip" in found["CLIP_MODEL"].found
    monkeypatch.setenv("CLIP_MODEL", "some/model")
    await queue.tell_status(
        WorkerStatus(
            worker="w",
            model="some/model",
            state=WorkerState.READY,
            takes=jobs_subject("some/model"),
        )
    )
    assert "CLIP_MODEL" not in await findings()
    await queue.close()


async def test_a_queue_that_stores_nothing(nats_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused_writes(_: Queue) -> dict[str, str]:
        return {"clipbot-results": "no answer"}

    monkeypatch.setattr(Queue, "refused_writes", refused_writes)
    monkeypatch.setenv("NATS_URL", nats_url)
    found = (await findings())["queue"]
    assert found.state is State.BROKEN
    assert found.found == "NATS can't store anything in clipbot-results (no answer)"
    assert "restart nats-server" in found.advice


async def test_the_table_prints_findings_without_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    async def examine() -> AsyncIterator[Finding]:
        yield Finding("a", State.FINE, "fine")
        yield Finding("b", State.BROKEN, "odd [bold] value", "fix it")

    monkeypatch.setattr(doctor, "examine", examine)
    printed = io.StringIO()
    assert not await doctor.report(Console(file=printed, width=100))
    assert "odd [bold] value" in printed.getvalue()
    assert "fix it" in printed.getvalue()


class TestTheClipSide:
    @pytest.fixture(autouse=True)
    def settings(self, server: BotApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """Only the CLIP side is checked."""
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", server.token)

    async def _found(self, monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[Finding]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings = doctor.load(doctor.BotSettings)  # type: ignore[attr-defined]
        return [finding async for finding in doctor._check_clip(settings)]

    async def test_it_is_checked_in_its_own_process(
        self, monkeypatch: pytest.MonkeyPatch, tiny_clip_folder: Path
    ) -> None:
        found = await self._found(monkeypatch, CLIP_MODEL=str(tiny_clip_folder), CLIP_DEVICE="cpu")
        assert found
        assert not [finding for finding in found if finding.state is State.BROKEN]

    async def test_a_missing_model(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = await self._found(monkeypatch, CLIP_MODEL="/nowhere")
        assert [finding for finding in found if "no such folder" in finding.found]

    async def test_without_torch_the_workers_load_the_model(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        (found,) = await self._found(monkeypatch, NATS_URL="nats://host")
        assert "the workers at NATS_URL load it" in found.found

    async def test_a_crash_of_its_libraries_is_one_line(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        true_start = asyncio.create_subprocess_exec

        async def start(*_: str, **pipes: Any) -> asyncio.subprocess.Process:
            return await true_start("sh", "-c", "echo first >&2; echo Segfault >&2", **pipes)

        monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
        (found,) = await self._found(monkeypatch)
        assert found.found == "its libraries crashed: Segfault"
