"""The whole road over HTTP: photo sent → fetched → queued → seen → drawn → chart in the chat."""

from clipbot_benchmarks.bot_side import processes
from clipbot_benchmarks.bot_side.running_bot import Whole
from clipbot_benchmarks.report.figures import Road, Spread

PEOPLE = 20


class RoadRounds:
    """Rounds of a crowd at once, and of one person alone.

    Args:
        each: photos that each of the crowd sends, all at the same moment.
        alone: photos that one person sends, each after the chart of the last.
    """

    def __init__(self, whole: Whole, *, each: int, alone: int) -> None:
        self._whole = whole
        self._each = each
        self._alone = alone
        self._per_photo: list[float] = []
        self._latencies: list[float] = []
        self._alone_latencies: list[float] = []
        self._core_seconds: dict[str, list[float]] = {}

    async def warm_up(self) -> None:
        """Charts, label features and connections exist from here on."""
        await self._whole.tell("burst", people=PEOPLE, each=1)

    async def round(self) -> None:
        """Once the crowd, once the one."""
        photos = PEOPLE * self._each
        before = self._worked()
        told = await self._whole.tell("burst", people=PEOPLE, each=self._each)
        for name, seconds in self._worked().items():
            share = (seconds - before.get(name, 0.0)) / photos
            self._core_seconds.setdefault(name, []).append(share)
        self._per_photo.append(told.seconds / photos)
        self._latencies = sorted(told.latencies)
        for _ in range(self._alone):
            self._alone_latencies += (await self._whole.tell("burst")).latencies

    def results(self) -> Road:
        """After at least one round."""
        return Road(
            people=PEOPLE,
            photos=PEOPLE * self._each,
            per_photo=Spread.of(self._per_photo),
            latencies=[round(seconds, 4) for seconds in self._latencies],
            alone=Spread.of(self._alone_latencies),
            core_seconds={
                name: Spread.of(samples).median for name, samples in self._core_seconds.items()
            },
        )

    def _worked(self) -> dict[str, float]:
        if not processes.can_be_told():
            return {}
        stand_in = processes.core_seconds(self._whole.crowd.pid)
        return {**self._whole.core_seconds(), "stand-in": stand_in}
