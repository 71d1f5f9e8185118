"""What the boards of all games are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.games.rounds.pace import Urgency
from bot.games.rules.round import Player, Remark
from bot.i18n import Sentences

Name = Callable[[Player], str]

# A board names so many players; an edit in a large group would else grow without end.
_NAMED = 20


@dataclass(frozen=True)
class View:
    """A running round: lines with markup, and rows of buttons as (label, choice)."""

    lines: Sequence[str]
    buttons: Sequence[Sequence[tuple[str, str]]]
    urgency: Urgency = Urgency.PROGRESS


def players_line(players: Sequence[Player], sentences: Sentences, name: Name) -> list[str]:
    """Who takes part, or nothing."""
    if not players:
        return []
    return [sentences.players_in([name(player) for player in players[:_NAMED]], len(players))]


def remark_lines(remarks: Sequence[Remark], sentences: Sentences, name: Name) -> list[str]:
    """What was wrong with the latest replies."""
    return [sentences.remark(name(remark.player), remark.note) for remark in remarks]
