"""Beat CLIP (`/guess`): which label does CLIP choose?

Everybody presses once, hidden. Right is CLIP's top label, and every label within `NEAR_TIE` of it.
Half-way, one wrong label is struck out; guesses after that are worth half.
"""

import msgspec
from msgspec.structs import replace

from bot.games.rules import round as rounds
from bot.games.rules.events import (
    Award,
    Awards,
    Effect,
    Event,
    Forgotten,
    Judged,
    JudgeRequest,
    Pressed,
    Resumed,
    Shown,
    Skipped,
    Stopped,
    Tick,
    Toast,
)
from bot.games.rules.round import End, Note, Phase, Player, Round
from bot.platform.models import Media

MIN_LABELS = 2
MAX_LABELS = 10  # buttons, one below the other, that a phone shows without scrolling
SECONDS = 30.0
# Labels whose shares differ by less than this are as good as each other.
NEAR_TIE = 0.02
# Choosing "reveal" ends the round; a label is chosen by its place.
REVEAL = "reveal"
# A streak from this length on is worth more.
STREAK, STREAK_BONUS = 3, 1.2
# With fewer labels a hint would give the answer away.
_HINT_FROM = 3
_LOOK = "look"

Step = tuple["BeatClip", tuple[Effect, ...]]


class Guess(msgspec.Struct, frozen=True):
    """What somebody pressed.

    Attributes:
        label: its place among the labels.
        left: share of the time that was left, 0..1.
        hinted: the hint was there already.
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
        asked: what CLIP reads in their place; empty: the labels themselves.
        probabilities: CLIP's, for each label; empty until it answered.
        struck: the label that the hint took away.
        guesses: one for each player, in the order in which they came.
    """

    media: Media
    labels: tuple[str, ...]
    asked: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    struck: int | None = None
    guesses: tuple[Guess, ...] = ()


def begin(state: BeatClip) -> Step:
    """The first step: CLIP is asked at once, because the hint must know what is wrong."""
    return state, (_ask(state),)


def step(state: BeatClip, event: Event, now: float) -> Step:
    """What the round becomes, and what is to be done. Never raises, whatever comes."""
    if state.phase is Phase.OVER and not isinstance(event, Forgotten):
        return state, _whispered(event, Note.OVER)
    match event:
        case Shown():
            return _timed(rounds.opened(state, now), now)
        case Resumed():
            asked = () if state.probabilities else (_ask(state),)
            return rounds.resumed(state, now), asked
        case Tick():
            return _timed(state, now)
        case Stopped(round=id_) if id_ == state.table.id:
            return rounds.over(state, End.STOPPED), ()
        case Skipped(round=id_) if id_ == state.table.id:
            return _closed(state, now)
        case Forgotten(player_id=player_id):
            kept = tuple(guess for guess in state.guesses if guess.player.id != player_id)
            return replace(state, guesses=kept), ()
        case Judged(round=id_) if id_ == state.table.id:
            return _judged(state, event, now)
        case Pressed(round=id_) if id_ == state.table.id:
            return _pressed(state, event, now)
    return state, _whispered(event, Note.OVER)


def right_labels(state: BeatClip) -> frozenset[int]:
    """CLIP's top label, and those so close that they count as well."""
    best = max(state.probabilities, default=0.0)
    return frozenset(i for i, p in enumerate(state.probabilities) if best - p < NEAR_TIE)


def points(guess: Guess) -> int:
    """50 + 50 × (time left / time), half of it after the hint, × 1.2 from a streak of 3."""
    value = (50.0 + 50.0 * guess.left) * (0.5 if guess.hinted else 1.0)
    return round(value * (STREAK_BONUS if guess.streak + 1 >= STREAK else 1.0))


def awards(state: BeatClip) -> tuple[Award, ...]:
    """What everybody who guessed gets, best first."""
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
    """When a wrong label is to be struck out; None when there is nothing to strike."""
    wrong = len(state.probabilities) - len(right_labels(state))
    if (
        state.phase is not Phase.OPEN
        or state.struck is not None
        or state.opened_at is None
        or len(state.labels) < _HINT_FROM
        or wrong < 1
    ):
        return None
    return state.opened_at + state.table.seconds / 2


def wakes_at(state: BeatClip) -> float | None:
    """When time changes something."""
    times = [time for time in (hint_at(state), state.ends_at) if time is not None]
    return min(times, default=None)


def _ask(state: BeatClip) -> JudgeRequest:
    captions = state.labels if state.asked else ()
    return JudgeRequest(_LOOK, state.media, state.asked or state.labels, captions, draw=True)


def _whispered(event: Event, note: Note) -> tuple[Effect, ...]:
    """Whoever pressed waits for a word."""
    return (Toast(note),) if isinstance(event, Pressed) else ()


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
    """Nobody can guess any more."""
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
        return closed, (Toast(Note.REVEALED), *effects)
    if state.phase is Phase.JUDGING:
        return state, (Toast(Note.OVER),)
    label = _place(event.choice, len(state.labels))
    if label is None:
        return state, (Toast(Note.OVER),)
    if rounds.is_late(state, now):
        closed, effects = _closed(state, now)
        return closed, (Toast(Note.OVER), *effects)
    before = next((g for g in state.guesses if g.player.id == event.player.id), None)
    if before is not None:
        note = Note.NOTED if before.label == label else Note.ALREADY
        return state, (Toast(note, state.labels[before.label]),)
    if label == state.struck:
        return state, (Toast(Note.STRUCK, state.labels[label]),)
    guess = Guess(
        event.player,
        label,
        _left(state, now),
        hinted=state.struck is not None,
        streak=max(0, event.streak),
    )
    noted = replace(state, guesses=(*state.guesses, guess))
    return noted, (Toast(Note.NOTED, state.labels[label]),)


def _place(choice: str, count: int) -> int | None:
    """A label's place; a client can send whatever it likes."""
    if not (choice.isascii() and choice.isdecimal()) or len(choice) > 3:
        return None
    return int(choice) if int(choice) < count else None


def _left(state: BeatClip, now: float) -> float:
    """Share of the time that is left. The time that a crash adds is worth nothing."""
    if state.opened_at is None:
        return 1.0
    left = state.opened_at + state.table.seconds - now
    return min(1.0, max(0.0, left / state.table.seconds))
