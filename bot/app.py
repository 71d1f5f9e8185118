"""`clipbot run`: builds everything, runs it, and takes it down again in the opposite order.

Telegram ─ Poller or webhook ─▶ UpdateInbox ─▶ Router ─▶ JobPublisher ─▶ jobs ─▶ workers
Telegram ◀─ ReplyService ◀─ ResultDispatcher ◀──────────────────────── results ◀─┘
                               └─▶ GameRunner, which plays games and asks workers by itself
"""

import asyncio
import fcntl
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.chat.albums import AlbumCollector
from bot.chat.answers import wait_notices
from bot.chat.answers.lost_jobs import LostJobs
from bot.chat.answers.photo_results import PhotoResults
from bot.chat.classify import ClassifyHandler
from bot.chat.photo_jobs import PhotoJobs
from bot.chat.preferences import Preferences
from bot.chat.router import Router
from bot.games.commands.commands import GameCommands
from bot.games.commands.leaderboard import Leaderboard
from bot.games.commands.settings import GroupSettings
from bot.games.commands.starting import GameStarter
from bot.games.registry import help_lines
from bot.games.rounds.jobs import GameJobs
from bot.games.rounds.pace import EditPace
from bot.games.rounds.runner import GameRunner
from bot.ops.health import Health
from bot.platform.ports import ChatPlatform
from bot.queues.consumer import Consumer
from bot.queues.job_publisher import JobPublisher, payload_warning
from bot.queues.result_dispatcher import ResultDispatcher, ResultHandler
from bot.queues.update_inbox import UpdateInbox
from bot.queues.worker_registry import WorkerRegistry
from bot.runtime import clock
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.metrics import Metrics
from bot.services.disk import Disk
from bot.services.queue import open_queue
from bot.services.queue_health import QueueHealth
from bot.settings import BotSettings
from bot.storage import Database, Store, checkpoint, claim, open_database
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
from inference.protocol.broker.client import (
    RESULTS,
    UPDATES,
    Queue,
    results_subject,
    updates_subject,
)
from inference.protocol.errors import SettingError
from inference.protocol.settings import WorkerSettings, load

log = logging.getLogger(__name__)

# Held at once, most of them waiting for their turn: bounds memory (a result has 50 to 160 kB, an
# update 6 with its task) and how often the queue is told that they are still in progress. The inbox
# and the result dispatcher limit by themselves how many are worked on.
_UPDATES_IN_HAND = 500
_RESULTS_IN_HAND = 300
# Questions whose pictures are in memory at once: each has up to one message of the queue, 64 MB.
# Photos and games have their own limit, so that neither waits for the other.
_PHOTOS_AT_ONCE, _GAMES_AT_ONCE = 12, 6
# Seconds for each of two consumers. With Telegram's last call (2), the web servers (3), the worker
# (6) and NATS (2 + 4) a stop takes less than 30.
_DRAIN_PATIENCE = 5.0
# Seconds between two clean-ups of the database.
_PRUNE_EVERY = 600.0
# Seconds: a copy of SQLite's file alone, without its write-ahead log, is at most this old.
_CHECKPOINT_EVERY = 20.0

# Ends only when the bot can't go on.
Fatal = asyncio.Future[None]


@dataclass(frozen=True)
class _Shared:
    """What all chat platforms share."""

    settings: BotSettings
    database: Database
    queue: Queue
    registry: WorkerRegistry
    metrics: Metrics


@dataclass(frozen=True)
class _Conversations:
    """Everything that answers people on one chat platform.

    Attributes:
        watches: run until the bot stops.
    """

    router: Router
    runner: GameRunner
    dispatcher: ResultDispatcher
    watches: tuple[Callable[[], Awaitable[None]], ...]


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
        log.info("Stopping: finishing what is in hand.")
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
    shared = _Shared(settings, database, queue, registry, metrics)

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
        _in_background(stack, watch)
    if settings.metrics_port:
        # Imported here and not above: 4 MB that most bots don't need.
        from bot.ops.serving import serve_status

        await serve_status(stack, settings, health, metrics)
    return await _start_telegram(shared, stack)


