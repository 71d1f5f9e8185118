"""A load generator: a Bot API server and the people who send photos, in a process of its own.

`python -m clipbot_benchmarks.bot_side.load_generator FOLDER LABELS`

Prints the server's URL. Then executes the `LoadCommand` in each line of standard input and answers
with a line of JSON.

Telegram scales photos on machines of its own. Here the photos of people are scaled before the
measurement, and the bot's charts are not scaled at all, so that this takes no time from the bot.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import uvloop

from clipbot_playground.botapi.model import media, photos
from clipbot_playground.botapi.model.content import Content
from clipbot_playground.botapi.model.entities import typed
from clipbot_playground.botapi.model.media import Photo
from clipbot_playground.botapi.model.photos import Rendition
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.botapi.state.journal import Call

TOKEN = "42:BENCH"  # noqa: S105  # not a real token

# Seconds. Generous, for a slow machine with a large model.
_PER_PHOTO = 5.0
_FIRST_PHOTO = 60.0
_FIRST_POLL = 120.0
_ANSWERS = ("sendPhoto", "sendMessage")


class LoadCommand(msgspec.Struct, frozen=True):
    """One step of the load.

    Attributes:
        do: `polled`: wait until the bot polls.
            `burst`: send `each` photos from each of `people` at the same moment; wait for all
            charts.
            `fill`: keep `photos` photos waiting, sending a new one for each chart, until the bot
            has fetched `photos` more.
            `flow`: send a new photo for each chart, `photos` times.
            `drain`: wait for all charts that are still missing.
    """

    do: str
    people: int = 1
    each: int = 1
    photos: int = 0


class LoadResult(msgspec.Struct, frozen=True):
    """What a step took.

    Attributes:
        seconds: from the first photo sent (`burst`) or the first chart (`flow`) to the last chart.
        latencies: seconds from each photo to its chart, in the order of the charts.
    """

    seconds: float = 0.0
    latencies: list[float] = []


class NoChart(Exception):
    """The bot answered a photo with something other than a chart."""


class LoadGenerator:
    """People who send the same photos and labels, each in a private chat."""

    def __init__(self, server: BotApiServer, pictures: list[Photo], caption: str) -> None:
        self._server = server
        self._contents = itertools.cycle(Content(typed(caption), each) for each in pictures)
        self._people: list[SimulatedUser] = []
        self._sent: dict[tuple[int, int], float] = {}  # (chat, message) → when it was sent
        self._seen = 0  # number of calls that were read
        self._fetched = 0
        self._answered: list[tuple[float, float]] = []  # time of the chart, latency

    async def execute(self, step: LoadCommand) -> LoadResult:
        """Execute one step.

        Raises:
            NoChart: the bot answered a photo with something else.
            TimeoutError: the bot takes too long.
            ValueError: there is no such step.
        """
        match step.do:
            case "polled":
                await self._polled()
                return LoadResult()
            case "burst":
                return await self._burst(step.people, step.each)
            case "fill":
                await self._fill(step.photos)
                return LoadResult()
            case "flow":
                return await self._flow(step.photos)
            case "drain":
                await self._until(lambda: not self._sent, len(self._sent))
                return LoadResult()
        raise ValueError(step.do)

    async def _polled(self) -> None:
        updates = self._server.world.updates
        try:
            await self._server.until(lambda: updates.is_polled, _FIRST_POLL)
        except TimeoutError:
            raise TimeoutError(f"it did not poll for updates within {_FIRST_POLL:.0f} s") from None

    async def _fill(self, photos: int) -> None:
        fetched = self._fetched

        def is_reached() -> bool:
            for person in range(photos - len(self._sent)):
                self._send(person)
            return self._fetched >= fetched + photos

        await self._until(is_reached, photos)

    async def _burst(self, people: int, each: int) -> LoadResult:
        already = len(self._answered)
        began = time.time()
        for number in range(people * each):
            self._send(number % people)
        await self._until(lambda: not self._sent, people * each)
        answered = self._answered[already:]
        return LoadResult(
            max(at for at, _ in answered) - began, [latency for _, latency in answered]
        )

    async def _flow(self, photos: int) -> LoadResult:
        first = len(self._answered)
        sent = 0

        def is_reached() -> bool:
            nonlocal sent
            while sent < len(self._answered) - first:
                self._send(sent)
                sent += 1
            return sent > photos

        await self._until(is_reached, photos)
        times = [at for at, _ in self._answered[first : first + photos + 1]]
        return LoadResult(times[-1] - times[0])

    def _send(self, index: int) -> None:
        """Send the next photo as the person with this index."""
        while len(self._people) <= index:
            person = self._server.person(f"Person {len(self._people)}")
            person.chat.started = True
            self._people.append(person)
        person = self._people[index]
        now = time.time()
        message = self._server.world.post(person.chat, person.user, next(self._contents))
        self._sent[message.chat.id, message.message_id] = now

    async def _until(self, condition: Callable[[], bool], photos: int) -> None:
        """Wait for a condition that may take as long as `photos` charts."""

        def holds() -> bool:
            self._read_calls()
            return condition()

        await self._server.until(holds, _FIRST_PHOTO + _PER_PHOTO * photos)

    def _read_calls(self) -> None:
        for call in self._new_calls():
            if call.method == "file" and call.status == 200:
                self._fetched += 1
            elif call.method in _ANSWERS:
                self._record_answer(call)

    def _new_calls(self) -> Iterator[Call]:
        calls = self._server.calls
        while self._seen < len(calls):
            self._seen += 1
            yield calls[self._seen - 1]

    def _record_answer(self, call: Call) -> None:
        asked = call.parameters.get("reply_parameters") or {}
        key = (int(call.parameters["chat_id"]), int(asked.get("message_id", 0)))
        if call.status != 200 or call.method != "sendPhoto":
            said = call.description or call.parameters.get("text", "")
            raise NoChart(f"{call.method}, status {call.status}: {said}")
        if (sent := self._sent.pop(key, None)) is not None:
            self._answered.append((call.at, call.at - sent))


async def _serve(files: list[bytes], caption: str) -> None:
    async with BotApiServer(TOKEN) as server:
        pictures = [await media.photo(server.world.files, data) for data in files]
        photos.ladder = _unscaled  # from here on only the bot sends new pictures
        load = LoadGenerator(server, pictures, caption)
        _answer(server.url)
        while line := await asyncio.to_thread(sys.stdin.readline):
            try:
                _answer(await load.execute(msgspec.json.decode(line, type=LoadCommand)))
            except (NoChart, TimeoutError) as error:
                _report_error(f"The bot under measurement: {error or 'no chart came in time'}.")


def _unscaled(data: bytes) -> tuple[Rendition, ...]:
    """Return a picture in the one size that the bot sent."""
    return (Rendition(*photos.dimensions(data), data),)


def _answer(answer: object) -> None:
    print(msgspec.json.encode({"answer": answer}).decode(), flush=True)


def _report_error(error: str) -> None:
    print(msgspec.json.encode({"error": error}).decode(), flush=True)


if __name__ == "__main__":
    folder, words = sys.argv[1:]
    uvloop.run(_serve([path.read_bytes() for path in sorted(Path(folder).glob("*.jpg"))], words))
