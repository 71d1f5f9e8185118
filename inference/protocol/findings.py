"""What `clipbot doctor` finds: one line per check. The model's checks run in another process."""

from enum import StrEnum

import msgspec


class State(StrEnum):
    """The result of a check."""

    FINE = "fine"
    NOTE = "note"  # it works, but the operator should know
    BROKEN = "broken"


class Finding(msgspec.Struct, frozen=True):
    """One check.

    Attributes:
        check: what was checked, in one or two words.
        found: what was found.
        advice: what to do about it; empty if nothing has to be done.
    """

    check: str
    state: State
    found: str
    advice: str = ""
