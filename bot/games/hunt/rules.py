"""Photo hunt (`/hunt`): who finds a photo of this?

Players reply to the board with photos; the best of a player's first three counts. CLIP compares
each photo with the target and with hidden phrases, the decoys. A photo that was sent before does
not count.
"""

from collections.abc import Iterable, Sequence
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
    PhotoReply,
    Pressed,
    Resumed,
    RoundSkipped,
    RoundStopped,
    Tick,
    Toast,
    told_over,
)
from bot.games.rules.round import End, Note, Phase, Player, Remark, Round
from bot.platform.models import Media
from inference.protocol.messages import Fingerprint

SECONDS = 180.0
TRIES = 3
# The most photos of one player, with copies and unreadable files: nobody fills a round alone.
_MAX_SENT = 3 * TRIES
DECOYS = 5
# The most photos in one round: more than a group sends in three minutes.
MAX_SHOTS = 300
# A finished ranking waits this long for its chart, in seconds.
_CHART_TIMEOUT = 30.0
# The choice of the board's one button: it tells the time left and how many photos count.
MINE = "mine"
# Keys of questions: the chart's, and the beginning of a photo's.
_CHART = "chart"
_SHOT = "shot"

Step = tuple["Hunt", tuple[Effect, ...]]


class HuntNote(StrEnum):
    """Why a photo does not count."""

    SAME = "same"  # it was sent before
    ENOUGH = "enough"  # the player has sent as many as count
    UNREADABLE = "unreadable"


class Shot(msgspec.Struct, frozen=True):
    """A photo that a player sent.

    Attributes:
        message_id: the reply that holds it; orders photos.
        share: CLIP's probability of the target, 0..1; None until it answered.
        refused: the photo can't be read.
    """

    player: Player
    message_id: int
    media: Media
    share: float | None = None
    fingerprint: Fingerprint | None = None
    refused: bool = False


class Hunt(Round, frozen=True, kw_only=True, tag="hunt"):
    """A round of the photo hunt.

    Attributes:
        target: what players look for, as shown.
        decoys: what CLIP also compares each photo with, as shown; hidden until the end.
        asked: what CLIP reads in place of target and decoys; empty: the same.
        shots: in the order of their messages.
        remarks: why the latest photos do not count.
        is_ranked: points are given; only the chart is missing.
    """

    target: str
    decoys: tuple[str, ...]
    asked: tuple[str, ...] = ()
    shots: tuple[Shot, ...] = ()
    remarks: tuple[Remark, ...] = ()
    is_ranked: bool = False


def begin(state: Hunt) -> Step:
    """Ask nothing yet: there are no photos."""
    return state, ()


def step(state: Hunt, event: Event, now: float) -> Step:
    """Return the next state and its effects. Never raises, whatever the event is."""
    if state.phase is Phase.OVER and not isinstance(event, Forgotten):
        return state, told_over(event)
    match event:
        case BoardShown():
            return rounds.opened(state, now), ()
        case Resumed():
            return rounds.resumed(state, now), _open_asks(state)
        case Tick():
            return _timed(state, now)
        case RoundStopped(round=id_) if id_ == state.config.id and not state.is_ranked:
            return rounds.over(state, End.STOPPED), ()
        case RoundSkipped(round=id_) if id_ == state.config.id:
            return _closed(state, now)
        case Forgotten(player_id=player_id):
            return _forgotten(state, player_id, now)
        case Judged(round=id_) if id_ == state.config.id:
            return _judged(state, event, now)
        case PhotoReply(round=id_) if id_ == state.config.id:
            return _sent(state, event, now)
        case Pressed(round=id_, choice=choice) if id_ == state.config.id and choice == MINE:
            return state, (_mine(state, event.player, now),)
    return state, told_over(event)


def counting(state: Hunt) -> tuple[Shot, ...]:
    """Return the photos that count, in order: no copies, and at most three of each player."""
    faults = _faults(state.shots)
    return tuple(shot for shot in state.shots if shot.message_id not in faults)


