"""What can happen to a round, and what it wants to be done.

Events that a stranger can forge name the round that they are meant for; the others come from the
arena itself.
"""

from dataclasses import dataclass

from bot.games.rules.round import Note, Player, RoundId
from bot.platform.models import Media
from inference.protocol.messages import Fingerprint


@dataclass(frozen=True)
class Shown:
    """The board is up."""


@dataclass(frozen=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True)
class Resumed:
    """The bot is back after a stop or a crash."""


@dataclass(frozen=True)
class Pressed:
    """Somebody pressed a button of a board.

    Attributes:
        choice: what the button stands for, as the client sent it: anything at all.
        may_end: they started the round, or are an admin of the chat.
        streak: how many rounds in a row they got right before this one.
    """

    round: RoundId
    player: Player
    choice: str
    may_end: bool = False
    streak: int = 0


@dataclass(frozen=True)
class Said:
    """Somebody replied to a board with text, or edited such a reply."""

    round: RoundId
    player: Player
    message_id: int
    text: str
    edited: bool = False


@dataclass(frozen=True)
class Sent:
    """Somebody replied to a board with a picture."""

    round: RoundId
    player: Player
    message_id: int
    media: Media


@dataclass(frozen=True)
class Judged:
    """CLIP answered an `JudgeRequest`.

    Attributes:
        key: of that Ask.
        probabilities: one for each of its labels, with the sum 1 where there are several; empty
            when the picture could not be used.
        same_as: for each label the first one that means nearly the same; empty: none do.
    """

    round: RoundId
    key: str
    probabilities: tuple[float, ...] = ()
    same_as: tuple[int, ...] = ()
    fingerprint: Fingerprint | None = None


@dataclass(frozen=True)
class Skipped:
    """Somebody who may do so does not want to wait for the clock: `/skip`."""

    round: RoundId


@dataclass(frozen=True)
class Stopped:
    """Somebody who may do so calls the round off: `/stop`."""

    round: RoundId


@dataclass(frozen=True)
class Forgotten:
    """Somebody wants to be forgotten."""

    player_id: int


Event = Shown | Tick | Resumed | Pressed | Said | Sent | Judged | Skipped | Stopped | Forgotten


@dataclass(frozen=True)
class Toast:
    """Tells whoever acted, and nobody else."""

    note: Note
    label: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class JudgeRequest:
    """Asks CLIP.

    Attributes:
        key: unique within the round; the same question has the same key.
        captions: what the chart says in place of the labels; empty: the labels.
        merge_above: labels whose text features' cosine reaches this are one.
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
        right: keeps the streak up (True) or ends it; None where the game has none.
    """

    player: Player
    points: int
    rank: int = 0
    right: bool | None = None


@dataclass(frozen=True)
class Awards:
    """What the round gives; comes at most once in a round."""

    awards: tuple[Award, ...]


Effect = Toast | JudgeRequest | Awards
