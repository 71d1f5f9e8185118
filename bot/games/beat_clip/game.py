"""Beat CLIP as the bot plays it: how a round starts, and what it looks like."""

from bot.games.beat_clip import rules
from bot.games.beat_clip.rules import MAX_LABELS, MIN_LABELS, REVEAL, SECONDS, BeatClip
from bot.games.beat_clip.texts import BeatClipTexts
from bot.games.rules.round import Phase
from bot.games.spec.game_spec import GameSpec, Name, StartRequest, Urgency, View, players_line
from bot.games.spec.own_phrases import draw_phrases
from inference.protocol.errors import NoLabels, TooManyLabels
from inference.protocol.labels import parse

# How many labels the bot chooses if nobody typed any.
_OWN_LABELS = 4


def _start(request: StartRequest, texts: BeatClipTexts) -> BeatClip | str:
    """Use the labels that were typed, else those that the person stored, else some of the bot's."""
    assert request.picture is not None  # the game needs a photo
    limit = min(MAX_LABELS, request.max_labels)
    stored = request.stored_labels
    try:
        labels = parse(request.argument, max_labels=limit)
    except NoLabels:
        labels = stored if MIN_LABELS <= len(stored) <= limit else ()
    except TooManyLabels:
        return texts.labels_wrong(MIN_LABELS, limit)
    if 0 < len(labels) < MIN_LABELS:
        return texts.labels_wrong(MIN_LABELS, limit)
    if labels:
        shuffled = tuple(request.sample(labels, len(labels)))
        return BeatClip(config=request.config, media=request.picture, labels=shuffled)
    drawn = draw_phrases(min(_OWN_LABELS, limit), request.sample)
    return BeatClip(
        config=request.config,
        media=request.picture,
        labels=tuple(phrase.spoken(request.config.language) for phrase in drawn),
        asked=tuple(phrase.asked for phrase in drawn),
    )


def _running(state: BeatClip, texts: BeatClipTexts, name: Name) -> View:
    """Show who pressed, but not what."""
    lines = [texts.board(state.config.seconds)]
    if state.struck is not None:
        lines.append(texts.hint(state.labels[state.struck]))
    lines += players_line([guess.player for guess in state.guesses], texts, name)
    if state.phase is Phase.JUDGING:
        return View([*lines, texts.time_is_up()], (), Urgency.NEWS)
    buttons = [
        [(texts.on_button(label), str(position))]
        for position, label in enumerate(state.labels)
        if position != state.struck
    ]
    buttons.append([(texts.reveal_button(), REVEAL)])
    # The board stays urgent after the hint; a board that looks the same is not edited again.
    urgency = Urgency.PROGRESS if state.struck is None else Urgency.NEWS
    return View(lines, buttons, urgency)


def _result(state: BeatClip, texts: BeatClipTexts, name: Name) -> list[str]:
    """Tell what CLIP chose, how sure it was, and who was right."""
    right = rules.right_labels(state)
    ranked = sorted(range(len(state.labels)), key=lambda i: -state.probabilities[i])
    lines = [texts.winner(state.labels[i], state.probabilities[i]) for i in ranked if i in right]
    lines += [
        texts.runner_up(state.labels[i], state.probabilities[i]) for i in ranked[len(right) : 2]
    ]
    if len(right) > 1:
        lines.append(texts.near_tie(len(right)))
    guesses = {guess.player.id: guess for guess in state.guesses}
    awards = rules.awards(state)
    for award in awards:
        guess = guesses[award.player.id]
        if award.right:
            streak = guess.streak + 1
            lines.append(texts.right(name(award.player), award.points, award.rank, streak))
        else:
            lines.append(texts.wrong(name(award.player), state.labels[guess.label]))
    if not awards:
        lines.append(texts.nobody_guessed())
    elif not any(award.right for award in awards):
        lines.append(texts.clip_wins())
    return lines


BEAT_CLIP = GameSpec(
    command="guess",
    icon="🎯",
    needs_photo=True,
    seconds=SECONDS,
    has_streaks=True,
    starter_choices=frozenset({REVEAL}),
    state=BeatClip,
    start=_start,
    begin=rules.begin,
    step=rules.step,
    wakes_at=rules.wakes_at,
    running=_running,
    result=_result,
    texts=BeatClipTexts,
)
