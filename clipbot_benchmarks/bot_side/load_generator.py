"""Telegram and its people, in a process of their own.

`python -m clipbot_benchmarks.bot_side.load_generator FOLDER`

Prints the server's URL, then does what lines of JSON say (see `Order`), and answers each.
What Telegram's own machines do, this machine does beforehand (the sizes of people's photos) or not
at all (the sizes of the bot's charts), so that it does not take time from the bot.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import uvloop

from clipbot_playground.botapi.journal import Call
from clipbot_playground.botapi.model import media, photos
from clipbot_playground.botapi.model.content import Content
from clipbot_playground.botapi.model.entities import typed
from clipbot_playground.botapi.model.media import Photo
from clipbot_playground.botapi.model.photos import Rendition
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer

TOKEN = "42:BENCH"  # noqa: S105  # a token of nobody

# What a photo may take at the worst, with a constant for the first: a slow machine, a large model.
_PATIENCE = 5.0  # seconds for each
_START = 120.0  # seconds
_ANSWERS = ("sendPhoto", "sendMessage")


class Order(msgspec.Struct, frozen=True):
    """What the crowd shall do.

    Attributes:
        do: `polled`: wait until the bot polls.
            `burst`: `people` send `each` photos all at once; wait for all charts.
            `fill`: send `photos` photos, and one more for each chart that comes meanwhile, until
            the bot has fetched so many: from then on so many are under way.
            `flow`: send a new photo for each chart, `photos` times.
            `drain`: wait for all charts that are still to come.
    """

    do: str
    people: int = 1
    each: int = 1
    photos: int = 0


class Told(msgspec.Struct, frozen=True):
    """The crowd's answer.

    Attributes:
        seconds: from the first photo sent, or the first chart that counts, to the last chart.
        latencies: seconds from each photo to its chart, as the charts came.
    """

    seconds: float = 0.0
    latencies: list[float] = []


class Refused(Exception):
    """The bot answered a photo otherwise than with a chart."""


class Crowd:
    """People with the same photos and labels, each in a private chat."""

    def __init__(self, server: BotApiServer, pictures: list[Photo], caption: str) -> None:
        self._server = server
        self._contents = itertools.cycle(Content(typed(caption), each) for each in pictures)
        self._people: list[SimulatedUser] = []
        self._sent: dict[tuple[int, int], float] = {}  # (chat, message) → when
        self._seen = 0  # calls that were looked at
        self._fetched = 0
        self._answered: list[tuple[float, float]] = []  # when, latency

    async def obey(self, order: Order) -> Told:
        """Does what is said.

        Raises:
            Refused: see there.
            TimeoutError: the bot takes too long.
        """
        match order.do:
            case "polled":
                await self._polled()
                return Told()
            case "burst":
                return await self._burst(order.people, order.each)
            case "fill":
                await self._fill(order.photos)
                return Told()
            case "flow":
                return await self._flow(order.photos)
            case "drain":
                await self._until(lambda: not self._sent, len(self._sent))
                return Told()
        raise ValueError(order.do)

    async def _polled(self) -> None:
        updates = self._server.world.updates
        try:
            await self._server.until(lambda: updates.is_polled, _START)
        except TimeoutError:
            raise TimeoutError(f"it did not ask for updates within {_START:.0f} s") from None

    async def _fill(self, photos: int) -> None:
        fetched = self._fetched

        def look() -> bool:
            for place in range(photos - len(self._sent)):
                self._send(place)
            return self._fetched >= fetched + photos

        await self._until(look, photos)

    async def _burst(self, people: int, each: int) -> Told:
        already = len(self._answered)
        began = time.time()
        for place in range(people * each):
            self._send(place % people)
        await self._until(lambda: not self._sent, people * each)
        answered = self._answered[already:]
        return Told(max(at for at, _ in answered) - began, [latency for _, latency in answered])

    async def _flow(self, photos: int) -> Told:
        first = len(self._answered)
        sent = 0

        def look() -> bool:
            nonlocal sent
            while sent < len(self._answered) - first:
                self._send(sent)
                sent += 1
            return sent > photos

        await self._until(look, photos)
        times = [at for at, _ in self._answered[first : first + photos + 1]]
        return Told(times[-1] - times[0])

    def _send(self, place: int) -> None:
        while len(self._people) <= place:
            person = self._server.person(f"Person {len(self._people)}")
            person.chat.started = True
            self._people.append(person)
        person = self._people[place]
        now = time.time()
        message = self._server.world.post(person.chat, person.user, next(self._contents))
        self._sent[message.chat.id, message.message_id] = now

    async def _until(self, look: Callable[[], bool], photos: int) -> None:

        def found() -> bool:
            self._catch_up()
            return look()

        await self._server.until(found, 60.0 + _PATIENCE * photos)

    def _catch_up(self) -> None:
        for call in self._new_calls():
            if call.method == "file" and call.status == 200:
                self._fetched += 1
            elif call.method in _ANSWERS:
                self._note(call)

    def _new_calls(self) -> Iterator[Call]:
        calls = self._server.calls
        while self._seen < len(calls):
            self._seen += 1
            yield calls[self._seen - 1]

    def _note(self, call: Call) -> None:
        asked = call.parameters.get("reply_parameters") or {}
        key = (int(call.parameters["chat_id"]), int(asked.get("message_id", 0)))
        if call.status != 200 or call.method != "sendPhoto":
            said = call.description or call.parameters.get("text", "")
            raise Refused(f"{call.method}, status {call.status}: {said}")
        if (sent := self._sent.pop(key, None)) is not None:
            self._answered.append((call.at, call.at - sent))


async def _serve(files: list[bytes], caption: str) -> None:
    async with BotApiServer(TOKEN) as server:
        pictures = [await media.photo(server.world.files, data) for data in files]
        photos.ladder = _as_it_is  # from now on only the bot sends pictures that were not yet seen
        crowd = Crowd(server, pictures, caption)
        _say(server.url)
        while line := await asyncio.to_thread(sys.stdin.readline):
            try:
                _say(await crowd.obey(msgspec.json.decode(line, type=Order)))
            except (Refused, TimeoutError) as error:
                _complain(f"The bot under measurement: {error or 'no chart came in time'}.")


def _as_it_is(data: bytes) -> tuple[Rendition, ...]:
    """The bot's charts in the one size that it sent."""
    return (Rendition(*photos.dimensions(data), data),)


def _say(answer: object) -> None:
    print(msgspec.json.encode({"answer": answer}).decode(), flush=True)


def _complain(error: str) -> None:
    print(msgspec.json.encode({"error": error}).decode(), flush=True)


if __name__ == "__main__":
    folder, words = sys.argv[1:]
    uvloop.run(_serve([path.read_bytes() for path in sorted(Path(folder).glob("*.jpg"))], words))
