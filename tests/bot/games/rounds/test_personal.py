"""A person's part in a running round: theirs, and nothing that others play in secret."""

import msgspec
import pytest

from bot.games.beat_clip.rules import BeatClip, Guess
from bot.games.duel.rules import Duel, Entry
from bot.games.hunt.rules import Hunt, Shot
from bot.games.rounds.personal import part_of
from bot.games.rules.round import Player, Remark, Round, RoundConfig, RoundId
from bot.platform.models import Media

ANN, BOB = Player(7, "Ann", "ann"), Player(8, "Bob")
CONFIG = RoundConfig(RoundId(-100, 3), starter=BOB)
MEDIA = Media("file", "unique")
ROUNDS = (
    BeatClip(
        config=CONFIG,
        media=MEDIA,
        labels=("a dog", "a cat"),
        guesses=(Guess(ANN, 1, 20.0), Guess(BOB, 0, 25.0)),
    ),
    Duel(
        config=CONFIG,
        media=MEDIA,
        entries=(Entry(BOB, "a secret", 4, 4), Entry(ANN, "a sly fox", 5, 5)),
        remarks=(Remark(ANN, "too long"), Remark(BOB, "taken")),
    ),
    Hunt(config=CONFIG, target="a red thing", decoys=(), shots=(Shot(ANN, 5, MEDIA),)),
)


@pytest.mark.parametrize("state", ROUNDS, ids=lambda state: type(state).__name__)
def test_each_game_shows_a_persons_own_part_alone(state: Round) -> None:
    part = part_of(state, ANN.id)
    assert part
    assert part["yours"]
    assert {one["player"]["id"] for one in part["yours"]} == {ANN.id}
    assert not part["started_by_you"]
    assert b"Bob" not in msgspec.json.encode(part)
    assert b"a secret" not in msgspec.json.encode(part)


def test_who_started_a_round_is_in_it_and_who_did_nothing_is_not() -> None:
    part = part_of(ROUNDS[2], BOB.id)
    assert part
    assert part["started_by_you"]
    assert part["yours"] == []
    assert part_of(ROUNDS[0], 9) is None
