"""The photo hunt as the bot plays it: how a round starts, and what it looks like."""

from bot.games.hunt import rules
from bot.games.hunt.rules import DECOYS, MINE, SECONDS, TRIES, Hunt
from bot.games.hunt.texts import HuntTexts
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
from bot.games.spec.own_phrases import draw_phrases
from inference.protocol.labels import MAX_LABEL_LENGTH, clean


def _start(request: StartRequest, texts: HuntTexts) -> Hunt | str:
    """Hunt for what was typed, else for a phrase of the bot's own."""
    language = request.config.language
    shown = asked = clean(request.argument)
    if len(shown) > MAX_LABEL_LENGTH:
        return texts.phrase_wrong(MAX_LABEL_LENGTH)
    if not shown:
        (own,) = draw_phrases(1, request.sample)
        shown, asked = own.spoken(language), own.asked
    decoys = draw_phrases(DECOYS, request.sample, unlike=asked)
    return Hunt(
        config=request.config,
        target=shown,
        decoys=tuple(phrase.spoken(language) for phrase in decoys),
        asked=(asked, *(phrase.asked for phrase in decoys)),
    )


def _running(state: Hunt, texts: HuntTexts, name: Name) -> View:
    """Show the target, and who sent something; neither probabilities nor decoys."""
    lines = [texts.board(state.target, state.config.seconds, TRIES)]
    players = {shot.player.id: shot.player for shot in state.shots}
    lines += players_line(list(players.values()), texts, name)
    remarks = remark_lines(state.remarks, texts.remark, name)
    if state.phase is Phase.JUDGING:
        return View([*lines, texts.time_is_up(), *remarks], (), Urgency.NEWS)
    return View([*lines, *remarks], [[(texts.time_button(), MINE)]])


def _result(state: Hunt, texts: HuntTexts, name: Name) -> list[str]:
    """Tell the ranking, the decoys, and why the last photos do not count."""
    lines = [texts.target(state.target), texts.decoys(state.decoys)]
    lines += [
        texts.line(name(shot.player), shot.share or 0.0, rules.points(shot), rank)
        for rank, shot in enumerate(rules.ranking(state), 1)
    ]
    return lines + remark_lines(state.remarks, texts.remark, name)


HUNT = GameSpec(
    command="hunt",
    icon="🔎",
    needs_photo=False,
    seconds=SECONDS,
    state=Hunt,
    start=_start,
    begin=rules.begin,
    step=rules.step,
    wakes_at=rules.wakes_at,
    running=_running,
    result=_result,
    texts=HuntTexts,
)
