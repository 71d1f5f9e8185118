"""What one game adds to the bot, as data: `GameSpec`, and what its parts are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Generic, TypeVar

from bot.games.rules.events import Effect, Event
from bot.games.rules.round import Player, Remark, Round, RoundConfig
from bot.games.spec.own_phrases import Sampler
from bot.games.spec.texts import GameTexts
from bot.i18n import choose
from bot.platform.models import Media

S = TypeVar("S", bound=Round)
T = TypeVar("T", bound=GameTexts)

Name = Callable[[Player], str]

# A board names at most this many players: an edit in a large group would otherwise have no limit.
_NAMED = 20


class Urgency(IntEnum):
    """How urgent it is to show a board. The value is how many calls a minute its round can make.

    A call is a send or an edit. The lower kinds leave room for the higher ones: a result takes two.
    """

    PROGRESS = 3  # who takes part
    NEWS = 4  # a hint, a new phase
    RESULT = 6


@dataclass(frozen=True)
class View:
    """What a running round looks like: lines of HTML, and rows of buttons as (label, choice)."""

    lines: Sequence[str]
    buttons: Sequence[Sequence[tuple[str, str]]]
    urgency: Urgency = Urgency.PROGRESS


@dataclass(frozen=True)
class StartRequest:
    """A person wants to start a game.

    Attributes:
        argument: what followed the command.
        picture: what the game is about; None if the game needs none.
        stored_labels: the labels that the person keeps with the bot.
        max_labels: the most labels that a question may have in this chat.
        sample: draws from the bot's own phrases, as `random.sample` does.
    """

    config: RoundConfig
    argument: str
    picture: Media | None
    stored_labels: tuple[str, ...]
    max_labels: int
    sample: Sampler


@dataclass(frozen=True, kw_only=True)
class GameSpec(Generic[S, T]):
    """One game.

    Attributes:
        command: starts the game; names it in the database and in buttons as well. Up to 32
            lower-case letters (Bot API, BotCommand).
        icon: an emoji.
        needs_photo: it is about a picture that somebody sent.
        group_only: one person alone can't play it.
        seconds: how long people can act, unless the chat's settings change that.
        has_streaks: its awards say who was right, so that streaks can be counted.
        starter_choices: buttons that only the starter and admins may press.
        state: the type of its rounds; its msgspec tag is unique among the games.
        start: makes the first state, or returns a sentence that says why the round can't start.
            The texts are in the language of the person who starts. Raises `LabelsRefused`.
        begin: the first step.
        step: what an event does to a round; see `bot.games.rules`.
        wakes_at: when the round needs a `Tick`, in Unix seconds; None while only people act.
        running: what the board shows while people play.
        result: the lines of the result, once the round is done.
        may_show_chart: False if the chart would give something away.
        texts: the sentences in one language, by its code.
    """

    command: str
    icon: str
    needs_photo: bool
    group_only: bool = False
    seconds: float
    has_streaks: bool = False
    starter_choices: frozenset[str] = frozenset()
    state: type[S]
    start: Callable[[StartRequest, T], S | str]
    begin: Callable[[S], tuple[S, tuple[Effect, ...]]]
    step: Callable[[S, Event, float], tuple[S, tuple[Effect, ...]]]
    wakes_at: Callable[[S], float | None]
    running: Callable[[S, T, Name], View]
    result: Callable[[S, T, Name], list[str]]
    may_show_chart: Callable[[S], bool] = lambda _: True
    texts: Callable[[str], T]

    def texts_in(self, language: str) -> T:
        """Return the game's sentences in a language, or in the source language if it is unknown."""
        texts: T = _texts(self.texts, choose(language, None))
        return texts


@cache
def _texts(make: Callable[[str], Any], language: str) -> Any:
    return make(language)


def players_line(players: Sequence[Player], texts: GameTexts, name: Name) -> list[str]:
    """Return a line that says who takes part; none while nobody does."""
    if not players:
        return []
    return [texts.players_in([name(player) for player in players[:_NAMED]], len(players))]


def remark_lines(
    remarks: Sequence[Remark], say: Callable[[str, str], str], name: Name
) -> list[str]:
    """Return what was wrong with the latest replies."""
    return [say(name(remark.player), remark.note) for remark in remarks]
