"""Everything that answers people on one chat platform. Which platform does not matter here.

`bot.app` builds one `Conversations` for each platform. They share the database, the queue and the
workers, and nothing else.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.chat.albums import AlbumCollector
from bot.chat.answers.answer_buttons import AnswerButtons
from bot.chat.answers.lost_jobs import LostJobs
from bot.chat.answers.photo_results import PhotoResults
from bot.chat.classify import ClassifyHandler
from bot.chat.label_sets.handlers import LabelSetHandlers
from bot.chat.membership import Membership
from bot.chat.my_data import MyData
from bot.chat.photo_jobs import PhotoJobs
from bot.chat.preferences import Preferences
from bot.chat.router import Router
from bot.chat.waiting import notices
from bot.chat.waiting.cancelling import Cancelling
from bot.chat.waiting.places import QueuePlaces
from bot.games.commands.commands import GameCommands
from bot.games.commands.leaderboard import Leaderboard
from bot.games.commands.settings import GroupSettings
from bot.games.commands.starting import GameStarter
from bot.games.registry import help_lines
from bot.games.rounds.jobs import GameJobs
from bot.games.rounds.pace import EditPace
from bot.games.rounds.runner import GameRunner
from bot.platform.ports import ChatPlatform
from bot.queues.consumer import Consumer
from bot.queues.job_publisher import JobPublisher
from bot.queues.result_dispatcher import ResultDispatcher, ResultHandler
from bot.queues.update_inbox import UpdateHandler, UpdateInbox
from bot.queues.worker_registry import WorkerRegistry
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.metrics import Metrics
from bot.settings import BotSettings
from bot.storage import Database, Store
from inference.protocol import tasks
from inference.protocol.broker.client import (
    RESULTS,
    UPDATES,
    Queue,
    results_subject,
    updates_subject,
)

# How many are held at once; most of them wait for their turn. This limits memory (a result has 50
# to 160 kB, an update with its task 6 kB) and the "in progress" messages to the queue. The inbox
# and the result dispatcher have lower limits for how many are handled at once.
_UPDATES_IN_HAND = 500
_RESULTS_IN_HAND = 300
# Questions whose pictures are in memory at once: each has up to one message of the queue, 64 MB.
# Photos and games have their own limit, so that neither waits for the other.
_PHOTOS_AT_ONCE, _GAMES_AT_ONCE = 12, 6
# Seconds for each of two consumers. With Telegram's last call (2), the web servers (3), the worker
# (6) and NATS (2 + 4) a stop takes less than 30.
_DRAIN_PATIENCE = 5.0

Watch = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Shared:
    """What all chat platforms share."""

    settings: BotSettings
    database: Database
    queue: Queue
    registry: WorkerRegistry
    metrics: Metrics


class Conversations:
    """Everything that answers people on one chat platform.

    Args:
        bot_id: the bot's own id on this platform.
    """

    def __init__(self, shared: Shared, platform: ChatPlatform, bot_id: int) -> None:
        settings, queue, metrics = shared.settings, shared.queue, shared.metrics
        registry, store = shared.registry, Store(shared.database, platform.name)

        def publisher(at_once: int) -> JobPublisher:
            model = settings.clip_model
            return JobPublisher(
                queue, platform, metrics, bot_id=bot_id, model=model, at_once=at_once
            )

        chat_locks = KeyedLock()
        places = QueuePlaces(store, platform, chat_locks, lambda: registry.is_answering)
        photo_jobs = PhotoJobs(
            publisher(_PHOTOS_AT_ONCE),
            store,
            platform,
            metrics,
            max_per_user=settings.max_per_user,
            asked=places.asked,
        )
        classify = ClassifyHandler(
            platform, store, photo_jobs, registry, max_labels=settings.max_labels
        )
        albums = AlbumCollector(platform, store, classify)

        edits = EditPace()
        runner = GameRunner(store, platform, GameJobs(publisher(_GAMES_AT_ONCE)), edits)
        games = GameCommands(
            platform,
            store,
            runner,
            GameStarter(platform, store, runner, classify),
            Leaderboard(platform, store, runner, admin_ids=settings.admin_ids),
            GroupSettings(platform, store, edits),
        )

        label_sets = LabelSetHandlers(
            platform, store, max_labels=settings.max_labels, sort=classify.sort_by_stored
        )
        preferences = Preferences(
            platform,
            store,
            registry,
            queue,
            max_labels=settings.max_labels,
            admin_ids=settings.admin_ids,
            sort=classify.sort_by_stored,
            games_help=help_lines,
            start_links=label_sets.start_links,
        )
        my_data = MyData(platform, store, forget=runner.forget, rounds_of=runner.rounds_of)
        self._router = Router(
            platform,
            store,
            classify,
            albums,
            games,
            commands={
                **preferences.commands,
                **my_data.commands,
                **label_sets.commands,
                **Cancelling(platform, store, photo_jobs, chat_locks).commands,
            },
            presses={
                **preferences.presses,
                **my_data.presses,
                **classify.presses,
                **AnswerButtons(platform, store).presses,
                **label_sets.presses,
            },
            membership=Membership(platform, store, registry).changed,
            label_sets=label_sets.message,
            inline=label_sets.inline,
            allowed_chats=settings.allowed_chats,
            admin_ids=settings.admin_ids,
        )

        handlers: list[ResultHandler] = [runner, PhotoResults(store, platform, metrics)]
        lost = LostJobs(queue, store, photo_jobs, platform, chat_locks, on_new_queue=runner.resume)
        wait = settings.wait_notice_minutes * 60
        self._watches: tuple[Watch, ...] = (
            albums.watch,
            runner.watch,
            lost.watch,
            places.watch,
            lambda: notices.watch(
                *(store, platform, chat_locks),
                wait=wait,
                look_every=min(15.0, wait / 4),
                knows_place=places.tells,
            ),
            lambda: notices.watch_model(store, platform, chat_locks, lambda: registry.lacks_model),
        )
        self._runner = runner
        self._dispatcher = ResultDispatcher(queue, handlers, chat_locks)
        self._shared, self._store, self._bot_id = shared, store, bot_id

    async def start(
        self, handler_of: Callable[[Router], UpdateHandler], stack: AsyncExitStack
    ) -> UpdateInbox:
        """Answer people until the stack closes; return the inbox for the platform's updates.

        Args:
            handler_of: returns what turns updates into messages for the router.
        """
        shared, bot_id = self._shared, self._bot_id
        await self._runner.resume()
        results = await shared.queue.pull_consumer(
            RESULTS, f"bot-{bot_id}", results_subject(bot_id)
        )
        _consume(stack, Consumer(results, self._dispatcher.deal_with, limit=_RESULTS_IN_HAND))
        for watch in self._watches:
            tasks.in_background(stack, watch)
        inbox = UpdateInbox(
            shared.queue, self._store, handler_of(self._router), bot_id, shared.metrics
        )
        updates = await shared.queue.pull_consumer(
            UPDATES, f"bot-{bot_id}", updates_subject(bot_id)
        )
        _consume(stack, Consumer(updates, inbox.deal_with, limit=_UPDATES_IN_HAND))
        return inbox


def _consume(stack: AsyncExitStack, consumer: Consumer) -> None:
    consumer.start()
    stack.push_async_callback(consumer.drain, _DRAIN_PATIENCE)
