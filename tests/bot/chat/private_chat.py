"""A private chat with the bot, whose handlers are called as Telegram's updates would have it."""

from types import SimpleNamespace
from typing import Any

from telegram import Message

from bot.chat.classify import Conversation
from bot.chat.people import Speaker, speaker_of
from bot.chat.preferences import Preferences
from bot.platform.models import MessageRef
from bot.queues.job_publisher import JobPublisher
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.broker.client import JOBS, JOBS_SUBJECT, Queue
from inference.protocol.messages import Job, decode_job
from tests.bot.scripted import ScriptedPlatform
from tests.bot.telegram.messages import message, size

BOT = {"id": 42, "is_bot": True, "first_name": "clipbot"}
_ANYTHING: Any = None


class Chat:
    """Alice's private chat with the bot. Numbers are those of messages; edits have serials."""

    def __init__(self, store: Store, queue: Queue, platform: ScriptedPlatform) -> None:
        self.store = store
        self.platform = platform
        self._queue = queue
        self._intake = JobPublisher(queue, store, platform, Metrics(), bot_id=42, max_per_user=3)
        telegram: Any = platform
        registry: Any = SimpleNamespace(image_size=224, is_demo=False)
        self.registry = registry
        self.has_limit(20)
        self.preferences = Preferences(
            telegram,
            store,
            registry,
            queue,
            _ANYTHING,
            max_labels=20,
            admin_ids=frozenset(),
            sort=self.conversation.sort_by_stored,
        )

    def has_limit(self, max_labels: int) -> None:
        """From now on the bot takes so many labels at once."""
        telegram: Any = self.platform
        self.conversation = Conversation(
            telegram, self.store, self._intake, self.registry, max_labels=max_labels
        )

    async def speaker(self, heard: Message) -> Speaker:
        who = await speaker_of(heard, self.store)
        assert who
        return who

    async def hears(self, heard: Message, revision: int = 0) -> None:
        who = await self.speaker(heard)
        await self.conversation.private_message(heard, who, revision)

    async def text(self, number: int, text: str, revision: int = 0, **fields: Any) -> None:
        await self.hears(message(message_id=number, text=text, **fields), revision)

    async def photo(
        self, number: int, caption: str | None = None, revision: int = 0, width: int = 400
    ) -> None:
        shown = message(message_id=number, photo=[size(width, 300)], caption=caption)
        await self.hears(shown, revision)

    async def command(self, number: int, written: str, revision: int = 0, **fields: Any) -> None:
        """A command of Alice's; a caption where the fields hold a picture."""
        where = "caption" if "photo" in fields else "text"
        heard = message(message_id=number, **{where: written, **fields})
        who = await self.speaker(heard)
        name, _, argument = written.removeprefix("/").partition(" ")
        if name == "classify":
            await self.conversation.classify(heard, who, argument, revision)
        else:
            await self.preferences.commands[name](heard, who, argument)

    async def charts(self, number: int, revision: int = 0) -> int:
        """The answer to a message comes; returns the chart's number."""
        chart = 20_000 + number
        await self.store.record_answer(
            MessageRef(7, number), chart, is_chart=True, job_id=f"7.{number}.{revision}"
        )
        return chart

    async def jobs(self) -> list[Job]:
        """What the workers were asked since the last look."""
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
        """The question that is open, by its message."""
        asked = await self.store.open_question(7, 7)
        assert asked
        return asked[0]
