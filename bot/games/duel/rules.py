"""Caption duel (`/duel`): who captions a photo best?

Everybody replies to the board with one phrase; the last one counts. Phrases that mean nearly the
same belong to whoever was first. CLIP's shares over all phrases decide.
"""

import unicodedata
from collections.abc import Sequence

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
    Said,
    Shown,
    Skipped,
    Stopped,
    Tick,
    Toast,
)
from bot.games.rules.round import End, Note, Phase, Player, Remark, Round
from bot.platform.models import Media
from inference.protocol.labels import MAX_LABEL_LENGTH, clean

SECONDS = 60.0
MIN_PLAYERS = 2
# A job takes up to 500 labels; a board has room for fewer.
MAX_PLAYERS = 100
MAX_WORDS = 8
# Cosine of two phrases' text features from which on they are the same.
SAME_MEANING = 0.97
POINTS = (100, 60, 30)
TAKING_PART = 10
# The board's one button: how much time there is left, and what is noted of yours.
MINE = "mine"
_DECIDE = "decide"

Step = tuple["Duel", tuple[Effect, ...]]


class Entry(msgspec.Struct, frozen=True):
    """What somebody's phrase is just now.

    Attributes:
        message_id: the reply that holds it.
        since: when it came, as the newest message of the round then; orders entries.
    """

    player: Player
    phrase: str
    message_id: int
    since: int


class Verdict(msgspec.Struct, frozen=True):
    """What became of an entry.

    Attributes:
        share: CLIP's, 0..1; 0 where somebody else was first.
        first: who said the same before, if anybody.
    """

    entry: Entry
    share: float
    first: Player | None = None


