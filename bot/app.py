"""`clipbot run`: builds everything, runs it, and takes it down again in the opposite order.

Telegram ─ Poller or webhook ─▶ UpdateInbox ─▶ Router ─▶ JobPublisher ─▶ jobs ─▶ workers
Telegram ◀─ ReplyService ◀─ ResultDispatcher ◀──────────────────────── results ◀─┘
                               └─▶ GameRunner, which plays games and also asks workers
"""

import asyncio
import fcntl
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bot.conversations import Conversations, Shared
from bot.ops.health import Health
from bot.queues.job_publisher import payload_warning
from bot.queues.update_inbox import UpdateInbox
from bot.queues.worker_registry import WorkerRegistry
from bot.runtime import clock
from bot.runtime.metrics import Metrics
from bot.services.disk import Disk
from bot.services.queue import open_queue
from bot.services.queue_health import QueueHealth
from bot.settings import BotSettings
from bot.storage import Store, checkpoint, claim, open_database
from bot.telegram.connection import (
    build_bot,
    log_in,
    prepare_polling,
    prepare_webhook,
    set_up_profile,
)
from bot.telegram.incoming import TelegramUpdateHandler
from bot.telegram.platform import Bot, TelegramPlatform
from bot.telegram.polling import Poller
from inference.protocol import malloc, tasks
from inference.protocol.errors import SettingError
from inference.protocol.settings import WorkerSettings, load

log = logging.getLogger(__name__)

# Seconds between two clean-ups of the database.
_PRUNE_EVERY = 600.0
# Seconds: a copy of SQLite's file alone, without its write-ahead log, is at most this old.
_CHECKPOINT_EVERY = 20.0

# Ends only when the bot can't go on.
Fatal = asyncio.Future[None]


async def run(settings: BotSettings) -> None:
    """Run the bot until SIGTERM or SIGINT.

    Raises:
        OperatorError: a setting, the token, the database or the queue keeps it from running.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stopping = asyncio.create_task(stop.wait())
    async with AsyncExitStack() as stack:
        starting = asyncio.create_task(_start(settings, stack))
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            await tasks.end(starting)
        fatal = None if starting.cancelled() else await starting
        if fatal:
            ends: list[asyncio.Future[Any]] = [fatal, stopping]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if fatal.done():
                await fatal
        log.info("Stopping: finishing the current work.")
    log.info("Stopped.")


async def _start(settings: BotSettings, stack: AsyncExitStack) -> Fatal:
    """Start everything."""
    if settings.nats_url is None:
        load(WorkerSettings)  # a wrong setting of the embedded worker stops the start as well
    _own_folder(settings.data_dir, stack)
    database = await open_database(settings.database)
    stack.push_async_callback(database.dispose)
    await claim(database, settings.bot_id)
    store, metrics = Store(database), Metrics()
    disk = Disk(settings.data_dir.absolute())
    queue, own_server = await open_queue(settings, stack, disk)
    if warning := payload_warning(queue):
        log.warning("%s", warning)
    registry = WorkerRegistry(queue, metrics, settings.clip_model)
    await queue.answer_model(settings.clip_model)
    shared = Shared(settings, database, queue, registry, metrics)

    queue_health = QueueHealth(queue, own_server)
    health = Health(queue_health, store.answers, registry, disk)
    for watch in (
        queue_health.watch,
        health.watch_disk,
        registry.watch,
        lambda: clock.watch(store),
        lambda: _every(_PRUNE_EVERY, store.prune),
        lambda: _every(_CHECKPOINT_EVERY, lambda: checkpoint(database)),
        malloc.trim_periodically,
    ):
        tasks.in_background(stack, watch)
    if settings.metrics_port:
        # Imported here and not above: 4 MB that most bots don't need.
        from bot.ops.serving import serve_status

        await serve_status(stack, settings, health, metrics)
    return await _start_telegram(shared, stack)


async def _start_telegram(shared: Shared, stack: AsyncExitStack) -> Fatal:
    """Start to talk with people on Telegram."""
    settings, queue, bot_id = shared.settings, shared.queue, shared.settings.bot_id
    bot = build_bot(settings.token, settings.telegram_api_url)
    platform = TelegramPlatform(bot)
    await queue.readdress_jobs(settings.clip_model, bot_id)
    conversations = Conversations(shared, platform, bot_id)
    stack.push_async_callback(bot.shutdown)  # also if the login fails
    await log_in(bot)

    inbox = await conversations.start(lambda router: TelegramUpdateHandler(bot, router), stack)
    tasks.in_background(stack, lambda: set_up_profile(bot))
    log.info("clipbot is @%s; model %s.", bot.username, settings.clip_model)
    if settings.webhook_url:
        return await _receive(settings, bot, inbox, stack)
    return await _poll(settings, bot, inbox, stack)


async def _poll(
    settings: BotSettings, bot: Bot, inbox: UpdateInbox, stack: AsyncExitStack
) -> Fatal:
    await prepare_polling(bot)
    poller = Poller(settings.token, settings.telegram_api_url, inbox.keep)
    stack.push_async_callback(poller.close)
    polling = asyncio.create_task(poller.run(), name="polling")
    stack.push_async_callback(tasks.end, polling)
    return polling


async def _receive(
    settings: BotSettings, bot: Bot, inbox: UpdateInbox, stack: AsyncExitStack
) -> Fatal:
    # Imported here and not above: 4 MB that most bots don't need.
    from bot.ops.serving import serve_webhook
    from bot.telegram.webhook import webhook

    secret = settings.effective_webhook_secret
    await serve_webhook(stack, settings, webhook(secret, inbox.keep))
    await prepare_webhook(bot, settings.webhook_url, secret)
    return asyncio.get_running_loop().create_future()


def _own_folder(folder: Path, stack: AsyncExitStack) -> None:
    """Lock DATA_DIR for this process: two bots in one folder would damage queue and database."""
    try:
        # Private: it will have messages, file ids and the token of the queue.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = stack.enter_context((folder / "clipbot.lock").open("w"))
    except OSError as error:
        raise SettingError(f"DATA_DIR ({folder}) can't be written: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SettingError(
            f"DATA_DIR ({folder}) is in use by another clipbot; stop it or choose another folder."
        ) from None


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await work()
        await asyncio.sleep(seconds)
