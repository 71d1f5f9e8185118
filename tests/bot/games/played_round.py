"""Players, and a round that a test plays by its rules alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from hypothesis import strategies as st

from bot.games.rules.events import Award, Awards, Effect, Event, JudgeRequest, Toast
from bot.games.rules.round import Player, RoundConfig, RoundId
from bot.platform.models import Media

START = 1_000_000.0
ROUND = RoundId(-100, 7)
OTHERS = (RoundId(-100, 6), RoundId(-101, 7))
PLAYERS = tuple(Player(number, f"Player {number}") for number in range(1, 6))
PHOTO = Media("file", "unique", 100)

S = TypeVar("S")
Step = Callable[[S, Event, float], tuple[S, tuple[Effect, ...]]]

players = st.sampled_from(PLAYERS)
# Mostly this round; sometimes an old one, or another chat's.
rounds = st.one_of(st.just(ROUND), st.just(ROUND), st.sampled_from(OTHERS))
waits = st.one_of(st.just(0.0), st.floats(0, 20), st.floats(-5, 0), st.floats(20, 1_000))


def a_config(seconds: float = 30.0) -> RoundConfig:
    return RoundConfig(ROUND, PLAYERS[0], seconds=seconds)


@dataclass
class PlayedRound(Generic[S]):
    """A round: what happens to it, and every effect that came of that."""

    step: Step[S]
    state: S
    now: float = START
    effects: list[Effect] = field(default_factory=list)

    def happens(self, event: Event, after: float = 0.0) -> tuple[Effect, ...]:
        """Let an event happen `after` seconds; return its effects."""
        self.now += after
        self.state, effects = self.step(self.state, event, self.now)
        self.effects += effects
        return effects

    @property
    def given(self) -> list[Awards]:
        return [effect for effect in self.effects if isinstance(effect, Awards)]

    @property
    def asked(self) -> list[JudgeRequest]:
        return [effect for effect in self.effects if isinstance(effect, JudgeRequest)]

    @property
    def awards(self) -> dict[int, Award]:
        """The round's one set of awards, by player id."""
        (given,) = self.given
        assert len({award.player.id for award in given.awards}) == len(given.awards)
        return {award.player.id: award for award in given.awards}


def toasts(effects: Iterable[Effect]) -> list[str]:
    """Return the notes of all toasts."""
    return [str(effect.note) for effect in effects if isinstance(effect, Toast)]
