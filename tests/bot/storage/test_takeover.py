"""What the clipbot of commit 1aec034 left behind is taken over: its database and its queue."""

import asyncio
import base64
import json
import re
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from telegram import Bot, User

from bot.chat.answers.photo_results import PhotoResults
from bot.games.rounds.jobs import GameJobs
from bot.games.rounds.pace import EditPace
from bot.games.rounds.runner import GameRunner
from bot.games.rounds.store import RoundStore
from bot.games.rules import Phase, Player, Round, RoundId
from bot.games.rules.events import RoundSkipped
from bot.platform.incoming import IncomingMessage
from bot.platform.models import Media, MessageRef
from bot.queues.consumer import Consumer
from bot.queues.job_publisher import JobPublisher
from bot.queues.result_dispatcher import ResultDispatcher
from bot.queues.update_inbox import UpdateInbox
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.metrics import Metrics
from bot.storage import (
    Database,
    Display,
    GameSettings,
    Profile,
    Store,
    claim,
    open_database,
)
from bot.storage.engine.tables import metadata
from bot.storage.migrations import upgrade
from bot.telegram.incoming import TelegramUpdateHandler, restore_message
from inference.protocol import tasks
from inference.protocol.broker.client import (
    ALL_STREAMS,
    JOBS,
    JOBS_SUBJECT,
    RESULTS,
    UPDATES,
    Queue,
    results_subject,
    updates_subject,
)
from inference.protocol.errors import SettingError
from inference.protocol.messages import ImageOutcome, Result, decode_job, encode
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.scripted import ScriptedPlatform, a_request
from tests.waiting import until

LEFT = Path(__file__).parent / "takeover"
BOT, ALICE, BOB, CAROL, GROUP = 42, 7, 8, 9, -100
PHOTO = Media("file", "unique", 100)
ROUNDS = {20: None, 21: 5, 22: 6}  # number and topic

# Columns that are times of the host's clock.
_TIMES = {"created_at", "noticed_at", "delivered_at", "at", "due_at"}


