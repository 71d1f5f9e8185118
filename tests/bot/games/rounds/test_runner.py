"""Rounds from the first board to the last edit; platform and workers follow a script."""

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from bot.games.beat_clip.rules import BeatClip
from bot.games.duel.rules import Duel
from bot.games.rounds.jobs import PREFIX, GameJobRef, GameJobs, judged
from bot.games.rounds.pace import EditPace
from bot.games.rounds.runner import GameRunner
from bot.games.rounds.store import RoundStore
from bot.games.rules import Phase, Player, Round, RoundConfig, RoundId
from bot.games.rules.events import (
    Judged,
    JudgeRequest,
    Pressed,
    RoundSkipped,
    RoundStopped,
    TextReply,
)
from bot.platform.models import Media
from bot.platform.ports import CallRejected, FileTooBig, PicturesNotAllowed, RetryLater, TargetGone
from bot.queues.job_publisher import JobPublisher
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.broker.client import JOBS, JOBS_SUBJECT, Queue
from inference.protocol.errors import Problem, ProblemCode, QueueFull
from inference.protocol.messages import ImageOutcome, Reply, Result, decode_job
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
            judged(_result(ref, ImageOutcome(list(probabilities))), ref),
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


def test_independent_scores_become_shares() -> None:
    ref = GameJobRef(CHAT, None, 1, "look")

    def shares(*scores: float) -> list[float]:
        result = _result(ref, ImageOutcome(list(scores)))
        event = judged(msgspec.structs.replace(result, sigmoid_scores=True), ref)
        return [round(share, 6) for share in event.probabilities]

    assert shares(0.006, 0.003, 0.001) == [0.6, 0.3, 0.1]
    assert shares(0.0, 0.0) == [0.0, 0.0]
    assert shares(0.2) == [0.2]  # against nothing


def _result(ref: GameJobRef, outcome: ImageOutcome, chart: bytes = b"") -> Result:
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


@pytest.fixture
async def games(store: Store, platform: ScriptedPlatform) -> AsyncIterator[RunningGames]:
    games = RunningGames(store, platform)
    yield games
    games.watching.cancel()
    await asyncio.gather(games.watching, return_exceptions=True)


async def test_a_round_from_its_board_to_its_result(games: RunningGames) -> None:
    await games.begins(a_guess())
    await games.judges(0.7, 0.2, 0.1)
    assert await games.presses(ANN, "0") == "noted"
    assert await games.presses(BOB, "1") == "noted"
    await games.later(10)
    await until(lambda: "👥 2" in "".join(games.edits), True)
    await games.later(20)
    await until(lambda: "chart" in games.platform.kinds, True)
    await games.later(3)
    await games.until_phase(None)
    assert "🏆" in games.edits[-1]
    assert games.platform.buttons == ()
    assert [s.points for s in await games.store.leaderboard(CHAT)] == [100, 0]
    assert games.platform.kinds.count("chart") == 1


async def test_a_burst_of_presses_is_one_edit(games: RunningGames) -> None:
    await games.begins(a_guess(600.0))
    for number in range(50):
        await games.presses(Player(number + 10, f"P{number}"), "0")
    await games.later(10)
    await until(lambda: len(games.edits), 1)
    assert "👥 50" in games.edits[0]
    assert "… and 30 more" in games.edits[0]


async def test_a_flood_wait_is_waited_for_and_the_latest_is_shown(games: RunningGames) -> None:
    await games.begins(a_guess(600.0))
    games.platform.faults["edit_board"] = [RetryLater("flood", 30.0)]
    await games.presses(ANN, "0")
    await games.later(10)
    await until(lambda: len(games.platform.faults["edit_board"]), 0)
    await games.presses(BOB, "0")
    await games.later(29)
    await games.presses(Player(9, "Cem"), "0")
    assert games.edits == []
    await games.later(2)
    await until(lambda: len(games.edits), 1)
    assert "👥 3" in games.edits[0]