def _faults(shots: Iterable[Shot]) -> dict[int, HuntNote]:
    """Return why photos do not count, by the ids of their messages."""
    counting: list[Shot] = []
    faults: dict[int, HuntNote] = {}
    for shot in shots:
        if shot.refused:
            faults[shot.message_id] = HuntNote.UNREADABLE
        elif any(_same(shot, other) for other in counting):
            faults[shot.message_id] = HuntNote.SAME
        elif sum(other.player.id == shot.player.id for other in counting) >= TRIES:
            faults[shot.message_id] = HuntNote.ENOUGH
        else:
            counting.append(shot)
    return faults


def _seen(shots: Iterable[Shot]) -> list[Shot]:
    """Return the photos that CLIP has answered for."""
    return [shot for shot in shots if shot.share is not None or shot.refused]


def ranking(state: Hunt) -> tuple[Shot, ...]:
    """Return each player's best photo, the best first; of equal ones, the one that came first."""
    best: dict[int, Shot] = {}
    for shot in counting(state):
        known = best.get(shot.player.id)
        if shot.share is not None and (known is None or shot.share > (known.share or 0.0)):
            best[shot.player.id] = shot
    return tuple(sorted(best.values(), key=lambda shot: (-(shot.share or 0.0), shot.message_id)))


def points(shot: Shot) -> int:
    """Return 100 × p(target)."""
    return round(100 * min(1.0, max(0.0, shot.share or 0.0)))


def awards(state: Hunt) -> tuple[Award, ...]:
    """Return what each player with a photo that counts gets, the best first."""
    return tuple(
        Award(shot.player, points(shot), rank) for rank, shot in enumerate(ranking(state), 1)
    )


def wakes_at(state: Hunt) -> float | None:
    """Return when time changes something."""
    return state.ends_at


def _same(shot: Shot, other: Shot) -> bool:
    if shot.media.unique_id == other.media.unique_id:
        return True
    prints = shot.fingerprint, other.fingerprint
    return prints[0] is not None and prints[1] is not None and prints[0].is_same(prints[1])


def _ask(state: Hunt, shot: Shot) -> JudgeRequest:
    labels = state.asked or (state.target, *state.decoys)
    return JudgeRequest(f"{_SHOT}{shot.message_id}", shot.media, labels, fingerprint=True)


def _ask_chart(state: Hunt) -> JudgeRequest:
    shown = (state.target, *state.decoys)
    captions = shown if state.asked else ()
    return JudgeRequest(_CHART, ranking(state)[0].media, state.asked or shown, captions, draw=True)


def _open_asks(state: Hunt) -> tuple[Effect, ...]:
    if state.is_ranked:
        return (_ask_chart(state),) if ranking(state) else ()
    return tuple(_ask(state, shot) for shot in _waiting(state))


def _waiting(state: Hunt) -> list[Shot]:
    return [shot for shot in state.shots if shot.share is None and not shot.refused]


def _timed(state: Hunt, now: float) -> Step:
    if not rounds.is_late(state, now):
        return state, ()
    if state.phase is not Phase.JUDGING:
        return _closed(state, now)
    if state.is_ranked:
        return rounds.over(state, End.DONE), ()
    # CLIP did not answer in time: what it has seen so far counts, if there is anything.
    return _ranked(state, now) if ranking(state) else (rounds.over(state, End.NO_ANSWER), ())


def _mine(state: Hunt, player: Player, now: float) -> Toast:
    if state.phase is Phase.JUDGING or rounds.is_late(state, now):
        return Toast(Note.OVER)
    left = rounds.seconds_left(state, now)
    mine = [shot for shot in counting(state) if shot.player.id == player.id]
    if not mine:
        return Toast(Note.NOTHING_YET, seconds=left)
    best = max((shot.share for shot in mine if shot.share is not None), default=None)
    label = f"📷 {len(mine)}/{TRIES}" + ("" if best is None else f" · {round(100 * best)}")
    return Toast(Note.YOURS, label, left)


