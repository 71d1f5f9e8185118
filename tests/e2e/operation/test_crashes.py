"""Neither `kill -9` of any process nor an orderly stop loses anything."""

import os
import signal
import time
from collections.abc import Sequence

from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.conftest import Start
from tests.e2e.running import Clipbot
from tests.playground.botapi.pictures import picture
from tests.waiting import until

PHOTO = picture(320, 240)


class Crowd:
    """People who all send photos at the same time."""

    def __init__(self, server: BotApiServer, *, people: int, photos: int) -> None:
        self._server = server
        self.people = [server.person(f"Person {number}") for number in range(people)]
        self._photos = photos
        self.sent: list[Message] = []

    async def sends(self) -> None:
        for _ in range(self._photos):
            for person in self.people:
                self.sent.append(await person.sends(PHOTO, caption="a dog, a cat"))

    def answers(self) -> list[Sequence[Message]]:
        return [photo.chat.replies_to(photo) for photo in self.sent]

    def answered(self) -> int:
        """Count the photos with a chart: a sentence about the queue is not an answer yet."""
        return sum(any(answer.photo for answer in answers) for answers in self.answers())

    def repeats(self) -> int:
        return sum(max(0, len(answers) - 1) for answers in self.answers())

    async def is_answered(self, count: int | None = None, within: float = 90.0) -> None:
        wanted = len(self.sent) if count is None else count
        await self._server.until(lambda: self.answered() >= wanted, within)


async def _is_ready(bot: Clipbot, server: BotApiServer) -> SimulatedUser:
    """Wait until the bot has answered somebody, which shows that every part runs."""
    first = server.person("First")
    photo = await first.sends(PHOTO, caption="a dog, a cat")
    await first.hears(reply_to=photo, within=60)
    return first


async def test_killing_everything_with_40_photos_in_flight_loses_none(
    own_server: BotApiServer, start: Start
) -> None:
    crowd = Crowd(own_server, people=10, photos=4)
    async with start() as bot:
        first = await _is_ready(bot, own_server)
        await first.hears(reply_to=await first.sends("/labels a dog, a cat"))
        os.kill(bot.process("worker"), signal.SIGSTOP)
        await crowd.sends()
        os.kill(bot.process("worker"), signal.SIGCONT)
        await crowd.is_answered(5)
        await bot.is_killed()
        killed = time.time()
    missing = len(crowd.sent) - crowd.answered()
    async with start() as bot:
        await crowd.is_answered()
        # This question comes last and is answered last, so no reply repeats after it.
        shown = await first.hears(reply_to=await first.sends("/labels"))
        assert shown.text == "Your phrases: a dog, a cat"
        photo = await first.sends(PHOTO)
        await first.hears(reply_to=photo)
    # Requests of the killed bot may reach the server until the new one sends its first request.
    again = min(call.at for call in own_server.calls_of("getMe") if call.at > killed)
    calls = own_server.calls_of("sendPhoto")
    in_flight = [call for call in calls if killed - 3.0 < call.at < again]
    assert missing > 0
    assert crowd.repeats() <= len(in_flight)
    assert max(len(answers) for answers in crowd.answers()) <= 2


async def test_a_killed_worker_and_queue_start_again_by_themselves(
    own_server: BotApiServer, start: Start
) -> None:
    crowd = Crowd(own_server, people=4, photos=4)
    async with start() as bot:
        await _is_ready(bot, own_server)
        worker = bot.process("worker")
        os.kill(worker, signal.SIGSTOP)
        await crowd.sends()
        os.kill(worker, signal.SIGCONT)
        await crowd.is_answered(2)
        os.kill(worker, signal.SIGKILL)
        await crowd.is_answered()
        os.kill(bot.process("nats-server.conf"), signal.SIGKILL)
        await crowd.sends()
        await crowd.is_answered()
        assert crowd.repeats() == 0
        assert "worker ended by itself" in bot.log
        assert "nats-server ended by itself" in bot.log


async def test_killing_only_the_bot_leaves_no_orphans(
    own_server: BotApiServer, start: Start
) -> None:
    crowd = Crowd(own_server, people=4, photos=3)
    async with start() as bot:
        await _is_ready(bot, own_server)
        await crowd.sends()
        os.kill(bot.pid, signal.SIGKILL)
        await bot.ends()
        await bot.leaves_nothing(20)
    async with start() as bot:
        await crowd.is_answered()
        assert max(len(answers) for answers in crowd.answers()) <= 2


async def test_a_stop_under_load_is_quick_and_loses_nothing(
    own_server: BotApiServer, start: Start
) -> None:
    crowd = Crowd(own_server, people=10, photos=4)
    async with start() as bot:
        await _is_ready(bot, own_server)
        os.kill(bot.process("worker"), signal.SIGSTOP)
        await crowd.sends()
        os.kill(bot.process("worker"), signal.SIGCONT)
        await crowd.is_answered(3)
        assert await bot.stops(within=30) == 0
        await bot.leaves_nothing()
        assert "Traceback" not in bot.log
    async with start() as again:
        await again.polls()  # else an answered crowd would stop the bot while it starts
        await crowd.is_answered()
        assert crowd.repeats() == 0


async def test_the_bot_stops_while_it_starts(own_server: BotApiServer, start: Start) -> None:
    own_server.faults.next("getMe", status=502, times=100)
    async with start() as bot:
        await own_server.until(lambda: any(call.method == "getMe" for call in own_server.calls))
        assert await bot.stops(within=20) == 0
        await until(bot.processes, {})
