"""What can happen to a round (events), and what the round wants done about it (effects).

Events that a person can forge name the round that they are meant for. The others come from the
runner itself.
"""

from dataclasses import dataclass

from bot.games.rules.round import Note, Player, RoundId
from bot.platform.models import Media
from inference.protocol.messages import Fingerprint


@dataclass(frozen=True)
class BoardShown:
    """The chat shows the board."""


@dataclass(frozen=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True)
class Resumed:
    """The bot is back after a stop or a crash."""


@dataclass(frozen=True)
class Pressed:
    """A person pressed a button of a board.

    Attributes:
        choice: what the button stands for, as the client sent it: it may be any text.
        may_end: they started the round, or are an admin of the chat.
        streak: how many rounds in a row they got right before this one.
    """

    round: RoundId
    player: Player
    choice: str
    may_end: bool = False
    streak: int = 0


@dataclass(frozen=True)
class TextReply:
    """A person replied to a board with text, or edited such a reply."""

    round: RoundId
    player: Player
    message_id: int
    text: str
    edited: bool = False


@dataclass(frozen=True)
class PhotoReply:
    """A person replied to a board with a picture."""

    round: RoundId
    player: Player
    message_id: int
    media: Media


@dataclass(frozen=True)
class Judged:
    """CLIP answered a `JudgeRequest`.

    Attributes:
        key: of that request.
        probabilities: one for each of its labels; two or more sum up to 1. Empty when the picture
            could not be used.
        same_as: for each label, the position of the first one that means nearly the same. Empty
            when the request did not ask for that.
    """

    round: RoundId
    key: str
    probabilities: tuple[float, ...] = ()
    same_as: tuple[int, ...] = ()
    fingerprint: Fingerprint | None = None


@dataclass(frozen=True)
class RoundSkipped:
    """A person who may do so ends the round before its time is up: `/skip`."""

    round: RoundId


@dataclass(frozen=True)
class RoundStopped:
    """A person who may do so calls the round off: `/stop`."""

    round: RoundId


@dataclass(frozen=True)
class Forgotten:
    """A person wants to be forgotten."""

    player_id: int


Event = (
    BoardShown
    | Tick
    | Resumed
    | Pressed
    | TextReply
    | PhotoReply
    | Judged
    | RoundSkipped
    | RoundStopped
    | Forgotten
)


@dataclass(frozen=True)
class Toast:
    """Tell the person who acted, and nobody else.

    Attributes:
        note: a `Note`, or one of the game's own notes.
        seconds: how much time there is left, if the note mentions it.
    """

    note: str
    label: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class JudgeRequest:
    """Ask CLIP.

    Attributes:
        key: unique within the round; the same question has the same key.
        captions: what the chart says in place of the labels; empty: the labels.
        merge_above: labels whose text features have at least this cosine count as one label.
        draw: a chart is wanted.
        fingerprint: the picture's fingerprint is wanted.
    """

    key: str
    media: Media
    labels: tuple[str, ...]
    captions: tuple[str, ...] = ()
    merge_above: float | None = None
    draw: bool = False
    fingerprint: bool = False


@dataclass(frozen=True)
class Award:
    """What one player gets for the round.

    Attributes:
        rank: 1 for the best, equal for equals; 0 for those who get no medal.
        right: True lengthens the player's streak, False ends it; None if the game has none.
    """

    player: Player
    points: int
    rank: int = 0
    right: bool | None = None


@dataclass(frozen=True)
class Awards:
    """What the round gives. Comes at most once in a round."""

    awards: tuple[Award, ...]


Effect = Toast | JudgeRequest | Awards


def told_over(event: Event) -> tuple[Effect, ...]:
    """Return a toast that the round is over if a button was pressed: the person waits for one."""
    return (Toast(Note.OVER),) if isinstance(event, Pressed) else ()
