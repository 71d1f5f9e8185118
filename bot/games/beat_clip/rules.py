"""Beat CLIP (`/guess`): which label does CLIP choose?

Each player presses one label, which nobody else sees. CLIP's top label is right, and so is every
label within `NEAR_TIE` of it. When half of the time is over, one wrong label is struck out; guesses
after that give half of the points.
"""

from enum import StrEnum

import msgspec
from msgspec.structs import replace

from bot.games.rules import round as rounds
from bot.games.rules.events import (
    Award,
    Awards,
    BoardShown,
    Effect,
    Event,
    Forgotten,
    Judged,
    JudgeRequest,
    Pressed,
    Resumed,
    RoundSkipped,
    RoundStopped,
    Tick,
    Toast,
    told_over,
)
from bot.games.rules.round import End, Note, Phase, Player, Round
from bot.platform.models import Media

MIN_LABELS = 2
MAX_LABELS = 10  # a phone shows this many buttons, one below the other, without scrolling
SECONDS = 30.0
# Labels whose probabilities differ by less than this from the best are right as well.
NEAR_TIE = 0.02
# The choice that ends the round. All other choices are positions of labels.
REVEAL = "reveal"
# From this length on, a streak multiplies the points.
STREAK, STREAK_BONUS = 3, 1.2
# With fewer labels than this a hint would give the answer away.
_HINT_FROM = 3
_LOOK = "look"

Step = tuple["BeatClip", tuple[Effect, ...]]


class GuessNote(StrEnum):
    """What only this game tells the person who pressed."""

    ALREADY = "already"  # they chose before; label: what
    STRUCK = "struck"  # that label is out
    REVEALED = "revealed"


class Guess(msgspec.Struct, frozen=True):
    """What a player pressed.

    Attributes:
        label: its position among the labels.
        left: the part of the time that was left, 0..1.
        hinted: a label was struck out before.
        streak: rounds in a row that they got right before.
    """

    player: Player
    label: int
    left: float
    hinted: bool = False
    streak: int = 0


class BeatClip(Round, frozen=True, kw_only=True, tag="guess"):
    """A round of Beat CLIP.

    Attributes:
        labels: as shown, in the order of the buttons.
        asked: what CLIP reads in place of the labels; empty: the labels themselves.
        probabilities: CLIP's, one for each label; empty until it answered.
        struck: the position of the label that the hint took away.
        guesses: one for each player, in the order in which they came.
    """

    media: Media
    labels: tuple[str, ...]
    asked: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    struck: int | None = None
    guesses: tuple[Guess, ...] = ()


def begin(state: BeatClip) -> Step:
    """Ask CLIP at once: the hint needs to know which labels are wrong."""
    return state, (_ask(state),)


def step(state: BeatClip, event: Event, now: float) -> Step:
    """Return the next state and its effects. Never raises, whatever the event is."""
    if state.phase is Phase.OVER and not isinstance(event, Forgotten):
        return state, told_over(event)
    match event:
        case BoardShown():
            return _timed(rounds.opened(state, now), now)
        case Resumed():
            asked = () if state.probabilities else (_ask(state),)
            return rounds.resumed(state, now), asked
        case Tick():
            return _timed(state, now)
        case RoundStopped(round=id_) if id_ == state.config.id:
            return rounds.over(state, End.STOPPED), ()
        case RoundSkipped(round=id_) if id_ == state.config.id:
            return _closed(state, now)
        case Forgotten(player_id=player_id):
            kept = tuple(guess for guess in state.guesses if guess.player.id != player_id)
            return replace(state, guesses=kept), ()
        case Judged(round=id_) if id_ == state.config.id:
            return _judged(state, event, now)
        case Pressed(round=id_) if id_ == state.config.id:
            return _pressed(state, event, now)
    return state, told_over(event)


def right_labels(state: BeatClip) -> frozenset[int]:
    """Return the positions of CLIP's top label and of those that are within `NEAR_TIE` of it."""
    best = max(state.probabilities, default=0.0)
    return frozenset(i for i, p in enumerate(state.probabilities) if best - p < NEAR_TIE)


def points(guess: Guess) -> int:
    """Return 50 + 50 × (time left / time); half of it after the hint; × 1.2 from a streak of 3."""
    value = (50.0 + 50.0 * guess.left) * (0.5 if guess.hinted else 1.0)
    return round(value * (STREAK_BONUS if guess.streak + 1 >= STREAK else 1.0))


