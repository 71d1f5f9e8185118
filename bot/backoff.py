"""How long to wait before something is tried again."""

_LONGEST = 60.0


def backoff(attempt: int) -> float:
    """Seconds after attempt 1, 2, 3, …: 1, 2, 4, … 60."""
    return min(2.0 ** min(attempt - 1, 10), _LONGEST)
