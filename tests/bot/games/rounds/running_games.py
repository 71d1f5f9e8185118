"""A runner that plays rounds with a scripted platform and scripted workers."""

import asyncio

from bot.games.beat_clip.rules import BeatClip
from bot.games.duel.rules import Duel
from bot.games.rounds.jobs import GameJobRef, GameJobs, judged
from bot.games.rounds.pace import EditPace
from bot.games.rounds.runner import GameRunner
from bot.games.rounds.store import RoundStore
from bot.games.rules import Phase, Player, Round, RoundConfig, RoundId
from bot.games.rules.events import JudgeRequest, Pressed
from bot.storage import Store
from inference.protocol.messages import ImageOutcome, Reply, Result
from tests.bot.games.played_round import PHOTO
from tests.bot.scripted import ScriptedPlatform
from tests.waiting import until

CHAT = -100
ANN, BOB = Player(7, "Ann"), Player(8, "Bob", "bob")
LABELS = ("a dog", "a cat", "a tree")


class ScriptedJobs(GameJobs):
    """Notes what is asked; raises what is put into `faults`, one at each call."""

    def __init__(self) -> None:
        self.asked: list[JudgeRequest] = []
        self.faults: list[Exception] = []

    async def publish(self, state: Round, request: JudgeRequest) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.asked.append(request)


class RunningGames:
    """A runner with a scripted platform and scripted workers, and a clock that the test sets."""

    def __init__(self, store: Store, platform: ScriptedPlatform) -> None:
        self.store = store
        self.rounds = RoundStore(store)
        self.platform = platform
        self.jobs = ScriptedJobs()
        self.ahead = 0.0
        self.runner = GameRunner(store, platform, self.jobs, EditPace(), self.clock)
        self.watching = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await self.runner.resume()
        await self.runner.watch()

    def clock(self) -> float:
        return asyncio.get_running_loop().time() + 1_000_000.0 + self.ahead

    async def begins(self, state: Round) -> None:
        assert await self.runner.begin(state) is None
        await until(lambda: len(self.boards) > 0, True)
        await self.until_phase(Phase.OPEN)

    async def presses(self, player: Player, choice: str, **rights: bool) -> str:
        event = Pressed(RoundId(CHAT, 1), player, choice, **rights)
        toast = await self.runner.happens(CHAT, None, event)
        assert toast
        return str(toast.note)

    async def judges(self, *probabilities: float, chart: bytes = b"jpeg") -> None:
        """Let the worker answer what was asked last."""
        await until(lambda: len(self.jobs.asked) > 0, True)
        ref = GameJobRef(CHAT, None, 1, self.jobs.asked[-1].key)
        await self.runner._judged(
            ref,
            judged(a_result(ref, ImageOutcome(list(probabilities))), ref),
            chart,
        )

    async def until_phase(self, phase: Phase | None) -> None:
        async def look() -> Phase | None:
            row = await self.rounds.at(CHAT, None)
            return row.state.phase if row else None

        await until(look, phase)

    async def later(self, seconds: float) -> None:
        """Set the clock forward, and let the runner look at it."""
        self.ahead += seconds
        for changed in self.runner._changed.values():
            changed.set()
        await asyncio.sleep(0)

    @property
    def boards(self) -> list[str]:
        return [text for kind, _, text in self.platform.said if kind == "board"]

    @property
    def edits(self) -> list[str]:
        return [text for kind, _, text in self.platform.said if kind.startswith("edit board")]


def a_result(ref: GameJobRef, outcome: ImageOutcome, chart: bytes = b"") -> Result:
    return Result(job_id="x", reply=Reply("x"), labels=[], images=[outcome], chart=chart)


def a_guess(seconds: float = 30.0) -> BeatClip:
    return BeatClip(
        config=RoundConfig(RoundId(CHAT, 1), ANN, seconds=seconds), media=PHOTO, labels=LABELS
    )


def another() -> BeatClip:
    """Return a game that another person starts at the same place."""
    return BeatClip(config=RoundConfig(RoundId(CHAT, 2), BOB), media=PHOTO, labels=LABELS)


def a_duel() -> Duel:
    return Duel(config=RoundConfig(RoundId(CHAT, 1), ANN, seconds=60.0), media=PHOTO)
