"""Rounds, scores and settings of games, on SQLite and on PostgreSQL alike."""

import time
from typing import Any

import pytest
from sqlalchemy import update

from bot.storage import MEMORY_HOURS, Display, GameSettings, RoundKey, ScoreEntry, Store
from bot.storage.engine.tables import rounds

ANN = 2**52 - 1  # Bot API: ids have up to 52 significant bits
BOB = 8
A_CHAT = -1_000_000_000_000 - 2**40
A_STATE = b"as its game encodes it"


def a_round(
    message_id: int = 1, *, thread_id: int | None = None, chat_id: int = A_CHAT
) -> RoundKey:
    return RoundKey(chat_id, chat_id, thread_id, message_id)


def ann(points: int, place: int = 0, *, right: bool | None = None) -> ScoreEntry:
    return ScoreEntry(ANN, "Ann", "ann", points, place, right)


def bob(points: int, place: int = 0, *, right: bool | None = None, name: str = "Bob") -> ScoreEntry:
    return ScoreEntry(BOB, name, "", points, place, right)


async def test_there_is_one_round_at_a_place(store: Store) -> None:
    assert await store.add_round(a_round(1), A_STATE)
    assert not await store.add_round(a_round(2), b"")
    assert await store.add_round(a_round(3, thread_id=9), b"")
    row = await store.round_at(A_CHAT, None)
    assert row
    assert (row.key, row.state) == (a_round(1), A_STATE)
    assert row.display == Display()
    assert row.chart == b""
    assert (await store.round_at(A_CHAT, 9)) != row
    assert await store.round_at(A_CHAT, 8) is None
    await store.end_round(a_round(2))  # of an old round, which is not there any more
    assert await store.round_at(A_CHAT, None)
    await store.end_round(a_round(1))
    assert await store.round_at(A_CHAT, None) is None
    assert [row.key for row in await store.rounds_under_way()] == [a_round(3, thread_id=9)]


async def test_state_and_display_are_stored_apart(store: Store) -> None:
    key = a_round()
    await store.add_round(key, A_STATE)
    await store.save_round(key, b"the next state", now=400.0, game="guess")
    await store.save_display(key, Display(7, "x", (1.0, 2.0), 3.0, told=True))
    row = await store.round_at(A_CHAT, None)
    assert row
    assert row.state == b"the next state"
    assert row.display == Display(7, "x", (1.0, 2.0), 3.0, told=True)


async def test_a_chart_waits_until_the_round_ends(store: Store) -> None:
    key = a_round()
    await store.add_round(key, A_STATE)
    await store.save_round(key, A_STATE, now=1.0, game="guess", chart=b"jpeg")
    await store.save_round(key, A_STATE, now=2.0, game="guess")
    row = await store.round_at(A_CHAT, None)
    assert row
    assert row.chart == b"jpeg"


async def test_points_are_given_once(store: Store) -> None:
    key = a_round()
    await store.add_round(key, A_STATE)
    given = [ann(95, 1, right=True), bob(0, right=False)]
    for _ in range(3):
        await store.save_round(key, A_STATE, now=1_000.0, game="guess", gives=given)
    board = await store.leaderboard(A_CHAT)
    assert [(s.name, s.username, s.points, s.medals, s.rounds) for s in board] == [
        ("Ann", "ann", 95, (1, 0, 0), 1),
        ("Bob", "", 0, (0, 0, 0), 1),
    ]
    assert await store.streak(A_CHAT, ANN) == 1
    assert await store.streak(A_CHAT, BOB) == 0


async def _plays(
    store: Store, message_id: int, *gives: ScoreEntry, chat_id: int = A_CHAT, at: float = 1_000.0
) -> None:
    key = a_round(message_id, chat_id=chat_id)
    await store.add_round(key, A_STATE)
    await store.save_round(key, A_STATE, now=at, game="guess", gives=gives)
    await store.end_round(key)


async def test_streaks_grow_and_break(store: Store) -> None:
    for number, right in enumerate((True, True, False, True), 1):
        await _plays(store, number, ann(10, right=right))
    (line,) = await store.leaderboard(A_CHAT)
    assert (line.streak, line.best_streak) == (1, 2)
    await _plays(store, 9, ann(10))  # a game without streaks
    (line,) = await store.leaderboard(A_CHAT)
    assert (line.streak, line.best_streak) == (1, 2)
    assert await store.streak(1, ANN) == 0


async def test_a_game_can_be_named_as_long_as_a_command_of_telegram(store: Store) -> None:
    name = "g" * 32  # Bot API, BotCommand: 1-32 characters
    await store.add_round(a_round(), A_STATE)
    await store.save_round(a_round(), A_STATE, now=1.0, game=name, gives=[ann(10)])
    assert await store.last_game(A_CHAT) == name


