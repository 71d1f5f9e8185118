"""Rounds from the first board to the last edit; platform and workers follow a script."""

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from bot.games.beat_clip.rules import BeatClip
from bot.games.duel.rules import Duel
from bot.games.rounds.jobs import PREFIX, GameJobRef, GameJobs, verdict
from bot.games.rounds.pace import EditPace
from bot.games.rounds.runner import GameRunner
from bot.games.rounds.store import RoundStore
from bot.games.rules import Phase, Player, RoundConfig, RoundId, State
from bot.games.rules.events import Judged, JudgeRequest, Pressed, Said, Skipped, Stopped
from bot.platform.models import Media
from bot.platform.ports import CallRejected, FileTooBig, PicturesNotAllowed, RetryLater, TargetGone
from bot.queues.job_publisher import JobPublisher
from bot.runtime.metrics import Metrics
from bot.storage import Store
from inference.protocol.broker.client import JOBS, JOBS_SUBJECT, Queue
from inference.protocol.errors import Problem, ProblemCode, QueueFull
from inference.protocol.messages import ImageOutcome, Reply, Result, decode_job
from tests.bot.games.players import PHOTO
from tests.bot.scripted import ScriptedPlatform
from tests.waiting import until

CHAT = -100
ANN, BOB = Player(7, "Ann"), Player(8, "Bob", "bob")
LABELS = ("a dog", "a cat", "a tree")


class ScriptedJobs(GameJobs):
    """Notes what is asked; what is put into `faults` is raised, one at each call."""

    def __init__(self) -> None:
        self.asked: list[JudgeRequest] = []
        self.faults: list[Exception] = []

    async def publish(self, state: State, ask: JudgeRequest, title: str) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.asked.append(ask)


class Hall:
    """An arena with everything that it needs, and a clock that the test sets forward."""

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

    async def begins(self, state: State) -> None:
        assert await self.runner.begin(state) is None
        await until(lambda: len(self.boards) > 0, True)
        await self.until_phase(Phase.OPEN)

    async def presses(self, player: Player, choice: str, **rights: bool) -> str:
        event = Pressed(RoundId(CHAT, 1), player, choice, **rights)
        whisper = await self.runner.happens(CHAT, None, event)
        assert whisper
        return str(whisper.note)

    async def judges(self, *probabilities: float, chart: bytes = b"jpeg") -> None:
        """The worker answers what was asked last."""
        await until(lambda: len(self.jobs.asked) > 0, True)
        errand = GameJobRef(CHAT, None, 1, self.jobs.asked[-1].key)
        await self.runner._judged(
            errand,
            verdict(_result(errand, ImageOutcome(list(probabilities))), errand),
            chart,
        )

    async def until_phase(self, phase: Phase | None) -> None:
        async def look() -> Phase | None:
            row = await self.rounds.at(CHAT, None)
            return row.state.phase if row else None

        await until(look, phase)

    async def later(self, seconds: float) -> None:
        """Sets the clock forward, and lets the hosts look at it."""
        self.ahead += seconds
        for news in self.runner._news.values():
            news.set()
        await asyncio.sleep(0)

    @property
    def boards(self) -> list[str]:
        return [text for kind, _, text in self.platform.said if kind == "board"]

    @property
    def edits(self) -> list[str]:
        return [text for kind, _, text in self.platform.said if kind.startswith("edit board")]


def test_independent_scores_become_shares() -> None:
    errand = GameJobRef(CHAT, None, 1, "look")

    def shares(*scores: float) -> list[float]:
        result = _result(errand, ImageOutcome(list(scores)))
        judged = verdict(msgspec.structs.replace(result, sigmoid_scores=True), errand)
        return [round(share, 6) for share in judged.probabilities]

    assert shares(0.006, 0.003, 0.001) == [0.6, 0.3, 0.1]
    assert shares(0.0, 0.0) == [0.0, 0.0]
    assert shares(0.2) == [0.2]  # against nothing


def _result(errand: GameJobRef, outcome: ImageOutcome, chart: bytes = b"") -> Result:
    return Result(job_id="x", reply=Reply("x"), labels=[], images=[outcome], chart=chart)


def a_guess(seconds: float = 30.0) -> BeatClip:
    return BeatClip(
        table=RoundConfig(RoundId(CHAT, 1), ANN, seconds=seconds), media=PHOTO, labels=LABELS
    )


