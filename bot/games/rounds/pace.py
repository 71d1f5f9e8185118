"""When a round may send or edit next: groups allow 20 messages a minute, for everybody's games."""

from collections.abc import Sequence
from enum import IntEnum

# Edits in one chat are coalesced to one in so many seconds.
EDIT_EVERY = 3.0
# What can wait a little does: else the first two players would use up the minute's room.
_PROGRESS_EVERY = 10.0
_MINUTE = 60.0


class EditPace:
    """When something was edited last in each chat."""

    def __init__(self) -> None:
        self._edited_at: dict[int, float] = {}

    def allowed_at(self, chat_id: int) -> float:
        """From when on the next edit in a chat may be made; 0 for at once."""
        last = self._edited_at.get(chat_id)
        return 0.0 if last is None else last + EDIT_EVERY

    def edited(self, chat_id: int, at: float) -> None:
        """An edit was taken, maybe long after it was booked: the next keeps its distance."""
        self._edited_at[chat_id] = max(at, self._edited_at.get(chat_id, at))

    def book(self, chat_id: int, now: float) -> float:
        """When the caller may edit: now, or once those who came earlier have done so."""
        at = max(now, self.allowed_at(chat_id))
        recent = {chat: last for chat, last in self._edited_at.items() if last > now - EDIT_EVERY}
        self._edited_at = {**recent, chat_id: at}
        return at


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
    recent = sorted(_recent(calls, now))
    at = now
    if len(recent) >= urgency:
        at = recent[len(recent) - urgency] + _MINUTE
    if recent and urgency is Urgency.PROGRESS:
        at = max(at, recent[-1] + _PROGRESS_EVERY)
    return at


def with_call(calls: Sequence[float], now: float) -> tuple[float, ...]:
    """The calls of the last minute and one more."""
    return (*_recent(calls, now), now)


def _recent(calls: Sequence[float], now: float) -> list[float]:
    """Those of the last minute. Later ones are of before the host's clock was set back."""
    return [call for call in calls if now - _MINUTE < call <= now]
