"""Telegram and a made-up platform in one process, with one database, one queue and one worker.

People, chats and messages have the same ids on both.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.conversations import Conversations, Shared
from bot.queues.update_inbox import UpdateInbox
from bot.queues.worker_registry import WorkerRegistry
from bot.runtime.metrics import Metrics
from bot.settings import BotSettings
from bot.storage import claim, open_database
from bot.telegram.connection import build_bot, log_in
from bot.telegram.incoming import TelegramUpdateHandler
from bot.telegram.platform import TelegramPlatform
from bot.telegram.polling import Poller
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from inference.protocol import tasks
from inference.protocol.broker.client import Queue
from inference.protocol.settings import load
from tests.bot.made_up_platform.adapter import MadeUpPlatform, MadeUpUpdateHandler, event
from tests.inference.pictures import picture
from tests.inference.worker.support.running_worker import worker_starter
from tests.waiting import until

TELEGRAM_BOT, MADE_UP_BOT = 42, 10**18


class MadeUpChat:
    """What people write on the made-up platform, and what they read there."""

    def __init__(self, platform: MadeUpPlatform, inbox: UpdateInbox) -> None:
        self._platform = platform
        self._inbox = inbox

    async def write(
        self,
        number: int,
        user: int,
        channel: int,
        text: str,
        shown: bytes = b"",
        server: int | None = None,
    ) -> None:
        files = [f"file {number}"] if shown else []
        self._platform.files |= dict.fromkeys(files, shown)
        await self._inbox.keep(event(number, user, channel, text, *files, server=server))

    async def answer_to(self, channel: int, number: int) -> str:
        def look() -> list[str]:
            sent = self._platform.sent
            return [text for chat, message, text in sent if (chat, message) == (channel, number)]

        await until(lambda: bool(look()), True)
        (text,) = look()
        return text


@pytest.fixture
async def shared(queue: Queue, nats_url: str, tmp_path: Path) -> AsyncIterator[Shared]:
    token = f"{TELEGRAM_BOT}:TEST"
    settings = load(BotSettings, telegram_bot_token=token, clip_model="scripted", nats_url=nats_url)
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'clipbot.db'}")
    metrics = Metrics()
    await queue.answer_model(settings.clip_model)
    registry = WorkerRegistry(queue, metrics, settings.clip_model)
    async with worker_starter(nats_url) as start_worker:
        await start_worker()
        yield Shared(settings, database, queue, registry, metrics)
    await database.dispose()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def alice(shared: Shared, stack: AsyncExitStack) -> SimulatedUser:
    """Let the bot run on Telegram, and return a person there."""
    server = await stack.enter_async_context(BotApiServer(shared.settings.token))
    bot = build_bot(shared.settings.token, server.url)
    stack.push_async_callback(bot.shutdown)
    await log_in(bot)
    await claim(shared.database, TELEGRAM_BOT)
    conversations = Conversations(shared, TelegramPlatform(bot), TELEGRAM_BOT)
    inbox = await conversations.start(lambda router: TelegramUpdateHandler(bot, router), stack)
    poller = Poller(shared.settings.token, server.url, inbox.keep)
    stack.push_async_callback(poller.close)
    tasks.in_background(stack, poller.run)
    return server.person("Alice")


@pytest.fixture
async def made_up(shared: Shared, stack: AsyncExitStack) -> MadeUpChat:
    """Let the bot run on the made-up platform."""
    platform = MadeUpPlatform()
    await claim(shared.database, MADE_UP_BOT, platform.name)
    conversations = Conversations(shared, platform, MADE_UP_BOT)
    return MadeUpChat(platform, await conversations.start(MadeUpUpdateHandler, stack))


async def test_photos_are_answered_on_the_platform_that_they_came_from(
    alice: SimulatedUser, made_up: MadeUpChat
) -> None:
    photo = await alice.sends(picture("red", (320, 240)), caption="red, blue")
    chat, number = alice.chat.id, photo.message_id
    await made_up.write(number, alice.chat.id, chat, "green, blue", picture("green"))
    answer = await alice.hears(reply_to=photo)
    assert "🏆 <b>green</b>" in await made_up.answer_to(chat, number)
    assert (answer.caption or "").startswith("🏆 red")
    assert alice.chat.replies_to(photo) == [answer]


async def test_what_a_person_chooses_stays_on_its_platform(
    alice: SimulatedUser, made_up: MadeUpChat
) -> None:
    chat = alice.chat.id
    await made_up.write(1, alice.chat.id, chat, "/language es")
    assert "español" in (await made_up.answer_to(chat, 1)).lower()
    await made_up.write(2, alice.chat.id, chat, "/labels")
    assert "frases" in await made_up.answer_to(chat, 2)
    await alice.sends("/labels")
    assert "phrases" in ((await alice.hears()).text or "")


async def test_a_game_is_played_in_a_channel_of_a_server(made_up: MadeUpChat) -> None:
    await made_up.write(1, 7, 6, "/hunt a red thing", server=5)
    assert "a red thing" in await made_up.answer_to(6, 1)
    await made_up.write(2, 7, 8, "/stop", server=5)  # another channel of that server
    assert "No game is running here" in await made_up.answer_to(8, 2)
