"""What a round of the photo hunt looks like."""

from bot.games.hunt import rules as hunt
from bot.games.hunt.rules import MINE, TRIES, Hunt
from bot.games.rounds.pace import Urgency
from bot.games.rules.round import Phase
from bot.games.spec import Name, View, players_line, remark_lines
from bot.i18n import Sentences


def running(state: Hunt, sentences: Sentences, name: Name) -> View:
    """The board: what is looked for, and who sent something; neither shares nor decoys."""
    lines = [sentences.hunt_board(state.target, state.table.seconds, TRIES)]
    players = {shot.player.id: shot.player for shot in state.shots}
    lines += players_line(list(players.values()), sentences, name)
    remarks = remark_lines(state.remarks, sentences, name)
    if state.phase is Phase.JUDGING:
        return View([*lines, sentences.time_is_up(), *remarks], (), Urgency.NEWS)
    return View([*lines, *remarks], [[(sentences.time_button(), MINE)]])


def result(state: Hunt, sentences: Sentences, name: Name) -> list[str]:
    """The ranking, what stood against the target, and why the last photos are not in it."""
    lines = [
        sentences.hunt_target(state.target),
        sentences.hunt_decoys(state.decoys),
    ]
    lines += [
        sentences.hunt_line(name(shot.player), shot.share or 0.0, hunt.points(shot), place)
        for place, shot in enumerate(hunt.ranking(state), 1)
    ]
    return lines + remark_lines(state.remarks, sentences, name)