async def test_time_starts_when_the_board_is_up(games: RunningGames) -> None:
    games.platform.faults["send_board"] = [RetryLater("flood", 500.0)]
    assert await games.runner.begin(a_guess()) is None
    await until(lambda: len(games.platform.faults["send_board"]), 0)
    await games.later(400)
    await games.until_phase(Phase.OPENING)
    await games.later(101)
    await games.until_phase(Phase.OPEN)


async def test_a_second_game_is_refused_and_the_same_start_is_not(games: RunningGames) -> None:
    await games.begins(a_guess())
    assert await games.runner.begin(another()) is Phase.OPEN
    assert await games.runner.begin(a_guess()) is None  # the command was delivered once more
    topic = RoundConfig(RoundId(CHAT, 3), BOB, thread_id=5)
    assert await games.runner.begin(msgspec.structs.replace(another(), config=topic)) is None


async def test_a_start_whose_answer_was_lost_begins_all_the_same(games: RunningGames) -> None:
    assert await games.rounds.add(a_guess())
    assert await games.runner.begin(a_guess()) is None
    await games.until_phase(Phase.OPEN)
    await until(lambda: [ask.key for ask in games.jobs.asked], ["look"])


async def test_a_new_game_waits_for_the_last_boards_last_edit(
    games: RunningGames, monkeypatch: pytest.MonkeyPatch
) -> None:
    await games.begins(a_guess())
    games.platform.faults["edit_board"] = [RetryLater("flood", 500.0)]
    await games.runner.happens(CHAT, None, RoundStopped(RoundId(CHAT, 1)))
    await until(lambda: len(games.platform.faults["edit_board"]), 0)
    assert "called off" in games.boards[-1]  # which everybody sees

    assert await games.runner.begin(a_guess()) is None  # delivered once more: begins nothing
    with monkeypatch.context() as impatient:
        impatient.setattr("bot.games.rounds.runner._CLEARED_WITHIN", 0.01)
        assert await games.runner.begin(another()) is Phase.OVER

    begun = asyncio.create_task(games.runner.begin(another()))
    await games.later(501)
    assert await begun is None
    assert "called off" in games.edits[-1]
    await until(lambda: len(games.boards), 3)


async def test_a_crash_keeps_the_players_and_asks_again(
    games: RunningGames, store: Store, platform: ScriptedPlatform
) -> None:
    await games.begins(a_guess())
    await games.presses(ANN, "0")
    games.watching.cancel()
    await asyncio.gather(games.watching, return_exceptions=True)
    again = RunningGames(store, platform)
    await until(lambda: len(again.jobs.asked), 1)
    assert again.jobs.asked == games.jobs.asked
    await again.judges(0.9, 0.1, 0.0)
    assert await again.presses(ANN, "1") == "already"
    assert await again.presses(ANN, "reveal", may_end=True) == "revealed"
    await until(lambda: "chart" in platform.kinds, True)
    assert len(again.boards) == 1  # the board of before
    again.watching.cancel()
    await asyncio.gather(again.watching, return_exceptions=True)


