"""One door to all games: whichever round it is, it steps, wakes and travels the same way."""

from enum import StrEnum

import msgspec

from bot.games.beat_clip import rules as beat_clip
from bot.games.beat_clip.rules import BeatClip
from bot.games.duel import rules as duel
from bot.games.duel.rules import Duel
from bot.games.hunt import rules as hunt
from bot.games.hunt.rules import Hunt
from bot.games.rules.events import Effect, Event


class Game(StrEnum):
    """The games, named as their commands are."""

    GUESS = "guess"
    DUEL = "duel"
    HUNT = "hunt"


GAMES = tuple(Game)

State = BeatClip | Duel | Hunt

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[State] = msgspec.msgpack.Decoder(State)


def game_of(state: State) -> Game:
    """Which game a round is of."""
    match state:
        case BeatClip():
            return Game.GUESS
        case Duel():
            return Game.DUEL
        case Hunt():
            return Game.HUNT


def begin(state: State) -> tuple[State, tuple[Effect, ...]]:
    """A round's first step."""
    match state:
        case BeatClip():
            return beat_clip.begin(state)
        case Duel():
            return duel.begin(state)
        case Hunt():
            return hunt.begin(state)


def step(state: State, event: Event, now: float) -> tuple[State, tuple[Effect, ...]]:
    """What a round becomes by an event, and what is to be done about it. Never raises."""
    match state:
        case BeatClip():
            return beat_clip.step(state, event, now)
        case Duel():
            return duel.step(state, event, now)
        case Hunt():
            return hunt.step(state, event, now)


def wakes_at(state: State) -> float | None:
    """When the round wants a `Tick`, in Unix seconds; None while only people can move it on."""
    match state:
        case BeatClip():
            return beat_clip.wakes_at(state)
        case Duel():
            return duel.wakes_at(state)
        case Hunt():
            return hunt.wakes_at(state)


def encode(state: State) -> bytes:
    """A round as it is stored."""
    return _encoder.encode(state)


def decode(data: bytes) -> State:
    """A stored round.

    Raises:
        msgspec.DecodeError: it was written by a clipbot that knows other games.
    """
    return _decoder.decode(data)
