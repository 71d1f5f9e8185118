"""When a round may send or edit next: groups allow 20 messages a minute, for everybody's games."""

from collections.abc import Sequence
from enum import IntEnum

# Edits in one chat are coalesced to one in so many seconds.
EDIT_EVERY = 3.0
_MINUTE = 60.0


class Urgency(IntEnum):
    """Up to how many sends and edits of a round in a minute this kind is made.

    What is urgent finds room that others left: a result takes two calls.
    """

    PROGRESS = 3  # who takes part
    NEWS = 4  # a hint, a new phase
    RESULT = 6


def allowed_at(calls: Sequence[float], urgency: Urgency, now: float) -> float:
    """When the next call of this kind may be made.

    Args:
        calls: when the round's latest calls were.
    """
    recent = sorted(call for call in calls if call > now - _MINUTE)
    if len(recent) < urgency:
        return now
    return recent[len(recent) - urgency] + _MINUTE


def with_call(calls: Sequence[float], now: float) -> tuple[float, ...]:
    """The calls of the last minute and one more."""
    return (*(call for call in calls if call > now - _MINUTE), now)
