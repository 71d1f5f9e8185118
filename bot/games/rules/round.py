"""What rounds of all games share: who plays where, the phases, and the clock."""

from enum import StrEnum
from typing import TypeVar

import msgspec

# After a crash people get at least this long to act. More than the queue needs (`ACK_WAIT`, 9 s)
# to bring again what was in hand at that moment.
GRACE = 12.0
# How long a round waits for CLIP before it is called off; a worker may be starting.
PATIENCE = 600.0


class Phase(StrEnum):
    """Where a round stands."""

    OPENING = "opening"  # its board is not up yet: no time passes
    OPEN = "open"
    JUDGING = "judging"  # nobody can act any more; CLIP is asked
    OVER = "over"


class End(StrEnum):
    """How a round ended."""

    DONE = "done"
    STOPPED = "stopped"
    TOO_FEW = "too few"  # fewer players than the game needs
    NO_PICTURE = "no picture"  # it can't be read, or is no longer there
    NO_ANSWER = "no answer"  # CLIP did not answer within PATIENCE


class RoundId(msgspec.Struct, frozen=True):
    """A round.

    Attributes:
        number: unique within the chat: the id of the message, or of the press, that started it.
    """

    chat_id: int
    number: int


class Player(msgspec.Struct, frozen=True):
    """Somebody who plays.

    Attributes:
        name: short, without controls of writing direction; may be empty.
        username: without @; empty where there is none.
        hidden: is called "somebody" and stands in no leaderboard.
    """

    id: int
    name: str
    username: str = ""
    hidden: bool = False


class Note(StrEnum):
    """What can be whispered to whoever acted, or remarked about them on the board."""

    NOTED = "noted"
    ALREADY = "already"  # they chose before; label: what
    STRUCK = "struck"  # that label is out
    ONLY_STARTER = "only starter"
    OVER = "over"
    YOURS = "yours"  # label: what is noted of theirs; seconds: how long there is left
    NOTHING_YET = "nothing yet"
    REVEALED = "revealed"
    TOO_LONG = "too long"
    TAKEN = "taken"
    SAME = "same"
    ENOUGH = "enough"
    UNREADABLE = "unreadable"


class Remark(msgspec.Struct, frozen=True):
    """What was wrong with somebody's reply: said on the board, which costs no message."""

    player: Player
    note: Note


class RoundConfig(msgspec.Struct, frozen=True):
    """Where a round is played, and how it was set up.

    Attributes:
        reply_to: the message that the board replies to: the picture, or the command.
        thread_id: forum topic, if any.
        language: of the board.
        seconds: how long people can act.
    """

    id: RoundId
    starter: Player
    reply_to: int = 0
    thread_id: int | None = None
    language: str = "en"
    seconds: float = 30.0


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What the state of every game has.

    Attributes:
        opened_at: when the board was up.
        ends_at: when the phase ends by itself.
        end: set once the phase is OVER.
    """

    table: RoundConfig
    phase: Phase = Phase.OPENING
    opened_at: float | None = None
    ends_at: float | None = None
    end: End | None = None


R = TypeVar("R", bound=Round)


def opened(state: R, now: float) -> R:
    """The board is up: time starts now, however long Telegram kept us waiting."""
    if state.phase is not Phase.OPENING:
        return state
    return msgspec.structs.replace(
        state, phase=Phase.OPEN, opened_at=now, ends_at=now + state.table.seconds
    )


def resumed(state: R, now: float) -> R:
    """We are back after a crash: the time goes on, and nobody is cut off by our absence.

    A time that is farther ahead than the phase is long was stored before the host's clock was set
    back: then the phase begins again.
    """
    if state.phase in {Phase.OPENING, Phase.OVER}:
        return state
    is_open = state.phase is Phase.OPEN
    ends_at = state.ends_at or now
    if ends_at > now + max(GRACE, state.table.seconds if is_open else PATIENCE):
        ends_at = now + (state.table.seconds if is_open else PATIENCE)
        state = msgspec.structs.replace(state, opened_at=now if is_open else state.opened_at)
    return msgspec.structs.replace(state, ends_at=max(ends_at, now + GRACE))


def judging(state: R, now: float) -> R:
    """Nobody can act any more; CLIP has `PATIENCE` to answer."""
    return msgspec.structs.replace(state, phase=Phase.JUDGING, ends_at=now + PATIENCE)


def over(state: R, end: End) -> R:
    """The round is over."""
    return msgspec.structs.replace(state, phase=Phase.OVER, ends_at=None, end=end)


def is_late(state: Round, now: float) -> bool:
    """True when the phase should have ended by now."""
    return state.ends_at is not None and now >= state.ends_at


def seconds_left(state: Round, now: float) -> float:
    """How long people can still act; never negative."""
    if state.phase is Phase.OPENING:
        return state.table.seconds
    return max(0.0, (state.ends_at or now) - now) if state.phase is Phase.OPEN else 0.0


# As many of the latest remarks stand on a board.
_REMARKS = 3


def with_remark(remarks: tuple[Remark, ...], remark: Remark) -> tuple[Remark, ...]:
    """The latest remarks; about one player only the last."""
    others = [other for other in remarks if other.player.id != remark.player.id]
    return (*others[1 - _REMARKS :], remark)
