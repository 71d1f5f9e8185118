"""What a photo hunt's board and result say."""

from bot.games.hunt import rules as hunt
from bot.games.hunt.rules import Hunt
from bot.games.rounds.boards import board_of, result_of
from bot.games.rules.events import BoardShown, Judged, PhotoReply, RoundSkipped
from bot.platform.models import Media
from inference.protocol.messages import Fingerprint
from tests.bot.games.played_round import PLAYERS, ROUND, PlayedRound, a_config
from tests.bot.scripted import ScriptedPlatform

ANN, BOB, CEM, *_ = PLAYERS
RED, BLUE = Fingerprint(bytes([200, 0, 0] * 64)), Fingerprint(bytes([0, 0, 200] * 64))
_COPY = "⚠️ <b>Player 2</b>: that photo is here already"


def test_a_copy_that_is_found_after_the_end_gets_a_remark() -> None:
    state = Hunt(config=a_config(180.0), target="a red thing", decoys=("a dog",))
    game = PlayedRound(hunt.step, state)
    game.happens(BoardShown())
    for number, player in enumerate((ANN, BOB, CEM)):
        photo = Media(f"file {number}", f"unique {number}", 100)
        game.happens(PhotoReply(ROUND, player, number, photo))
    game.happens(RoundSkipped(ROUND))
    for number in range(2):
        game.happens(Judged(ROUND, f"shot{number}", (0.9, 0.1), fingerprint=RED))
    assert _COPY in board_of(game.state, ScriptedPlatform(), fresh=True).text
    game.happens(Judged(ROUND, "shot2", (0.2, 0.8), fingerprint=BLUE))
    game.happens(Judged(ROUND, "chart", (0.9, 0.1)))
    told = result_of(game.state, ScriptedPlatform())
    assert "🥇 <b>Player 1</b>" in told
    assert "🥈 <b>Player 3</b>" in told
    assert told.endswith(_COPY)
