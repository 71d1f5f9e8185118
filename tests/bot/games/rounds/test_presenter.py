"""What people see of a round: boards, edits, results."""

import msgspec
import pytest

from bot.games.rounds.jobs import PREFIX, GameJobRef
from bot.games.rules import Player, RoundId
from bot.games.rules.events import RoundSkipped, RoundStopped
from bot.platform.ports import CallRejected, PicturesNotAllowed, RetryLater, TargetGone
from inference.protocol.messages import ImageOutcome, Reply, Result
from tests.bot.games.rounds.running_games import ANN, BOB, CHAT, RunningGames, a_guess
from tests.waiting import until


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


async def test_a_deleted_board_is_sent_again(games: RunningGames) -> None:
    await games.begins(a_guess(600.0))
    games.platform.faults["edit_board"] = [TargetGone("deleted")]
    await games.presses(ANN, "0")
    await games.later(10)
    await until(lambda: len(games.boards), 2)
    assert "👥 1" in games.boards[-1]


async def test_a_board_that_is_refused_for_an_unknown_reason_is_not_sent_again(
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


async def test_a_result_that_cant_be_sent_ends_the_round(games: RunningGames) -> None:
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
        assert row.chart == b""  # the second answer comes too late


async def test_a_group_without_the_bot_has_no_round(games: RunningGames) -> None:
    games.platform.faults["send_board"] = [TargetGone("kicked")]
    assert await games.runner.begin(a_guess()) is None
    await games.until_phase(None)