def left_behind() -> sqlite3.Connection:
    """Return the database, with its times moved so that it was left a moment ago."""
    script = (LEFT / "database.sql").read_text()
    written = re.match(r"-- (\d+)\n", script)
    assert written
    age = time.time() - int(written[1])
    found = sqlite3.connect(":memory:")
    found.executescript(script)
    for (table,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = {row[1] for row in found.execute(f"PRAGMA table_info({table})").fetchall()}
        for column in columns & _TIMES:
            found.execute(f"UPDATE {table} SET {column} = {column} + ?", [age])
    found.commit()
    return found


async def copied(address: str) -> None:
    """Copy the database to an address: the whole file for SQLite, each table for PostgreSQL."""
    with closing(left_behind()) as found:
        if address.startswith("sqlite"):
            file = Path(make_url(address).database or "")
            file.parent.mkdir(parents=True)
            with closing(sqlite3.connect(file)) as copy:
                found.backup(copy)
            return
        found.row_factory = sqlite3.Row
        server = create_async_engine(address)
        older = MetaData()
        async with server.begin() as connection:
            await connection.run_sync(metadata.drop_all)
            await connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
            await connection.run_sync(upgrade, "0003")
            await connection.run_sync(older.reflect)
            for table in older.sorted_tables:
                rows = [dict(row) for row in found.execute(f"SELECT * FROM {table.name}")]
                if rows and table.name != "alembic_version":
                    await connection.execute(table.insert(), rows)
        await server.dispose()


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    await copied(address)
    database = await open_database(address)
    yield database
    async with database.begin() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(table.delete())
    await database.dispose()


async def test_the_database_is_the_same_bots(database: Database) -> None:
    await claim(database, BOT)
    with pytest.raises(SettingError, match=r"another bot \(id 42\)"):
        await claim(database, 43)
    await claim(database, 43, "discord")


async def test_what_people_chose(store: Store) -> None:
    assert await store.person(ALICE) == Profile("en", ("a dog", "猫, 'quoted'"))
    assert await store.person(BOB) == Profile("es", template="a photo of {}")
    assert [await store.is_hidden(one) for one in (ALICE, BOB, CAROL)] == [False, False, True]
    assert await store.is_handled("600")
    assert not await store.is_handled("601")


async def test_questions_and_their_answers(store: Store) -> None:
    assert {one.id for one in await store.unanswered_since(time.time())} == {"7.2.0", "7.3.0"}
    (waiting, _) = await store.unanswered_since(time.time())
    request = waiting.request
    assert (request.labels, request.media, request.platform) == (
        ("a dog", "a cat"),
        (PHOTO,),
        "telegram",
    )
    assert await store.jobs_in_flight(ALICE) == 2
    assert [one.id for one in await store.waiting_longer_than(0)] == ["7.3.0"]  # 2: told already
    for number, answer, is_chart in ((1, 101, True), (2, 102, False), (4, 104, False)):
        found = await store.answer_to(ALICE, number)
        assert found
        assert (found.answer_id, found.is_chart) == (answer, is_chart)
        job = await store.job_answered_by(ALICE, answer)
        assert job
        assert job.id == f"{ALICE}.{number}.0"
        assert job.ref == MessageRef(ALICE, number)
        assert a_request(number, media=(PHOTO,)).says_the_same_as(job.fingerprint)
        assert job.delivered == (number != 2)
    superseded, newest = await store.job("7.5.0"), await store.latest_job(ALICE, 5)
    assert superseded
    assert newest
    assert (superseded.fingerprint, superseded.delivered) == ("", True)
    assert (newest.id, newest.revision, newest.delivered) == ("7.5.9", 9, True)


async def test_open_questions_and_albums(store: Store) -> None:
    assert await store.open_question(ALICE, ALICE) == (106, (PHOTO,))
    assert await store.last_asked_at(ALICE, ALICE) > time.time() - 900
    await store.put_off_all_albums(-1)
    (album,) = await store.due_albums()
    assert (album.chat_id, album.group_id, album.revision) == (ALICE, "album", 511)
    items = [json.loads(item) for item in await store.album_items(album)]
    assert [item["message_id"] for item in items] == [10, 11]


async def test_rounds_scores_and_settings(store: Store) -> None:
    rounds = {one.id.number: one for one in await RoundStore(store).all()}
    assert {number: one.thread_id for number, one in rounds.items()} == ROUNDS
    for one in rounds.values():
        assert one.id.chat_id == GROUP
        assert one.state.phase is Phase.OPEN
        assert one.state.config.starter == Player(ALICE, "Alice", "alice")
        assert one.state.config.seconds == 600.0
    assert rounds[20].display == Display(120, "what it shows", (1.0,))
    states: dict[int, Any] = {number: one.state for number, one in rounds.items()}
    assert states[20].labels == ("a dog", "a cat", "a fox")
    assert [(one.player.name, one.label) for one in states[20].guesses] == [("Bob", 0)]
    assert [one.phrase for one in states[21].entries] == ["a dog", "a cat"]
    assert states[22].target == "a red thing"
    assert [shot.media for shot in states[22].shots] == [PHOTO]
    assert {row.key.home_id for row in await store.rounds_under_way()} == {GROUP}
    board = [(s.name, s.username, s.points, s.medals) for s in await store.leaderboard(GROUP)]
    assert board == [("Alice", "alice", 135, (2, 0, 0)), ("Bob", "", 20, (0, 2, 0))]
    assert await store.streak(GROUP, ALICE) == 2
    assert await store.last_game(GROUP) == "guess"
    assert await store.game_settings(GROUP) == GameSettings(2.0, "es", 4, admins_only=False)


class OnTelegram(ScriptedPlatform):
    """Reads stored messages as Telegram's adapter does."""

    def __init__(self, bot: Bot) -> None:
        super().__init__()
        self._bot = bot

    def restore(self, stored: bytes) -> IncomingMessage | None:
        return restore_message(stored, self._bot)


class Successor:
    """Today's bot on what was left behind, with a worker that finds the first label."""

    def __init__(self, store: Store, queue: Queue) -> None:
        bot = Bot("42:token")
        bot._bot_user = User(BOT, "clipbot", is_bot=True, username="clipbot")
        self.store = store
        self.queue = queue
        self.platform = OnTelegram(bot)
        self.chat = PrivateChat(store, queue, self.platform)
        jobs = GameJobs(JobPublisher(queue, self.platform, Metrics(), bot_id=BOT))
        self.runner = GameRunner(store, self.platform, jobs, EditPace())
        handler = TelegramUpdateHandler(bot, self.chat.router)
        self._inbox = UpdateInbox(queue, store, handler, BOT, Metrics())
        photos = PhotoResults(store, self.platform, Metrics())
        self._dispatcher = ResultDispatcher(queue, [self.runner, photos], KeyedLock())

    async def start(self) -> list[Consumer | asyncio.Task[None]]:
        await self.runner.resume()
        takes_results, takes_updates = self._dispatcher.deal_with, self._inbox.deal_with
        return [
            await self._consumes(RESULTS, f"bot-{BOT}", results_subject(BOT), takes_results),
            asyncio.create_task(self.chat.albums.watch()),
            asyncio.create_task(self.runner.watch()),
            await self._consumes(UPDATES, f"bot-{BOT}", updates_subject(BOT), takes_updates),
            await self._consumes(JOBS, "worker", JOBS_SUBJECT, self._work),
        ]

    async def _consumes(
        self, stream: str, durable: str, subject: str, handle: Callable[..., Any]
    ) -> Consumer:
        consumer = Consumer(
            await self.queue.pull_consumer(stream, durable, subject), handle, limit=9
        )
        consumer.start()
        return consumer

    async def _work(self, delivery: Any) -> None:
        job = decode_job(delivery.data)
        share = 0.25 / (len(job.labels) - 1)
        outcome = ImageOutcome([0.75, *[share] * (len(job.labels) - 1)])
        result = Result(
            job_id=job.id,
            reply=job.reply,
            labels=job.labels,
            images=[outcome] * len(job.images),
            chart=b"\x89PNG chart",
        )
        await self.queue.publish(job.reply.subject, encode(result), job.id)
        await delivery.ack()


@pytest.fixture
async def successor(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Successor]:
    monkeypatch.setattr("bot.chat.albums.ACK_WAIT", 0.0)
    await queue.prepare(100, owner=True)
    for message in json.loads((LEFT / "queue.json").read_text()):
        number = message["headers"]["Nats-Msg-Id"]
        await queue.publish(message["subject"], base64.b64decode(message["data"]), number)
    address = f"sqlite+aiosqlite:///{tmp_path}/left/clipbot.db"
    await copied(address)
    database = await open_database(address)
    async with database.begin() as connection:  # the stream itself was not left behind
        values = {"made": queue.jobs_made}
        await connection.execute(text("UPDATE jobs SET queue = :made"), values)
    successor = Successor(Store(database), queue)
    running = await successor.start()
    yield successor
    for one in running:
        if isinstance(one, Consumer):
            await one.drain(1.0)
        else:
            await tasks.end(one)
    await database.dispose()


async def test_all_that_was_under_way_is_answered_once(successor: Successor) -> None:
    store, queue, platform = successor.store, successor.queue, successor.platform

    async def is_left() -> int:
        held = [await queue.stored(stream) for stream in ALL_STREAMS]
        albums = await store.next_album_due()
        return sum(held) + (await store.jobs_in_flight(ALICE)) + (albums is not None)

    await until(is_left, 0, within=30.0)
    charts = Counter((kind, ref.message_id) for kind, ref, _ in platform.said if "chart" in kind)
    assert charts == {
        ("edit 102 to chart", 2): 1,  # the job, in place of "your picture still waits"
        ("chart", 3): 1,  # the result
        ("chart", 10): 1,  # the album
        ("chart", 12): 1,  # the photo that came as an update
        ("chart", 13): 1,  # the answer to our question
    }
    said = {ref.message_id: text for kind, ref, text in platform.said if "chart" in kind}
    assert {number: re.findall("<b>(.*?)</b>", words) for number, words in said.items()} == {
        2: ["a dog"],
        3: ["a dog"],
        10: ["a fox", "a fox"],
        12: ["a red car"],
        13: ["a boat"],
    }
    assert "text" not in platform.kinds
    assert [await store.is_handled(key) for key in ("600", "601", "602")] == [True] * 3


async def test_all_rounds_are_played_to_their_end(successor: Successor) -> None:
    store, platform = successor.store, successor.platform

    async def states() -> list[Round]:
        return [one.state for one in await RoundStore(store).all()]

    async def has_verdict() -> bool:
        return any(getattr(state, "probabilities", ()) for state in await states())

    await until(has_verdict, True)  # the job that the round had asked for
    for number, thread_id in ROUNDS.items():
        await successor.runner.happens(GROUP, thread_id, RoundSkipped(RoundId(GROUP, number)))
    await until(states, [], within=60.0)
    boards = {ref.message_id for kind, ref, _ in platform.said if kind.startswith("edit board")}
    assert boards == {120, 121, 122}
    told = Counter(ref.message_id for kind, ref, _ in platform.said if kind in {"chart", "board"})
    assert [told[board] for board in (120, 121, 122)] == [1, 1, 1]
    lines = {line.user_id: line for line in await store.leaderboard(GROUP)}
    assert {user_id: line.rounds for user_id, line in lines.items()} == {ALICE: 3, BOB: 5}
    assert lines[ALICE].points == 135 + 100  # the best of the duel
    assert lines[BOB].points > 20 + 60  # second of the duel; right in Beat CLIP and the hunt