async def _start_telegram(shared: _Shared, stack: AsyncExitStack) -> Fatal:
    """Start to talk with people on Telegram."""
    settings, queue, bot_id = shared.settings, shared.queue, shared.settings.bot_id
    bot = build_bot(settings.token, settings.telegram_api_url)
    platform = TelegramPlatform(bot)
    store = Store(shared.database, platform.name)
    await queue.readdress_jobs(settings.clip_model, bot_id)
    conversations = _conversations(shared, platform, store, bot_id)
    stack.push_async_callback(bot.shutdown)  # also where the login fails
    await log_in(bot)

    await conversations.runner.resume()
    results = await queue.pull_consumer(RESULTS, f"bot-{bot_id}", results_subject(bot_id))
    _consume(stack, Consumer(results, conversations.dispatcher.deal_with, limit=_RESULTS_IN_HAND))
    for watch in (*conversations.watches, lambda: set_up_profile(bot)):
        _in_background(stack, watch)
    handler = TelegramUpdateHandler(bot, conversations.router)
    inbox = UpdateInbox(queue, store, handler, bot_id, shared.metrics)
    updates = await queue.pull_consumer(UPDATES, f"bot-{bot_id}", updates_subject(bot_id))
    _consume(stack, Consumer(updates, inbox.deal_with, limit=_UPDATES_IN_HAND))

    log.info("clipbot is @%s; model %s.", bot.username, settings.clip_model)
    if settings.webhook_url:
        return await _receive(settings, bot, inbox, stack)
    return await _poll(settings, bot, inbox, stack)


def _conversations(
    shared: _Shared, platform: ChatPlatform, store: Store, bot_id: int
) -> _Conversations:
    """Build everything that answers people on one chat platform."""
    settings, queue = shared.settings, shared.queue
    registry, metrics = shared.registry, shared.metrics
    model = settings.clip_model
    photo_jobs = PhotoJobs(
        JobPublisher(queue, platform, metrics, bot_id=bot_id, model=model, at_once=_PHOTOS_AT_ONCE),
        store,
        platform,
        metrics,
        max_per_user=settings.max_per_user,
    )
    classify = ClassifyHandler(
        platform, store, photo_jobs, registry, max_labels=settings.max_labels
    )
    albums = AlbumCollector(platform, store, classify)

    edits = EditPace()
    game_jobs = GameJobs(
        JobPublisher(queue, platform, metrics, bot_id=bot_id, model=model, at_once=_GAMES_AT_ONCE)
    )
    runner = GameRunner(store, platform, game_jobs, edits)
    games = GameCommands(
        platform,
        store,
        runner,
        GameStarter(platform, store, runner, classify),
        Leaderboard(platform, store, runner, admin_ids=settings.admin_ids),
        GroupSettings(platform, store, edits),
    )

    preferences = Preferences(
        platform,
        store,
        registry,
        queue,
        max_labels=settings.max_labels,
        admin_ids=settings.admin_ids,
        sort=classify.sort_by_stored,
        forget=runner.forget,
        games_help=help_lines,
    )
    router = Router(
        platform,
        store,
        classify,
        albums,
        preferences,
        games,
        allowed_chats=settings.allowed_chats,
        admin_ids=settings.admin_ids,
    )

    chat_locks = KeyedLock()
    handlers: list[ResultHandler] = [runner, PhotoResults(store, platform, metrics)]
    dispatcher = ResultDispatcher(queue, handlers, chat_locks)
    lost = LostJobs(queue, store, photo_jobs, platform, chat_locks, on_new_queue=runner.resume)
    wait = settings.wait_notice_minutes * 60
    watches = (
        albums.watch,
        runner.watch,
        lost.watch,
        lambda: wait_notices.watch(
            store, platform, chat_locks, wait=wait, look_every=min(15.0, wait / 4)
        ),
        lambda: wait_notices.watch_model(store, platform, chat_locks, lambda: registry.lacks_model),
    )
    return _Conversations(router, runner, dispatcher, watches)


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


def _consume(stack: AsyncExitStack, consumer: Consumer) -> None:
    consumer.start()
    stack.push_async_callback(consumer.drain, _DRAIN_PATIENCE)


def _in_background(stack: AsyncExitStack, work: Callable[[], Awaitable[None]]) -> None:
    stack.push_async_callback(tasks.end, asyncio.create_task(tasks.keep_going(work)))
