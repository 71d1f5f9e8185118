"""What a round of the caption duel looks like."""

from bot.games.duel import rules as duel
from bot.games.duel.rules import MAX_WORDS, MINE, Duel
from bot.games.rounds.pace import Urgency
from bot.games.rules.round import Phase
from bot.games.spec import Name, View, players_line, remark_lines
from bot.i18n import Sentences


def running(state: Duel, sentences: Sentences, name: Name) -> View:
    """The board: who takes part. Their phrases can be read in their replies."""
    lines = [sentences.duel_board(state.table.seconds, MAX_WORDS)]
    lines += players_line([entry.player for entry in state.entries], sentences, name)
    if state.phase is Phase.JUDGING:
        return View([*lines, sentences.time_is_up()], (), Urgency.NEWS)
    lines += remark_lines(state.remarks, sentences, name)
    return View(lines, [[(sentences.time_button(), MINE)]])


def result(state: Duel, sentences: Sentences, name: Name) -> list[str]:
    """Phrases with their people, best first."""
    return [
        sentences.duel_line(
            name(verdict.entry.player),
            verdict.entry.phrase,
            verdict.share,
            award.points,
            award.rank,
        )
        if verdict.first is None
        else sentences.duel_second(
            name(verdict.entry.player), verdict.entry.phrase, name(verdict.first), award.points
        )
        for verdict, award in zip(state.verdicts, duel.awards(state), strict=True)
    ]
