"""What `clipbot doctor` finds: one line for each thing that it looked at."""

from enum import StrEnum

import msgspec


class State(StrEnum):
    """How a thing is."""

    FINE = "fine"
    NOTE = "note"  # works, but worth knowing
    BROKEN = "broken"


class Finding(msgspec.Struct, frozen=True):
    """One check.

    Attributes:
        check: what was looked at, in a word or two.
        found: what was found there.
        advice: what to do about it; empty where nothing is to be done.
    """

    check: str
    state: State
    found: str
    advice: str = ""
