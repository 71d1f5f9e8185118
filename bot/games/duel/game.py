"""The caption duel as the bot plays it: how a round starts, and what it looks like."""

from bot.games.duel import rules
from bot.games.duel.rules import MAX_WORDS, MINE, SECONDS, Duel
from bot.games.duel.texts import DuelTexts
from bot.games.rules.round import Phase
from bot.games.spec.game_spec import (
    GameSpec,
    Name,
    StartRequest,
    Urgency,
    View,
    players_line,
    remark_lines,
)


def _start(request: StartRequest, _texts: DuelTexts) -> Duel | str:
    assert request.picture is not None  # the game needs a photo
    return Duel(config=request.config, media=request.picture)


def _running(state: Duel, texts: DuelTexts, name: Name) -> View:
    """Show who takes part. Their phrases can be read in their replies."""
    lines = [texts.board(state.config.seconds, MAX_WORDS)]
    lines += players_line([entry.player for entry in state.entries], texts, name)
    if state.phase is Phase.JUDGING:
        return View([*lines, texts.time_is_up()], (), Urgency.NEWS)
    lines += remark_lines(state.remarks, texts.remark, name)
    return View(lines, [[(texts.time_button(), MINE)]])


def _result(state: Duel, texts: DuelTexts, name: Name) -> list[str]:
    """Tell all phrases with their players, the best first."""
    lines = []
    for verdict, award in zip(state.verdicts, rules.awards(state), strict=True):
        player, phrase = name(verdict.entry.player), verdict.entry.phrase
        if verdict.first is None:
            lines.append(texts.line(player, phrase, verdict.share, award.points, award.rank))
        else:
            lines.append(texts.said_before(player, phrase, name(verdict.first), award.points))
    return lines


DUEL = GameSpec(
    command="duel",
    icon="⚔️",
    needs_photo=True,
    group_only=True,
    seconds=SECONDS,
    state=Duel,
    start=_start,
    begin=rules.begin,
    step=rules.step,
    wakes_at=rules.wakes_at,
    running=_running,
    result=_result,
    may_show_chart=lambda state: not rules.names_forgotten_player(state),
    texts=DuelTexts,
)
