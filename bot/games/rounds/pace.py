"""When a round may send or edit next: Telegram lets a bot send 20 messages a minute to a group."""

from collections.abc import Sequence

from bot.games.spec.game_spec import Urgency

# Edits in one chat are at least this far apart, in seconds.
EDIT_EVERY = 3.0
# Edits that only show progress are this far apart, in seconds: otherwise the first players would
# use up all calls of the minute.
_PROGRESS_EVERY = 10.0
_MINUTE = 60.0


class EditPace:
    """Keeps the edits of each chat apart."""

    def __init__(self) -> None:
        self._edited_at: dict[int, float] = {}

    def allowed_at(self, chat_id: int) -> float:
        """Return when the next edit in a chat may be made; 0 for at once."""
        last = self._edited_at.get(chat_id)
        return 0.0 if last is None else last + EDIT_EVERY

    def edited(self, chat_id: int, at: float) -> None:
        """Note when the platform took an edit, which may be long after it was booked."""
        self._edited_at[chat_id] = max(at, self._edited_at.get(chat_id, at))

    def book(self, chat_id: int, now: float) -> float:
        """Reserve the next edit in a chat; return when the caller may make it."""
        at = max(now, self.allowed_at(chat_id))
        recent = {chat: last for chat, last in self._edited_at.items() if last > now - EDIT_EVERY}
        self._edited_at = {**recent, chat_id: at}
        return at


def allowed_at(calls: Sequence[float], urgency: Urgency, now: float) -> float:
    """Return when the next call of this urgency may be made.

    Args:
        calls: when the round's latest calls were made.
    """
    recent = sorted(_recent(calls, now))
    at = now
    if len(recent) >= urgency:
        at = recent[len(recent) - urgency] + _MINUTE
    if recent and urgency is Urgency.PROGRESS:
        at = max(at, recent[-1] + _PROGRESS_EVERY)
    return at


def with_call(calls: Sequence[float], now: float) -> tuple[float, ...]:
    """Return the calls of the last minute and one more."""
    return (*_recent(calls, now), now)


def _recent(calls: Sequence[float], now: float) -> list[float]:
    """Return the calls of the last minute; later ones were made before the clock was set back."""
    return [call for call in calls if now - _MINUTE < call <= now]
