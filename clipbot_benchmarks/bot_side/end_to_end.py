"""End to end over HTTP: photo sent → fetched → queued → classified → drawn → chart received."""

from clipbot_benchmarks.bot_side import processes
from clipbot_benchmarks.bot_side.running_bot import RunningBot
from clipbot_benchmarks.report.figures import EndToEnd, Spread

PEOPLE = 20


class EndToEndRounds:
    """Rounds with `PEOPLE` people at once and with one person alone.

    Args:
        each: photos that each of the people sends, all at the same moment.
        alone: photos that one person sends, each after the chart of the photo before.
    """

    def __init__(self, bot: RunningBot, *, each: int, alone: int) -> None:
        self._bot = bot
        self._each = each
        self._alone = alone
        self._per_photo: list[float] = []
        self._latencies: list[float] = []
        self._alone_latencies: list[float] = []
        self._core_seconds: dict[str, list[float]] = {}

    async def warm_up(self) -> None:
        """Let the bot and its worker open connections and cache label features."""
        await self._bot.load("burst", people=PEOPLE, each=1)

    async def round(self) -> None:
        """Measure the people at once, then the one person."""
        photos = PEOPLE * self._each
        before = self._core_seconds_so_far()
        result = await self._bot.load("burst", people=PEOPLE, each=self._each)
        for name, seconds in self._core_seconds_so_far().items():
            share = (seconds - before.get(name, 0.0)) / photos
            self._core_seconds.setdefault(name, []).append(share)
        self._per_photo.append(result.seconds / photos)
        self._latencies = sorted(result.latencies)
        for _ in range(self._alone):
            self._alone_latencies += (await self._bot.load("burst")).latencies

    def results(self) -> EndToEnd:
        """Return the figures of all rounds, of which there must be one at least."""
        return EndToEnd(
            people=PEOPLE,
            photos=PEOPLE * self._each,
            per_photo=Spread.of(self._per_photo),
            latencies=[round(seconds, 4) for seconds in self._latencies],
            alone=Spread.of(self._alone_latencies),
            core_seconds={
                name: Spread.of(samples).median for name, samples in self._core_seconds.items()
            },
        )

    def _core_seconds_so_far(self) -> dict[str, float]:
        if not processes.has_proc():
            return {}
        stand_in = processes.core_seconds(self._bot.load_generator.pid)
        return {**self._bot.core_seconds(), "stand-in": stand_in}