async def test_a_stop_lets_a_send_under_way_end(
    games: RunningGames, platform: ScriptedPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, taken = asyncio.Event(), asyncio.Event()

    async def send_board(*_: object) -> int:
        under_way.set()
        await taken.wait()
        return 77

    monkeypatch.setattr(platform, "send_board", send_board)
    assert await games.runner.begin(a_guess()) is None
    await under_way.wait()
    games.watching.cancel()
    await asyncio.sleep(0)
    taken.set()
    await asyncio.gather(games.watching, return_exceptions=True)
    row = await games.rounds.at(CHAT, None)
    assert row
    assert row.display.board_id == 77
    assert row.state.phase is Phase.OPENING
    again = RunningGames(games.store, platform)
    await again.until_phase(Phase.OPEN)  # though nobody was told any more that the board is up
    again.watching.cancel()
    await asyncio.gather(again.watching, return_exceptions=True)


@pytest.mark.parametrize("fault", [RetryLater("away"), QueueFull("full")])
async def test_clip_is_asked_until_it_works(games: RunningGames, fault: Exception) -> None:
    games.jobs.faults = [fault]
    await games.begins(a_guess())
    await until(lambda: len(games.jobs.asked), 1)


@pytest.mark.parametrize("fault", [TargetGone("file"), FileTooBig("21 MB"), RuntimeError("a bug")])
async def test_a_picture_that_cant_be_had_ends_the_round(
    games: RunningGames, fault: Exception
) -> None:
    games.jobs.faults = [fault]
    assert await games.runner.begin(a_guess()) is None
    await until(lambda: "can't look at that picture" in "".join(games.boards), True)
    await games.later(3)
    await games.until_phase(None)


async def test_a_database_that_is_away_ends_no_question(
    games: RunningGames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.retry.backoff", lambda *_, **__: 0.0)
    games.jobs.faults = [TargetGone("file"), TargetGone("file")]
    deliver, faults = games.runner._judged, [OSError("no database")]

    async def failing(ref: GameJobRef, event: Judged, chart: bytes) -> None:
        if faults:
            raise faults.pop()
        await deliver(ref, event, chart)

    monkeypatch.setattr(games.runner, "_judged", failing)
    assert await games.runner.begin(a_guess()) is None
    await games.until_phase(None)
    assert faults == games.jobs.faults == []


async def test_a_round_that_is_called_off_does_not_give_the_answer_away(
    games: RunningGames,
) -> None:
    await games.begins(a_guess())
    await games.judges(0.9, 0.1, 0.0)
    await games.runner.happens(CHAT, None, RoundStopped(RoundId(CHAT, 1)))
    await games.until_phase(None)
    assert "chart" not in games.platform.kinds


async def test_a_chart_that_nobody_asked_for_is_not_kept(games: RunningGames) -> None:
    await games.begins(a_guess())
    for draw in (False, True):
        ref = GameJobRef(CHAT, None, 1, "look", draw)
        reply = Reply("x", PREFIX + msgspec.msgpack.encode(ref))
        await games.runner.take(
            Result(
                job_id="x",
                reply=reply,
                labels=[],
                images=[ImageOutcome([0.9, 0.1, 0.0] if not draw else [0.8, 0.2, 0.0])],
                chart=b"jpeg",
            )
        )
        row = await games.rounds.at(CHAT, None)
        assert row
        assert row.chart == b""  # the second one answers nothing any more


async def test_a_group_without_the_bot_has_no_round(games: RunningGames) -> None:
    games.platform.faults["send_board"] = [TargetGone("kicked")]
    assert await games.runner.begin(a_guess()) is None
    await games.until_phase(None)


async def test_a_deleted_board_is_put_up_again(games: RunningGames) -> None:
    await games.begins(a_guess(600.0))
    games.platform.faults["edit_board"] = [TargetGone("deleted")]
    await games.presses(ANN, "0")
    await games.later(10)
    await until(lambda: len(games.boards), 2)
    assert "👥 1" in games.boards[-1]


async def test_a_board_that_is_refused_for_an_unknown_reason_is_not_put_up_again(
    games: RunningGames,
) -> None:
    await games.begins(a_guess(600.0))
    games.platform.faults["edit_board"] = [CallRejected("something new")]
    await games.presses(ANN, "0")
    await games.later(10)
    await until(lambda: games.platform.faults["edit_board"], [])
    await games.presses(BOB, "1")
    await games.later(10)
    await until(lambda: "👥 2" in "".join(games.edits), True)
    assert len(games.boards) == 1


async def test_a_result_that_nobody_can_be_told_ends_the_round(games: RunningGames) -> None:
    await games.begins(a_guess())
    await games.judges(0.9, 0.1, 0.0)
    for method in ("send_chart", "send_board", "edit_board"):
        games.platform.faults[method] = [TargetGone("kicked")]
    await games.runner.happens(CHAT, None, RoundSkipped(RoundId(CHAT, 1)))
    await games.until_phase(None)
    assert not any(games.platform.faults.values())


@pytest.mark.parametrize("forbidden", [["send_chart"], ["send_chart", "send_board"]])
async def test_a_group_that_forbids_photos_or_messages_sees_the_result_all_the_same(
    games: RunningGames, forbidden: list[str]
) -> None:
    await games.begins(a_guess())
    await games.judges(0.9, 0.1, 0.0)
    for method in forbidden:
        fault = PicturesNotAllowed if method == "send_chart" else TargetGone
        games.platform.faults[method] = [fault("not enough rights to send")]
    await games.runner.happens(CHAT, None, RoundSkipped(RoundId(CHAT, 1)))
    await until(lambda: "90" in "".join(games.edits), True)
    await games.until_phase(None)
    assert len(games.boards) == (2 if forbidden == ["send_chart"] else 1)


async def test_a_round_that_cant_be_shown_by_our_fault_does_not_block_its_chat(
    games: RunningGames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.retry.backoff", lambda *_, **__: 0.0)
    games.platform.faults["send_board"] = [ValueError("a bug")] * 5
    assert await games.runner.begin(a_guess()) is None
    await games.until_phase(None)


async def test_news_of_a_round_that_is_no_more(games: RunningGames) -> None:
    assert await games.presses(ANN, "0") == "over"
    assert await games.runner.happens(CHAT, None, TextReply(RoundId(CHAT, 1), ANN, 5, "x"))


async def test_a_question_travels_and_its_answer_is_known(
    queue: Queue, platform: ScriptedPlatform
) -> None:
    jobs = GameJobs(JobPublisher(queue, platform, Metrics(), bot_id=42))
    ask = JudgeRequest(
        "decide", PHOTO, ("a", "b"), ("Ann: a", "Bob: b"), 0.97, draw=True, fingerprint=True
    )
    for _ in range(2):  # asked again after a crash: the queue keeps one
        await jobs.publish(a_duel(), ask)
    pull_consumer = await queue.pull_consumer(JOBS, "test", JOBS_SUBJECT)
    (delivery,) = await pull_consumer.pull(5, 1.0)
    job = decode_job(delivery.data)
    assert (job.labels, job.captions, job.merge_above) == (["a", "b"], ["Ann: a", "Bob: b"], 0.97)
    assert (job.draw, job.fingerprint, job.words.title) == (True, True, "Caption duel")
    result = Result(
        job_id=job.id,
        reply=job.reply,
        labels=job.labels,
        images=[ImageOutcome([0.4, 0.6], same_as=[0, 1])],
        chart=b"jpeg",
    )
    runner = GameRunner(None, platform, jobs, EditPace())  # type: ignore[arg-type]
    assert runner.wants(result)
    assert not runner.wants(_result(GameJobRef(1, None, 1, ""), ImageOutcome()))


async def test_a_picture_too_large_for_the_queue_is_never_asked_about(
    queue: Queue, platform: ScriptedPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fetch(media: Media) -> bytes:
        return bytes(queue.max_payload)

    monkeypatch.setattr(platform, "fetch", fetch)
    jobs = GameJobs(JobPublisher(queue, platform, Metrics(), bot_id=42))
    with pytest.raises(FileTooBig, match="do not fit"):
        await jobs.publish(a_duel(), JudgeRequest("decide", PHOTO, ("a", "b"), ()))
    assert await queue.jobs_waiting() == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda ref: Result(
            job_id="x", reply=Reply("x"), labels=[], problem=Problem(ProblemCode.INTERNAL)
        ),
        lambda ref: _result(ref, ImageOutcome(problem=Problem(ProblemCode.NOT_AN_IMAGE))),
    ],
)
def test_a_problem_is_a_verdict_without_numbers(spoil: Callable[[GameJobRef], Result]) -> None:
    ref = GameJobRef(CHAT, None, 1, "look")
    assert judged(spoil(ref), ref).probabilities == ()
