"""Rounds from the first board to the last edit; platform and workers follow a script."""

import asyncio

import msgspec
import pytest

from bot.games.rounds.jobs import GameJobRef
from bot.games.rules import Phase, RoundConfig, RoundId
from bot.games.rules.events import Judged, RoundStopped, TextReply
from bot.platform.ports import FileTooBig, RetryLater, TargetGone
from bot.storage import Store
from inference.protocol.errors import QueueFull
from tests.bot.games.rounds.running_games import ANN, BOB, CHAT, RunningGames, a_guess, another
from tests.bot.scripted import ScriptedPlatform
from tests.waiting import until


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
    assert await games.runner.begin(a_guess()) is None  # the command was delivered twice
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
    assert "cancelled" in games.boards[-1]  # as a new message, which everybody sees

    assert await games.runner.begin(a_guess()) is None  # delivered twice: begins nothing
    with monkeypatch.context() as impatient:
        impatient.setattr("bot.games.rounds.runner._CLEARED_WITHIN", 0.01)
        assert await games.runner.begin(another()) is Phase.OVER

    begun = asyncio.create_task(games.runner.begin(another()))
    await games.later(501)
    assert await begun is None
    assert "cancelled" in games.edits[-1]
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
    assert len(again.boards) == 1  # the same board as before
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
    await again.until_phase(Phase.OPEN)  # the new runner finds the board in the database
    again.watching.cancel()
    await asyncio.gather(again.watching, return_exceptions=True)


@pytest.mark.parametrize("fault", [RetryLater("away"), QueueFull("full")])
async def test_clip_is_asked_until_it_works(games: RunningGames, fault: Exception) -> None:
    games.jobs.faults = [fault]
    await games.begins(a_guess())
    await until(lambda: len(games.jobs.asked), 1)


@pytest.mark.parametrize("fault", [TargetGone("file"), FileTooBig("21 MB"), RuntimeError("a bug")])
async def test_a_picture_that_cant_be_fetched_ends_the_round(
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


async def test_a_round_that_cant_be_shown_by_our_fault_does_not_block_its_chat(
    games: RunningGames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.retry.backoff", lambda *_, **__: 0.0)
    games.platform.faults["send_board"] = [ValueError("a bug")] * 5
    assert await games.runner.begin(a_guess()) is None
    await games.until_phase(None)


async def test_events_of_a_round_that_is_gone_get_an_answer(games: RunningGames) -> None:
    assert await games.presses(ANN, "0") == "over"
    assert await games.runner.happens(CHAT, None, TextReply(RoundId(CHAT, 1), ANN, 5, "x"))
