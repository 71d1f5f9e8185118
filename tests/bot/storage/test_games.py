"""Rounds, scores and settings of games, on SQLite and on PostgreSQL alike."""

import dataclasses
import time

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import update

from bot.games.beat_clip.rules import BeatClip, Guess
from bot.games.rules import Game, Player, RoundConfig, RoundId
from bot.games.rules.events import Award
from bot.storage import MEMORY_HOURS, Display, GameSettings, Store
from bot.storage.engine.tables import rounds
from tests.bot.games.players import PHOTO

A_USER = 2**52 - 1  # Bot API: ids have up to 52 significant bits
A_CHAT = -1_000_000_000_000 - 2**40
ANN, BOB = Player(A_USER, "Ann", "ann"), Player(8, "Bob")


def a_round(
    message_id: int = 1, *, thread_id: int | None = None, chat_id: int = A_CHAT
) -> BeatClip:
    table = RoundConfig(RoundId(chat_id, message_id), ANN, thread_id=thread_id)
    return BeatClip(table=table, media=PHOTO, labels=("a dog", "a cat"))


async def test_one_round_at_a_place(store: Store) -> None:
    assert await store.add_round(a_round(1))
    assert not await store.add_round(a_round(2))
    assert await store.add_round(a_round(3, thread_id=9))
    row = await store.round_at(A_CHAT, None)
    assert row
    assert row.state == a_round(1)
    assert row.display == Display()
    assert row.chart == b""
    assert (await store.round_at(A_CHAT, 9)) != row
    assert await store.round_at(A_CHAT, 8) is None
    await store.end_round(a_round(2))  # of an old round, which is not there any more
    assert await store.round_at(A_CHAT, None)
    await store.end_round(a_round(1))
    assert await store.round_at(A_CHAT, None) is None
    assert len(await store.rounds_where(A_CHAT)) == 1
    assert await store.rounds_where(chat_id=1) == []


async def test_state_and_display_are_stored_apart(store: Store) -> None:
    state = a_round()
    await store.add_round(state)
    changed = replace(state, guesses=(Guess(BOB, 0, 1.0),))
    await store.save_round(changed, now=400.0)
    await store.save_display(state, Display(7, "x", (1.0, 2.0), 3.0, told=True))
    row = await store.round_at(A_CHAT, None)
    assert row
    assert row.state == changed
    assert row.display == Display(7, "x", (1.0, 2.0), 3.0, told=True)


async def test_a_chart_waits_until_the_round_ends(store: Store) -> None:
    state = a_round()
    await store.add_round(state)
    await store.save_round(state, now=1.0, chart=b"jpeg")
    await store.save_round(state, now=2.0)
    row = await store.round_at(A_CHAT, None)
    assert row
    assert row.chart == b"jpeg"


async def test_points_are_given_once(store: Store) -> None:
    state = a_round()
    await store.add_round(state)
    given = [Award(ANN, 95, 1, right=True), Award(BOB, 0, right=False)]
    for _ in range(3):
        await store.save_round(state, now=1_000.0, awards=given)
    board = await store.leaderboard(A_CHAT)
    assert [(s.name, s.username, s.points, s.medals, s.rounds) for s in board] == [
        ("Ann", "ann", 95, (1, 0, 0), 1),
        ("Bob", "", 0, (0, 0, 0), 1),
    ]
    assert await store.streak(A_CHAT, ANN.id) == 1
    assert await store.streak(A_CHAT, BOB.id) == 0


async def _plays(store: Store, message_id: int, *awards: Award, at: float = 1_000.0) -> None:
    state = a_round(message_id)
    await store.add_round(state)
    await store.save_round(state, now=at, awards=awards)
    await store.end_round(state)


async def test_streaks_grow_and_break(store: Store) -> None:
    for number, right in enumerate((True, True, False, True), 1):
        await _plays(store, number, Award(ANN, 10, right=right))
    (ann,) = await store.leaderboard(A_CHAT)
    assert (ann.streak, ann.best_streak) == (1, 2)
    await _plays(store, 9, Award(ANN, 10))  # a game without streaks
    (ann,) = await store.leaderboard(A_CHAT)
    assert (ann.streak, ann.best_streak) == (1, 2)
    assert await store.streak(1, ANN.id) == 0