def another() -> BeatClip:
    """A game that somebody else starts at the same place."""
    return BeatClip(table=RoundConfig(RoundId(CHAT, 2), BOB), media=PHOTO, labels=LABELS)


def a_duel() -> Duel:
    return Duel(table=RoundConfig(RoundId(CHAT, 1), ANN, seconds=60.0), media=PHOTO)


@pytest.fixture
async def hall(store: Store, platform: ScriptedPlatform) -> AsyncIterator[Hall]:
    hall = Hall(store, platform)
    yield hall
    hall.watching.cancel()
    await asyncio.gather(hall.watching, return_exceptions=True)


async def test_a_round_from_its_board_to_its_result(hall: Hall) -> None:
    await hall.begins(a_guess())
    await hall.judges(0.7, 0.2, 0.1)
    assert await hall.presses(ANN, "0") == "noted"
    assert await hall.presses(BOB, "1") == "noted"
    await hall.later(10)
    await until(lambda: "👥 2" in "".join(hall.edits), True)
    await hall.later(20)
    await until(lambda: "chart" in hall.platform.kinds, True)
    await hall.later(3)
    await hall.until_phase(None)
    assert "🏆" in hall.edits[-1]
    assert hall.platform.buttons == ()
    assert [s.points for s in await hall.store.leaderboard(CHAT)] == [100, 0]
    assert hall.platform.kinds.count("chart") == 1


async def test_a_burst_of_presses_is_one_edit(hall: Hall) -> None:
    await hall.begins(a_guess(600.0))
    for number in range(50):
        await hall.presses(Player(number + 10, f"P{number}"), "0")
    await hall.later(10)
    await until(lambda: len(hall.edits), 1)
    assert "👥 50" in hall.edits[0]
    assert "… and 30 more" in hall.edits[0]


async def test_a_flood_wait_is_waited_for_and_the_latest_is_shown(hall: Hall) -> None:
    await hall.begins(a_guess(600.0))
    hall.platform.faults["edit_board"] = [RetryLater("flood", 30.0)]
    await hall.presses(ANN, "0")
    await hall.later(10)
    await until(lambda: len(hall.platform.faults["edit_board"]), 0)
    await hall.presses(BOB, "0")
    await hall.later(29)
    await hall.presses(Player(9, "Cem"), "0")
    assert hall.edits == []
    await hall.later(2)
    await until(lambda: len(hall.edits), 1)
    assert "👥 3" in hall.edits[0]


async def test_time_starts_when_the_board_is_up(hall: Hall) -> None:
    hall.platform.faults["send_board"] = [RetryLater("flood", 500.0)]
    assert await hall.runner.begin(a_guess()) is None
    await until(lambda: len(hall.platform.faults["send_board"]), 0)
    await hall.later(400)
    await hall.until_phase(Phase.OPENING)
    await hall.later(101)
    await hall.until_phase(Phase.OPEN)


async def test_a_second_game_is_refused_and_the_same_start_is_not(hall: Hall) -> None:
    await hall.begins(a_guess())
    assert await hall.runner.begin(another()) is Phase.OPEN
    assert await hall.runner.begin(a_guess()) is None  # the command was delivered once more
    topic = RoundConfig(RoundId(CHAT, 3), BOB, thread_id=5)
    assert await hall.runner.begin(msgspec.structs.replace(another(), table=topic)) is None


async def test_a_start_whose_answer_was_lost_begins_all_the_same(hall: Hall) -> None:
    assert await hall.rounds.add(a_guess())
    assert await hall.runner.begin(a_guess()) is None
    await hall.until_phase(Phase.OPEN)
    await until(lambda: [ask.key for ask in hall.jobs.asked], ["look"])


