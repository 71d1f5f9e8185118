"""A photo hunt that a test plays by its rules alone."""

from bot.games.hunt import rules as hunt
from bot.games.hunt.rules import Hunt
from bot.games.rules.events import BoardShown, Judged
from bot.platform.models import Media
from inference.protocol.messages import Fingerprint
from tests.bot.games.played_round import PLAYERS, ROUND, PlayedRound, a_config

ANN, BOB, CEM, DAN, EVE = PLAYERS
DECOYS = ("a dog", "a tree")
RED, BLUE = Fingerprint(bytes([200, 0, 0] * 64)), Fingerprint(bytes([0, 0, 200] * 64))
ALSO_RED = Fingerprint(bytes([196, 3, 0] * 64))


def photo(number: int) -> Media:
    return Media(f"file {number}", f"unique {number}", 100)


def print_of(number: int) -> Fingerprint:
    """Return the fingerprint of a photo; each number has another one."""
    return Fingerprint(bytes([number * 50 % 250, number // 5 * 50 % 250, 0] * 64))


def new_hunt(asked: tuple[str, ...] = ()) -> PlayedRound[Hunt]:
    state = Hunt(config=a_config(180.0), target="a red thing", decoys=DECOYS, asked=asked)
    return PlayedRound(hunt.step, state)


def a_round() -> PlayedRound[Hunt]:
    """Return a round whose board is shown."""
    game = new_hunt()
    game.happens(BoardShown())
    return game


def verdict(number: int, share: float, seen: Fingerprint | None = None) -> Judged:
    rest = (1 - share) / 2
    return Judged(ROUND, f"shot{number}", (share, rest, rest), fingerprint=seen or print_of(number))


def notes(game: PlayedRound[Hunt]) -> list[str]:
    return [remark.note for remark in game.state.remarks]