async def test_leaderboards_by_time_game_and_chat(store: Store) -> None:
    await _plays(store, 1, Award(ANN, 50, 1), Award(BOB, 30, 2), at=1_000.0)
    await _plays(store, 2, Award(BOB, 90, 1), at=2_000.0)
    renamed = dataclasses.replace(Award(BOB, 1), player=Player(BOB.id, "Bobby"))
    await _plays(store, 3, renamed, at=2_001.0)
    assert [(s.name, s.points) for s in await store.leaderboard(A_CHAT)] == [
        ("Bobby", 121),
        ("Ann", 50),
    ]
    assert [s.medals for s in await store.leaderboard(A_CHAT)] == [(1, 1, 0), (1, 0, 0)]
    assert [s.points for s in await store.leaderboard(A_CHAT, since=1_500.0)] == [91]
    assert len(await store.leaderboard(A_CHAT, game=Game.GUESS)) == 2
    assert len(await store.leaderboard(A_CHAT, limit=1)) == 1
    assert await store.leaderboard(1) == []
    assert await store.last_game(A_CHAT) is Game.GUESS
    assert await store.last_game(1) is None


async def test_who_hides_stands_in_no_leaderboard(store: Store) -> None:
    await _plays(store, 1, Award(ANN, 50), Award(BOB, 30))
    await store.hide(ANN.id)
    await store.hide(ANN.id)
    assert await store.is_hidden(ANN.id)
    assert [s.user_id for s in await store.leaderboard(A_CHAT)] == [BOB.id]
    await store.show_again(ANN.id)
    assert len(await store.leaderboard(A_CHAT)) == 2
    await _plays(store, 2, Award(msgspec.structs.replace(ANN, hidden=True), 50))
    assert (await store.leaderboard(A_CHAT))[0].points == 50


async def test_forgetting_and_resetting(store: Store) -> None:
    await _plays(store, 1, Award(ANN, 50, right=True), Award(BOB, 30))
    await store.forget_scores(ANN.id)
    assert [s.user_id for s in await store.leaderboard(A_CHAT)] == [BOB.id]
    assert await store.streak(A_CHAT, ANN.id) == 0
    await store.reset_scores(1)
    assert len(await store.leaderboard(A_CHAT)) == 1
    await store.reset_scores(A_CHAT)
    assert await store.leaderboard(A_CHAT) == []
    await _plays(store, 2, Award(BOB, 30))
    await store.hide(BOB.id)
    await store.forget_person(BOB.id)
    assert await store.is_hidden(BOB.id)
    assert await store.leaderboard(A_CHAT) == []


async def test_settings_of_a_chat(store: Store) -> None:
    assert await store.game_settings(A_CHAT) == GameSettings()
    chosen = GameSettings(0.5, "es", 3, admins_only=True)
    await store.set_game_settings(A_CHAT, chosen)
    await store.set_game_settings(1, GameSettings(2.0))
    assert await store.game_settings(A_CHAT) == chosen


async def test_rounds_that_nobody_ended_are_pruned(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.add_round(a_round())
    await store.prune()
    assert await store.round_at(A_CHAT, None)
    later = time.time() + MEMORY_HOURS * 3_600 + 1
    monkeypatch.setattr("time.time", lambda: later)
    await store.prune()
    assert await store.round_at(A_CHAT, None) is None


@pytest.mark.parametrize("spoilt", [b"\xc1", msgspec.msgpack.encode({"type": "chess"})])
async def test_a_round_of_another_version_is_dropped_and_the_others_go_on(
    store: Store, spoilt: bytes
) -> None:
    await store.add_round(a_round(1))
    await store.add_round(a_round(2, thread_id=9))
    async with store._database.begin() as connection:
        await connection.execute(update(rounds).where(rounds.c.thread_id == 0).values(state=spoilt))
    assert [row.id.number for row in await store.rounds_where()] == [2]
    assert await store.add_round(a_round(3))
    async with store._database.begin() as connection:
        await connection.execute(update(rounds).values(display=b"\xc1"))
    assert await store.round_at(A_CHAT, None) is None
    assert await store.add_round(a_round(4))


async def test_a_group_that_becomes_a_supergroup_takes_its_games_along(store: Store) -> None:
    group = -100
    for chat_id, points in ((group, 50), (A_CHAT, 20)):
        state = a_round(1, chat_id=chat_id)
        await store.add_round(state)
        streaks = (Award(ANN, points, 1, right=True),)
        await store.save_round(state, now=400.0, awards=streaks)
        await store.end_round(state)
    state = a_round(2, chat_id=group)
    await store.add_round(state)
    await store.save_round(state, now=500.0, awards=(Award(ANN, 1, 1, right=True), Award(BOB, 5)))
    await store.set_game_settings(group, GameSettings(labels=3))
    for _ in range(2):  # told twice
        await store.move_chat(group, A_CHAT)
    assert [(s.name, s.points, s.best_streak) for s in await store.leaderboard(A_CHAT)] == [
        ("Ann", 71, 2),
        ("Bob", 5, 0),
    ]
    assert await store.leaderboard(group) == []
    assert await store.rounds_where(group) == []
    assert (await store.game_settings(A_CHAT)).labels == 3
    assert await store.game_settings(group) == GameSettings()
