"""The games that there are, and how their rounds are stored."""

from typing import Any

import msgspec
import pytest

from bot.games.duel.rules import Duel
from bot.games.registry import GAMES, Game, decode, encode, find_game, game_of
from bot.games.rules import Player, RoundConfig, RoundId
from tests.bot.games.played_round import PHOTO

ANN = Player(7, "Ann")
A_DUEL = Duel(config=RoundConfig(RoundId(-100, 1), ANN, language="en"), media=PHOTO)


def test_each_game_has_a_command_an_icon_and_a_type_of_rounds_of_its_own() -> None:
    for values in (
        {game.command for game in GAMES},
        {game.icon for game in GAMES},
        {game.state for game in GAMES},
    ):
        assert len(values) == len(GAMES)


@pytest.mark.parametrize("game", GAMES, ids=[game.command for game in GAMES])
def test_games_are_found_by_command_and_by_round(game: Game) -> None:
    assert find_game(game.command) is game
    # Leaderboards in databases know games by their commands, and rounds by their tags.
    assert game.state.__struct_config__.tag == game.command


def test_the_stored_form_of_a_round_is_that_of_earlier_releases() -> None:
    stored: dict[str, Any] = msgspec.msgpack.decode(encode(A_DUEL))
    assert stored["type"] == "duel"
    assert stored["table"]["id"] == {"chat_id": -100, "number": 1}
    del stored["table"]["home"]  # which releases up to 0.1 did not know
    again = decode(msgspec.msgpack.encode(stored))
    assert again == A_DUEL
    assert again.config.home_id == -100
    assert game_of(again).command == "duel"


def test_a_home_is_apart_from_its_chats_where_the_platform_has_both() -> None:
    config = RoundConfig(RoundId(55, 1), ANN, home=12)
    assert config.home_id == 12
    assert decode(encode(Duel(config=config, media=PHOTO))).config == config
