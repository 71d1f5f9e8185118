"""Typing errors in the name of a game."""

import pytest

from bot.games.commands.spelling import meant


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("duell", "duel"),
        ("Hnut", "hunt"),
        ("gues", "guess"),
        ("hunt a red thing", "hunt"),
        ("chess", None),
        ("", None),
        ("x" * 10_000, None),
    ],
)
def test_typing_errors_are_forgiven(typed: str, word: str | None) -> None:
    assert meant(typed, ["guess", "duel", "hunt"]) == word
