"""What rounds of all games share: players, the place where they play, phases, and the clock."""

from enum import StrEnum
from typing import TypeVar

import msgspec

# After a crash people have at least this long to act, in seconds. It is longer than `ACK_WAIT`
# (9 s), after which the queue delivers again what was being handled at the crash.
GRACE = 12.0
# A round that waits longer than this for CLIP, in seconds, is called off. Starting a worker may
# take minutes.
ANSWER_TIMEOUT = 600.0


class Phase(StrEnum):
    """Where a round stands."""

    OPENING = "opening"  # its board is not shown yet: no time passes
    OPEN = "open"
    JUDGING = "judging"  # nobody can act any more; CLIP is asked
    OVER = "over"


class End(StrEnum):
    """How a round ended."""

    DONE = "done"
    STOPPED = "stopped"
    TOO_FEW = "too few"  # fewer players than the game needs
    NO_PICTURE = "no picture"  # it can't be read, or is no longer there
    NO_ANSWER = "no answer"  # CLIP did not answer within ANSWER_TIMEOUT


class RoundId(msgspec.Struct, frozen=True):
    """Which round.

    Attributes:
        number: unique within the chat: the id of the message, or of the press, that started it.
    """

    chat_id: int
    number: int


class Player(msgspec.Struct, frozen=True):
    """A person who plays.

    Attributes:
        name: short, without characters that change the direction of writing; may be empty.
        username: without @; empty if there is none.
        hidden: is called "somebody" and is in no leaderboard.
    """

    id: int
    name: str
    username: str = ""
    hidden: bool = False


class Note(StrEnum):
    """What rounds of any game can tell the person who acted. Games add notes of their own."""

    NOTED = "noted"  # label: what they chose
    OVER = "over"
    ONLY_STARTER = "only starter"
    YOURS = "yours"  # label: what counts for them; seconds: how much time there is left
    NOTHING_YET = "nothing yet"  # seconds: how much time there is left


class Remark(msgspec.Struct, frozen=True):
    """What was wrong with a person's reply. The board says it, which costs no message.

    Attributes:
        note: one of the game's own notes.
    """

    player: Player
    note: str


class RoundConfig(msgspec.Struct, frozen=True):
    """Where a round is played, and how it was set up.

    Attributes:
        reply_to: the message that the board replies to: the picture, or the command.
        thread_id: forum topic, if any.
        language: of the board; empty: the source language.
        seconds: how long people can act.
        home: the group or server that the chat belongs to, if that is not the chat itself.
    """

    id: RoundId
    starter: Player
    reply_to: int = 0
    thread_id: int | None = None
    language: str = ""
    seconds: float = 30.0
    home: int | None = None

    @property
    def home_id(self) -> int:
        """The group or server that scores and settings belong to."""
        return self.id.chat_id if self.home is None else self.home


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What the state of every game has.

    Attributes:
        opened_at: when the board was shown.
        ends_at: when the phase ends by itself.
        end: set once the phase is OVER.
    """

    config: RoundConfig = msgspec.field(name="table")
    phase: Phase = Phase.OPENING
    opened_at: float | None = None
    ends_at: float | None = None
    end: End | None = None


R = TypeVar("R", bound=Round)


def opened(state: R, now: float) -> R:
    """Return the round with its board shown: time starts now, however long the platform took."""
    if state.phase is not Phase.OPENING:
        return state
    return msgspec.structs.replace(
        state, phase=Phase.OPEN, opened_at=now, ends_at=now + state.config.seconds
    )


def resumed(state: R, now: float) -> R:
    """Return the round after a crash: time went on, but people get at least `GRACE` to act.

    A deadline that lies farther ahead than the phase is long was stored before the host's clock was
    set back: then the phase begins again.
    """
    if state.phase in {Phase.OPENING, Phase.OVER}:
        return state
    is_open = state.phase is Phase.OPEN
    length = state.config.seconds if is_open else ANSWER_TIMEOUT
    ends_at = state.ends_at or now
    if ends_at > now + max(GRACE, length):
        ends_at = now + length
        state = msgspec.structs.replace(state, opened_at=now if is_open else state.opened_at)
    return msgspec.structs.replace(state, ends_at=max(ends_at, now + GRACE))


def judging(state: R, now: float) -> R:
    """Return the round closed to players; CLIP has `ANSWER_TIMEOUT` to answer."""
    return msgspec.structs.replace(state, phase=Phase.JUDGING, ends_at=now + ANSWER_TIMEOUT)


def over(state: R, end: End) -> R:
    """Return the round after its end."""
    return msgspec.structs.replace(state, phase=Phase.OVER, ends_at=None, end=end)


def is_late(state: Round, now: float) -> bool:
    """Return whether the phase should have ended by now."""
    return state.ends_at is not None and now >= state.ends_at


def seconds_left(state: Round, now: float) -> float:
    """Return how long people can still act; never negative."""
    if state.phase is Phase.OPENING:
        return state.config.seconds
    return max(0.0, (state.ends_at or now) - now) if state.phase is Phase.OPEN else 0.0


# A board shows this many of the latest remarks.
_REMARKS = 3


def with_remark(remarks: tuple[Remark, ...], remark: Remark) -> tuple[Remark, ...]:
    """Return the latest remarks, and of each player only the last one."""
    others = [other for other in remarks if other.player.id != remark.player.id]
    return (*others[1 - _REMARKS :], remark)