class Duel(Round, frozen=True, kw_only=True, tag="duel"):
    """A round of the caption duel.

    Attributes:
        entries: one for each player.
        newest: the newest message of the round so far.
        remarks: what was wrong with the latest replies.
        verdicts: best first, once CLIP has decided.
    """

    media: Media
    entries: tuple[Entry, ...] = ()
    newest: int = 0
    remarks: tuple[Remark, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


def begin(state: Duel) -> Step:
    """The first step: nothing is to be asked before people have said something."""
    return state, ()


def step(state: Duel, event: Event, now: float) -> Step:
    """What the round becomes, and what is to be done. Never raises, whatever comes."""
    if state.phase is Phase.OVER and not isinstance(event, Forgotten):
        return state, _whispered(event, Note.OVER)
    match event:
        case Shown():
            return rounds.opened(state, now), ()
        case Resumed():
            asked = (_ask(state),) if state.phase is Phase.JUDGING else ()
            return rounds.resumed(state, now), asked
        case Tick():
            return _timed(state, now)
        case Stopped(round=id_) if id_ == state.table.id:
            return rounds.over(state, End.STOPPED), ()
        case Skipped(round=id_) if id_ == state.table.id:
            return _closed(state, now)
        case Forgotten(player_id=player_id):
            return _forgotten(state, player_id), ()
        case Judged(round=id_) if id_ == state.table.id:
            return _judged(state, event)
        case Said(round=id_) if id_ == state.table.id:
            return _said(state, event, now)
        case Pressed(round=id_, choice=choice) if id_ == state.table.id and choice == MINE:
            return state, (_mine(state, event.player, now),)
    return state, _whispered(event, Note.OVER)


def awards(state: Duel) -> tuple[Award, ...]:
    """100, 60, 30, then 10 for taking part; who said it second took part."""
    given = []
    for place, verdict in enumerate(state.verdicts, 1):
        has_medal = verdict.first is None and place <= len(POINTS)
        points = POINTS[place - 1] if has_medal else TAKING_PART
        given.append(Award(verdict.entry.player, points, place if has_medal else 0))
    return tuple(given)


def wakes_at(state: Duel) -> float | None:
    """When time changes something."""
    return state.ends_at


def _whispered(event: Event, note: Note) -> tuple[Effect, ...]:
    return (Toast(note),) if isinstance(event, Pressed) else ()


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


def _said(state: Duel, event: Said, now: float) -> Step:
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
        return _remarked(known, event.player, Note.TOO_LONG), ()
    if mine and _folded(mine.phrase) == _folded(phrase):
        kept = replace(mine, phrase=phrase, message_id=event.message_id)
        return _with_entry(known, kept), ()
    if mine is None and len(state.entries) >= MAX_PLAYERS:
        return known, ()
    # An edit is as new as the round is: else one could be first with what others said since.
    since = known.newest if event.edited else event.message_id
    return _with_entry(known, Entry(event.player, phrase, event.message_id, since)), ()


def _is_older(event: Said, entry: Entry) -> bool:
    """Whether a player has said something since; an edit may arrive before what it edits."""
    if event.edited:
        return event.message_id < entry.message_id
    return event.message_id <= entry.message_id


def _with_entry(state: Duel, entry: Entry) -> Duel:
    """The player's entry in place of an earlier one; the first comes first."""
    others = [other for other in state.entries if other.player.id != entry.player.id]
    # sorted() is stable: of two edits between the same messages the one that came first is first.
    entries = tuple(sorted([*others, entry], key=lambda one: one.since))
    # It may take a phrase from who said it later and was heard before, or give one free.
    before, late = _late(state.entries), _late(entries)
    remarks = tuple(
        remark
        for remark in state.remarks
        if remark.player.id != entry.player.id
        and (remark.note is not Note.TAKEN or remark.player.id in late)
    )
    known = replace(state, entries=entries, remarks=remarks)
    for number, player in late.items():
        if player == entry.player or number not in before:
            known = _remarked(known, player, Note.TAKEN)
    return known


def _late(entries: Sequence[Entry]) -> dict[int, Player]:
    """Whose words somebody said before them, by id."""
    first_of = _first_of(entries)
    late = [entry.player for place, entry in enumerate(entries) if first_of[place] != place]
    return {player.id: player for player in late}


def _remarked(state: Duel, player: Player, note: Note) -> Duel:
    return replace(state, remarks=rounds.with_remark(state.remarks, Remark(player, note)))


_SOMEBODY = Player(0, "", hidden=True)


def is_of_somebody(state: Duel) -> bool:
    """Whether somebody was forgotten after CLIP was asked: their name may stand on the chart."""
    return any(entry.player == _SOMEBODY for entry in state.entries)


def _forgotten(state: Duel, player_id: int) -> Duel:
    remarks = tuple(r for r in state.remarks if r.player.id != player_id)
    if state.phase in {Phase.OPENING, Phase.OPEN}:
        kept = tuple(entry for entry in state.entries if entry.player.id != player_id)
        return replace(state, entries=kept, remarks=remarks)

    # What CLIP was asked already stays: its answer counts places.
    def unnamed(entry: Entry) -> Entry:
        return replace(entry, player=_SOMEBODY) if entry.player.id == player_id else entry

    verdicts = (
        replace(
            verdict,
            entry=unnamed(verdict.entry),
            first=_SOMEBODY if verdict.first and verdict.first.id == player_id else verdict.first,
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
    """All phrases that differ; the chart says whose each is."""
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
    for place, entry in enumerate(state.entries):
        number = asked.index(first_of[place])  # of this phrase among those that were asked
        owner = asked[same_as[number]]
        share = event.probabilities[number] if owner == place else 0.0
        first = None if owner == place else state.entries[owner].player
        verdicts.append(Verdict(entry, share, first))
    # Stable: of equal shares the phrase that came first is better.
    verdicts.sort(key=lambda verdict: (verdict.first is not None, -verdict.share))
    decided = replace(rounds.over(state, End.DONE), verdicts=tuple(verdicts))
    return decided, (Awards(tuple(a for a in awards(decided) if a.player.id)),)


def _first_of(entries: Sequence[Entry]) -> list[int]:
    """For each entry the place of the first one with the same words."""
    firsts: dict[str, int] = {}
    return [firsts.setdefault(_folded(one.phrase), place) for place, one in enumerate(entries)]


def _folded(phrase: str) -> str:
    """Equal for phrases that differ only in case, width of letters, spaces or a full stop."""
    return unicodedata.normalize("NFKC", phrase).casefold().strip(" .!?…")
