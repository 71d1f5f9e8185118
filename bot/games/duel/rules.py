"""Caption duel (`/duel`): who captions a photo best?

Each player replies to the board with one phrase; their last one counts. Of phrases that mean nearly
the same, only the first one counts. CLIP's probabilities over all phrases decide.
"""

import unicodedata
from collections.abc import Sequence
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
    TextReply,
    Tick,
    Toast,
    told_over,
)
from bot.games.rules.round import End, Note, Phase, Player, Remark, Round
from bot.platform.models import Media
from inference.protocol.labels import MAX_LABEL_LENGTH, clean

SECONDS = 60.0
MIN_PLAYERS = 2
# A job takes up to 500 labels; a result has room for fewer.
MAX_PLAYERS = 100
MAX_WORDS = 8
# Two phrases whose text features have at least this cosine are the same.
SAME_MEANING = 0.97
POINTS = (100, 60, 30)
TAKING_PART = 10
# The choice of the board's one button: it tells the time left and the player's own phrase.
MINE = "mine"
_DECIDE = "decide"

Step = tuple["Duel", tuple[Effect, ...]]


class DuelNote(StrEnum):
    """What can be wrong with a reply."""

    TOO_LONG = "too long"
    TAKEN = "taken"  # another player said the same before


class Entry(msgspec.Struct, frozen=True):
    """A player's phrase.

    Attributes:
        message_id: the reply that holds it.
        since: the id of the round's newest message when the phrase came; entries are sorted by it.
    """

    player: Player
    phrase: str
    message_id: int
    since: int


class EntryVerdict(msgspec.Struct, frozen=True):
    """What CLIP decided about an entry.

    Attributes:
        share: CLIP's probability, 0..1; 0 if another player said the same before.
        first: that other player.
    """

    entry: Entry
    share: float
    first: Player | None = None


class Duel(Round, frozen=True, kw_only=True, tag="duel"):
    """A round of the caption duel.

    Attributes:
        entries: one for each player.
        newest: the id of the newest message of the round so far.
        remarks: what was wrong with the latest replies.
        verdicts: the best first; empty until CLIP has decided.
    """

    media: Media
    entries: tuple[Entry, ...] = ()
    newest: int = 0
    remarks: tuple[Remark, ...] = ()
    verdicts: tuple[EntryVerdict, ...] = ()


def begin(state: Duel) -> Step:
    """Ask nothing yet: there are no phrases."""
    return state, ()


def step(state: Duel, event: Event, now: float) -> Step:
    """Return the next state and its effects. Never raises, whatever the event is."""
    if state.phase is Phase.OVER and not isinstance(event, Forgotten):
        return state, told_over(event)
    match event:
        case BoardShown():
            return rounds.opened(state, now), ()
        case Resumed():
            asked = (_ask(state),) if state.phase is Phase.JUDGING else ()
            return rounds.resumed(state, now), asked
        case Tick():
            return _timed(state, now)
        case RoundStopped(round=id_) if id_ == state.config.id:
            return rounds.over(state, End.STOPPED), ()
        case RoundSkipped(round=id_) if id_ == state.config.id:
            return _closed(state, now)
        case Forgotten(player_id=player_id):
            return _forgotten(state, player_id), ()
        case Judged(round=id_) if id_ == state.config.id:
            return _judged(state, event)
        case TextReply(round=id_) if id_ == state.config.id:
            return _said(state, event, now)
        case Pressed(round=id_, choice=choice) if id_ == state.config.id and choice == MINE:
            return state, (_mine(state, event.player, now),)
    return state, told_over(event)


def awards(state: Duel) -> tuple[Award, ...]:
    """Return 100, 60 and 30 points for the best three, and 10 for all others who took part."""
    given = []
    for rank, verdict in enumerate(state.verdicts, 1):
        has_medal = verdict.first is None and rank <= len(POINTS)
        points = POINTS[rank - 1] if has_medal else TAKING_PART
        given.append(Award(verdict.entry.player, points, rank if has_medal else 0))
    return tuple(given)


def wakes_at(state: Duel) -> float | None:
    """Return when time changes something."""
    return state.ends_at


def _mine(state: Duel, player: Player, now: float) -> Toast:
    left = rounds.seconds_left(state, now)
    mine = next((entry for entry in state.entries if entry.player.id == player.id), None)
    if state.phase is Phase.JUDGING or (state.phase is Phase.OPEN and left <= 0):
        return Toast(Note.OVER)
    if mine is None:
        return Toast(Note.NOTHING_YET, seconds=left)
    return Toast(Note.YOURS, mine.phrase, left)


def _timed(state: Duel, now: float) -> Step:
    if not rounds.is_late(state, now):
        return state, ()
    if state.phase is Phase.JUDGING:
        return rounds.over(state, End.NO_ANSWER), ()
    return _closed(state, now)


def _said(state: Duel, event: TextReply, now: float) -> Step:
    if state.phase is Phase.JUDGING:
        return state, ()
    if rounds.is_late(state, now):
        return _closed(state, now)
    known = replace(state, newest=max(state.newest, event.message_id))
    phrase = clean(event.text)
    mine = next((entry for entry in state.entries if entry.player.id == event.player.id), None)
    if not phrase or (mine and _is_older(event, mine)):
        return known, ()
    if len(phrase) > MAX_LABEL_LENGTH or len(phrase.split()) > MAX_WORDS:
        return _remarked(known, event.player, DuelNote.TOO_LONG), ()
    if mine and _folded(mine.phrase) == _folded(phrase):
        kept = replace(mine, phrase=phrase, message_id=event.message_id)
        return _with_entry(known, kept), ()
    if mine is None and len(state.entries) >= MAX_PLAYERS:
        return known, ()
    # An edit counts as new now: else a player could copy a later phrase and still be the first.
    since = known.newest if event.edited else event.message_id
    return _with_entry(known, Entry(event.player, phrase, event.message_id, since)), ()


