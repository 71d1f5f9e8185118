"""Rounds that are encoded, stored, and read again."""

import msgspec
import pytest
from msgspec.structs import replace

from bot.games.beat_clip.rules import BeatClip, Guess
from bot.games.rounds.store import RoundStore
from bot.games.rules import Player, RoundConfig, RoundId
from bot.games.rules.events import Award
from bot.storage import Display, RoundKey, Store
from tests.bot.games.played_round import PHOTO

CHAT = -100
ANN, BOB = Player(7, "Ann", "ann"), Player(8, "Bob")


@pytest.fixture
def rounds(store: Store) -> RoundStore:
    return RoundStore(store)


def a_round(number: int = 1, thread_id: int | None = None) -> BeatClip:
    config = RoundConfig(RoundId(CHAT, number), ANN, thread_id=thread_id)
    return BeatClip(config=config, media=PHOTO, labels=("a dog", "a cat"))


async def test_a_round_is_read_as_it_was_saved(rounds: RoundStore) -> None:
    assert await rounds.add(a_round())
    changed = replace(a_round(), guesses=(Guess(BOB, 0, 1.0),))
    await rounds.save(changed, now=400.0, chart=b"jpeg")
    await rounds.save_display(changed, Display(7, "x"))
    row = await rounds.at(CHAT, None)
    assert row
    assert (row.state, row.display, row.chart) == (changed, Display(7, "x"), b"jpeg")
    assert [one.state for one in await rounds.all()] == [changed]
    await rounds.end(changed)
    assert await rounds.all() == []


async def test_hidden_players_get_nothing(rounds: RoundStore, store: Store) -> None:
    await rounds.add(a_round())
    awards = [Award(replace(ANN, hidden=True), 50), Award(BOB, 30, 1)]
    await rounds.save(a_round(), now=1.0, awards=awards)
    assert [(s.user_id, s.points) for s in await store.leaderboard(CHAT)] == [(BOB.id, 30)]


@pytest.mark.parametrize("spoilt", [b"\xc1", msgspec.msgpack.encode({"type": "chess"})])
async def test_a_round_of_another_version_is_dropped_and_the_others_go_on(
    rounds: RoundStore, store: Store, spoilt: bytes
) -> None:
    await store.add_round(RoundKey(CHAT, CHAT, None, 1), spoilt)
    await rounds.add(a_round(2, thread_id=9))
    assert [row.id.number for row in await rounds.all()] == [2]
    assert await rounds.add(a_round(3))