def _sent(state: Hunt, event: PhotoReply, now: float) -> Step:
    if state.phase is Phase.JUDGING:
        return state, ()
    if rounds.is_late(state, now):
        return _closed(state, now)
    if any(shot.message_id == event.message_id for shot in state.shots):
        return state, ()  # the message was delivered twice
    earlier = [shot for shot in state.shots if shot.message_id < event.message_id]
    if any(shot.media.unique_id == event.media.unique_id for shot in earlier):
        return _remarked(state, event.player, HuntNote.SAME), ()
    # A photo that CLIP has not seen yet may be a copy, and a copy does not count as a try.
    seen = _seen(state.shots)
    faults = _faults(seen)
    tries = sum(s.player.id == event.player.id and s.message_id not in faults for s in seen)
    sent = sum(shot.player.id == event.player.id for shot in state.shots)
    if tries >= TRIES or sent >= _MAX_SENT or len(state.shots) >= MAX_SHOTS:
        return _remarked(state, event.player, HuntNote.ENOUGH), ()
    shot = Shot(event.player, event.message_id, event.media)
    shots = tuple(sorted((*state.shots, shot), key=lambda one: one.message_id))
    return replace(state, shots=shots), (_ask(state, shot),)


def _remarked(state: Hunt, player: Player, note: HuntNote) -> Hunt:
    return replace(state, remarks=rounds.with_remark(state.remarks, Remark(player, note)))


def _judged(state: Hunt, event: Judged, now: float) -> Step:
    if event.key == _CHART:
        return (rounds.over(state, End.DONE), ()) if state.is_ranked else (state, ())
    shot = next((s for s in _waiting(state) if event.key == f"{_SHOT}{s.message_id}"), None)
    if shot is None or state.is_ranked:
        return state, ()
    if event.probabilities:
        judged = replace(shot, share=event.probabilities[0], fingerprint=event.fingerprint)
    else:
        judged = replace(shot, refused=True)
    shots = tuple(judged if s.message_id == shot.message_id else s for s in state.shots)
    known = replace(state, shots=shots)
    if judged.refused:
        known = _remarked(known, judged.player, HuntNote.UNREADABLE)
    elif _may_change_others(judged, shots):
        known = _with_new_faults(known, state.shots)
    if known.phase is Phase.JUDGING and not _waiting(known):
        return _ranked(known, now)
    return known, ()


def _may_change_others(judged: Shot, shots: Sequence[Shot]) -> bool:
    """Return whether this answer can change which other photos count.

    CLIP answers in any order: a photo that was judged before may be a copy of this one. Most
    answers change nothing, and to find out what they change takes time that grows with the square
    of the number of photos.
    """
    theirs = sum(other.player.id == judged.player.id for other in shots)
    return theirs > TRIES or any(_same(judged, other) for other in shots if other is not judged)


def _with_new_faults(state: Hunt, earlier: Sequence[Shot]) -> Hunt:
    """Return the round with a remark on each photo that has just turned out not to count."""
    before, faults = _faults(_seen(earlier)), _faults(_seen(state.shots))
    for shot in state.shots:
        note = faults.get(shot.message_id)
        if note is not None and note != before.get(shot.message_id):
            state = _remarked(state, shot.player, note)
    return state


def _forgotten(state: Hunt, player_id: int, now: float) -> Step:
    kept = replace(
        state,
        shots=tuple(shot for shot in state.shots if shot.player.id != player_id),
        remarks=tuple(remark for remark in state.remarks if remark.player.id != player_id),
    )
    if kept.phase is Phase.JUDGING and not kept.is_ranked and not _waiting(kept):
        return _ranked(kept, now)
    return kept, ()


def _closed(state: Hunt, now: float) -> Step:
    """Accept no more photos; rank those that were sent once CLIP has seen them."""
    if state.phase is Phase.JUDGING:
        return state, ()
    closed = replace(rounds.judging(state, now), remarks=())
    return (closed, ()) if _waiting(closed) else _ranked(closed, now)


def _ranked(state: Hunt, now: float) -> Step:
    """Give the points; only the chart is still missing."""
    given = awards(state)
    if not given:
        return rounds.over(state, End.TOO_FEW), ()
    ranked = replace(state, is_ranked=True, ends_at=now + _CHART_TIMEOUT)
    return ranked, (Awards(given), _ask_chart(ranked))
