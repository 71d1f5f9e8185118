"""Games when things go wrong: `kill -9` during a round, flood limits, unexpected replies."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest

from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.conftest import Start
from tests.e2e.games.playing import Club, a_club
from tests.playground.botapi.pictures import picture
from tests.waiting import until

RED, BLUE = picture(colour="red"), picture(colour="blue")


@dataclass(frozen=True)
class Plan:
    """How these tests play a game.

    Attributes:
        command: starts it, as a reply to a photo.
        act: what a player does in it; the number is the player's index in the club.
        mark: a text in those lines of the result that show a player with points.
    """

    command: str
    act: Callable[[Club, Message, int], Awaitable[object]]
    mark: str


async def _guesses(club: Club, board: Message, number: int) -> None:
    answer = await club.people[number].presses(board, "red", within=60)
    assert answer.text.startswith("✔ noted")


async def _guesses_once_more(club: Club, board: Message) -> None:
    answer = await club.people[0].presses(board, "blue", within=60)
    assert answer.text.startswith("You already chose")


async def _captions(club: Club, board: Message, number: int) -> None:
    await club.people[number].sends(f"a red picture, number {number * number}", reply_to=board)
    await _is_noted(club, board, number)


async def _hunts(club: Club, board: Message, number: int) -> None:
    photo = picture(colour=["red", "blue", "green", "yellow", "black"][number])
    await club.people[number].sends(photo, reply_to=board)
    await _is_noted(club, board, number)


async def _is_noted(club: Club, board: Message, number: int) -> None:
    """Wait until the board's button confirms it, which comes before the board's next edit."""

    async def asks() -> bool:
        answer = await club.people[number].presses(board, "Time left", within=60)
        return "Yours: " in answer.text

    await until(asks, True, 60)


GUESS = Plan("/guess a red thing, a blue thing", _guesses, "+")
DUEL = Plan("/duel", _captions, " · +")
HUNT = Plan("/hunt a red thing", _hunts, " · +")
PLANS = [
    pytest.param(GUESS, id="guess"),
    pytest.param(DUEL, id="duel"),
    pytest.param(HUNT, id="hunt"),
]


async def _starts(club: Club, plan: Plan) -> Message:
    ann = club.people[0]
    photo = await ann.sends(RED, to=club.chat)
    command = await ann.sends(plan.command, reply_to=photo)
    return await ann.hears(reply_to=[photo, command], within=60)


def _winners(result: Message, plan: Plan) -> list[str]:
    return [line for line in (result.caption or "").splitlines() if plan.mark in line]


def _results(club: Club) -> list[Message]:
    return [message for message in club.said() if message.photo]


@contextlib.contextmanager
def _repeats(server: BotApiServer) -> Iterator[None]:
    """Accept that the bot repeats what Telegram took just before a kill, and that it is refused."""
    with server.expecting("message is not modified"), server.expecting("query is too old"):
        yield


@pytest.mark.timeout(300)  # the bot starts twice, on a busy machine
@pytest.mark.parametrize("plan", PLANS)
async def test_a_round_goes_on_after_kill_9(
    own_server: BotApiServer, start: Start, plan: Plan
) -> None:
    club = a_club(own_server)
    with _repeats(own_server):
        await _plays_through_a_kill(club, start, plan)


async def _plays_through_a_kill(club: Club, start: Start, plan: Plan) -> None:
    own_server = club.server
    async with start() as bot:
        await bot.polls()
        board = await _starts(club, plan)
        await plan.act(club, board, 0)
        await bot.is_killed()
    async with start() as bot:
        # People play on while the bot starts.
        acts = [plan.act(club, board, 1), plan.act(club, board, 2)]
        if plan is GUESS:
            acts.append(_guesses_once_more(club, board))
        await asyncio.gather(*acts)
        await club.people[0].sends("/skip", to=club.chat)
        result = await club.sees("🥇")
        assert len(_winners(result, plan)) == 3
        await own_server.until(lambda: not board.keyboard)
        message = await club.people[1].sends("/score", to=club.chat)
        score = (await club.people[1].hears(reply_to=message)).text or ""
        assert score.count("Ann – ") == 3  # once each in this game, this week, and in all time
        assert len(_results(club)) == 1
        assert "Traceback" not in bot.log


@pytest.mark.timeout(300)
async def test_a_round_whose_time_ran_out_while_the_bot_was_away_still_takes_presses(
    own_server: BotApiServer, start: Start
) -> None:
    with _repeats(own_server):
        await _plays_through_a_long_absence(a_club(own_server), start)


async def _plays_through_a_long_absence(club: Club, start: Start) -> None:
    async with start() as bot:
        await bot.polls()
        await club.plays_faster()
        board = await _starts(club, GUESS)
        await _guesses(club, board, 1)
        await bot.is_killed()
    await until(lambda: time.time() > board.date + 17, True, 30)
    async with start():
        await _guesses(club, board, 0)
        result = await club.sees("🏆")
        assert "Ann" in (result.caption or "")
        assert "Bob" in (result.caption or "")


@pytest.mark.parametrize("plan", PLANS)
async def test_a_round_survives_flood_limits(server: BotApiServer, plan: Plan) -> None:
    club = a_club(server)
    for method in ("sendMessage", "getFile", "file"):
        server.faults.next(method, status=429, retry_after=1)
    board = await _starts(club, plan)
    for method in ("editMessageText", "answerCallbackQuery", "sendPhoto"):
        server.faults.next(method, status=429, retry_after=2)
    for number in range(3):
        await plan.act(club, board, number)
    await club.people[0].sends("/skip", to=club.chat)
    result = await club.sees("🥇")
    assert len(_winners(result, plan)) == 3
    await server.until(lambda: "🥇" in (board.text or ""), 40)
    assert len(_results(club)) == 1
    await club.tells_costs(f"{plan.command} with 429")


async def test_replies_that_are_not_meant_for_a_game_are_not_answered(server: BotApiServer) -> None:
    club = a_club(server)
    ann, bob, *_ = club.people
    board = await _starts(club, GUESS)
    untouched = [
        await bob.sends("what a nice game", to=club.chat),
        await bob.sends("what a nice game", reply_to=board),
        await bob.sends(BLUE, reply_to=board),
        await bob.sends(BLUE, to=club.chat),
        await bob.sends("/guess@other_bot a, b", to=club.chat),
        await bob.sends("/duel@other_bot", reply_to=board),
        await bob.sends(BLUE, caption="/frobnicate", to=club.chat),
        await bob.sends("red", reply_to=await ann.sends("guess what", to=club.chat)),
    ]
    await ann.presses(board, "Reveal")
    result = await club.sees("🏆")
    untouched.append(await bob.sends("a dog, a cat", reply_to=result))
    await server.until(lambda: "🏆" in (board.text or ""))
    untouched.append(await bob.sends(BLUE, reply_to=board))
    await bob.hears(reply_to=await bob.sends("/score", to=club.chat))
    assert [reply for message in untouched for reply in club.chat.replies_to(message)] == []
    assert len(club.said()) == 4  # the greeting, board, result, score
    await club.tells_costs("A round with much noise around it")


async def test_people_who_leave_keep_their_points(server: BotApiServer) -> None:
    club = a_club(server)
    ann, bob, *_ = club.people
    board = await _starts(club, GUESS)
    await _guesses(club, board, 1)
    club.chat.members.pop(bob.user.id)
    await ann.presses(board, "Reveal")
    assert "Bob" in ((await club.sees("🏆")).caption or "")
    score = await ann.hears(reply_to=await ann.sends("/score", to=club.chat))
    assert "Bob – " in (score.text or "")


async def test_a_deleted_board_is_sent_again(server: BotApiServer) -> None:
    club = a_club(server)
    ann, bob, *_ = club.people
    board = await _starts(club, GUESS)
    with server.expecting("message to edit not found"):
        ann.deletes(board)
        query = f"game:r:{_round_of(board)}:0"
        assert (await club.forges(bob, board, query)).startswith("✔")
        again = await club.sees("Everybody presses once")
        assert again is not board
        await ann.presses(again, "Reveal")
        await club.sees("🏆")
        await server.until(lambda: not again.keyboard)


async def test_a_group_that_removed_the_bot_disturbs_no_other(server: BotApiServer) -> None:
    club, other = a_club(server), a_club(server)
    await _starts(club, DUEL)
    server.removes_bot(club.chat, club.people[0])
    board = await _starts(other, GUESS)
    await other.people[0].presses(board, "Reveal")
    await other.sees("🏆")


def _round_of(board: Message) -> str:
    return str(board.keyboard[0].value).split(":")[2]