async def test_a_new_game_waits_for_the_last_boards_last_edit(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hall.begins(a_guess())
    hall.platform.faults["edit_board"] = [RetryLater("flood", 500.0)]
    await hall.runner.happens(CHAT, None, Stopped(RoundId(CHAT, 1)))
    await until(lambda: len(hall.platform.faults["edit_board"]), 0)
    assert "called off" in hall.boards[-1]  # which everybody sees

    assert await hall.runner.begin(a_guess()) is None  # delivered once more: begins nothing
    with monkeypatch.context() as impatient:
        impatient.setattr("bot.games.rounds.runner._CLEARED_WITHIN", 0.01)
        assert await hall.runner.begin(another()) is Phase.OVER

    begun = asyncio.create_task(hall.runner.begin(another()))
    await hall.later(501)
    assert await begun is None
    assert "called off" in hall.edits[-1]
    await until(lambda: len(hall.boards), 3)


async def test_a_crash_keeps_the_players_and_asks_again(
    hall: Hall, store: Store, platform: ScriptedPlatform
) -> None:
    await hall.begins(a_guess())
    await hall.presses(ANN, "0")
    hall.watching.cancel()
    await asyncio.gather(hall.watching, return_exceptions=True)
    again = Hall(store, platform)
    await until(lambda: len(again.jobs.asked), 1)
    assert again.jobs.asked == hall.jobs.asked
    await again.judges(0.9, 0.1, 0.0)
    assert await again.presses(ANN, "1") == "already"
    assert await again.presses(ANN, "reveal", may_end=True) == "revealed"
    await until(lambda: "chart" in platform.kinds, True)
    assert len(again.boards) == 1  # the board of before
    again.watching.cancel()
    await asyncio.gather(again.watching, return_exceptions=True)


async def test_a_stop_lets_a_send_under_way_end(
    hall: Hall, platform: ScriptedPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, taken = asyncio.Event(), asyncio.Event()

    async def send_board(*_: object) -> int:
        under_way.set()
        await taken.wait()
        return 77

    monkeypatch.setattr(platform, "send_board", send_board)
    assert await hall.runner.begin(a_guess()) is None
    await under_way.wait()
    hall.watching.cancel()
    await asyncio.sleep(0)
    taken.set()
    await asyncio.gather(hall.watching, return_exceptions=True)
    row = await hall.rounds.at(CHAT, None)
    assert row
    assert row.display.board_id == 77
    assert row.state.phase is Phase.OPENING
    again = Hall(hall.store, platform)
    await again.until_phase(Phase.OPEN)  # though nobody was told any more that the board is up
    again.watching.cancel()
    await asyncio.gather(again.watching, return_exceptions=True)


@pytest.mark.parametrize("fault", [RetryLater("away"), QueueFull("full")])
async def test_clip_is_asked_until_it_works(hall: Hall, fault: Exception) -> None:
    hall.jobs.faults = [fault]
    await hall.begins(a_guess())
    await until(lambda: len(hall.jobs.asked), 1)


@pytest.mark.parametrize("fault", [TargetGone("file"), FileTooBig("21 MB"), RuntimeError("a bug")])
async def test_a_picture_that_cant_be_had_ends_the_round(hall: Hall, fault: Exception) -> None:
    hall.jobs.faults = [fault]
    assert await hall.runner.begin(a_guess()) is None
    await until(lambda: "can't look at that picture" in "".join(hall.boards), True)
    await hall.later(3)
    await hall.until_phase(None)


async def test_a_database_that_is_away_ends_no_question(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.retry.backoff", lambda *_, **__: 0.0)
    hall.jobs.faults = [TargetGone("file"), TargetGone("file")]
    judged, faults = hall.runner._judged, [OSError("no database")]

    async def failing(errand: GameJobRef, event: Judged, chart: bytes) -> None:
        if faults:
            raise faults.pop()
        await judged(errand, event, chart)

    monkeypatch.setattr(hall.runner, "_judged", failing)
    assert await hall.runner.begin(a_guess()) is None
    await hall.until_phase(None)
    assert faults == hall.jobs.faults == []


async def test_a_round_that_is_called_off_does_not_give_the_answer_away(hall: Hall) -> None:
    await hall.begins(a_guess())
    await hall.judges(0.9, 0.1, 0.0)
    await hall.runner.happens(CHAT, None, Stopped(RoundId(CHAT, 1)))
    await hall.until_phase(None)
    assert "chart" not in hall.platform.kinds


async def test_a_chart_that_nobody_asked_for_is_not_kept(hall: Hall) -> None:
    await hall.begins(a_guess())
    for draw in (False, True):
        errand = GameJobRef(CHAT, None, 1, "look", draw)
        reply = Reply("x", PREFIX + msgspec.msgpack.encode(errand))
        await hall.runner.take(
            Result(
                job_id="x",
                reply=reply,
                labels=[],
                images=[ImageOutcome([0.9, 0.1, 0.0] if not draw else [0.8, 0.2, 0.0])],
                chart=b"jpeg",
            )
        )
        row = await hall.rounds.at(CHAT, None)
        assert row
        assert row.chart == b""  # the second one answers nothing any more


async def test_a_group_without_the_bot_has_no_round(hall: Hall) -> None:
    hall.platform.faults["send_board"] = [TargetGone("kicked")]
    assert await hall.runner.begin(a_guess()) is None
    await hall.until_phase(None)


async def test_a_deleted_board_is_put_up_again(hall: Hall) -> None:
    await hall.begins(a_guess(600.0))
    hall.platform.faults["edit_board"] = [TargetGone("deleted")]
    await hall.presses(ANN, "0")
    await hall.later(10)
    await until(lambda: len(hall.boards), 2)
    assert "👥 1" in hall.boards[-1]


async def test_a_board_that_is_refused_for_an_unknown_reason_is_not_put_up_again(
    hall: Hall,
) -> None:
    await hall.begins(a_guess(600.0))
    hall.platform.faults["edit_board"] = [CallRejected("something new")]
    await hall.presses(ANN, "0")
    await hall.later(10)
    await until(lambda: hall.platform.faults["edit_board"], [])
    await hall.presses(BOB, "1")
    await hall.later(10)
    await until(lambda: "👥 2" in "".join(hall.edits), True)
    assert len(hall.boards) == 1


async def test_a_result_that_nobody_can_be_told_ends_the_round(hall: Hall) -> None:
    await hall.begins(a_guess())
    await hall.judges(0.9, 0.1, 0.0)
    for method in ("send_chart", "send_board", "edit_board"):
        hall.platform.faults[method] = [TargetGone("kicked")]
    await hall.runner.happens(CHAT, None, Skipped(RoundId(CHAT, 1)))
    await hall.until_phase(None)
    assert not any(hall.platform.faults.values())


@pytest.mark.parametrize("forbidden", [["send_chart"], ["send_chart", "send_board"]])
async def test_a_group_that_forbids_photos_or_messages_sees_the_result_all_the_same(
    hall: Hall, forbidden: list[str]
) -> None:
    await hall.begins(a_guess())
    await hall.judges(0.9, 0.1, 0.0)
    for method in forbidden:
        fault = PicturesNotAllowed if method == "send_chart" else TargetGone
        hall.platform.faults[method] = [fault("not enough rights to send")]
    await hall.runner.happens(CHAT, None, Skipped(RoundId(CHAT, 1)))
    await until(lambda: "90" in "".join(hall.edits), True)
    await hall.until_phase(None)
    assert len(hall.boards) == (2 if forbidden == ["send_chart"] else 1)


async def test_a_round_that_cant_be_shown_by_our_fault_does_not_block_its_chat(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.retry.backoff", lambda *_, **__: 0.0)
    hall.platform.faults["send_board"] = [ValueError("a bug")] * 5
    assert await hall.runner.begin(a_guess()) is None
    await hall.until_phase(None)


async def test_news_of_a_round_that_is_no_more(hall: Hall) -> None:
    assert await hall.presses(ANN, "0") == "over"
    assert await hall.runner.happens(CHAT, None, Said(RoundId(CHAT, 1), ANN, 5, "x"))


async def test_a_question_travels_and_its_answer_is_known(
    queue: Queue, platform: ScriptedPlatform
) -> None:
    jobs = GameJobs(JobPublisher(queue, platform, Metrics(), bot_id=42))
    ask = JudgeRequest(
        "decide", PHOTO, ("a", "b"), ("Ann: a", "Bob: b"), 0.97, draw=True, fingerprint=True
    )
    for _ in range(2):  # asked again after a crash: the queue keeps one
        await jobs.publish(a_duel(), ask, "Caption duel")
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
        await jobs.publish(a_duel(), JudgeRequest("decide", PHOTO, ("a", "b"), ()), "Caption duel")
    assert await queue.jobs_waiting() == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda errand: Result(
            job_id="x", reply=Reply("x"), labels=[], problem=Problem(ProblemCode.INTERNAL)
        ),
        lambda errand: _result(errand, ImageOutcome(problem=Problem(ProblemCode.NOT_AN_IMAGE))),
    ],
)
def test_a_problem_is_a_verdict_without_numbers(spoil: Callable[[GameJobRef], Result]) -> None:
    errand = GameJobRef(CHAT, None, 1, "look")
    assert verdict(spoil(errand), errand).probabilities == ()
