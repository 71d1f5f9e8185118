"""What a round of Beat CLIP looks like."""

from bot.games.beat_clip import rules as beat_clip
from bot.games.beat_clip.rules import REVEAL, BeatClip
from bot.games.rounds.pace import Urgency
from bot.games.rules.round import Phase
from bot.games.spec import Name, View, players_line
from bot.i18n import Sentences


def running(state: BeatClip, sentences: Sentences, name: Name) -> View:
    """The board: who pressed, but not what."""
    lines = [sentences.guess_board(state.table.seconds)]
    if state.struck is not None:
        lines.append(sentences.guess_hint(state.labels[state.struck]))
    lines += players_line([guess.player for guess in state.guesses], sentences, name)
    if state.phase is Phase.JUDGING:
        return View([*lines, sentences.time_is_up()], (), Urgency.NEWS)
    buttons = [
        [(sentences.on_button(label), str(place))]
        for place, label in enumerate(state.labels)
        if place != state.struck
    ]
    buttons.append([(sentences.reveal_button(), REVEAL)])
    # A hint is news for as long as it has not been shown; showing it again costs nothing.
    urgency = Urgency.PROGRESS if state.struck is None else Urgency.NEWS
    return View(lines, buttons, urgency)


def result(state: BeatClip, sentences: Sentences, name: Name) -> list[str]:
    """What CLIP chose, how sure it was, and who was right."""
    right = beat_clip.right_labels(state)
    ranked = sorted(range(len(state.labels)), key=lambda i: -state.probabilities[i])
    lines = [
        sentences.winner(state.labels[i], state.probabilities[i]) for i in ranked if i in right
    ]
    lines += [
        sentences.runner_up(state.labels[i], state.probabilities[i]) for i in ranked[len(right) : 2]
    ]
    if len(right) > 1:
        lines.append(sentences.near_tie(len(right)))
    guesses = {guess.player.id: guess for guess in state.guesses}
    awards = beat_clip.awards(state)
    for award in awards:
        guess = guesses[award.player.id]
        if award.right:
            lines.append(
                sentences.guess_right(
                    name(award.player), award.points, award.rank, guess.streak + 1
                )
            )
        else:
            lines.append(sentences.guess_wrong(name(award.player), state.labels[guess.label]))
    if not awards:
        lines.append(sentences.nobody_guessed())
    elif not any(award.right for award in awards):
        lines.append(sentences.clip_wins())
    return lines
