"""A private chat with the bot, which gets messages as an adapter hands them over."""

from types import SimpleNamespace
from typing import Any

from bot.chat.albums import AlbumCollector
from bot.chat.answers.answer_buttons import AnswerButtons
from bot.chat.classify import ClassifyHandler
from bot.chat.label_sets.handlers import LabelSetHandlers
from bot.chat.membership import Membership
from bot.chat.my_data import MyData
from bot.chat.photo_jobs import PhotoJobs
from bot.chat.preferences import CommandHandler, Preferences
from bot.chat.router import Router
from bot.chat.waiting.cancelling import Cancelling
from bot.platform.incoming import ButtonPress, Incoming, IncomingMessage
from bot.platform.models import MessageRef
from bot.queues.job_publisher import JobPublisher
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.broker.client import JOBS, JOBS_SUBJECT, Queue
from inference.protocol.messages import Job, decode_job
from tests.bot.incoming import message, picture
from tests.bot.scripted import ScriptedPlatform


class NoGames:
    """In place of the games: notes the people that they have to forget."""

    def __init__(self) -> None:
        self.commands: dict[str, CommandHandler] = {}
        self.forgotten: list[int] = []

    async def reply(self, _message: IncomingMessage, _who: object) -> bool:
        return False

    async def press(self, _press: ButtonPress) -> bool:
        return False

    async def forget(self, user_id: int) -> None:
        self.forgotten.append(user_id)

    async def rounds_of(self, user_id: int) -> list[dict[str, Any]]:
        return [{"game": "duel", "yours": [user_id]}]


class PrivateChat:
    """Alice's private chat with the bot. Numbers are those of messages; edits have revisions."""

    def __init__(self, store: Store, queue: Queue, platform: ScriptedPlatform) -> None:
        self.store = store
        self.platform = platform
        self.games = NoGames()
        self.chat_locks = KeyedLock()
        self._queue = queue
        registry: Any = SimpleNamespace(image_size=224, is_demo=False)
        self.registry = registry
        self._allowed: frozenset[int] = frozenset()
        self._max_labels = 20
        self._build()

    def has_limit(self, max_labels: int) -> None:
        """Set how many labels the bot takes at once."""
        self._max_labels = max_labels
        self._build()

    def allows(self, *chats: int) -> None:
        """Set ALLOWED_CHATS."""
        self._allowed = frozenset(chats)
        self._build()

    def _build(self) -> None:
        store, platform, max_labels = self.store, self.platform, self._max_labels
        publisher = JobPublisher(self._queue, platform, Metrics(), bot_id=42)
        jobs = PhotoJobs(publisher, store, platform, Metrics(), max_per_user=3)
        classify = self.classify = ClassifyHandler(
            platform, store, jobs, self.registry, max_labels=max_labels
        )
        label_sets = LabelSetHandlers(
            platform, store, max_labels=max_labels, sort=classify.sort_by_stored
        )
        preferences = Preferences(
            platform,
            store,
            self.registry,
            self._queue,
            max_labels=max_labels,
            admin_ids=frozenset(),
            sort=classify.sort_by_stored,
            games_help=lambda _: [],
            start_links=label_sets.start_links,
        )
        my_data = MyData(platform, store, forget=self.games.forget, rounds_of=self.games.rounds_of)
        self.albums = AlbumCollector(platform, store, classify)
        self.router = Router(
            platform,
            store,
            classify,
            self.albums,
            self.games,
            commands={
                **preferences.commands,
                **my_data.commands,
                **label_sets.commands,
                **Cancelling(platform, store, jobs, self.chat_locks).commands,
            },
            presses={
                **preferences.presses,
                **my_data.presses,
                **classify.presses,
                **AnswerButtons(platform, store).presses,
                **label_sets.presses,
            },
            membership=Membership(platform, store, self.registry).changed,
            allowed_chats=self._allowed,
            label_sets=label_sets.message,
            inline=label_sets.inline,
            admin_ids=frozenset(),
        )

    async def hears(self, heard: Incoming) -> None:
        await self.router.handle(heard)

    async def text(self, number: int, text: str, revision: int = 0, **fields: Any) -> None:
        await self.hears(message(number, text, revision=revision, **fields))

    async def photo(
        self, number: int, caption: str = "", revision: int = 0, width: int = 400
    ) -> None:
        await self.hears(message(number, caption, picture((width, 300)), revision=revision))

    async def charts(self, number: int, revision: int = 0) -> int:
        """Answer a message with a chart; return the id of the chart's message."""
        chart = 20_000 + number
        await self.store.record_answer(
            MessageRef(7, number), chart, is_chart=True, job_id=f"7.{number}.{revision}"
        )
        return chart

    async def jobs(self) -> list[Job]:
        """Return what the workers were asked since the last look."""
        pull_consumer = await self._queue.pull_consumer(JOBS, "test", JOBS_SUBJECT)
        found = []
        for delivery in await pull_consumer.pull(9, 0.2):
            found.append(decode_job(delivery.data))
            await delivery.ack()
        return found

    @property
    def sentences(self) -> list[str]:
        return [text for _, _, text in self.platform.said]

    async def question(self) -> int:
        """Return the message id of the open question."""
        asked = await self.store.open_question(7, 7)
        assert asked
        return asked[0]
