"""What the running rounds hold about one person, for a file that shows it to them."""

from collections.abc import Iterator
from typing import Any

import msgspec

from bot.games.registry import game_of
from bot.games.rules.round import Round


def part_of(state: Round, user_id: int) -> dict[str, Any] | None:
    """Return a person's part in a round, readable; None if they take no part.

    What others play is left out: it may be secret until the round ends.
    """
    whole = msgspec.to_builtins(state)
    theirs = list(_with_player(whole, user_id))
    config = state.config
    if not theirs and config.starter.id != user_id:
        return None
    return {
        "game": game_of(state).command,
        "chat_id": config.id.chat_id,
        "round_id": config.id.number,
        "started_by_you": config.starter.id == user_id,
        "yours": theirs,
    }


def _with_player(part: Any, user_id: int) -> Iterator[dict[str, Any]]:
    """Yield the parts of a state that name the person as their `player`."""
    if isinstance(part, dict):
        player = part.get("player")
        if isinstance(player, dict) and player.get("id") == user_id:
            yield part
            return
        part = list(part.values())
    if isinstance(part, list | tuple):
        for one in part:
            yield from _with_player(one, user_id)