def _is_older(event: TextReply, entry: Entry) -> bool:
    """Return whether the player said something later; an edit may arrive before what it edits."""
    if event.edited:
        return event.message_id < entry.message_id
    return event.message_id <= entry.message_id


def _with_entry(state: Duel, entry: Entry) -> Duel:
    """Return the round with this entry in place of the player's earlier one."""
    others = [other for other in state.entries if other.player.id != entry.player.id]
    # sorted() is stable: of two edits with the same `since`, the one that came first is first.
    entries = tuple(sorted([*others, entry], key=lambda one: one.since))
    # The new entry may be older than an equal one that arrived before it, and the old entry may
    # leave its phrase to another player.
    before, late = _late(state.entries), _late(entries)
    remarks = tuple(
        remark
        for remark in state.remarks
        if remark.player.id != entry.player.id
        and (remark.note != DuelNote.TAKEN or remark.player.id in late)
    )
    known = replace(state, entries=entries, remarks=remarks)
    for number, player in late.items():
        if player == entry.player or number not in before:
            known = _remarked(known, player, DuelNote.TAKEN)
    return known


def _late(entries: Sequence[Entry]) -> dict[int, Player]:
    """Return the players whose phrase another player said before, by id."""
    first_of = _first_of(entries)
    late = [entry.player for i, entry in enumerate(entries) if first_of[i] != i]
    return {player.id: player for player in late}


def _remarked(state: Duel, player: Player, note: DuelNote) -> Duel:
    return replace(state, remarks=rounds.with_remark(state.remarks, Remark(player, note)))


_FORGOTTEN_PLAYER = Player(0, "", hidden=True)


def names_forgotten_player(state: Duel) -> bool:
    """Return whether a player was forgotten after CLIP was asked.

    The chart may then show their name.
    """
    return any(entry.player == _FORGOTTEN_PLAYER for entry in state.entries)


def _forgotten(state: Duel, player_id: int) -> Duel:
    remarks = tuple(r for r in state.remarks if r.player.id != player_id)
    if state.phase in {Phase.OPENING, Phase.OPEN}:
        kept = tuple(entry for entry in state.entries if entry.player.id != player_id)
        return replace(state, entries=kept, remarks=remarks)

    def is_forgotten(player: Player | None) -> bool:
        return player is not None and player.id == player_id

    # CLIP's answer refers to entries by their positions, so none may go.
    def unnamed(entry: Entry) -> Entry:
        return replace(entry, player=_FORGOTTEN_PLAYER) if is_forgotten(entry.player) else entry

    verdicts = (
        replace(
            verdict,
            entry=unnamed(verdict.entry),
            first=_FORGOTTEN_PLAYER if is_forgotten(verdict.first) else verdict.first,
        )
        for verdict in state.verdicts
    )
    return replace(
        state,
        entries=tuple(unnamed(entry) for entry in state.entries),
        remarks=remarks,
        verdicts=tuple(verdicts),
    )


def _closed(state: Duel, now: float) -> Step:
    if state.phase is Phase.JUDGING:
        return state, ()
    if len(state.entries) < MIN_PLAYERS:
        return rounds.over(state, End.TOO_FEW), ()
    asking = replace(rounds.judging(state, now), remarks=())
    return asking, (_ask(asking),)


def _ask(state: Duel) -> JudgeRequest:
    """Return the question about all different phrases; the chart names the player of each."""
    firsts = [state.entries[i] for i in sorted(set(_first_of(state.entries)))]
    return JudgeRequest(
        _DECIDE,
        state.media,
        tuple(entry.phrase for entry in firsts),
        captions=tuple(_caption(entry) for entry in firsts),
        merge_above=SAME_MEANING,
        draw=True,
    )


def _caption(entry: Entry) -> str:
    player = entry.player
    return entry.phrase if player.hidden or not player.name else f"{player.name}: {entry.phrase}"


def _judged(state: Duel, event: Judged) -> Step:
    if event.key != _DECIDE or state.phase is not Phase.JUDGING:
        return state, ()
    first_of = _first_of(state.entries)
    asked = sorted(set(first_of))
    if len(event.probabilities) != len(asked):
        return rounds.over(state, End.NO_PICTURE), ()
    same_as = event.same_as or tuple(range(len(asked)))
    if len(same_as) != len(asked) or any(not 0 <= j <= i for i, j in enumerate(same_as)):
        same_as = tuple(range(len(asked)))
    verdicts = []
    for i, entry in enumerate(state.entries):
        number = asked.index(first_of[i])  # the position of this phrase in the question
        owner = asked[same_as[number]]
        share = event.probabilities[number] if owner == i else 0.0
        first = None if owner == i else state.entries[owner].player
        verdicts.append(EntryVerdict(entry, share, first))
    # sort() is stable: of equal shares, the phrase that came first wins.
    verdicts.sort(key=lambda verdict: (verdict.first is not None, -verdict.share))
    decided = replace(rounds.over(state, End.DONE), verdicts=tuple(verdicts))
    return decided, (Awards(tuple(a for a in awards(decided) if a.player.id)),)


def _first_of(entries: Sequence[Entry]) -> list[int]:
    """Return for each entry the position of the first entry with the same words."""
    firsts: dict[str, int] = {}
    return [firsts.setdefault(_folded(one.phrase), i) for i, one in enumerate(entries)]


def _folded(phrase: str) -> str:
    """Return the same for phrases that differ only in case, width of letters or end marks."""
    return unicodedata.normalize("NFKC", phrase).casefold().strip(" .!?…")