async def test_leaderboards_by_time_game_and_chat(store: Store) -> None:
    await _plays(store, 1, ann(50, 1), bob(30, 2), at=1_000.0)
    await _plays(store, 2, bob(90, 1), at=2_000.0)
    await _plays(store, 3, bob(1, name="Bobby"), at=2_001.0)
    assert [(s.name, s.points) for s in await store.leaderboard(A_CHAT)] == [
        ("Bobby", 121),
        ("Ann", 50),
    ]
    assert [s.medals for s in await store.leaderboard(A_CHAT)] == [(1, 1, 0), (1, 0, 0)]
    assert [s.points for s in await store.leaderboard(A_CHAT, since=1_500.0)] == [91]
    assert len(await store.leaderboard(A_CHAT, game="guess")) == 2
    assert len(await store.leaderboard(A_CHAT, limit=1)) == 1
    assert await store.leaderboard(1) == []
    assert await store.last_game(A_CHAT) == "guess"
    assert await store.last_game(1) is None


async def test_hidden_people_are_in_no_leaderboard(store: Store) -> None:
    await _plays(store, 1, ann(50), bob(30))
    await store.hide(ANN)
    await store.hide(ANN)
    assert await store.is_hidden(ANN)
    assert [s.user_id for s in await store.leaderboard(A_CHAT)] == [BOB]
    await store.show_again(ANN)
    assert len(await store.leaderboard(A_CHAT)) == 2


async def test_scores_are_forgotten_and_reset(store: Store) -> None:
    await _plays(store, 1, ann(50, right=True), bob(30))
    await store.forget_scores(ANN)
    assert [s.user_id for s in await store.leaderboard(A_CHAT)] == [BOB]
    assert await store.streak(A_CHAT, ANN) == 0
    await store.reset_scores(1)
    assert len(await store.leaderboard(A_CHAT)) == 1
    await store.reset_scores(A_CHAT)
    assert await store.leaderboard(A_CHAT) == []
    await _plays(store, 2, bob(30))
    await store.hide(BOB)
    await store.forget_person(BOB)
    assert await store.is_hidden(BOB)
    assert await store.leaderboard(A_CHAT) == []


async def test_settings_of_a_chat(store: Store) -> None:
    assert await store.game_settings(A_CHAT) == GameSettings()
    chosen = GameSettings(0.5, "es", 3, admins_only=True)
    await store.set_game_settings(A_CHAT, chosen)
    await store.set_game_settings(1, GameSettings(2.0))
    assert await store.game_settings(A_CHAT) == chosen


async def test_old_rounds_are_pruned(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.add_round(a_round(), A_STATE)
    await store.prune()
    assert await store.round_at(A_CHAT, None)
    later = time.time() + MEMORY_HOURS * 3_600 + 1
    monkeypatch.setattr("time.time", lambda: later)
    await store.prune()
    assert await store.round_at(A_CHAT, None) is None


async def test_a_round_of_another_version_is_dropped_and_the_others_go_on(store: Store) -> None:
    await store.add_round(a_round(1), A_STATE)
    await store.add_round(a_round(2, thread_id=9), A_STATE)
    spoil: Any = update(rounds).where(rounds.c.thread_id == 0).values(display=b"\xc1")
    async with store._database.begin() as connection:
        await connection.execute(spoil)
    assert [row.key.number for row in await store.rounds_under_way()] == [2]
    assert await store.round_at(A_CHAT, None) is None
    assert await store.add_round(a_round(3), A_STATE)


async def test_a_group_that_becomes_a_supergroup_keeps_its_scores_and_settings(
    store: Store,
) -> None:
    group = -100
    for chat_id, points in ((group, 50), (A_CHAT, 20)):
        await _plays(store, 1, ann(points, 1, right=True), chat_id=chat_id, at=400.0)
    key = a_round(2, chat_id=group)
    await store.add_round(key, A_STATE)
    given = (ann(1, 1, right=True), bob(5))
    await store.save_round(key, A_STATE, now=500.0, game="guess", gives=given)
    await store.set_game_settings(group, GameSettings(labels=3))
    for _ in range(2):  # told twice
        await store.move_chat(group, A_CHAT)
    assert [(s.name, s.points, s.best_streak) for s in await store.leaderboard(A_CHAT)] == [
        ("Ann", 71, 2),
        ("Bob", 5, 0),
    ]
    assert await store.leaderboard(group) == []
    assert await store.rounds_under_way() == []
    assert (await store.game_settings(A_CHAT)).labels == 3
    assert await store.game_settings(group) == GameSettings()
