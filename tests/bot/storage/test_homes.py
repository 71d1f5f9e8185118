"""What is known of a group: whether the bot is there, and what goes when it is removed."""

import time

import pytest

from bot.storage import REMOVED_DAYS, Database, GameSettings, RoundKey, ScoreEntry, Store

HOME = -100
DAY = 86_400


class Calendar:
    """The host's clock, which only a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = time.time()
        monkeypatch.setattr("time.time", lambda: self._now)

    @property
    def now(self) -> float:
        return self._now

    def pass_by(self, days: float) -> None:
        self._now += days * DAY


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    return Calendar(monkeypatch)


async def wins(store: Store, now: float, number: int = 3, home_id: int = HOME) -> None:
    entry = ScoreEntry(7, "Ann", "ann", 50, 1, right=True)
    key = RoundKey(home_id, home_id, None, number)
    await store.save_round(key, b"", now=now, game="guess", gives=[entry])


async def has_games(store: Store, home_id: int = HOME) -> bool:
    return bool(await store.leaderboard(home_id))


async def test_a_home_is_greeted_once_however_often_the_bot_comes(store: Store) -> None:
    assert await store.home_joined(HOME)
    assert await store.home_joined(HOME)  # it could not write
    await store.home_greeted(HOME)
    await store.home_left(HOME)
    assert not await store.home_joined(HOME)
    assert await store.home_joined(-200)


async def test_a_month_after_it_was_left_a_home_is_forgotten(
    store: Store, calendar: Calendar
) -> None:
    for home_id in (HOME, -200):
        await store.home_joined(home_id)
        await store.home_greeted(home_id)
        await wins(store, calendar.now, home_id=home_id)
        await store.set_game_settings(home_id, GameSettings(labels=3))
        await store.set_group_labels(home_id, ("a dog",))
    calendar.pass_by(days=0.1)
    await store.home_left(HOME)
    calendar.pass_by(REMOVED_DAYS - 0.1)
    await store.prune()
    assert await has_games(store)
    calendar.pass_by(days=0.2)
    await store.prune()
    assert not await has_games(store)
    assert await store.streak(HOME, 7) == 0
    assert await store.game_settings(HOME) == GameSettings()
    assert await store.group_labels(HOME) == ()
    assert await store.home_joined(HOME)  # greeted again: nobody there knows the bot
    assert await has_games(store, -200)
    assert (await store.game_settings(-200)).labels == 3


async def test_a_home_to_which_the_bot_returns_is_kept(store: Store, calendar: Calendar) -> None:
    await wins(store, calendar.now)
    await store.home_left(HOME)
    calendar.pass_by(days=20)
    await store.home_joined(HOME)
    calendar.pass_by(days=20)
    await store.prune()
    assert await has_games(store)


async def test_a_home_that_plays_is_kept_although_news_of_the_return_was_lost(
    store: Store, calendar: Calendar
) -> None:
    await store.home_left(HOME)
    calendar.pass_by(days=1)
    await wins(store, calendar.now)
    calendar.pass_by(days=40)
    await store.prune()
    assert await has_games(store)


async def test_the_other_platforms_home_with_the_same_id_is_kept(
    store: Store, database: Database, calendar: Calendar
) -> None:
    discord = Store(database, "discord")
    for one in (store, discord):
        await wins(one, calendar.now)
    calendar.pass_by(days=0.1)
    await store.home_left(HOME)
    calendar.pass_by(days=31)
    await store.prune()
    assert not await has_games(store)
    assert await has_games(discord)


async def test_a_clock_that_is_set_shortens_no_month(store: Store, calendar: Calendar) -> None:
    await wins(store, calendar.now - DAY)
    await store.home_left(HOME)
    before = calendar.now
    calendar.pass_by(days=365)
    await store.move(calendar.now - before, calendar.now, fresh=5.0)
    await store.prune()
    assert await has_games(store)


async def test_a_group_that_becomes_a_supergroup_stays_greeted_and_keeps_its_labels(
    store: Store,
) -> None:
    await store.home_joined(HOME)
    await store.home_greeted(HOME)
    await store.set_group_labels(HOME, ("a dog",))
    await store.home_left(HOME)  # the news may come first
    await store.home_joined(-200)
    await store.move_chat(HOME, -200)
    assert not await store.home_joined(-200)
    assert await store.group_labels(-200) == ("a dog",)
    await store.set_group_labels(-200, ("a cat",))
    await store.set_group_labels(HOME, ("a fox",))
    await store.move_chat(HOME, -200)
    assert await store.group_labels(-200) == ("a cat",)
    assert await store.group_labels(HOME) == ()


async def test_a_supergroup_is_not_forgotten_because_its_group_was_left(
    store: Store, calendar: Calendar
) -> None:
    await wins(store, calendar.now)
    await store.home_left(HOME)
    await store.move_chat(HOME, -200)
    calendar.pass_by(days=31)
    await store.prune()
    assert await has_games(store, -200)