def awards(state: BeatClip) -> tuple[Award, ...]:
    """Return what each player gets, the best first."""
    right = right_labels(state)
    given = sorted(
        (
            (guess, points(guess) if guess.label in right else 0, guess.label in right)
            for guess in state.guesses
        ),
        key=lambda one: -one[1],
    )
    values = [value for _, value, _ in given]
    return tuple(
        Award(guess.player, value, values.index(value) + 1 if was_right else 0, was_right)
        for guess, value, was_right in given
    )


def hint_at(state: BeatClip) -> float | None:
    """Return when a wrong label is struck out; None when there is nothing to strike."""
    wrong = len(state.probabilities) - len(right_labels(state))
    if (
        state.phase is not Phase.OPEN
        or state.struck is not None
        or state.opened_at is None
        or len(state.labels) < _HINT_FROM
        or wrong < 1
    ):
        return None
    return state.opened_at + state.config.seconds / 2


def wakes_at(state: BeatClip) -> float | None:
    """Return when time changes something."""
    times = [time for time in (hint_at(state), state.ends_at) if time is not None]
    return min(times, default=None)


def _ask(state: BeatClip) -> JudgeRequest:
    captions = state.labels if state.asked else ()
    return JudgeRequest(_LOOK, state.media, state.asked or state.labels, captions, draw=True)


def _timed(state: BeatClip, now: float) -> Step:
    if rounds.is_late(state, now):
        if state.phase is Phase.JUDGING:
            return rounds.over(state, End.NO_ANSWER), ()
        return _closed(state, now)
    hint = hint_at(state)
    if hint is not None and now >= hint:
        right = right_labels(state)
        wrong = [i for i in range(len(state.labels)) if i not in right]
        least = min(wrong, key=lambda i: state.probabilities[i])
        return replace(state, struck=least), ()
    return state, ()


def _closed(state: BeatClip, now: float) -> Step:
    """End the guessing: settle the round, or wait for CLIP."""
    if state.phase is Phase.JUDGING:
        return state, ()
    if state.probabilities:
        return _settled(state)
    return rounds.judging(state, now), ()


def _settled(state: BeatClip) -> Step:
    given = awards(state)
    return rounds.over(state, End.DONE), (Awards(given),) if given else ()


def _judged(state: BeatClip, event: Judged, now: float) -> Step:
    if event.key != _LOOK or state.probabilities:
        return state, ()
    if len(event.probabilities) != len(state.labels):
        return rounds.over(state, End.NO_PICTURE), ()
    known = replace(state, probabilities=event.probabilities)
    return _settled(known) if known.phase is Phase.JUDGING else _timed(known, now)


def _pressed(state: BeatClip, event: Pressed, now: float) -> Step:
    if event.choice == REVEAL:
        if not event.may_end:
            return state, (Toast(Note.ONLY_STARTER),)
        closed, effects = _closed(state, now)
        return closed, (Toast(GuessNote.REVEALED), *effects)
    if state.phase is Phase.JUDGING:
        return state, (Toast(Note.OVER),)
    label = _position(event.choice, len(state.labels))
    if label is None:
        return state, (Toast(Note.OVER),)
    if rounds.is_late(state, now):
        closed, effects = _closed(state, now)
        return closed, (Toast(Note.OVER), *effects)
    before = next((g for g in state.guesses if g.player.id == event.player.id), None)
    if before is not None:
        is_same = before.label == label
        note: str = Note.NOTED if is_same else GuessNote.ALREADY
        return state, (Toast(note, state.labels[before.label]),)
    if label == state.struck:
        return state, (Toast(GuessNote.STRUCK, state.labels[label]),)
    guess = Guess(
        event.player,
        label,
        _left(state, now),
        hinted=state.struck is not None,
        streak=max(0, event.streak),
    )
    noted = replace(state, guesses=(*state.guesses, guess))
    return noted, (Toast(Note.NOTED, state.labels[label]),)


def _position(choice: str, count: int) -> int | None:
    """Return a label's position; None for anything else that a client may send."""
    if not (choice.isascii() and choice.isdecimal()) or len(choice) > 3:
        return None
    return int(choice) if int(choice) < count else None


def _left(state: BeatClip, now: float) -> float:
    """Return the part of the time that is left. Time that a crash adds gives no points."""
    if state.opened_at is None:
        return 1.0
    left = state.opened_at + state.config.seconds - now
    return min(1.0, max(0.0, left / state.config.seconds))
