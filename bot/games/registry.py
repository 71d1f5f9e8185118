"""The games that the bot plays. A new game is a folder of its own and one line here."""

from typing import Any, Union

import msgspec

from bot.games.beat_clip.game import BEAT_CLIP
from bot.games.duel.game import DUEL
from bot.games.hunt.game import HUNT
from bot.games.rules.round import Round
from bot.games.spec.game_spec import GameSpec

Game = GameSpec[Any, Any]

GAMES: tuple[Game, ...] = (BEAT_CLIP, DUEL, HUNT)

_by_command = {game.command: game for game in GAMES}
_by_state = {game.state: game for game in GAMES}
_decoder: msgspec.msgpack.Decoder[Round] = msgspec.msgpack.Decoder(Union[tuple(_by_state)])  # noqa: UP007
_encoder = msgspec.msgpack.Encoder()


def find_game(command: str) -> Game | None:
    """Return the game with this command, if there is one."""
    return _by_command.get(command)


def game_of(state: Round) -> Game:
    """Return the game that a round is of."""
    return _by_state[type(state)]


def command_menu(language: str) -> list[tuple[str, str]]:
    """Return the command of each game, and what a command menu says about it."""
    return [(game.command, game.texts_in(language).menu_entry()) for game in GAMES]


def help_lines(language: str) -> list[str]:
    """Return a line about each game for `/help`, as HTML."""
    return [game.texts_in(language).help_line() for game in GAMES]


def encode(state: Round) -> bytes:
    """Return a round as it is stored."""
    return _encoder.encode(state)


def decode(data: bytes) -> Round:
    """Return a stored round.

    Raises:
        msgspec.DecodeError: a clipbot that knows other games wrote it.
    """
    return _decoder.decode(data)
